/* SPDX-License-Identifier: Apache-2.0
 *
 * Every key of a DigiCert CA in certbatch.yaml. The table holds shape and bounds; what CertCentral
 * refuses in a well-shaped value is said by the digicert.* rules.
 */
#include "batch/ca/digicert.h"

#include "formats/base/str.h"

#include <string.h>

/* --- terms --- */
static const struct field term_fields[] = {
    SETTING_INT(struct digicert_term, years, NULL, 0, 0, "years, 1 to 3"),
    SETTING_INT(struct digicert_term, days, NULL, 0, 0, "days"),
    SETTING_TEXT(struct digicert_term, custom_expiration_date, "last day, yyyy-mm-dd"),
};
static const struct schema term_schema = {"term",
                                          "a term by years, by days or by its last day",
                                          term_fields,
                                          NITEMS(term_fields),
                                          sizeof(struct digicert_term),
                                          NO_OFFSET};

/* --- words --- */
enum { PAYMENT_ACCOUNT, PAYMENT_BALANCE, PAYMENT_PROFILE };
static const struct word payment_words[] = {
    {"balance", PAYMENT_BALANCE, "the balance of the account"},
    {"profile", PAYMENT_PROFILE, "the payment profile of the account"},
    {0},
};

enum { DCV_ACCOUNT, DCV_BY_EMAIL, DCV_BY_TXT, DCV_BY_CNAME, DCV_BY_HTTP, DCV_BY_HTTP_DYNAMIC };
static const struct word dcv_words[] = {
    {"email", DCV_BY_EMAIL, "mail to an address of the domain"},
    {"dns-txt-token", DCV_BY_TXT, "TXT record"},
    {"dns-cname-token", DCV_BY_CNAME, "CNAME record"},
    {"http-token", DCV_BY_HTTP, "file on the web server"},
    {"http-token-dynamic", DCV_BY_HTTP_DYNAMIC, "file on the web server, dynamic"},
    {0},
};

enum { SCOPE_ACCOUNT, SCOPE_BASE, SCOPE_FQDN };
static const struct word scope_words[] = {
    {"base_domain", SCOPE_BASE, "the registered domain is proven, for all names below it"},
    {"fqdn", SCOPE_FQDN, "every name is proven by itself"},
    {0},
};

static const char *word_of(const struct word *words, int value)
{
    while (words->text && words->value != value) {
        words++;
    }
    return words->text;
}

const char *digicert_payment_word(const struct digicert_config *c)
{
    return word_of(payment_words, c->payment_type);
}

/* A hook publishes TXT records, so that is what is ordered with one. */
const char *digicert_dcv_word(const struct digicert_config *c)
{
    return word_of(dcv_words, c->dcv.enabled ? DCV_BY_TXT : c->dcv_method);
}

/* Which base domain a token would be wanted for shows in no answer about a pending order; with
 * the scope of one name it is the name itself. */
const char *digicert_scope_word(const struct digicert_config *c)
{
    return word_of(scope_words, c->dcv.enabled && !c->dcv_scope ? SCOPE_FQDN : c->dcv_scope);
}

/* --- dcv --- */
#define TEMPLATE_MARK "{0}"
static bool is_template(const char *text, const char **why)
{
    const char *mark = strstr(text, TEMPLATE_MARK);
    *why = "must contain {0}, the name that is validated, once";
    return mark && !strpbrk(mark + strlen(TEMPLATE_MARK), "{}") &&
           strcspn(text, "{}") == (size_t)(mark - text);
}

static const struct field dcv_fields[] = {
    SETTING_BOOL(struct digicert_dcv, enabled, "false",
                 "prove control of names with `hook`; orders then ask for dns-txt-token"),
    {.name = "hook",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = offsetof(struct digicert_dcv, hook),
     .help = "command that publishes and removes a TXT record, as a list of arguments; present or "
             "cleanup, name and value of the record are added"},
    {.name = "txt_record_template",
     .kind = FIELD_STRING,
     .offset = offsetof(struct digicert_dcv, txt_record_template),
     .fallback = TEMPLATE_MARK,
     .pattern = "[^{}]*\\{0\\}[^{}]*",
     .check = is_template,
     .help = "name of the TXT record; {0} is the name that is validated"},
    SETTING_INT(struct digicert_dcv, propagation_delay_seconds, "30", 0, 86400,
                "wait between publishing a record and asking DigiCert to look"),
    SETTING_INT(struct digicert_dcv, timeout_minutes, "10", 1, 1440,
                "for the validation of one name"),
    SETTING_INT(struct digicert_dcv, wait_for_challenge_seconds, "60", 0, 3600,
                "how long a new order may take to show its token; 0: one look"),
    SETTING_INT(struct digicert_dcv, wait_for_issuance_seconds, "60", 0, 3600,
                "how long a validated order may take to show its certificate; 0: one look"),
    SETTING_INT(struct digicert_dcv, max_order_age_hours, "24", 0, 8760,
                "older pending orders of earlier runs are left alone; 0: none is too old"),
    SETTING_INT(struct digicert_dcv, max_per_pass, "50", 0, 100000,
                "pending orders of earlier runs validated in one run; 0: all"),
};
static const struct schema dcv_schema = {
    "dcv",    "DNS challenges", dcv_fields, NITEMS(dcv_fields), sizeof(struct digicert_dcv),
    NO_OFFSET};

bool digicert_dcv(const struct ca_config *config, struct ca_dcv *out)
{
    const struct digicert_config *c = config->own;
    *out = (struct ca_dcv){.hook = &c->dcv.hook,
                           .record_template = c->dcv.txt_record_template,
                           .propagation_seconds = c->dcv.propagation_delay_seconds,
                           .timeout_seconds = c->dcv.timeout_minutes * 60,
                           .challenge_seconds = c->dcv.wait_for_challenge_seconds,
                           .issuance_seconds = c->dcv.wait_for_issuance_seconds,
                           .max_age_seconds = c->dcv.max_order_age_hours * 3600,
                           .max_per_pass = c->dcv.max_per_pass};
    return c->dcv.enabled && c->dcv.hook.n;
}

/* --- the table --- */
static const struct field config_fields[] = {
    SETTING_URL(struct digicert_config, base_url, FIELD_REQUIRED,
                "https://www.digicert.com/services/v2, or that of CertCentral Europe; the path "
                "may be left out"),
    SETTING_SECRET(struct digicert_config, api_key, "API key of a service user"),
    SETTING_TEXT(struct digicert_config, organization_id,
                 "number of the organization OV, EV and private orders are for"),
    SETTING_TEXT(struct digicert_config, container_id, "number of the division"),
    SETTING_INT(struct digicert_config, server_platform_id, NULL, 0, 0,
                "number of the server platform; default other"),
    SETTING_PRESET(struct digicert_config, signature_hash, "sha256",
                   "sha256, sha384 or sha512; sha1 for some private products"),
    SETTING_GROUP(struct digicert_config, order_validity, &term_schema,
                  "term of an order; certificates are reissued inside it"),
    SETTING_GROUP(struct digicert_config, certificate_validity, &term_schema,
                  "term of a certificate whose order says none"),
    SETTING_WORD(struct digicert_config, payment_type, payment_words, NULL,
                 "who pays; default what the account says"),
    SETTING_TEXT(struct digicert_config, payment_profile_id,
                 "number of the payment profile; default the one of the account"),
    SETTING_TEXT(struct digicert_config, default_product, "product of orders that name none"),
    SETTING_TEXT(struct digicert_config, ca_cert_id, "issuing CA, if the account may choose"),
    SETTING_TEXT(struct digicert_config, profile_option, "certificate profile option"),
    SETTING_WORD(struct digicert_config, dcv_method, dcv_words, NULL,
                 "how domains are validated; default email"),
    SETTING_WORD(struct digicert_config, dcv_scope, scope_words, NULL,
                 "what is validated; default what the account says, with `dcv` fqdn"),
    SETTING_BOOL(struct digicert_config, skip_approval, "false",
                 "no approval step; the key needs the rights of an administrator"),
    SETTING_BOOL(struct digicert_config, approve_requests, "false",
                 "approve the requests of our own orders and revocations with this key"),
    SETTING_BOOL(struct digicert_config, verified_contact, "false",
                 "the organization has verified contacts, so EV orders need name none"),
    SETTING_BOOL(struct digicert_config, disable_renewal_notifications, "false",
                 "DigiCert sends no mail before a certificate expires"),
    SETTING_GROUP(struct digicert_config, dcv, &dcv_schema, "DNS challenges"),
    SETTING_GROUP(struct digicert_config, enroll, &ca_enroll_schema,
                  "waits for a certificate that is not ready at once"),
    SETTING_INT(struct digicert_config, settle_seconds, "30", 0, 3600,
                "how long the list of orders may lag behind an order"),
    SETTING_INT(struct digicert_config, page_size, "1000", 1, 1000,
                "rows of a page of an inventory"),
    SETTING_RENEWAL(struct digicert_config),
};
const struct schema digicert_config_schema = {"digicert",
                                              "DigiCert CertCentral",
                                              config_fields,
                                              NITEMS(config_fields),
                                              sizeof(struct digicert_config),
                                              NO_OFFSET};

/* --- between keys --- */
static const struct ynode *place(const struct ca_config *config, const char *key)
{
    const struct ynode *n = yaml_get(config->node, key);
    return n ? n : config->node;
}

void digicert_check(struct schema_ctx *ctx, const struct ca_config *config)
{
    const struct digicert_config *c = config->own;
    const struct {
        const char *key, *value;
    } numbers[] = {{"organization_id", c->organization_id},
                   {"container_id", c->container_id},
                   {"payment_profile_id", c->payment_profile_id}};
    for (size_t i = 0; i < NITEMS(numbers); i++) {
        if (numbers[i].value && !digicert_is_number(numbers[i].value)) {
            schema_problem(ctx, place(config, numbers[i].key), "%s is a number of CertCentral",
                           numbers[i].key);
        }
    }
    if (c->dcv.enabled && !c->dcv.hook.n) {
        schema_problem(ctx, place(config, "dcv"), "dcv needs a 'hook' to publish records with");
    }
    if (c->dcv.enabled && c->dcv_method && c->dcv_method != DCV_BY_TXT) {
        schema_problem(ctx, place(config, "dcv_method"),
                       "the hook of dcv publishes TXT records: dcv_method must be dns-txt-token");
    }
}
