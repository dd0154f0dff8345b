/* SPDX-License-Identifier: Apache-2.0
 *
 * See audit_record.h.
 */
#include "batch/audit_record.h"

#include "batch/report_finding.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/cert.h"

#include <stdlib.h>
#include <string.h>

static const char time_source[] =
    "times in `journal` and `runs` are UTC by the clock of the host that ran certbatch; `clock` "
    "says "
    "whether its kernel took that clock for synchronized when the run began";

/* --- what is looked up by item --- */

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct audit_place *)a)->id, ((const struct audit_place *)b)->id);
}

static int by_after(const void *pa, const void *pb)
{
    const struct audit_link *a = pa;
    const struct audit_link *b = pb;
    int c = strcmp(a->after, b->after);
    return c ? c : (a->index > b->index) - (a->index < b->index);
}

static void list_places(struct audit_records *a, const struct ynode *list)
{
    for (const struct ynode *n = list ? list->first : NULL; n; n = n->next) {
        const struct ynode *id = yaml_get(n, "id");
        if (id && id->text) {
            VEC_PUSH(&a->places, ((struct audit_place){id->text, n}));
        }
    }
}

void audit_records_begin(struct audit_records *a, const struct report *r,
                         const struct audit_events *e)
{
    *a = (struct audit_records){.report = r, .events = e};
    list_places(a, yaml_get(r->manifest, "orders"));
    list_places(a, yaml_get(r->manifest, "revocations"));
    for (size_t i = 0; i < r->history->n; i++) {
        if (r->history->v[i].after) {
            VEC_PUSH(&a->links, ((struct audit_link){r->history->v[i].after, i}));
        }
    }
    if (a->places.n > 1) {
        qsort(a->places.v, a->places.n, sizeof *a->places.v, by_id);
    }
    if (a->links.n > 1) {
        qsort(a->links.v, a->links.n, sizeof *a->links.v, by_after);
    }
}

void audit_records_release(struct audit_records *a)
{
    free(a->places.v);
    free(a->links.v);
    *a = (struct audit_records){0};
}

/* --- parts --- */

static void put_digest(struct jw *j, const char *key, const uint8_t digest[SHA256_SIZE])
{
    char hex[SHA256_HEX];
    hex_encode(digest, SHA256_SIZE, hex);
    jw_str(j, key, hex);
}

static void put_manifest(struct jw *j, const struct audit_records *a, const struct ynode *node)
{
    jw_object(j, "manifest");
    jw_str(j, "file", "manifest.yaml");
    jw_str(j, "sha256", a->report->history->manifest_sha256);
    jw_int(j, "line", node ? (int64_t)node->line : 0);
    jw_int(j, "column", node ? (int64_t)node->column : 0);
    jw_end(j);
}

/* What an order replaces and a revocation is about, in the manifest's own words. */
static void put_asked(struct jw *j, const struct ynode *node)
{
    static const char *const keys[] = {"replaces", "reason",          "comment",
                                       "after",    "invalidity_date", "certificate"};
    jw_object(j, "asked");
    for (size_t i = 0; i < NITEMS(keys); i++) {
        const struct ynode *value = yaml_get(node, keys[i]);
        if (value) {
            report_change(j, keys[i], value);
        }
    }
    jw_end(j);
}

/* Revocations that were to follow this order: of the certificate it replaced, as a rule. */
static void put_revocations(struct jw *j, const struct audit_records *a, const char *id)
{
    const struct history *h = a->report->history;
    size_t i = 0;
    for (size_t high = a->links.n; i < high;) {
        const size_t mid = i + (high - i) / 2;
        if (strcmp(a->links.v[mid].after, id) < 0) {
            i = mid + 1;
        } else {
            high = mid;
        }
    }
    jw_array(j, "revocations");
    for (; i < a->links.n && str_eq(a->links.v[i].after, id); i++) {
        const struct item_record *item = &h->v[a->links.v[i].index];
        jw_object(j, NULL);
        jw_str(j, "id", item->id);
        jw_str(j, "state", state_report_name(item->state));
        jw_str(j, "serial", item->serial);
        jw_end(j);
    }
    jw_end(j);
}

static void put_cert(struct jw *j, const char *key, const struct cert *c, struct arena *scratch)
{
    jw_object(j, key);
    put_digest(j, "sha256", c->sha256);
    put_digest(j, "spki_sha256", c->key.sha256);
    jw_str(j, "serial", c->serial_hex);
    jw_str(j, "subject", dn_text(scratch, &c->subject));
    jw_str(j, "issuer", dn_text(scratch, &c->issuer));
    jw_time(j, "not_before", c->not_before);
    jw_time(j, "not_after", c->not_after);
    jw_str(j, "key", c->key.token);
    jw_int(j, "key_bits", c->key.bits);
    jw_int(j, "scts", cert_scts(c));
    jw_end(j);
}

/* Files that cannot be read say nothing here: `verify` is who complains of them. */
static void put_certificates(struct jw *j, const struct audit_files *files)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err ignored = ERR_INIT;
    struct cert *certs = NULL;
    size_t n = 0;
    if (files->leaf.n && certs_read(&a, "certificate.pem", files->leaf, &certs, &n, &ignored) &&
        n) {
        put_cert(j, "certificate", &certs[0], &a);
    } else {
        jw_null(j, "certificate");
    }
    const bool chain =
        files->chain.n && certs_read(&a, "chain.pem", files->chain, &certs, &n, &ignored);
    jw_array(j, "chain");
    for (size_t i = 0; chain && i < n; i++) {
        put_cert(j, NULL, &certs[i], &a);
    }
    jw_end(j);
}

static void put_request(struct jw *j, const struct item_record *item,
                        const struct audit_files *files)
{
    char hex[SHA256_HEX];
    if (item->kind != ITEM_ORDER) {
        return;
    }
    jw_object(j, "request");
    jw_str(j, "file", files->csr.n ? "request.csr" : NULL);
    if (files->csr.n) {
        sha256_hex(files->csr.p, files->csr.n, hex);
    }
    jw_str(j, "sha256", files->csr.n ? hex : NULL);
    jw_str(j, "spki_sha256", item->spki_sha256[0] ? item->spki_sha256 : NULL);
    jw_str(j, "key_origin", item->key);
    jw_str(j, "client_key", item->client_key);
    jw_end(j);
}

static void put_overrides(struct jw *j, const struct history *h)
{
    jw_array(j, "overrides");
    for (size_t i = 0; i < h->exceptions.n; i++) {
        const struct exception_record *e = &h->exceptions.v[i];
        char t[TIME_TEXT];
        time_format(e->time, t);
        jw_object(j, NULL);
        jw_str(j, "kind", e->kind);
        jw_str(j, "what", e->what);
        jw_str(j, "reason", e->reason);
        jw_str(j, "by", e->user);
        jw_str(j, "t", t);
        jw_end(j);
    }
    jw_end(j);
}

static void put_exceptions(struct jw *j, const struct audit_records *a,
                           const struct item_record *item)
{
    size_t n;
    const struct report_finding *found = report_findings(a->report, item->id, &n);
    jw_object(j, "exceptions");
    put_overrides(j, a->report->history);
    jw_array(j, "waivers");
    for (size_t i = 0; i < n; i++) {
        const struct finding f = found[i].f;
        if (f.waived) {
            jw_object(j, NULL);
            jw_str(j, "rule", f.rule);
            jw_str(j, "severity", severity_name(f.severity));
            jw_str(j, "waiver", f.waiver);
            jw_str(j, "justification", f.justification);
            jw_end(j);
        }
    }
    jw_end(j);
    const struct decision *d = history_decision(a->report->history, item);
    if (d) {
        jw_object(j, "decision");
        jw_str(j, "word", d->word);
        jw_str(j, "by", d->user);
        jw_str(j, "reason", d->reason);
        jw_end(j);
    } else {
        jw_null(j, "decision");
    }
    jw_end(j);
}

bool audit_record_write(const struct audit_records *a, size_t index,
                        const struct audit_files *files, struct buf *out, struct err *err)
{
    struct jw j;
    const struct history *h = a->report->history;
    const struct item_record *item = &h->v[index];
    const struct audit_place key = {.id = item->id};
    const struct audit_place *place =
        a->places.n ? bsearch(&key, a->places.v, a->places.n, sizeof key, by_id) : NULL;
    const struct ynode *node = place ? place->node : NULL;
    jw_begin(&j, out, JW_PRETTY);
    jw_object(&j, NULL);
    jw_str(&j, "batch", h->batch);
    jw_bool(&j, "simulated", h->simulate);
    report_change(&j, "change", a->report->change);
    jw_str(&j, "manifest_sha256", h->manifest_sha256);
    jw_str(&j, "policy_sha256", h->policy_sha256);
    jw_str(&j, "plan_digest", h->plan_digest);
    jw_str(&j, "item_digest", item->digest[0] ? item->digest : NULL);
    put_manifest(&j, a, node);
    put_asked(&j, node);
    report_item(&j, "item", a->report, item);
    put_request(&j, item, files);
    put_certificates(&j, files);
    put_revocations(&j, a, item->id);
    put_exceptions(&j, a, item);
    audit_events_runs(&j, "runs", a->events, index);
    const bool ok = audit_events_write(&j, "journal", a->events, index, err);
    jw_str(&j, "time_source", time_source);
    jw_str(&j, "written_by", "certbatch " CERTBATCH_VERSION);
    jw_end(&j);
    return ok && jw_finish(&j, err);
}
