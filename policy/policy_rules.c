/* SPDX-License-Identifier: Apache-2.0
 *
 * `rules:` sections: what a policy changes about a rule. Read against the rule table, so an
 * unknown rule, an unknown parameter, a value out of range or a severity below the rule's floor
 * stops the load. `ticket:` and `data:` are other spellings for parameters of certain rules; the
 * tables below say which.
 *
 *   key.type.allowed: {allowed: {add: [ed25519]}}
 *   subject.cn.discouraged: disabled
 *   dns.labels.max: {severity: error, max: 8}
 *   san.count.max: null                            # back to what the packs say
 *   ext.eku.client-auth: {steps: [{from: 2027-01-01, severity: error}]}
 */
#include "policy/engine.h"

#include "formats/base/fs.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

/* `ticket:` keys as parameters. */
static const struct {
    const char *key, *rule, *param;
} ticket_feeds[] = {{"required", "batch.ticket.required", "required"},
                    {"pattern", "batch.ticket.format", "pattern"},
                    {"max-age", "batch.ticket.approval", "max-age"}};

static bool is_null(const struct ynode *n)
{
    return n->kind == YAML_SCALAR && n->plain &&
           (!n->text[0] || str_eq(n->text, "null") || str_eq(n->text, "~"));
}

static struct pos pos_of(const struct policy_ctx *ctx, const struct ynode *n)
{
    return yaml_pos(ctx->schema.file, n);
}

/* --- parameters --- */

static bool int_in_range(const struct param *p, int64_t v)
{
    return v >= p->min && (p->max == 0 || v <= p->max);
}

static bool parse_int(const char *text, int64_t *out)
{
    uint64_t v;
    if (!str_u64(text, &v) || v > INT64_MAX) {
        return false;
    }
    *out = (int64_t)v;
    return true;
}

static void bad_param(const struct policy_ctx *ctx, const struct ynode *at, const struct param *p,
                      const char *want)
{
    rule_report(ctx->schema.findings, "policy.param", pos_of(ctx, at), "parameter %s wants %s",
                p->name, want);
}

static void read_int(struct policy_ctx *ctx, const struct ynode *n, const struct param *p,
                     struct param_edit *out)
{
    if (n->kind != YAML_SCALAR || !parse_int(n->text, &out->number) ||
        !int_in_range(p, out->number)) {
        const char *want = p->max
                               ? arena_printf(ctx->schema.arena, "a whole number from %lld to %lld",
                                              (long long)p->min, (long long)p->max)
                               : arena_printf(ctx->schema.arena, "a whole number of at least %lld",
                                              (long long)p->min);
        bad_param(ctx, n, p, want);
        return;
    }
    out->op = EDIT_SET;
}

static void read_bool(struct policy_ctx *ctx, const struct ynode *n, const struct param *p,
                      struct param_edit *out)
{
    const bool yes = n->kind == YAML_SCALAR && str_eq(n->text, "true");
    const bool no = n->kind == YAML_SCALAR && str_eq(n->text, "false");
    if (!yes && !no) {
        bad_param(ctx, n, p, "true or false");
        return;
    }
    out->op = EDIT_SET;
    out->number = yes;
}

static bool known_token(const struct param *p, const char *text)
{
    bool known = !p->tokens;
    for (size_t i = 0; p->tokens && p->tokens[i]; i++) {
        known |= strcmp(p->tokens[i], text) == 0;
    }
    return known;
}

/* Files are stored by path; the same file is one file wherever the policy is read from. */
static const char *string_value(struct policy_ctx *ctx, const struct ynode *n,
                                const struct param *p)
{
    if (p->kind != PARAM_FILES) {
        return n->text;
    }
    const char *path = path_join(ctx->schema.arena, ctx->file->dir, n->text);
    return data_read(ctx, n, path, NULL) ? path : NULL;
}

static void read_strings(struct policy_ctx *ctx, const struct ynode *list, const struct param *p,
                         struct strlist *out)
{
    out->v = arena_array(ctx->schema.arena, list->count + 1, sizeof *out->v);
    const struct ynode *n = list->kind == YAML_SEQUENCE ? list->first : list;
    for (; n; n = list->kind == YAML_SEQUENCE ? n->next : NULL) {
        if (n->kind != YAML_SCALAR || !known_token(p, n->text)) {
            bad_param(ctx, n, p,
                      p->tokens && n->kind == YAML_SCALAR
                          ? arena_printf(ctx->schema.arena, "one of its known words, not %s",
                                         str_vis_dup(ctx->schema.arena, n->text, strlen(n->text)))
                          : "texts");
            continue;
        }
        const char *value = string_value(ctx, n, p);
        if (value) {
            out->v[out->n++] = value;
        }
    }
}

static void read_patterns(struct policy_ctx *ctx, const struct ynode *list, const struct param *p,
                          struct matchers *out)
{
    out->present = true;
    out->v = arena_array(ctx->schema.arena, list->count + 1, sizeof *out->v);
    const struct ynode *n = list->kind == YAML_SEQUENCE ? list->first : list;
    for (; n; n = list->kind == YAML_SEQUENCE ? n->next : NULL) {
        if (n->kind != YAML_SCALAR) {
            bad_param(ctx, n, p, "PCRE2 patterns");
        } else if (matcher_regex(ctx, n, n->text, &out->v[out->n])) {
            out->n++;
        }
    }
}

static void read_list(struct policy_ctx *ctx, const struct ynode *n, const struct param *p,
                      bool removal, struct param_edit *out)
{
    if (p->kind == PARAM_PATTERNS) {
        read_patterns(ctx, n, p, removal ? &out->patterns.remove : &out->patterns.set);
    } else {
        read_strings(ctx, n, p, removal ? &out->remove : &out->set);
    }
}

static void read_param(struct policy_ctx *ctx, const struct ynode *n, const struct param *p,
                       struct param_edit *out)
{
    *out = (struct param_edit){.op = EDIT_NONE};
    if (is_null(n)) {
        out->op = EDIT_RESET;
        return;
    }
    if (p->kind == PARAM_INT) {
        read_int(ctx, n, p, out);
        return;
    }
    if (p->kind == PARAM_BOOL) {
        read_bool(ctx, n, p, out);
        return;
    }
    if (n->kind != YAML_MAPPING) {
        out->op = EDIT_SET;
        read_list(ctx, n, p, false, out);
        return;
    }
    out->op = EDIT_LIST;
    for (const struct ynode *k = n->first; k; k = k->next) {
        const bool removal = str_eq(k->key, "remove");
        if ((!removal && !str_eq(k->key, "add")) || k->kind != YAML_SEQUENCE) {
            bad_param(ctx, k, p, "a list, or {add: [...], remove: [...]}");
            continue;
        }
        read_list(ctx, k, p, removal, out);
    }
}

/* --- severities, steps --- */

static void read_severity(struct policy_ctx *ctx, const struct ynode *n, const struct rule *row,
                          struct setting_edit *out)
{
    if (is_null(n)) {
        out->severity_op = EDIT_RESET;
        return;
    }
    if (n->kind != YAML_SCALAR || !severity_parse(n->text, &out->severity)) {
        rule_report(ctx->schema.findings, "policy.param", pos_of(ctx, n),
                    "a severity is disabled, info, warning or error");
        return;
    }
    if (out->severity < row->floor) {
        rule_report(ctx->schema.findings, "policy.severity.lowered", pos_of(ctx, n),
                    "rule %s may not be set to %s: its floor is %s", row->id,
                    severity_name(out->severity), severity_name(row->floor));
        return;
    }
    out->severity_op = EDIT_SET;
}

static const struct param *find_param(const struct rule *row, const char *name, size_t *index)
{
    for (size_t i = 0; i < row->nparams; i++) {
        if (str_eq(row->params[i].name, name)) {
            *index = i;
            return &row->params[i];
        }
    }
    return NULL;
}

static void unknown_param(struct policy_ctx *ctx, const struct ynode *n, const struct rule *row)
{
    CLEANUP(buf_release) struct buf names = BUF_INIT(1024);
    for (size_t i = 0; i < row->nparams; i++) {
        buf_printf(&names, "%s%s", i ? ", " : "", row->params[i].name);
    }
    rule_report(ctx->schema.findings, "policy.param", yaml_key_pos(ctx->schema.file, n),
                "rule %s has no parameter %s; it has %s", row->id,
                str_vis_dup(ctx->schema.arena, n->key, strlen(n->key)),
                row->nparams ? buf_text(&names) : "none");
}

static void read_day(struct policy_ctx *ctx, const struct ynode *n, int64_t *out)
{
    if (n->kind != YAML_SCALAR || !time_parse_date(n->text, out)) {
        rule_report(ctx->schema.findings, "policy.param", pos_of(ctx, n),
                    "a step begins and ends on a day, such as 2027-01-01");
    }
}

static void read_setting(struct policy_ctx *ctx, const struct ynode *map, const struct rule *row,
                         bool step, struct setting_edit *out)
{
    for (const struct ynode *n = map->first; n; n = n->next) {
        size_t index = 0;
        const struct param *p = find_param(row, n->key, &index);
        if (str_eq(n->key, "severity")) {
            read_severity(ctx, n, row, out);
        } else if (step && str_eq(n->key, "from")) {
            read_day(ctx, n, &out->from);
        } else if (step && str_eq(n->key, "until")) {
            read_day(ctx, n, &out->until);
        } else if (p) {
            read_param(ctx, n, p, &out->params[index]);
        } else if (step || !(str_eq(n->key, "steps") || str_eq(n->key, "unsuppressable"))) {
            unknown_param(ctx, n, row);
        }
    }
}

static void read_steps(struct policy_ctx *ctx, const struct ynode *list, struct override *out)
{
    if (list->kind != YAML_SEQUENCE) {
        rule_report(ctx->schema.findings, "policy.param", pos_of(ctx, list),
                    "steps is a list of {from, until, severity, parameters}");
        return;
    }
    out->has_steps = true;
    out->steps = arena_array(ctx->schema.arena, list->count + 1, sizeof *out->steps);
    for (const struct ynode *n = list->first; n; n = n->next) {
        struct setting_edit *step = &out->steps[out->nsteps];
        *step = (struct setting_edit){.from = INT64_MIN, .until = INT64_MAX};
        if (n->kind != YAML_MAPPING) {
            rule_report(ctx->schema.findings, "policy.param", pos_of(ctx, n),
                        "a step is a mapping of from, until, severity and parameters");
            continue;
        }
        read_setting(ctx, n, out->row, true, step);
        if (step->from >= step->until) {
            rule_report(ctx->schema.findings, "policy.param", pos_of(ctx, n),
                        "the step is empty: from must be before until (until is not included)");
        }
        out->nsteps++;
    }
}

static const struct rule *row_of(struct policy_ctx *ctx, const struct ynode *n)
{
    const struct rule *row = rule_find(n->key);
    if (!row) {
        rule_report(ctx->schema.findings, "policy.rule.unknown", yaml_key_pos(ctx->schema.file, n),
                    "there is no rule %s", str_vis_dup(ctx->schema.arena, n->key, strlen(n->key)));
    } else if (!row->check) {
        rule_report(ctx->schema.findings, "policy.rule.unknown", yaml_key_pos(ctx->schema.file, n),
                    "rule %s is part of reading files and cannot be configured", row->id);
    }
    return row && row->check ? row : NULL;
}

static void read_override(struct policy_ctx *ctx, const struct ynode *n, struct override *out)
{
    if (is_null(n)) {
        out->reset = true;
    } else if (n->kind == YAML_MAPPING) {
        const struct ynode *steps = yaml_get(n, "steps");
        out->unsuppressable = yaml_get(n, "unsuppressable");
        if (out->unsuppressable && !str_eq(out->unsuppressable->text, "true") &&
            !str_eq(out->unsuppressable->text, "false")) {
            rule_report(ctx->schema.findings, "policy.param", pos_of(ctx, out->unsuppressable),
                        "unsuppressable is true or false");
        }
        read_setting(ctx, n, out->row, false, &out->base);
        if (steps) {
            read_steps(ctx, steps, out);
        }
    } else {
        read_severity(ctx, n, out->row, &out->base);
    }
}

static void read_ticket(struct policy_ctx *ctx, struct settings_text *set)
{
    const struct ynode *ticket = yaml_get(set->node, "ticket");
    for (size_t i = 0; ticket && i < NITEMS(ticket_feeds); i++) {
        const struct ynode *n = yaml_get(ticket, ticket_feeds[i].key);
        const struct rule *row = rule_find(ticket_feeds[i].rule);
        size_t index = 0;
        const struct param *p = row ? find_param(row, ticket_feeds[i].param, &index) : NULL;
        if (n && p) {
            struct override *o = &set->overrides[set->noverrides++];
            *o = (struct override){.row = row};
            read_param(ctx, n, p, &o->base.params[index]);
        } else if (n) {
            schema_problem(&ctx->schema, n, "no rule of this version uses this setting");
        }
    }
}

void overrides_read(struct policy_ctx *ctx, struct settings_text *set)
{
    const struct ynode *rules = set->rules;
    const size_t n = (rules ? rules->count : 0) + NITEMS(ticket_feeds);
    set->overrides = arena_array(ctx->schema.arena, n, sizeof *set->overrides);
    read_ticket(ctx, set);
    if (rules && rules->kind != YAML_MAPPING) {
        schema_problem(&ctx->schema, rules, "rules is a mapping of rule ids");
        return;
    }
    for (const struct ynode *r = rules ? rules->first : NULL; r; r = r->next) {
        const struct rule *row = row_of(ctx, r);
        if (row) {
            struct override *o = &set->overrides[set->noverrides++];
            *o = (struct override){.row = row};
            read_override(ctx, r, o);
        }
    }
}
