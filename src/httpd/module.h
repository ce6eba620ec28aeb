/* SPDX-License-Identifier: Apache-2.0 */
/* What every file of this room needs to know of the module. */
#ifndef MSD_HTTPD_MODULE_H
#define MSD_HTTPD_MODULE_H

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>

extern module AP_MODULE_DECLARE_DATA auth_msdigest_module;

/* The AuthType of the configuration; the scheme on the wire is Digest. */
#define MSD_AUTH_TYPE "MSDigest"

/* The stable number of a message; docs/messages.md explains each. */
#define MSD_LOGNO(n) "MSD" #n ": "

#endif
