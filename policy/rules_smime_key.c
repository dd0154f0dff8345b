/* SPDX-License-Identifier: Apache-2.0
 *
 * smime.*: the key, what it may be used for, and where it goes.
 */
#include "policy/rules_smime.h"

#include "formats/base/time.h"
#include "formats/keystore.h"

#include <string.h>

static bool has_word(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(words[i], word)) {
            return true;
        }
    }
    return false;
}

/* SBR 7.1.2.3 f. A request may leave the usages to the CA, a certificate must have them. */
void smime_check_eku(struct rule_run *run)
{
    static const char *const never[] = {EKU_SERVER_AUTH, EKU_CODE_SIGNING, EKU_TIME_STAMPING,
                                        EKU_ANY};
    const bool strict = smime_of(run).generations == SMIME_STRICT;
    struct strlist ekus;
    const struct x509_ext *e = ext_ekus(run, &ekus);
    if (!e && ext_view_of(rule_facts(run)).issued && !ext_find(run, OID_EXT_KEY_USAGE)) {
        rule_hit(run, (struct hit){.view = VIEW_CSR}, "the certificate has no extended key usage");
    }
    if (e && !strlist_has(&ekus, EKU_EMAIL_PROTECTION)) {
        rule_hit(run, ext_hit(e, SEV_DISABLED), "the extended key usage lacks emailProtection");
    }
    for (size_t i = 0; e && i < ekus.n; i++) {
        if (has_word(never, NITEMS(never), ekus.v[i])) {
            rule_hit(run, ext_hit(e, SEV_DISABLED),
                     "the extended key usage has %s, which no S/MIME certificate may have",
                     eku_name(ekus.v[i]));
        } else if (strict && !str_eq(ekus.v[i], EKU_EMAIL_PROTECTION)) {
            rule_hit(run, ext_hit(e, SEV_DISABLED),
                     "the extended key usage has %s; a strict certificate has emailProtection only",
                     eku_name(ekus.v[i]));
        }
    }
}

/* SBR 7.1.2.3 e: what a key signs with and what it transports keys with; the second of each pair
 * only goes with the first. */
static const struct ku_set {
    enum key_alg alg;
    unsigned sign, sign_more, wrap, wrap_more, wrap_more_strict;
} ku_sets[] = {
    {KEY_ALG_RSA, KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, KU_KEY_ENCIPHERMENT,
     KU_DATA_ENCIPHERMENT, 0},
    {KEY_ALG_EC, KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, KU_KEY_AGREEMENT,
     KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY, KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY},
    {KEY_ALG_ED25519, KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, 0, 0, 0},
    {KEY_ALG_ED448, KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, 0, 0, 0},
};

/* The set for what the item's key is for: signing has no wrap bits, encryption no sign bits. */
static struct ku_set set_for(const struct rule_run *run, const struct ku_set *of_key,
                             const char *use)
{
    struct ku_set set = *of_key;
    if (smime_of(run).generations == SMIME_STRICT) {
        set.wrap_more = set.wrap_more_strict;
    }
    if (str_eq(use, "signing")) {
        set.wrap = set.wrap_more = 0;
    } else if (str_eq(use, "encryption")) {
        set.sign = set.sign_more = 0;
    }
    return set;
}

/* What is wrong with bits that are all in the set; NULL when nothing is. */
static const char *incomplete(const struct ku_set *set, unsigned bits, bool both)
{
    enum { ONLY_BOTH = KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY };
    return bits & set->sign_more && !(bits & set->sign) ? "has nonRepudiation without "
                                                          "digitalSignature"
           : bits & set->wrap_more && !(bits & set->wrap)
               ? "has bits for key management without keyEncipherment or keyAgreement"
           : (bits & ONLY_BOTH) == ONLY_BOTH ? "has both encipherOnly and decipherOnly"
           : both && (bits & (set->sign | set->wrap)) != (set->sign | set->wrap)
               ? "is not the one of a dual-use key"
           : !(bits & (set->sign | set->wrap)) ? "allows neither signatures nor key management"
                                               : NULL;
}

/* The only usage of the parameter, or what the manifest says. */
static const char *use_of(const struct rule_run *run, bool *said)
{
    const struct strlist *fallback = rule_strings(run, 0);
    const char *own = rule_text(run, "smime.use");
    *said = own != NULL;
    return own ? own : fallback->n ? fallback->v[0] : "dual";
}

void smime_check_ku(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    struct key_usage ku;
    bool said;
    const char *use = use_of(run, &said);
    const struct x509_ext *e = ext_key_usage(run, &ku);
    if (!e && ext_view_of(f).issued && !ext_find(run, OID_KEY_USAGE)) {
        rule_hit(run, (struct hit){.view = VIEW_CSR}, "the certificate has no key usage");
    }
    for (size_t i = 0; e && i < NITEMS(ku_sets); i++) {
        if (ku_sets[i].alg != f->key->alg) {
            continue;
        }
        const struct ku_set set = set_for(run, &ku_sets[i], use);
        const unsigned known = set.sign | set.sign_more | set.wrap | set.wrap_more;
        const char *fault = incomplete(&set, ku.bits, said && str_eq(use, "dual"));
        if (ku.bits & ~known) {
            rule_hit(run, ext_hit(e, SEV_DISABLED),
                     "the key usage has %s, which is not for %s with a key of type %s",
                     key_usage_text(rule_arena(run), ku.bits & ~known),
                     str_eq(use, "dual") ? "signing or encryption" : use, f->key->token);
        } else if (fault) {
            rule_hit(run, ext_hit(e, SEV_DISABLED), "the key usage %s", fault);
        }
    }
}

/* --- the key itself --- */

/* Ballot SMC013: ML-DSA and ML-KEM keys may be certified from then on. */
#define PQC_BEGINS "2025-08-22"

static bool rsa_is_good(const struct facts *f)
{
    const char *token = f->key_token;
    uint64_t bits = f->key ? f->key->bits : 0;
    return str_starts(token, "rsa-") && (f->key || str_u64(token + 4, &bits)) && bits >= 2048 &&
           bits % 8 == 0;
}

void smime_check_key(struct rule_run *run)
{
    static const char *const good[] = {"ec-p256", "ec-p384", "ec-p521", "ed25519", "ed448"};
    static const char *const pqc[] = {"ml-dsa-44",  "ml-dsa-65",  "ml-dsa-87",
                                      "ml-kem-512", "ml-kem-768", "ml-kem-1024"};
    const struct facts *f = rule_facts(run);
    const char *token = f->key_token;
    int64_t begins = 0;
    const bool late = time_parse_date(PQC_BEGINS, &begins) && rule_as_of(run) >= begins;
    if (!rsa_is_good(f) && !has_word(good, NITEMS(good), token) &&
        !(late && has_word(pqc, NITEMS(pqc), token))) {
        rule_hit(run, (struct hit){.key = "key", .value = token},
                 "a key of type %s is not one for S/MIME", token);
    }
}

/* --- extensions that only legacy certificates have --- */

#define OID_SDA "2.5.29.9"

void smime_check_sda(struct rule_run *run)
{
    const struct smime m = smime_of(run);
    const struct ext_view view = ext_view_of(rule_facts(run));
    for (size_t i = 0; i < view.n; i++) {
        const struct x509_ext *e = &view.v[i];
        const bool sda = str_eq(e->oid, OID_SDA);
        const bool adobe = str_starts(e->oid, "1.2.840.113583.1.1.9.");
        const char *name = sda ? "subject directory attributes" : "Adobe extensions";
        if ((sda && !(m.generations & SMIME_LEGACY)) || (adobe && m.generations == SMIME_STRICT)) {
            rule_hit(run, ext_hit(e, SEV_DISABLED), "%s are not for %s S/MIME certificates", name,
                     smime_generation_name(m.generations));
        } else if ((sda || adobe) && e->critical) {
            rule_hit(run, ext_hit(e, SEV_DISABLED), "%s must not be critical", name);
        }
    }
}

/* --- where the key goes --- */

/* certbatch makes the key, or it lies on the machine of its owner. */
static bool key_is_local(const struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const char *origin = rule_text(run, "key_origin");
    return origin ? str_eq(origin, "local") : s->key && !s->csr_file;
}

void smime_check_escrow(struct rule_run *run)
{
    const char *use = rule_text(run, "smime.use");
    if (key_is_local(run) && !str_eq(use, "signing") && !rule_field(run, "smime.escrow")) {
        rule_hit(run, (struct hit){.key = "smime"},
                 "the key will decrypt mail, and nothing says whether a copy is kept");
    }
}

/* Bits that protect a key store. 3DES keeps 112, with the 128-bit password that certbatch makes;
 * a password of somebody's own may be of any length, and SHA-1 key derivation adds nothing. AES
 * keeps whatever the password has, so it is judged by the generated one. */
enum { PFX_AES_BITS = 128, PFX_3DES_BITS = 112, PFX_OWN_PASSWORD_BITS = 0 };

static int pfx_bits(const struct pfx_profile *profile, bool own_password)
{
    return profile->pbes2 ? PFX_AES_BITS : own_password ? PFX_OWN_PASSWORD_BITS : PFX_3DES_BITS;
}

void smime_check_pfx(struct rule_run *run)
{
    const struct ynode *outputs = rule_field(run, "outputs");
    for (const struct ynode *n = outputs ? outputs->first : NULL; n; n = n->next) {
        const struct ynode *options = n->kind == YAML_MAPPING ? yaml_get(n, "pfx") : NULL;
        const struct ynode *word = options ? yaml_get(options, "profile") : NULL;
        const struct pfx_profile *profile =
            word && word->kind == YAML_SCALAR ? pfx_profile_find(word->text) : NULL;
        const bool own = options && yaml_get(options, "password");
        const int bits = profile ? pfx_bits(profile, own) : PFX_AES_BITS;
        if (!profile || bits >= rule_int(run, 0)) {
            continue;
        }
        const struct hit hit = {.pos = yaml_pos(rule_facts(run)->s->file, word),
                                .value = profile->name};
        if (own && !profile->pbes2) {
            rule_hit(run, hit,
                     "PFX profile %s encrypts with 3DES under a password of unknown length",
                     profile->name);
        } else {
            rule_hit(run, hit, "PFX profile %s protects the key with %d bits; %lld are required",
                     profile->name, bits, (long long)rule_int(run, 0));
        }
    }
}
