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

/* Which base domain a token would be wanted for shows in no answer about a pending order; with
 * the scope of one name it is the name itself. */
const char *digicert_scope_word(const struct digicert_config *c)
{
    return word_of(scope_words, c->dcv.enabled && !c->dcv_scope ? SCOPE_FQDN : c->dcv_scope);
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
    SETTING_WORD(struct digicert_config, dcv_method, digicert_dcv_words, NULL,
                 "how domains are validated; default email, with `dcv` dns-txt-token"),
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
    SETTING_GROUP(struct digicert_config, dcv, &ca_dcv_schema,
                  "proofs of control of names by records or files"),
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
    digicert_dcv_check(ctx, config);
}
