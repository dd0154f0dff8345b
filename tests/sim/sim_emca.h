/* SPDX-License-Identifier: Apache-2.0
 *
 * The dialects of emCA that casim speaks: V4.0.17 (sim_emca.c: the envelope and its checks;
 * sim_emca_orders.c: the calls) and a token API as an endpoint map describes one (sim_emca_jwt.c).
 */
#ifndef TESTS_SIM_SIM_EMCA_H
#define TESTS_SIM_SIM_EMCA_H

#include "tests/sim/sim_http.h"
#include "tests/sim/sim_orders.h"
#include "tests/sim/sim_shape.h"

struct emca_call {
    const char *method; /* of the API: the last segment of the path */
    enum sim_kind kind;
    const struct shape *shapes;
    size_t nshapes;
    bool by_id, p7b;
    void (*handle)(struct request *q, struct reply *r, const struct emca_call *call,
                   const char *content);
};
extern const struct emca_call emca_calls[];
extern const size_t emca_calls_count;

/* Answers. */
void emca_fail(struct request *q, struct reply *r, const char *text);
void emca_succeed(struct request *q, struct reply *r, json_t *result, const char *request_id);

/* Calls of sim_emca_orders.c. `content`: what was signed. */
struct order *emca_application(struct sim *s, const char *id);
struct order *emca_by_serial(struct sim *s, const char *hex);
/* Places an order for a request, under the number of its own or the one given; NULL: why. */
struct order *emca_place(struct request *q, const char *profile, const char *csr_base64,
                         const char *number, const char **why);
bool emca_has_profile(const char *text);
json_t *emca_profiles(const char *code, const char *name); /* with members of these names */
/* NULL: revoked, or why not. */
const char *emca_revoke(struct request *q, const char *serial, int64_t mode, bool suspend);
bool emca_known(struct sim *s, const char **user, const char **password);
/* The certificate, alone or as PKCS#7 with its chain, as Base64; NULL: there is none. */
const char *emca_certificate(struct request *q, struct order *o, bool p7b);
/* DER. */
bool emca_crl(struct sim *s, struct buf *out);

bool emca_jwt(struct request *q, struct reply *r);
enum sim_kind emca_jwt_kind(const char *method, const char *path);
bool emca_rest(struct request *q, struct reply *r);
enum sim_kind emca_rest_kind(const char *method, const char *path);

#endif
