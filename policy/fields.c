/* SPDX-License-Identifier: Apache-2.0
 *
 * What an item, its CA and its change say beyond names and key, by dotted path. The schema has
 * judged the shape of all of it; rules read the text and point at its line.
 */
#include "policy/engine.h"

#include "formats/base/str.h"

#include <string.h>

/* "ev.contract_signer.email" below node; NULL as soon as a part is missing. */
const struct ynode *field_below(const struct ynode *node, const char *path)
{
    while (node && *path) {
        const size_t n = strcspn(path, ".");
        const struct ynode *c = node->kind == YAML_MAPPING ? node->first : NULL;
        while (c && (strncmp(c->key, path, n) != 0 || c->key[n] != '\0')) {
            c = c->next;
        }
        node = c;
        path += n + (path[n] == '.');
    }
    return node;
}

static const char *scalar(const struct ynode *n)
{
    return n && n->kind == YAML_SCALAR && n->text[0] ? n->text : NULL;
}

const char *text_below(const struct ynode *node, const char *path)
{
    return scalar(field_below(node, path));
}

const struct ynode *rule_field(const struct rule_run *run, const char *path)
{
    const struct ynode *own = run->s ? field_below(run->s->node, path) : NULL;
    return own || !run->s ? own : field_below(run->s->defaults, path);
}

const char *rule_text(const struct rule_run *run, const char *path)
{
    return scalar(rule_field(run, path));
}

const struct ynode *rule_ca_field(const struct rule_run *run, const char *path)
{
    return run->s ? field_below(run->s->ca_node, path) : NULL;
}

const char *rule_ca_text(const struct rule_run *run, const char *path)
{
    return scalar(rule_ca_field(run, path));
}

const struct ynode *rule_change_field(const struct rule_run *run, const char *path)
{
    const struct ynode *change = run->s       ? run->s->change
                                 : run->batch ? yaml_get(run->batch->root, "change")
                                              : NULL;
    return field_below(change, path);
}

const struct ca_facts *rule_ca(const struct rule_run *run)
{
    return run->ca;
}

static const char *organization_name(const struct rule_run *run)
{
    const char *own = rule_text(run, "organization");
    return own ? own : run->profile->organization;
}

const struct organization *rule_organization(const struct rule_run *run)
{
    return organization_find(run->policy, organization_name(run));
}

const char *rule_organization_unknown(const struct rule_run *run)
{
    return rule_organization(run) ? NULL : organization_name(run);
}

const struct freeze *rule_freezes(const struct rule_run *run, size_t *n)
{
    *n = run->policy->nfreezes;
    return run->policy->freezes;
}
