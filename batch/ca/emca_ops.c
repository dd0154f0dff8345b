/* SPDX-License-Identifier: Apache-2.0
 *
 * The emCA connector: opening, and the table of dialects that everything else goes through. Which
 * row it is, `dialect` says, or else the version.
 */
#include "batch/ca/emca.h"

#include "batch/config.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/rules_ca.h"

#include <stdlib.h>
#include <string.h>

static const struct emca_dialect_row dialects[EMCA__MAX] = {
    [EMCA_REST] = {"rest-4.0.17", emca_open_rest, emca_rest_request, emca_rest_answer, NULL},
    [EMCA_EST] = {"est", emca_open_est, emca_est_request, emca_est_answer, emca_est_authorized},
    [EMCA_JWT] = {"rest-jwt", emca_open_jwt, emca_jwt_request, emca_jwt_answer,
                  emca_jwt_authorized},
};

int emca_dialect(const struct emca_config *c)
{
    const char *word = c->version ? emca_dialect_of(c->version) : NULL;
    if (c->dialect != EMCA_BY_VERSION) {
        return c->dialect;
    }
    for (size_t i = 0; word && i < NITEMS(dialects); i++) {
        if (str_eq(dialects[i].word, word)) {
            return (int)i;
        }
    }
    return EMCA_BY_VERSION;
}

static const struct emca_dialect_row *dialect_of(const struct emca_config *c, struct err *err)
{
    const int dialect = emca_dialect(c);
    if (dialect != EMCA_BY_VERSION) {
        return &dialects[dialect];
    }
    (void)err_set(err, ERR_INPUT, "%s does not tell how to talk to this emCA",
                  c->version ? "its version" : "neither version nor dialect is given: that");
    err_hint(err, "write dialect: rest-4.0.17, est or rest-jwt");
    return NULL;
}

/* What of the address is the path of the services: people copy either. */
static const char *base_of(struct arena *a, const char *url)
{
    static const char *const ends[] = {"/rest", "/emCAServices"};
    char *base = arena_strdup(a, request_base(a, url));
    for (size_t i = 0; i < NITEMS(ends); i++) {
        if (str_ends(base, ends[i])) {
            base[strlen(base) - strlen(ends[i])] = '\0';
        }
    }
    return request_base(a, base);
}

static bool open_emca(struct ca *ca, struct err *err)
{
    const struct emca_config *c = ca->config->own;
    struct emca *e = xcalloc(1, sizeof *e);
    ca->state = e;
    e->token_until = TIME_NONE;
    e->dialect = dialect_of(c, err);
    if (!e->dialect) {
        return false;
    }
    if (!c->base_url) {
        return err_set(err, ERR_INPUT, "base_url is missing: the address of the emCA server");
    }
    e->base = base_of(&e->arena, c->base_url);
    ca->issuer_name = c->issuing_ca;
    return e->dialect->open(ca, e, err);
}

static void close_emca(struct ca *ca)
{
    struct emca *e = ca->state;
    if (!e) {
        return;
    }
    secret_release(&e->password);
    secret_release(&e->em_key);
    secret_release(&e->aes_key);
    secret_release(&e->token);
    keystore_release(&e->store);
    emca_est_close(e);
    arena_release(&e->arena);
    free(e);
    ca->state = NULL;
}

static bool request_emca(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                         struct err *err)
{
    const struct emca *e = ca->state;
    return e->dialect->request(ca, call, out, err);
}

static void answer_emca(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                        struct ca_result *out)
{
    const struct emca *e = ca->state;
    e->dialect->answer(ca, call, reply, out);
}

static bool authorized_emca(const struct ca *ca, int64_t now)
{
    const struct emca *e = ca->state;
    return !e->dialect->authorized || e->dialect->authorized(ca, now);
}

const struct ca_ops emca_ops = {
    .open = open_emca,
    .close = close_emca,
    .request = request_emca,
    .answer = answer_emca,
    .authorized = authorized_emca,
};
