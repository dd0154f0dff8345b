/* SPDX-License-Identifier: Apache-2.0
 *
 * See idn.h. libidn2 stops at its first objection; so that each rule can say its own, the
 * questions that come later in its order are asked of single characters or of a label from which
 * the earlier objections were taken away.
 */
#include "policy/idn.h"

#include "policy/names.h"
#include "policy/unicode.h"

#include <string.h>

enum { LABEL_OCTETS = 63 };

static bool has_prefix(struct text label)
{
    return label.n >= 4 && ascii_lower(label.p[0]) == 'x' && ascii_lower(label.p[1]) == 'n' &&
           label.p[2] == '-' && label.p[3] == '-';
}

bool idn_is_ascii(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] & 0x80) {
            return false;
        }
    }
    return true;
}

bool idn_is(const char *name)
{
    for (const char *p = name; *p; p++) {
        bool first = p == name || p[-1] == '.';
        if (*p & 0x80 || (first && has_prefix((struct text){p, strnlen(p, 4)}))) {
            return true;
        }
    }
    return false;
}

bool idn_is_reserved(struct text label)
{
    return label.n >= 4 && label.p[2] == '-' && label.p[3] == '-' && !has_prefix(label);
}

bool idn_next(struct arena *a, struct text *rest, struct idn_label *out)
{
    for (struct text label; host_next_label(rest, &label);) {
        bool ascii = idn_is_ascii(label.p, label.n);
        bool alabel = ascii && has_prefix(label);
        if ((ascii && !alabel) || label.n > (alabel ? LABEL_OCTETS : 4 * LABEL_OCTETS) ||
            !utf8_valid(label.p, label.n)) {
            continue;
        }
        *out = (struct idn_label){.written = label, .alabel = alabel};
        out->text =
            alabel ? label_to_unicode(a, label.p, label.n) : arena_strndup(a, label.p, label.n);
        out->n = out->text ? strlen(out->text) : 0;
        return true;
    }
    return false;
}

static const char *shown(struct arena *a, struct text label)
{
    return str_vis_dup(a, label.p, label.n);
}

enum regex_result idn_bad_punycode(struct arena *a, const struct idn_label *l, const char **why)
{
    if (!l->alabel) {
        return REGEX_NO;
    }
    if (!l->text) {
        *why = arena_printf(a, "%s stands for no internationalised label", shown(a, l->written));
        return REGEX_YES;
    }
    char *back = NULL;
    const char *same = arena_strndup(a, l->written.p, l->written.n);
    if (label_judge(a, l->text, false, &back) == LABEL_GOOD && !str_ieq(back, same)) {
        *why = arena_printf(a, "%s is written %s when encoded", shown(a, l->written), back);
        return REGEX_YES;
    }
    return REGEX_NO;
}

enum regex_result idn_bad_nfc(struct arena *a, const struct idn_label *l, const char **why)
{
    if (!l->text || label_judge(a, l->text, false, NULL) != LABEL_NOT_NFC) {
        return REGEX_NO;
    }
    *why = arena_printf(a, "%s is not in normalization form C", shown(a, l->written));
    return REGEX_YES;
}

/* Between two letters, because libidn2 looks at NFC, hyphens and marks in front first. No
 * character composes with q; one that normalises to another is disallowed for that. */
static enum label_verdict judge_character(struct arena *a, const char *s, size_t n)
{
    char text[8] = {'q'};
    memcpy(text + 1, s, n);
    text[n + 1] = 'q';
    enum label_verdict v = label_judge(a, text, false, NULL);
    return v == LABEL_NOT_NFC ? LABEL_DISALLOWED : v;
}

enum regex_result idn_bad_code_point(struct arena *a, const struct idn_label *l, const char **why)
{
    enum label_verdict whole = l->text ? label_judge(a, l->text, false, NULL) : LABEL_GOOD;
    if (whole == LABEL_GOOD || whole == LABEL_BIDI) {
        return REGEX_NO;
    }
    if (whole == LABEL_HYPHEN) {
        *why = arena_printf(a, "%s has hyphens where IDNA allows none", shown(a, l->written));
        return REGEX_YES;
    }
    uint32_t cp = 0;
    for (size_t i = 0, n; i < l->n; i += n) {
        n = utf8_decode(l->text + i, l->n - i, &cp);
        if (n == 0) {
            return REGEX_NO;
        }
        enum label_verdict v = n == 1 ? LABEL_GOOD : judge_character(a, l->text + i, n);
        if (v == LABEL_DISALLOWED || v == LABEL_UNASSIGNED) {
            *why =
                arena_printf(a, "%s contains U+%04X, which %s", shown(a, l->written), (unsigned)cp,
                             v == LABEL_DISALLOWED ? "IDNA 2008 does not allow"
                                                   : "the IDNA 2008 tables do not have");
            return REGEX_YES;
        }
    }
    return REGEX_NO;
}

/* The label with q at both ends and in the place of what libidn2 would object to before it comes
 * to the context rules; none of these stands in for a neighbour that a context rule asks for. */
static const char *without_objections(struct arena *a, const struct idn_label *l)
{
    char *out = arena_alloc(a, l->n + 3);
    char *q = out;
    uint32_t cp;
    *q++ = 'q';
    for (size_t i = 0, n; i < l->n; i += n) {
        n = utf8_decode(l->text + i, l->n - i, &cp);
        n = n ? n : 1;
        bool bad =
            n == 1 ? l->text[i] == '-' : judge_character(a, l->text + i, n) == LABEL_DISALLOWED;
        if (bad) {
            *q++ = 'q';
        } else {
            memcpy(q, l->text + i, n);
            q += n;
        }
    }
    *q = 'q';
    return out;
}

enum regex_result idn_bad_context(struct arena *a, const struct idn_label *l, const char **why)
{
    enum label_verdict v = l->text ? label_judge(a, l->text, false, NULL) : LABEL_GOOD;
    if (v < LABEL_CONTEXT) {
        v = label_judge(a, without_objections(a, l), true, NULL);
    }
    if (v != LABEL_CONTEXT) {
        return REGEX_NO;
    }
    *why = arena_printf(a, "%s contains a character that its neighbours do not allow",
                        shown(a, l->written));
    return REGEX_YES;
}

static enum regex_result ask(enum unicode_question question, const struct idn_label *l,
                             const char **why)
{
    return l->text ? unicode_ask(question, l->text, l->n, why) : REGEX_NO;
}

enum regex_result idn_bad_combining(struct arena *a, const struct idn_label *l, const char **why)
{
    enum regex_result result = ask(UNICODE_COMBINING_START, l, why);
    if (result == REGEX_YES) {
        *why = arena_printf(a, "%s begins with a combining mark", shown(a, l->written));
    }
    return result;
}

/* Of a character that is not assigned PCRE2 does not know the script; idn.code-point names it. */
enum regex_result idn_bad_script(struct arena *a, const struct idn_label *l, const char **why)
{
    if (!l->text || ask(UNICODE_UNASSIGNED, l, why) == REGEX_YES) {
        return REGEX_NO;
    }
    enum regex_result result = ask(UNICODE_ONE_SCRIPT, l, why);
    if (result == REGEX_NO) {
        *why = arena_printf(a, "%s mixes letters of several scripts", shown(a, l->written));
        return REGEX_YES;
    }
    return result == REGEX_YES ? REGEX_NO : result;
}

const char *idn_problem(struct arena *a, struct text name, bool reserved)
{
    static idn_question *const questions[] = {idn_bad_punycode, idn_bad_nfc, idn_bad_combining};
    struct text rest = name;
    for (struct text label; reserved && host_next_label(&rest, &label);) {
        if (idn_is_reserved(label)) {
            return "a label has hyphens in the third and fourth place but is no A-label";
        }
    }
    rest = name;
    for (struct idn_label label; idn_next(a, &rest, &label);) {
        for (size_t i = 0; i < NITEMS(questions); i++) {
            const char *why = NULL;
            if (questions[i](a, &label, &why) == REGEX_YES) {
                return why;
            }
        }
    }
    return NULL;
}

/* The label as the Bidi rule sees it; a plain one counts too. */
static struct text bidi_text(struct arena *a, struct text label)
{
    struct text one = label;
    struct idn_label idn;
    if (!idn_next(a, &one, &idn)) {
        bool plain = label.n <= LABEL_OCTETS && idn_is_ascii(label.p, label.n);
        return plain ? label : (struct text){0};
    }
    return (struct text){idn.text, idn.n};
}

enum regex_result idn_bad_bidi(struct arena *a, const char *name, const char **which,
                               const char **why)
{
    enum regex_result rtl = REGEX_NO;
    struct text rest = {name, strlen(name)};
    for (struct text label; rtl == REGEX_NO && host_next_label(&rest, &label);) {
        struct text t = bidi_text(a, label);
        rtl = t.n ? unicode_ask(UNICODE_RTL, t.p, t.n, why) : REGEX_NO;
    }
    if (rtl != REGEX_YES) {
        return rtl;
    }
    rest = (struct text){name_base(name), strlen(name_base(name))};
    for (struct text label; host_next_label(&rest, &label);) {
        struct text t = bidi_text(a, label);
        enum regex_result good = t.n ? unicode_ask(UNICODE_BIDI_RULE, t.p, t.n, why) : REGEX_YES;
        if (good != REGEX_YES) {
            *which = shown(a, label);
            return good == REGEX_NO ? REGEX_YES : good;
        }
    }
    return REGEX_NO;
}
