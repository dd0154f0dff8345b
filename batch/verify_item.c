/* SPDX-License-Identifier: Apache-2.0
 *
 * One item of a bundle: its files are collected here and checked on the pool. Findings of an item
 * are its own until it is done; then they join the list, which is sorted in the end, so the output
 * does not depend on which worker was faster.
 */
#include "batch/verify.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUE_PER_WORKER = 8 };

static void add(struct findings *f, const char *file, const char *rule, enum severity severity,
                const char *id, const char *fmt, va_list ap)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct finding finding = {.rule = rule,
                              .severity = severity,
                              .file = file,
                              .offset = -1,
                              .item = id,
                              .message = arena_vprintf(&a, fmt, ap)};
    findings_add(f, &finding);
}

void verify_problem(struct findings *f, const char *file, const char *rule, enum severity severity,
                    const char *id, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(f, file, rule, severity, id, fmt, ap);
    va_end(ap);
}

void verify_item_problem(struct verify_item *item, const char *rule, enum severity severity,
                         const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(&item->findings, item->owner->file, rule, severity, item->id, fmt, ap);
    va_end(ap);
}

/* --- collecting --- */

void verify_item_begin(struct verify *v, const char *id, const struct item_record *record)
{
    v->current = xcalloc(1, sizeof *v->current);
    v->current->owner = v;
    v->current->id = xstrdup(id);
    v->current->record = record;
    v->items++;
}

void verify_item_file(struct verify *v, const char *name, struct span data)
{
    struct verify_file f = {.name = xstrdup(name), .data = BUF_INIT(LIMIT_INPUT_BYTES)};
    buf_add(&f.data, data.p, data.n);
    VEC_PUSH(v->current, f);
}

static void finish(struct verify *v, struct verify_item *item)
{
    v->certificates += item->certificates;
    v->opened += item->opened;
    findings_move(v->findings, &item->findings);
    for (size_t i = 0; i < item->n; i++) {
        free(item->v[i].name);
        buf_wipe(&item->v[i].data); /* a delivery holds keys, if encrypted */
    }
    free(item->v);
    free(item->id);
    free(item);
}

static void wait_until(struct verify *v, size_t pending)
{
    while (pool_pending(v->pool) > pending) {
        struct verify_item *item = pool_next(v->pool, -1);
        if (item) { /* a signal ends the wait, too */
            finish(v, item);
        }
    }
}

void verify_item_end(struct verify *v)
{
    if (!v->current) {
        return;
    }
    pool_submit(v->pool, v->check, TAKE(v->current));
    wait_until(v, (size_t)QUEUE_PER_WORKER * pool_workers(v->pool));
}

void verify_drain(struct verify *v)
{
    verify_item_end(v);
    wait_until(v, 0);
}

const struct buf *verify_item_get(const struct verify_item *item, const char *name)
{
    for (size_t i = 0; i < item->n; i++) {
        if (str_eq(item->v[i].name, name)) {
            return &item->v[i].data;
        }
    }
    return NULL;
}

/* --- what both kinds of bundle check --- */

bool verify_leaf(struct verify_item *item, struct arena *a, struct cert *leaf)
{
    const struct buf *pem = verify_item_get(item, "certificate.pem");
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n;
    if (!certs_read(a, "certificate.pem", buf_span(pem), &certs, &n, &err)) {
        verify_item_problem(item, RULE_PAIRING, SEV_ERROR, "certificate.pem cannot be read: %s",
                            err.msg);
        return false;
    }
    if (n != 1) {
        verify_item_problem(item, RULE_PAIRING, SEV_ERROR, "certificate.pem holds %zu certificates",
                            n);
        return false;
    }
    *leaf = certs[0];
    item->certificates++;
    return true;
}

static void check_signatures(struct verify_item *item, struct arena *a, const struct cert *leaf,
                             const struct cert *chain, size_t n)
{
    const struct cert *below = leaf;
    for (size_t i = 0; i <= n; i++) {
        struct err err = ERR_INIT;
        /* the last one vouches for itself, or its issuer is elsewhere (a trust store) */
        const struct cert *issuer = i < n ? &chain[i] : below;
        if ((i < n || cert_self_issued(below)) && !cert_verify(below, issuer, &err)) {
            verify_item_problem(item, RULE_CHAIN, SEV_ERROR, "%s was not signed by %s: %s",
                                i ? dn_text(a, &below->subject) : "certificate.pem",
                                dn_text(a, &issuer->subject), err.msg);
            return;
        }
        if (i < n && !issuer->is_ca) {
            verify_item_problem(item, RULE_CHAIN, SEV_ERROR,
                                "%s in chain.pem is not a CA certificate",
                                dn_text(a, &issuer->subject));
            return;
        }
        below = issuer;
    }
}

void verify_chain(struct verify_item *item, struct arena *a, const struct cert *leaf,
                  struct cert **chain, size_t *nchain)
{
    const struct buf *pem = verify_item_get(item, "chain.pem");
    struct err err = ERR_INIT;
    size_t used = 0;
    *nchain = 0;
    if (!pem || pem->n == 0) {
        if (!cert_self_issued(leaf)) {
            verify_item_problem(item, RULE_CHAIN, SEV_ERROR, "chain.pem is missing");
        }
        return;
    }
    if (!certs_read(a, "chain.pem", buf_span(pem), chain, nchain, &err)) {
        verify_item_problem(item, RULE_CHAIN, SEV_ERROR, "chain.pem cannot be read: %s", err.msg);
        return;
    }
    if (!chain_order(leaf, *chain, *nchain, &used) || used != *nchain) {
        verify_item_problem(
            item, RULE_CHAIN, SEV_ERROR,
            "chain.pem is not the chain of the certificate: %zu of %zu certificates "
            "belong to it",
            used, *nchain);
    }
    check_signatures(item, a, leaf, *chain, used);
}

void verify_no_secret(struct verify *v, const char *id, const char *name, struct span data,
                      bool encrypted_keys)
{
    struct err err = ERR_INIT;
    if (!secret_scan_bytes(v->secrets, name, data, encrypted_keys, &err)) {
        verify_problem(v->findings, v->file, RULE_SECRET, SEV_ERROR, id,
                       "%s holds a private key or a password", name);
    }
}
