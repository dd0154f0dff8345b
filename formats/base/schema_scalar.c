/* SPDX-License-Identifier: Apache-2.0
 *
 * See schema_scalar.h: text of one scalar to the C value of its kind.
 */
#include "formats/base/schema_scalar.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <inttypes.h>
#include <string.h>

static bool parse_text(const struct field *f, const char *text, void *out)
{
    (void)f;
    *(const char **)out = text;
    return true;
}

static bool parse_name(const struct field *f, const char *text, void *out)
{
    return name_is_safe(text) && parse_text(f, text, out);
}

static bool in_bounds(const struct field *f, int64_t v)
{
    return v >= f->min && (f->max == 0 || v <= f->max);
}

static bool parse_int(const struct field *f, const char *text, void *out)
{
    uint64_t v;
    if (!str_u64(text, &v) || v > INT64_MAX || !in_bounds(f, (int64_t)v)) {
        return false;
    }
    *(int64_t *)out = (int64_t)v;
    return true;
}

static bool parse_bool(const struct field *f, const char *text, void *out)
{
    (void)f;
    *(bool *)out = str_eq(text, "true");
    return str_eq(text, "true") || str_eq(text, "false");
}

static bool find_word(const struct word *words, const char *text, void *out)
{
    for (const struct word *w = words; w && w->text; w++) {
        if (str_eq(w->text, text)) {
            *(int *)out = w->value;
            return true;
        }
    }
    return false;
}

static bool parse_word(const struct field *f, const char *text, void *out)
{
    return find_word(f->words, text, out) || find_word(f->spellings, text, out);
}

static bool parse_duration(const struct field *f, const char *text, void *out)
{
    int64_t v;
    if (!duration_parse(text, &v) || !in_bounds(f, v)) {
        return false;
    }
    *(int64_t *)out = v;
    return true;
}

static bool parse_time(const struct field *f, const char *text, void *out)
{
    (void)f;
    return time_parse_any(text, out);
}

static bool parse_date(const struct field *f, const char *text, void *out)
{
    (void)f;
    return time_parse_date(text, out);
}

/* Digits, point, digits. By hand: strtod follows the locale and takes hex, nan and 1e9. */
static bool parse_decimal(const struct field *f, const char *text, void *out)
{
    static const char digits[] = "0123456789";
    size_t whole = strspn(text, digits);
    size_t part = text[whole] == '.' ? strspn(text + whole + 1, digits) : 0;
    if (whole == 0 || whole > 15 || part > 15 || (text[0] == '0' && whole > 1) ||
        (text[whole] == '.' && part == 0) || text[whole + part + (text[whole] == '.')]) {
        return false;
    }
    double v = 0;
    double unit = 1;
    for (size_t i = 0; i < whole; i++) {
        v = v * 10 + (text[i] - '0');
    }
    double fraction = 0;
    for (size_t i = 0; i < part; i++) {
        fraction = fraction * 10 + (text[whole + 1 + i] - '0');
        unit *= 10;
    }
    v += fraction / unit;
    *(double *)out = v;
    return v >= (double)f->min && (f->max == 0 || v <= (double)f->max);
}

#define DATE_PATTERN  "[0-9]{4}-[0-9]{2}-[0-9]{2}"
#define CLOCK_PATTERN "[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"

const struct scalar_kind scalar_kinds[FIELD__MAX] = {
    [FIELD_STRING] = {"text", parse_text, "string", NULL, true, true},
    [FIELD_NAME] = {"a name: letters, digits, '.', '_' and '-', at most 64, beginning with a "
                    "letter or digit",
                    parse_name, "string", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", true, true},
    [FIELD_PATH] = {"a path", parse_text, "string", NULL, true, true},
    [FIELD_INT] = {"a whole number", parse_int, "integer", NULL, false, false},
    [FIELD_BOOL] = {"true or false", parse_bool, "boolean", NULL, false, false},
    [FIELD_WORD] = {"one of ", parse_word, "string", NULL, true, false},
    [FIELD_DURATION] = {"a duration such as 90s, 10m, 12h, 199d, 2w or 1y", parse_duration,
                        "string", "^(0|[1-9][0-9]{0,8})[smhdwy]$", true, false},
    [FIELD_TIME] = {"a time with its zone such as 2026-11-20T10:00:00Z, or a date", parse_time,
                    "string", "^" DATE_PATTERN "(" CLOCK_PATTERN ")?$", true, false},
    [FIELD_DATE] = {"a date such as 2026-11-20", parse_date, "string", "^" DATE_PATTERN "$", true,
                    false},
    [FIELD_DECIMAL] = {"a number such as 0.6", parse_decimal, "number", NULL, false, false},
};

static void put_bounds(struct buf *out, const struct field *f)
{
    char least[TIME_TEXT];
    char most[TIME_TEXT];
    duration_format(f->min, least);
    duration_format(f->max, most);
    bool time = f->kind == FIELD_DURATION;
    if (f->max && time) {
        buf_printf(out, " from %s to %s", least, most);
    } else if (f->max) {
        buf_printf(out, " from %" PRId64 " to %" PRId64, f->min, f->max);
    } else if (f->min && time) {
        buf_printf(out, ", at least %s", least);
    } else if (f->min) {
        buf_printf(out, ", at least %" PRId64, f->min);
    }
}

void scalar_expectation(struct buf *out, const struct field *f)
{
    if (f->kind == FIELD_INT && f->max && f->min == f->max) {
        buf_printf(out, "%" PRId64, f->max);
        return;
    }
    buf_puts(out, scalar_kinds[f->kind].expected);
    if (f->kind == FIELD_WORD) {
        for (const struct word *w = f->words; w->text; w++) {
            buf_printf(out, "%s%s", w == f->words ? "" : w[1].text ? ", " : " or ", w->text);
        }
    } else if (f->kind == FIELD_INT || f->kind == FIELD_DURATION || f->kind == FIELD_DECIMAL) {
        put_bounds(out, f);
    }
}

bool scalar_lacks_zone(const char *text)
{
    char with[TIME_TEXT * 2];
    int64_t ignored;
    size_t n = strlen(text);
    if (n + 2 > sizeof with) {
        return false;
    }
    memcpy(with, text, n);
    memcpy(with + n, "Z", 2);
    return time_parse(with, &ignored);
}
