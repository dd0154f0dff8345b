/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the HTTP layer: a CA whose configuration was read as users write it, the wire, and
 * exchanges whose requests the test makes itself.
 *
 *     link_open(&l, "    timeouts: {request_seconds: 1}\n")   keys of the CA, or ""
 *     struct letter *x = letter_get(&l, url);  letter_post(&l, STEP_ORDER, url, body);
 *     link_submit(&l, x);  link_run(&l, 1);    x->reply is there
 *     link_close(&l)
 */
#ifndef TESTS_UNIT_HTTP_FIXTURE_H
#define TESTS_UNIT_HTTP_FIXTURE_H

#include "batch/config.h"
#include "batch/wire.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/unit/http_server.h"

enum { LINK_REPLY_MAX = 256 * 1024, LINK_LETTERS = 256, LINK_PATIENCE_MS = 60000 };

/* One exchange. */
struct letter {
    struct arena arena;
    struct ca_call call;
    struct ca_request request;
    struct ca_reply reply;
    struct ca_exchange x;
    bool back;
};
struct link {
    char dir[64];
    struct arena arena;
    struct config config;
    struct findings findings;
    struct ca ca;
    struct wire *wire;
    struct letter *letters[LINK_LETTERS];
    size_t nletters;
};

static const char link_config[] =
    "certbatch_config: 1\ncas:\n  lab:\n    type: certinext\n"
    "    api_url: https://sandbox-us-api.certinext.io/emSignHub-API/\n"
    "    account_number: \"1234567890\"\n    group_number: \"2345678901\"\n"
    "    auth: {access_key: {file: key}}\n"
    "    requestor: {name: PKI Automation, email: pki-admin@example.com, "
    "mobile_number: \"5550100123\", designation: Platform Engineer}\n"
    "    signer: {name: Dana Sample, place: Austin, ip: 203.0.113.10}\n";

static void link_file(struct link *l, const char *name, struct span data)
{
    struct err err = ERR_INIT;
    if (!fs_write_atomic(path_join(&l->arena, l->dir, name), data, 0600, &err)) {
        fail_msg("%s", err.msg);
    }
}

UNUSED static void link_text(struct link *l, const char *name, const char *text)
{
    link_file(l, name, (struct span){(const uint8_t *)text, strlen(text)});
}

/* The directory first: files that the configuration names are written between the two. */
static void link_begin(struct link *l)
{
    *l = (struct link){.arena = ARENA_INIT};
    (void)snprintf(l->dir, sizeof l->dir, "/tmp/certbatch-test.XXXXXX");
    assert_non_null(mkdtemp(l->dir));
    assert_int_equal(setenv("XDG_STATE_HOME", l->dir, 1), 0);
}

static void link_configure(struct link *l, const char *keys)
{
    struct err err = ERR_INIT;
    const char *text = arena_printf(&l->arena, "%s%s", link_config, keys);
    if (!config_read_text(&l->config, path_join(&l->arena, l->dir, "certbatch.yaml"),
                          (struct span){(const uint8_t *)text, strlen(text)}, &l->findings, &err)) {
        fail_msg("%s %s", err.msg, l->findings.n ? l->findings.v[0].message : "");
    }
    const struct ca_config *c = &l->config.cas[0];
    l->ca = (struct ca){.type = c->type, .config = c, .name = c->name, .config_dir = l->dir};
    l->wire = wire_new(1);
}

UNUSED static void link_open(struct link *l, const char *keys)
{
    link_begin(l);
    link_configure(l, keys);
}

static void link_close(struct link *l)
{
    wire_free(l->wire);
    for (size_t i = 0; i < l->nletters; i++) {
        buf_release(&l->letters[i]->request.body);
        buf_release(&l->letters[i]->reply.body);
        arena_release(&l->letters[i]->arena);
        free(l->letters[i]);
    }
    config_release(&l->config);
    findings_release(&l->findings);
    arena_release(&l->arena);
    fs_remove_tree_at(-1, l->dir); /* absolute: the descriptor is not used */
}

/* --- exchanges --- */
static struct letter *letter_new(struct link *l, enum ca_step step, const char *method,
                                 const char *url)
{
    assert_true(l->nletters < LINK_LETTERS);
    struct letter *x = xcalloc(1, sizeof *x);
    l->letters[l->nletters++] = x;
    *x = (struct letter){.arena = ARENA_INIT, .call = {.step = step}};
    x->request = (struct ca_request){.call = &x->call,
                                     .arena = &x->arena,
                                     .method = method,
                                     .url = arena_strdup(&x->arena, url),
                                     .body = BUF_INIT(1 << 22)};
    x->reply = (struct ca_reply){.transport = OUTCOME_UNKNOWN,
                                 .body = BUF_INIT(LINK_REPLY_MAX),
                                 .retry_after_seconds = -1,
                                 .date = TIME_NONE};
    x->x = (struct ca_exchange){&x->request, &x->reply, x};
    return x;
}

UNUSED static struct letter *letter_get(struct link *l, const char *url)
{
    return letter_new(l, STEP_POLL, "GET", url);
}

UNUSED static struct letter *letter_post(struct link *l, enum ca_step step, const char *url,
                                         const char *body)
{
    struct letter *x = letter_new(l, step, "POST", url);
    x->request.content_type = "application/json";
    buf_puts(&x->request.body, body);
    return x;
}

static void link_submit(struct link *l, struct letter *x)
{
    wire_submit(l->wire, &l->ca, &x->x);
}

static size_t link_collect(struct link *l)
{
    size_t n = 0;
    for (struct ca_exchange *x; (x = wire_next(l->wire)) != NULL; n++) {
        struct letter *letter = x->executor;
        assert_false(letter->back); /* once */
        letter->back = true;
    }
    return n;
}

/* Until `n` more came back. */
UNUSED static void link_run(struct link *l, size_t n)
{
    struct err err = ERR_INIT;
    const int64_t begun = time_monotonic_ms();
    while (n) {
        assert_true(wire_run(l->wire, &err));
        const size_t got = link_collect(l);
        assert_true(got <= n);
        n -= got;
        if (n) {
            wire_wait(l->wire, -1, 100);
        }
        if (time_monotonic_ms() - begun > LINK_PATIENCE_MS) {
            fail_msg("%zu exchanges never came back", n);
        }
    }
}

/* Submits one and waits for it. */
UNUSED static struct letter *link_send(struct link *l, struct letter *x)
{
    link_submit(l, x);
    link_run(l, 1);
    assert_true(x->back);
    return x;
}

/* --- what came of it --- */
static const char *letter_message(const struct letter *x)
{
    return x->reply.transport_message ? x->reply.transport_message : "";
}

/* `words`: part of the message, NULL = there must be none. False: says how it is instead; tables
 * are walked to their end. */
MUST_USE UNUSED static bool fate_is(const char *what, const struct letter *x, enum outcome outcome,
                                    bool lasting, const char *words)
{
    const struct ca_reply *r = &x->reply;
    const bool said = words ? strcasestr(letter_message(x), words) != NULL : !r->transport_message;
    if (r->transport != outcome || r->lasting != lasting || !said) {
        print_error("%s: %s%s, status %d, \"%s\"; expected %s%s, \"%s\"\n", what,
                    outcome_name(r->transport), r->lasting ? " lasting" : "", r->http_status,
                    letter_message(x), outcome_name(outcome), lasting ? " lasting" : "",
                    words ? words : "");
        return false;
    }
    return true;
}

UNUSED static const char *server_url(struct link *l, const struct server *s, const char *scheme)
{
    return arena_printf(&l->arena, "%s://127.0.0.1:%u/api", scheme, s->port);
}

#endif
