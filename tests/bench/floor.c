/* SPDX-License-Identifier: Apache-2.0
 *
 * The floor: what libcrypto, the disk and zlib alone cost for the work of a batch, by the fast
 * paths of OpenSSL 3.0 (EVP_PKEY_fromdata, no decoder, no X509 objects), on all CPUs, with no
 * parsing beyond what verification needs, no policy, no reports.
 *
 *   floor csrs N DIR              writes N P-256 CSRs as PEM files (the input of both sides)
 *   floor lint DIR                reads, decodes and verifies every CSR of DIR
 *   floor run N DIR ITER BYTES    N items: key, CSR, its check, certificate, its check, key store
 *                                 derivations, grouped durable files, gzip of BYTES bytes
 */
#include <dirent.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { GROUP = 256, CSR_MAX = 4096 };

static void must(int ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "floor: %s failed\n", what);
        exit(1);
    }
}

/* --- work over an index range on all CPUs --- */
struct crew {
    atomic_size_t next;
    size_t n;
    void (*fn)(void *ctx, size_t i);
    void *ctx;
};

static void *crew_run(void *arg)
{
    struct crew *c = arg;
    for (size_t i; (i = atomic_fetch_add(&c->next, 1)) < c->n;) {
        c->fn(c->ctx, i);
    }
    return NULL;
}

static void crew_all(size_t n, void (*fn)(void *, size_t), void *ctx)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t t[64];
    struct crew c = {.n = n, .fn = fn, .ctx = ctx};
    cpus = cpus > 64 ? 64 : cpus;
    for (long i = 0; i < cpus; i++) {
        must(pthread_create(&t[i], NULL, crew_run, &c) == 0, "pthread_create");
    }
    for (long i = 0; i < cpus; i++) {
        (void)pthread_join(t[i], NULL);
    }
}

/* --- csrs --- */
static void write_csr(const char *dir, size_t i)
{
    char path[512];
    char name[64];
    char san[80];
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509_REQ *req = X509_REQ_new();
    X509_NAME *subject = X509_REQ_get_subject_name(req);
    (void)snprintf(name, sizeof name, "host-%05zu.corp.example.com", i);
    (void)snprintf(san, sizeof san, "DNS:%s", name);
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (unsigned char *)name, -1, -1, 0),
         "subject");
    must(X509_REQ_set_pubkey(req, key), "public key");
    STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
    must(sk_X509_EXTENSION_push(exts, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san)),
         "extension");
    must(X509_REQ_add_extensions(req, exts), "extensions");
    must(X509_REQ_sign(req, key, EVP_sha256()) > 0, "signature");
    (void)snprintf(path, sizeof path, "%s/%05zu.csr", dir, i);
    FILE *f = fopen(path, "w");
    must(f && PEM_write_X509_REQ(f, req) && fclose(f) == 0, path);
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    X509_REQ_free(req);
    EVP_PKEY_free(key);
}

/* --- verification by the fast path --- */
static const unsigned char *tlv(const unsigned char *p, size_t *header, size_t *n)
{
    size_t len = p[1];
    *header = 2;
    if (len & 0x80) {
        size_t k = len & 0x7F;
        len = 0;
        for (size_t i = 0; i < k; i++) {
            len = len << 8 | p[2 + i];
        }
        *header += k;
    }
    *n = len;
    return p + *header;
}

static EVP_PKEY *point_key(const unsigned char *point, size_t n)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char group[] = "P-256";
    unsigned char copy[65];
    memcpy(copy, point, n < sizeof copy ? n : sizeof copy);
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                           OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, n),
                           OSSL_PARAM_END};
    must(ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
             EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1,
         "fromdata");
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* CertificationRequest: info, algorithm, signature. */
static void verify_csr(const unsigned char *der, const EVP_MD *md)
{
    size_t h;
    size_t n;
    const unsigned char *info = tlv(der, &h, &n);
    const unsigned char *p = tlv(info, &h, &n);
    size_t info_n = h + n;
    const unsigned char *alg = info + info_n;
    for (int skip = 0; skip < 2; skip++) { /* version, subject */
        const unsigned char *v = tlv(p, &h, &n);
        p = v + n;
    }
    const unsigned char *spki = tlv(p, &h, &n);
    const unsigned char *spki_alg = tlv(spki, &h, &n);
    const unsigned char *bits = tlv(spki_alg + n, &h, &n);
    EVP_PKEY *key = point_key(bits + 1, n - 1);
    const unsigned char *a = tlv(alg, &h, &n);
    const unsigned char *sig = tlv(a + n, &h, &n);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
             EVP_DigestVerify(ctx, sig + 1, n - 1, info, info_n) == 1,
         "signature check");
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
}

struct lint {
    char **paths;
    const EVP_MD *md;
};

static void lint_one(void *ctx, size_t i)
{
    const struct lint *l = ctx;
    char text[CSR_MAX];
    int fd = open(l->paths[i], O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof text - 1);
    (void)close(fd);
    must(n > 0, l->paths[i]);
    text[n] = '\0';
    const char *body = strchr(text, '\n') + 1;
    const char *end = strstr(body, "-----END");
    unsigned char der[CSR_MAX];
    int used = 0;
    int tail = 0;
    EVP_ENCODE_CTX *b64 = EVP_ENCODE_CTX_new();
    EVP_DecodeInit(b64);
    must(EVP_DecodeUpdate(b64, der, &used, (const unsigned char *)body, (int)(end - body)) >= 0 &&
             EVP_DecodeFinal(b64, der + used, &tail) == 1,
         "base64");
    EVP_ENCODE_CTX_free(b64);
    verify_csr(der, l->md);
}

static char **list(const char *dir, size_t *n)
{
    DIR *d = opendir(dir);
    char **v = NULL;
    *n = 0;
    must(d != NULL, dir);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strstr(e->d_name, ".csr")) {
            v = realloc(v, (*n + 1) * sizeof *v);
            size_t len = strlen(dir) + strlen(e->d_name) + 2;
            v[*n] = malloc(len);
            (void)snprintf(v[(*n)++], len, "%s/%s", dir, e->d_name);
        }
    }
    (void)closedir(d);
    return v;
}

/* --- run --- */
struct run {
    const char *dir;
    unsigned iterations;
    EVP_PKEY *ca;
    EVP_MD *sha256;
    EVP_KDF *pkcs12;
    EVP_CIPHER *aes;
    atomic_int dirty;
    pthread_mutex_t lock;
};

static size_t sign(EVP_PKEY *key, const EVP_MD *md, const void *p, size_t n, unsigned char *sig)
{
    size_t len = 128;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1 &&
             EVP_DigestSign(ctx, sig, &len, p, n) == 1,
         "sign");
    EVP_MD_CTX_free(ctx);
    return len;
}

static void check(EVP_PKEY *key, const EVP_MD *md, const void *p, size_t n,
                  const unsigned char *sig, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
             EVP_DigestVerify(ctx, sig, len, p, n) == 1,
         "check");
    EVP_MD_CTX_free(ctx);
}

/* PFX: two PBKDF2 (certificate safe, key bag) and the MAC's PKCS#12 derivation; encrypted PKCS#8:
 * one PBKDF2. A key store that is opened again from its bytes needs no second derivation. */
static void derive(const struct run *r)
{
    unsigned char salt[16];
    unsigned char key[32];
    char password[] = "abcdefghijklmnopqrstuv";
    unsigned char bmp[46] = {0};
    unsigned iterations = r->iterations;
    for (int i = 0; i < 3; i++) {
        (void)RAND_bytes(salt, sizeof salt);
        must(PKCS5_PBKDF2_HMAC(password, 22, salt, sizeof salt, (int)iterations, r->sha256,
                               sizeof key, key) == 1,
             "PBKDF2");
    }
    for (int i = 0; i < 22; i++) {
        bmp[2 * i + 1] = (unsigned char)password[i];
    }
    int id = 3;
    char digest[] = "SHA256";
    EVP_KDF_CTX *kdf = EVP_KDF_CTX_new(r->pkcs12);
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PASSWORD, bmp, sizeof bmp),
                           OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, salt, 8),
                           OSSL_PARAM_uint(OSSL_KDF_PARAM_ITER, &iterations),
                           OSSL_PARAM_int(OSSL_KDF_PARAM_PKCS12_ID, &id),
                           OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_END};
    must(EVP_KDF_derive(kdf, key, sizeof key, params) == 1, "PKCS12KDF");
    EVP_KDF_CTX_free(kdf);
}

/* Five files an item (key, CSR, certificate, key stores) made durable in groups: temporary,
 * write, one syncfs a group, rename. */
static void store(struct run *r, size_t i, const unsigned char *bytes)
{
    static const size_t sizes[] = {241, 500, 900, 1700, 1500};
    char temp[600];
    char path[600];
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        (void)snprintf(temp, sizeof temp, "%s/.t%zu-%zu", r->dir, i, k);
        (void)snprintf(path, sizeof path, "%s/%zu-%zu", r->dir, i, k);
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        must(fd >= 0 && write(fd, bytes, sizes[k]) == (ssize_t)sizes[k], temp);
        (void)close(fd);
        must(rename(temp, path) == 0, path);
    }
    if (atomic_fetch_add(&r->dirty, 1) % GROUP == GROUP - 1) {
        int fd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        /* key, intent, reply, certificate, outputs: five points that must be durable */
        for (int k = 0; k < 5; k++) {
            must(syncfs(fd) == 0, "syncfs");
        }
        (void)close(fd);
    }
}

static void run_one(void *ctx, size_t i)
{
    struct run *r = ctx;
    unsigned char tbs[600];
    unsigned char sig[128];
    unsigned char point[65];
    size_t n;
    unsigned char bytes[2048];
    (void)RAND_bytes(tbs, sizeof tbs);
    (void)RAND_bytes(bytes, sizeof bytes);
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    must(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n) ==
             1,
         "point");
    size_t len = sign(key, r->sha256, tbs, 300, sig);
    EVP_PKEY *again = point_key(point, n); /* the policy's and the CA's look at the CSR */
    check(again, r->sha256, tbs, 300, sig, len);
    check(again, r->sha256, tbs, 300, sig, len);
    EVP_PKEY_free(again);
    len = sign(r->ca, r->sha256, tbs, 600, sig);
    check(r->ca, r->sha256, tbs, 600, sig, len); /* the match of what came back */
    EVP_PKEY_free(key);
    derive(r);
    store(r, i, bytes);
}

/* Text like PEM: base64 of random bytes; both bundles at once, one thread each. */
static void zip_one(void *ctx, size_t half)
{
    size_t total = *(size_t *)ctx / 2;
    unsigned char raw[48];
    unsigned char line[80];
    unsigned char out[65536];
    z_stream z = {0};
    (void)half;
    must(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK, "deflateInit");
    for (size_t done = 0; done < total; done += 64) {
        (void)RAND_bytes(raw, sizeof raw);
        (void)EVP_EncodeBlock(line, raw, sizeof raw);
        z.next_in = line;
        z.avail_in = 64;
        do {
            z.next_out = out;
            z.avail_out = sizeof out;
            (void)deflate(&z, done + 64 >= total ? Z_FINISH : Z_NO_FLUSH);
        } while (z.avail_out == 0);
    }
    (void)deflateEnd(&z);
}

static void run_all(size_t n, const char *dir, unsigned iterations, size_t zip)
{
    struct run r = {.dir = dir, .iterations = iterations};
    r.ca = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    r.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    r.pkcs12 = EVP_KDF_fetch(NULL, "PKCS12KDF", NULL);
    crew_all(n, run_one, &r);
    crew_all(2, zip_one, &zip);
    EVP_PKEY_free(r.ca);
    EVP_MD_free(r.sha256);
    EVP_KDF_free(r.pkcs12);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "csrs") == 0) {
        for (size_t i = 0; i < strtoul(argv[2], NULL, 10); i++) {
            write_csr(argv[3], i);
        }
    } else if (argc == 3 && strcmp(argv[1], "lint") == 0) {
        size_t n;
        struct lint l = {.paths = list(argv[2], &n), .md = EVP_MD_fetch(NULL, "SHA256", NULL)};
        crew_all(n, lint_one, &l);
        (void)printf("%zu verified\n", n);
    } else if (argc == 6 && strcmp(argv[1], "run") == 0) {
        run_all(strtoul(argv[2], NULL, 10), argv[3], (unsigned)strtoul(argv[4], NULL, 10),
                strtoul(argv[5], NULL, 10));
    } else {
        return 2;
    }
    return 0;
}
