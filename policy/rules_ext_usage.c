/* SPDX-License-Identifier: Apache-2.0
 *
 * ext.ku.* and ext.eku.*: what the key may be used for. All of them hold for a certificate as they
 * do for a request: a client that enforces usages reads the certificate.
 */
#include "policy/rules_ext.h"

#include "formats/base/time.h"

enum { KU_CA = KU_KEY_CERT_SIGN | KU_CRL_SIGN };

void ext_check_ku_ca_bits(struct rule_run *run)
{
    struct key_usage ku;
    const struct x509_ext *e = ext_key_usage(run, &ku);
    if (e && ku.bits & KU_CA) {
        rule_hit(run, ext_hit(e, SEV_DISABLED), "the key usage has %s, which only a CA needs",
                 key_usage_text(rule_arena(run), ku.bits & KU_CA));
    }
}

/* BR 7.1.2.7.11, one row for each kind of key. */
struct ku_table {
    const char *keys;
    unsigned good, discouraged;
    bool needs_signature; /* digitalSignature missing is an error, else a warning */
};

static void judge_ku(struct rule_run *run, const struct ku_table *t)
{
    struct key_usage ku;
    const struct x509_ext *e = ext_key_usage(run, &ku);
    if (!e) {
        return;
    }
    const unsigned forbidden = ku.bits & ~(t->good | t->discouraged);
    const unsigned discouraged = ku.bits & t->discouraged;
    if (ku.bits == 0) {
        rule_hit(run, ext_hit(e, SEV_ERROR), "the key usage allows nothing");
        return;
    }
    if (forbidden) {
        rule_hit(run, ext_hit(e, SEV_ERROR), "the key usage has %s, which %s keys must not have",
                 key_usage_text(rule_arena(run), forbidden), t->keys);
    }
    if (discouraged) {
        rule_hit(run, ext_hit(e, SEV_WARNING), "the key usage has %s, which no TLS server needs",
                 key_usage_text(rule_arena(run), discouraged));
    }
    if (!(ku.bits & KU_DIGITAL_SIGNATURE)) {
        rule_hit(run, ext_hit(e, t->needs_signature ? SEV_ERROR : SEV_WARNING),
                 "the key usage lacks digitalSignature, which TLS 1.3 and ECDHE need");
    }
}

void ext_check_ku_rsa(struct rule_run *run)
{
    static const struct ku_table rsa = {"RSA", KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
                                        KU_DATA_ENCIPHERMENT, false};
    if (rule_facts(run)->key->alg == KEY_ALG_RSA) {
        judge_ku(run, &rsa);
    }
}

void ext_check_ku_ec(struct rule_run *run)
{
    static const struct ku_table ec = {"EC", KU_DIGITAL_SIGNATURE, KU_KEY_AGREEMENT, true};
    if (rule_facts(run)->key->alg == KEY_ALG_EC) {
        judge_ku(run, &ec);
    }
}

/* A named bit list: at least one bit, no trailing zero bits, and nine names fill two octets. */
void ext_check_ku_encoding(struct rule_run *run)
{
    struct key_usage ku;
    const struct x509_ext *e = ext_key_usage(run, &ku);
    const char *fault = !e                 ? NULL
                        : ku.octets == 0   ? "is an empty bit string"
                        : ku.octets > 2    ? "is longer than two octets"
                        : ku.bits == 0     ? "sets no bit"
                        : ku.trailing_zero ? "ends in zero bits, which DER leaves out"
                                           : NULL;
    if (fault) {
        rule_hit(run, ext_hit(e, SEV_DISABLED), "the key usage %s", fault);
    }
}

void ext_check_ku_critical(struct rule_run *run)
{
    const struct x509_ext *e = ext_find(run, OID_KEY_USAGE);
    if (e && !e->critical) {
        rule_hit(run, ext_hit(e, SEV_DISABLED), "the key usage is not critical");
    }
}

/* A request may leave the choice to the CA; a certificate without the extension is not one for
 * TLS servers (BR 7.1.2.7.6). */
void ext_check_eku_required(struct rule_run *run)
{
    struct strlist ekus;
    const struct x509_ext *e = ext_ekus(run, &ekus);
    if (e && !strlist_has(&ekus, EKU_SERVER_AUTH)) {
        rule_hit(run, ext_hit(e, SEV_DISABLED), "the extended key usage lacks serverAuth");
    } else if (ext_view_of(rule_facts(run)).issued && !ext_find(run, OID_EXT_KEY_USAGE)) {
        rule_hit(run, (struct hit){.view = VIEW_CSR}, "the certificate has no extended key usage");
    }
}

void ext_check_eku_forbidden(struct rule_run *run)
{
    static const char *const never[] = {EKU_CODE_SIGNING,  EKU_EMAIL_PROTECTION,
                                        EKU_TIME_STAMPING, EKU_OCSP_SIGNING,
                                        EKU_ANY,           EKU_PRECERT_SIGNING};
    struct strlist ekus;
    const struct x509_ext *e = ext_ekus(run, &ekus);
    for (size_t i = 0; e && i < ekus.n; i++) {
        bool listed = false;
        for (size_t k = 0; k < NITEMS(never) && !listed; k++) {
            listed = str_eq(ekus.v[i], never[k]);
        }
        if (listed) {
            rule_hit(run, ext_hit(e, SEV_ERROR),
                     "the extended key usage has %s, which a TLS server certificate must not have",
                     eku_name(ekus.v[i]));
        } else if (!str_eq(ekus.v[i], EKU_SERVER_AUTH) && !str_eq(ekus.v[i], EKU_CLIENT_AUTH)) {
            rule_hit(run, ext_hit(e, SEV_WARNING),
                     "the extended key usage has %s, which is not one for TLS", ekus.v[i]);
        }
    }
}

/* Chrome Root Program Policy 1.8: hierarchies for TLS servers issue no clientAuth from then on. */
#define CLIENT_AUTH_ENDS "2027-03-15"

/* Order options that ask the CA to add clientAuth: CA, path, value. */
static const struct client_auth_option {
    const char *ca, *key, *value;
} client_auth_options[] = {
    {"digicert", "fields.profile_option", "server_client_auth_eku"},
};

void ext_check_eku_client_auth(struct rule_run *run)
{
    int64_t end = 0;
    const bool ended = time_parse_date(CLIENT_AUTH_ENDS, &end) && rule_as_of(run) >= end;
    const enum severity severity = ended ? SEV_ERROR : SEV_WARNING;
    const char *when = ended ? "has ended on" : "ends on";
    struct strlist ekus;
    const struct x509_ext *e = ext_ekus(run, &ekus);
    if (e && strlist_has(&ekus, EKU_CLIENT_AUTH)) {
        rule_hit(run, ext_hit(e, severity),
                 "clientAuth is in the extended key usage; in public TLS certificates it "
                 "%s " CLIENT_AUTH_ENDS,
                 when);
    }
    for (size_t i = 0; i < NITEMS(client_auth_options); i++) {
        const struct client_auth_option *o = &client_auth_options[i];
        if (str_eq(rule_facts(run)->s->ca_type, o->ca) &&
            str_eq(rule_text(run, o->key), o->value)) {
            rule_hit(run, (struct hit){.key = o->key, .value = o->value, .severity = severity},
                     "%s asks for clientAuth; in public TLS certificates it %s " CLIENT_AUTH_ENDS,
                     o->value, when);
        }
    }
}

void ext_check_eku_critical(struct rule_run *run)
{
    const struct x509_ext *e = ext_find(run, OID_EXT_KEY_USAGE);
    if (e && e->critical) {
        rule_hit(run, ext_hit(e, SEV_DISABLED), "the extended key usage is critical");
    }
}

/* RFC 5280 4.2.1.12: the bits each purpose may use. */
static const struct purpose {
    const char *eku;
    unsigned bits;
} purposes[] = {
    {EKU_SERVER_AUTH, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT},
    {EKU_CLIENT_AUTH, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT},
    {EKU_CODE_SIGNING, KU_DIGITAL_SIGNATURE},
    {EKU_EMAIL_PROTECTION,
     KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT},
    {EKU_TIME_STAMPING, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION},
    {EKU_OCSP_SIGNING, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION},
};

static const struct purpose *purpose_of(const char *eku)
{
    for (size_t i = 0; i < NITEMS(purposes); i++) {
        if (str_eq(purposes[i].eku, eku)) {
            return &purposes[i];
        }
    }
    return NULL;
}

/* Bits that need no purpose of their own: those of a CA are ext.ku.ca-bits, encipherOnly and
 * decipherOnly say how keyAgreement is used, and S/MIME allows dataEncipherment (SBR 7.1.2.3 e). */
static unsigned bits_beside(const struct rule_run *run, unsigned bits)
{
    return KU_CA | (bits & KU_KEY_AGREEMENT ? KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY : 0u) |
           (rule_scope(run) & SCOPE_SMIME ? KU_DATA_ENCIPHERMENT : 0u);
}

/* Each purpose needs one of its bits, and each bit a purpose. A purpose that nobody here knows may
 * use any bit. */
void ext_check_ku_eku(struct rule_run *run)
{
    struct key_usage ku;
    struct strlist ekus;
    const struct x509_ext *usage = ext_key_usage(run, &ku);
    const struct x509_ext *e = ext_ekus(run, &ekus);
    const struct x509_ext *bc = ext_find(run, OID_BASIC_CONSTRAINTS);
    struct basic_constraints basic;
    unsigned used = 0;
    if (!usage || !e || ku.bits == 0 || ekus.n == 0 ||
        (bc && x509_basic_constraints(bc->value, &basic) && basic.ca)) {
        return; /* the purposes of a CA are those of what it issues */
    }
    for (size_t i = 0; i < ekus.n; i++) {
        const struct purpose *p = purpose_of(ekus.v[i]);
        used |= p ? p->bits : ~0u;
        if (p && !(ku.bits & p->bits)) {
            rule_hit(run, ext_hit(usage, SEV_DISABLED),
                     "the key usage (%s) leaves nothing for the extended key usage %s",
                     key_usage_text(rule_arena(run), ku.bits), eku_name(ekus.v[i]));
        }
    }
    const unsigned idle = ku.bits & ~used & ~bits_beside(run, ku.bits);
    if (idle) {
        rule_hit(run, ext_hit(usage, SEV_DISABLED),
                 "the key usage has %s, which no extended key usage of the list needs",
                 key_usage_text(rule_arena(run), idle));
    }
}
