/* SPDX-License-Identifier: Apache-2.0
 *
 * A CA that wants proofs, for t_run_dcv.c: the faulty CA keeps an order pending until every name of
 * it is proven, and looks for the TXT record where the hook of the test published it (a directory
 * with a file for each record). The hook logs every call.
 */
#ifndef TESTS_DCV_FIXTURE_H
#define TESTS_DCV_FIXTURE_H

#include "run_fixture.h"

#include "batch/dcv.h"

#include <dirent.h>
#include <time.h>

struct proof {
    const char *item, *domain;
    bool validated;
};

static struct {
    struct proof v[16];
    size_t n;
    struct ca_dcv settings;
    unsigned challenges, validations;
    unsigned not_ready; /* so many challenges are asked for too early */
    bool known;         /* the CA needs no proof any more */
    bool hidden;        /* polls show no names */
    bool forgets;       /* says yes to VALIDATE and proves nothing */
    bool rejects;       /* polls say that the proof is rejected */
    const char *token;  /* instead of the usual one */
    void (*on_validate)(void);
} prove;

static const char *const hook_argv[] = {"./hook.sh"};
static const struct strings hook_command = {.v = (const char **)(uintptr_t)hook_argv, .n = 1};

/* What a file named like a mode asks for; the log is appended to by one write each. */
static const char hook_text[] =
    "#!/bin/sh\n"
    "echo \"$1 $2 $3 $CERTBATCH_DCV_DOMAIN\" >> hook.log\n"
    "case $1 in\n"
    "present)\n"
    "  [ -f fail-present ] && { echo 'the zone is locked'; exit 3; }\n"
    "  [ -f hang-present ] && sleep 600\n"
    "  [ -f wait-for-b ] && case $2 in *a.corp*)\n"
    "    until grep -q '^cleanup .*b.corp' hook.log; do sleep 0.05; done ;; esac\n"
    "  env > env.log\n"
    "  echo x > \"zone/$2=$3\" ;;\n"
    "cleanup)\n"
    "  [ -f fail-cleanup ] && exit 4\n"
    "  rm -f \"zone/$2=$3\" ;;\n"
    "esac\n";

static inline struct proof *proof_of(const struct ca_call *c)
{
    for (size_t i = 0; i < prove.n; i++) {
        if (str_eq(prove.v[i].item, c->order->item) && str_eq(prove.v[i].domain, c->domain)) {
            return &prove.v[i];
        }
    }
    fail_msg("a question about %s of %s", c->domain, c->order->item);
    return NULL;
}

static inline bool is_proven(const char *item)
{
    for (size_t i = 0; i < prove.n; i++) {
        if (str_eq(prove.v[i].item, item) && !prove.v[i].validated) {
            return false;
        }
    }
    return true;
}

static inline void token_of(const struct proof *p, char out[64])
{
    (void)snprintf(out, 64, "token-%s-%zu", p->item, (size_t)(p - prove.v));
}

/* The directory is the zone. */
static inline bool is_published(const struct proof *p)
{
    struct stat st;
    char path[400], token[64];
    const char *base = p->domain[0] == '*' ? p->domain + 2 : p->domain;
    token_of(p, token);
    (void)snprintf(path, sizeof path, "zone/_prove.%s=%s", base, token);
    return stat(path, &st) == 0;
}

static inline void serve_challenge(struct ca_reply *r)
{
    prove.challenges++;
    if (prove.not_ready) {
        prove.not_ready--;
        say(r, "{\"outcome\":\"accepted\",\"message\":\"too early\"}");
    } else if (prove.known) {
        say(r, "{\"outcome\":\"accepted\",\"message\":\"known\"}");
    } else {
        say(r, "{\"outcome\":\"accepted\",\"message\":\"ready\"}");
    }
}

static inline void serve_validate(const struct ca_call *c, struct ca_reply *r)
{
    struct proof *p = proof_of(c);
    prove.validations++;
    if (prove.on_validate) {
        prove.on_validate();
    }
    if (!is_published(p)) {
        say(r, "{\"outcome\":\"refused\",\"message\":\"no such record\"}");
        return;
    }
    p->validated = !prove.forgets && !prove.rejects;
    say(r, "{\"outcome\":\"accepted\"}");
}

static inline bool prove_serve(struct ca *ca, struct ca_exchange *v, size_t n, unsigned workers,
                               struct err *err)
{
    struct ca_exchange pass[1024];
    size_t npass = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ca_call *c = v[i].request->call;
        enum fault f =
            c->step == STEP_CHALLENGE || c->step == STEP_VALIDATE ? fault_for(c) : FAULT_NONE;
        if (c->step != STEP_CHALLENGE && c->step != STEP_VALIDATE) {
            pass[npass++] = v[i];
        } else if (!carried_out(f)) {
            break_reply(f, v[i].reply, v[i].reply);
        } else if (c->step == STEP_CHALLENGE) {
            serve_challenge(v[i].reply);
            break_reply(f, v[i].reply, v[i].reply);
        } else {
            serve_validate(c, v[i].reply);
            break_reply(f, v[i].reply, v[i].reply);
        }
    }
    if (npass && !faulty_serve(ca, pass, npass, workers, err)) {
        return false;
    }
    for (size_t i = 0; i < npass; i++) {
        const struct ca_call *c = pass[i].request->call;
        bool has_order = strstr(buf_text(&pass[i].reply->body), "\"order\":\"L-") != NULL;
        if ((c->step == STEP_ORDER || c->step == STEP_POLL) && has_order &&
            !is_proven(c->order->item)) {
            break_reply(FAULT_PENDING, pass[i].reply, pass[i].reply);
        }
    }
    return true;
}

static inline void answer_poll(const struct ca_call *c, struct ca_result *out)
{
    out->domains = arena_array(out->arena, prove.n + 1, sizeof *out->domains);
    for (size_t i = 0; i < prove.n; i++) {
        if (str_eq(prove.v[i].item, c->order->item)) {
            out->domains[out->ndomains++] =
                (struct ca_domain){prove.v[i].domain,
                                   prove.v[i].validated                 ? DOMAIN_VALIDATED
                                   : prove.rejects && prove.validations ? DOMAIN_REJECTED
                                                                        : DOMAIN_OPEN,
                                   NULL};
        }
    }
}

static inline void prove_answer(struct ca *ca, const struct ca_call *call,
                                const struct ca_reply *reply, struct ca_result *out)
{
    char token[64];
    faulty_answer(ca, call, reply, out);
    if (call->step == STEP_POLL && out->pending && !prove.hidden) {
        answer_poll(call, out);
    }
    if (call->step == STEP_CHALLENGE && str_eq(out->message, "too early")) {
        out->pending = true;
        out->again_seconds = 0;
    }
    if (call->step == STEP_CHALLENGE && str_eq(out->message, "ready")) {
        token_of(proof_of(call), token);
        out->record_value = prove.token ? prove.token : arena_strdup(out->arena, token);
    }
}

static inline bool prove_settings(const struct ca_config *config, struct ca_dcv *out)
{
    (void)config;
    *out = prove.settings;
    return prove.settings.hook != NULL;
}

static inline void prove_reset(void)
{
    faulty_reset(0, CA_DCV);
    faulty_ops.serve = prove_serve;
    faulty_ops.answer = prove_answer;
    faulty_type.dcv = prove_settings;
    memset(&prove, 0, sizeof prove);
    prove.settings = (struct ca_dcv){.hook = &hook_command,
                                     .record_template = "_prove.{0}",
                                     .timeout_seconds = 60,
                                     .challenge_seconds = 60,
                                     .issuance_seconds = 60};
}

static inline int prove_setup(void **ctx)
{
    if (setup(ctx) != 0) {
        return -1;
    }
    put("hook.sh", hook_text);
    prove_reset();
    return chmod("hook.sh", 0700) == 0 && mkdir("zone", 0700) == 0 ? 0 : -1;
}

static inline void wants(const char *item, const char *domain)
{
    prove.v[prove.n++] = (struct proof){item, domain, false};
}

#define A "a.corp.example.com"
#define B "b.corp.example.com"
#define C "c.corp.example.com"

static inline void run_three(void)
{
    if (!run(THREE)) {
        fail_msg("%s", t.err.msg);
    }
}

static inline void three(void)
{
    wants("a", A);
    wants("b", B);
    wants("c", C);
}

/* --- what the hook was told --- */
static inline unsigned hooked(const char *action, const char *what)
{
    char start[32];
    (void)snprintf(start, sizeof start, "%s ", action);
    return lines_with("hook.log", start, what);
}

static inline unsigned in_zone(void)
{
    unsigned n = 0;
    DIR *d = opendir("zone");
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        n += e->d_name[0] != '.';
    }
    (void)closedir(d);
    return n;
}

/* Every record was removed as often as it was published, and the journal says so. */
static inline void assert_balanced(unsigned n)
{
    assert_int_equal(hooked("present", ""), n);
    assert_int_equal(hooked("cleanup", ""), n);
    assert_int_equal(in_zone(), 0);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"dcv-present\"", ""), n);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"dcv-cleanup\"", "\"class\":\"done\""),
                     n);
}

#endif
