/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls of the V1 API (emSign Hub) of CERTInext: what is asked and what the answer says.
 */
#ifndef BATCH_CA_CERTINEXT_V1_H
#define BATCH_CA_CERTINEXT_V1_H

#include "batch/ca/certinext_ops.h"

bool certinext_v1_request(const struct certinext_asked *q,
                          const struct certinext_row *row) MUST_USE;
void certinext_v1_answer(struct certinext_heard *h, const struct certinext_row *row);

/* The call that carries the step out for this very order; private products have their own. */
const char *certinext_v1_endpoint(const struct certinext_asked *q, const char *path);

certinext_request_fn certinext_v1_order, certinext_v1_track, certinext_v1_fetch, certinext_v1_find,
    certinext_v1_find_track, certinext_v1_revoked, certinext_v1_revoke, certinext_v1_cancel,
    certinext_v1_products, certinext_v1_inventory, certinext_v1_probe, certinext_v1_dcv;
certinext_answer_fn certinext_v1_ordered, certinext_v1_tracked, certinext_v1_fetched,
    certinext_v1_found, certinext_v1_find_tracked, certinext_v1_state, certinext_v1_revocation,
    certinext_v1_done, certinext_v1_catalogue, certinext_v1_listed, certinext_v1_challenge,
    certinext_v1_validated;

/* `domainVerification` of TrackOrder to the names of the answer. */
void certinext_v1_domains(const struct certinext_heard *h, const json_t *verification);

/* The tag of an order of ours, which reports show again. */
enum { CERTINEXT_REFERENCE = 32 };
void certinext_v1_reference(const char *client_key, char out[CERTINEXT_REFERENCE]);

#endif
