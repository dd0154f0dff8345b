/* SPDX-License-Identifier: Apache-2.0
 *
 * See doctor.h: the table of steps, the loop over it, and how a line is said.
 */
#include "batch/doctor_parts.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static doctor_fn retest;

const struct doctor_row doctor_rows[DOCTOR__MAX] = {
    [DOCTOR_CONFIGURATION] = {"configuration", "configuration", doctor_configuration, false, true,
                              ERR_FINDINGS},
    [DOCTOR_WAY] = {"way", "way there", doctor_way, false, true, ERR_CA},
    [DOCTOR_CREDENTIALS] = {"credentials", "credentials and clock", doctor_credentials, false, true,
                            ERR_CA},
    [DOCTOR_PRODUCTS] = {"products", "products and templates", doctor_products, true, true,
                         ERR_FINDINGS},
    [DOCTOR_CSR] = {"csr", "what requests may look like", doctor_request, false, false,
                    ERR_FINDINGS},
    [DOCTOR_REVOCATION] = {"revocation", "revocation", doctor_revocation, false, false,
                           ERR_FINDINGS},
    [DOCTOR_JOURNAL] = {"journal", "last errors", doctor_journal, false, false, ERR_ENV},
    [DOCTOR_RETEST] = {"retest", "second try", retest, false, false, ERR_CA},
};

static const char *const status_names[] = {[DOCTOR_SKIPPED] = "skipped",
                                           [DOCTOR_OK] = "ok",
                                           [DOCTOR_WARNING] = "warning",
                                           [DOCTOR_FAILED] = "failed"};
_Static_assert(NITEMS(status_names) == DOCTOR_STATUS__MAX, "a name per status");

const char *doctor_status_name(enum doctor_status s)
{
    return status_names[s];
}

/* --- lines --- */
enum { SECRET_LEAST = 4, LINE_MAX_BYTES = 64 * 1024, FINDINGS_SHOWN = 20, SLICE_MS = 200 };

/* The text without any secret that step 1 could read. */
static const char *without_secrets(struct doctor *d, const char *text)
{
    for (size_t i = 0; i < d->nsecrets; i++) {
        const size_t n = d->secrets[i].n;
        const char *secret = secret_bytes(&d->secrets[i]);
        const char *at = n >= SECRET_LEAST ? strstr(text, secret) : NULL;
        if (!at) {
            continue;
        }
        CLEANUP(buf_wipe) struct buf clean = BUF_INIT(4 * LINE_MAX_BYTES);
        for (; at; text = at + n, at = strstr(text, secret)) {
            buf_add(&clean, text, (size_t)(at - text));
            buf_puts(&clean, "[secret]");
        }
        buf_puts(&clean, text);
        text = buf_failed(&clean) ? "[secret]" : arena_strdup(&d->arena, buf_text(&clean));
    }
    return text;
}

/* As it may be shown: escaped, without secrets. */
static const char *shown(struct doctor *d, const char *text)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4 * LINE_MAX_BYTES);
    text = without_secrets(d, text);
    str_vis(&b, text, strlen(text), LINE_MAX_BYTES);
    return arena_strdup(&d->arena, buf_text(&b));
}

void doctor_say(struct doctor *d, struct doctor_result *r, enum doctor_status status,
                const char *todo, const char *fmt, ...)
{
    CLEANUP(buf_wipe) struct buf said = BUF_INIT(4 * LINE_MAX_BYTES);
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&said, fmt, ap);
    va_end(ap);
    const struct doctor_line line = {status, shown(d, buf_text(&said)),
                                     todo ? shown(d, todo) : NULL};
    VEC_PUSH(r, line);
    r->status = status > r->status ? status : r->status;
}

void doctor_say_err(struct doctor *d, struct doctor_result *r, const struct err *err,
                    const char *todo)
{
    /* when nobody knows better */
    static const char *const by_code[ERR__MAX] = {
        [ERR_INPUT] = "see that the file is there, readable and complete",
        [ERR_ENV] = "see disk and permissions",
        [ERR_CA] = "try again later, then send the file that --escalation writes to the CA's "
                   "support",
        [ERR_INTERNAL] = "report it, with the file that --escalation writes"};
    doctor_say(d, r, DOCTOR_FAILED,
               todo        ? todo
               : err->hint ? err->hint
                           : by_code[err->code],
               "%s", err->msg);
    r->code = r->code == ERR_NONE ? err->code : r->code;
}

static const enum doctor_status by_severity[SEV__MAX] = {[SEV_DISABLED] = DOCTOR_SKIPPED,
                                                         [SEV_INFO] = DOCTOR_OK,
                                                         [SEV_WARNING] = DOCTOR_WARNING,
                                                         [SEV_ERROR] = DOCTOR_FAILED};

void doctor_say_findings(struct doctor *d, struct doctor_result *r, const struct findings *f,
                         bool (*about)(void *ctx, const struct finding *f), void *ctx)
{
    size_t n = 0;
    size_t more = 0;
    enum doctor_status worst = DOCTOR_OK;
    for (size_t i = 0; i < f->n; i++) {
        const struct finding *x = &f->v[i];
        if (x->waived || x->known || x->severity < SEV_WARNING || (about && !about(ctx, x))) {
            continue;
        }
        if (n++ < FINDINGS_SHOWN) {
            char line[16];
            (void)snprintf(line, sizeof line, x->line ? ":%u: " : ": ", x->line);
            doctor_say(d, r, by_severity[x->severity], x->fix, "%s%s%s%s%s%s [%s]",
                       x->file ? x->file : "", x->file ? line : "", x->item ? "item " : "",
                       x->item ? x->item : "", x->item ? ": " : "", x->message, x->rule);
        } else {
            more++;
            worst = by_severity[x->severity] > worst ? by_severity[x->severity] : worst;
        }
    }
    if (more) {
        doctor_say(d, r, worst, "certbatch lint shows all of them", "%zu more findings", more);
    }
}

void doctor_orders(struct doctor *d, const char *code)
{
    if (code && !strlist_has(&d->products, code)) {
        VEC_PUSH(&d->products, arena_strdup(&d->arena, code));
    }
}

/* --- the loop --- */
static bool stopping(const struct doctor *d)
{
    return d->options.stop && *d->options.stop;
}

static void result_clear(struct doctor_result *r)
{
    free(r->v);
    *r = (struct doctor_result){.when = TIME_NONE};
}

static void take(struct doctor *d, enum doctor_step step, struct doctor_result *r)
{
    const struct doctor_row *row = &doctor_rows[step];
    if (stopping(d)) {
        doctor_say(d, r, DOCTOR_SKIPPED, NULL, "interrupted");
        return;
    }
    if (row->admitted && !d->admitted) {
        doctor_say(d, r, DOCTOR_SKIPPED, NULL,
                   "not looked at: the CA was not reached or did not accept the credentials");
        return;
    }
    r->when = time_now();
    row->run(d, r);
    r->code = r->status != DOCTOR_FAILED ? ERR_NONE : r->code == ERR_NONE ? row->code : r->code;
}

static void rest(struct doctor *d)
{
    const int64_t end = time_monotonic_ms() + d->options.pause_ms;
    if (d->options.pause_ms > 0 && d->options.waiting) {
        d->options.waiting(d->options.waiting_ctx, d->options.pause_ms, "then what failed again");
    }
    for (int64_t left; !stopping(d) && (left = end - time_monotonic_ms()) > 0;) {
        (void)poll(NULL, 0, (int)(left < SLICE_MS ? left : SLICE_MS));
    }
}

/* What failed is tried once more, and what could not be looked at because of it. */
static void retest(struct doctor *d, struct doctor_result *out)
{
    size_t tried = 0;
    d->retesting = true;
    for (enum doctor_step s = 0; s < DOCTOR_RETEST; s++) {
        const struct doctor_row *row = &doctor_rows[s];
        const struct doctor_result *first = &d->results[s];
        const bool blocked = first->when == TIME_NONE && tried;
        if (!row->repeat || (first->status != DOCTOR_FAILED && !blocked)) {
            continue;
        }
        if (!tried++) {
            rest(d);
        }
        take(d, s, &d->second[s]);
        const enum doctor_status now = d->second[s].status;
        if (now == DOCTOR_FAILED) {
            doctor_say(d, out, DOCTOR_FAILED, NULL, "%s: fails again", row->title);
            out->code = out->code == ERR_NONE ? d->second[s].code : out->code;
        } else if (now != DOCTOR_SKIPPED) {
            doctor_say(d, out, blocked ? DOCTOR_OK : DOCTOR_WARNING,
                       blocked ? NULL
                               : "it comes and goes: look at the network and at the CA's load",
                       "%s: %s at the second try", row->title, doctor_status_name(now));
        }
    }
    if (!tried) {
        doctor_say(d, out, DOCTOR_OK, NULL, "nothing failed that a second try could change");
    }
}

void doctor_run(struct doctor *d)
{
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        d->results[s] = d->second[s] = (struct doctor_result){.when = TIME_NONE};
    }
    doctor_prepare(d);
    for (enum doctor_step s = 0; s < DOCTOR__MAX; s++) {
        take(d, s, &d->results[s]);
    }
}

void doctor_release(struct doctor *d)
{
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        result_clear(&d->results[s]);
        result_clear(&d->second[s]);
    }
    asker_close(&d->asker);
    catalogue_release(&d->catalogue);
    strlist_release(&d->products);
    batch_release(&d->batch);
    findings_release(&d->batch_findings);
    for (size_t i = 0; i < d->nsecrets; i++) {
        secret_release(&d->secrets[i]);
    }
    free(d->secrets);
    arena_release(&d->arena);
}

enum err_code doctor_verdict(const struct doctor *d)
{
    static const enum err_code serious[] = {ERR_ENV, ERR_CA, ERR_INPUT, ERR_FINDINGS};
    for (size_t i = 0; i < NITEMS(serious); i++) {
        for (enum doctor_step s = 0; s < DOCTOR_RETEST; s++) {
            const struct doctor_result *r =
                d->second[s].when != TIME_NONE ? &d->second[s] : &d->results[s];
            if (r->code == serious[i]) {
                return r->code;
            }
        }
    }
    return ERR_NONE;
}
