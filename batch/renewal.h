/* SPDX-License-Identifier: Apache-2.0
 *
 * When a certificate is to be renewed, by the word of its CA (RFC 9773, 4.2): a moment within the
 * window. The RFC wants it uniformly distributed, so that not all come at once. Here it follows
 * from what is renewed and not from chance: every run of a batch comes to the same moment, as long
 * as the CA says the same. Pure.
 */
#ifndef BATCH_RENEWAL_H
#define BATCH_RENEWAL_H

#include "batch/ca.h"

/* From w->start on and before w->end, which is later; Unix seconds. `batch` is the name in the
 * manifest. */
int64_t renewal_time(const char *batch, const char *item, const struct ca_window *w) MUST_USE;
/* "between A and B; chosen is C; why: URL", for people. */
void renewal_text(const struct ca_window *w, int64_t chosen, struct buf *out);

#endif
