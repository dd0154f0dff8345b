/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls of V1 as a table: what they are called, what they may contain, what they do.
 */
#ifndef TESTS_SIM_SIM_V1_H
#define TESTS_SIM_SIM_V1_H

#include "tests/sim/sim_http.h"
#include "tests/sim/sim_shape.h"

struct v1_call {
    const char *name;
    enum sim_kind kind;
    const struct shape *shapes;
    size_t nshapes;
    void (*handle)(struct request *q, struct reply *r);
};
extern const struct v1_call v1_calls[];
extern const size_t v1_calls_count;

void v1_good(struct request *q, struct reply *r, json_t *result); /* takes result; may be NULL */
void v1_refuse(struct request *q, struct reply *r, const char *code, const char *message);

/* --- what the calls do: sim_v1_orders.c, sim_v1_reads.c --- */
void v1_place(struct request *q, struct reply *r);
void v1_place_private(struct request *q, struct reply *r);
void v1_submit_csr(struct request *q, struct reply *r);
void v1_agreement(struct request *q, struct reply *r);
void v1_get_dcv(struct request *q, struct reply *r);
void v1_verify_dcv(struct request *q, struct reply *r);
void v1_revoke(struct request *q, struct reply *r);
void v1_reject_order(struct request *q, struct reply *r);
void v1_reject_request(struct request *q, struct reply *r);
void v1_track(struct request *q, struct reply *r);
void v1_certificate(struct request *q, struct reply *r);
void v1_report(struct request *q, struct reply *r);
void v1_products(struct request *q, struct reply *r);
void v1_fields(struct request *q, struct reply *r);
void v1_groups(struct request *q, struct reply *r);
void v1_organizations(struct request *q, struct reply *r);
void v1_domains(struct request *q, struct reply *r);

#endif
