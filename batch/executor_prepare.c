/* SPDX-License-Identifier: Apache-2.0
 *
 * The first job of an item, on a worker: key and CSR are made (or found again after a crash),
 * the item is judged with exactly those bytes, and cleared. Nothing here sends, journals or
 * looks at another item; files are only temporaries until the round commits them.
 */
#include "batch/executor.h"

#include "formats/base/limits.h"
#include "formats/pem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_NAME "request.csr"
enum { KEY_FILE_MAX = 64 * 1024 };

bool work_fail(struct work *w, enum work_result result, const char *code)
{
    w->result = result;
    w->code = code;
    return false;
}

/* An error of an input is the item's; an error of our own files ends the run. */
static bool broken(struct work *w)
{
    return work_fail(w, WORK_BROKEN, "state");
}

bool work_open_dirs(struct work *w, bool create)
{
    if (w->dirs[0] < 0) {
        w->dirs[0] = statedir_item(w->x->dir, w->item->id, create, &w->err);
    }
    if (w->dirs[0] >= 0 && w->dirs[1] < 0) {
        w->dirs[1] = fs_open_dir_at(w->dirs[0], "out", &w->err);
    }
    return w->dirs[1] >= 0 || broken(w);
}

bool work_load(struct work *w)
{
    struct findings findings = FINDINGS_INIT;
    bool ok = w->loaded || item_load(w->x->batch, w->item, &w->arena, &findings, &w->data);
    if (!ok) {
        err_set(&w->err, ERR_INPUT, "%s",
                findings.n ? findings.v[0].message : "a file of the item cannot be read");
        work_fail(w, WORK_FAILED,
                  findings.n ? arena_strdup(&w->arena, findings.v[0].rule) : "input");
    }
    w->loaded = ok;
    findings_release(&findings);
    return ok;
}

static void key_name(const struct work *w, char out[LIMIT_ITEM_ID + 8])
{
    (void)snprintf(out, LIMIT_ITEM_ID + 8, "%s.pem", w->item->id);
}

static bool read_own_key(struct work *w, struct err *err)
{
    char name[LIMIT_ITEM_ID + 8];
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(KEY_FILE_MAX);
    key_name(w, name);
    w->has_key = fs_read_at(w->x->dir->keys, name, &pem, err) &&
                 key_read(buf_span(&pem), NULL, &w->key, err);
    return w->has_key;
}

bool work_read_key(struct work *w)
{
    if (w->has_key || str_eq(w->key_where, "none")) {
        return true;
    }
    w->has_key = str_eq(w->key_where, "file") ? item_key(w->x->batch, w->item, &w->key, &w->err)
                                              : read_own_key(w, &w->err);
    return (w->has_key &&
            (key_matches_spki(&w->key, w->spki) ||
             err_set(&w->err, ERR_ENV, "the private key is not that of the request"))) ||
           work_fail(w, WORK_FAILED, "key");
}

/* A killed run may have left the key without its record: the same key serves again. */
static bool make_key(struct work *w)
{
    struct err ignored = ERR_INIT;
    char name[LIMIT_ITEM_ID + 8];
    enum key_type type = (enum key_type)w->item->key_type;
    key_name(w, name);
    if (fs_exists_at(w->x->dir->keys, name) && read_own_key(w, &ignored) && w->key.type == type) {
        return true;
    }
    key_release(&w->key);
    w->key = (struct key)KEY_INIT;
    w->has_key = key_generate(type, &w->key, &w->err);
    if (!w->has_key) {
        return work_fail(w, WORK_FAILED, "key");
    }
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(KEY_FILE_MAX);
    key_pem(&w->key, &pem);
    return fs_group_add(&w->files, w->x->dir->keys, name, buf_span(&pem), 0600, &w->err) ||
           broken(w);
}

/* CN last, as certificates have it. */
static bool build_csr(struct work *w)
{
    const struct item_data *d = &w->data;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CSR_BYTES);
    struct dn_value *dn = arena_array(&w->arena, d->ndn + 1, sizeof *dn);
    struct x509_names names = {dn, d->ndn, d->san, d->nsan};
    if (d->ndn) {
        memcpy(dn, d->dn, d->ndn * sizeof *dn);
    }
    if (d->common_name) {
        dn[names.nsubject++] = (struct dn_value){"CN", d->common_name};
    }
    if (!csr_build(&w->key, &names, &der, &w->err) || buf_failed(&der)) {
        return work_fail(w, WORK_FAILED, "csr");
    }
    w->csr = (struct span){arena_memdup(&w->arena, der.p, der.n), der.n};
    memcpy(w->spki, w->key.spki_sha256, SHA256_SIZE);
    return true;
}

static bool store_csr(struct work *w)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(2 * LIMIT_CSR_BYTES);
    pem_write(&pem, "CERTIFICATE REQUEST", w->csr);
    return (work_open_dirs(w, true) &&
            fs_group_add(&w->files, w->dirs[0], REQUEST_NAME, buf_span(&pem), 0600, &w->err)) ||
           broken(w);
}

/* --- where the request comes from --- */
static bool given_csr(struct work *w)
{
    if (!w->data.csr.usable) {
        err_set(&w->err, ERR_INPUT, "the CSR cannot be used");
        return work_fail(w, WORK_FAILED, "csr");
    }
    w->key_where = w->item->order->key_file ? "file" : "none";
    w->csr = w->data.csr.der;
    memcpy(w->spki, w->data.csr.key.sha256, SHA256_SIZE);
    return work_read_key(w);
}

static bool reused_key(struct work *w)
{
    w->key_where = "file";
    w->has_key = item_key(w->x->batch, w->item, &w->key, &w->err);
    return (w->has_key || work_fail(w, WORK_FAILED, "key")) && build_csr(w);
}

static bool new_key(struct work *w)
{
    w->key_where = "generated";
    return make_key(w) && build_csr(w);
}

/* After a record of the key: the request that is on disk, with the key that belongs to it. */
static bool earlier_request(struct work *w)
{
    struct csr csr;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(2 * LIMIT_CSR_BYTES);
    if (!work_open_dirs(w, true)) {
        return false;
    }
    if (!fs_read_at(w->dirs[0], REQUEST_NAME, &pem, &w->err)) {
        return work_fail(w, WORK_FAILED, "csr");
    }
    struct span text = {arena_memdup(&w->arena, pem.p, pem.n), pem.n};
    csr_parse(&w->arena, text, &csr);
    char hex[SHA256_HEX] = "";
    if (csr.usable) {
        hex_encode(csr.key.sha256, SHA256_SIZE, hex);
        w->csr = csr.der;
        memcpy(w->spki, csr.key.sha256, SHA256_SIZE);
    }
    if (strcmp(hex, w->spki_before) != 0) {
        err_set(&w->err, ERR_ENV, "the stored request is not the one that the journal names");
        return work_fail(w, WORK_FAILED, "csr");
    }
    return true;
}

static bool same_request(struct work *w)
{
    bool given = w->data.has_csr;
    if (!earlier_request(w)) {
        return false;
    }
    if (given && memcmp(w->data.csr.key.sha256, w->spki, SHA256_SIZE) != 0) {
        err_set(&w->err, ERR_INPUT, "the CSR has another key than when the run began");
        return work_fail(w, WORK_FAILED, "csr");
    }
    w->csr = given ? w->data.csr.der : w->csr;
    return work_read_key(w);
}

static bool make_request(struct work *w)
{
    if (w->item->kind == ITEM_REVOCATION) {
        return true;
    }
    bool ok = w->spki_before[0]               ? same_request(w)
              : w->data.has_csr               ? given_csr(w) && store_csr(w)
              : w->item->key_type == KEY_NONE ? reused_key(w) && store_csr(w)
                                              : new_key(w) && store_csr(w);
    if (ok && str_eq(w->key_where, "none") && outputs_need_key(&w->item->order->outputs)) {
        err_set(&w->err, ERR_INPUT, "a key store was asked for, but the private key is not here");
        return work_fail(w, WORK_FAILED, "outputs");
    }
    return ok;
}

/* --- judgement --- */
static const struct finding *worst(const struct findings *f)
{
    const struct finding *w = NULL;
    for (size_t i = 0; i < f->n; i++) {
        if (!f->v[i].waived && (!w || f->v[i].severity > w->severity)) {
            w = &f->v[i];
        }
    }
    return w;
}

static bool judge(struct work *w)
{
    struct executor *x = w->x;
    struct findings findings = FINDINGS_INIT;
    struct policy_scratch *scratch = &x->scratch[w->worker];
    if (w->item->kind == ITEM_ORDER && !w->data.has_csr) {
        item_set_csr(&w->data, &w->arena, w->csr);
    }
    arena_reset(&scratch->arena);
    policy_judge(x->batch->policy, &w->data.subject, scratch, &w->arena, &findings, NULL);
    item_digest(x->batch, w->item, &w->data, w->digest);
    clearance_free(w->clearance);
    w->clearance = clear_item(x->batch->policy, &w->data.subject, &findings, w->digest, &w->err);
    if (!w->clearance) {
        const struct finding *f = worst(&findings);
        const char *rule = f ? arena_strdup(&w->arena, f->rule) : "policy";
        if (f) {
            err_set(&w->err, ERR_FINDINGS, "%s", f->message);
        }
        work_fail(w, WORK_BLOCKED, rule);
    }
    findings_release(&findings);
    return w->clearance != NULL;
}

void work_prepare(struct work *w)
{
    static bool (*const steps[])(struct work *) = {work_load, make_request, judge};
    for (size_t i = 0; i < NITEMS(steps); i++) {
        if (atomic_load(&w->x->hurry)) {
            (void)work_fail(w, WORK_DROPPED, NULL);
            return;
        }
        if (!steps[i](w)) {
            return;
        }
    }
}

/* For a lost reply: what was asked, without judging again: nothing will be sent for it. */
void work_recall(struct work *w)
{
    if (work_load(w) && w->item->kind == ITEM_ORDER) {
        (void)earlier_request(w);
    }
}
