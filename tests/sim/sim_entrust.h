/* SPDX-License-Identifier: Apache-2.0
 *
 * Entrust CA Gateway as a dialect: /cagw/v1/certificate-authorities, mutual TLS, a role by the
 * subject of the client certificate, three CAs with profiles of their own.
 *
 *     CN=integrator...   everything
 *     CN=tenant...       enrols within the profile; extras are refused (403)
 *     CN=reader...       reads only
 *     anybody else       is not known (403)
 */
#ifndef TESTS_SIM_SIM_ENTRUST_H
#define TESTS_SIM_SIM_ENTRUST_H

#include "tests/sim/sim_http.h"
#include "tests/sim/sim_orders.h"
#include "tests/sim/sim_shape.h"

enum { ENTRUST_SEGMENTS = 4 };
enum entrust_role { ROLE_NOBODY, ROLE_READER, ROLE_TENANT, ROLE_INTEGRATOR };

struct entrust_profile {
    const char *ca, *id, *name;
    const char *variables, *sans, *properties; /* required, blank-separated; "" = none */
    const char *keys;                          /* tokens */
    int64_t max_days;
};
struct entrust_ca {
    const char *id, *name, *connector;
    const char *reasons; /* of a RevokeAction */
};
/* A request that was taken apart. */
struct entrust_call {
    const struct entrust_ca *ca;
    enum entrust_role role;
    const char *id; /* profile, serial number or subject */
};
extern const struct entrust_profile entrust_profiles[]; /* closed by {0} */

bool entrust_serve(struct request *q, struct reply *r);
enum sim_kind entrust_kind(const char *method, const char *path);

void entrust_error(struct request *q, struct reply *r, int status, const char *code,
                   const char *target, const char *text);
void entrust_good(struct request *q, struct reply *r, int status, json_t *tree);
json_t *entrust_der(struct span der);                         /* base64 */
char *entrust_serial(struct arena *a, const struct order *o); /* lower-case hexadecimal */
/* What happened: the feed, append-only. */
void entrust_happened(struct sim *s, struct order *o, const char *action);

#define ENTRUST_HANDLER(name)                                                                      \
    void name(struct request *q, struct reply *r, const struct entrust_call *call)
ENTRUST_HANDLER(entrust_enroll);
ENTRUST_HANDLER(entrust_certificate);
ENTRUST_HANDLER(entrust_act);
ENTRUST_HANDLER(entrust_subject);
ENTRUST_HANDLER(entrust_events);

#endif
