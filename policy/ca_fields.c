/* SPDX-License-Identifier: Apache-2.0
 *
 * What may stand under `fields:` of an order, for each kind of CA: names, kinds of value and what
 * they are for, as data. Names are those of the CA's own interface in snake_case. batch/ refuses
 * the others, the rules of each CA read them.
 */
#include "formats/base/str.h"
#include "policy/rule.h"

/* clang-format off */
static const struct ca_field digicert[] = {
    {"signature_hash", CA_FIELD_TEXT, "sha256, sha384 or sha512"},
    {"organization_id", CA_FIELD_NUMBER, "number of the organization"},
    {"container_id", CA_FIELD_NUMBER, "number of the division"},
    {"server_platform_id", CA_FIELD_NUMBER, "number of the server platform"},
    {"order_validity", CA_FIELD_MAP, "years, days or custom_expiration_date of the order"},
    {"cert_validity", CA_FIELD_MAP, "years, days or custom_expiration_date of the certificate"},
    {"organization_units", CA_FIELD_LIST, "organizational units, private products only"},
    {"verified_contact", CA_FIELD_BOOL, "the organization has a verified contact for EV"},
    {"ca_cert_id", CA_FIELD_TEXT, "issuing CA"},
    {"profile_option", CA_FIELD_TEXT, "certificate profile option"},
    {"payment_method", CA_FIELD_TEXT, "balance or profile"},
    {"comments", CA_FIELD_TEXT, "for the approver"},
    {"custom_fields", CA_FIELD_MAP, "custom order fields by number"},
    {"dcv_method", CA_FIELD_TEXT, "email, dns-txt-token, dns-cname-token, http-token or "
                                    "http-token-dynamic"},
    {"skip_approval", CA_FIELD_BOOL, "no approval step"},
    {"duplicate", CA_FIELD_BOOL, "a reissue as a duplicate: the old certificate stays"},
    {"renewal_of_order_id", CA_FIELD_NUMBER, "order that is renewed, when replaces: has none"},
    {"primary_usage", CA_FIELD_TEXT, "S/MIME: signing, key_management or dual_use"},
    {"profile_type", CA_FIELD_TEXT, "S/MIME: strict or multipurpose"},
    {"common_name_indicator", CA_FIELD_TEXT, "S/MIME: email_address, given_name_surname, ..."},
    {"include_email", CA_FIELD_BOOL, "S/MIME: the subject shows the mailbox"},
    {"include_given_name_surname", CA_FIELD_BOOL, "S/MIME: the subject shows the person's names"},
    {"include_pseudonym", CA_FIELD_BOOL, "S/MIME: the subject shows the pseudonym"},
};
static const struct ca_field sectigo[] = {
    {"org_id", CA_FIELD_NUMBER, "number of the organization or department"},
    {"cert_type", CA_FIELD_NUMBER, "number of the certificate profile"},
    {"term", CA_FIELD_NUMBER, "days"},
    {"external_requester", CA_FIELD_TEXT, "mail addresses that are told about the certificate"},
    {"custom_fields", CA_FIELD_MAP, "custom fields by name"},
    {"dcv_mode", CA_FIELD_TEXT, "CNAME, EMAIL, HTTP, HTTPS or TXT"},
    {"dcv_email", CA_FIELD_TEXT, "address for EMAIL"},
    {"reuse_csr", CA_FIELD_BOOL, "renew with the CSR and key that the CA has"},
};
static const struct ca_field entrust[] = {
    {"ca_id", CA_FIELD_TEXT, "id of the CA behind the gateway"},
    {"profile_id", CA_FIELD_TEXT, "id of the profile"},
    {"format", CA_FIELD_TEXT, "X509, PEM or PKCS12"},
    {"validity_period", CA_FIELD_TEXT, "ISO 8601 duration"},
    {"subject_dn", CA_FIELD_TEXT, "the whole subject, for profiles without subject builder"},
    {"subject_variables", CA_FIELD_MAP, "variables of the profile beyond the subject"},
    {"properties", CA_FIELD_MAP, "properties of the profile"},
    {"use_san_from_csr", CA_FIELD_BOOL, "alternative names are those of the CSR"},
};
static const struct ca_field adcs[] = {
    {"template", CA_FIELD_TEXT, "name of the template"},
    {"attributes", CA_FIELD_MAP, "further request attributes"},
    {"san_attribute", CA_FIELD_BOOL, "names go as a request attribute, not in the CSR"},
};
static const struct ca_field emca[] = {
    {"profile", CA_FIELD_TEXT, "name of the certificate profile"},
    {"subscriber_id", CA_FIELD_TEXT, "subscriber the certificate belongs to"},
    {"validity", CA_FIELD_TEXT, "Days:Hours:Minutes:Seconds"},
    {"valid_from", CA_FIELD_TEXT, "dd:mm:yyyy hh:mm:ss"},
};
static const struct ca_field acme[] = {
    {"preferred_chain", CA_FIELD_TEXT, "common name of the topmost issuer"},
};
/* a request of EST has room for nothing beside the CSR (RFC 7030, 4.2.1) */
static const struct ca_field est[] = {{0}};

static const struct {
    const char *type;
    const struct ca_field *fields;
    size_t n;
} tables[] = {
    {"digicert", digicert, NITEMS(digicert)}, {"sectigo", sectigo, NITEMS(sectigo)},
    {"entrust", entrust, NITEMS(entrust)},    {"adcs", adcs, NITEMS(adcs)},
    {"emca", emca, NITEMS(emca)},             {"acme", acme, NITEMS(acme)},
    {"est", est, 0},
};
/* clang-format on */

const struct ca_field *ca_fields_of(const char *type, size_t *n)
{
    for (size_t i = 0; i < NITEMS(tables); i++) {
        if (str_eq(tables[i].type, type)) {
            *n = tables[i].n;
            return tables[i].fields;
        }
    }
    *n = 0;
    return NULL;
}

const char *ca_field_problem(const struct ca_field *field, const struct ynode *value)
{
    static const struct {
        enum yaml_kind node;
        const char *must;
    } shapes[] = {
        [CA_FIELD_TEXT] = {YAML_SCALAR, "must be text"},
        [CA_FIELD_NUMBER] = {YAML_SCALAR, "must be a whole number"},
        [CA_FIELD_BOOL] = {YAML_SCALAR, "must be true or false"},
        [CA_FIELD_LIST] = {YAML_SEQUENCE, "must be a list"},
        [CA_FIELD_MAP] = {YAML_MAPPING, "must be a mapping"},
    };
    uint64_t number;
    bool ok = value->kind == shapes[field->kind].node;
    if (ok && field->kind == CA_FIELD_NUMBER) {
        ok = str_u64(value->text, &number);
    } else if (ok && field->kind == CA_FIELD_BOOL) {
        ok = str_eq(value->text, "true") || str_eq(value->text, "false");
    } else if (ok && field->kind == CA_FIELD_TEXT) {
        ok = value->text[0] != '\0';
    }
    return ok ? NULL : shapes[field->kind].must;
}
