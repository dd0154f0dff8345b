/* SPDX-License-Identifier: Apache-2.0
 *
 * See import_dates.h.
 */
#include "batch/import_dates.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

enum part { PART_YEAR, PART_MONTH, PART_DAY, PART_HOUR, PART_MINUTE, PART_SECOND, PART__MAX };

struct civil {
    int64_t v[PART__MAX];
    bool has[PART__MAX];
    bool zoned;
    int64_t offset; /* seconds east, when zoned */
};

/* Longest first: MMM before MM before M. */
static const struct token {
    const char *text;
    enum part part;
    unsigned least, most; /* digits; most 0 = letters of a month, 2 of a short year */
} tokens[] = {
    {"yyyy", PART_YEAR, 4, 4}, {"yy", PART_YEAR, 2, 2},   {"MMM", PART_MONTH, 0, 0},
    {"MM", PART_MONTH, 1, 2},  {"M", PART_MONTH, 1, 2},   {"dd", PART_DAY, 1, 2},
    {"d", PART_DAY, 1, 2},     {"HH", PART_HOUR, 1, 2},   {"H", PART_HOUR, 1, 2},
    {"mm", PART_MINUTE, 2, 2}, {"ss", PART_SECOND, 2, 2},
};

static const struct token *token_at(const char *p)
{
    for (size_t i = 0; i < NITEMS(tokens); i++) {
        if (str_starts(p, tokens[i].text)) {
            return &tokens[i];
        }
    }
    return NULL;
}

bool import_date_format_ok(const char *format)
{
    bool has[PART__MAX] = {false};
    for (const char *p = format; *p;) {
        const struct token *t = token_at(p);
        const char c = ascii_lower(*p);
        if (t && has[t->part]) {
            return false;
        }
        if (!t && ((c >= 'a' && c <= 'z' && *p != 'T') || c == '\'')) {
            return false;
        }
        has[t ? t->part : PART_YEAR] |= t != NULL;
        p += t ? strlen(t->text) : 1;
    }
    return has[PART_YEAR] && has[PART_MONTH] && has[PART_DAY];
}

static bool read_number(const char **p, unsigned least, unsigned most, int64_t *out)
{
    unsigned n = 0;
    for (*out = 0; n < most && **p >= '0' && **p <= '9'; n++, (*p)++) {
        *out = *out * 10 + (**p - '0');
    }
    return n >= least && n > 0;
}

/* "Nov" or "November". */
static bool read_month(const char **p, int64_t *out)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    size_t n = 0;
    while (((*p)[n] >= 'a' && (*p)[n] <= 'z') || ((*p)[n] >= 'A' && (*p)[n] <= 'Z')) {
        n++;
    }
    for (size_t i = 0; n >= 3 && i < NITEMS(names); i++) {
        size_t same = 0;
        while (same < n && ascii_lower((*p)[same]) == names[i][same]) {
            same++;
        }
        if (same == n) {
            *out = (int64_t)i + 1;
            *p += n;
            return true;
        }
    }
    return false;
}

static bool set_part(struct civil *c, enum part part, int64_t value)
{
    c->v[part] = value;
    c->has[part] = true;
    return true;
}

/* As far as the format goes; *p is behind what it took. */
static bool read_format(const char **p, const char *format, struct civil *c)
{
    *c = (struct civil){0};
    for (const char *f = format; *f;) {
        const struct token *t = token_at(f);
        int64_t value;
        if (!t) {
            if (**p != *f) {
                return false;
            }
            f++;
            (*p)++;
            continue;
        }
        if (t->most ? !read_number(p, t->least, t->most, &value) : !read_month(p, &value)) {
            return false;
        }
        value += t->part == PART_YEAR && t->most == 2 ? 2000 : 0;
        set_part(c, t->part, value);
        f += strlen(t->text);
    }
    return true;
}

static bool read_offset(const char **p, struct civil *c)
{
    int64_t hours;
    int64_t minutes;
    const char sign = **p;
    if (str_starts(*p, "UTC") || str_starts(*p, "GMT") || **p == 'Z') {
        *p += **p == 'Z' ? 1 : 3;
        c->zoned = true;
        return true;
    }
    if (sign != '+' && sign != '-') {
        return true;
    }
    (*p)++;
    if (!read_number(p, 2, 2, &hours)) {
        return false;
    }
    *p += **p == ':';
    if (!read_number(p, 2, 2, &minutes) || hours > 14 || minutes > 59) {
        return false;
    }
    c->zoned = true;
    c->offset = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

static bool read_half_day(const char **p, struct civil *c)
{
    const char half = ascii_lower(**p);
    if ((half != 'a' && half != 'p') || ascii_lower((*p)[1]) != 'm') {
        return true;
    }
    if (c->v[PART_HOUR] < 1 || c->v[PART_HOUR] > 12) {
        return false;
    }
    c->v[PART_HOUR] = c->v[PART_HOUR] % 12 + (half == 'p' ? 12 : 0);
    *p += 2;
    return true;
}

/* " 10:00", "T10:00:00.000Z", " 10:00 PM +02:00" or nothing. */
static bool read_rest(const char *p, struct civil *c)
{
    int64_t value;
    p += *p == 'T' || *p == ',';
    p += strspn(p, " ");
    if (!c->has[PART_HOUR] && *p >= '0' && *p <= '9') {
        if (!read_number(&p, 1, 2, &value) || *p++ != ':') {
            return false;
        }
        set_part(c, PART_HOUR, value);
        if (!read_number(&p, 2, 2, &value)) {
            return false;
        }
        set_part(c, PART_MINUTE, value);
        if (*p == ':') {
            p++;
            if (!read_number(&p, 2, 2, &value)) {
                return false;
            }
            set_part(c, PART_SECOND, value);
        }
        p += *p == '.' ? 1 + strspn(p + 1, "0123456789") : 0;
    }
    if (c->has[PART_HOUR]) {
        p += strspn(p, " ");
        if (!read_half_day(&p, c)) {
            return false;
        }
        p += strspn(p, " ");
        if (!read_offset(&p, c)) {
            return false;
        }
    }
    return !p[strspn(p, " ")];
}

static bool read_by(const char *text, const char *format, struct civil *c)
{
    const char *p = text;
    return read_format(&p, format, c) && read_rest(p, c);
}

/* 03/04/2026 and its like. */
static bool read_digits(const char *text, struct civil *c, const char **why)
{
    static const char *const orders[][2] = {{"dd/MM/yyyy", "MM/dd/yyyy"},
                                            {"dd.MM.yyyy", "MM.dd.yyyy"},
                                            {"dd-MM-yyyy", "MM-dd-yyyy"},
                                            {"dd/MM/yy", "MM/dd/yy"}};
    for (size_t i = 0; i < NITEMS(orders); i++) {
        if (!read_by(text, orders[i][0], c)) {
            continue;
        }
        if (c->v[PART_DAY] > 12 || c->v[PART_DAY] == c->v[PART_MONTH]) {
            return true;
        }
        if (c->v[PART_MONTH] > 12) {
            return read_by(text, orders[i][1], c);
        }
        *why = "an ambiguous date: day or month first? Say it with date_formats in the profile";
        return false;
    }
    *why = "not a date we know; say how it is written with date_formats in the profile";
    return false;
}

static bool read_civil(const char *text, const struct strings *formats, struct civil *c,
                       const char **why)
{
    static const char *const known[] = {"yyyy-MM-dd",  "yyyy/MM/dd",  "dd-MMM-yyyy",
                                        "dd MMM yyyy", "dd/MMM/yyyy", "MMM d, yyyy",
                                        "MMM d yyyy",  "dd/MMM/yy",   "dd-MMM-yy"};
    for (size_t i = 0; formats && i < formats->n; i++) {
        if (read_by(text, formats->v[i], c)) {
            return true;
        }
    }
    for (size_t i = 0; i < NITEMS(known); i++) {
        if (read_by(text, known[i], c)) {
            return true;
        }
    }
    return read_digits(text, c, why);
}

bool import_time_read(const char *text, const struct strings *formats, const struct zone *zone,
                      struct import_time *out, const char **why)
{
    struct civil c;
    int64_t local;
    uint64_t ms;
    /* milliseconds since 1970, as some systems export times: no date looks like that */
    if (strlen(text) >= 12 && strlen(text) <= 13 && str_u64(text, &ms)) {
        *out = (struct import_time){(int64_t)(ms / 1000), true};
        return true;
    }
    if (!read_civil(text, formats, &c, why)) {
        return false;
    }
    if (!time_civil(c.v[PART_YEAR], (unsigned)c.v[PART_MONTH], (unsigned)c.v[PART_DAY],
                    (unsigned)c.v[PART_HOUR], (unsigned)c.v[PART_MINUTE],
                    (unsigned)c.v[PART_SECOND], &local)) {
        *why = "a date that no calendar has";
        return false;
    }
    out->has_time = c.has[PART_HOUR];
    out->t = local - c.offset;
    if (c.zoned || (!out->has_time && !zone)) {
        return true;
    }
    if (!zone) {
        *why = "a time without zone: say which one with --ticket-tz or time_zone in the profile";
        return false;
    }
    return zone_to_utc(zone, local, &out->t, why);
}
