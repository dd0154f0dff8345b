/* SPDX-License-Identifier: Apache-2.0
 *
 * Derives from a subject what rules look at: names and attributes of the three views, merged so
 * that a name which the CSR and the order agree on is one fact. Pure: no I/O, no verdicts.
 *
 * A duplicate inside one list stays two facts (san.duplicate must see it); only equal entries of
 * different lists merge.
 */
#include "policy/facts.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "policy/names.h"

#include <stdlib.h>
#include <string.h>

void san_value_parse(const char *text, struct san_value *out)
{
    static const enum gn_type prefixes[] = {GN_DNS, GN_IP, GN_EMAIL, GN_URI};
    uint8_t address[16];
    for (size_t i = 0; i < NITEMS(prefixes); i++) {
        const char *name = gn_type_names[prefixes[i]];
        const size_t n = strlen(name);
        if (strncmp(text, name, n) == 0 && text[n] == ':') {
            *out = (struct san_value){prefixes[i], text + n + 1};
            return;
        }
    }
    /* never a guess beyond that: a pasted URL or mailbox is a host name gone wrong (dns.url) */
    *out = (struct san_value){address_parse(text, address) ? GN_IP : GN_DNS, text};
}

/* Text that may hold NULs as a C string that cannot be mistaken for its own prefix: a NUL that
 * merely ended the string would let "good.example\0.evil.example" pass as good.example. */
static char *without_nul(struct arena *a, const char *text, size_t n)
{
    if (!memchr(text, 0, n)) {
        return arena_strndup(a, text, n);
    }
    char *out = arena_alloc(a, 3 * n + 1);
    char *q = out;
    for (size_t i = 0; i < n; i++) {
        if (text[i]) {
            *q++ = text[i];
        } else {
            q += utf8_encode(0xFFFD, q);
        }
    }
    return out;
}

/* An order may spell a name in its own script; the certificate will carry A-labels. */
static char *dns_norm(struct arena *a, char *s)
{
    size_t n = strlen(s);
    bool ascii = true;
    for (size_t i = 0; i < n; i++) {
        ascii &= (s[i] & 0x80) == 0;
        s[i] = ascii_lower(s[i]);
    }
    char *converted = ascii ? NULL : name_to_ascii(a, s, n);
    s = converted ? converted : s;
    n = strlen(s);
    if (n > 1 && s[n - 1] == '.') {
        s[n - 1] = '\0';
    }
    return s;
}

const char *name_norm(struct arena *a, enum gn_type type, const char *text, size_t n)
{
    char *s = without_nul(a, text, n);
    uint8_t address[16];
    const size_t address_n = type == GN_IP ? address_parse(s, address) : 0;
    if (address_n) {
        char canonical[ADDRESS_TEXT];
        address_text(address, address_n, canonical);
        return arena_strdup(a, canonical);
    }
    if (type == GN_DNS) {
        return dns_norm(a, s);
    }
    char *at = type == GN_EMAIL ? strrchr(s, '@') : NULL;
    for (; at && *at; at++) {
        *at = ascii_lower(*at);
    }
    return s;
}

/* What kind of name a CN is, if it is one: a person or a product name is not. */
static bool cn_name_type(const char *text, size_t n, enum gn_type *type)
{
    char copy[ADDRESS_TEXT];
    uint8_t address[16];
    if (n == 0 || memchr(text, 0, n)) {
        return false;
    }
    if (n < sizeof copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
        if (address_parse(copy, address)) {
            *type = GN_IP;
            return true;
        }
    }
    *type = memchr(text, '@', n) ? GN_EMAIL : GN_DNS;
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == 0x7F || strchr("\"'()+,/:;<=>?[\\]^`{|}", c)) {
            return false;
        }
    }
    return true;
}

struct builder {
    struct arena *a;
    const struct subject *s;
    struct facts *out;
    size_t norder; /* names of the order: they come first */
};

/* An equal fact of the other list, the first n facts, that this one may join. */
static struct name_fact *find_name(struct facts *f, size_t nfirst, enum gn_type type,
                                   const char *norm, unsigned not_view)
{
    for (size_t i = 0; i < nfirst; i++) {
        struct name_fact *n = &f->names[i];
        if (n->type == type && !(n->views & not_view) && strcmp(n->norm, norm) == 0) {
            return n;
        }
    }
    return NULL;
}

static struct name_fact *add_name(struct builder *b, unsigned view, enum gn_type type,
                                  const char *text, size_t n)
{
    const char *norm = name_norm(b->a, type, text, n);
    struct name_fact *fact =
        view == VIEW_CSR ? find_name(b->out, b->norder, type, norm, VIEW_CSR) : NULL;
    if (fact) {
        fact->views |= view;
        return fact;
    }
    fact = &b->out->names[b->out->nnames++];
    *fact = (struct name_fact){
        .type = type, .views = view, .text = text, .text_n = n, .norm = norm, .offset = -1};
    return fact;
}

static struct pos pos_of(const struct subject *s, const struct ynode *node)
{
    return node ? yaml_pos(s->file, node) : (struct pos){.file = s->file};
}

/* Rules compare names pairwise, so their number is bounded; the engine reports what is cut. */
static size_t at_most(size_t n, size_t limit)
{
    return n < limit ? n : limit;
}

static void order_names(struct builder *b)
{
    const struct subject *s = b->s;
    for (size_t i = 0; i < at_most(s->nsan, LIMIT_SANS); i++) {
        const char *text = s->san[i].text;
        struct name_fact *f = add_name(b, VIEW_ORDER, s->san[i].type, text, strlen(text));
        f->node = s->san_at ? s->san_at[i] : NULL;
        f->pos = pos_of(s, f->node);
    }
    b->norder = b->out->nnames;
}

static void file_names(struct builder *b, const struct general_names *san)
{
    for (size_t i = 0; i < at_most(san->n, LIMIT_SANS); i++) {
        const struct general_name *g = &san->v[i];
        struct name_fact *f = add_name(b, VIEW_CSR, g->type, g->text ? g->text : "", g->text_n);
        f->gn = g;
        f->offset = (int64_t)g->offset;
    }
}

/* A CN that no SAN of the same view repeats is a name of its own. */
static void cn_name(struct builder *b, unsigned view, const char *text, size_t n,
                    const struct ynode *node, int64_t offset)
{
    enum gn_type type;
    if (!cn_name_type(text, n, &type)) {
        return;
    }
    const char *norm = name_norm(b->a, type, text, n);
    struct facts *f = b->out;
    for (size_t i = 0; i < f->nnames; i++) {
        struct name_fact *known = &f->names[i];
        if (known->type != type || strcmp(known->norm, norm) != 0) {
            continue;
        }
        /* spelled otherwise (capitals, a last dot) it is a name of its own: it needs its own mend
         */
        if (known->views & view && known->text_n == n && memcmp(known->text, text, n) == 0) {
            return;
        }
        if (known->is_cn && !(known->views & view)) {
            known->views |= view;
            known->offset = offset >= 0 ? offset : known->offset;
            return;
        }
    }
    f->names[f->nnames++] = (struct name_fact){.type = type,
                                               .views = view,
                                               .is_cn = true,
                                               .text = text,
                                               .text_n = n,
                                               .norm = norm,
                                               .node = node,
                                               .pos = pos_of(b->s, node),
                                               .offset = offset};
}

static void cn_names(struct builder *b, const struct dn *dn)
{
    const struct subject *s = b->s;
    if (s->common_name) {
        cn_name(b, VIEW_ORDER, s->common_name, strlen(s->common_name),
                yaml_get(s->node, "common_name"), -1);
    }
    for (size_t i = 0; dn && i < at_most(dn->n, LIMIT_DN_ATTRS); i++) {
        if (strcmp(dn->v[i].name, "CN") == 0) {
            cn_name(b, VIEW_CSR, dn->v[i].text, dn->v[i].text_n, NULL, (int64_t)dn->v[i].offset);
        }
    }
}

static void order_attr(struct builder *b, const char *name, const char *text,
                       const struct ynode *node)
{
    b->out->attrs[b->out->nattrs++] = (struct attr_fact){.name = name,
                                                         .text = text,
                                                         .text_n = strlen(text),
                                                         .views = VIEW_ORDER,
                                                         .pos = pos_of(b->s, node),
                                                         .offset = -1};
}

/* The manifest key of an attribute: "organization" for "O". */
static const struct ynode *subject_node(const struct ynode *item, const char *name)
{
    const struct ynode *subject = yaml_get(item, "subject");
    for (size_t i = 0; subject && i < dn_names_count; i++) {
        if (str_eq(dn_names[i].name, name) && dn_names[i].manifest) {
            return yaml_get(subject, dn_names[i].manifest);
        }
    }
    return NULL;
}

/* EV facts stand in the subject too (batch/item_names.c). */
static const struct ynode *ev_node(const struct ynode *item, const char *name)
{
    static const struct {
        const char *name, *key;
        bool jurisdiction;
    } keys[] = {{"businessCategory", "business_category", false},
                {"serialNumber", "registration_number", false},
                {"jurisdictionC", "country", true},
                {"jurisdictionST", "state", true},
                {"jurisdictionL", "locality", true}};
    const struct ynode *ev = yaml_get(item, "ev");
    for (size_t i = 0; ev && i < NITEMS(keys); i++) {
        if (str_eq(keys[i].name, name)) {
            return yaml_get(keys[i].jurisdiction ? yaml_get(ev, "jurisdiction") : ev, keys[i].key);
        }
    }
    return NULL;
}

/* Where the value was written that the order got: `subject` before `ev`, the item before the
 * defaults. */
static const struct ynode *attr_node(const struct subject *s, const char *name)
{
    const struct ynode *n = subject_node(s->node, name);
    n = n ? n : subject_node(s->defaults, name);
    n = n ? n : ev_node(s->node, name);
    return n ? n : ev_node(s->defaults, name);
}

static void order_attrs(struct builder *b)
{
    const struct subject *s = b->s;
    for (size_t i = 0; i < s->ndn; i++) {
        order_attr(b, s->dn[i].name, s->dn[i].value, attr_node(s, s->dn[i].name));
    }
    if (s->common_name) {
        order_attr(b, "CN", s->common_name, yaml_get(s->node, "common_name"));
    }
}

static void file_attrs(struct builder *b, const struct dn *dn)
{
    struct facts *f = b->out;
    for (size_t i = 0; i < at_most(dn->n, LIMIT_DN_ATTRS); i++) {
        const struct dn_attr *d = &dn->v[i];
        struct attr_fact *same = NULL;
        for (size_t k = 0; k < f->nattrs && !same; k++) {
            struct attr_fact *c = &f->attrs[k];
            same = !(c->views & VIEW_CSR) && str_eq(c->name, d->name) && c->text_n == d->text_n &&
                           memcmp(c->text, d->text, d->text_n) == 0
                       ? c
                       : NULL;
        }
        if (!same) {
            same = &f->attrs[f->nattrs++];
            *same = (struct attr_fact){.name = d->name, .text = d->text, .text_n = d->text_n};
        }
        same->views |= VIEW_CSR;
        same->offset = (int64_t)d->offset;
        same->attr = d;
    }
}

/* Which of the two written views the CA will really use. */
static unsigned effective_source(const struct subject *s)
{
    const bool file_alone = s->kind == SUBJECT_CSR_FILE || s->kind == SUBJECT_CERT_FILE;
    const bool order_is_silent = s->nsan == 0 && !s->common_name && s->ndn == 0;
    return file_alone || s->ca_reads_csr_names || (order_is_silent && s->csr) ? VIEW_CSR
                                                                              : VIEW_ORDER;
}

static void mark_effective(const struct subject *s, struct facts *f)
{
    /* A CA that reads the CSR gets one made from the order fields when none was given. */
    const unsigned source = s->csr || s->cert ? effective_source(s) : VIEW_ORDER;
    for (size_t i = 0; i < f->nnames; i++) {
        f->names[i].views |= f->names[i].views & source ? VIEW_EFFECTIVE : 0u;
    }
    for (size_t i = 0; i < f->nattrs; i++) {
        f->attrs[i].views |= f->attrs[i].views & source ? VIEW_EFFECTIVE : 0u;
    }
}

static int compare_key(enum gn_type type, const char *norm, const struct name_fact *n)
{
    return type != n->type ? (type > n->type) - (type < n->type) : strcmp(norm, n->norm);
}

static int compare_facts(const void *pa, const void *pb)
{
    const struct name_fact *a = *(const struct name_fact *const *)pa;
    const struct name_fact *b = *(const struct name_fact *const *)pb;
    const int c = compare_key(a->type, a->norm, b);
    return c ? c : (a > b) - (a < b); /* of one array: the order of names */
}

static void sort_names(struct arena *a, struct facts *f)
{
    f->by_norm = arena_array(a, f->nnames + 1, sizeof *f->by_norm);
    for (size_t i = 0; i < f->nnames; i++) {
        f->by_norm[i] = &f->names[i];
    }
    if (f->nnames > 1) {
        qsort(f->by_norm, f->nnames, sizeof *f->by_norm, compare_facts);
    }
}

const struct name_fact *const *facts_named(const struct facts *f, enum gn_type type,
                                           const char *norm, size_t *n)
{
    size_t low = 0;
    for (size_t high = f->nnames; low < high;) {
        const size_t mid = low + (high - low) / 2;
        if (compare_key(type, norm, f->by_norm[mid]) > 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (*n = 0; low + *n < f->nnames && compare_key(type, norm, f->by_norm[low + *n]) == 0;) {
        ++*n;
    }
    return f->by_norm + low;
}

void facts_make(struct arena *a, const struct subject *s, struct facts *out)
{
    const struct csr *csr = s->csr && s->csr->usable ? s->csr : NULL;
    const struct cert *cert = csr ? NULL : s->cert;
    const struct dn *dn = csr ? &csr->subject : cert ? &cert->subject : NULL;
    const struct general_names *san = csr ? &csr->san : cert ? &cert->san : NULL;
    *out = (struct facts){.s = s, .csr = s->csr, .cert = s->cert};
    out->key = csr ? &csr->key : cert ? &cert->key : NULL;
    out->key_token = out->key ? out->key->token : s->key;
    out->sig_algorithm = s->csr    ? s->csr->sig_algorithm
                         : s->cert ? s->cert->sig_algorithm
                                   : (struct span){0};

    out->ncut = s->nsan - at_most(s->nsan, LIMIT_SANS);
    out->ncut += san ? san->n - at_most(san->n, LIMIT_SANS) : 0;
    out->ncut += dn ? dn->n - at_most(dn->n, LIMIT_DN_ATTRS) : 0;
    const size_t attrs = s->ndn + 1 + (dn ? dn->n : 0);
    out->attrs = arena_array(a, attrs, sizeof *out->attrs);
    out->names = arena_array(a, s->nsan + (san ? san->n : 0) + attrs, sizeof *out->names);
    struct builder b = {.a = a, .s = s, .out = out};
    order_names(&b);
    if (san) {
        file_names(&b, san);
    }
    cn_names(&b, dn);
    order_attrs(&b);
    if (dn) {
        file_attrs(&b, dn);
    }
    mark_effective(s, out);
    sort_names(a, out);
}

void cert_facts(struct arena *a, const struct cert *cert, struct facts *out)
{
    struct subject *s = arena_alloc(a, sizeof *s);
    *s = (struct subject){.kind = SUBJECT_CERT_FILE, .cert = cert};
    facts_make(a, s, out);
}
