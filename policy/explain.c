/* SPDX-License-Identifier: Apache-2.0
 *
 * The rule catalogue for people and machines: `explain`, `rules`, `rules --format json`. All of
 * it is read off the rule table; there is no second text about a rule anywhere.
 */
#include "policy/engine.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

static const struct {
    unsigned bit;
    const char *name;
} scopes[] = {{SCOPE_DV, "dv"},      {SCOPE_OV, "ov"},       {SCOPE_IV, "iv"},
              {SCOPE_EV, "ev"},      {SCOPE_SMIME, "smime"}, {SCOPE_PRIVATE, "private"},
              {SCOPE_LOCAL, "local"}};

static const char *const param_kinds[] = {[PARAM_INT] = "number",
                                          [PARAM_BOOL] = "true or false",
                                          [PARAM_STRINGS] = "list of words",
                                          [PARAM_PATTERNS] = "PCRE2 patterns",
                                          [PARAM_FILES] = "files"};

static void put_scope(struct buf *out, unsigned scope)
{
    if ((scope & SCOPE_ALL) == SCOPE_ALL) {
        buf_puts(out, "every item");
        return;
    }
    const char *between = "";
    for (size_t i = 0; i < NITEMS(scopes); i++) {
        if (scope & scopes[i].bit) {
            buf_printf(out, "%s%s", between, scopes[i].name);
            between = " ";
        }
    }
}

/* Text wrapped at 78 columns behind a margin of two blanks. */
static void put_paragraph(struct buf *out, const char *text)
{
    size_t column = 0;
    while (*text) {
        const size_t n = strcspn(text, " ");
        if (n && column && column + 1 + n > 76) {
            buf_putc(out, '\n');
            column = 0;
        }
        if (n) {
            buf_puts(out, column ? " " : "  ");
            buf_add(out, text, n);
            column += n + (column ? 1 : 0);
        }
        text += n;
        text += *text == ' ';
    }
    buf_putc(out, '\n');
}

static void put_section(struct buf *out, const char *title, const char *text)
{
    if (text) {
        buf_printf(out, "\n%s\n", title);
        put_paragraph(out, text);
    }
}

/* Samples in files are named, the others shown (syntax: rule.h). */
static void put_sample(struct buf *out, const char *title, const char *text)
{
    static const struct {
        const char *prefix, *said;
    } kinds[] = {{"csr:", "the request tests/samples/"},
                 {"cert:", "the certificate tests/samples/"},
                 {"pem:", ""},
                 {"policy:", ""},
                 {"batch:", ""},
                 {"manifest:", ""},
                 {"config:", ""}};
    const char *said = "";
    buf_printf(out, "\n%s\n", title);
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        if (str_starts(text, kinds[i].prefix)) {
            text += strlen(kinds[i].prefix);
            said = kinds[i].said;
        }
    }
    while (*text) {
        const size_t n = strcspn(text, "\n");
        buf_printf(out, "  %s%.*s\n", said, (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void put_params(struct buf *out, const struct rule *r)
{
    buf_puts(out, r->nparams ? "\nparameters\n" : "");
    for (size_t i = 0; i < r->nparams; i++) {
        const struct param *p = &r->params[i];
        const bool set = p->fallback && *p->fallback;
        buf_printf(out, "  %s: %s, default %s", p->name, param_kinds[p->kind],
                   set ? p->fallback : "none");
        if (p->kind == PARAM_INT && p->max) {
            buf_printf(out, ", %lld to %lld", (long long)p->min, (long long)p->max);
        }
        buf_puts(out, "\n");
        if (p->help) {
            buf_printf(out, "    %s\n", p->help);
        }
    }
}

static void put_force(struct buf *out, const struct rule *r)
{
    if (r->from || r->until) {
        buf_printf(out, "in force    %s%s%s%s\n", r->from ? "from " : "", r->from ? r->from : "",
                   r->until ? (r->from ? " until before " : "until before ") : "",
                   r->until ? r->until : "");
    }
}

bool explain_rule(const char *id, struct buf *out, struct err *err)
{
    const struct rule *r = rule_find(id);
    if (!r) {
        CLEANUP(buf_release) struct buf shown = BUF_INIT(1024);
        str_vis(&shown, id, strlen(id), LIMIT_VALUE_SHOWN);
        err_set(err, ERR_USAGE, "there is no rule %s", buf_text(&shown));
        err_hint(err, "`certbatch rules` lists them all");
        return false;
    }
    buf_printf(out, "%s\n", r->id);
    put_paragraph(out, r->title);
    buf_printf(out, "\nseverity    %s", severity_name(r->severity));
    if (r->floor != SEV_DISABLED) {
        buf_printf(out, "; a policy may not go below %s", severity_name(r->floor));
    }
    buf_puts(out, r->unwaivable || !r->check ? "; cannot be waived\n" : "\n");
    buf_puts(out, "applies to  ");
    put_scope(out, r->scope);
    buf_putc(out, '\n');
    put_force(out, r);
    if (r->cite) {
        buf_printf(out, "source      %s\n", r->cite);
    }
    put_section(out, "why", r->why);
    put_section(out, "fix", r->fix);
    put_params(out, r);
    put_sample(out, "does not pass", r->bad ? r->bad : "");
    put_sample(out, "passes", r->good ? r->good : "");
    if (buf_failed(out)) {
        return err_set(err, ERR_INTERNAL, "the text of rule %s does not fit", r->id);
    }
    return true;
}

/* The severity in the policy's own settings; the row's without a policy. */
static enum severity severity_in(const struct policy *p, const struct rule *r)
{
    if (!p || !r->check) {
        return r->severity;
    }
    const struct profile *base = p->bases[0];
    for (size_t i = 0; i < base->nrules; i++) {
        if (base->rules[i].row == r) {
            return base->rules[i].base.severity;
        }
    }
    for (size_t i = 0; i < base->nbatch; i++) {
        if (base->batch[i].row == r) {
            return base->batch[i].base.severity;
        }
    }
    return SEV_DISABLED;
}

/* Does a rule say anything to items of this policy's level? */
static bool speaks(const struct policy *p, const struct rule *r)
{
    const enum policy_level level = p ? p->bases[0]->level : LEVEL_NONE;
    return level == LEVEL_NONE || r->scope & policy_level_scope(level);
}

void rules_list(struct buf *out, const struct policy *p, const char *pack)
{
    size_t width = 0;
    for (size_t i = 0; i < rule_count(); i++) {
        const size_t n = strlen(rule_at(i)->id);
        width = n > width ? n : width;
    }
    if (pack) {
        buf_printf(out, "# pack %s\n", pack);
    }
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *r = rule_at(i);
        if (speaks(p, r)) {
            buf_printf(out, "%-*s  %-8s  %s\n", (int)width, r->id, severity_name(severity_in(p, r)),
                       r->title);
        }
    }
}

static void json_params(struct jw *j, const struct rule *r)
{
    jw_array(j, "parameters");
    for (size_t i = 0; i < r->nparams; i++) {
        const struct param *p = &r->params[i];
        jw_object(j, NULL);
        jw_str(j, "name", p->name);
        jw_str(j, "kind", param_kinds[p->kind]);
        jw_str(j, "default", p->fallback);
        if (p->kind == PARAM_INT) {
            jw_int(j, "min", p->min);
        }
        if (p->kind == PARAM_INT && p->max) {
            jw_int(j, "max", p->max);
        }
        jw_str(j, "help", p->help);
        jw_end(j);
    }
    jw_end(j);
}

static void json_rule(struct jw *j, const struct policy *p, const struct rule *r)
{
    jw_object(j, NULL);
    jw_str(j, "id", r->id);
    jw_str(j, "severity", severity_name(severity_in(p, r)));
    jw_str(j, "floor", r->floor == SEV_DISABLED ? NULL : severity_name(r->floor));
    jw_bool(j, "waivable", !r->unwaivable && r->check);
    jw_array(j, "scope");
    for (size_t i = 0; i < NITEMS(scopes); i++) {
        if (r->scope & scopes[i].bit) {
            jw_str(j, NULL, scopes[i].name);
        }
    }
    jw_end(j);
    jw_str(j, "title", r->title);
    jw_str(j, "why", r->why);
    jw_str(j, "fix", r->fix);
    jw_str(j, "cite", r->cite);
    jw_str(j, "from", r->from);
    jw_str(j, "until", r->until);
    json_params(j, r);
    jw_str(j, "bad", r->bad);
    jw_str(j, "good", r->good);
    jw_end(j);
}

bool rules_list_json(struct buf *out, const struct policy *p, struct err *err)
{
    struct jw j;
    jw_begin(&j, out, JW_PRETTY);
    jw_array(&j, NULL);
    for (size_t i = 0; i < rule_count(); i++) {
        if (speaks(p, rule_at(i))) {
            json_rule(&j, p, rule_at(i));
        }
    }
    jw_end(&j);
    return jw_finish(&j, err);
}
