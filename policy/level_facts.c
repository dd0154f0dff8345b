/* SPDX-License-Identifier: Apache-2.0
 *
 * Who says the value of a subject attribute; see policy/rules_level.h.
 */
#include "policy/rules_level.h"

#include "formats/base/str.h"

#include <string.h>

/* Attributes and the manifest keys that say them. EV facts have keys of their own; the parts of
 * a jurisdiction belong together, so they are looked up below one node. */
static const struct source {
    const char *name, *key, *parent, *part;
} sources[] = {
    {"C", "subject.country", NULL, NULL},
    {"ST", "subject.state", NULL, NULL},
    {"L", "subject.locality", NULL, NULL},
    {"O", "subject.organization", NULL, NULL},
    {"OU", "subject.organizational_unit", NULL, NULL},
    {"SN", "subject.surname", NULL, NULL},
    {"GN", "subject.given_name", NULL, NULL},
    {"organizationIdentifier", "subject.organization_identifier", NULL, NULL},
    {"businessCategory", "ev.business_category", "ev", "business_category"},
    {"serialNumber", "ev.registration_number", "ev", "registration_number"},
    {"jurisdictionC", "ev.jurisdiction.country", "ev.jurisdiction", "country"},
    {"jurisdictionST", "ev.jurisdiction.state", "ev.jurisdiction", "state"},
    {"jurisdictionL", "ev.jurisdiction.locality", "ev.jurisdiction", "locality"},
};

static const struct source *source_of(const char *name)
{
    static const struct source unknown = {NULL, "subject", NULL, NULL};
    for (size_t i = 0; i < NITEMS(sources); i++) {
        if (strcmp(sources[i].name, name) == 0) {
            return &sources[i];
        }
    }
    return &unknown;
}

const char *organization_value(const struct organization *o, const char *name)
{
    const struct {
        const char *name, *value;
    } facts[] = {{"businessCategory", o->business_category},
                 {"serialNumber", o->serial},
                 {"jurisdictionC", o->jurisdiction_country},
                 {"jurisdictionST", o->jurisdiction_state},
                 {"jurisdictionL", o->jurisdiction_locality}};
    for (size_t i = 0; i < o->nsubject; i++) {
        if (str_eq(o->subject[i].name, name)) {
            return o->subject[i].value;
        }
    }
    for (size_t i = 0; i < NITEMS(facts); i++) {
        if (str_eq(facts[i].name, name)) {
            return facts[i].value;
        }
    }
    return NULL;
}

static bool in_subject(const struct facts *f, const char *name, struct level_value *out)
{
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (a->views & VIEW_EFFECTIVE && a->text_n && strcmp(a->name, name) == 0) {
            out->text = a->text;
            out->n = a->text_n;
            out->attr = a;
            return true;
        }
    }
    return false;
}

/* The `ev:` block counts unless the CA takes the subject from a CSR that was made elsewhere. */
static bool in_manifest(const struct rule_run *run, const struct source *source,
                        struct level_value *out)
{
    const struct subject *s = rule_facts(run)->s;
    const bool read = s->kind == SUBJECT_ORDER && !(s->ca_reads_csr_names && s->csr_file);
    const struct ynode *n =
        read && source->parent ? yaml_get(rule_field(run, source->parent), source->part) : NULL;
    if (!n || n->kind != YAML_SCALAR || !n->text[0]) {
        return false;
    }
    out->text = n->text;
    out->n = strlen(n->text);
    return true;
}

bool level_own_value(const struct rule_run *run, const char *name, struct level_value *out)
{
    const struct source *source = source_of(name);
    *out = (struct level_value){.key = source->key};
    return in_subject(rule_facts(run), name, out) || in_manifest(run, source, out);
}

bool level_value(const struct rule_run *run, const char *name, struct level_value *out)
{
    if (level_own_value(run, name, out)) {
        return true;
    }
    const bool alone = rule_facts(run)->s->kind == SUBJECT_CERT_FILE;
    const struct organization *o = alone ? NULL : rule_organization(run);
    const char *text = o ? organization_value(o, name) : NULL;
    if (text) {
        out->text = text;
        out->n = strlen(text);
        out->record = o;
    }
    return text != NULL;
}

bool level_has(const struct rule_run *run, const char *name)
{
    struct level_value unused;
    return level_value(run, name, &unused);
}

/* DigiCert and Sectigo orders carry the number of an organization and no name; a CERTInext order
 * names it beside the number. */
bool level_organization_by_id(const struct rule_run *run)
{
    static const char *const keys[] = {"organization_id", "org_id"};
    static const char *const fields[] = {"fields.organization_id", "fields.org_id"};
    bool found = false;
    for (size_t i = 0; i < NITEMS(keys); i++) {
        found |= rule_ca_text(run, keys[i]) || rule_text(run, fields[i]);
    }
    return found && rule_facts(run)->s->kind == SUBJECT_ORDER;
}

bool level_judged(const struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    return f->s->kind != SUBJECT_REVOCATION && !(f->csr && !f->csr->usable) &&
           !(f->cert && f->cert->is_ca);
}

struct hit level_at(const struct level_value *v)
{
    struct hit hit = {.attr = v->attr, .key = v->key, .value = v->text, .value_n = v->n};
    if (v->record) {
        hit.pos = v->record->pos;
    }
    return hit;
}

/* A CSR alone does not tell what the CA knows about the organization, so this is a warning. */
void level_missing(struct rule_run *run, const struct level_value *v, const char *message)
{
    static const char *const blocks[] = {"subject", "ev"};
    const struct subject *s = rule_facts(run)->s;
    struct hit hit = {.severity = s->kind == SUBJECT_CSR_FILE ? SEV_WARNING : SEV_DISABLED};
    for (size_t i = 0; i < NITEMS(blocks); i++) {
        hit.key = str_starts(v->key, blocks[i]) ? blocks[i] : hit.key;
    }
    if (!rule_organization_unknown(run)) {
        rule_hit(run, hit, "%s", message);
    }
}

enum severity level_severity(const struct attr_fact *attr, enum severity effective)
{
    return attr->views & VIEW_EFFECTIVE ? effective : SEV_WARNING;
}
