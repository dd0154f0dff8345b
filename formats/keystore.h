/* SPDX-License-Identifier: Apache-2.0
 *
 * PKCS#12 (PFX) and JKS key stores: written from one entry, read back and compared before they
 * count. Profiles are a table (design 5; jks-pkcs12 facts B3-B4).
 *
 *     CLEANUP(kdf_cache_release) struct kdf_cache kdf = KDF_CACHE_INIT;
 *     entry.kdf = &kdf;
 *     pfx_write(&entry, profile, 0, &out, &err) && keystore_check(buf_span(&out), &entry, &err)
 *
 * With the cache the check decrypts, verifies the MAC and compares as without, but does not pay
 * for the key derivations again: that is nearly all of its cost.
 *
 * Passwords of PFX must be printable ASCII (JDK 17 refuses others); empty ones are refused.
 * Thread safe; all work is CPU.
 */
#ifndef FORMATS_KEYSTORE_H
#define FORMATS_KEYSTORE_H

#include "formats/cert.h"
#include "formats/key.h"
#include "formats/pbe.h"

enum keystore_kind { KEYSTORE_PFX, KEYSTORE_JKS, KEYSTORE__MAX };

/* What goes into a store: views, owned by the caller. */
struct keystore_entry {
    const char *alias;        /* friendlyName / JKS alias; printable ASCII, at most 64 */
    const struct key *key;    /* NULL: a trusted certificate (JKS tag 2, PFX with jdktrust) */
    struct span leaf;         /* DER */
    const struct span *chain; /* DER, leaf's issuer first; root optional */
    size_t nchain;
    const struct secret *password;
    const struct secret *key_password; /* JKS only; NULL = same as password */
    int64_t created;                   /* JKS entry time, seconds */
    struct kdf_cache *kdf;             /* handed from pfx_write to keystore_check, or NULL */
};

struct pfx_profile {
    const char *name; /* "modern" "java-8" "windows-2016" "compat" ... */
    const char *help; /* readers it suits */
    bool pbes2;       /* AES-256-CBC + HMAC-SHA256; else 3DES + SHA-1 */
    const char *mac;  /* "SHA256" "SHA1" */
    unsigned iterations;
    bool weak; /* report a warning */
};
extern const struct pfx_profile pfx_profiles[];
extern const size_t pfx_profiles_count;
extern const struct word pfx_profile_words[]; /* index into pfx_profiles */
const struct pfx_profile *pfx_profile_find(const char *name);

/* iterations 0 = the profile's; at most 300,000 (the .NET loader's limit). */
bool pfx_write(const struct keystore_entry *e, const struct pfx_profile *profile,
               unsigned iterations, struct buf *out, struct err *err) MUST_USE;
/* alias is lower-cased here (keytool cannot reach any other); entries come out sorted by it. A
 * key that does not belong to its leaf, a chain with a gap, two equal aliases are refused.
 * `password` protects the store; entries without key_password use it too. */
bool jks_write(const struct keystore_entry *entries, size_t n, const struct secret *password,
               struct buf *out, struct err *err) MUST_USE;

/* Reading. Everything in the store, key material included: release it. */
struct keystore_item {
    const char *alias;
    bool has_key;
    struct key key;
    struct span *certs; /* leaf first; a trusted certificate has one */
    size_t ncerts;
    int64_t created;
    const char *key_problem; /* key present but not recovered: static text */
    const char *note;        /* static text about the entry worth reporting, or NULL */
};
struct keystore {
    enum keystore_kind kind;
    struct keystore_item *v;
    size_t n;
    struct arena arena;
    const char *summary; /* "PBES2 AES-256-CBC, 10000 iterations, MAC SHA256" */
    bool verified;       /* the MAC or digest was there and is right */
};
#define KEYSTORE_INIT                                                                              \
    {                                                                                              \
        .n = 0                                                                                     \
    }
/* JKS version 1 and 2 (JCEKS, BKS, UBER are named and refused), PFX with iteration caps checked
 * before any KDF runs. key_password NULL = password. Duplicate aliases, trailing bytes and every
 * length past the end are refused. Without a password (NULL or not set) a JKS is read without
 * its digest being checked, a PFX only when nothing in it is encrypted. */
bool keystore_read(struct span input, const struct secret *password,
                   const struct secret *key_password, struct keystore *out,
                   struct err *err) MUST_USE;
bool keystore_detect(struct span input, enum keystore_kind *kind) MUST_USE; /* by magic / DER */
void keystore_release(struct keystore *k);

/* Opens `bytes` again and compares key, leaf, chain and alias with e. */
bool keystore_check(struct span bytes, const struct keystore_entry *e, struct err *err) MUST_USE;

#endif
