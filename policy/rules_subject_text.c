/* SPDX-License-Identifier: Apache-2.0
 *
 * subject.*: what the values of attributes say. Values are UTF-8 text that may contain NUL.
 */
#include "policy/rules_subject.h"

#include "policy/country.h"
#include "policy/unicode.h"

#include <string.h>

void subject_check_length(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        size_t n = utf8_length(a->text, a->text_n);
        for (size_t k = 0; k < dn_names_count; k++) {
            const struct dn_name *row = &dn_names[k];
            if (subject_is(a, row->name) && row->max && n > row->max) {
                rule_hit(run, (struct hit){.attr = a}, "%s has %zu characters; at most %u fit",
                         a->name, n, row->max);
            }
        }
    }
}

static bool is_blank(uint32_t cp)
{
    return cp == ' ' || (cp >= 0x09 && cp <= 0x0D) || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

/* All code points satisfy ok; an empty text does. */
static bool all_of(const struct attr_fact *a, bool (*ok)(uint32_t))
{
    uint32_t cp;
    for (size_t i = 0, n; i < a->text_n; i += n) {
        n = utf8_decode(a->text + i, a->text_n - i, &cp);
        if (n == 0 || !ok(cp)) {
            return false;
        }
    }
    return true;
}

/* The first code point that satisfies bad; 0 when none does and *found is false. */
static uint32_t any_of(const struct attr_fact *a, bool (*bad)(uint32_t), bool *found)
{
    uint32_t cp;
    *found = false;
    for (size_t i = 0, n; i < a->text_n; i += n ? n : 1) {
        n = utf8_decode(a->text + i, a->text_n - i, &cp);
        if (n && bad(cp)) {
            *found = true;
            return cp;
        }
    }
    return 0;
}

void subject_check_empty_value(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        if (all_of(&f->attrs[i], is_blank)) {
            rule_hit(run, (struct hit){.attr = &f->attrs[i]}, "%s is empty", f->attrs[i].name);
        }
    }
}

static bool is_filler(uint32_t cp)
{
    return cp && cp < 0x80 && strchr(".- _*?/", (char)cp);
}

static bool word_in(const struct attr_fact *a, const struct strlist *words)
{
    for (size_t i = 0; i < words->n; i++) {
        if (strlen(words->v[i]) == a->text_n && !memchr(a->text, 0, a->text_n) &&
            str_ieq(words->v[i], a->text)) {
            return true;
        }
    }
    return false;
}

void subject_check_placeholder(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        bool filler = a->text_n && all_of(a, is_filler) && !all_of(a, is_blank);
        if (filler || word_in(a, rule_strings(run, 0))) {
            rule_hit(run, (struct hit){.attr = a}, "%s says nothing; leave it out instead",
                     a->name);
        }
    }
}

void subject_check_tool_default(struct rule_run *run)
{
    static const struct {
        const char *attr, *value, *tool;
    } defaults[] = {
        {"O", "Internet Widgits Pty Ltd", "openssl"},
        {"ST", "Some-State", "openssl"},
        {"L", "Default City", "openssl of Red Hat"},
        {"O", "Default Company Ltd", "openssl of Red Hat"},
        {"CN", "localhost.localdomain", "the operating system"},
        {NULL, "Unknown", "keytool"},
    };
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        for (size_t k = 0; k < NITEMS(defaults); k++) {
            bool attr = !defaults[k].attr || subject_is(a, defaults[k].attr);
            if (attr && strlen(defaults[k].value) == a->text_n &&
                memcmp(defaults[k].value, a->text, a->text_n) == 0) {
                rule_hit(run, (struct hit){.attr = a}, "%s still has the default of %s", a->name,
                         defaults[k].tool);
            }
        }
    }
}

void subject_check_whitespace(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        uint32_t cp = 0;
        bool before = false, first = false, twice = false;
        for (size_t at = 0, n; at < a->text_n; at += n ? n : 1) {
            n = utf8_decode(a->text + at, a->text_n - at, &cp);
            bool blank = n && is_blank(cp);
            first |= at == 0 && blank;
            twice |= blank && before;
            before = blank;
        }
        if (!all_of(a, is_blank) && (first || before || twice)) {
            rule_hit(run, (struct hit){.attr = a}, "%s has %s white space", a->name,
                     first    ? "leading"
                     : before ? "trailing"
                              : "repeated");
        }
    }
}

static bool is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x2028 || cp == 0x2029;
}

static bool is_invisible(uint32_t cp)
{
    return cp == 0xAD || cp == 0x61C || (cp >= 0x200B && cp <= 0x200F) ||
           (cp >= 0x202A && cp <= 0x202E) || cp == 0x2060 || (cp >= 0x2066 && cp <= 0x2069) ||
           cp == 0xFEFF || (cp >= 0xE000 && cp <= 0xF8FF) || cp >= 0xF0000 ||
           (cp >= 0xFDD0 && cp <= 0xFDEF) || (cp & 0xFFFE) == 0xFFFE;
}

static void check_code_points(struct rule_run *run, bool (*bad)(uint32_t), const char *what)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        bool found;
        uint32_t cp = any_of(&f->attrs[i], bad, &found);
        if (found) {
            rule_hit(run, (struct hit){.attr = &f->attrs[i]}, "%s contains %s (U+%04X)",
                     f->attrs[i].name, what, (unsigned)cp);
        }
    }
}

void subject_check_control(struct rule_run *run)
{
    check_code_points(run, is_control, "a control character");
}

void subject_check_invisible(struct rule_run *run)
{
    check_code_points(run, is_invisible, "an invisible character");
}

/* "&name;" or "&#number;". */
static bool has_entity(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = i + 1;
        bool number = s[i] == '&' && k < n && s[k] == '#';
        k += number;
        size_t from = k;
        while (s[i] == '&' && k < n &&
               ((s[k] >= '0' && s[k] <= '9') ||
                (ascii_lower(s[k]) >= 'a' && ascii_lower(s[k]) <= 'z'))) {
            k++;
        }
        if (s[i] == '&' && k > from + !number && k < n && s[k] == ';') {
            return true;
        }
    }
    return false;
}

void subject_check_html(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        if (has_entity(f->attrs[i].text, f->attrs[i].text_n)) {
            rule_hit(run, (struct hit){.attr = &f->attrs[i]}, "%s contains an HTML entity",
                     f->attrs[i].name);
        }
    }
}

/* UTF-8 taken for Latin-1 and encoded again: U+00C2..U+00F4 followed by as many U+0080..U+00BF as
 * a UTF-8 sequence of that lead byte has. */
static bool is_mojibake(const struct attr_fact *a)
{
    uint32_t cp;
    unsigned wanted = 0;
    for (size_t i = 0, n; i < a->text_n; i += n ? n : 1) {
        n = utf8_decode(a->text + i, a->text_n - i, &cp);
        if (n == 0) {
            wanted = 0;
        } else if (wanted && cp >= 0x80 && cp <= 0xBF) {
            if (--wanted == 0) {
                return true;
            }
        } else {
            wanted = cp >= 0xC2 && cp <= 0xDF   ? 1
                     : cp >= 0xE0 && cp <= 0xEF ? 2
                     : cp >= 0xF0 && cp <= 0xF4 ? 3
                                                : 0;
        }
    }
    return false;
}

void subject_check_mojibake(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        if (is_mojibake(&f->attrs[i])) {
            rule_hit(run, (struct hit){.attr = &f->attrs[i]},
                     "%s looks like UTF-8 that was read as Latin-1", f->attrs[i].name);
        }
    }
}

static bool is_ascii(const struct attr_fact *a)
{
    for (size_t i = 0; i < a->text_n; i++) {
        if ((unsigned char)a->text[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

void subject_check_mixed_script(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (!strlist_has(rule_strings(run, 0), a->name) || is_ascii(a)) {
            continue;
        }
        const char *why;
        enum regex_result result = unicode_ask(UNICODE_ONE_SCRIPT, a->text, a->text_n, &why);
        if (result == REGEX_BROKEN) {
            rule_broken(run, "script run of %s: %s", a->name, why);
        } else if (result == REGEX_NO) {
            rule_hit(run, (struct hit){.attr = a}, "%s mixes letters of several scripts", a->name);
        }
    }
}

/* --- country --- */

static bool is_country(const struct attr_fact *a)
{
    return subject_is(a, "C") || subject_is(a, "jurisdictionC");
}

static bool two_capitals(const struct attr_fact *a)
{
    return a->text_n == 2 && a->text[0] >= 'A' && a->text[0] <= 'Z' && a->text[1] >= 'A' &&
           a->text[1] <= 'Z';
}

void subject_check_country_format(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        if (is_country(&f->attrs[i]) && !two_capitals(&f->attrs[i])) {
            rule_hit(run, (struct hit){.attr = &f->attrs[i]},
                     "%s must be two capital letters (ISO 3166-1 alpha-2)", f->attrs[i].name);
        }
    }
}

/* Case is subject.country.format's matter. */
static const char *upper(struct arena *a, const struct attr_fact *attr)
{
    char *code = arena_strndup(a, attr->text, attr->text_n);
    for (char *p = code; *p; p++) {
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    return code;
}

void subject_check_country_iso(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (!is_country(a)) {
            continue;
        }
        const char *code = upper(rule_arena(run), a);
        if (!country_is_iso(code, a->text_n) && !(rule_bool(run, 0) && str_eq(code, "XX"))) {
            rule_hit(run, (struct hit){.attr = a}, "%s is not an ISO 3166-1 country code%s",
                     a->name, country_hint(code, a->text_n));
        }
    }
}

/* --- patterns of the profile --- */

/* MATCH_YES with *which when a matcher of the list fits. */
static int match_any(const struct matchers *list, const char *text, const struct matcher **which)
{
    int result = MATCH_NO;
    for (size_t i = 0; i < list->n && result == MATCH_NO; i++) {
        result = matcher_match(&list->v[i], text);
        *which = &list->v[i];
    }
    return result;
}

static void match_attrs(struct rule_run *run, bool deny)
{
    const struct facts *f = rule_facts(run);
    size_t n;
    const struct subject_policy *subject = rule_subject_policy(run, &n);
    for (size_t i = 0; i < f->nattrs * n; i++) {
        const struct attr_fact *a = &f->attrs[i / n];
        const struct subject_policy *row = &subject[i % n];
        const struct matchers *list = deny ? &row->deny : &row->allow;
        const struct matcher *which = NULL;
        if (!subject_is(a, row->attr) || !list->present) {
            continue;
        }
        bool nul = memchr(a->text, 0, a->text_n) != NULL;
        const char *text = arena_strndup(rule_arena(run), a->text, a->text_n);
        int result = nul ? MATCH_NO : match_any(list, text, &which);
        if (result == MATCH_BROKEN) {
            rule_broken(run, "a pattern for %s hit its limit", a->name);
        } else if (deny && result == MATCH_YES) {
            rule_hit(run, (struct hit){.attr = a}, "%s is denied by the profile%s%s", a->name,
                     which->why ? ": " : "", which->why ? which->why : "");
        } else if (!deny && result == MATCH_NO) {
            rule_hit(run, (struct hit){.attr = a, .severity = subject_severity(a)},
                     "%s is none of the values the profile allows", a->name);
        }
    }
}

void subject_check_pattern_require(struct rule_run *run)
{
    match_attrs(run, false);
}

void subject_check_pattern_deny(struct rule_run *run)
{
    match_attrs(run, true);
}
