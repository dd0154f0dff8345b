/* SPDX-License-Identifier: Apache-2.0
 *
 * See import_clean.h: text, serial numbers, keys, terms. Names are in import_names.c.
 */
#include "batch/import_clean.h"

#include "batch/import_parts.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "formats/key.h"

#include <string.h>

enum { SERIAL_DIGITS = 40, DECIMAL_LIKELY = 20, EXACT_DIGITS = 15 };

void clean_mend(struct clean *c, const char *what)
{
    if (c->mends) {
        VEC_PUSH(c->mends, c->label ? arena_printf(c->arena, "%s: %s", c->label, what) : what);
    }
}

const char *clean_refuse(struct clean *c, const char *why)
{
    c->why = why;
    return NULL;
}

/* --- text --- */
static bool is_invisible(uint32_t c)
{
    return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           c == 0x2060 || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

static bool is_blank(uint32_t c)
{
    return c == 0xA0 || c == 0x2007 || c == 0x202F || (c >= 0x2000 && c <= 0x200A) || c == 0x3000;
}

const char *clean_text(struct clean *c, const char *text)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_TABLE_CELL * 4);
    const size_t n = strlen(text);
    uint32_t gone = 0;
    bool wide = false;
    for (size_t i = 0; i < n;) {
        uint32_t point;
        const size_t step = utf8_decode(text + i, n - i, &point);
        if (!step || (point < 0x20 && point != '\t' && point != '\n') || point == 0x7F ||
            (point >= 0x80 && point < 0xA0)) {
            return clean_refuse(c, "a control character");
        }
        if (is_invisible(point)) {
            gone = point;
        } else if (is_blank(point)) {
            wide = true;
            buf_putc(&b, ' ');
        } else {
            buf_add(&b, text + i, step);
        }
        i += step;
    }
    if (gone) {
        clean_mend(c, arena_printf(c->arena, "the invisible character U+%04X was taken out", gone));
    }
    const char *p = buf_text(&b);
    p += strspn(p, " \t\n");
    size_t left = strlen(p);
    while (left && strchr(" \t\n", p[left - 1])) {
        left--;
    }
    if (wide && left) {
        clean_mend(c, "a no-break blank became a blank");
    }
    return arena_strndup(c->arena, p, left);
}

/* --- serial numbers --- */
static bool is_scientific(const char *s)
{
    const size_t digits = strspn(s, "0123456789");
    const char *p = s + digits;
    const bool point = digits && (*p == '.' || *p == ',');
    p += point ? 1 + strspn(p + 1, "0123456789") : 0;
    const bool exponent = digits && (*p == 'E' || *p == 'e');
    const bool sign = exponent && (p[1] == '+' || p[1] == '-');
    /* 12E4 alone may well be hexadecimal */
    const char *power = p + (exponent ? 1 + sign : 0);
    return exponent && (sign || point) && *power && !power[strspn(power, "0123456789")];
}

/* A spreadsheet keeps fifteen digits of a number and puts zeros for the others. */
static bool is_cut(const char *digits)
{
    const size_t n = strlen(digits);
    return n > EXACT_DIGITS && strspn(digits + EXACT_DIGITS, "0") == n - EXACT_DIGITS;
}

/* Without separators and prefix; NULL when it has other characters. */
static char *serial_digits(struct clean *c, const char *s)
{
    s += str_starts(s, "0x") || str_starts(s, "0X") ? 2 : 0;
    char *out = arena_strdup(c->arena, s);
    size_t n = 0;
    for (; *s; s++) {
        if (strchr(" :-", *s)) {
            continue;
        }
        if (!strchr("0123456789abcdefABCDEF", *s)) {
            return NULL;
        }
        out[n++] = *s;
    }
    out[n] = '\0';
    return out;
}

static const char *serial_hex(struct clean *c, const char *digits)
{
    const size_t n = strlen(digits);
    if (digits[strspn(digits, "0123456789")] == '\0' && n >= DECIMAL_LIKELY && n % 2) {
        return clean_refuse(c, "decimal digits only, and an odd number of them: decimal? Say "
                               "serial_base: decimal in the profile");
    }
    if (n % 2) {
        clean_mend(c, "an odd number of digits: a zero was put before them");
    }
    const char *serial = n <= SERIAL_DIGITS ? serial_normal(c->arena, digits) : NULL;
    return serial ? serial
                  : clean_refuse(c, "no serial number: 1 to 40 hexadecimal digits, not zero");
}

const char *clean_serial(struct clean *c, const char *text, enum cell_kind kind,
                         enum serial_base base)
{
    const char *s = clean_text(c, text);
    if (!s) {
        return NULL;
    }
    /* how some exports keep a spreadsheet from taking it for a number */
    const size_t n = strlen(s);
    if (n > 3 && str_starts(s, "=\"") && s[n - 1] == '"') {
        s = arena_strndup(c->arena, s + 2, n - 3);
    }
    s += *s == '\'';
    if (is_scientific(s)) {
        return clean_refuse(c, "a spreadsheet made a number of the serial number and lost digits: "
                               "export it again as text");
    }
    const char *digits = serial_digits(c, s);
    if (!digits) {
        return clean_refuse(c, "characters that no serial number has");
    }
    if (is_cut(digits)) {
        return clean_refuse(c, "zeros from the sixteenth digit on: a spreadsheet lost the digits");
    }
    if (kind == CELL_NUMBER) {
        if (strlen(digits) > EXACT_DIGITS) {
            return clean_refuse(c, "a number of more than 15 digits, which a spreadsheet does not "
                                   "keep: export it again as text");
        }
        clean_mend(c, "it stands as a number: zeros before it would be lost");
    }
    if (base == SERIAL_DECIMAL) {
        const char *serial =
            digits[strspn(digits, "0123456789")]
                ? NULL
                : serial_normal(c->arena, arena_printf(c->arena, "dec:%s", digits));
        return serial ? serial : clean_refuse(c, "no decimal serial number");
    }
    return serial_hex(c, digits);
}

const char *clean_fingerprint(struct clean *c, const char *text)
{
    const char *s = clean_text(c, text);
    const char *digits = s ? serial_digits(c, s) : NULL;
    const size_t n = digits ? strlen(digits) : 0;
    if (n == 0 || n % 2) {
        return s ? clean_refuse(c, "no fingerprint: an even number of hexadecimal digits") : NULL;
    }
    return str_lower(c->arena, digits);
}

/* --- keys and terms --- */
const char *clean_key(struct clean *c, const char *algorithm, const char *size)
{
    static const struct {
        const char *in, *token;
    } names[] = {{"secp256r1", "ec-p256"}, {"prime256v1", "ec-p256"}, {"p256", "ec-p256"},
                 {"secp384r1", "ec-p384"}, {"p384", "ec-p384"},       {"secp521r1", "ec-p521"},
                 {"p521", "ec-p521"},      {"ed25519", "ed25519"},    {"ecdsa256", "ec-p256"},
                 {"ecdsa384", "ec-p384"},  {"ecdsa521", "ec-p521"},   {"ecdsap256", "ec-p256"},
                 {"ecdsap384", "ec-p384"}, {"ecdsap521", "ec-p521"},  {"rsa2048", "rsa-2048"},
                 {"rsa3072", "rsa-3072"},  {"rsa4096", "rsa-4096"},   {"ecc256", "ec-p256"},
                 {"ecc384", "ec-p384"},    {"ecc521", "ec-p521"},     {"eccp256", "ec-p256"},
                 {"eccp384", "ec-p384"},   {"eccp521", "ec-p521"},    {"ec256", "ec-p256"},
                 {"ec384", "ec-p384"},     {"ec521", "ec-p521"},      {"ecp256", "ec-p256"},
                 {"ecp384", "ec-p384"},    {"ecp521", "ec-p521"},     {"2048", "rsa-2048"},
                 {"3072", "rsa-3072"},     {"4096", "rsa-4096"},      {"256", "ec-p256"},
                 {"384", "ec-p384"},       {"521", "ec-p521"}};
    const char *both = arena_printf(c->arena, "%s%s", algorithm, size);
    for (size_t i = 0; i < NITEMS(names); i++) {
        if (import_heading_is(names[i].in, both) || import_heading_is(names[i].in, algorithm)) {
            return names[i].token;
        }
    }
    return clean_refuse(c, "no kind of key that is made here");
}

const char *clean_validity(struct clean *c, const char *text)
{
    static const struct {
        const char *unit, *suffix;
        unsigned factor;
    } units[] = {{"year", "y", 1},   {"years", "y", 1},   {"y", "y", 1},    {"yr", "y", 1},
                 {"day", "d", 1},    {"days", "d", 1},    {"d", "d", 1},    {"", "d", 1},
                 {"month", "d", 30}, {"months", "d", 30}, {"week", "d", 7}, {"weeks", "d", 7}};
    const char *s = clean_text(c, text);
    const size_t digits = s ? strspn(s, "0123456789") : 0;
    uint64_t n = 0;
    const bool number = digits && digits < 6 && str_u64(arena_strndup(c->arena, s, digits), &n);
    for (size_t i = 0; number && n && i < NITEMS(units); i++) {
        if (import_heading_is(units[i].unit, s + digits)) {
            if (units[i].factor == 30) {
                clean_mend(c, "a month was counted as 30 days");
            }
            return arena_printf(c->arena, "%llu%s", (unsigned long long)(n * units[i].factor),
                                units[i].suffix);
        }
    }
    return s ? clean_refuse(c, "no term: a number with days, weeks, months or years") : NULL;
}
