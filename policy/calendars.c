/* SPDX-License-Identifier: Apache-2.0
 *
 * See calendars.h: the `calendars:` section of a policy file, from its text to the sorted list of
 * the policy, and the questions rules ask of it. Times are half-open and in UTC; a day written
 * without a time begins at midnight, so `to: 2027-01-04` leaves that day free.
 */
#include "policy/calendars.h"

#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

/* --- reading --- */

#define OFF(member) offsetof(struct freeze, member)
/* clang-format off */
static const struct field freeze_fields[] = {
    {.name = "from", .kind = FIELD_TIME, .flags = FIELD_REQUIRED, .offset = OFF(from),
     .help = "first instant: a time with its zone, or a day"},
    {.name = "to", .kind = FIELD_TIME, .flags = FIELD_REQUIRED, .offset = OFF(to),
     .help = "first instant that is free again"},
    {.name = "why", .kind = FIELD_STRING, .flags = FIELD_NONEMPTY, .offset = OFF(why),
     .help = "what it is, for findings"},
};
/* clang-format on */
static const struct schema freeze_schema = {"freeze",
                                            "a time in which something must not happen",
                                            freeze_fields,
                                            NITEMS(freeze_fields),
                                            sizeof(struct freeze),
                                            NO_OFFSET};

static void read_one(struct schema_ctx *ctx, const struct ynode *calendar, const struct ynode *node,
                     struct policy_file *file)
{
    struct freeze *f = &file->freezes[file->nfreezes];
    if (!schema_read(ctx, &freeze_schema, node, f)) {
        return;
    }
    if (f->to <= f->from) {
        schema_problem(ctx, yaml_get(node, "to"), "'to' must be later than 'from'");
        return;
    }
    f->calendar = calendar->key;
    f->pos = yaml_pos(ctx->file, node);
    file->nfreezes++;
}

void calendars_read(struct schema_ctx *ctx, const struct ynode *node, void *target)
{
    struct policy_file *file = target;
    size_t room = 0;
    if (node->kind != YAML_MAPPING) {
        schema_problem(ctx, node, "'calendars' must be a mapping of names to lists");
        return;
    }
    for (const struct ynode *c = node->first; c; c = c->next) {
        if (!name_is_safe(c->key)) {
            schema_problem(ctx, c,
                           "the name of a calendar is 1 to 64 letters, digits, dots, hyphens and "
                           "underscores");
        } else if (c->kind != YAML_SEQUENCE) {
            schema_problem(ctx, c, "a calendar is a list of {from, to, why}");
        }
        room += c->count;
    }
    file->freezes = arena_array(ctx->arena, room + 1, sizeof *file->freezes);
    for (const struct ynode *c = node->first; c; c = c->next) {
        for (const struct ynode *n = c->kind == YAML_SEQUENCE ? c->first : NULL; n; n = n->next) {
            read_one(ctx, c, n, file);
        }
    }
}

const char calendars_json_schema[] =
    "{\"type\":\"object\",\"propertyNames\":{\"pattern\":\"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$\"},"
    "\"additionalProperties\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"additionalProperties\":false,\"required\":[\"from\",\"to\"],\"properties\":{"
    "\"from\":{\"type\":\"string\"},\"to\":{\"type\":\"string\"},"
    "\"why\":{\"type\":\"string\",\"minLength\":1}}}}}";

/* --- of all files --- */

static int compare(const void *a, const void *b)
{
    const struct freeze *x = a;
    const struct freeze *y = b;
    const int by_name = strcmp(x->calendar, y->calendar);
    const int by_from = (x->from > y->from) - (x->from < y->from);
    const int by_to = (x->to > y->to) - (x->to < y->to);
    return by_name ? by_name : by_from ? by_from : by_to;
}

/* Files add to a calendar of the same name: a site's freeze is not lifted by a file that has its
 * own. */
void calendars_join(struct policy *p)
{
    size_t room = 0;
    for (size_t i = 0; i < p->nfiles; i++) {
        room += p->files[i]->nfreezes;
    }
    p->nfreezes = 0;
    p->freezes = arena_array(&p->arena, room + 1, sizeof *p->freezes);
    for (size_t i = 0; i < p->nfiles; i++) {
        for (size_t k = 0; k < p->files[i]->nfreezes; k++) {
            p->freezes[p->nfreezes++] = p->files[i]->freezes[k];
        }
    }
    qsort(p->freezes, p->nfreezes, sizeof *p->freezes, compare);
}

/* --- what rules ask --- */

const struct freeze *calendar_hit(const struct rule_run *run, const struct strlist *names,
                                  int64_t from, int64_t to)
{
    size_t n;
    const struct freeze *f = rule_freezes(run, &n);
    for (size_t i = 0; i < n; i++) {
        if (from < f[i].to && to >= f[i].from &&
            (names->n == 0 || strlist_has(names, f[i].calendar))) {
            return &f[i];
        }
    }
    return NULL;
}

static bool is_calendar(const struct rule_run *run, const char *name)
{
    size_t n;
    const struct freeze *f = rule_freezes(run, &n);
    bool known = false;
    for (size_t i = 0; i < n && !known; i++) {
        known = str_eq(f[i].calendar, name);
    }
    return known;
}

bool calendars_known(struct rule_run *run, const struct strlist *names)
{
    for (size_t i = 0; i < names->n; i++) {
        if (!is_calendar(run, names->v[i])) {
            rule_broken(run, "the policy has no calendar %s",
                        str_vis_dup(rule_arena(run), names->v[i], strlen(names->v[i])));
            return false;
        }
    }
    return true;
}
