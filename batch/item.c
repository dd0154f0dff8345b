/* SPDX-License-Identifier: Apache-2.0
 *
 * One item with its files read: what policy judges, what the executor sends and what the digest
 * of a clearance covers all come from here, so they cannot differ. Thread safe: the batch is only
 * read, everything made lives in the caller's arena.
 */
#include "batch/batch_parts.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <stdio.h>
#include <string.h>

struct load {
    const struct batch *b;
    const struct item *item;
    struct arena *a;
    struct findings *findings;
    struct item_data *out;
};

static bool load_prior(struct load *l)
{
    const char *key = NULL;
    const char *path = item_prior_path(l->item, &key);
    if (!path) {
        return true;
    }
    l->out->has_prior =
        item_certificate(l->b, l->item, key, path, l->a, &l->out->prior, l->findings);
    return l->out->has_prior;
}

static bool load_csr(struct load *l)
{
    const char *path = l->item->order->csr;
    if (!path) {
        return true;
    }
    /* The length is for rule csr.size to judge, so the reader's own limit is far above it. */
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!item_file(l->b, l->item, "csr", path, &text, l->findings)) {
        return false;
    }
    csr_parse(l->a, (struct span){arena_memdup(l->a, text.p, text.n), text.n}, &l->out->csr);
    l->out->has_csr = true;
    return true;
}

/* --- names --- */
static void use_names(struct item_data *d, const struct name_set *sent, const struct name_set *seen)
{
    d->common_name = sent->common_name;
    d->dn = sent->dn;
    d->ndn = sent->ndn;
    d->san = sent->san;
    d->nsan = sent->nsan;
    d->subject.common_name = seen->common_name;
    d->subject.dn = seen->dn;
    d->subject.ndn = seen->ndn;
    d->subject.san = seen->san;
    d->subject.san_at = seen->san_at;
    d->subject.nsan = seen->nsan;
}

static void load_names(struct load *l)
{
    struct name_set names;
    struct name_set more;
    struct item_data *d = l->out;
    const struct order *o = l->item->order;
    names_of_order(l->a, o, &names);
    bool silent = !names.nsan && !names.ndn && !names.common_name;
    if (d->has_csr && d->csr.usable) {
        names_of_x509(l->a, &d->csr.subject, &d->csr.san, NULL, &more);
        names_fill(&names, &more);
    }
    if (d->has_prior && !d->has_csr) {
        names_of_x509(l->a, &d->prior.subject, &d->prior.san, &o->drop, &more);
        names_fill(&names, &more);
    }
    /* Beside a CSR, an order without names of its own is silent to policy (policy/facts.h). */
    static const struct name_set nothing = {0};
    use_names(d, &names, silent && d->has_csr ? &nothing : &names);
}

/* --- key --- */
bool item_key(const struct batch *b, const struct item *item, struct key *out, struct err *err)
{
    const struct order *o = item->order;
    if (!o || !o->key_file) {
        return err_set(err, ERR_INTERNAL, "item %s names no key file", item->id);
    }
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    bool ok = fs_read_beneath(&b->root, o->key_file, &text, err) &&
              (o->key_password.kind == SECRET_NONE ||
               secret_load(&o->key_password, b->manifest.dir, &password, err)) &&
              key_read(buf_span(&text), secret_is_set(&password) ? &password : NULL, out, err);
    return ok || err_wrap(err, "item %s: key file %s", item->id, o->key_file);
}

static bool load_key_file(struct load *l)
{
    mode_t mode = 0;
    struct err err = ERR_INIT;
    struct subject *s = &l->out->subject;
    const char *path = l->item->order->key_file;
    s->key_file_mode = -1;
    s->key_file_matches = true;
    if (!path) {
        return true;
    }
    s->key_file = path;
    if (!item_file_mode(l->b, l->item, "key_file", path, &mode, l->findings)) {
        return false;
    }
    s->key_file_mode = (int)mode;
    CLEANUP(key_release) struct key key = KEY_INIT;
    if (!item_key(l->b, l->item, &key, &err)) {
        item_problem(l->b, l->item, l->findings, "manifest.file.missing", "key_file", "%s",
                     err.msg);
        return false;
    }
    if (l->out->has_csr) {
        s->key_file_matches = l->out->csr.usable && key_matches_spki(&key, l->out->csr.key.sha256);
    } else {
        s->key = key_type_token(key.type);
    }
    return true;
}

/* --- subject --- */
static void subject_common(struct load *l)
{
    const struct item *item = l->item;
    const struct ca_config *ca = batch_real_ca(l->b, item);
    struct subject *s = &l->out->subject;
    *s = (struct subject){
        .kind = item->kind == ITEM_ORDER ? SUBJECT_ORDER : SUBJECT_REVOCATION,
        .id = item->id,
        .file = l->b->manifest.path,
        .node = item->node,
        .defaults = item->order && l->b->manifest.defaults ? l->b->manifest.defaults->node : NULL,
        .change = l->b->manifest.change ? l->b->manifest.change->node : NULL,
        .suppressions = l->b->suppressions,
        .verified = l->b->options->verified,
        .action = item->action,
        .ca = ca ? ca->name : NULL,
        .ca_type = ca ? ca->type->type : NULL,
        .ca_public = ca && ca_is_public(ca),
        .ca_reads_csr_names = ca && (ca->type->caps & CA_READS_CSR_NAMES),
        .ca_node = ca ? ca->node : NULL,
        .ca_file = l->b->config.path,
        .ca_issuer = ca ? l->b->issuers[ca - l->b->config.cas] : NULL,
        .ca_environment = ca ? ca_environment(ca) : NULL,
        .today = l->b->now,
        .product = item->product_name,
        .profile = l->b->options->profile,
        .key_file_mode = -1,
        .key_file_matches = true,
        .order_date = batch_date(l->b, item),
        .reason = REASON_NONE,
    };
}

static void point(struct item_data *d)
{
    d->subject.csr = d->has_csr ? &d->csr : NULL;
    d->subject.prior = d->has_prior ? &d->prior : NULL;
}

static bool load_order(struct load *l)
{
    const struct order *o = l->item->order;
    struct subject *s = &l->out->subject;
    bool prior = load_prior(l);
    bool csr = load_csr(l);
    load_names(l);
    s->profile = o->profile ? o->profile : s->profile;
    s->validity_seconds = l->item->validity_seconds;
    s->csr_file = o->csr;
    s->key =
        l->item->key_type == KEY_NONE ? NULL : key_type_token((enum key_type)l->item->key_type);
    bool key = load_key_file(l);
    if (o->replaces && o->replaces->serial) {
        s->serial = serial_normal(l->a, o->replaces->serial);
    } else if (l->out->has_prior) {
        s->serial = l->out->prior.serial_hex;
    }
    return prior && csr && key;
}

static bool load_revocation(struct load *l)
{
    const struct revocation *v = l->item->revocation;
    struct subject *s = &l->out->subject;
    bool ok = load_prior(l);
    s->reason = v->reason;
    if (v->serial) {
        s->serial = serial_normal(l->a, v->serial);
    } else if (l->out->has_prior) {
        s->serial = l->out->prior.serial_hex;
    }
    const struct deployed_certificate *known =
        l->b->deployed ? deployed_find(l->b->deployed, s->serial, v->order) : NULL;
    s->places = known ? known->places : NULL;
    s->revoked = known ? known->revoked : NULL;
    return ok;
}

bool item_load(const struct batch *b, const struct item *item, struct arena *a,
               struct findings *findings, struct item_data *out)
{
    *out = (struct item_data){0};
    struct load l = {b, item, a, findings, out};
    subject_common(&l);
    bool ok = item->kind == ITEM_ORDER ? load_order(&l) : load_revocation(&l);
    point(out);
    return ok;
}

void item_set_csr(struct item_data *d, struct arena *a, struct span der)
{
    csr_parse(a, der, &d->csr);
    d->has_csr = true;
    d->subject.csr_file = NULL;
    point(d);
}

/* --- digest --- */
static void add_bytes(struct sha256 *h, const void *p, size_t n)
{
    uint64_t length = n; /* lengths first: no two different lists have the same bytes */
    sha256_add(h, &length, sizeof length);
    sha256_add(h, p, n);
}

static void add_text(struct sha256 *h, const char *s)
{
    if (s) {
        add_bytes(h, s, strlen(s));
    } else {
        uint64_t absent = UINT64_MAX;
        sha256_add(h, &absent, sizeof absent);
    }
}

static void add_number(struct sha256 *h, int64_t v)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)v); /* the same on every machine */
    add_text(h, text);
}

static void add_node(struct sha256 *h, const struct ynode *n)
{
    add_text(h, n ? n->key : NULL);
    add_text(h, n ? n->text : NULL);
    add_number(h, n ? (int64_t)n->count : -1);
    for (const struct ynode *c = n ? n->first : NULL; c; c = c->next) {
        add_node(h, c);
    }
}

/* Every field of struct ev_fields after the node is a string. */
enum { EV_FIRST = offsetof(struct ev_fields, business_category) };
_Static_assert((sizeof(struct ev_fields) - EV_FIRST) % sizeof(const char *) == 0, "strings only");
static void add_ev(struct sha256 *h, const struct ev_fields *ev)
{
    const char *const *text = ev ? &ev->business_category : NULL;
    for (size_t i = 0; ev && i < (sizeof *ev - EV_FIRST) / sizeof *text; i++) {
        add_text(h, text[i]);
    }
}

static void digest_order(struct sha256 *h, const struct item *item, const struct item_data *d)
{
    const struct replaces *old = item->order->replaces;
    add_text(h, d->common_name);
    add_number(h, (int64_t)d->ndn);
    for (size_t i = 0; i < d->ndn; i++) {
        add_text(h, d->dn[i].name);
        add_text(h, d->dn[i].value);
    }
    add_number(h, (int64_t)d->nsan);
    for (size_t i = 0; i < d->nsan; i++) {
        add_text(h, gn_type_names[d->san[i].type]);
        add_text(h, d->san[i].text);
    }
    add_number(h, item->validity_seconds);
    add_text(h, item->key_type == KEY_NONE ? NULL : key_type_token((enum key_type)item->key_type));
    add_text(h, old ? old->order : NULL);
    add_text(h, d->subject.serial);
    add_text(h, item->order->comment);
    add_ev(h, item->order->ev);
    add_node(h, item->order->extra);
    add_text(h, item->order->organization);
    add_text(h, item->order->sid);
    add_node(h, item->order->dcv ? item->order->dcv->node : NULL);
    add_node(h, item->order->smime ? item->order->smime->node : NULL);
    add_bytes(h, d->has_csr ? d->csr.der.p : NULL, d->has_csr ? d->csr.der.n : 0);
}

static void digest_revocation(struct sha256 *h, const struct item *item, const struct item_data *d)
{
    const struct revocation *v = item->revocation;
    add_text(h, d->subject.serial);
    add_text(h, v->order);
    add_number(h, v->reason);
    add_number(h, v->invalidity_date);
    add_text(h, v->comment);
    add_bytes(h, d->has_prior ? d->prior.der.p : NULL, d->has_prior ? d->prior.der.n : 0);
}

void item_digest(const struct batch *b UNUSED, const struct item *item, const struct item_data *d,
                 uint8_t out[SHA256_SIZE])
{
    struct sha256 h;
    sha256_begin(&h);
    add_text(&h, "certbatch item 1");
    add_text(&h, item->id);
    add_text(&h, item->ca ? item->ca->name : NULL);
    add_text(&h, item->ca ? item->ca->type->type : NULL);
    add_text(&h, item->ca ? ca_endpoint(item->ca) : NULL);
    add_text(&h, item->product_code);
    add_text(&h, item->action);
    if (item->kind == ITEM_ORDER) {
        digest_order(&h, item, d);
    } else {
        digest_revocation(&h, item, d);
    }
    sha256_end(&h, out);
}
