/* SPDX-License-Identifier: Apache-2.0
 *
 * `fields:` of an order against the table of its kind of CA (policy/ca_fields.c). In an item every
 * name must be known there. The manifest's defaults may serve several kinds of CA at once: a name
 * of theirs must be known to one of those the batch uses.
 */
#include "batch/batch_parts.h"

#include <string.h>

static const char *fields_of(const struct ca_config *ca)
{
    return ca->type->fields ? ca->type->fields : ca->type->type;
}

static const struct ca_field *find(const char *type, const char *name)
{
    size_t n = 0;
    const struct ca_field *v = ca_fields_of(type, &n);
    for (size_t i = 0; i < n; i++) {
        if (str_eq(v[i].name, name)) {
            return &v[i];
        }
    }
    return NULL;
}

static const char *known_names(const char *type, struct arena *a)
{
    CLEANUP(buf_release) struct buf names = BUF_INIT(1024);
    size_t n = 0;
    const struct ca_field *v = ca_fields_of(type, &n);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&names, "%s%s", i ? ", " : "", v[i].name);
    }
    return arena_strdup(a, names.n ? buf_text(&names) : "none");
}

void item_fields_check(const struct batch *b, const struct item *item, struct arena *a,
                       struct findings *findings)
{
    size_t n = 0;
    const struct ca_type *kind = item->ca->type;
    const char *type = fields_of(item->ca);
    const struct ynode *own = yaml_get(item->node, "fields");
    if (!own || own->kind != YAML_MAPPING || !ca_fields_of(type, &n)) {
        return;
    }
    for (const struct ynode *c = own->first; c; c = c->next) {
        const char *name = str_vis_dup(a, c->key, strlen(c->key));
        const struct ca_field *field = find(type, c->key);
        const char *problem = field ? ca_field_problem(field, c) : NULL;
        const char *key = arena_printf(a, "fields.%s", c->key);
        if (!field) {
            item_problem(b, item, findings, "manifest.schema", key,
                         "a CA of type %s%s%s%s has no order field '%s'; known: %s", kind->type,
                         kind->fields ? " (" : "", kind->fields ? kind->title : "",
                         kind->fields ? ")" : "", name, known_names(type, a));
        } else if (problem) {
            item_problem(b, item, findings, "manifest.schema", key, "field '%s' %s", name, problem);
        }
    }
}

/* Some kind of CA in the batch has the field, or has no table to look it up in. */
static bool known_to_one(const struct batch *b, const struct ynode *field)
{
    const char *last = NULL;
    bool any = false;
    for (size_t i = 0; i < b->norders; i++) {
        const struct ca_config *ca = batch_real_ca(b, &b->items[i]);
        size_t n = 0;
        if (!ca || str_eq(last, fields_of(ca))) {
            continue;
        }
        any = true;
        last = fields_of(ca);
        const struct ca_field *known = find(last, field->key);
        if (!ca_fields_of(last, &n) || (known && !ca_field_problem(known, field))) {
            return true;
        }
    }
    return !any;
}

void default_fields_check(const struct batch *b, struct findings *findings)
{
    const struct order *defaults = b->manifest.defaults;
    const struct ynode *fields = defaults ? defaults->extra : NULL;
    for (const struct ynode *c = fields && fields->kind == YAML_MAPPING ? fields->first : NULL; c;
         c = c->next) {
        if (!known_to_one(b, c)) {
            findings_report(findings, "manifest.schema", SEV_ERROR,
                            yaml_key_pos(b->manifest.path, c),
                            "no CA of this batch has an order field '%s' with such a value",
                            str_vis_dup(&findings->strings, c->key, strlen(c->key)));
        }
    }
}
