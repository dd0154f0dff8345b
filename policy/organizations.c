/* SPDX-License-Identifier: Apache-2.0
 *
 * `organizations:` of a policy: what a CA has validated about the legal entity certificates are
 * ordered for. Rules hold the subject of a request, its EV facts and the age of the validation
 * against such a record. Everything that can be wrong with a record is said when it is loaded.
 */
#include "policy/engine.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/country.h"
#include "policy/rules_ev.h"

#include <stdlib.h>
#include <string.h>

/* EVG 7.1.4.2.3; no other spelling is one. */
const char *const ev_business_categories[] = {"Private Organization", "Government Entity",
                                              "Business Entity", "Non-Commercial Entity", NULL};

static bool check_category(const char *text, const char **why)
{
    *why = "must be Private Organization, Government Entity, Business Entity or Non-Commercial "
           "Entity, spelled like this";
    for (size_t i = 0; ev_business_categories[i]; i++) {
        if (str_eq(text, ev_business_categories[i])) {
            return true;
        }
    }
    return false;
}

static bool check_country(const char *text, const char **why)
{
    *why = "must be an ISO 3166-1 country code: two capital letters, such as US or DE; the United "
           "Kingdom is GB";
    return country_is_iso(text, strlen(text));
}

static bool check_domain(const char *text, const char **why)
{
    *why = "must hold DNS names without a wildcard, such as example.com";
    return text[0] && text[0] != '.' && !strpbrk(text, "*@:/ ");
}

/* clang-format off */
#define TEXT(type, member, key, text)                                                              \
    {.name = key, .kind = FIELD_STRING, .flags = FIELD_NONEMPTY,                                   \
     .offset = offsetof(struct type, member), .help = text}

static const struct field jurisdiction_fields[] = {
    {.name = "C", .kind = FIELD_STRING, .flags = FIELD_REQUIRED, .check = check_country,
     .pattern = "[A-Z]{2}", .offset = offsetof(struct jurisdiction_text, country),
     .help = "country of incorporation or registration"},
    TEXT(jurisdiction_text, state, "ST", "state or province, when a state agency registers it"),
    TEXT(jurisdiction_text, locality, "L", "locality, when a local agency registers it"),
};
static const struct schema jurisdiction_schema = {
    "jurisdiction", "where the organization is registered", jurisdiction_fields,
    NITEMS(jurisdiction_fields), sizeof(struct jurisdiction_text), NO_OFFSET};

static const struct field validated_fields[] = {
    {.name = "ov", .kind = FIELD_DATE, .offset = offsetof(struct validated_text, ov),
     .help = "day the CA validated it for OV"},
    {.name = "ev", .kind = FIELD_DATE, .offset = offsetof(struct validated_text, ev),
     .help = "day the CA validated it for EV"},
};
static const struct schema validated_schema = {
    "validated", "when the CA validated the organization", validated_fields,
    NITEMS(validated_fields), sizeof(struct validated_text), NO_OFFSET};

static const struct field organization_fields[] = {
    TEXT(organization_text, legal_name, "legal-name",
         "name in the register; O of the subject unless `subject` says another"),
    {.name = "subject", .kind = FIELD_NODE, .offset = offsetof(struct organization_text, subject),
     .json_schema = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}",
     .help = "attributes as they must be spelled, by short name: {C: DE, ST: Hamburg, L: Hamburg}"},
    {.name = "business-category", .kind = FIELD_STRING, .check = check_category,
     .pattern = "Private Organization|Government Entity|Business Entity|Non-Commercial Entity",
     .offset = offsetof(struct organization_text, business_category),
     .help = "one of the four of the EV Guidelines"},
    {.name = "jurisdiction", .kind = FIELD_OBJECT_PTR, .sub = &jurisdiction_schema,
     .offset = offsetof(struct organization_text, jurisdiction),
     .help = "where the organization is registered"},
    TEXT(organization_text, serial, "serial", "registration number"),
    {.name = "serial-format", .kind = FIELD_NODE, .json_schema = "{\"type\":\"string\"}",
     .offset = offsetof(struct organization_text, serial_format),
     .help = "PCRE2 pattern for the whole registration number"},
    {.name = "validated", .kind = FIELD_OBJECT_PTR, .sub = &validated_schema,
     .offset = offsetof(struct organization_text, validated),
     .help = "when the CA validated the organization"},
    {.name = "domains", .kind = FIELD_STRINGS, .flags = FIELD_NONEMPTY, .check = check_domain,
     .offset = offsetof(struct organization_text, domains),
     .help = "DNS names that belong to it; people reachable there are its people"},
    {.name = "ids", .kind = FIELD_NODE, .offset = offsetof(struct organization_text, ids),
     .json_schema = "{\"type\":\"object\",\"additionalProperties\":{\"type\":"
                    "[\"string\",\"integer\"]}}",
     .help = "CA or kind of CA: number the organization has there"},
};
const struct schema organization_schema = {
    "organization", "a legal entity certificates are ordered for", organization_fields,
    NITEMS(organization_fields), sizeof(struct organization_text),
    offsetof(struct organization_text, node)};
/* clang-format on */

/* --- reading --- */

static bool known_attribute(const char *name)
{
    for (size_t i = 0; i < dn_names_count; i++) {
        if (str_eq(dn_names[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void check_attribute(struct schema_ctx *ctx, const struct ynode *n)
{
    const struct dn_name *label = dn_name_by_manifest(n->key);
    const char *shown = str_vis_dup(ctx->arena, n->key, strlen(n->key));
    if (n->kind != YAML_SCALAR || !n->text[0]) {
        schema_problem(ctx, n, "%s must be text", shown);
    } else if (!known_attribute(n->key)) {
        schema_problem(ctx, n, "%s is not the short name of a subject attribute%s%s", shown,
                       label ? "; here it is " : " (C, ST, L, O, street, postalCode, ...)",
                       label ? label->name : "");
    } else if (str_eq(n->key, "CN")) {
        schema_problem(ctx, n, "an organization has no common name");
    } else if ((str_eq(n->key, "C") || str_eq(n->key, "jurisdictionC")) &&
               !country_is_iso(n->text, strlen(n->text))) {
        schema_problem(ctx, n, "%s must be an ISO 3166-1 country code%s", shown,
                       country_hint(n->text, strlen(n->text)));
    }
}

static void check_mapping(struct schema_ctx *ctx, const struct ynode *node, const char *what,
                          void (*check)(struct schema_ctx *, const struct ynode *))
{
    if (node && node->kind != YAML_MAPPING) {
        schema_problem(ctx, node, "%s", what);
        return;
    }
    for (const struct ynode *n = node ? node->first : NULL; n; n = n->next) {
        check(ctx, n);
    }
}

static void check_id(struct schema_ctx *ctx, const struct ynode *n)
{
    if (n->kind != YAML_SCALAR || !n->text[0]) {
        schema_problem(ctx, n, "an id is a text, such as \"100200300\"");
    }
}

static void read_one(struct policy_ctx *ctx, struct organization_text *t)
{
    struct schema_ctx *sc = &ctx->schema;
    struct matcher format = {0};
    check_mapping(sc, t->subject, "subject is a mapping of attributes: {C: US, O: Example Corp}",
                  check_attribute);
    check_mapping(sc, t->ids, "ids is a mapping: CA: number", check_id);
    if (t->serial_format && (t->serial_format->kind != YAML_SCALAR || !t->serial_format->text[0])) {
        schema_problem(sc, t->serial_format, "serial-format is a pattern");
    } else if (t->serial_format &&
               matcher_regex(ctx, t->serial_format, t->serial_format->text, &format)) {
        t->regex = format.regex;
    }
    for (size_t i = 0; i < t->domains.n; i++) {
        t->domains.v[i] = name_norm(sc->arena, GN_DNS, t->domains.v[i], strlen(t->domains.v[i]));
    }
}

void organizations_read(struct policy_ctx *ctx, struct policy_file *file)
{
    struct organization_text *v = file->organizations.v;
    for (size_t i = 0; i < file->organizations.n; i++) {
        read_one(ctx, &v[i]);
    }
}

/* --- resolving --- */

static void make_subject(struct arena *a, const struct organization_text *t,
                         struct organization *out)
{
    const struct ynode *first = t->subject ? t->subject->first : NULL;
    struct dn_value *dn = arena_array(a, (t->subject ? t->subject->count : 0) + 1, sizeof *dn);
    size_t n = 0;
    if (t->legal_name && !yaml_get(t->subject, "O")) {
        dn[n++] = (struct dn_value){"O", t->legal_name};
    }
    for (const struct ynode *c = first; c; c = c->next) {
        if (c->kind == YAML_SCALAR) {
            dn[n++] = (struct dn_value){c->key, c->text};
        }
    }
    out->subject = dn;
    out->nsubject = n;
}

static struct organization make(struct arena *a, const struct policy_file *file,
                                const struct organization_text *t)
{
    const struct jurisdiction_text *j = t->jurisdiction;
    struct organization o = {.name = t->name,
                             .legal_name = t->legal_name,
                             .business_category = t->business_category,
                             .serial = t->serial,
                             .jurisdiction_country = j ? j->country : NULL,
                             .jurisdiction_state = j ? j->state : NULL,
                             .jurisdiction_locality = j ? j->locality : NULL,
                             .serial_format = t->regex,
                             .serial_format_text = t->regex ? t->serial_format->text : NULL,
                             .validated_ov = t->validated ? t->validated->ov : TIME_NONE,
                             .validated_ev = t->validated ? t->validated->ev : TIME_NONE,
                             .domains = {.v = t->domains.v, .n = t->domains.n},
                             .ids = t->ids,
                             .pos = yaml_key_pos(file->path, t->node)};
    make_subject(a, t, &o);
    return o;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct organization *)a)->name, ((const struct organization *)b)->name);
}

static int compare_key(const void *name, const void *o)
{
    return strcmp(name, ((const struct organization *)o)->name);
}

const char *organization_number(const struct organization *o, const struct subject *s)
{
    const struct ynode *n = o && s->ca ? yaml_get(o->ids, s->ca) : NULL;
    n = n || !o || !s->ca_type ? n : yaml_get(o->ids, s->ca_type);
    return n && n->kind == YAML_SCALAR && n->text[0] ? n->text : NULL;
}

const struct organization *organization_find(const struct policy *p, const char *name)
{
    return name && p->norganizations ? bsearch(name, p->organizations, p->norganizations,
                                               sizeof *p->organizations, compare_key)
                                     : NULL;
}

/* A later file of the list has it too. */
static bool later(const struct policy *p, size_t file, const char *name)
{
    for (size_t i = file + 1; i < p->nfiles; i++) {
        const struct organization_text *v = p->files[i]->organizations.v;
        for (size_t k = 0; k < p->files[i]->organizations.n; k++) {
            if (str_eq(v[k].name, name)) {
                return true;
            }
        }
    }
    return false;
}

static void check_profiles(const struct policy *p, const struct policy_file *file,
                           struct findings *findings)
{
    const struct profile_text *profiles = file->profiles.v;
    for (size_t i = 0; i < file->profiles.n; i++) {
        const char *name = profiles[i].set.organization;
        if (!name || organization_find(p, name)) {
            continue;
        }
        CLEANUP(buf_release) struct buf shown = BUF_INIT(1024);
        str_vis(&shown, name, strlen(name), 200);
        rule_report(findings, "policy.schema",
                    yaml_pos(file->path, yaml_get(profiles[i].set.node, "organization")),
                    "no policy has an organization %s under organizations", buf_text(&shown));
    }
}

void organizations_resolve(struct policy *p, struct findings *findings)
{
    size_t most = 0;
    for (size_t i = 0; i < p->nfiles; i++) {
        most += p->files[i]->organizations.n;
    }
    p->organizations = arena_array(&p->arena, most + 1, sizeof *p->organizations);
    for (size_t i = 0; i < p->nfiles; i++) {
        const struct organization_text *v = p->files[i]->organizations.v;
        for (size_t k = 0; k < p->files[i]->organizations.n; k++) {
            if (!later(p, i, v[k].name)) {
                p->organizations[p->norganizations++] = make(&p->arena, p->files[i], &v[k]);
            }
        }
    }
    qsort(p->organizations, p->norganizations, sizeof *p->organizations, compare);
    for (size_t i = 0; i < p->nfiles; i++) {
        check_profiles(p, p->files[i], findings);
    }
}

/* --- canonical JSON: keys sorted, mappings of the policy too --- */

struct pair {
    const char *key, *value;
};

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static void write_pairs(struct jw *j, const char *key, struct pair *v, size_t n)
{
    if (n == 0) {
        return;
    }
    qsort(v, n, sizeof *v, compare_pairs);
    jw_object(j, key);
    for (size_t i = 0; i < n; i++) {
        jw_str(j, v[i].key, v[i].value);
    }
    jw_end(j);
}

static void write_ids(struct jw *j, const struct ynode *ids)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct pair *v = arena_array(&a, ids ? ids->count + 1 : 1, sizeof *v);
    size_t n = 0;
    for (const struct ynode *c = ids ? ids->first : NULL; c; c = c->next) {
        v[n++] = (struct pair){c->key, c->text};
    }
    write_pairs(j, "ids", v, n);
}

static void write_subject(struct jw *j, const struct organization *o)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct pair *v = arena_array(&a, o->nsubject + 1, sizeof *v);
    for (size_t i = 0; i < o->nsubject; i++) {
        v[i] = (struct pair){o->subject[i].name, o->subject[i].value};
    }
    write_pairs(j, "subject", v, o->nsubject);
}

static void write_day(struct jw *j, const char *key, int64_t t)
{
    char day[TIME_TEXT];
    if (t != TIME_NONE) {
        time_format_date(t, day);
        jw_str(j, key, day);
    }
}

static void write_one(struct jw *j, const struct organization *o)
{
    struct pair jurisdiction[3];
    size_t n = 0;
    const struct pair parts[] = {{"C", o->jurisdiction_country},
                                 {"L", o->jurisdiction_locality},
                                 {"ST", o->jurisdiction_state}};
    for (size_t i = 0; i < NITEMS(parts); i++) {
        if (parts[i].value) {
            jurisdiction[n++] = parts[i];
        }
    }
    jw_object(j, o->name);
    jw_str(j, "business-category", o->business_category);
    jw_array(j, "domains");
    for (size_t i = 0; i < o->domains.n; i++) {
        jw_str(j, NULL, o->domains.v[i]);
    }
    jw_end(j);
    write_ids(j, o->ids);
    write_pairs(j, "jurisdiction", jurisdiction, n);
    jw_str(j, "legal-name", o->legal_name);
    jw_str(j, "serial", o->serial);
    jw_str(j, "serial-format", o->serial_format_text);
    write_subject(j, o);
    jw_object(j, "validated");
    write_day(j, "ev", o->validated_ev);
    write_day(j, "ov", o->validated_ov);
    jw_end(j);
    jw_end(j);
}

void organizations_write(struct jw *j, const struct policy *p)
{
    jw_object(j, "organizations");
    for (size_t i = 0; i < p->norganizations; i++) {
        write_one(j, &p->organizations[i]);
    }
    jw_end(j);
}
