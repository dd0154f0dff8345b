/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking a timestamping authority over HTTP (RFC 3161 3.4), by way of batch/http.h as if it were a
 * CA: the same TLS policy, proxy, deadlines and ceilings.
 *
 *     tsa_open(config, dir, stop, &tsa, &err)      reads what `timestamp:` names; asks nobody
 *     tsa_stamp(tsa, data, &reply, &err)           as often as wanted
 *     tsa_close(tsa)
 *
 * One thread at a time.
 */
#ifndef BATCH_TSA_H
#define BATCH_TSA_H

#include "batch/config.h"

#include <signal.h>

struct tsa;
/* stop may be NULL; else a wait ends when it is set. */
bool tsa_open(const struct timestamp *config, const char *config_dir,
              const volatile sig_atomic_t *stop, struct tsa **out, struct err *err) MUST_USE;
/* A whole reply (TimeStampResp) over `data` that passed every check: granted, our nonce and
 * imprint, the policy asked for, the TSA's certificate, its path when ca_file is configured. Asked
 * again a few times when nothing, or trouble of the server, came back. ERR_CA. */
bool tsa_stamp(struct tsa *t, struct span data, struct buf *reply, struct err *err) MUST_USE;
void tsa_close(struct tsa *t); /* NULL is fine */

#endif
