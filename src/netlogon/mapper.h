/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint mapper: on which port Netlogon listens ([MS-RPCE] 2.2.1.2). */
#ifndef MSD_NETLOGON_MAPPER_H
#define MSD_NETLOGON_MAPPER_H

#include <stdint.h>

#include "base/text.h"

#define MSD_MAPPER_PORT 135
#define MSD_MAPPER_OPNUM 3      /* ept_map */
#define MSD_MAPPER_REQUEST 132  /* bytes of its request */

/*
 * Write the request of ept_map for Netlogon over TCP.
 * out: room for MSD_MAPPER_REQUEST bytes, all of which are written.
 */
void msd_mapper_ask(unsigned char *out);

/*
 * Read the response: the first port of Netlogon over TCP.  The addresses in
 * it are passed over; connect to where the mapper answered.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_mapper_read(msd_text_t stub, uint16_t *port);

#endif
