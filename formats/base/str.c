/* SPDX-License-Identifier: Apache-2.0
 *
 * See str.h.
 */
#include "formats/base/str.h"

#include "formats/base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_eq(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_ieq(const char *a, const char *b)
{
    if (!a || !b) {
        return a == b;
    }
    while (*a && ascii_lower(*a) == ascii_lower(*b)) {
        a++;
        b++;
    }
    return ascii_lower(*a) == ascii_lower(*b);
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s);
    size_t m = strlen(suffix);
    return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool str_iends(const char *s, const char *suffix)
{
    size_t n = strlen(s);
    size_t m = strlen(suffix);
    return n >= m && str_ieq(s + n - m, suffix);
}

bool str_has_word(const char *words, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = words; *p; p += strspn(p, " ")) {
        const size_t len = strcspn(p, " ");
        if (len == n && memcmp(p, word, n) == 0) {
            return true;
        }
        p += len;
    }
    return false;
}

char *str_lower(struct arena *a, const char *s)
{
    char *q = arena_strdup(a, s);
    for (char *p = q; *p; p++) {
        *p = ascii_lower(*p);
    }
    return q;
}

/* RFC 3629 section 4: the second byte's range depends on the first. */
size_t utf8_decode(const char *s, size_t n, uint32_t *code_point)
{
    const unsigned char *u = (const unsigned char *)s;
    if (n == 0) {
        return 0;
    }
    if (u[0] < 0x80) {
        *code_point = u[0];
        return 1;
    }
    size_t len = u[0] >= 0xF0 ? 4 : u[0] >= 0xE0 ? 3 : 2;
    if (u[0] < 0xC2 || u[0] > 0xF4 || n < len) {
        return 0;
    }
    uint32_t cp = u[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((u[i] & 0xC0) != 0x80) {
            return 0;
        }
        cp = cp << 6 | (u[i] & 0x3Fu);
    }
    const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (cp < least[len] || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
        return 0;
    }
    *code_point = cp;
    return len;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t len = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (cp & 0x3F));
        cp >>= 6;
    }
    out[0] = (char)((0xF00u >> len & 0xF0) | cp);
    return len;
}

bool utf8_valid(const char *s, size_t n)
{
    uint32_t cp;
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_decode(s + i, n - i, &cp);
        if (!len) {
            return false;
        }
    }
    return true;
}

size_t utf8_length(const char *s, size_t n)
{
    size_t count = 0;
    uint32_t cp;
    for (size_t i = 0; i < n; count++) {
        size_t len = utf8_decode(s + i, n - i, &cp);
        i += len ? len : 1;
    }
    return count;
}

/* Characters that change what a reader sees: controls, bidi controls, invisible joiners, fillers
 * and tags. */
static bool shown_as_escape(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
                  {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
                  {0xE000, 0xF8FF}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF}};
    for (size_t i = 0; i < NITEMS(ranges); i++) {
        if (cp >= ranges[i].first && cp <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* One character of foreign text as it is shown, NUL terminated; returns the bytes it took. */
static size_t vis_one(const char *s, size_t n, char shown[16])
{
    uint32_t cp;
    size_t len = utf8_decode(s, n, &cp);
    if (!len) {
        (void)snprintf(shown, 16, "\\x%02x", (unsigned)(unsigned char)s[0]);
        return 1;
    }
    if (cp == '\\') {
        memcpy(shown, "\\\\", 3);
    } else if (!shown_as_escape(cp)) {
        memcpy(shown, s, len);
        shown[len] = '\0';
    } else {
        (void)snprintf(shown, 16, cp < 0x80 ? "\\x%02x" : "\\u{%04x}", cp);
    }
    return len;
}

static void vis(struct buf *out, const char *s, size_t n, size_t cap, bool again)
{
    size_t start = out->n;
    for (size_t i = 0; i < n;) {
        char shown[16];
        size_t len = vis_one(s + i, n - i, shown);
        if (again && s[i] == '\\') {
            shown[1] = '\0';
        }
        if (out->n - start + strlen(shown) > cap) {
            buf_puts(out, "...");
            return;
        }
        buf_puts(out, shown);
        i += len;
    }
}

void str_vis(struct buf *out, const char *s, size_t n, size_t cap)
{
    vis(out, s, n, cap, false);
}

void str_vis_again(struct buf *out, const char *s, size_t n, size_t cap)
{
    vis(out, s, n, cap, true);
}

char *str_vis_dup(struct arena *a, const char *s, size_t n)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(8 * LIMIT_VALUE_SHOWN);
    str_vis(&b, s, n, LIMIT_VALUE_SHOWN);
    return arena_strdup(a, buf_text(&b));
}

bool str_u64(const char *s, uint64_t *out)
{
    uint64_t v = 0;
    if (!*s || (s[0] == '0' && s[1])) {
        return false;
    }
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || v > (UINT64_MAX - (uint64_t)(*s - '0')) / 10) {
            return false;
        }
        v = v * 10 + (uint64_t)(*s - '0');
    }
    *out = v;
    return true;
}

static int hex_value(char c)
{
    c = ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(const char *s, size_t n, uint8_t *out)
{
    if (n % 2) {
        return false;
    }
    for (size_t i = 0; i < n; i += 2) {
        int hi = hex_value(s[i]);
        int lo = hex_value(s[i + 1]);
        if (hi < 0 || lo < 0) {
            return false;
        }
        out[i / 2] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

void hex_encode(const uint8_t *p, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
}

char *hex_dup(struct arena *a, const uint8_t *p, size_t n)
{
    char *s = arena_alloc(a, 2 * n + 1);
    hex_encode(p, n, s);
    return s;
}

char *hex_dup_upper(struct arena *a, const uint8_t *p, size_t n)
{
    char *s = hex_dup(a, p, n);
    for (char *c = s; *c; c++) {
        *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
    }
    return s;
}

enum { SERIAL_DIGITS = 40 }; /* hexadecimal, 20 octets: RFC 5280 4.1.2.2 */

/* The digits of a decimal number to the octets of a serial; false when it is none or too large. */
static bool serial_from_decimal(const char *s, uint8_t out[SERIAL_DIGITS / 2])
{
    memset(out, 0, SERIAL_DIGITS / 2);
    for (const char *c = s; *c; c++) {
        unsigned carry = (unsigned)(*c - '0');
        if (carry > 9) {
            return false;
        }
        for (size_t i = SERIAL_DIGITS / 2; i > 0; i--) {
            carry += out[i - 1] * 10u;
            out[i - 1] = carry & 0xFF;
            carry >>= 8;
        }
        if (carry) {
            return false;
        }
    }
    return *s != '\0';
}

char *serial_normal(struct arena *a, const char *s)
{
    char digits[SERIAL_DIGITS + 1];
    uint8_t octets[SERIAL_DIGITS / 2];
    size_t n = 0;
    if (str_starts(s, "dec:")) {
        if (!serial_from_decimal(s + 4, octets)) {
            return NULL;
        }
        hex_encode(octets, sizeof octets, digits);
        s = arena_strdup(a, digits);
    } else if (strncasecmp(s, "dec:", 4) == 0) {
        return NULL; /* "DEC:1" is hexadecimal too: never guess */
    }
    s += s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 2 : 0;
    for (; *s; s++) {
        if (*s == ':') {
            continue;
        }
        int v = hex_value(*s);
        if (v < 0 || n == sizeof digits - 1) {
            return NULL;
        }
        if (n || v) {
            digits[n++] = "0123456789ABCDEF"[v];
        }
    }
    digits[n] = '\0';
    return n == 0 ? NULL : arena_printf(a, "%s%s", n % 2 ? "0" : "", digits);
}

bool name_is_safe(const char *s)
{
    size_t n = 0;
    for (; s[n]; n++) {
        char c = ascii_lower(s[n]);
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (n >= LIMIT_ITEM_ID || !(word || (n > 0 && (c == '.' || c == '_' || c == '-')))) {
            return false;
        }
    }
    return n > 0;
}

bool glob_match(const char *pattern, const char *s)
{
    const char *star = NULL;
    const char *mark = NULL;
    while (*s) {
        if (*pattern == '*') {
            star = pattern++;
            mark = s;
        } else if (*pattern == '?' || *pattern == *s) {
            pattern++;
            s++;
        } else if (star) {
            pattern = star + 1;
            s = ++mark;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return !*pattern;
}

void strlist_release(struct strlist *l)
{
    free(l->v);
    *l = (struct strlist){0};
}

bool strlist_has(const struct strlist *l, const char *s)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->v[i], s) == 0) {
            return true;
        }
    }
    return false;
}
