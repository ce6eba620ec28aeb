/* SPDX-License-Identifier: Apache-2.0 */
/* What httpd's processes and msdigest-netlogond say to each other, over a
 * socket of this machine: one question, one answer, and the end. */
#ifndef MSD_NETLOGON_RELAY_H
#define MSD_NETLOGON_RELAY_H

#include <stdint.h>

#include "base/text.h"

#define MSD_RELAY_HEADER 16

/* The longest question and answer behind their headers. */
#define MSD_RELAY_QUESTION_MAX 65535
#define MSD_RELAY_ANSWER_MAX (1024 * 1024)

/* A question: a DIGEST_VALIDATION_REQ follows. */
typedef struct {
    apr_size_t len;
    uint64_t deadline_ms;   /* CLOCK_MONOTONIC */
} msd_relay_question_t;

/* An answer: with has_status the status of the domain controller, and with
 * status 0 a DIGEST_VALIDATION_RESP follows; without it, a sentence why the
 * domain could not be asked. */
typedef struct {
    apr_size_t len;
    bool has_status;
    uint32_t status;
} msd_relay_answer_t;

/* Write a header.  out: room for MSD_RELAY_HEADER bytes. */
void msd_relay_write_question(const msd_relay_question_t *question,
                              unsigned char *out);
void msd_relay_write_answer(const msd_relay_answer_t *answer,
                            unsigned char *out);

/* Read a header of MSD_RELAY_HEADER bytes.  Returns false when it is none. */
bool msd_relay_read_question(const unsigned char *bytes,
                             msd_relay_question_t *out);
bool msd_relay_read_answer(const unsigned char *bytes,
                           msd_relay_answer_t *out);

#endif
