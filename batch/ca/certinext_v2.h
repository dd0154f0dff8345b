/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls of the V2 API (REST) of CERTInext: what is asked and what the answer says.
 */
#ifndef BATCH_CA_CERTINEXT_V2_H
#define BATCH_CA_CERTINEXT_V2_H

#include "batch/ca/certinext_ops.h"

bool certinext_v2_request(const struct certinext_asked *q,
                          const struct certinext_row *row) MUST_USE;
void certinext_v2_answer(struct certinext_heard *h, const struct certinext_row *row);

enum { CERTINEXT_V2_PAGE = 100 }; /* more rows are cut to this many (reports/orders) */

/* The order that a reissue stays in; NULL: what is asked for is an order of its own. CERTInext can
 * reissue only what it is told the number of. */
const char *certinext_v2_prior(const struct certinext *c, const struct ca_order *o);
/* Tag of an order: what a lost one is known by. */
enum { CERTINEXT_TAG = sizeof "certbatch-" + 16 };
void certinext_v2_tag(const struct ca_order *o, char out[CERTINEXT_TAG]);

/* Where an order lives. */
enum certinext_family certinext_v2_place(const struct certinext *c, const char *order_id);

/* Pieces of an address, added to what stands in it already. */
bool certinext_v2_id(const struct certinext_asked *q, struct buf *b) MUST_USE;
bool certinext_v2_family(const struct certinext_asked *q, struct buf *b) MUST_USE;
bool certinext_v2_orders(const struct certinext_asked *q, struct buf *b) MUST_USE;
bool certinext_v2_search(const struct certinext_asked *q, struct buf *b) MUST_USE;
bool certinext_v2_list(const struct certinext_asked *q, struct buf *b) MUST_USE;
bool certinext_v2_group(const struct certinext_asked *q, struct buf *b) MUST_USE;
bool certinext_v2_domain(const struct certinext_asked *q, struct buf *b) MUST_USE;
bool certinext_v2_ending(const struct certinext_asked *q, struct buf *b) MUST_USE;

certinext_request_fn certinext_v2_order, certinext_v2_csr, certinext_v2_agreement,
    certinext_v2_revoke, certinext_v2_cancel, certinext_v2_validate;
certinext_answer_fn certinext_v2_ordered, certinext_v2_tracked, certinext_v2_fetched,
    certinext_v2_handed_in, certinext_v2_found, certinext_v2_key_seen, certinext_v2_state,
    certinext_v2_revocation, certinext_v2_done, certinext_v2_challenge, certinext_v2_validated,
    certinext_v2_catalogue, certinext_v2_listed, certinext_v2_me;

#endif
