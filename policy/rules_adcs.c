/* SPDX-License-Identifier: Apache-2.0
 *
 * adcs.*: what a request to the web enrolment of Active Directory Certificate Services needs, and
 * what must not get into it. Request attributes travel as lines "Name:Value" of one text; SANs in
 * an attribute as "dns=a&dns=b" within such a line.
 */
#include "policy/rules_ca.h"

#include <string.h>

#define OID_UPN "1.3.6.1.4.1.311.20.2.3"
#define OID_SID "1.3.6.1.4.1.311.25.2"

/* --- template --- */

/* Display names of the templates that come with Windows, where the name differs by more than
 * blanks. */
static const struct {
    const char *display, *name;
} built_in[] = {
    {"CA Exchange", "CAExchange"},
    {"Authenticated Session", "ClientAuth"},
    {"Basic EFS", "EFS"},
    {"Computer", "Machine"},
    {"Cross Certification Authority", "CrossCA"},
    {"Enrollment Agent (Computer)", "MachineEnrollmentAgent"},
    {"Exchange Enrollment Agent (Offline request)", "EnrollmentAgentOffline"},
    {"Exchange Signature Only", "ExchangeUserSignature"},
    {"IPSec", "IPSECIntermediateOnline"},
    {"IPSec (Offline request)", "IPSECIntermediateOffline"},
    {"Root Certification Authority", "CA"},
    {"Router (Offline request)", "OfflineRouter"},
    {"Subordinate Certification Authority", "SubCA"},
    {"Trust List Signing", "CTLSigning"},
    {"User Signature Only", "UserSignature"},
    {"Workstation Authentication", "Workstation"},
};

/* A display name without its blanks is the name that Windows proposes for it. */
static const char *name_of_display(struct arena *a, const char *text)
{
    for (size_t i = 0; i < NITEMS(built_in); i++) {
        if (str_ieq(built_in[i].display, text)) {
            return built_in[i].name;
        }
    }
    if (!strpbrk(text, " (")) {
        return NULL;
    }
    char *name = arena_strdup(a, text);
    char *to = name;
    for (const char *p = text; *p; p++) {
        if (*p != ' ' && *p != '(' && *p != ')') {
            *to++ = *p;
        }
    }
    *to = '\0';
    return name;
}

static bool published(const struct rule_run *run, const char *name)
{
    const struct ynode *list = rule_ca_field(run, "templates");
    for (const struct ynode *n = list ? list->first : NULL; n; n = n->next) {
        if (n->kind == YAML_SCALAR && str_ieq(n->text, name)) {
            return true;
        }
    }
    return !list;
}

static void check_template_name(struct rule_run *run, const struct said *t)
{
    const char *other;
    if (strpbrk(t->text, "\r\n:")) {
        rule_hit(run, t->at, "the name of the template has a line break or colon");
    } else if ((other = name_of_display(rule_arena(run), t->text)) != NULL) {
        rule_hit(run, t->at,
                 "%s looks like the display name of a template; its name is probably %s",
                 ca_shown(run, t->text), ca_shown(run, other));
    } else if (!published(run, t->text)) {
        rule_hit(run, t->at, "the CA does not publish the template %s", ca_shown(run, t->text));
    }
}

static void check_template(struct rule_run *run)
{
    const char *setup = rule_ca_text(run, "ca_setup_type");
    const struct said t = ca_said_product(run, "fields.template", "template");
    if (t.text && !ca_is_revocation(run)) {
        check_template_name(run, &t);
    } else if (ca_is_order(run) && !str_eq(setup, "standalone")) {
        rule_hit(run, (struct hit){.key = "product"},
                 "an enterprise CA needs a template, and neither the order nor the settings of "
                 "the CA name one");
    }
}

/* --- request attributes --- */

static const struct ynode *attributes(const struct rule_run *run)
{
    const struct ynode *map = rule_field(run, "fields.attributes");
    return map && map->kind == YAML_MAPPING ? map->first : NULL;
}

static bool sans_in_attribute(const struct rule_run *run)
{
    return ca_said_true(run, "fields.san_attribute", "san_attribute");
}

static bool harmless(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strchr("\r\n&=", text[i])) { /* the NUL too */
            return false;
        }
    }
    return true;
}

static void check_injection(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct said t = ca_said_product(run, "fields.template", "template");
    for (const struct ynode *n = attributes(run); n; n = n->next) {
        const bool value = n->kind == YAML_SCALAR && harmless(n->text, strlen(n->text));
        if (!value || !harmless(n->key, strlen(n->key)) || strchr(n->key, ':')) {
            rule_hit(run,
                     (struct hit){.pos = yaml_pos(f->s->file, n),
                                  .value = n->kind == YAML_SCALAR ? n->text : n->key},
                     "the request attribute would say more than its value: it has a line break, "
                     "& or =");
        }
    }
    if (t.text && !harmless(t.text, strlen(t.text))) {
        rule_hit(run, t.at, "the name of the template has a line break, & or =");
    }
    for (size_t i = 0; sans_in_attribute(run) && i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->views & VIEW_ORDER && !harmless(n->text, n->text_n)) {
            rule_hit(run, (struct hit){.name = n},
                     "in a request attribute this name would become several: it has a line "
                     "break, & or =");
        }
    }
}

static void check_san_attribute(struct rule_run *run)
{
    if (rule_bool(run, 0) || ca_is_revocation(run)) {
        return;
    }
    const struct said asked = ca_said(run, "fields.san_attribute", "san_attribute");
    if (str_eq(asked.text, "true")) {
        rule_hit(run, asked.at, "names go to the CA in a request attribute");
    }
    for (const struct ynode *n = attributes(run); n; n = n->next) {
        if (str_ieq(n->key, "san")) {
            rule_hit(run, (struct hit){.pos = yaml_pos(rule_facts(run)->s->file, n)},
                     "names go to the CA in a request attribute");
        }
    }
}

/* --- strong mapping --- */

static bool has_sid(const struct csr *csr)
{
    if (x509_ext_find(csr->exts, csr->nexts, OID_SID)) {
        return true;
    }
    for (size_t i = 0; i < csr->san.n; i++) { /* the other place Windows looks at */
        const struct general_name *g = &csr->san.v[i];
        static const char tag[] = "tag:microsoft.com,2022-09-14:sid:";
        if (g->type == GN_URI && g->text && g->text_n > sizeof tag - 1 &&
            strncmp(g->text, tag, sizeof tag - 1) == 0) {
            return true;
        }
    }
    return false;
}

static void check_upn_sid(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct csr *csr = f->csr;
    const struct strlist *templates = rule_strings(run, 0);
    const char *template = ca_said_product(run, "fields.template", "template").text;
    if (!csr || !csr->usable || has_sid(csr) ||
        (templates->n && !(template && strlist_has(templates, template)))) {
        return;
    }
    for (size_t i = 0; i < f->nnames; i++) {
        const struct general_name *g = f->names[i].gn;
        if (g && g->type == GN_OTHER && str_eq(g->other_oid, OID_UPN)) {
            rule_hit(run, (struct hit){.name = &f->names[i]},
                     "the request has a user principal name but no security identifier");
        }
    }
}

static const struct param san_params[] = {
    {.name = "allow",
     .kind = PARAM_BOOL,
     .fallback = "false",
     .help = "the CA is known to accept names in request attributes"}};
static const struct param upn_params[] = {
    {.name = "templates",
     .kind = PARAM_STRINGS,
     .fallback = "",
     .help = "templates people log on with; none = every template"}};

#define BASE "type: adcs, base_url: 'https://ca.corp.example/certsrv'"
/* clang-format off */
const struct rule rules_adcs[] = {
    {.id = "adcs.template", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "adcs",
     .title = "template is missing or not named by its name",
     .why = "The CA answers 'template not found' (0x80094800) or 'no template' (0x80094801): it "
            "knows templates by their name, which is not what the console displays.",
     .fix = "give the template name, as `certutil -CATemplates` lists it before the colon",
     .cite = "MS-WCCE 3.2.1.4.2.1; certsrv web enrolment", .check = check_template,
     .bad = "{ca: {" BASE "}, product: Web Server, common_name: www.corp.example.com}",
     .good = "{ca: {" BASE "}, product: WebServer, common_name: www.corp.example.com}"},
    {.id = "adcs.attribute-injection", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER, .ca = "adcs",
     .title = "request attribute that would smuggle in another",
     .why = "Attributes are lines of one text: a line break, & or = in a value adds an attribute "
            "or a name that nobody approved.",
     .fix = "remove the character",
     .cite = "MS-WCCE 2.2.2.7; certbatch", .check = check_injection,
     .bad = "{ca: {" BASE "}, product: WebServer, common_name: www.corp.example.com, "
            "fields: {attributes: {Comment: \"x\\nsan:dns=admin.corp.example.com\"}}}",
     .good = "{ca: {" BASE "}, product: WebServer, common_name: www.corp.example.com, "
             "fields: {attributes: {Comment: CHG0000001}}}"},
    {.id = "adcs.san-attribute", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_CA,
     .ca = "adcs",
     .title = "names go to the CA in a request attribute",
     .why = "The CA accepts them only with EDITF_ATTRIBUTESUBJECTALTNAME2, which lets whoever may "
            "request any certificate name anybody in it.",
     .fix = "put the names into the CSR",
     .cite = "certsrv web enrolment, EDITF_ATTRIBUTESUBJECTALTNAME2",
     .check = check_san_attribute, RULE_PARAMS(san_params),
     .bad = "{ca: {" BASE ", san_attribute: true}, product: WebServer, "
            "common_name: www.corp.example.com}",
     .good = "{ca: {" BASE ", san_attribute: false}, product: WebServer, "
             "common_name: www.corp.example.com}"},
    {.id = "adcs.upn-sid", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_CSR | NEEDS_USABLE | NEEDS_ORDER, .ca = "adcs",
     .title = "user principal name without security identifier",
     .why = "Domain controllers map a certificate to an account by its SID (strong mapping, "
            "KB5014754); a name alone is refused at logon.",
     .fix = "make the CSR with the extension 1.3.6.1.4.1.311.25.2",
     .cite = "KB5014754", .check = check_upn_sid, RULE_PARAMS(upn_params),
     .bad = "{ca: adcs-corp, csr: adcs.upn-sid.pem, product: SmartcardLogon}",
     .good = "{ca: adcs-corp, csr: adcs.upn-sid.good.pem, product: SmartcardLogon}"},
    {0}};
/* clang-format on */
