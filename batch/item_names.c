/* SPDX-License-Identifier: Apache-2.0
 *
 * The names an order asks for, gathered from where they can stand: the manifest, the CSR, the
 * certificate that is replaced. Only gathering: no verdict, no I/O. Thread safe.
 */
#include "batch/batch_parts.h"

#include <string.h>

/* Manifest fields in the order a public certificate has them (BR 7.1.4.2: C first; the rows from
 * businessCategory on have no order rule). CN is written last, by whoever builds the name. */
struct subject_row {
    const char *name;
    size_t offset;
};
#define ROW(name, member)                                                                          \
    {                                                                                              \
        name, offsetof(struct subject_fields, member)                                              \
    }
static const struct subject_row subject_rows[] = {
    ROW("C", country),
    ROW("ST", state),
    ROW("L", locality),
    ROW("postalCode", postal_code),
    ROW("street", street_address),
    ROW("O", organization),
    ROW("SN", surname),
    ROW("GN", given_name),
    ROW("OU", organizational_unit),
    ROW("businessCategory", business_category),
    ROW("serialNumber", serial_number),
    ROW("organizationIdentifier", organization_identifier),
    ROW("emailAddress", email_address),
    ROW("pseudonym", pseudonym),
    ROW("title", title),
    ROW("UID", user_id),
};

static const char *row_value(const struct subject_fields *s, const struct subject_row *row)
{
    return s ? *(const char *const *)(const void *)((const char *)s + row->offset) : NULL;
}

/* EV facts that belong in the subject (EVG 7.1.4.2); what `subject:` says itself wins. */
struct ev_row {
    const char *name, *value;
};

static bool has_attr(const struct dn_value *v, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(v[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void order_dn(struct arena *a, const struct order *o, struct name_set *out)
{
    const struct subject_fields *s = o->subject;
    const struct ev_fields *ev = o->ev;
    const struct ev_row ev_rows[] = {
        {"businessCategory", ev ? ev->business_category : NULL},
        {"serialNumber", ev ? ev->registration_number : NULL},
        {"jurisdictionC", ev ? ev->jurisdiction.country : NULL},
        {"jurisdictionST", ev ? ev->jurisdiction.state : NULL},
        {"jurisdictionL", ev ? ev->jurisdiction.locality : NULL},
    };
    size_t dcs = s ? s->domain_component.n : 0;
    struct dn_value *v = arena_array(a, dcs + NITEMS(subject_rows) + NITEMS(ev_rows), sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < dcs; i++) {
        v[n++] = (struct dn_value){"DC", s->domain_component.v[i]};
    }
    for (size_t i = 0; i < NITEMS(subject_rows); i++) {
        const char *value = row_value(s, &subject_rows[i]);
        if (value) {
            v[n++] = (struct dn_value){subject_rows[i].name, value};
        }
    }
    for (size_t i = 0; i < NITEMS(ev_rows); i++) {
        if (ev_rows[i].value && !has_attr(v, n, ev_rows[i].name)) {
            v[n++] = (struct dn_value){ev_rows[i].name, ev_rows[i].value};
        }
    }
    out->dn = v;
    out->ndn = n;
}

void names_of_order(struct arena *a, const struct order *o, struct name_set *out)
{
    *out = (struct name_set){.common_name = o->common_name};
    if (o->subject || o->ev) {
        order_dn(a, o, out);
    }
    if (o->san.n) {
        struct san_value *san = arena_array(a, o->san.n, sizeof *san);
        for (size_t i = 0; i < o->san.n; i++) {
            san_value_parse(o->san.v[i], &san[i]);
        }
        out->san = san;
        out->san_at = o->san.at;
        out->nsan = o->san.n;
    }
}

static bool dropped(const struct strings *drop, enum gn_type type, const char *text)
{
    struct san_value v;
    for (size_t i = 0; drop && i < drop->n; i++) {
        san_value_parse(drop->v[i], &v);
        if (v.type == type && str_ieq(v.text, text)) {
            return true;
        }
    }
    return false;
}

/* A host name that is dropped must not come back as the CN. */
static bool cn_dropped(const struct strings *drop, const char *cn)
{
    return dropped(drop, GN_DNS, cn) || dropped(drop, GN_IP, cn) || dropped(drop, GN_EMAIL, cn);
}

/* The kinds an order can say; text with a NUL inside is no name that may be asked for again. */
static bool usable_name(const struct general_name *g)
{
    bool kind = g->type == GN_DNS || g->type == GN_IP || g->type == GN_EMAIL || g->type == GN_URI;
    return kind && !g->malformed && g->text && strlen(g->text) == g->text_n;
}

void names_of_x509(struct arena *a, const struct dn *subject, const struct general_names *san,
                   const struct strings *drop, struct name_set *out)
{
    *out = (struct name_set){0};
    struct dn_value *dn = arena_array(a, subject->n, sizeof *dn);
    for (size_t i = 0; i < subject->n; i++) {
        const struct dn_attr *at = &subject->v[i];
        if (at->malformed || !at->text || strlen(at->text) != at->text_n) {
            continue;
        }
        if (!str_eq(at->name, "CN")) {
            dn[out->ndn++] = (struct dn_value){at->name, at->text};
        } else if (!out->common_name && !cn_dropped(drop, at->text)) {
            out->common_name = at->text;
        }
    }
    out->dn = dn;
    struct san_value *v = arena_array(a, san->n, sizeof *v);
    for (size_t i = 0; i < san->n; i++) {
        if (usable_name(&san->v[i]) && !dropped(drop, san->v[i].type, san->v[i].text)) {
            v[out->nsan++] = (struct san_value){san->v[i].type, san->v[i].text};
        }
    }
    out->san = v;
}

void names_fill(struct name_set *into, const struct name_set *from)
{
    if (!into->common_name) {
        into->common_name = from->common_name;
    }
    if (!into->ndn) {
        into->dn = from->dn;
        into->ndn = from->ndn;
    }
    if (!into->nsan) {
        into->san = from->san;
        into->san_at = from->san_at;
        into->nsan = from->nsan;
    }
}
