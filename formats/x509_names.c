/* SPDX-License-Identifier: Apache-2.0
 *
 * See x509.h: general names (RFC 5280 4.2.1.6).
 */
#include "formats/base/str.h"
#include "formats/x509.h"

#include <arpa/inet.h>
#include <string.h>

const char *const gn_type_names[GN__MAX] = {
    [GN_OTHER] = "other", [GN_EMAIL] = "email",     [GN_DNS] = "dns",
    [GN_X400] = "x400",   [GN_DIRNAME] = "dirname", [GN_EDI] = "edi",
    [GN_URI] = "uri",     [GN_IP] = "ip",           [GN_RID] = "rid",
};

static void set_text(struct general_name *gn, const char *text)
{
    gn->text = text;
    gn->text_n = strlen(text);
}

/* dNSName, rfc822Name, URI: IA5String */
static void read_ia5(struct arena *a, const struct der *d, struct general_name *gn)
{
    (void)d;
    gn->text = arena_strndup(a, (const char *)gn->raw.p, gn->raw.n);
    gn->text_n = gn->raw.n;
    for (size_t i = 0; i < gn->raw.n; i++) {
        gn->malformed = gn->malformed || gn->raw.p[i] >= 0x80;
    }
}

static void read_ip(struct arena *a, const struct der *d, struct general_name *gn)
{
    (void)d;
    char text[INET6_ADDRSTRLEN];
    int family = gn->raw.n == 4 ? AF_INET : AF_INET6;
    if ((gn->raw.n != 4 && gn->raw.n != 16) || !inet_ntop(family, gn->raw.p, text, sizeof text)) {
        gn->malformed = true;
        set_text(gn, hex_dup(a, gn->raw.p, gn->raw.n));
        return;
    }
    set_text(gn, arena_strdup(a, text));
}

static void read_rid(struct arena *a, const struct der *d, struct general_name *gn)
{
    (void)d;
    char text[64];
    gn->malformed = !der_oid_text(gn->raw, text);
    set_text(gn, gn->malformed ? "malformed-oid" : arena_strdup(a, text));
}

/* [4] is EXPLICIT because Name is a CHOICE (X.680 31.2.7). */
static void read_dirname(struct arena *a, const struct der *d, struct general_name *gn)
{
    struct der_tlv name;
    struct dn dn;
    struct der inner = *d;
    if (!der_take(&inner, DER_SEQUENCE, &name) || !der_at_end(&inner) ||
        !x509_parse_dn(a, &inner, &name, &dn)) {
        gn->malformed = true;
        set_text(gn, "malformed directory name");
        return;
    }
    set_text(gn, dn_text(a, &dn));
}

static void read_other(struct arena *a, const struct der *d, struct general_name *gn)
{
    struct der_tlv oid;
    struct der_tlv explicit_value;
    struct der_tlv value;
    struct der inner = *d;
    if (!der_take(&inner, DER_OID, &oid)) {
        gn->malformed = true;
        set_text(gn, "malformed other name");
        return;
    }
    gn->other_oid = oid_dup(a, oid.value);
    set_text(gn, gn->other_oid);
    bool whole =
        der_take(&inner, DER_CONTEXT_CONSTRUCTED(0), &explicit_value) && der_at_end(&inner);
    struct der content = whole ? der_into(&inner, &explicit_value) : inner;
    if (!whole || !der_next(&content, &value) || !der_at_end(&content)) {
        gn->malformed = true;
        return;
    }
    gn->other_tag = value.tag;
    if (value.tag == DER_UTF8 || value.tag == DER_IA5 || value.tag == DER_PRINTABLE) {
        gn->text = arena_strndup(a, (const char *)value.value.p, value.value.n);
        gn->text_n = value.value.n;
        gn->malformed = !utf8_valid(gn->text, gn->text_n);
    }
}

static void read_opaque(struct arena *a, const struct der *d, struct general_name *gn)
{
    (void)a;
    (void)d;
    set_text(gn, gn->type == GN_X400 ? "x400Address" : "ediPartyName");
}

static const struct gn_kind {
    unsigned tag;
    void (*read)(struct arena *a, const struct der *content, struct general_name *gn);
} gn_kinds[] = {
    [GN_OTHER] = {DER_CONTEXT_CONSTRUCTED(0), read_other},
    [GN_EMAIL] = {DER_CONTEXT(1), read_ia5},
    [GN_DNS] = {DER_CONTEXT(2), read_ia5},
    [GN_X400] = {DER_CONTEXT_CONSTRUCTED(3), read_opaque},
    [GN_DIRNAME] = {DER_CONTEXT_CONSTRUCTED(4), read_dirname},
    [GN_EDI] = {DER_CONTEXT_CONSTRUCTED(5), read_opaque},
    [GN_URI] = {DER_CONTEXT(6), read_ia5},
    [GN_IP] = {DER_CONTEXT(7), read_ip},
    [GN_RID] = {DER_CONTEXT(8), read_rid},
};
_Static_assert(NITEMS(gn_kinds) == GN__MAX, "one row per kind of name");

static bool read_name(struct arena *a, const struct der *d, const struct der_tlv *t,
                      struct general_name *gn)
{
    for (size_t i = 0; i < GN__MAX; i++) {
        if (gn_kinds[i].tag == t->tag) {
            struct der content = der_into(d, t);
            *gn = (struct general_name){
                .type = (enum gn_type)i, .raw = t->value, .offset = der_offset(d, t->whole.p)};
            gn_kinds[i].read(a, &content, gn);
            return true;
        }
    }
    return false;
}

bool x509_parse_names(struct arena *a, const struct der *d, const struct der_tlv *seq,
                      struct general_names *out)
{
    struct der_tlv t;
    size_t n = 0;
    if (seq->tag != DER_SEQUENCE) {
        return false;
    }
    struct der walk = der_into(d, seq);
    while (der_next(&walk, &t)) {
        n++;
    }
    if (walk.bad) {
        return false;
    }
    struct general_name *v = arena_array(a, n, sizeof *v);
    walk = der_into(d, seq);
    for (size_t i = 0; i < n && der_next(&walk, &t); i++) {
        if (!read_name(a, &walk, &t, &v[i])) {
            return false;
        }
    }
    *out = (struct general_names){v, n};
    return true;
}
