/* SPDX-License-Identifier: Apache-2.0
 *
 * AES-256 over messages: the vectors of NIST SP 800-38A (F.1.5, F.2.5), the padding of RFC 5652,
 * keys in every spelling, and messages that are none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/aes.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"

#include <string.h>

#define KEY "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define IV  "000102030405060708090a0b0c0d0e0f"
#define PLAIN                                                                                      \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a" \
    "52eff69f2445df4f9b17ad2b417be66c3710"
#define ECB                                                                                        \
    "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870b6ed21b99ca6f4f9f153e7b1beaf" \
    "ed1d23304b7a39f9f3ff067d8d8f9e24ecc7"
#define CBC                                                                                        \
    "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e2630423" \
    "1461b2eb05e2c39be9fcda6c19078c6a9d1b"

enum { OCTETS = 64 };

static void set(struct secret *s, const char *text)
{
    secret_set(s, text, strlen(text));
}

static void key_of(struct secret *key)
{
    struct err err = ERR_INIT;
    CLEANUP(secret_release) struct secret given = SECRET_INIT;
    set(&given, KEY);
    assert_true(aes_key_read(&given, key, &err));
}

/* The vectors are whole blocks; the message has one more, of padding. */
static void vectors(void **state UNUSED)
{
    static const struct {
        enum aes_mode mode;
        const char *cipher;
        size_t before;
    } rows[] = {{AES_ECB, ECB, 0}, {AES_CBC_PREFIXED_IV, CBC, AES_BLOCK}};
    uint8_t iv[AES_BLOCK], plain[OCTETS], cipher[OCTETS];
    struct err err = ERR_INIT;
    CLEANUP(secret_release) struct secret key = SECRET_INIT;
    key_of(&key);
    assert_true(hex_decode(IV, 2 * sizeof iv, iv));
    assert_true(hex_decode(PLAIN, 2 * sizeof plain, plain));
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
        CLEANUP(buf_wipe) struct buf back = BUF_INIT(4096);
        assert_true(hex_decode(rows[i].cipher, 2 * sizeof cipher, cipher));
        assert_true(aes_encrypt(rows[i].mode, &key, iv, (struct span){plain, OCTETS}, &out, &err));
        assert_int_equal(out.n, rows[i].before + OCTETS + AES_BLOCK);
        assert_memory_equal(out.p, iv, rows[i].before);
        assert_memory_equal(out.p + rows[i].before, cipher, OCTETS);
        assert_true(aes_decrypt(rows[i].mode, &key, buf_span(&out), &back, &err));
        assert_int_equal(back.n, OCTETS);
        assert_memory_equal(back.p, plain, OCTETS);
    }
}

/* With a vector of zeros, the first block of CBC is that of ECB. */
static void zero_vector(void **state UNUSED)
{
    uint8_t plain[OCTETS], ecb[AES_BLOCK];
    struct err err = ERR_INIT;
    CLEANUP(secret_release) struct secret key = SECRET_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
    CLEANUP(buf_wipe) struct buf back = BUF_INIT(4096);
    key_of(&key);
    assert_true(hex_decode(PLAIN, 2 * sizeof plain, plain));
    assert_true(hex_decode(ECB, 2 * sizeof ecb, ecb));
    assert_true(aes_encrypt(AES_CBC_ZERO_IV, &key, NULL, (struct span){plain, OCTETS}, &out, &err));
    assert_int_equal(out.n, OCTETS + AES_BLOCK);
    assert_memory_equal(out.p, ecb, AES_BLOCK);
    assert_true(memcmp(out.p + AES_BLOCK, ecb, AES_BLOCK) != 0);
    assert_true(aes_decrypt(AES_CBC_ZERO_IV, &key, buf_span(&out), &back, &err));
    assert_memory_equal(back.p, plain, OCTETS);
}

/* Every length up to two blocks comes back, and is longer by 1 to 16 octets on the way. */
static void padding(void **state UNUSED)
{
    static const enum aes_mode modes[] = {AES_ECB, AES_CBC_ZERO_IV, AES_CBC_PREFIXED_IV};
    uint8_t iv[AES_BLOCK] = {1, 2, 3};
    uint8_t plain[2 * AES_BLOCK] = "0123456789abcdefghijklmnopqrstu";
    struct err err = ERR_INIT;
    CLEANUP(secret_release) struct secret key = SECRET_INIT;
    key_of(&key);
    for (size_t m = 0; m < NITEMS(modes); m++) {
        for (size_t n = 0; n <= sizeof plain; n++) {
            CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
            CLEANUP(buf_wipe) struct buf back = BUF_INIT(4096);
            assert_true(aes_encrypt(modes[m], &key, iv, (struct span){plain, n}, &out, &err));
            assert_int_equal(out.n % AES_BLOCK, 0);
            assert_int_equal(out.n, (n / AES_BLOCK + 1) * AES_BLOCK +
                                        (modes[m] == AES_CBC_PREFIXED_IV ? AES_BLOCK : 0));
            assert_true(aes_decrypt(modes[m], &key, buf_span(&out), &back, &err));
            assert_int_equal(back.n, n);
            assert_memory_equal(buf_text(&back), plain, n);
        }
    }
}

static void keys(void **state UNUSED)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {KEY, true},
        {"603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4", true},
        {"YD3rEBXKcb4rc67whX13gR81LAc7YQjXLZgQowkU3/Q=", true},
        {"0123456789abcdef0123456789abcdef", true}, /* 32 octets are taken as they are */
        {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dffg", false},
        {"603deb1015ca71be2b73aef0857d7781", true},
        {"603deb1015ca71be2b73aef0857d778", false},
        {"YD3rEBXKcb4rc67whX13gQ==", false}, /* 128 bits */
        {"", false},
    };
    CLEANUP(secret_release) struct secret same = SECRET_INIT;
    key_of(&same);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct err err = ERR_INIT;
        CLEANUP(secret_release) struct secret given = SECRET_INIT;
        CLEANUP(secret_release) struct secret key = SECRET_INIT;
        set(&given, rows[i].text);
        assert_int_equal(aes_key_read(&given, &key, &err), rows[i].good);
        if (!rows[i].good) {
            assert_int_equal(err.code, ERR_INPUT);
            assert_false(secret_is_set(&key));
        } else if (i < 3) {
            assert_memory_equal(secret_bytes(&key), secret_bytes(&same), AES_KEY_SIZE);
        }
    }
}

static void no_messages(void **state UNUSED)
{
    uint8_t bytes[3 * AES_BLOCK] = {7};
    static const size_t lengths[] = {0, 1, AES_BLOCK - 1, AES_BLOCK + 1, 2 * AES_BLOCK};
    CLEANUP(secret_release) struct secret key = SECRET_INIT;
    CLEANUP(secret_release) struct secret none = SECRET_INIT;
    key_of(&key);
    for (size_t i = 0; i < NITEMS(lengths); i++) {
        struct err err = ERR_INIT;
        CLEANUP(buf_wipe) struct buf out = BUF_INIT(4096);
        assert_false(aes_decrypt(AES_ECB, &key, (struct span){bytes, lengths[i]}, &out, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_int_equal(out.n, 0);
    }
    struct err err = ERR_INIT;
    CLEANUP(buf_wipe) struct buf out = BUF_INIT(4096);
    assert_false(aes_encrypt(AES_ECB, &none, NULL, (struct span){bytes, 1}, &out, &err));
    assert_int_equal(err.code, ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors), cmocka_unit_test(zero_vector), cmocka_unit_test(padding),
        cmocka_unit_test(keys),    cmocka_unit_test(no_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
