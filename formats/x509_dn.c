/* SPDX-License-Identifier: Apache-2.0
 *
 * See x509.h: distinguished names. Text is made from whatever string type the request carries;
 * what is illegal for the type stays visible as U+FFFD and is flagged, never dropped.
 */
#include "formats/base/str.h"
#include "formats/x509.h"

#include <stdio.h>
#include <string.h>

/* RFC 5280 App. A, X.520, CA/B Forum BR 7.1.4.2 and EVG 9.2; names as OpenSSL prints them. */
const struct dn_name dn_names[] = {
    {"DC", "domain_component", "0.9.2342.19200300.100.1.25", DER_IA5, 63},
    {"C", "country", "2.5.4.6", DER_PRINTABLE, 2},
    {"ST", "state", "2.5.4.8", DER_UTF8, 128},
    {"L", "locality", "2.5.4.7", DER_UTF8, 128},
    {"postalCode", "postal_code", "2.5.4.17", DER_UTF8, 40},
    {"street", "street_address", "2.5.4.9", DER_UTF8, 128},
    {"O", "organization", "2.5.4.10", DER_UTF8, 64},
    {"SN", "surname", "2.5.4.4", DER_UTF8, 64},
    {"GN", "given_name", "2.5.4.42", DER_UTF8, 64},
    {"OU", "organizational_unit", "2.5.4.11", DER_UTF8, 64},
    {"CN", "common_name", "2.5.4.3", DER_UTF8, 64},
    {"businessCategory", "business_category", "2.5.4.15", DER_UTF8, 128},
    {"jurisdictionC", "jurisdiction_country", "1.3.6.1.4.1.311.60.2.1.3", DER_PRINTABLE, 2},
    {"jurisdictionST", "jurisdiction_state", "1.3.6.1.4.1.311.60.2.1.2", DER_UTF8, 128},
    {"jurisdictionL", "jurisdiction_locality", "1.3.6.1.4.1.311.60.2.1.1", DER_UTF8, 128},
    {"serialNumber", "serial_number", "2.5.4.5", DER_PRINTABLE, 64},
    {"organizationIdentifier", "organization_identifier", "2.5.4.97", DER_UTF8, 0},
    {"title", "title", "2.5.4.12", DER_UTF8, 64},
    {"pseudonym", "pseudonym", "2.5.4.65", DER_UTF8, 128},
    {"emailAddress", "email_address", "1.2.840.113549.1.9.1", DER_IA5, 255},
    {"name", "name", "2.5.4.41", DER_UTF8, 32768},
    {"initials", "initials", "2.5.4.43", DER_UTF8, 32768},
    {"generationQualifier", "generation_qualifier", "2.5.4.44", DER_UTF8, 32768},
    {"UID", "user_id", "0.9.2342.19200300.100.1.1", DER_UTF8, 256},
    {"dnQualifier", "dn_qualifier", "2.5.4.46", DER_PRINTABLE, 0},
    {"description", "description", "2.5.4.13", DER_UTF8, 1024},
    {"telephoneNumber", "telephone_number", "2.5.4.20", DER_PRINTABLE, 32},
    {"postOfficeBox", "post_office_box", "2.5.4.18", DER_UTF8, 40},
    {"unstructuredName", "unstructured_name", "1.2.840.113549.1.9.2", DER_IA5, 255},
    {"unstructuredAddress", "unstructured_address", "1.2.840.113549.1.9.8", DER_PRINTABLE, 255},
    {"x500UniqueIdentifier", "x500_unique_identifier", "2.5.4.45", DER_BIT_STRING, 0},
};
const size_t dn_names_count = NITEMS(dn_names);

const struct dn_name *dn_name_by_oid(const char *oid)
{
    for (size_t i = 0; i < dn_names_count; i++) {
        if (str_eq(dn_names[i].oid, oid)) {
            return &dn_names[i];
        }
    }
    return NULL;
}

const struct dn_name *dn_name_by_manifest(const char *key)
{
    for (size_t i = 0; i < dn_names_count; i++) {
        if (str_eq(dn_names[i].manifest, key)) {
            return &dn_names[i];
        }
    }
    return NULL;
}

const struct dn_attr *dn_find(const struct dn *dn, const char *name)
{
    for (size_t i = 0; i < dn->n; i++) {
        if (str_eq(dn->v[i].name, name)) {
            return &dn->v[i];
        }
    }
    return NULL;
}

const char *oid_dup(struct arena *a, struct span oid)
{
    char text[64];
    return der_oid_text(oid, text) ? arena_strdup(a, text) : "malformed-oid";
}

/* --- string types to UTF-8 --- */

enum { REPLACEMENT = 0xFFFD };

struct text {
    char *p;
    size_t n;
    bool malformed;
};

static void put(struct text *t, uint32_t code_point, bool legal)
{
    t->malformed = t->malformed || !legal;
    t->n += utf8_encode(legal ? code_point : REPLACEMENT, t->p + t->n);
}

static void from_utf8(struct text *t, struct span raw)
{
    for (size_t i = 0; i < raw.n;) {
        uint32_t c = 0;
        size_t n = utf8_decode((const char *)raw.p + i, raw.n - i, &c);
        put(t, c, n > 0);
        i += n ? n : 1;
    }
}

static bool printable_char(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr(" '()+,-./:=?", c));
}

static bool numeric_char(uint8_t c)
{
    return c == ' ' || (c >= '0' && c <= '9');
}

static bool visible_char(uint8_t c)
{
    return c >= 0x20 && c < 0x7F;
}

static bool ia5_char(uint8_t c)
{
    return c < 0x80;
}

/* An ASCII subset: a character outside the subset but inside ASCII is shown as it is. */
static void from_ascii(struct text *t, struct span raw, bool (*legal)(uint8_t))
{
    for (size_t i = 0; i < raw.n; i++) {
        put(t, raw.p[i], raw.p[i] < 0x80);
        t->malformed = t->malformed || !legal(raw.p[i]);
    }
}

static void from_printable(struct text *t, struct span raw)
{
    from_ascii(t, raw, printable_char);
}

static void from_numeric(struct text *t, struct span raw)
{
    from_ascii(t, raw, numeric_char);
}

static void from_visible(struct text *t, struct span raw)
{
    from_ascii(t, raw, visible_char);
}

static void from_ia5(struct text *t, struct span raw)
{
    from_ascii(t, raw, ia5_char);
}

/* T.61 as everybody writes it: ISO 8859-1. */
static void from_t61(struct text *t, struct span raw)
{
    for (size_t i = 0; i < raw.n; i++) {
        put(t, raw.p[i], true);
    }
}

static void from_wide(struct text *t, struct span raw, size_t width)
{
    size_t i = 0;
    for (; i + width <= raw.n; i += width) {
        uint32_t c = 0;
        for (size_t k = 0; k < width; k++) {
            c = c << 8 | raw.p[i + k];
        }
        put(t, c, c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF));
    }
    if (i < raw.n) {
        put(t, REPLACEMENT, false);
    }
}

static void from_bmp(struct text *t, struct span raw)
{
    from_wide(t, raw, 2);
}

static void from_universal(struct text *t, struct span raw)
{
    from_wide(t, raw, 4);
}

static const struct string_type {
    unsigned tag;
    void (*read)(struct text *t, struct span raw);
} string_types[] = {
    {DER_UTF8, from_utf8},
    {DER_PRINTABLE, from_printable},
    {DER_IA5, from_ia5},
    {DER_NUMERIC, from_numeric},
    {DER_T61, from_t61},
    {DER_BMP, from_bmp},
    {DER_UNIVERSAL, from_universal},
    {DER_VISIBLE, from_visible},
};

static void read_text(struct arena *a, struct dn_attr *attr)
{
    for (size_t i = 0; i < NITEMS(string_types); i++) {
        if (string_types[i].tag == attr->tag) {
            struct text t = {.p = arena_alloc(a, attr->raw.n * 3 + 5)};
            string_types[i].read(&t, attr->raw);
            attr->text = t.p;
            attr->text_n = t.n;
            attr->malformed = t.malformed;
            return;
        }
    }
    attr->text = hex_dup(a, attr->raw.p, attr->raw.n); /* not a character string */
    attr->text_n = strlen(attr->text);
    attr->malformed = attr->tag != DER_BIT_STRING;
}

/* --- reading --- */

struct attr_list {
    struct dn_attr *v;
    size_t n, cap;
};

static bool parse_attr(struct arena *a, const struct der *rdn, const struct der_tlv *seq,
                       struct dn_attr *out)
{
    struct der_tlv type;
    struct der_tlv value;
    struct der d = der_into(rdn, seq);
    if (seq->tag != DER_SEQUENCE || !der_take(&d, DER_OID, &type) || !der_next(&d, &value) ||
        !der_at_end(&d)) {
        return false;
    }
    out->oid = oid_dup(a, type.value);
    const struct dn_name *known = dn_name_by_oid(out->oid);
    out->name = known ? known->name : out->oid;
    out->tag = value.tag;
    out->raw = value.value;
    out->offset = der_offset(&d, seq->whole.p);
    read_text(a, out);
    return true;
}

static bool parse_rdns(struct arena *a, struct der d, struct attr_list *list, struct dn *out)
{
    struct der_tlv set;
    struct der_tlv seq;
    for (; der_take(&d, DER_SET, &set); out->rdns++) {
        struct der rdn = der_into(&d, &set);
        while (der_next(&rdn, &seq)) {
            struct dn_attr attr = {.rdn = out->rdns};
            if (!parse_attr(a, &rdn, &seq, &attr)) {
                return false;
            }
            VEC_PUSH(list, attr);
        }
        if (rdn.bad) {
            return false;
        }
        out->empty_rdns += set.value.n == 0;
    }
    return der_at_end(&d);
}

bool x509_read_dn(struct arena *a, const struct der *d, const struct der_tlv *seq, struct dn *out)
{
    struct attr_list list = {0};
    struct dn dn = {.der = seq->whole};
    bool ok = seq->tag == DER_SEQUENCE && parse_rdns(a, der_into(d, seq), &list, &dn);
    if (ok) {
        dn.v = arena_memdup(a, list.v, list.n * sizeof *list.v);
        dn.n = list.n;
        *out = dn;
    }
    freep(&list.v);
    return ok;
}

bool x509_parse_dn(struct arena *a, const struct der *d, const struct der_tlv *seq, struct dn *out)
{
    struct dn dn;
    if (!x509_read_dn(a, d, seq, &dn) || dn.empty_rdns) {
        return false;
    }
    *out = dn;
    return true;
}

/* --- text --- */

/* What a terminal would act on: C0, C1, DEL and the characters that reorder text. */
static bool must_hide(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* RFC 4514 section 2.4; hex pairs are allowed for any octet. */
static void put_value(struct buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t k = utf8_decode(s + i, n - i, &c);
        k = k ? k : 1;
        bool edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == n && c == ' ');
        if (must_hide(c)) {
            for (size_t j = 0; j < k; j++) {
                buf_printf(out, "\\%02X", (unsigned)(uint8_t)s[i + j]);
            }
        } else {
            if (edge || (c < 0x80 && strchr("\"+,;<>\\", (int)c))) {
                buf_putc(out, '\\');
            }
            buf_add(out, s + i, k);
        }
        i += k;
    }
}

char *dn_text(struct arena *a, const struct dn *dn)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
    for (size_t i = 0; i < dn->n; i++) {
        const struct dn_attr *attr = &dn->v[i];
        if (i > 0) {
            buf_puts(&out, attr->rdn == dn->v[i - 1].rdn ? "+" : ", ");
        }
        buf_printf(&out, "%s=", attr->name);
        put_value(&out, attr->text, attr->text_n);
    }
    return arena_strdup(a, buf_text(&out));
}

/* The next character of a value with blanks trimmed and runs folded, or -1 at its end. */
static int folded_next(const struct dn_attr *attr, size_t *i)
{
    size_t start = *i;
    while (*i < attr->text_n && attr->text[*i] == ' ') {
        ++*i;
    }
    if (*i == attr->text_n) {
        return -1;
    }
    if (*i > start && start > 0) {
        return ' ';
    }
    return (unsigned char)ascii_lower(attr->text[(*i)++]);
}

static bool same_value(const struct dn_attr *a, const struct dn_attr *b)
{
    size_t i = 0;
    size_t j = 0;
    int c;
    do {
        c = folded_next(a, &i);
        if (c != folded_next(b, &j)) {
            return false;
        }
    } while (c >= 0);
    return true;
}

bool dn_same(const struct dn *a, const struct dn *b)
{
    if (span_eq(a->der, b->der)) {
        return true;
    }
    bool same = a->n == b->n && a->rdns == b->rdns;
    for (size_t i = 0; same && i < a->n; i++) {
        const struct dn_attr *x = &a->v[i];
        const struct dn_attr *y = &b->v[i];
        same = x->rdn == y->rdn && str_eq(x->oid, y->oid) && !x->malformed && !y->malformed &&
               same_value(x, y);
    }
    return same;
}
