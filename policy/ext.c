/* SPDX-License-Identifier: Apache-2.0
 *
 * See ext.h.
 */
#include "policy/ext.h"

struct ext_view ext_view_of(const struct facts *f)
{
    if (f->csr && f->csr->usable) {
        return (struct ext_view){f->csr->exts, f->csr->nexts, false};
    }
    return f->cert ? (struct ext_view){f->cert->exts, f->cert->nexts, true} : (struct ext_view){0};
}

const struct x509_ext *ext_find(const struct rule_run *run, const char *oid)
{
    const struct ext_view view = ext_view_of(rule_facts(run));
    return x509_ext_find(view.v, view.n, oid);
}

static const struct eku_word {
    const char *oid, *name;
} eku_words[] = {
    {EKU_SERVER_AUTH, "serverAuth"},     {EKU_CLIENT_AUTH, "clientAuth"},
    {EKU_CODE_SIGNING, "codeSigning"},   {EKU_EMAIL_PROTECTION, "emailProtection"},
    {EKU_TIME_STAMPING, "timeStamping"}, {EKU_OCSP_SIGNING, "OCSPSigning"},
    {EKU_ANY, "anyExtendedKeyUsage"},    {EKU_PRECERT_SIGNING, "precertificate signing"},
};

const char *eku_name(const char *oid)
{
    for (size_t i = 0; i < NITEMS(eku_words); i++) {
        if (str_eq(eku_words[i].oid, oid)) {
            return eku_words[i].name;
        }
    }
    return oid;
}

const struct x509_ext *ext_key_usage(const struct rule_run *run, struct key_usage *out)
{
    const struct x509_ext *e = ext_find(run, OID_KEY_USAGE);
    return e && x509_key_usage(e->value, out) ? e : NULL;
}

const struct x509_ext *ext_ekus(const struct rule_run *run, struct strlist *out)
{
    const struct x509_ext *e = ext_find(run, OID_EXT_KEY_USAGE);
    return e && x509_oids(rule_arena(run), e->value, out) ? e : NULL;
}

const struct x509_ext *ext_policies(const struct rule_run *run, struct strlist *out)
{
    const struct x509_ext *e = ext_find(run, OID_POLICIES);
    return e && x509_policy_oids(rule_arena(run), e->value, out) ? e : NULL;
}

struct hit ext_hit(const struct x509_ext *ext, enum severity severity)
{
    return (struct hit){.offset = (int64_t)ext->offset, .view = VIEW_CSR, .severity = severity};
}

const char *key_usage_text(struct arena *a, unsigned bits)
{
    const char *text = "";
    for (unsigned i = 0; i < KU_COUNT; i++) {
        if (bits & 1u << i) {
            text = arena_printf(a, "%s%s%s", text, *text ? ", " : "", key_usage_names[i]);
        }
    }
    return text;
}
