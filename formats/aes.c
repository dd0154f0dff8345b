/* SPDX-License-Identifier: Apache-2.0
 *
 * See aes.h.
 */
#include "formats/aes.h"

#include "formats/base/sha.h"
#include "formats/base/str.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

enum { MESSAGE_MAX = 16 * 1024 * 1024 };

bool aes_key_read(const struct secret *given, struct secret *key, struct err *err)
{
    uint8_t raw[AES_KEY_SIZE];
    CLEANUP(buf_wipe) struct buf b = BUF_INIT(4 * AES_KEY_SIZE);
    const char *text = secret_bytes(given);
    bool good = true;
    if (given->n == AES_KEY_SIZE) {
        memcpy(raw, text, AES_KEY_SIZE);
    } else if (given->n == 2 * (size_t)AES_KEY_SIZE) {
        good = hex_decode(text, given->n, raw);
    } else {
        good = base64_decode(&b, text, given->n) && b.n == AES_KEY_SIZE;
        if (good) {
            memcpy(raw, b.p, AES_KEY_SIZE);
        }
    }
    if (good) {
        secret_set(key, raw, sizeof raw);
    }
    OPENSSL_cleanse(raw, sizeof raw);
    return good ||
           err_set(err, ERR_INPUT,
                   "this is no key for AES-256: 32 octets, 64 hex digits, or these in Base64");
}

static const uint8_t zeros[AES_BLOCK];

static EVP_CIPHER_CTX *begin(enum aes_mode mode, const struct secret *key, const uint8_t *iv,
                             int encrypt)
{
    const EVP_CIPHER *cipher = mode == AES_ECB ? EVP_aes_256_ecb() : EVP_aes_256_cbc();
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx && EVP_CipherInit_ex(ctx, cipher, NULL, (const uint8_t *)secret_bytes(key),
                                 mode == AES_ECB ? NULL : iv, encrypt) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

static bool run(EVP_CIPHER_CTX *ctx, struct span in, struct buf *out)
{
    int n = 0, last = 0;
    char *room = in.n <= MESSAGE_MAX ? buf_room(out, in.n + 2 * (size_t)AES_BLOCK) : NULL;
    const bool ok = ctx && room &&
                    EVP_CipherUpdate(ctx, (uint8_t *)room, &n, in.p, (int)in.n) == 1 &&
                    EVP_CipherFinal_ex(ctx, (uint8_t *)room + n, &last) == 1;
    if (ok) {
        buf_grew(out, (size_t)n + (size_t)last);
    } else if (room) {
        OPENSSL_cleanse(room, in.n + 2 * (size_t)AES_BLOCK);
    }
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

bool aes_encrypt(enum aes_mode mode, const struct secret *key, const uint8_t iv[AES_BLOCK],
                 struct span plain, struct buf *out, struct err *err)
{
    if (key->n != AES_KEY_SIZE) {
        return err_set(err, ERR_INTERNAL, "AES-256 without a key of 32 octets");
    }
    if (mode == AES_CBC_PREFIXED_IV) {
        buf_add(out, iv, AES_BLOCK);
    }
    return run(begin(mode, key, mode == AES_CBC_PREFIXED_IV ? iv : zeros, 1), plain, out) ||
           err_set(err, ERR_INTERNAL, "the message cannot be encrypted");
}

bool aes_decrypt(enum aes_mode mode, const struct secret *key, struct span message, struct buf *out,
                 struct err *err)
{
    const uint8_t *iv = zeros;
    if (key->n != AES_KEY_SIZE) {
        return err_set(err, ERR_INTERNAL, "AES-256 without a key of 32 octets");
    }
    if (mode == AES_CBC_PREFIXED_IV && message.n > AES_BLOCK) {
        iv = message.p;
        message = (struct span){message.p + AES_BLOCK, message.n - AES_BLOCK};
    }
    if (!message.n || message.n % AES_BLOCK) {
        return err_set(err, ERR_INPUT, "the message is no whole number of AES blocks");
    }
    return run(begin(mode, key, iv, 0), message, out) ||
           err_set(err, ERR_INPUT, "the message does not decrypt with this key and mode");
}
