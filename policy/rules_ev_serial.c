/* SPDX-License-Identifier: Apache-2.0
 *
 * ev.serial-number.*: the registration number, or the date that stands for it (EVG 7.1.4.2.5).
 */
#include "policy/rules_ev.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/regex.h"

#include <string.h>

void ev_check_serial(struct rule_run *run)
{
    struct level_value v;
    if (level_judged(run) && !level_value(run, "serialNumber", &v)) {
        level_missing(
            run, &v,
            "nothing says the registration number (serialNumber); an EV certificate must have "
            "it");
    }
}

/* --- dates --- */

enum { GROUPS = 3 };
struct digits { /* "12.5.1998" */
    unsigned value[GROUPS];
    size_t width[GROUPS];
    char separator;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The whole text as three groups of at most four digits with one kind of separator. */
static bool split(const char *text, size_t n, struct digits *out)
{
    size_t i = 0;
    *out = (struct digits){0};
    for (size_t g = 0; g < GROUPS; g++) {
        if (g > 0) {
            const char c = i < n ? text[i++] : '\0';
            if (!strchr("-/. ", c) || !c || (out->separator && c != out->separator)) {
                return false;
            }
            out->separator = c;
        }
        for (; i < n && is_digit(text[i]) && out->width[g] < 4; i++) {
            out->value[g] = out->value[g] * 10 + (unsigned)(text[i] - '0');
            out->width[g]++;
        }
        if (out->width[g] == 0) {
            return false;
        }
    }
    return i == n;
}

static bool is_year(unsigned year)
{
    return year >= 1600 && year <= 2199; /* companies are old, but not older */
}

static bool is_day_and_month(unsigned a, unsigned b)
{
    return a >= 1 && b >= 1 && a <= 31 && b <= 31 && (a <= 12 || b <= 12);
}

static bool has_month_name(const char *text, size_t n)
{
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    static const char *const rests[] = {"uary", "ruary", "ch",     "il",   "",      "e",
                                        "y",    "ust",   "tember", "ober", "ember", "ember"};
    char word[16];
    for (size_t i = 0; i < n;) {
        size_t len = 0;
        for (;
             i < n && len + 1 < sizeof word && ((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z');
             i++) {
            word[len++] = ascii_lower(text[i]);
        }
        word[len] = '\0';
        for (size_t m = 0; len >= 3 && m < NITEMS(months); m++) {
            if (str_starts(word, months[m]) && (len == 3 || str_eq(word + 3, rests[m]))) {
                return true;
            }
        }
        i += len == 0;
    }
    return false;
}

/* A year and a day stand beside the name of the month. */
static bool is_worded_date(const char *text, size_t n)
{
    bool year = false;
    bool day = false;
    if (n > 32 || !has_month_name(text, n)) {
        return false;
    }
    for (size_t i = 0; i < n;) {
        unsigned value = 0;
        size_t width = 0;
        for (; i < n && width < 5 && is_digit(text[i]); i++, width++) {
            value = value * 10 + (unsigned)(text[i] - '0');
        }
        year |= width == 4 && is_year(value);
        day |= width >= 1 && width <= 2 && value >= 1 && value <= 31;
        i += width == 0;
    }
    return year && day;
}

bool ev_looks_like_date(const char *text, size_t n, bool *good)
{
    struct digits d;
    int64_t t;
    *good = false;
    if (n == 8 && strspn(text, "0123456789") >= 8) { /* 19980512; 12051998 is a company number */
        const unsigned year = (unsigned)(text[0] - '0') * 1000 + (unsigned)(text[1] - '0') * 100 +
                              (unsigned)(text[2] - '0') * 10 + (unsigned)(text[3] - '0');
        const unsigned month = (unsigned)(text[4] - '0') * 10 + (unsigned)(text[5] - '0');
        const unsigned day = (unsigned)(text[6] - '0') * 10 + (unsigned)(text[7] - '0');
        return is_year(year) && time_civil(year, month, day, 0, 0, 0, &t);
    }
    if (!split(text, n, &d)) {
        return is_worded_date(text, n);
    }
    const bool year_first = d.width[0] == 4 && d.width[1] <= 2 && d.width[2] <= 2;
    const bool year_last = d.width[2] == 4 && d.width[0] <= 2 && d.width[1] <= 2;
    const bool iso = year_first && d.separator == '-' && d.width[1] == 2 && d.width[2] == 2;
    if (iso) {
        *good = time_civil(d.value[0], d.value[1], d.value[2], 0, 0, 0, &t);
        return is_year(d.value[0]) || *good;
    }
    return (year_first && is_year(d.value[0]) && is_day_and_month(d.value[1], d.value[2])) ||
           (year_last && is_year(d.value[2]) && is_day_and_month(d.value[0], d.value[1]));
}

void ev_check_serial_date(struct rule_run *run)
{
    struct level_value v;
    bool good;
    if (level_judged(run) && level_value(run, "serialNumber", &v) &&
        ev_looks_like_date(arena_strndup(rule_arena(run), v.text, v.n), v.n, &good) && !good) {
        rule_hit(run, level_at(&v),
                 "the registration number looks like a date, but is no day written YYYY-MM-DD");
    }
}

/* --- formats --- */

/* A pattern of the parameter speaks about "CC:number" and counts for the country it begins with. */
static void check_country_formats(struct rule_run *run, const struct level_value *v)
{
    struct level_value country;
    const struct matchers *patterns = rule_patterns(run, 0);
    if (!patterns->n || !level_value(run, "jurisdictionC", &country) || country.n != 2) {
        return;
    }
    struct arena *a = rule_arena(run);
    const char *number = arena_strndup(a, v->text, v->n);
    const char *text = arena_printf(a, "%.2s:%s", country.text, number);
    bool any = false;
    for (size_t i = 0; i < patterns->n; i++) {
        if (strncmp(patterns->v[i].text, text, 3) != 0) {
            continue;
        }
        any = true;
        switch (matcher_match(&patterns->v[i], text)) {
        case MATCH_YES:
            return;
        case MATCH_BROKEN:
            rule_broken(run, "the pattern %s could not be applied",
                        str_vis_dup(a, patterns->v[i].text, strlen(patterns->v[i].text)));
            return;
        default:
            break;
        }
    }
    if (any) {
        rule_hit(run, level_at(v),
                 "the registration number has none of the forms the policy lists "
                 "for %.2s",
                 text);
    }
}

void ev_check_serial_format(struct rule_run *run)
{
    struct level_value v;
    const char *why;
    const struct organization *o = rule_organization(run);
    if (!level_judged(run) || !level_value(run, "serialNumber", &v)) {
        return;
    }
    if (!o || !o->serial_format) {
        check_country_formats(run, &v);
        return;
    }
    switch (regex_match(o->serial_format, v.text, v.n, &why)) {
    case REGEX_YES:
        break;
    case REGEX_NO:
        rule_hit(run, level_at(&v),
                 "the registration number does not have the form %s of record %s",
                 str_vis_dup(rule_arena(run), o->serial_format_text, strlen(o->serial_format_text)),
                 str_vis_dup(rule_arena(run), o->name, strlen(o->name)));
        break;
    case REGEX_BROKEN:
        rule_broken(run, "serial-format: %s", why);
        break;
    }
}
