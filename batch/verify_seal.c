/* SPDX-License-Identifier: Apache-2.0
 *
 * The seals of an audit bag: signature and timestamp over the tag manifest, the digests beside
 * them, the statement of what was produced from what. Without anchors a seal can only vouch for
 * itself: that is said, and whose it claims to be. A seal that is demanded (anchors were given, or
 * another file of the bag proves that it was there) and missing is a failed check.
 */
#include "batch/verify.h"

#include "batch/provenance.h"
#include "batch/seal.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/cms.h"
#include "formats/dsse.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLOCKS_SECONDS = 600, /* how far the clocks of a TSA and of ours may lie apart */
    STRANGERS_MAX = 20    /* files that were added, each said once */
};

enum {
    TAG_MANIFEST,
    TAG_TAG_MANIFEST,
    TAG_SIGNATURE,
    TAG_TIMESTAMP,
    TAG_DIGESTS,
    TAG_PROVENANCE,
    TAG__MAX
};
static const char *const kept[TAG__MAX] = {
    [TAG_MANIFEST] = BAG_MANIFEST,    [TAG_TAG_MANIFEST] = BAG_TAG_MANIFEST,
    [TAG_SIGNATURE] = SEAL_SIGNATURE, [TAG_TIMESTAMP] = SEAL_TIMESTAMP,
    [TAG_DIGESTS] = SEAL_DIGESTS,     [TAG_PROVENANCE] = SEAL_PROVENANCE,
};

struct verify_seal {
    struct buf file[TAG__MAX];
    bool there[TAG__MAX];
    struct strlist others; /* further files in the root, arena */
    struct arena arena;
};

/* --- collecting --- */

struct verify_seal *verify_seal_new(void)
{
    struct verify_seal *s = xcalloc(1, sizeof *s);
    for (size_t i = 0; i < TAG__MAX; i++) {
        s->file[i] = (struct buf)BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    }
    return s;
}

void verify_seal_free(struct verify_seal *s)
{
    if (s) {
        for (size_t i = 0; i < TAG__MAX; i++) {
            buf_release(&s->file[i]);
        }
        strlist_release(&s->others);
        arena_release(&s->arena);
        free(s);
    }
}

void verify_seal_file(struct verify_seal *s, const char *name, struct span data)
{
    for (size_t i = 0; i < TAG__MAX; i++) {
        if (str_eq(name, kept[i])) {
            buf_add(&s->file[i], data.p, data.n);
            s->there[i] = true;
            return;
        }
    }
    VEC_PUSH(&s->others, arena_strdup(&s->arena, name));
}

/* --- saying --- */

PRINTF(4, 5)
static void say(struct verify *v, const char *rule, enum severity severity, const char *fmt, ...)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    verify_problem(v->findings, v->file, rule, severity, NULL, "%s", buf_text(&text));
}

static void say_faults(struct verify *v, const char *rule, const char *file, const struct faults *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const bool stamp = f->v[i].kind == FAULT_TIMESTAMP;
        say(v, stamp ? RULE_TIMESTAMP : rule, SEV_ERROR, "%s: %s", file, f->v[i].text);
    }
}

/* --- the list of what should be there --- */

static bool lists(const struct buf *manifest, const char *name)
{
    const size_t n = strlen(name);
    for (const char *p = buf_text(manifest); (p = strstr(p, name)) != NULL; p += n) {
        if (p > buf_text(manifest) && (p[-1] == ' ' || p[-1] == '*') && (!p[n] || p[n] == '\n')) {
            return true;
        }
    }
    return false;
}

/* A BagIt reader lets files pass that no manifest lists; in a bag of ours there is none but the
 * seals. */
static void check_strangers(struct verify *v)
{
    const struct verify_seal *s = v->seal;
    size_t said = 0;
    for (size_t i = 0; i < s->others.n && said < STRANGERS_MAX; i++) {
        if (!lists(&s->file[TAG_TAG_MANIFEST], s->others.v[i])) {
            said++;
            say(v, RULE_BAG, SEV_ERROR, "%s was added: nothing vouches for it", s->others.v[i]);
        }
    }
    if (s->there[TAG_PROVENANCE] && !lists(&s->file[TAG_TAG_MANIFEST], SEAL_PROVENANCE)) {
        say(v, RULE_PROVENANCE, SEV_ERROR, SEAL_PROVENANCE " is not listed in " BAG_TAG_MANIFEST);
    }
}

static void check_digests(struct verify *v)
{
    const struct verify_seal *s = v->seal;
    CLEANUP(seal_files_release) struct seal_files f = SEAL_FILES_INIT;
    CLEANUP(buf_release) struct buf want = BUF_INIT(LIMIT_MESSAGE);
    buf_add(&f.signature, s->file[TAG_SIGNATURE].p, s->file[TAG_SIGNATURE].n);
    buf_add(&f.timestamp, s->file[TAG_TIMESTAMP].p, s->file[TAG_TIMESTAMP].n);
    seal_digests(&f, &want);
    const bool sealed = s->there[TAG_SIGNATURE] || s->there[TAG_TIMESTAMP];
    if (!str_eq(buf_text(&want), buf_text(&s->file[TAG_DIGESTS])) ||
        s->file[TAG_DIGESTS].n != want.n) {
        say(v, s->there[TAG_SIGNATURE] ? RULE_SIGNATURE : RULE_TIMESTAMP, SEV_ERROR,
            sealed && !s->there[TAG_DIGESTS] ? SEAL_DIGESTS " is missing"
                                             : SEAL_DIGESTS
                " does not name the signature and timestamp that are there");
    }
}

/* --- signature --- */

static void describe(struct verify *v, struct arena *a, const struct cms_signature *one,
                     struct buf *summary)
{
    buf_printf(summary, "  signature     %s%s\n", one->signer, one->pinned ? "" : " (not pinned)");
    if (!v->signers && !one->faults.n) {
        say(v, RULE_SIGNATURE, SEV_INFO,
            "the signature is by the key of %s (SHA-256 %s); whether to believe it --signer-ca "
            "tells",
            one->signer, hex_dup(a, one->certificate.sha256, SHA256_SIZE));
    }
    if (one->stamp.expired_since) {
        say(v, RULE_TIMESTAMP, SEV_WARNING,
            "the certificate of the TSA has expired since it stamped the signature");
    }
}

/* The certificate of the only signer; der.n = 0 when it cannot be relied on. */
static struct cert check_signature(struct verify *v, struct arena *a, struct buf *summary)
{
    const struct verify_seal *s = v->seal;
    struct cms_result r;
    const struct cms_how how = {v->signers, v->tsas, time_now()};
    if (!s->there[TAG_SIGNATURE]) {
        if (v->signers) {
            say(v, RULE_SIGNATURE, SEV_ERROR,
                "the bundle is not signed, and --signer-ca demands a signature");
        } else if (s->there[TAG_PROVENANCE]) {
            say(v, RULE_SIGNATURE, SEV_ERROR, SEAL_SIGNATURE " is missing: the bundle was signed");
        }
        return (struct cert){0};
    }
    bool good = cms_verify(a, buf_span(&s->file[TAG_TAG_MANIFEST]),
                           buf_span(&s->file[TAG_SIGNATURE]), &how, &r);
    say_faults(v, RULE_SIGNATURE, SEAL_SIGNATURE, &r.faults);
    for (size_t i = 0; i < r.n; i++) {
        say_faults(v, RULE_SIGNATURE, SEAL_SIGNATURE, &r.v[i].faults);
        describe(v, a, &r.v[i], summary);
    }
    if (good && s->there[TAG_TIMESTAMP] && !r.v[0].stamped) {
        say(v, RULE_TIMESTAMP, SEV_ERROR,
            "the signature has lost its timestamp: the tag manifest has one");
    } else if (good && !s->there[TAG_TIMESTAMP] && r.v[0].stamped) {
        say(v, RULE_TIMESTAMP, SEV_ERROR,
            SEAL_TIMESTAMP " is missing: the signature has a timestamp");
    }
    if (r.n > 1) {
        say(v, RULE_SIGNATURE, SEV_ERROR, SEAL_SIGNATURE " has %zu signers, not one", r.n);
    }
    return r.n == 1 ? r.v[0].certificate : (struct cert){0};
}

/* --- timestamp --- */

static void describe_stamp(struct verify *v, const struct tsp_stamp *t, const struct history *h,
                           struct buf *summary)
{
    char when[TIME_TEXT];
    int64_t closed;
    time_format(t->time, when);
    buf_printf(summary, "  timestamp     %s by %s%s\n", when, t->tsa,
               t->pinned ? "" : " (not pinned)");
    if (h->closed && time_parse(h->closed, &closed) && t->time < closed - CLOCKS_SECONDS) {
        say(v, RULE_TIMESTAMP, SEV_ERROR, "it was stamped at %s, before the run ended at %s", when,
            h->closed);
    }
    if (t->expired_since) {
        say(v, RULE_TIMESTAMP, SEV_WARNING, "the certificate of the TSA has expired since %s",
            when);
    }
    if (!v->tsas && !t->faults.n) {
        say(v, RULE_TIMESTAMP, SEV_INFO,
            "the timestamp is by %s; whether to believe it --tsa-ca tells", t->tsa);
    }
}

static void check_timestamp(struct verify *v, struct arena *a, const struct history *h,
                            struct buf *summary)
{
    const struct verify_seal *s = v->seal;
    struct tsp_stamp t;
    if (!s->there[TAG_TIMESTAMP]) {
        if (v->tsas) {
            say(v, RULE_TIMESTAMP, SEV_ERROR,
                "the bundle has no timestamp, and --tsa-ca demands one");
        }
        return;
    }
    (void)tsp_verify(a, buf_span(&s->file[TAG_TIMESTAMP]), buf_span(&s->file[TAG_TAG_MANIFEST]),
                     v->tsas, time_now(), &t);
    say_faults(v, RULE_TIMESTAMP, SEAL_TIMESTAMP, &t.faults);
    if (t.read) {
        describe_stamp(v, &t, h, summary);
    }
}

/* --- provenance --- */

static void provenance_problem(void *ctx, const char *text)
{
    say(ctx, RULE_PROVENANCE, SEV_ERROR, SEAL_PROVENANCE ": %s", text);
}

static void check_provenance(struct verify *v, struct arena *a, const struct history *h,
                             const struct cert *signer)
{
    const struct verify_seal *s = v->seal;
    struct dsse d;
    struct err err = ERR_INIT;
    if (!s->there[TAG_PROVENANCE]) {
        if (s->there[TAG_SIGNATURE]) {
            say(v, RULE_PROVENANCE, SEV_ERROR, SEAL_PROVENANCE " is missing");
        }
        return;
    }
    if (!dsse_read(a, SEAL_PROVENANCE, buf_span(&s->file[TAG_PROVENANCE]), &d, &err)) {
        say(v, RULE_PROVENANCE, SEV_ERROR, "%s", err.msg);
        return;
    }
    if (!str_eq(d.type, DSSE_IN_TOTO)) {
        say(v, RULE_PROVENANCE, SEV_ERROR, SEAL_PROVENANCE " is not an in-toto statement");
    }
    if (signer->der.n && !dsse_signed_by(&d, signer, &err)) {
        say(v, RULE_PROVENANCE, SEV_ERROR, SEAL_PROVENANCE ": %s", err.msg);
    }
    provenance_check(d.payload, buf_text(&s->file[TAG_MANIFEST]), h, provenance_problem, v);
}

void verify_seal_over(struct verify *v, const struct history *h, struct buf *summary)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    check_digests(v);
    (void)check_signature(v, &a, summary);
    check_timestamp(v, &a, h, summary);
}

void verify_seal(struct verify *v, const struct history *h, struct buf *summary)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    check_strangers(v);
    check_digests(v);
    struct cert signer = check_signature(v, &a, summary);
    check_timestamp(v, &a, h, summary);
    check_provenance(v, &a, h, &signer);
}
