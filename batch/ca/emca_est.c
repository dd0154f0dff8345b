/* SPDX-License-Identifier: Apache-2.0
 *
 * emCA by EST: an EST client (est.h) with the settings of an emCA. emCA registers a user under
 * Application Settings, External Applications, for HTTP Basic, and its server issues by one profile
 * (property est.ca.server.user.profile): profile, subscriber and validity are the server's, not the
 * order's.
 */
#include "batch/ca/emca.h"
#include "batch/ca/est.h"

#include "batch/config.h"

struct emca_est {
    struct est est;
    struct est_config config;
};

bool emca_open_est(struct ca *ca, struct emca *e, struct err *err)
{
    const struct emca_config *c = ca->config->own;
    struct emca_est *own = arena_alloc(&e->arena, sizeof *own);
    own->config = (struct est_config){.base_url = e->base,
                                      .path = c->est_path,
                                      .label = c->est_label,
                                      .issuer = c->issuing_ca,
                                      .labels = c->est_labels,
                                      .username = c->username,
                                      .password = c->password,
                                      .reenroll = c->est_reenroll,
                                      .enroll = c->enroll,
                                      .renewal_window_days = c->renewal_window_days};
    e->est = own;
    return est_open(&own->est, ca, &own->config, "password", err);
}

void emca_est_close(struct emca *e)
{
    if (e->est) {
        est_release(&e->est->est);
        e->est = NULL;
    }
}

static struct est *est_of(const struct ca *ca)
{
    const struct emca *e = ca->state;
    return &e->est->est;
}

bool emca_est_request(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                      struct err *err)
{
    return est_request(est_of(ca), call, out, err);
}

void emca_est_answer(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                     struct ca_result *out)
{
    est_answer(est_of(ca), call, reply, out);
}

bool emca_est_authorized(const struct ca *ca, int64_t now UNUSED)
{
    return est_authorized(est_of(ca));
}

/* --- what kind of CA that is --- */
static void check(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct emca_config *c = config->own;
    est_check_basic(ctx, config->node, "HTTP Basic (dialect est)", "username", c->username,
                    &c->password);
}

const struct ca_type ca_emca_est = {
    .type = "emca",
    .title = "eMudhra emCA by EST",
    .caps = EST_CAPS,
    .config = &emca_config_schema,
    .check = check,
    .fields = "est",
    .product_key = "est_label",
    .product_optional = true, /* a server without labels */
    .revocation_note = "EST has no revocation: revoke in emCA itself, or at a CA of type emca with "
                       "a dialect that can (rest-4.0.17, rest-jwt)",
    .probe_note = EST_PROBE_NOTE,
    .renewal_window_days = 90,
    .in_flight = 4,
    .account_key = "username",
    .ops = &emca_ops,
};
