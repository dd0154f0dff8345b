/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading private keys. Every shape (PKCS#1, SEC 1, encrypted or not) is brought to PKCS#8 first,
 * so that one decoder per thread and algorithm serves all of them: building an OSSL_DECODER_CTX
 * costs 300 us and takes global locks, using one costs 17. Key bytes live in wiped buffers only.
 */
#include "formats/key.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/der.h"
#include "formats/pbe.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct algorithm {
    const char *oid, *name;
} algorithms[] = {
    {"1.2.840.113549.1.1.1", "RSA"},
    {"1.2.840.10045.2.1", "EC"},
    {"1.3.101.112", "ED25519"},
    {"1.3.101.113", "ED448"},
    {"1.2.840.113549.1.1.10", "RSA-PSS"},
    {"1.2.840.10040.4.1", "DSA"},
    {"1.3.101.110", "X25519"},
    {"1.3.101.111", "X448"},
    {"1.2.840.113549.1.3.1", "DH"},
};

/* A thread's decoders. Each writes to the slot whose address it was built with. */
struct decoders {
    struct {
        OSSL_DECODER_CTX *ctx;
        EVP_PKEY *slot;
    } v[NITEMS(algorithms)];
};
static pthread_key_t decoders_key;
static pthread_once_t decoders_once = PTHREAD_ONCE_INIT;

static void decoders_free(void *p)
{
    struct decoders *d = p;
    for (size_t i = 0; i < NITEMS(algorithms); i++) {
        OSSL_DECODER_CTX_free(d->v[i].ctx);
    }
    free(d);
}

static void decoders_init(void)
{
    if (pthread_key_create(&decoders_key, decoders_free) != 0) {
        oom(sizeof(struct decoders));
    }
}

static struct decoders *decoders_mine(void)
{
    (void)pthread_once(&decoders_once, decoders_init);
    struct decoders *d = pthread_getspecific(decoders_key);
    if (!d) {
        d = xcalloc(1, sizeof *d);
        if (pthread_setspecific(decoders_key, d) != 0) {
            oom(sizeof *d);
        }
    }
    return d;
}

static EVP_PKEY *decode(size_t algorithm, struct span der)
{
    struct decoders *d = decoders_mine();
    OSSL_DECODER_CTX **ctx = &d->v[algorithm].ctx;
    EVP_PKEY **slot = &d->v[algorithm].slot;
    if (!*ctx) {
        *ctx =
            OSSL_DECODER_CTX_new_for_pkey(slot, "DER", "PrivateKeyInfo", algorithms[algorithm].name,
                                          EVP_PKEY_KEYPAIR, NULL, NULL);
    }
    const unsigned char *p = der.p;
    size_t n = der.n;
    if (!*ctx || OSSL_DECODER_from_data(*ctx, &p, &n) != 1) {
        EVP_PKEY_free(*slot); /* a failure late in the chain may leave one */
        *slot = NULL;
    }
    return TAKE(*slot);
}

/* The AlgorithmIdentifier of a PrivateKeyInfo (RFC 5958 section 2); false when it is none. */
static bool algorithm_of(struct span der, struct span *oid)
{
    struct der d = der_over(der);
    struct der_tlv seq, version, algorithm, tlv;
    if (!der_take(&d, DER_SEQUENCE, &seq) || !der_at_end(&d)) {
        return false;
    }
    struct der p = der_into(&d, &seq);
    if (!der_take(&p, DER_INTEGER, &version) || !der_take(&p, DER_SEQUENCE, &algorithm)) {
        return false;
    }
    struct der a = der_into(&p, &algorithm);
    if (!der_take(&a, DER_OID, &tlv)) {
        return false;
    }
    *oid = tlv.value;
    return true;
}

bool key_from_pkcs8(struct span der, struct key *out, struct err *err)
{
    struct key key = KEY_INIT;
    struct span oid;
    char text[64];
    if (!algorithm_of(der, &oid)) {
        return err_set(err, ERR_INPUT, "the private key is not a PKCS#8 structure");
    }
    size_t i = 0;
    while (i < NITEMS(algorithms) && !der_oid_is(oid, algorithms[i].oid)) {
        i++;
    }
    if (i == NITEMS(algorithms)) {
        return err_set(err, ERR_INPUT, "the private key is of the unknown algorithm %s",
                       der_oid_text(oid, text) ? text : "(malformed OID)");
    }
    key.pkey = decode(i, der);
    if (!key.pkey) {
        return err_crypto(err, ERR_INPUT, "the %s private key is damaged", algorithms[i].name);
    }
    if (!key_encode(&key, err)) {
        key_release(&key);
        return false;
    }
    key_release(out);
    *out = key;
    return true;
}

/* PKCS#1 becomes PKCS#8: the algorithm has no parameters but NULL. */
static void wrap_pkcs1(struct span der, struct buf *out)
{
    size_t seq = der_open(out, DER_SEQUENCE);
    der_put_uint(out, 0);
    size_t algorithm = der_open(out, DER_SEQUENCE);
    der_put_oid(out, algorithms[0].oid);
    der_put(out, DER_NULL, (struct span){NULL, 0});
    der_close(out, algorithm);
    der_put(out, DER_OCTET_STRING, der);
    der_close(out, seq);
}

/* SEC 1 becomes PKCS#8: the curve moves from [0] inside to the algorithm outside. */
static bool wrap_sec1(struct span der, struct buf *out)
{
    struct der d = der_over(der);
    struct der_tlv seq, tlv, curve;
    if (!der_take(&d, DER_SEQUENCE, &seq)) {
        return false;
    }
    struct der p = der_into(&d, &seq);
    if (!der_take(&p, DER_INTEGER, &tlv) || !der_take(&p, DER_OCTET_STRING, &tlv) ||
        !der_take(&p, DER_CONTEXT_CONSTRUCTED(0), &curve)) {
        return false;
    }
    size_t whole = der_open(out, DER_SEQUENCE);
    der_put_uint(out, 0);
    size_t algorithm = der_open(out, DER_SEQUENCE);
    der_put_oid(out, algorithms[1].oid);
    buf_add(out, curve.value.p, curve.value.n);
    der_close(out, algorithm);
    der_put(out, DER_OCTET_STRING, der);
    der_close(out, whole);
    return true;
}

/* DSA in its traditional form has no place of its own: libcrypto guesses it. */
static bool read_dsa(struct span der, struct key *out, struct err *err)
{
    struct key key = KEY_INIT;
    const unsigned char *p = der.p;
    key.pkey = d2i_PrivateKey(EVP_PKEY_DSA, NULL, &p, (long)der.n);
    if (!key.pkey) {
        return err_crypto(err, ERR_INPUT, "the private key is damaged");
    }
    if (!key_encode(&key, err)) {
        key_release(&key);
        return false;
    }
    key_release(out);
    *out = key;
    return true;
}

static bool read_encrypted(const struct der *d, struct span der, const struct der_tlv *algorithm,
                           const struct der_tlv *data, const struct secret *password,
                           struct key *out, struct err *err)
{
    struct pbe pbe;
    CLEANUP(buf_wipe) struct buf clear = BUF_INIT(der.n + 64);
    if (!password || !secret_is_set(password)) {
        err_set(err, ERR_INPUT, "the private key is encrypted and no password was given");
        err_hint(err, "give the password of the key");
        return false;
    }
    if (!pbe_parse(d, algorithm, &pbe, err) ||
        !pbe_decrypt(&pbe, password, NULL, data->value, &clear, err)) {
        return false;
    }
    struct span oid;
    if (!algorithm_of(buf_span(&clear), &oid)) { /* bad padding looks good once in 256 times */
        return err_set(err, ERR_INPUT, "decryption failed: wrong password or damaged data");
    }
    return key_from_pkcs8(buf_span(&clear), out, err);
}

/* What a DER private key is, told by its first elements. */
static bool read_der(struct span der, const struct secret *password, struct key *out,
                     struct err *err)
{
    struct der d = der_over(der);
    struct der_tlv seq, first, second;
    CLEANUP(buf_wipe) struct buf pkcs8 = BUF_INIT(der.n + 256);
    if (!der_take(&d, DER_SEQUENCE, &seq) || !der_at_end(&d)) {
        return err_set(err, ERR_INPUT, "this is not a private key in PEM or DER");
    }
    struct der p = der_into(&d, &seq);
    if (!der_next(&p, &first) || !der_next(&p, &second)) {
        return err_set(err, ERR_INPUT, "this is not a private key in PEM or DER");
    }
    if (first.tag == DER_SEQUENCE && second.tag == DER_OCTET_STRING && der_at_end(&p)) {
        return read_encrypted(&p, der, &first, &second, password, out, err);
    }
    if (first.tag != DER_INTEGER) {
        return err_set(err, ERR_INPUT,
                       "the file holds no private key (a public key or certificate?)");
    }
    if (second.tag == DER_SEQUENCE) {
        return key_from_pkcs8(der, out, err);
    }
    size_t numbers = 2;
    for (struct der_tlv tlv; der_take(&p, DER_INTEGER, &tlv);) {
        numbers++;
    }
    if (second.tag == DER_INTEGER && numbers == 6) {
        return read_dsa(der, out, err);
    }
    if (second.tag == DER_INTEGER) {
        wrap_pkcs1(der, &pkcs8);
    } else if (second.tag != DER_OCTET_STRING || !wrap_sec1(der, &pkcs8)) {
        return err_set(err, ERR_INPUT, "the private key is of an unknown shape%s",
                       second.tag == DER_OCTET_STRING ? ": SEC 1 without its curve" : "");
    }
    return key_from_pkcs8(buf_span(&pkcs8), out, err);
}

static int give_password(char *out, int size, int rwflag UNUSED, void *u)
{
    const struct secret *password = u;
    if (!password || !secret_is_set(password) || password->n > (size_t)size) {
        return -1;
    }
    memcpy(out, secret_bytes(password), password->n);
    return (int)password->n;
}

/* RFC 1421 encryption of traditional PEM (DEK-Info): libcrypto undoes it in place. */
static bool undo_header(char *header, unsigned char *data, long *n, const struct secret *password,
                        struct err *err)
{
    EVP_CIPHER_INFO info;
    struct secret view = password ? *password : (struct secret)SECRET_INIT;
    if (!strstr(header, "ENCRYPTED")) {
        return true;
    }
    if (!secret_is_set(&view)) {
        err_set(err, ERR_INPUT, "the private key is encrypted and no password was given");
        err_hint(err, "give the password of the key");
        return false;
    }
    if (PEM_get_EVP_CIPHER_INFO(header, &info) != 1 ||
        PEM_do_header(&info, data, n, give_password, &view) != 1) {
        return err_crypto(err, ERR_INPUT, "the private key cannot be decrypted: wrong password?");
    }
    return true;
}

static bool read_block(const char *label, char *header, unsigned char *data, long n,
                       const struct secret *password, struct key *out, struct err *err)
{
    if (str_eq(label, "OPENSSH PRIVATE KEY")) {
        err_set(err, ERR_INPUT, "the private key is in OpenSSH's own format");
        err_hint(err, "convert it: ssh-keygen -p -m PKCS8 -f FILE");
        return false;
    }
    return undo_header(header, data, &n, password, err) &&
           read_der((struct span){data, (size_t)n}, password, out, err);
}

static bool read_pem(struct span input, const struct secret *password, struct key *out,
                     struct err *err)
{
    BIO *bio = BIO_new_mem_buf(input.p, (int)input.n);
    char *label = NULL, *header = NULL;
    unsigned char *data = NULL;
    long n = 0;
    bool found = false, ok = false;
    while (bio && !found &&
           PEM_read_bio_ex(bio, &label, &header, &data, &n,
                           PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) == 1) {
        found = str_ends(label, "PRIVATE KEY");
        ok = found && read_block(label, header, data, n, password, out, err);
        OPENSSL_secure_free(label);
        OPENSSL_secure_free(header);
        OPENSSL_secure_clear_free(data, (size_t)n);
        label = header = NULL;
        data = NULL;
    }
    BIO_free(bio);
    if (!found) {
        return err_crypto(err, ERR_INPUT, "there is no readable PRIVATE KEY block in the PEM text");
    }
    ERR_clear_error();
    return ok;
}

bool key_read(struct span input, const struct secret *password, struct key *out, struct err *err)
{
    if (input.n == 0 || input.n > LIMIT_INPUT_BYTES) {
        return err_set(err, ERR_INPUT, "the private key is %s", input.n ? "too large" : "empty");
    }
    if (memmem(input.p, input.n, "-----BEGIN ", 11)) {
        return read_pem(input, password, out, err);
    }
    return read_der(input, password, out, err);
}
