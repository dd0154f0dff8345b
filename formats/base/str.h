/* SPDX-License-Identifier: Apache-2.0
 *
 * Text: comparison, escaping of foreign text, small parsers. ASCII rules unless a name says
 * utf8; no function here looks at the locale.
 */
#ifndef FORMATS_BASE_STR_H
#define FORMATS_BASE_STR_H

#include "formats/base/arena.h"
#include "formats/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool str_eq(const char *a, const char *b) MUST_USE; /* NULL equals only NULL */
bool str_ieq(const char *a, const char *b) MUST_USE;
bool str_starts(const char *s, const char *prefix) MUST_USE;
bool str_ends(const char *s, const char *suffix) MUST_USE;
bool str_iends(const char *s, const char *suffix) MUST_USE;
/* word is one of the blank-separated words. */
bool str_has_word(const char *words, const char *word) MUST_USE;
char ascii_lower(char c);
char *str_lower(struct arena *a, const char *s) MUST_USE;

/* Valid UTF-8 without overlong forms, surrogates or code points above U+10FFFF. */
bool utf8_valid(const char *s, size_t n) MUST_USE;
/* Decodes one code point at s (n bytes left); its length, or 0 when malformed. */
size_t utf8_decode(const char *s, size_t n, uint32_t *code_point) MUST_USE;
size_t utf8_encode(uint32_t code_point, char out[4]) MUST_USE;
size_t utf8_length(const char *s, size_t n) MUST_USE; /* code points; malformed bytes count one */

/* Foreign text made safe for a terminal, a log line or a message: C0, C1, DEL, bidi controls and
 * malformed bytes become \xNN or \u{NNNN}, a backslash doubles; cut to `cap` bytes with "...".
 * The buffer form never fails beyond the buffer's own ceiling. */
void str_vis(struct buf *out, const char *s, size_t n, size_t cap);
/* The same for a text that was made safe when it was stored: its backslashes stay as they are. */
void str_vis_again(struct buf *out, const char *s, size_t n, size_t cap);
char *str_vis_dup(struct arena *a, const char *s, size_t n) MUST_USE; /* cap LIMIT_VALUE_SHOWN */

/* Decimal without sign, blanks or leading zeros; false on anything else or overflow. */
bool str_u64(const char *s, uint64_t *out) MUST_USE;
/* Hexadecimal; `out` takes n/2 bytes. False on odd length or a foreign character. */
bool hex_decode(const char *s, size_t n, uint8_t *out) MUST_USE;
void hex_encode(const uint8_t *p, size_t n, char *out); /* 2n characters and NUL, lower case */
char *hex_dup(struct arena *a, const uint8_t *p, size_t n) MUST_USE;
char *hex_dup_upper(struct arena *a, const uint8_t *p, size_t n) MUST_USE; /* serial numbers */

/* Serial text as people write it ("0A:1b", "0x0a1b", decimal only as "dec:2587") to upper-case hex
 * without leading zeros and an even number of digits; NULL when it is not a positive serial of at
 * most 20 octets. */
char *serial_normal(struct arena *a, const char *s) MUST_USE;

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63}: item ids and batch names, which name files. */
bool name_is_safe(const char *s) MUST_USE;

/* Shell-like '*' and '?' over a whole string, for item ids in waivers and filters. */
bool glob_match(const char *pattern, const char *s) MUST_USE;

/* A growable list of strings owned elsewhere. */
struct strlist {
    const char **v;
    size_t n, cap;
};
void strlist_release(struct strlist *l);
bool strlist_has(const struct strlist *l, const char *s) MUST_USE;

#endif
