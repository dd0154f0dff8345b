/* SPDX-License-Identifier: Apache-2.0
 *
 * ext.*: which extensions are there, and what those say that are not about usage. Some are wrong
 * only in a request, because the issuer writes them: a certificate is not judged for those.
 */
#include "policy/rules_ext.h"

#include <string.h>

#define OID_TEMPLATE_NAME "1.3.6.1.4.1.311.20.2"
#define OID_TEMPLATE      "1.3.6.1.4.1.311.21.7"
#define OID_TLS_FEATURE   "1.3.6.1.5.5.7.1.24"

/* Written by every Windows client, and read by AD CS. The security identifier is not among them:
 * who may say for whom a certificate maps is the CA's business. */
static const char *const ad_cs_reads[] = {OID_TEMPLATE_NAME, OID_TEMPLATE, "1.3.6.1.4.1.311.21.10",
                                          "1.2.840.113549.1.9.15"};

static bool adcs_reads(const struct rule_run *run, const char *oid)
{
    for (size_t i = 0; i < NITEMS(ad_cs_reads); i++) {
        if (str_eq(ad_cs_reads[i], oid)) {
            return str_eq(rule_facts(run)->s->ca_type, "adcs");
        }
    }
    return false;
}

static const char *shown_name(const struct rule_run *run, const struct x509_ext *e)
{
    return str_eq(e->name, e->oid) ? e->oid
                                   : arena_printf(rule_arena(run), "%s (%s)", e->name, e->oid);
}

void ext_check_allowed(struct rule_run *run)
{
    const struct ext_view view = ext_view_of(rule_facts(run));
    const struct strlist *allowed = rule_strings(run, 0);
    /* a private CA may well copy what it is asked for; a public one drops it */
    const enum severity severity = rule_scope(run) & SCOPE_PRIVATE ? SEV_ERROR : SEV_DISABLED;
    for (size_t i = 0; !view.issued && i < view.n; i++) {
        const struct x509_ext *e = &view.v[i];
        if (!strlist_has(allowed, e->name) && !strlist_has(allowed, e->oid) &&
            !adcs_reads(run, e->oid)) {
            rule_hit(run, ext_hit(e, severity), "the extension %s is not in the list",
                     shown_name(run, e));
        }
    }
}

void ext_check_unknown_critical(struct rule_run *run)
{
    const struct ext_view view = ext_view_of(rule_facts(run));
    for (size_t i = 0; i < view.n; i++) {
        const struct x509_ext *e = &view.v[i];
        if (e->critical && str_eq(e->name, e->oid)) {
            rule_hit(run, ext_hit(e, SEV_DISABLED), "the unknown extension %s is critical", e->oid);
        }
    }
}

/* Extensions that a request has no business with. An OID that ends in a dot stands for all below
 * it. `issued`: wrong in a certificate as well. */
static const struct unwanted {
    enum ext_unwanted kind;
    const char *oid;
    bool issued;
    const char *why;
} unwanted[] = {
    {EXT_NAME_CONSTRAINTS, "2.5.29.30", true, "constrains a CA, not an end entity"},
    {EXT_CT, "1.3.6.1.4.1.11129.2.4.3", false,
     "would make a precertificate, which every client refuses"},
    {EXT_CT, "1.3.6.1.4.1.11129.2.4.2", false, "comes from logs that have seen the certificate"},
    {EXT_OCSP_NOCHECK, "1.3.6.1.5.5.7.48.1.5", true,
     "would make the certificate one that cannot be revoked"},
    {EXT_NETSCAPE, "2.16.840.1.113730.1.", true, "is a Netscape extension that nobody reads"},
    {EXT_ISSUER, OID_AUTHORITY_KEY_ID, false, "is set by the issuer"},
    {EXT_ISSUER, "2.5.29.31", false, "is set by the issuer"},
    {EXT_ISSUER, "2.5.29.46", false, "is set by the issuer"},
    {EXT_ISSUER, "1.3.6.1.5.5.7.1.1", false, "is set by the issuer"},
};

static bool oid_matches(const char *oid, const char *pattern)
{
    return str_ends(pattern, ".") ? str_starts(oid, pattern) : str_eq(oid, pattern);
}

/* The certificate of an OCSP responder is what id-pkix-ocsp-nocheck is for (RFC 6960 4.2.2.2.1). */
static bool is_responder(const struct rule_run *run)
{
    struct strlist ekus;
    return ext_ekus(run, &ekus) && strlist_has(&ekus, EKU_OCSP_SIGNING);
}

void ext_check_unwanted(struct rule_run *run)
{
    const struct ext_view view = ext_view_of(rule_facts(run));
    const int kind = rule_row(run)->arg;
    if (kind == EXT_OCSP_NOCHECK && view.issued && is_responder(run)) {
        return;
    }
    for (size_t i = 0; i < view.n; i++) {
        const struct x509_ext *e = &view.v[i];
        for (size_t k = 0; k < NITEMS(unwanted); k++) {
            const struct unwanted *u = &unwanted[k];
            if ((int)u->kind == kind && (u->issued || !view.issued) &&
                oid_matches(e->oid, u->oid)) {
                rule_hit(run, ext_hit(e, SEV_DISABLED), "the extension %s %s", shown_name(run, e),
                         u->why);
            }
        }
    }
}

static const struct x509_ext *constraints(const struct rule_run *run, struct basic_constraints *bc)
{
    const struct x509_ext *e = ext_find(run, OID_BASIC_CONSTRAINTS);
    return e && x509_basic_constraints(e->value, bc) ? e : NULL;
}

void ext_check_bc_ca(struct rule_run *run)
{
    struct basic_constraints bc;
    const struct x509_ext *e = constraints(run, &bc);
    if (e && bc.ca) {
        rule_hit(run, ext_hit(e, SEV_DISABLED), "the basic constraints say that this is a CA");
    }
}

void ext_check_bc_pathlen(struct rule_run *run)
{
    struct basic_constraints bc;
    const struct x509_ext *e = constraints(run, &bc);
    if (e && bc.has_path_len && !bc.ca) {
        rule_hit(run, ext_hit(e, SEV_DISABLED),
                 "the basic constraints have a path length (%u) but are not those of a CA",
                 (unsigned)bc.path_len);
    }
}

/* BR 7.1.6.1 and the documents beside it: whose certificates a reserved policy marks. */
static const struct reserved_policy {
    const char *oid, *what;
    unsigned scope;
} reserved_policies[] = {
    {"2.23.140.1.2.1", "DV", SCOPE_DV},       {"2.23.140.1.2.2", "OV", SCOPE_OV},
    {"2.23.140.1.2.3", "IV", SCOPE_IV},       {"2.23.140.1.1", "EV", SCOPE_EV},
    {"2.23.140.1.5.", "S/MIME", SCOPE_SMIME}, {"2.23.140.1.3", "EV code signing", 0},
    {"2.23.140.1.4.", "code signing", 0},
};

void ext_check_policies(struct rule_run *run)
{
    struct strlist oids;
    const struct x509_ext *e = ext_policies(run, &oids);
    bool other_level = false;
    if (!e || ext_view_of(rule_facts(run)).issued) {
        return;
    }
    for (size_t i = 0; i < oids.n; i++) {
        for (size_t k = 0; k < NITEMS(reserved_policies); k++) {
            const struct reserved_policy *r = &reserved_policies[k];
            if (oid_matches(oids.v[i], r->oid) && !(r->scope & rule_scope(run))) {
                other_level = true;
                rule_hit(run, ext_hit(e, SEV_ERROR),
                         "the request asks for policy %s, which marks %s certificates", oids.v[i],
                         r->what);
            }
        }
    }
    if (!other_level) {
        rule_hit(run, ext_hit(e, SEV_DISABLED), "the request asks for certificate policies (%s)",
                 oids.n ? oids.v[0] : "none");
    }
}

void ext_check_tls_feature(struct rule_run *run)
{
    const struct x509_ext *e = rule_bool(run, 0) ? ext_find(run, OID_TLS_FEATURE) : NULL;
    if (e) {
        rule_hit(run, ext_hit(e, SEV_DISABLED),
                 "the TLS feature extension (must-staple) makes every handshake without a stapled "
                 "OCSP response fail");
    }
}

/* Only of a request: an issuer may choose any method, and ours does (RFC 7093). */
void ext_check_ski(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct x509_ext *e = ext_find(run, OID_SUBJECT_KEY_ID);
    struct span id;
    uint8_t want[20];
    if (!e || ext_view_of(f).issued || !x509_octets(e->value, &id)) {
        return;
    }
    if (!spki_key_id(f->key, want)) {
        rule_broken(run, "SHA-1 is not available");
    } else if (!span_eq(id, (struct span){want, sizeof want})) {
        rule_hit(run, ext_hit(e, SEV_DISABLED),
                 "the subject key identifier is not the SHA-1 of the public key");
    }
}

/* --- AD CS --- */

/* The OID of a template by its name, of the parameter's NAME=OID entries. */
static const char *template_oid(const struct rule_run *run, const char *name)
{
    const struct strlist *list = rule_strings(run, 0);
    const size_t n = strlen(name);
    for (size_t i = 0; i < list->n; i++) {
        const char *equals = strchr(list->v[i], '=');
        const size_t len = equals ? (size_t)(equals - list->v[i]) : 0;
        if (len == n && str_ieq(arena_strndup(rule_arena(run), list->v[i], len), name)) {
            return equals + 1;
        }
    }
    return name[0] >= '0' && name[0] <= '9' && strchr(name, '.') ? name : NULL;
}

static void compare_template(struct rule_run *run, const struct x509_ext *e, const char *got,
                             const char *want)
{
    if (got && want && !str_ieq(got, want)) {
        struct arena *a = rule_arena(run);
        struct hit hit = ext_hit(e, SEV_ERROR);
        hit.value = got;
        rule_hit(run, hit, "the CSR names the template %s, the order %s",
                 str_vis_dup(a, got, strlen(got)), str_vis_dup(a, want, strlen(want)));
    }
}

/* The product of an order at AD CS is the name of its template. An OID can be compared when the
 * order gives one too, or the policy says which template it belongs to. */
void ext_check_ms_template(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct x509_ext *name = ext_find(run, OID_TEMPLATE_NAME);
    const struct x509_ext *v2 = ext_find(run, OID_TEMPLATE);
    const bool adcs = str_eq(f->s->ca_type, "adcs");
    struct arena *a = rule_arena(run);
    if (ext_view_of(f).issued) {
        return;
    }
    if (adcs && f->s->product) {
        const char *oid = template_oid(run, f->s->product);
        if (name && !(oid && str_eq(oid, f->s->product))) {
            compare_template(run, name, x509_template_name(a, name->value), f->s->product);
        }
        if (v2) {
            compare_template(run, v2, x509_template_oid(a, v2->value), oid);
        }
    } else if (!adcs && rule_scope(run) & (SCOPE_TLS | SCOPE_SMIME) && (name || v2)) {
        rule_hit(run, ext_hit(name ? name : v2, SEV_WARNING),
                 "the request names a Windows certificate template, which a public CA ignores");
    }
}
