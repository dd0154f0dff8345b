/* SPDX-License-Identifier: Apache-2.0
 *
 * key.*: the public key of a request, or the key to be generated. The table and the checks that
 * need no arithmetic; the others are in rules_key_*.c. Which key types are for sale is a matter of
 * policy (key.type.allowed); what is broken is not.
 */
#include "policy/rules_key.h"

#include "formats/base/limits.h"
#include "policy/engine.h"

#include <string.h>

static void check_spki_decode(struct rule_run *run)
{
    const struct spki *key = rule_facts(run)->key;
    if (key && key->malformed) {
        rule_hit(run, (struct hit){.value = key->alg_oid},
                 "the public key does not decode as a key of its algorithm");
    }
}

static void check_type_allowed(struct rule_run *run)
{
    const char *token = rule_facts(run)->key_token;
    if (!strlist_has(rule_strings(run, 0), token)) {
        rule_hit(run, (struct hit){.key = "key", .value = token}, "the key type %s is not allowed",
                 token);
    }
}

static void check_ca_generated(struct rule_run *run)
{
    if (str_eq(rule_text(run, "key_origin"), "ca")) {
        rule_hit(run, (struct hit){.key = "key_origin", .value = "ca"},
                 "the CA would generate the private key of a server certificate");
    }
}

/* Of a key that is generated for the order here the origin is known. */
static void check_origin_declared(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    if (rule_bool(run, 0) && (s->csr || s->csr_file) && !rule_text(run, "key_origin")) {
        rule_hit(run, (struct hit){.key = "csr"},
                 "nothing says where the private key of the request was made");
    }
}

/* One check for the algorithms that are refused as such; row.arg: bit set of enum key_alg. */
static void check_algorithm(struct rule_run *run)
{
    const struct spki *key = rule_facts(run)->key;
    if (key && (1 << key->alg) & rule_row(run)->arg) {
        rule_hit(run, (struct hit){.value = key->token}, "the key is of type %s", key->token);
    }
}

static void check_eddsa(struct rule_run *run)
{
    const char *token = rule_facts(run)->key_token;
    if (str_starts(token, "ed25519") || str_starts(token, "ed448")) {
        rule_hit(run, (struct hit){.key = "key", .value = token},
                 "%s keys are not allowed in publicly trusted server certificates", token);
    }
}

static void check_pqc(struct rule_run *run)
{
    const struct spki *key = rule_facts(run)->key;
    if (key && key->alg == KEY_ALG_PQC && !strlist_has(rule_strings(run, 0), key->token)) {
        rule_hit(run, (struct hit){.value = key->alg_oid},
                 "the key is of a post-quantum algorithm (%s)", key->token);
    }
}

static void check_file_match(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    if (s->key_file && s->csr && !s->key_file_matches) {
        rule_hit(run, (struct hit){.key = "key_file", .value = s->key_file},
                 "the private key in %s does not belong to the request",
                 str_vis_dup(rule_arena(run), s->key_file, strlen(s->key_file)));
    }
}

static void check_file_mode(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    if (s->key_file && s->key_file_mode >= 0 && (s->key_file_mode & 077)) {
        rule_hit(run, (struct hit){.key = "key_file", .value = s->key_file},
                 "mode %04o lets others read the private key", (unsigned)s->key_file_mode);
    }
}

/* Security strength in bits, NIST SP 800-57 part 1 table 2; 0 = not comparable. */
static unsigned strength(const char *token)
{
    static const struct {
        const char *token;
        unsigned bits;
    } strengths[] = {{"rsa-1024", 80}, {"rsa-2048", 112}, {"rsa-3072", 128}, {"rsa-4096", 140},
                     {"ec-p224", 112}, {"ec-p256", 128},  {"ec-p384", 192},  {"ec-p521", 256},
                     {"ed25519", 128}, {"ed448", 224}};
    for (size_t i = 0; token && i < NITEMS(strengths); i++) {
        if (strcmp(strengths[i].token, token) == 0) {
            return strengths[i].bits;
        }
    }
    return 0;
}

static void check_downgrade(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    if (!f->s->prior || !f->key_token) {
        return;
    }
    unsigned before = strength(f->s->prior->key.token);
    unsigned after = strength(f->key_token);
    if (before && after && after < before) {
        rule_hit(run, (struct hit){.key = "key", .value = f->key_token},
                 "the new key (%s) is weaker than that of the certificate it replaces (%s)",
                 f->key_token, f->s->prior->key.token);
    }
}

/* clang-format off */
static const struct param origin_params[] = {
    {.name = "required", .kind = PARAM_BOOL, .fallback = "false",
     .help = "every request says where its key was made"},
};
static const struct param type_params[] = {
    {.name = "allowed", .kind = PARAM_STRINGS,
     .fallback = "rsa-2048 rsa-3072 rsa-4096 ec-p256 ec-p384", .help = "key types"},
};
static const struct param min_bits_params[] = {
    {.name = "min", .kind = PARAM_INT, .fallback = "2048", .min = 2048, .max = LIMIT_RSA_BITS,
     .help = "smallest modulus in bits"},
};
static const struct param max_bits_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "4096", .min = 2048, .max = LIMIT_RSA_BITS,
     .help = "largest modulus in bits"},
};
static const struct param odd_params[] = {
    {.name = "min", .kind = PARAM_INT, .fallback = "3", .min = 3, .max = 255,
     .help = "smallest exponent"},
};
static const struct param range_params[] = {
    {.name = "exact", .kind = PARAM_INT, .fallback = "0",
     .help = "the one exponent accepted; 0 = the range of the Baseline Requirements"},
};
static const struct param factor_params[] = {
    {.name = "bound", .kind = PARAM_INT, .fallback = "752", .min = 3, .max = 752,
     .help = "primes below this are tried"},
};
static const struct param fermat_params[] = {
    {.name = "rounds", .kind = PARAM_INT, .fallback = "100", .min = 100, .max = 100000,
     .help = "rounds of Fermat's method"},
};
static const struct param compressed_params[] = {
    {.name = "allow", .kind = PARAM_BOOL, .fallback = "false", .help = "accept compressed points"},
};
static const struct param pqc_params[] = {
    {.name = "allow", .kind = PARAM_STRINGS, .fallback = "", .help = "key types accepted"},
};
static const struct param list_params[] = {
    {.name = "files", .kind = PARAM_FILES, .fallback = "",
     .help = "lists, one SPKI SHA-256 a line, optionally ;reason;date;ticket"},
};
static const struct param debian_params[] = {
    {.name = "files", .kind = PARAM_FILES, .fallback = "",
     .help = "lists in the format of openssl-blacklist, or SPKI SHA-256 lines"},
};
/* clang-format on */

/* clang-format off */
const struct rule rules_key[] = {
    {.id = "key.spki.decode", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "public key does not decode",
     .why = "A key that readers understand differently, or not at all, cannot be certified.",
     .fix = "create the key pair and the request again",
     .cite = "RFC 3279 section 2.3, RFC 5480 section 2", .check = check_spki_decode,
     .bad = "csr:key.spki.decode.pem", .good = "csr:good.pem"},
    {.id = "key.type.allowed", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_TOKEN,
     .title = "key type is not in the list",
     .why = "CAs sell certificates for few key types and refuse the others; the list is the "
            "policy's.",
     .fix = "use one of the allowed types, for example key: ec-p256",
     .cite = "BR 6.1.5", .check = check_type_allowed, RULE_PARAMS(type_params),
     .bad = "{common_name: www.example.com, san: [www.example.com], key: ec-p521}",
     .good = "{common_name: www.example.com, san: [www.example.com], key: ec-p256}"},
    {.id = "key.rsa.min-bits", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_KEY,
     .floor = SEV_ERROR, .from = "2014-01-01",
     .title = "RSA modulus is too short",
     .why = "Shorter moduli can be factored with known effort; public trust ended for them in "
            "2014.",
     .fix = "generate a new key of at least 2048 bits",
     .cite = "BR 6.1.5", .check = key_check_rsa_min_bits, RULE_PARAMS(min_bits_params),
     .bad = "csr:key.rsa.min-bits.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.max-bits", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_KEY,
     .title = "RSA modulus is too long",
     .why = "CAs refuse very long moduli, and each TLS handshake pays for them.",
     .fix = "use rsa-4096 at most, or an EC key",
     .cite = "certbatch", .check = key_check_rsa_max_bits, RULE_PARAMS(max_bits_params),
     .bad = "csr:key.rsa.max-bits.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.multiple-of-8", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_KEY,
     .from = "2017-02-28",
     .title = "RSA modulus length is not a multiple of 8 bits",
     .why = "Root programs require whole octets; odd lengths come from broken generators.",
     .fix = "generate a new key",
     .cite = "BR 6.1.5", .check = key_check_rsa_multiple_of_8,
     .bad = "csr:key.rsa.multiple-of-8.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.negative", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "RSA modulus or exponent is zero or negative",
     .why = "A missing sign octet makes the INTEGER negative; such keys verify nowhere or crash "
            "readers.",
     .fix = "create the request again with a maintained tool",
     .cite = "RFC 3279 section 2.3.1", .check = key_check_rsa_negative,
     .bad = "csr:key.rsa.negative.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.exponent.odd", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_KEY,
     .title = "RSA exponent is even or below 3",
     .why = "An even exponent has no inverse; exponent 1 encrypts nothing.",
     .fix = "generate a new key with exponent 65537",
     .cite = "BR 6.1.6", .check = key_check_rsa_exponent_odd, RULE_PARAMS(odd_params),
     .bad = "csr:key.rsa.exponent.odd.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.exponent.range", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_KEY,
     .title = "RSA exponent is outside the recommended range",
     .why = "Small exponents make padding mistakes fatal; huge ones break libraries. Some CAs "
            "accept 65537 only.",
     .fix = "generate a new key with exponent 65537",
     .cite = "BR 6.1.6", .check = key_check_rsa_exponent_range, RULE_PARAMS(range_params),
     .bad = "csr:key.rsa.exponent.range.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.exponent.oversize", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_KEY,
     .title = "RSA exponent is as large as the modulus, or longer than libraries accept",
     .why = "The exponent must be below the modulus; beyond 64 bits OpenSSL refuses large keys "
            "when it verifies.",
     .fix = "generate a new key with exponent 65537",
     .cite = "BR 6.1.6, RFC 8017 section 3.1", .check = key_check_rsa_exponent_oversize,
     .bad = "csr:key.rsa.exponent.oversize.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.modulus.odd", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_KEY,
     .title = "RSA modulus is even",
     .why = "An even modulus has the factor 2.",
     .fix = "generate a new key",
     .cite = "BR 6.1.6", .check = key_check_rsa_modulus_odd,
     .bad = "csr:key.rsa.modulus.odd.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.modulus.small-factor", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_KEY,
     .title = "RSA modulus has a small prime factor",
     .why = "A factor below 752 means that the modulus is damaged or was made by a broken "
            "generator.",
     .fix = "generate a new key",
     .cite = "BR 6.1.6", .check = key_check_rsa_small_factor, RULE_PARAMS(factor_params),
     .bad = "csr:key.rsa.modulus.small-factor.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.modulus.perfect-power", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_KEY,
     .title = "RSA modulus is a power of one number",
     .why = "A root is found in a moment, and with it the private key. It also catches p = q, "
            "which Fermat's method as often written misses.",
     .fix = "generate a new key with a working generator",
     .cite = "BR 6.1.6", .check = key_check_rsa_perfect_power,
     .bad = "csr:key.rsa.modulus.perfect-power.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.modulus.prime", .severity = SEV_DISABLED, .scope = SCOPE_ALL,
     .needs = NEEDS_KEY,
     .title = "RSA modulus is a prime",
     .why = "The private key follows from the public one. Off by default: a primality test takes "
            "longer than all other rules together.",
     .fix = "generate a new key with a working generator",
     .cite = "BR 6.1.6", .check = key_check_rsa_prime,
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  key.rsa.modulus.prime: error\n"
            "samples:\n"
            "  - {reject: {csr: key.rsa.modulus.prime.pem}, by: key.rsa.modulus.prime}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  key.rsa.modulus.prime: error\n"
            "samples:\n"
            "  - {accept: {csr: good-rsa.pem}}"},
    {.id = "key.rsa.fermat", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_KEY,
     .from = "2024-07-01",
     .title = "Fermat's method factors the RSA modulus",
     .why = "The primes are too close to each other; anybody can compute the private key.",
     .fix = "generate a new key with another generator and treat the old key as compromised",
     .cite = "BR 6.1.1.3", .check = key_check_rsa_fermat, RULE_PARAMS(fermat_params),
     .bad = "csr:key.rsa.fermat.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.roca", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_KEY,
     .title = "RSA key has the ROCA fingerprint",
     .why = "Keys of that smart card generator (CVE-2017-15361) can be factored at practical "
            "cost. One in 2^27 good keys matches by chance: then a waiver is right.",
     .fix = "generate a new key outside the affected chip",
     .cite = "BR 6.1.1.3", .check = key_check_rsa_roca,
     .bad = "csr:key.rsa.roca.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.rsa.spki-encoding", .severity = SEV_ERROR, .scope = SCOPE_TLS | SCOPE_SMIME,
     .needs = NEEDS_USABLE,
     .title = "AlgorithmIdentifier of the RSA key is not the fixed one",
     .why = "Root programs allow rsaEncryption with NULL and nothing else, also no PSS or OAEP "
            "keys.",
     .fix = "create the key as a plain RSA key",
     .cite = "BR 7.1.3.1.1", .check = key_check_rsa_spki_encoding,
     .bad = "csr:key.rsa.spki-encoding.pem", .good = "csr:good-rsa.pem"},
    {.id = "key.ec.named-curve", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "EC parameters do not name a curve",
     .why = "Explicit parameters allow keys on forged curves (CVE-2020-0601); CAs require the "
            "name.",
     .fix = "create the key with a named curve: openssl genpkey -algorithm EC -pkeyopt "
            "ec_param_enc:named_curve",
     .cite = "BR 7.1.3.1.2", .check = key_check_ec_named_curve,
     .bad = "csr:key.ec.named-curve.pem", .good = "csr:good.pem"},
    {.id = "key.ec.spki-encoding", .severity = SEV_ERROR, .scope = SCOPE_TLS | SCOPE_SMIME,
     .needs = NEEDS_USABLE,
     .title = "AlgorithmIdentifier of the EC key is not byte-exact",
     .why = "Root programs fix the bytes for each curve.",
     .fix = "create the request with a current tool",
     .cite = "BR 7.1.3.1.2", .check = key_check_ec_spki_encoding,
     .bad = "csr:key.ec.spki-encoding.pem", .good = "csr:good.pem"},
    {.id = "key.ec.curve", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_USABLE,
     .title = "curve is not P-256, P-384 or P-521",
     .why = "Publicly trusted CAs may certify these three curves only.",
     .fix = "generate a new key: ec-p256 or ec-p384",
     .cite = "BR 6.1.5", .check = key_check_ec_curve,
     .bad = "csr:key.ec.curve.pem", .good = "csr:good.pem"},
    {.id = "key.ec.point", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "public key is not a point of its curve",
     .why = "A point off the curve leaks the private key of those who use it.",
     .fix = "create the key pair again",
     .cite = "BR 6.1.6, NIST SP 800-56A section 5.6.2.3", .check = key_check_ec_point,
     .bad = "csr:key.ec.point.pem", .good = "csr:good.pem"},
    {.id = "key.ec.compressed", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "point is in compressed or hybrid form",
     .why = "All readers must support the uncompressed form; support for the others differs.",
     .fix = "create the request with the uncompressed form",
     .cite = "RFC 5480 section 2.2",
     .check = key_check_ec_compressed, RULE_PARAMS(compressed_params),
     .bad = "csr:key.ec.compressed.pem", .good = "csr:good.pem"},
    {.id = "key.dsa", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "DSA key",
     .why = "No CA certifies DSA keys any more and clients dropped them.",
     .fix = "generate an RSA or EC key",
     .cite = "BR 6.1.5", .check = check_algorithm, .arg = 1 << KEY_ALG_DSA,
     .bad = "csr:key.dsa.pem", .good = "csr:good.pem"},
    {.id = "key.eddsa", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_TOKEN,
     .title = "Ed25519 or Ed448 key for a public server certificate",
     .why = "The Baseline Requirements do not list them; no browser accepts such a certificate.",
     .fix = "use ec-p256 for public server certificates",
     .cite = "BR 6.1.5, Mozilla Root Store Policy 5.1", .check = check_eddsa,
     .bad = "{common_name: www.example.com, san: [www.example.com], key: ed25519}",
     .good = "{common_name: www.example.com, san: [www.example.com], key: ec-p256}"},
    {.id = "key.pqc", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_USABLE,
     .title = "post-quantum key for a public server certificate",
     .why = "No public root program accepts these algorithms yet.",
     .fix = "use ec-p256 or ec-p384; post-quantum keys are for private PKI",
     .cite = "BR 6.1.5", .check = check_pqc, RULE_PARAMS(pqc_params),
     .bad = "csr:key.pqc.pem", .good = "csr:good.pem"},
    {.id = "key.known-public", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "private half of the key is published",
     .why = "Example keys of standards and test keys of products are known to everybody.",
     .fix = "generate a key of your own",
     .cite = "BR 6.1.1.3", .check = key_check_known_public, RULE_PARAMS(list_params),
     .bad = "csr:key.known-public.pem", .good = "csr:good.pem"},
    {.id = "key.blocklist", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .floor = SEV_ERROR, .unwaivable = true,
     .title = "key is on a block list",
     .why = "The key was reported compromised or was revoked for keyCompromise; a CA must refuse "
            "it.",
     .fix = "generate a new key",
     .cite = "BR 6.1.1.3", .check = key_check_blocklist, RULE_PARAMS(list_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  key.blocklist: {files: [key.blocklist.txt]}\n"
            "samples:\n"
            "  - {reject: {csr: key.blocklist.pem}, by: key.blocklist}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  key.blocklist: {files: [key.blocklist.txt]}\n"
            "samples:\n"
            "  - {accept: {csr: good.pem}}"},
    {.id = "key.debian-weak", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_KEY,
     .unwaivable = true,
     .title = "key is in a list of Debian weak keys",
     .why = "OpenSSL of Debian made only 32768 different keys of each kind in 2006-2008 "
            "(CVE-2008-0166).",
     .fix = "generate a new key",
     .cite = "BR 6.1.1.3", .check = key_check_debian_weak, RULE_PARAMS(debian_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  key.debian-weak: {files: [key.debian-weak.txt]}\n"
            "samples:\n"
            "  - {reject: {csr: key.debian-weak.pem}, by: key.debian-weak}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  key.debian-weak: {files: [key.debian-weak.txt]}\n"
            "samples:\n"
            "  - {accept: {csr: good-rsa.pem}}"},
    {.id = "key.file.match", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "private key file and request do not belong together",
     .why = "The certificate would be delivered with a key it does not fit.",
     .fix = "name the key the request was made with",
     .cite = "certbatch", .check = check_file_match,
     .bad = "{csr: good.pem, key_file: other.key}", .good = "{csr: good.pem, key_file: good.key}"},
    {.id = "key.file.mode", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "private key file is readable by others",
     .why = "A key that other accounts can read is no longer only its owner's.",
     .fix = "chmod 600 the file, and decide whether the key must be replaced",
     .cite = "certbatch", .check = check_file_mode,
     .bad = "{csr: good.pem, key_file: good.key, key_file_mode: '0644'}",
     .good = "{csr: good.pem, key_file: good.key, key_file_mode: '0600'}"},
    {.id = "key.origin.ca-generated", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER,
     .title = "CA would generate the key of a server certificate",
     .why = "A publicly trusted CA must not make the key pair of a server certificate; a key that "
            "somebody else made is known to somebody else.",
     .fix = "generate the key where it is used: key_origin: local, hsm or appliance",
     .cite = "BR 6.1.1.3", .check = check_ca_generated,
     .bad = "{common_name: www.example.com, key_origin: ca}",
     .good = "{common_name: www.example.com, key_origin: hsm}"},
    {.id = "key.origin.declared", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER,
     .title = "nothing says where the private key was made",
     .why = "An auditor asks whether the key ever left its machine; a request alone does not "
            "tell.",
     .fix = "add key_origin: local, hsm, appliance or ca",
     .cite = "policy", .check = check_origin_declared, RULE_PARAMS(origin_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules: {key.origin.declared: {severity: error, required: true}}\n"
            "samples:\n"
            "  - {reject: {csr: good.pem}, by: key.origin.declared}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules: {key.origin.declared: {severity: error, required: true}}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com, key: ec-p256}}"},
    {.id = "key.size.downgrade", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_TOKEN | NEEDS_PRIOR,
     .title = "new key is weaker than the old one",
     .why = "A renewal that quietly lowers the strength is usually an old template.",
     .fix = "use a key at least as strong as before",
     .cite = "NIST SP 800-57 part 1", .check = check_downgrade,
     .bad = "{common_name: www.example.com, san: [www.example.com], key: rsa-2048, prior: "
            "prior-p384.pem}",
     .good = "{common_name: www.example.com, san: [www.example.com], key: ec-p384, prior: "
            "prior-p384.pem}"},
    {.id = NULL},
};
/* clang-format on */
