/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls of V2 as a table: method and path, what the body may contain, what they do.
 */
#ifndef TESTS_SIM_SIM_V2_H
#define TESTS_SIM_SIM_V2_H

#include "tests/sim/sim_http.h"
#include "tests/sim/sim_orders.h"
#include "tests/sim/sim_shape.h"

struct v2_call {
    const char *method, *path; /* behind the prefix; "*" is one segment: an id */
    enum sim_kind kind;
    const struct shape *shapes; /* NULL: no body is wanted */
    size_t nshapes;
    /* o: the order of the id, for paths below ssl-certificates; id: the segment */
    void (*handle)(struct request *q, struct reply *r, struct order *o, const char *id);
};
extern const struct v2_call v2_calls[];
extern const size_t v2_calls_count;

void v2_problem(struct request *q, struct reply *r, int status, const char *code, const char *text);
void v2_refuse(struct request *q, struct reply *r, const char *code, const char *text); /* 422 */
json_t *v2_placed(const struct order *o, struct sim *s, const char *family); /* its answer */
bool v2_is_phone(const char *text);                                          /* E.164, or none */
void v2_good(struct request *q, struct reply *r, int status, json_t *tree);  /* NULL: none */

/* Revocation reasons: the word of V2, the id of V1 or NULL when the CA refuses it. */
struct v2_reason {
    const char *word, *id;
};
extern const struct v2_reason v2_reasons[]; /* closed by {0} */

#define V2_HANDLER(name)                                                                           \
    void name(struct request *q, struct reply *r, struct order *o, const char *id)
V2_HANDLER(v2_place);
V2_HANDLER(v2_place_private);
V2_HANDLER(v2_csr);
V2_HANDLER(v2_agreement);
V2_HANDLER(v2_verify_dcv);
V2_HANDLER(v2_cancel);
V2_HANDLER(v2_revoke);
V2_HANDLER(v2_reissue);
V2_HANDLER(v2_track);
V2_HANDLER(v2_certificate);
V2_HANDLER(v2_dcv);
V2_HANDLER(v2_report);
V2_HANDLER(v2_me);
V2_HANDLER(v2_products);
V2_HANDLER(v2_groups);
V2_HANDLER(v2_organizations);
V2_HANDLER(v2_organization);
V2_HANDLER(v2_domains);

#endif
