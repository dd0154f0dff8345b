/* SPDX-License-Identifier: Apache-2.0
 *
 * `fields:` of an order at CERTInext: which names there are, and how a setting is found that an
 * order may say for itself and the CA's configuration says for all.
 */
#include "policy/rules_certinext.h"

#include <string.h>

/* clang-format off */
const struct word certinext_fields[] = {
    {"remarks", CERTINEXT_TEXT, "remarks of the order; default its comment, else the change ticket"},
    {"tags", CERTINEXT_LIST, "tags of the order"},
    {"family", CERTINEXT_TEXT, "ssl or private-pki: the call that places the order; default by the "
                               "product"},
    {"save_and_hold", CERTINEXT_FLAG, "true: a draft, submitted in the portal; default false"},
    {"domain_name", CERTINEXT_TEXT, "primary name; default the common name"},
    {"auto_secure_www", CERTINEXT_FLAG, "as in the configuration"},
    {"group_number", CERTINEXT_TEXT, "as in the configuration"},
    {"organization_number", CERTINEXT_TEXT, "as in the configuration"},
    {"pre_vetting", CERTINEXT_FLAG, "false: the organization is vetted anew; default true when "
                                    "its number is known"},
    {"street_address2", CERTINEXT_TEXT, "second line of the street address; EV needs it"},
    {"city", CERTINEXT_TEXT, "default the locality of the subject"},
    {"accept_agreement", CERTINEXT_FLAG, "the subscriber agreement is accepted; default true"},
    {"accounting_model", CERTINEXT_TEXT, "as in the configuration"},
    {"email_notifications", CERTINEXT_FLAG, "as in the configuration"},
    {"requestor", CERTINEXT_GROUP, "as in the configuration, key by key"},
    {"requestor.name", CERTINEXT_TEXT, NULL},
    {"requestor.email", CERTINEXT_TEXT, NULL},
    {"requestor.isd_code", CERTINEXT_TEXT, NULL},
    {"requestor.mobile_number", CERTINEXT_TEXT, NULL},
    {"requestor.designation", CERTINEXT_TEXT, NULL},
    {"signer", CERTINEXT_GROUP, "as in the configuration, key by key"},
    {"signer.name", CERTINEXT_TEXT, NULL},
    {"signer.place", CERTINEXT_TEXT, NULL},
    {"signer.ip", CERTINEXT_TEXT, NULL},
    {"technical_contact", CERTINEXT_GROUP, "as in the configuration, key by key"},
    {"technical_contact.name", CERTINEXT_TEXT, NULL},
    {"technical_contact.email", CERTINEXT_TEXT, NULL},
    {"technical_contact.isd_code", CERTINEXT_TEXT, NULL},
    {"technical_contact.mobile_number", CERTINEXT_TEXT, NULL},
    {"subscription", CERTINEXT_GROUP, "as in the configuration, key by key"},
    {"subscription.years", CERTINEXT_TEXT, NULL},
    {"subscription.auto_renew", CERTINEXT_FLAG, NULL},
    {"subscription.renew_days", CERTINEXT_TEXT, NULL},
    {0},
};
/* clang-format on */

/* Paths have one dot at most. */
static const struct ynode *below(const struct ynode *node, const char *path)
{
    const char *dot = strchr(path, '.');
    char group[32];
    if (!node || !dot) {
        return node ? yaml_get(node, path) : NULL;
    }
    const size_t n = (size_t)(dot - path);
    if (n >= sizeof group) {
        return NULL;
    }
    memcpy(group, path, n);
    group[n] = '\0';
    const struct ynode *inner = yaml_get(node, group);
    return inner ? yaml_get(inner, dot + 1) : NULL;
}

/* Where a setting that nobody wrote belongs: its group in the configuration, else the CA. */
static struct hit missing_at(const struct rule_run *run, const char *path)
{
    const size_t n = strcspn(path, ".");
    const char *group = arena_strndup(rule_arena(run), path, n);
    return (struct hit){.ca_key = group, .key = "fields"};
}

struct certinext_setting certinext_setting(const struct rule_run *run, const char *path)
{
    const struct subject *s = rule_facts(run)->s;
    const struct ynode *own = below(rule_field(run, "fields"), path);
    const struct ynode *node = own ? own : rule_ca_field(run, path);
    const bool scalar = node && node->kind == YAML_SCALAR && node->text[0];
    struct certinext_setting out = {.node = node, .text = scalar ? node->text : NULL};
    out.at = own    ? (struct hit){.pos = yaml_pos(s->file, own)}
             : node ? (struct hit){.ca_key = path}
                    : missing_at(run, path);
    out.at.value = out.text;
    return out;
}

int certinext_flag(const struct rule_run *run, const char *path, int fallback)
{
    static const struct word words[] = {
        {"true", 1, NULL}, {"1", 1, NULL}, {"false", 0, NULL}, {"0", 0, NULL}, {0}};
    const struct certinext_setting s = certinext_setting(run, path);
    for (const struct word *w = words; s.node && w->text; w++) {
        if (str_eq(w->text, s.text)) {
            return w->value;
        }
    }
    return s.node ? -1 : fallback;
}

const char *certinext_shown(const struct rule_run *run, const char *text)
{
    return text ? str_vis_dup(rule_arena(run), text, strlen(text)) : "nothing";
}

bool certinext_digits(const char *text, size_t most)
{
    const size_t n = text ? strlen(text) : 0;
    return n >= 1 && n <= most && strspn(text, "0123456789") == n;
}

struct certinext_setting certinext_organization(const struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const struct ynode *own = below(rule_field(run, "fields"), "organization_number");
    const struct organization *o = own ? NULL : rule_organization(run);
    const struct ynode *id = o && o->ids && s->ca ? yaml_get(o->ids, s->ca) : NULL;
    id = id || !o || !o->ids ? id : yaml_get(o->ids, s->ca_type);
    if (id && id->kind == YAML_SCALAR && id->text[0]) {
        return (struct certinext_setting){id, id->text, {.key = "organization", .value = id->text}};
    }
    return certinext_setting(run, "organization_number");
}

/* --- certinext.fields --- */
static const struct word *known(const char *path)
{
    for (const struct word *w = certinext_fields; w->text; w++) {
        if (str_eq(w->text, path)) {
            return w;
        }
    }
    return NULL;
}

static void hit_unknown(struct rule_run *run, const struct ynode *n, const char *path)
{
    const char *near = word_suggest(certinext_fields, path);
    const struct hit at = {.pos = yaml_key_pos(rule_facts(run)->s->file, n), .value = path};
    rule_hit(run, at, "CERTInext orders have no field %s%s%s%s", certinext_shown(run, path),
             near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static void check_value(struct rule_run *run, const struct ynode *n, const struct word *w)
{
    static const struct {
        enum yaml_kind kind;
        const char *said;
    } shapes[] = {
        [CERTINEXT_TEXT] = {YAML_SCALAR, "a single value"},
        [CERTINEXT_FLAG] = {YAML_SCALAR, "true or false"},
        [CERTINEXT_LIST] = {YAML_SEQUENCE, "a list"},
        [CERTINEXT_GROUP] = {YAML_MAPPING, "a mapping"},
    };
    const bool flag = w->value == CERTINEXT_FLAG;
    if (n->kind != shapes[w->value].kind || (flag && certinext_flag(run, w->text, 0) < 0)) {
        rule_hit(run, (struct hit){.pos = yaml_pos(rule_facts(run)->s->file, n)},
                 "the field %s must be %s", w->text, shapes[w->value].said);
    }
}

static void check_fields(struct rule_run *run)
{
    const struct ynode *fields = rule_field(run, "fields");
    for (const struct ynode *n = fields ? fields->first : NULL; n; n = n->next) {
        const struct word *w = n->key ? known(n->key) : NULL;
        if (!n->key) {
            return; /* no mapping: the schema says so */
        }
        if (!w) {
            hit_unknown(run, n, n->key);
            continue;
        }
        check_value(run, n, w);
        for (const struct ynode *c = n->kind == YAML_MAPPING ? n->first : NULL; c; c = c->next) {
            const char *path = arena_printf(rule_arena(run), "%s.%s", n->key, c->key);
            const struct word *inner = w->value == CERTINEXT_GROUP ? known(path) : w;
            if (!inner) {
                hit_unknown(run, c, path);
            } else if (inner != w) {
                check_value(run, c, inner);
            }
        }
    }
}

/* clang-format off */
const struct rule rules_certinext_fields[] = {
    {.id = "certinext.fields", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .ca = "certinext",
     .title = "order field that CERTInext does not have",
     .why = "A mistyped field would not be sent, and the order would be placed with the value of "
            "the configuration instead.",
     .fix = "correct the name; the fields are those of the configuration and remarks, tags, "
            "family, save_and_hold, domain_name, pre_vetting, street_address2, city, "
            "accept_agreement",
     .cite = "emSign Hub API, GenerateOrderSSL", .check = check_fields,
     .bad = "{ca: certinext-prod, common_name: www.example.net, product: '838', "
            "fields: {remark: renewal of the shop}}",
     .good = "{ca: certinext-prod, common_name: www.example.net, product: '838', "
             "fields: {remarks: renewal of the shop, requestor: {email: pki@example.net}}}"},
    {0}};
/* clang-format on */
