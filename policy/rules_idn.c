/* SPDX-License-Identifier: Apache-2.0
 *
 * idn.*: internationalised names, IDNA 2008 (RFC 5890 to 5893). A name in its own script that an
 * order spells and IDNA converts is judged as its A-labels; one that has none is judged as it is.
 */
#include "policy/engine.h"
#include "policy/host.h"
#include "policy/idn.h"
#include "policy/names.h"

#include <string.h>

/* --- idn.u-label --- */

/* The part of a name that is a host; empty when there is none. */
static struct text host_part(const struct rule_run *run, const struct name_fact *n)
{
    const struct text whole = {n->text, n->text_n};
    if (n->type == GN_DNS) {
        return host_is(run, n) ? whole : (struct text){0};
    }
    const char *at = n->type == GN_EMAIL ? memrchr(n->text, '@', n->text_n) : NULL;
    return at ? (struct text){at + 1, n->text_n - (size_t)(at + 1 - n->text)} : (struct text){0};
}

static void hit_u_label(struct rule_run *run, struct hit where, struct text host)
{
    struct arena *a = rule_arena(run);
    const char *ascii = name_to_ascii(a, host.p, host.n);
    if (ascii) {
        rule_hit(run, where, "the name is not in ASCII; its A-label form is %s",
                 str_vis_dup(a, ascii, strlen(ascii)));
    } else {
        rule_hit(run, where, "the name is not in ASCII and %s",
                 utf8_valid(host.p, host.n) ? "IDNA has no A-label form for it"
                                            : "not even in UTF-8");
    }
}

/* A CN that some alternative name repeats in A-labels is no name of its own, yet no copy of it. */
static bool is_name_fact(const struct facts *f, const struct attr_fact *cn)
{
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->is_cn && n->text_n == cn->text_n && memcmp(n->text, cn->text, cn->text_n) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_dotted_word(const char *s, size_t n)
{
    return memchr(s, '.', n) && !memchr(s, ' ', n) && !memchr(s, '@', n);
}

static void check_u_label(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        struct text host = host_part(run, &f->names[i]);
        if (!idn_is_ascii(host.p, host.n)) {
            hit_u_label(run, (struct hit){.name = &f->names[i]}, host);
        }
    }
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (str_eq(a->name, "CN") && !idn_is_ascii(a->text, a->text_n) &&
            is_dotted_word(a->text, a->text_n) && !is_name_fact(f, a) &&
            name_to_ascii(rule_arena(run), a->text, a->text_n)) {
            hit_u_label(run, (struct hit){.attr = a}, (struct text){a->text, a->text_n});
        }
    }
}

/* --- what stands in the labels --- */

static void check_reserved(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        struct text rest = {n->norm, host_is(run, n) ? strlen(n->norm) : 0};
        for (struct text label; host_next_label(&rest, &label);) {
            if (idn_is_reserved(label)) {
                rule_hit(run, (struct hit){.name = n},
                         "%s has hyphens in the third and fourth place but is no A-label",
                         str_vis_dup(rule_arena(run), label.p, label.n));
            }
        }
    }
}

static void each_label(struct rule_run *run, idn_question *bad)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type != GN_DNS || !idn_is(n->norm) || !host_is(run, n)) {
            continue;
        }
        struct text rest = {n->norm, strlen(n->norm)};
        for (struct idn_label label; idn_next(rule_arena(run), &rest, &label);) {
            const char *why = NULL;
            enum regex_result result = bad(rule_arena(run), &label, &why);
            if (result == REGEX_BROKEN) {
                rule_broken(run, "%s", why);
            } else if (result == REGEX_YES) {
                rule_hit(run, (struct hit){.name = n}, "%s", why);
            }
        }
    }
}

static void check_punycode(struct rule_run *run)
{
    each_label(run, idn_bad_punycode);
}

static void check_nfc(struct rule_run *run)
{
    each_label(run, idn_bad_nfc);
}

static void check_code_point(struct rule_run *run)
{
    each_label(run, idn_bad_code_point);
}

static void check_context(struct rule_run *run)
{
    each_label(run, idn_bad_context);
}

static void check_combining(struct rule_run *run)
{
    each_label(run, idn_bad_combining);
}

static void check_script(struct rule_run *run)
{
    each_label(run, idn_bad_script);
}

static void check_bidi(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type != GN_DNS || !idn_is(n->norm) || !host_is(run, n)) {
            continue;
        }
        const char *why = NULL;
        const char *which = NULL;
        enum regex_result result = idn_bad_bidi(rule_arena(run), n->norm, &which, &why);
        if (result == REGEX_BROKEN) {
            rule_broken(run, "%s", why);
        } else if (result == REGEX_YES) {
            rule_hit(run, (struct hit){.name = n},
                     "%s breaks the rule for names with right-to-left labels", which);
        }
    }
}

static void check_case(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type != GN_DNS || !idn_is(n->norm) || !host_is(run, n)) {
            continue;
        }
        struct text rest = {n->text, n->text_n};
        for (struct text label; host_next_label(&rest, &label);) {
            const char *text = arena_strndup(rule_arena(run), label.p, label.n);
            const char *lower = str_lower(rule_arena(run), text);
            if (str_starts(lower, "xn--") && strcmp(lower, text) != 0) {
                rule_hit(run, (struct hit){.name = n}, "%s has capital letters",
                         str_vis_dup(rule_arena(run), label.p, label.n));
            }
        }
    }
}

/* clang-format off */
const struct rule rules_idn[] = {
    {.id = "idn.u-label", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "internationalised name is not in A-label form",
     .why = "Certificates hold names in ASCII: a name in its own script cannot be written there, or "
            "no client matches it.",
     .fix = "write each label in its xn-- form",
     .cite = "RFC 5280 section 7.2, RFC 9549, BR 7.1.4.3", .check = check_u_label, .mend = MEND_A_LABEL,
     .bad = "{common_name: www.example.com, san: ['dns:m\xc3\xbcnchen.example.com']}",
     .good = "{common_name: www.example.com, san: ['dns:xn--mnchen-3ya.example.com']}"},
    {.id = "idn.r-ldh", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .from = "2021-10-01",
     .title = "reserved label that is no A-label",
     .why = "Labels with hyphens in the third and fourth place are reserved; only xn-- has a "
            "meaning, and public CAs refuse the others.",
     .fix = "rename the host",
     .cite = "BR 1.6.1, RFC 5890 section 2.3.1", .check = check_reserved,
     .bad = "{common_name: bq--abwhky3f6fxq.example.com}",
     .good = "{common_name: b-q--a.example.com}"},
    {.id = "idn.punycode", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "xn-- label stands for nothing",
     .why = "What follows xn-- must be the Punycode form of a name in another script; this one "
            "cannot be registered, and CAs refuse it.",
     .fix = "encode the internationalised name again",
     .cite = "RFC 5891 section 5.4, RFC 3492", .check = check_punycode,
     .bad = "{common_name: xn--99999999.example.com}",
     .good = "{common_name: xn--mnchen-3ya.example.com}"},
    {.id = "idn.nfc", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "internationalised label is not normalised",
     .why = "The label looks like another one but has other characters; clients encode the "
            "normalised form and never ask for this one.",
     .fix = "normalise the name to NFC and encode it again",
     .cite = "RFC 5891 section 4.1", .check = check_nfc,
     .bad = "{common_name: xn--e-xbb.example.com}",
     .good = "{common_name: xn--9ca.example.com}"},
    {.id = "idn.code-point", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "character that IDNA 2008 does not allow",
     .why = "Registries and clients that follow IDNA 2008 refuse the name: symbols, emoji and "
            "compatibility characters are not part of it.",
     .fix = "choose a name of letters and digits",
     .cite = "RFC 5892", .check = check_code_point,
     .bad = "{common_name: xn--ls8h.example.com}",
     .good = "{common_name: xn--mnchen-3ya.example.com}"},
    {.id = "idn.context", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "character in a context that IDNA 2008 does not allow",
     .why = "Joiners and some punctuation are only allowed beside certain letters; elsewhere they "
            "are invisible or make two names look the same.",
     .fix = "remove the character",
     .cite = "RFC 5892 appendix A", .check = check_context,
     .bad = "{common_name: xn--ab-0ea.example.com}",
     .good = "{common_name: xn--ll-0ea.example.com}"},
    {.id = "idn.combining-start", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "label begins with a combining mark",
     .why = "The mark would change the dot or letter in front of the label; no registry accepts it.",
     .fix = "remove the mark",
     .cite = "RFC 5891 section 4.2.3.2", .check = check_combining,
     .bad = "{common_name: xn--a-ubb.example.com}",
     .good = "{common_name: xn--9ca.example.com}"},
    {.id = "idn.bidi", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "label breaks the rule for right-to-left names",
     .why = "Such a label is shown in an order that reads as another name.",
     .fix = "do not mix directions in a label, and begin no label of such a name with a digit",
     .cite = "RFC 5893 section 2", .check = check_bidi,
     .bad = "{common_name: 3com.xn--4dbrk0ce}",
     .good = "{common_name: www.xn--4dbrk0ce}"},
    {.id = "idn.mixed-script", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "label mixes scripts",
     .why = "Letters that look alike in two scripts make look-alike names; browsers show the xn-- "
            "form and CAs review the order by hand.",
     .fix = "check that the name is meant as it is",
     .cite = "UTS 39 section 5.2", .check = check_script,
     .bad = "{common_name: xn--pple-43d.example.com}",
     .good = "{common_name: xn--80adxhks.example.com}"},
    {.id = "idn.case", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "capital letters in an A-label",
     .why = "A-labels are lower case; a few readers decode capitals to another name.",
     .fix = "write the label in lower case",
     .cite = "RFC 5890 section 2.3.2.1", .check = check_case,
     .bad = "{common_name: XN--MNCHEN-3YA.example.com}",
     .good = "{common_name: xn--mnchen-3ya.example.com}"},
    {.id = NULL},
};
/* clang-format on */
