/* SPDX-License-Identifier: Apache-2.0
 *
 * See sha.h.
 */
#include "formats/base/sha.h"

#include "formats/base/str.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

NORETURN static void broken(const char *what)
{
    (void)fprintf(stderr, "certbatch: libcrypto refuses %s\n", what);
    _exit(70);
}

/* Fetched once: SHA256() and EVP_sha256() fetch the implementation anew on every call. It lives as
 * long as the process. */
static EVP_MD *sha256_md;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void fetch_sha256(void)
{
    sha256_md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    if (!sha256_md) {
        broken("SHA-256");
    }
}

static const EVP_MD *md(void)
{
    (void)pthread_once(&sha256_once, fetch_sha256);
    return sha256_md;
}

void sha256(const void *p, size_t n, uint8_t out[SHA256_SIZE])
{
    if (EVP_Digest(p, n, out, NULL, md(), NULL) != 1) {
        broken("SHA-256");
    }
}

void sha256_hex(const void *p, size_t n, char out[SHA256_HEX])
{
    uint8_t d[SHA256_SIZE];
    sha256(p, n, d);
    hex_encode(d, sizeof d, out);
}

void sha3_256(const void *p, size_t n, uint8_t out[32])
{
    if (EVP_Digest(p, n, out, NULL, EVP_sha3_256(), NULL) != 1) {
        broken("SHA3-256");
    }
}

void sha256_begin(struct sha256 *s)
{
    s->ctx = EVP_MD_CTX_new();
    if (!s->ctx || EVP_DigestInit_ex(s->ctx, md(), NULL) != 1) {
        broken("SHA-256");
    }
}

void sha256_add(struct sha256 *s, const void *p, size_t n)
{
    if (EVP_DigestUpdate(s->ctx, p, n) != 1) {
        broken("SHA-256");
    }
}

void sha256_end(struct sha256 *s, uint8_t out[SHA256_SIZE])
{
    if (EVP_DigestFinal_ex(s->ctx, out, NULL) != 1) {
        broken("SHA-256");
    }
    EVP_MD_CTX_free(s->ctx);
    s->ctx = NULL;
}

void sha256_end_hex(struct sha256 *s, char out[SHA256_HEX])
{
    uint8_t d[SHA256_SIZE];
    sha256_end(s, d);
    hex_encode(d, sizeof d, out);
}

void random_bytes(void *p, size_t n)
{
    if (RAND_bytes(p, (int)n) != 1) {
        broken("random bytes");
    }
}

void base64_encode(struct buf *out, const void *p, size_t n, unsigned line)
{
    static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = p;
    char quad[4];
    unsigned column = 0;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)b[i] << 16 | (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) |
                     (left > 2 ? b[i + 2] : 0);
        quad[0] = abc[v >> 18];
        quad[1] = abc[v >> 12 & 63];
        quad[2] = left > 1 ? abc[v >> 6 & 63] : '=';
        quad[3] = left > 2 ? abc[v & 63] : '=';
        buf_add(out, quad, 4);
        column += 4;
        if (line && (column >= line || left <= 3)) {
            buf_putc(out, '\n');
            column = 0;
        }
    }
}

/* The value plus one; 0 is no character of base64. */
static const uint8_t base64_plus_one[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

static int base64_value(char c)
{
    return base64_plus_one[(unsigned char)c] - 1;
}

bool base64_decode(struct buf *out, const char *s, size_t n)
{
    if (n % 4) {
        return false;
    }
    for (size_t i = 0; i < n; i += 4) {
        bool last = i + 4 == n;
        unsigned pad = !last || s[i + 3] != '=' ? 0 : s[i + 2] == '=' ? 2 : 1;
        uint32_t v = 0;
        for (unsigned k = 0; k < 4; k++) {
            int d = k >= 4 - pad ? 0 : base64_value(s[i + k]);
            if (d < 0) {
                return false;
            }
            v = v << 6 | (uint32_t)d;
        }
        if ((pad == 1 && (v & 0xFF)) || (pad == 2 && (v & 0xFFFF))) {
            return false; /* bits after the end: not canonical */
        }
        const char bytes[3] = {(char)(v >> 16), (char)(v >> 8), (char)v};
        buf_add(out, bytes, 3 - pad);
    }
    return !buf_failed(out);
}
