/* SPDX-License-Identifier: Apache-2.0 */
/* The helper's lines in httpd's error log, which is its stderr. */
#ifndef MSD_NETLOGOND_LOG_H
#define MSD_NETLOGOND_LOG_H

/* The stable number of a message; docs/messages.md explains each. */
#define MSD_LOGNO(n) "MSD" #n ": "

/* Write a line.  level: a word as httpd has them.  Never a secret. */
void msd_log_line(const char *level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
