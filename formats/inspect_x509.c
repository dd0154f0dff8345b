/* SPDX-License-Identifier: Apache-2.0
 *
 * What requests, certificates and CRLs have in common when they are shown: names, keys,
 * extensions. An extension whose value does not decode is shown with the reason, never guessed.
 */
#include "formats/inspect_view.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

/* RFC 5280 4.2.1.3, bit 0 first. */
static const char *const key_usages[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                         "dataEncipherment", "keyAgreement",   "keyCertSign",
                                         "cRLSign",          "encipherOnly",   "decipherOnly"};

static const struct {
    const char *oid, *name;
} purposes[] = {
    {"1.3.6.1.5.5.7.3.1", "serverAuth"},       {"1.3.6.1.5.5.7.3.2", "clientAuth"},
    {"1.3.6.1.5.5.7.3.3", "codeSigning"},      {"1.3.6.1.5.5.7.3.4", "emailProtection"},
    {"1.3.6.1.5.5.7.3.8", "timeStamping"},     {"1.3.6.1.5.5.7.3.9", "OCSPSigning"},
    {"1.3.6.1.5.5.7.3.36", "documentSigning"}, {"1.3.6.1.4.1.311.20.2.2", "smartcardLogon"},
    {"2.5.29.37.0", "anyExtendedKeyUsage"},
};

void view_dn(struct view *v, const char *key, const struct dn *dn)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    view_str(v, key, dn_text(&a, dn));
}

void view_key(struct view *v, const struct spki *key)
{
    view_str(v, "key", key->token);
    if (key->bits) {
        view_int(v, "key_bits", key->bits);
    }
    if (key->malformed) {
        view_bool(v, "key_malformed", true);
    }
    view_hex(v, "key_sha256", (struct span){key->sha256, SHA256_SIZE});
}

void view_names(struct view *v, const struct general_names *names)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_CERT_BYTES);
    view_list(v, "names");
    for (size_t i = 0; i < names->n; i++) {
        const struct general_name *n = &names->v[i];
        buf_reset(&text);
        buf_printf(&text, "%s:", gn_type_names[n->type]);
        buf_add(&text, n->text ? n->text : "", n->text ? n->text_n : 0);
        view_item(v, buf_text(&text), text.n);
    }
    view_list_end(v);
}

static void add_word(struct buf *out, const char *word)
{
    buf_printf(out, "%s%s", out->n ? " " : "", word);
}

static void key_usage_text(struct span value, struct buf *out)
{
    struct der_tlv t;
    struct span bits;
    uint8_t unused;
    if (!der_single(value, DER_BIT_STRING, &t) || !der_bits(&t, &bits, &unused)) {
        return;
    }
    for (size_t i = 0; i < NITEMS(key_usages) && i / 8 < bits.n; i++) {
        if (bits.p[i / 8] & (0x80 >> (i % 8))) {
            add_word(out, key_usages[i]);
        }
    }
}

static void purpose_text(struct span value, struct buf *out)
{
    struct der_tlv seq;
    struct der_tlv oid;
    struct der d = der_over(value);
    if (!der_take(&d, DER_SEQUENCE, &seq)) {
        return;
    }
    struct der in = der_into(&d, &seq);
    while (der_take(&in, DER_OID, &oid)) {
        char dotted[64];
        const char *name = der_oid_text(oid.value, dotted) ? dotted : "malformed-oid";
        for (size_t i = 0; i < NITEMS(purposes); i++) {
            name = str_eq(dotted, purposes[i].oid) ? purposes[i].name : name;
        }
        add_word(out, name);
    }
}

static void ca_text(struct span value, struct buf *out)
{
    struct der_tlv seq;
    struct der_tlv t;
    uint32_t path_len;
    struct der d = der_over(value);
    if (!der_take(&d, DER_SEQUENCE, &seq)) {
        return;
    }
    struct der in = der_into(&d, &seq);
    bool ca = der_take(&in, DER_BOOLEAN, &t) && t.value.n == 1 && t.value.p[0];
    buf_puts(out, ca ? "CA" : "not a CA");
    if (der_take(&in, DER_INTEGER, &t) && der_small_uint(&t, &path_len)) {
        buf_printf(out, ", path length %u", path_len);
    }
}

/* Extensions whose value is worth a line; the names of subjectAltName stand on their own. */
static const struct {
    const char *oid;
    void (*text)(struct span value, struct buf *out);
} shown[] = {
    {OID_KEY_USAGE, key_usage_text},
    {OID_EXT_KEY_USAGE, purpose_text},
    {OID_BASIC_CONSTRAINTS, ca_text},
};

static void extension_line(const struct x509_ext *e, struct buf *line)
{
    CLEANUP(buf_release) struct buf value = BUF_INIT(LIMIT_CERT_BYTES);
    bool empty = false;
    const char *problem = x509_ext_problem(e, &empty);
    for (size_t i = 0; !problem && i < NITEMS(shown); i++) {
        if (str_eq(e->oid, shown[i].oid)) {
            shown[i].text(e->value, &value);
        }
    }
    buf_printf(line, "%s%s", e->name, e->critical ? " (critical)" : "");
    if (problem || empty) {
        buf_printf(line, ": damaged: %s", problem ? problem : "empty");
    } else if (value.n) {
        buf_printf(line, ": %s", buf_text(&value));
    }
}

void view_extensions(struct view *v, const struct x509_ext *exts, size_t n)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT(LIMIT_CERT_BYTES);
    view_list(v, "extensions");
    for (size_t i = 0; i < n; i++) {
        buf_reset(&line);
        extension_line(&exts[i], &line);
        view_item(v, buf_text(&line), line.n);
    }
    view_list_end(v);
}
