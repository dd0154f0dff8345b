/* SPDX-License-Identifier: Apache-2.0
 *
 * The jobs after a certificate came back, on a worker: is it what was asked; the certificate and
 * its chain; the delivered files. All of it goes to temporaries that the round commits.
 */
#include "batch/executor.h"

#include "formats/base/limits.h"

#include <stdio.h>
#include <string.h>

#define CERT_NAME     "certificate.pem"
#define CHAIN_NAME    "chain.pem"
#define EVIDENCE_NAME "rejected.pem"
enum { PEM_MAX = 2 * LIMIT_CERT_BYTES * LIMIT_CHAIN };

static bool store_pem(struct work *w, const char *name, const struct span *certs, size_t n)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(PEM_MAX);
    for (size_t i = 0; i < n; i++) {
        cert_pem(&pem, certs[i]);
    }
    if (buf_failed(&pem)) {
        err_set(&w->err, ERR_CA, "the certificates are larger than %u bytes", (unsigned)PEM_MAX);
        return work_fail(w, WORK_MISMATCH, "mismatch");
    }
    return fs_group_add(&w->files, w->dirs[0], name, buf_span(&pem), 0600, &w->err) ||
           work_fail(w, WORK_BROKEN, "state");
}

/* An order that only has a CSR asks for the names in it. */
static void wanted_names(struct work *w, struct match_request *want)
{
    const struct general_names *csr = &w->data.csr.san;
    *want = (struct match_request){.spki_sha256 = w->spki,
                                   .san = w->data.san,
                                   .nsan = w->data.nsan,
                                   .common_name = w->data.common_name,
                                   .validity_seconds = w->item->validity_seconds,
                                   .ordered = w->ordered,
                                   .now = time_now(),
                                   .issuer_sha256 = &w->ca->ca->issuer_sha256,
                                   .issuer_name = w->ca->ca->issuer_name};
    if (want->nsan || !w->data.has_csr || !w->data.csr.has_san) {
        return;
    }
    struct san_value *san = arena_array(&w->arena, csr->n, sizeof *san);
    for (size_t i = 0; i < csr->n; i++) {
        const struct general_name *g = &csr->v[i];
        if (g->type == GN_DNS || g->type == GN_IP || g->type == GN_EMAIL || g->type == GN_URI) {
            san[want->nsan++] = (struct san_value){g->type, g->text};
        }
    }
    want->san = san;
}

/* What was refused is kept as evidence, under a name that no reader of results looks for. */
static bool keep_evidence(struct work *w)
{
    struct err why = w->err;
    bool kept = store_pem(w, EVIDENCE_NAME, w->certs, w->ncerts);
    if (kept || w->result != WORK_BROKEN) {
        w->err = why;
        (void)work_fail(w, WORK_MISMATCH, "mismatch");
    }
    return false;
}

void work_collect(struct work *w)
{
    struct match_request want;
    if (!work_load(w) || !work_open_dirs(w, true)) {
        return;
    }
    if (w->spki_before[0] && !hex_decode(w->spki_before, SHA256_HEX - 1, w->spki)) {
        (void)work_fail(w, WORK_FAILED, "state");
        return;
    }
    wanted_names(w, &want);
    if (!match_certificate(&w->arena, &want, w->certs, w->ncerts, &w->leaf, &w->chain, &w->nchain,
                           &w->err)) {
        (void)keep_evidence(w);
        return;
    }
    w->has_leaf =
        store_pem(w, CERT_NAME, &w->leaf.der, 1) && store_pem(w, CHAIN_NAME, w->chain, w->nchain);
}

/* --- outputs --- */
static bool read_certs(struct work *w, const char *name, struct cert **certs, size_t *n)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(PEM_MAX);
    *n = 0;
    if (!fs_read_at(w->dirs[0], name, &pem, &w->err)) {
        return work_fail(w, WORK_FAILED, "state");
    }
    struct span text = {arena_memdup(&w->arena, pem.p, pem.n), pem.n};
    return !pem.n || certs_read(&w->arena, name, text, certs, n, &w->err) ||
           work_fail(w, WORK_FAILED, "state");
}

/* In a later run: the stored certificate, if it still is the one in the journal. */
static bool recall_certificate(struct work *w)
{
    struct cert *leaf, *chain = NULL;
    size_t n;
    char hex[SHA256_HEX] = "";
    if (w->has_leaf) {
        return true;
    }
    if (!read_certs(w, CERT_NAME, &leaf, &n)) {
        return false;
    }
    if (n) {
        hex_encode(leaf[0].sha256, SHA256_SIZE, hex);
    }
    if (strcmp(hex, w->sha256_before) != 0) {
        err_set(&w->err, ERR_ENV, "the stored certificate is not the one in the journal");
        return work_fail(w, WORK_FAILED, "state");
    }
    w->leaf = leaf[0];
    if (!read_certs(w, CHAIN_NAME, &chain, &w->nchain)) {
        return false;
    }
    w->chain = arena_array(&w->arena, w->nchain, sizeof *w->chain);
    for (size_t i = 0; i < w->nchain; i++) {
        w->chain[i] = chain[i].der;
    }
    memcpy(w->spki, w->leaf.key.sha256, SHA256_SIZE);
    w->has_leaf = true;
    return true;
}

struct sink {
    struct work *w;
    struct jw *json;
    char (*sums)[SHA256_HEX]; /* of the files so far */
    size_t n;
};

/* Where two paths have the same bytes, the state keeps those of the first. */
static bool is_stored(const struct sink *s, const char *sum)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->sums[i], sum) == 0) {
            return true;
        }
    }
    return false;
}

static bool take_file(void *ctx, const struct output_file *f, struct err *err)
{
    struct sink *s = ctx;
    struct work *w = s->w;
    char *sum = s->sums[s->n];
    char stored[LIMIT_PATH];
    sha256_hex(f->bytes.p, f->bytes.n, sum);
    jw_object(s->json, NULL);
    jw_str(s->json, "path", f->name);
    jw_str(s->json, "sha256", sum);
    jw_end(s->json);
    if (f->generated) {
        w->rows[w->nrows].name = arena_strdup(&w->arena, f->name);
        w->rows[w->nrows++].alias = f->alias;
    }
    output_stored_name(f->name, stored, sizeof stored);
    if (!is_stored(s, sum) && !fs_group_add(&w->files, w->dirs[1], stored, f->bytes, 0600, err)) {
        return work_fail(w, WORK_BROKEN, "state");
    }
    s->n++;
    return true;
}

/* An order that names no outputs gets what the server team cannot do without: the key. */
static const struct outputs *outputs_of(const struct item *item)
{
    static struct output pem = {.kind = OUTPUT_PEM, .profile = -1};
    static const struct outputs fallback = {.v = &pem, .n = 1};
    return item->order->outputs.n ? &item->order->outputs : &fallback;
}

static bool make_outputs(struct work *w)
{
    struct jw j;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_JOURNAL_RECORD / 2);
    const struct outputs *outputs = outputs_of(w->item);
    struct sink sink = {.w = w, .json = &j};
    struct outputs_request r = {.id = w->item->id,
                                .outputs = outputs,
                                .key = w->has_key ? &w->key : NULL,
                                .leaf = w->leaf.der,
                                .chain = w->chain,
                                .nchain = w->nchain,
                                .created = w->leaf.not_before,
                                .generated = &w->password,
                                .given = w->x->passwords};
    w->rows = arena_array(&w->arena, outputs->n, sizeof *w->rows);
    sink.sums = arena_array(&w->arena, OUTPUT_FILES * outputs->n, sizeof *sink.sums);
    jw_begin(&j, &text, JW_COMPACT);
    jw_array(&j, NULL);
    if (!outputs_make(&r, take_file, &sink, &w->err)) {
        return w->result == WORK_BROKEN ? false : work_fail(w, WORK_FAILED, "outputs");
    }
    jw_end(&j);
    if (!jw_finish(&j, &w->err)) {
        return work_fail(w, WORK_FAILED, "outputs");
    }
    w->outputs = arena_strdup(&w->arena, buf_text(&text));
    return true;
}

void work_outputs(struct work *w)
{
    if (atomic_load(&w->x->hurry)) {
        (void)work_fail(w, WORK_DROPPED, NULL);
        return;
    }
    (void)(work_open_dirs(w, true) && recall_certificate(w) && work_read_key(w) && make_outputs(w));
}
