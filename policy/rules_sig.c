/* SPDX-License-Identifier: Apache-2.0
 *
 * sig.*: the signature of a request, which proves possession of the key, and of a certificate
 * linted alone. The algorithm is judged byte by byte: OpenSSL accepts AlgorithmIdentifiers that
 * root programs forbid.
 */
#include "policy/engine.h"
#include "policy/rule.h"
#include "policy/rules_sig.h"

#include <string.h>

enum family { FAMILY_RSA, FAMILY_PSS, FAMILY_EC, FAMILY_DSA, FAMILY_ED25519, FAMILY_ED448 };

struct sig_alg {
    const char *oid, *token;
    enum family family;
    unsigned hash;     /* bits; 0 = none or in the parameters */
    bool weak;         /* collision resistance is broken */
    uint8_t exact[16]; /* the one AlgorithmIdentifier allowed (BR 7.1.3.2); [0] = 0: not fixed */
};

#define RSA_ID(last)                                                                               \
    {                                                                                              \
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last, 0x05, 0x00   \
    }
#define ECDSA_ID(last)                                                                             \
    {                                                                                              \
        0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last                     \
    }

/* clang-format off */
static const struct sig_alg sig_algs[] = {
    {"1.2.840.113549.1.1.2", "rsa-md2", FAMILY_RSA, 128, true, {0}},
    {"1.2.840.113549.1.1.3", "rsa-md4", FAMILY_RSA, 128, true, {0}},
    {"1.2.840.113549.1.1.4", "rsa-md5", FAMILY_RSA, 128, true, {0}},
    {"1.2.840.113549.1.1.5", "rsa-sha1", FAMILY_RSA, 160, true, RSA_ID(0x05)},
    {"1.3.14.3.2.29", "rsa-sha1", FAMILY_RSA, 160, true, {0}},
    {"1.2.840.113549.1.1.14", "rsa-sha224", FAMILY_RSA, 224, false, RSA_ID(0x0e)},
    {"1.2.840.113549.1.1.11", "rsa-sha256", FAMILY_RSA, 256, false, RSA_ID(0x0b)},
    {"1.2.840.113549.1.1.12", "rsa-sha384", FAMILY_RSA, 384, false, RSA_ID(0x0c)},
    {"1.2.840.113549.1.1.13", "rsa-sha512", FAMILY_RSA, 512, false, RSA_ID(0x0d)},
    {"1.2.840.113549.1.1.10", "rsa-pss", FAMILY_PSS, 0, false, {0}},
    {"1.2.840.10045.4.1", "ecdsa-sha1", FAMILY_EC, 160, true, {0}},
    {"1.2.840.10045.4.3.1", "ecdsa-sha224", FAMILY_EC, 224, false, ECDSA_ID(0x01)},
    {"1.2.840.10045.4.3.2", "ecdsa-sha256", FAMILY_EC, 256, false, ECDSA_ID(0x02)},
    {"1.2.840.10045.4.3.3", "ecdsa-sha384", FAMILY_EC, 384, false, ECDSA_ID(0x03)},
    {"1.2.840.10045.4.3.4", "ecdsa-sha512", FAMILY_EC, 512, false, ECDSA_ID(0x04)},
    {"1.2.840.10040.4.3", "dsa-sha1", FAMILY_DSA, 160, true, {0}},
    {"2.16.840.1.101.3.4.3.1", "dsa-sha224", FAMILY_DSA, 224, false, {0}},
    {"2.16.840.1.101.3.4.3.2", "dsa-sha256", FAMILY_DSA, 256, false, {0}},
    {"1.3.101.112", "ed25519", FAMILY_ED25519, 0, false, {0}},
    {"1.3.101.113", "ed448", FAMILY_ED448, 0, false, {0}},
};
/* clang-format on */

/* RSASSA-PSS has exactly three allowed encodings; only the hash arcs and the salt differ. */
enum { PSS_SIZE = 0x43, PSS_HASH_1 = 0x1d, PSS_HASH_2 = 0x3b, PSS_SALT = 0x42 };
static const uint8_t pss_sha256[PSS_SIZE] = {
    0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30,
    0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
    0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
    0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
    0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20};

static const char *pss_token(struct span algorithm)
{
    static const struct {
        const char *token;
        uint8_t arc, salt;
    } forms[] = {{"rsa-pss-sha256", 1, 32}, {"rsa-pss-sha384", 2, 48}, {"rsa-pss-sha512", 3, 64}};
    for (size_t i = 0; algorithm.n == PSS_SIZE && i < NITEMS(forms); i++) {
        uint8_t want[PSS_SIZE];
        memcpy(want, pss_sha256, sizeof want);
        want[PSS_HASH_1] = want[PSS_HASH_2] = forms[i].arc;
        want[PSS_SALT] = forms[i].salt;
        if (memcmp(want, algorithm.p, sizeof want) == 0) {
            return forms[i].token;
        }
    }
    return NULL;
}

static bool algorithm_oid(struct span algorithm, char out[64])
{
    struct der d = der_over(algorithm);
    struct der_tlv seq, oid;
    if (!der_take(&d, DER_SEQUENCE, &seq)) {
        return false;
    }
    struct der in = der_into(&d, &seq);
    return der_take(&in, DER_OID, &oid) && der_oid_text(oid.value, out);
}

/* *oid gets the dotted OID, "" when the identifier does not decode. */
static const struct sig_alg *find_algorithm(struct span algorithm, char oid[64])
{
    oid[0] = '\0';
    if (!algorithm_oid(algorithm, oid)) {
        return NULL;
    }
    for (size_t i = 0; i < NITEMS(sig_algs); i++) {
        if (strcmp(sig_algs[i].oid, oid) == 0) {
            return &sig_algs[i];
        }
    }
    return NULL;
}

static const char *token_of(const struct sig_alg *alg, struct span algorithm)
{
    const char *pss = alg && alg->family == FAMILY_PSS ? pss_token(algorithm) : NULL;
    return pss ? pss : alg ? alg->token : "unknown";
}

static bool is_exact(const struct sig_alg *alg, struct span algorithm)
{
    const size_t n = alg->exact[1] + 2u;
    return alg->exact[0] == 0 || (algorithm.n == n && memcmp(algorithm.p, alg->exact, n) == 0);
}

struct sig_facts sig_facts_of(struct span algorithm)
{
    char oid[64];
    const struct sig_alg *alg = find_algorithm(algorithm, oid);
    if (!alg) {
        return (struct sig_facts){.token = "unknown", .exact = true};
    }
    const bool pss = alg->family == FAMILY_PSS;
    return (struct sig_facts){.token = token_of(alg, algorithm),
                              .hash = alg->hash,
                              .known = true,
                              .weak = alg->weak,
                              .ecdsa = alg->family == FAMILY_EC,
                              .exact =
                                  pss ? pss_token(algorithm) != NULL : is_exact(alg, algorithm)};
}

static void check_verify(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    struct err err = ERR_INIT;
    if (!f->csr->usable || verified_has(f->s->verified, f->csr->sha256)) {
        return;
    }
    if (csr_verify_cached(f->csr, f->public_key, &err)) {
        verified_add(f->s->verified, f->csr->sha256);
        return;
    }
    rule_hit(run, (struct hit){.view = VIEW_CSR},
             "the signature of the request does not verify with the key in it: %s", err.msg);
}

static void check_allowed(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    char oid[64];
    const char *token = token_of(find_algorithm(f->sig_algorithm, oid), f->sig_algorithm);
    if (f->sig_algorithm.n && !strlist_has(rule_strings(run, 0), token)) {
        rule_hit(run, (struct hit){.value = str_eq(token, "unknown") ? oid : token},
                 "the signature algorithm %s is not allowed", token);
    }
}

static void check_weak(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    char oid[64];
    const struct sig_alg *alg = find_algorithm(f->sig_algorithm, oid);
    bool pardoned = alg && alg->hash == 160 && rule_bool(run, 0);
    if (alg && alg->weak && !pardoned) {
        rule_hit(run, (struct hit){.value = alg->token},
                 "the signature uses %s, a broken hash function", alg->token);
    }
}

static bool family_fits(enum family family, enum key_alg key)
{
    switch (family) {
    case FAMILY_RSA:
        return key == KEY_ALG_RSA;
    case FAMILY_PSS:
        return key == KEY_ALG_RSA || key == KEY_ALG_RSA_PSS;
    case FAMILY_EC:
        return key == KEY_ALG_EC;
    case FAMILY_DSA:
        return key == KEY_ALG_DSA;
    case FAMILY_ED25519:
        return key == KEY_ALG_ED25519;
    case FAMILY_ED448:
        return key == KEY_ALG_ED448;
    default:
        return true;
    }
}

/* Of a request only: a certificate is signed with its issuer's key. */
static void check_key_mismatch(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    char oid[64];
    const struct sig_alg *alg = find_algorithm(f->sig_algorithm, oid);
    if (alg && f->key && f->key->alg != KEY_ALG_UNKNOWN && !family_fits(alg->family, f->key->alg)) {
        rule_hit(run, (struct hit){.value = alg->token, .view = VIEW_CSR},
                 "the request is signed as %s but its key is %s", alg->token, f->key->token);
    }
}

static void check_encoding(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    char oid[64];
    const struct sig_alg *alg = find_algorithm(f->sig_algorithm, oid);
    if (alg && !is_exact(alg, f->sig_algorithm)) {
        rule_hit(
            run,
            (struct hit){.value = hex_dup(rule_arena(run), f->sig_algorithm.p, f->sig_algorithm.n)},
            "the AlgorithmIdentifier of %s is not the one fixed encoding (%s parameters)",
            alg->token, alg->family == FAMILY_RSA ? "RSA has NULL" : "ECDSA has no");
    }
}

static void check_curve_hash(struct rule_run *run)
{
    static const struct {
        const char *token;
        unsigned hash;
    } partners[] = {{"ec-p256", 256}, {"ec-p384", 384}, {"ec-p521", 512}};
    const struct facts *f = rule_facts(run);
    char oid[64];
    const struct sig_alg *alg = find_algorithm(f->sig_algorithm, oid);
    for (size_t i = 0; alg && alg->family == FAMILY_EC && f->key && i < NITEMS(partners); i++) {
        if (str_eq(f->key->token, partners[i].token) && alg->hash != partners[i].hash) {
            rule_hit(run, (struct hit){.value = alg->token},
                     "%s is signed with %s; SHA-%u is the partner of the curve", f->key->token,
                     alg->token, partners[i].hash);
        }
    }
}

static void check_pss(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    char oid[64];
    const struct sig_alg *alg = find_algorithm(f->sig_algorithm, oid);
    if (alg && alg->family == FAMILY_PSS && !pss_token(f->sig_algorithm)) {
        rule_hit(
            run,
            (struct hit){.value = hex_dup(rule_arena(run), f->sig_algorithm.p, f->sig_algorithm.n)},
            "the RSASSA-PSS parameters are none of the three allowed encodings");
    }
}

/* SEQUENCE of two positive INTEGERs in DER and nothing else. */
bool sig_ecdsa_value(struct span signature, size_t *octets)
{
    struct der d = der_over(signature);
    struct der_tlv seq, r, s;
    if (!der_take(&d, DER_SEQUENCE, &seq) || !der_at_end(&d)) {
        return false;
    }
    struct der in = der_into(&d, &seq);
    if (!der_take(&in, DER_INTEGER, &r) || !der_take(&in, DER_INTEGER, &s) || !der_at_end(&in)) {
        return false;
    }
    struct der whole = der_over(signature);
    if (octets) {
        *octets = r.value.n > s.value.n ? r.value.n : s.value.n;
    }
    bool positive = r.value.n && s.value.n && !(r.value.p[0] & 0x80) && !(s.value.p[0] & 0x80);
    return positive && der_check(&whole, 3) && !whole.strict;
}

static void check_bitstring(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    char oid[64];
    const struct sig_alg *alg = find_algorithm(f->sig_algorithm, oid);
    if (f->csr->sig_unused_bits) {
        rule_hit(run, (struct hit){.view = VIEW_CSR},
                 "the signature BIT STRING has %u unused bits; a signature is whole octets",
                 (unsigned)f->csr->sig_unused_bits);
    } else if (alg && alg->family == FAMILY_EC && !sig_ecdsa_value(f->csr->signature, NULL)) {
        rule_hit(run, (struct hit){.view = VIEW_CSR},
                 "the ECDSA signature is not a DER SEQUENCE of two positive integers");
    }
}

static const struct param allowed_params[] = {
    {.name = "allowed",
     .kind = PARAM_STRINGS,
     .fallback = "rsa-sha256 rsa-sha384 rsa-sha512 ecdsa-sha256 ecdsa-sha384 ecdsa-sha512",
     .help = "signature algorithms; private policies may add ed25519 or rsa-pss-sha256"},
};
static const struct param weak_params[] = {
    {.name = "allow-sha1",
     .kind = PARAM_BOOL,
     .fallback = "false",
     .help = "let old devices sign their request with SHA-1"},
};

/* clang-format off */
const struct rule rules_sig[] = {
    {.id = "sig.verify", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_CSR | NEEDS_USABLE,
     .floor = SEV_ERROR, .unwaivable = true,
     .title = "signature of the request does not verify",
     .why = "The self-signature proves that the requester holds the private key. Every CA "
            "refuses a request without that proof.",
     .fix = "create the request again with the key it is for",
     .cite = "RFC 2986 section 3", .check = check_verify,
     .bad = "csr:sig.verify.pem", .good = "csr:good.pem"},
    {.id = "sig.alg.allowed", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "signature algorithm is not in the list",
     .why = "CAs accept a short list of algorithms on requests and refuse the rest.",
     .fix = "sign the request with SHA-256 or better and the key's own algorithm",
     .cite = "RFC 8555 section 7.4, BR 7.1.3.2",
     .check = check_allowed, RULE_PARAMS(allowed_params),
     .bad = "csr:sig.alg.allowed.pem", .good = "csr:good.pem"},
    {.id = "sig.alg.weak", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "signature uses MD2, MD4, MD5 or SHA-1",
     .why = "Collisions can be made for these functions, so the signature proves nothing about "
            "the content.",
     .fix = "create the request again with -sha256",
     .cite = "BR 7.1.3.2.1", .check = check_weak, RULE_PARAMS(weak_params),
     .bad = "csr:sig.alg.weak.pem", .good = "csr:good.pem"},
    {.id = "sig.alg.key-mismatch", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_CSR | NEEDS_USABLE,
     .title = "signature algorithm and key are of different kinds",
     .why = "An RSA signature cannot be made with an EC key: the request was assembled from "
            "parts.",
     .fix = "create the request again with one tool",
     .cite = "RFC 5280 section 4.1.1.2", .check = check_key_mismatch,
     .bad = "csr:sig.alg.key-mismatch.pem", .good = "csr:good.pem"},
    {.id = "sig.alg.encoding", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "AlgorithmIdentifier of the signature is not byte-exact",
     .why = "Root programs fix these bytes; libraries that compare them refuse the request.",
     .fix = "create the request with a current tool",
     .cite = "BR 7.1.3.2, Mozilla Root Store Policy 5.1", .check = check_encoding,
     .bad = "csr:sig.alg.encoding.pem", .good = "csr:good.pem"},
    {.id = "sig.alg.curve-hash", .severity = SEV_INFO, .scope = SCOPE_ALL,
     .needs = NEEDS_CSR | NEEDS_USABLE,
     .title = "hash is not the partner of the curve",
     .why = "P-256 goes with SHA-256, P-384 with SHA-384, P-521 with SHA-512; other pairs waste "
            "strength or work.",
     .fix = "sign with the partner hash",
     .cite = "BR 7.1.3.2.2", .check = check_curve_hash,
     .bad = "csr:sig.alg.curve-hash.pem", .good = "csr:good.pem"},
    {.id = "sig.pss.parameters", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "RSASSA-PSS parameters are not one of the allowed encodings",
     .why = "Only MGF1 with the same hash and a salt of the hash's length are allowed, in "
            "exactly one encoding each.",
     .fix = "sign with salt length = hash length and MGF1 of the same hash",
     .cite = "BR 7.1.3.2.1", .check = check_pss,
     .bad = "csr:sig.pss.parameters.pem", .good = "csr:good-pss.pem"},
    {.id = "sig.bitstring", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_CSR | NEEDS_USABLE,
     .title = "signature value is badly encoded",
     .why = "Unused bits or an ECDSA value that is not DER verify in lax libraries only.",
     .fix = "create the request again with a maintained tool",
     .cite = "X.690 section 11.2, RFC 5480 appendix A", .check = check_bitstring,
     .bad = "csr:sig.bitstring.pem", .good = "csr:good.pem"},
    {.id = NULL},
};
/* clang-format on */
