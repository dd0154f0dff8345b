/* SPDX-License-Identifier: Apache-2.0
 *
 * Every key of a manifest: the tables that validate it, fill the structs of manifest.h, and print
 * its JSON Schema and reference. What a table cannot say is checked in manifest.c.
 */
#include "batch/manifest_parts.h"

#include "formats/base/str.h"
#include "formats/crl.h"
#include "policy/dcv.h"
#include "policy/facts.h"

#include <string.h>

const struct word change_type_words[] = {
    {"standard", CHANGE_STANDARD, "pre-approved routine"},
    {"normal", CHANGE_NORMAL, "approved one by one"},
    {"emergency", CHANGE_EMERGENCY, "approval may follow"},
    {0},
};

const struct word order_action_words[] = {
    {"new", ACTION_NEW, "a certificate that did not exist before"},
    {"renew", ACTION_RENEW, "the next certificate of an old one"},
    {"reissue", ACTION_REISSUE, "the same order again, with another key or other names"},
    {0},
};

static bool serial_is_hex(const char *text, const char **why)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    *why =
        "must be a serial number: 1 to 40 hexadecimal digits, not zero, colons allowed; a decimal "
        "one begins with dec:";
    return serial_normal(&a, text) != NULL;
}

/* Only that it is a name of a known kind; its syntax is judged by the rules. */
static bool san_is_known(const char *text, const char **why)
{
    struct san_value v;
    san_value_parse(text, &v);
    *why = "must be dns:NAME, ip:ADDRESS, email:ADDRESS, uri:URI or a bare DNS name or address";
    return v.text[0] && !(v.type == GN_DNS && strchr(v.text, ':'));
}

static bool is_sha256(const char *text, const char **why)
{
    *why = "must be a SHA-256 digest: 64 lower-case hexadecimal digits";
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* "dec:" is of hexadecimal digits itself */
#define SERIAL_PATTERN "(?![dD][eE][cC]:)(0[xX])?[0-9A-Fa-f:]+|dec:[0-9]+"

/* --- change --- */

static const struct field window_fields[] = {
    {.name = "start",
     .kind = FIELD_TIME,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct change, window_start),
     .help = "nothing is sent before"},
    {.name = "end",
     .kind = FIELD_TIME,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct change, window_end),
     .help = "nothing is sent from then on"},
};
static const struct schema window_schema = {"window",
                                            "when the change may be executed",
                                            window_fields,
                                            NITEMS(window_fields),
                                            sizeof(struct change),
                                            NO_OFFSET};

static const struct field change_fields[] = {
    TEXT(change, ticket, "number of the change ticket"),
    {.name = "type",
     .kind = FIELD_WORD,
     .offset = offsetof(struct change, type),
     .words = change_type_words,
     .fallback = "normal",
     .help = "kind of change"},
    TEXT(change, requested_by, "who asks for the change"),
    {.name = "approved_by",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = offsetof(struct change, approved_by),
     .help = "who approved it"},
    {.name = "approved_at",
     .kind = FIELD_TIME,
     .offset = offsetof(struct change, approved_at),
     .help = "when it was approved"},
    {.name = "window",
     .kind = FIELD_OBJECT,
     .offset = 0,
     .sub = &window_schema,
     .help = "when the change may be executed"},
};
static const struct schema change_schema = {"change",
                                            "the change this batch belongs to",
                                            change_fields,
                                            NITEMS(change_fields),
                                            sizeof(struct change),
                                            offsetof(struct change, node)};

/* --- parts of an order --- */

static const struct field replaces_fields[] = {
    {.name = "certificate",
     .kind = FIELD_PATH,
     .flags = FIELD_ONE_OF | FIELD_NONEMPTY,
     .offset = offsetof(struct replaces, certificate),
     .help = "file of the old certificate"},
    FIELD_TEXT(replaces, order, FIELD_ONE_OF, "order number of the old certificate"),
    {.name = "serial",
     .kind = FIELD_STRING,
     .flags = FIELD_ONE_OF | FIELD_NONEMPTY,
     .offset = offsetof(struct replaces, serial),
     .pattern = SERIAL_PATTERN,
     .check = serial_is_hex,
     .help = "serial number of the old certificate, hexadecimal"},
};
static const struct schema replaces_schema = {"replaces",
                                              "the certificate that is renewed or reissued",
                                              replaces_fields,
                                              NITEMS(replaces_fields),
                                              sizeof(struct replaces),
                                              offsetof(struct replaces, node)};

static const struct field subject_fields[] = {
    TEXT(subject_fields, organization, "O"),
    TEXT(subject_fields, organizational_unit, "OU; public CAs refuse it"),
    TEXT(subject_fields, street_address, "street"),
    TEXT(subject_fields, locality, "L"),
    TEXT(subject_fields, state, "ST, state or province in full"),
    TEXT(subject_fields, postal_code, "postal code"),
    {.name = "country",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct subject_fields, country),
     .help = "C, two letters of ISO 3166-1; quote \"NO\""},
    TEXT(subject_fields, serial_number, "serialNumber, the registration number of the subject"),
    TEXT(subject_fields, organization_identifier, "organizationIdentifier"),
    TEXT(subject_fields, business_category, "businessCategory"),
    TEXT(subject_fields, email_address, "emailAddress"),
    TEXT(subject_fields, given_name, "givenName"),
    TEXT(subject_fields, surname, "surname"),
    TEXT(subject_fields, pseudonym, "pseudonym"),
    TEXT(subject_fields, title, "title"),
    TEXT(subject_fields, user_id, "UID"),
    {.name = "domain_component",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = offsetof(struct subject_fields, domain_component),
     .help = "DC, in the order of the certificate: [com, example]"},
};
static const struct schema subject_schema = {"subject",
                                             "distinguished name without the common name",
                                             subject_fields,
                                             NITEMS(subject_fields),
                                             sizeof(struct subject_fields),
                                             offsetof(struct subject_fields, node)};

static const struct field jurisdiction_fields[] = {
    TEXT(jurisdiction, country, "country of incorporation, two letters"),
    TEXT(jurisdiction, state, "state or province of incorporation"),
    TEXT(jurisdiction, locality, "locality of incorporation"),
};
static const struct schema jurisdiction_schema = {"jurisdiction",
                                                  "where the organization is incorporated",
                                                  jurisdiction_fields,
                                                  NITEMS(jurisdiction_fields),
                                                  sizeof(struct jurisdiction),
                                                  NO_OFFSET};

static const struct field contact_fields[] = {
    TEXT(contact, name, "full name"),
    TEXT(contact, email, "e-mail address"),
    TEXT(contact, phone, "telephone number"),
    TEXT(contact, isd_code, "country calling code, quoted: \"1\""),
    TEXT(contact, mobile_number, "mobile number without the country code, quoted"),
    TEXT(contact, designation, "job title"),
    TEXT(contact, employee_id, "employee number, quoted"),
};
static const struct schema contact_schema = {
    "contact", "a person", contact_fields, NITEMS(contact_fields), sizeof(struct contact),
    NO_OFFSET};

#define CONTACT(member, text)                                                                      \
    {                                                                                              \
        .name = #member, .kind = FIELD_OBJECT, .offset = offsetof(struct ev_fields, member),       \
        .sub = &contact_schema, .help = text                                                       \
    }
static const struct field ev_fields[] = {
    TEXT(ev_fields, business_category, "Private Organization, Government Entity ..."),
    TEXT(ev_fields, registration_number, "number in the register of companies"),
    {.name = "jurisdiction",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct ev_fields, jurisdiction),
     .sub = &jurisdiction_schema,
     .help = "where the organization is incorporated"},
    CONTACT(contract_signer, "who signs the subscriber agreement"),
    CONTACT(certificate_approver, "who approves the order"),
    CONTACT(certificate_requester, "who places the order"),
};
static const struct schema ev_schema = {"ev",
                                        "what extended validation asks for",
                                        ev_fields,
                                        NITEMS(ev_fields),
                                        sizeof(struct ev_fields),
                                        offsetof(struct ev_fields, node)};

static void check_escrow(struct schema_ctx *ctx, const struct ynode *n, void *target)
{
    (void)target;
    if (n->kind != YAML_SCALAR || !n->plain ||
        !(str_eq(n->text, "true") || str_eq(n->text, "false"))) {
        schema_problem(ctx, n, "'escrow' must be true or false");
    }
}

const struct word key_origin_words[] = {
    {"local", ORIGIN_LOCAL, "made by certbatch or on the machine of its owner"},
    {"hsm", ORIGIN_HSM, "made in a hardware security module"},
    {"appliance", ORIGIN_APPLIANCE, "made on the appliance that will use it"},
    {"ca", ORIGIN_CA, "made by the CA"},
    {0},
};

static const struct field dcv_fields[] = {
    {.name = "method",
     .kind = FIELD_WORD,
     .offset = offsetof(struct dcv_fields, method),
     .words = dcv_method_words,
     .help = "how control of the names is shown"},
    TEXT(dcv_fields, email, "mailbox that receives the challenge"),
    {.name = "validated",
     .kind = FIELD_TIME,
     .offset = offsetof(struct dcv_fields, validated),
     .help = "when the CA last validated these names or mailboxes"},
};
static const struct schema dcv_schema = {"dcv",
                                         "domain control validation",
                                         dcv_fields,
                                         NITEMS(dcv_fields),
                                         sizeof(struct dcv_fields),
                                         offsetof(struct dcv_fields, node)};

const struct word smime_type_words[] = {
    {"mailbox", SMIME_MAILBOX, "only the mailbox is validated"},
    {"organization", SMIME_ORGANIZATION, "a legal entity"},
    {"sponsor", SMIME_SPONSOR, "a person within a legal entity"},
    {"individual", SMIME_INDIVIDUAL, "a person"},
    {0},
};
const struct word smime_generation_words[] = {
    {"legacy", SMIME_LEGACY, "ended on 2025-07-15"},
    {"multipurpose", SMIME_MULTIPURPOSE, "emailProtection and more"},
    {"strict", SMIME_STRICT, "emailProtection only"},
    {0},
};
const struct word smime_use_words[] = {
    {"signing", SMIME_SIGNING, "signatures only"},
    {"encryption", SMIME_ENCRYPTION, "key management only"},
    {"dual", SMIME_DUAL, "both"},
    {0},
};
static const struct field smime_fields[] = {
    {.name = "type",
     .kind = FIELD_WORD,
     .offset = offsetof(struct smime_fields, type),
     .words = smime_type_words,
     .help = "who is validated"},
    {.name = "generation",
     .kind = FIELD_WORD,
     .offset = offsetof(struct smime_fields, generation),
     .words = smime_generation_words,
     .help = "which table of the S/MIME Baseline Requirements applies"},
    {.name = "use",
     .kind = FIELD_WORD,
     .offset = offsetof(struct smime_fields, use),
     .words = smime_use_words,
     .help = "what the key is for"},
    {.name = "escrow",
     .kind = FIELD_NODE,
     .offset = offsetof(struct smime_fields, escrow),
     .custom = check_escrow,
     .json_schema = "{\"type\": \"boolean\"}",
     .help = "is a copy of the key kept for recovery"},
};
static const struct schema smime_schema = {"smime",
                                           "what an S/MIME certificate is for",
                                           smime_fields,
                                           NITEMS(smime_fields),
                                           sizeof(struct smime_fields),
                                           offsetof(struct smime_fields, node)};

static void check_extra(struct schema_ctx *ctx, const struct ynode *n, void *target)
{
    (void)target;
    if (n->kind != YAML_MAPPING) {
        schema_problem(ctx, n, "'fields' must be a mapping of order fields of the CA");
    }
}

/* --- order --- */

static const struct field order_fields[] = {
    {.name = "id",
     .kind = FIELD_NAME,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct order, id),
     .help = "unique in the batch; names files"},
    {.name = "action",
     .kind = FIELD_WORD,
     .offset = offsetof(struct order, action),
     .words = order_action_words,
     .help = "what is ordered; default new"},
    TEXT(order, ca, "name of a CA of the configuration"),
    TEXT(order, product, "product name, or the code of the CA in quotes"),
    TEXT(order, profile, "policy profile that judges the item"),
    {.name = "replaces",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct order, replaces),
     .sub = &replaces_schema,
     .help = "the certificate that is renewed or reissued"},
    {.name = "csr",
     .kind = FIELD_PATH,
     .flags = FIELD_NONEMPTY | FIELD_NOT_BOTH,
     .offset = offsetof(struct order, csr),
     .help = "certificate signing request, PEM or DER"},
    {.name = "key_file",
     .kind = FIELD_PATH,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct order, key_file),
     .help = "private key of the CSR or old certificate"},
    {.name = "key_password",
     .kind = FIELD_SECRET,
     .offset = offsetof(struct order, key_password),
     .help = "password of key_file"},
    {.name = "key",
     .kind = FIELD_WORD,
     .flags = FIELD_NOT_BOTH,
     .offset = offsetof(struct order, key),
     .words = key_type_words,
     .help = "kind of key to generate"},
    {.name = "reuse_key",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct order, reuse_key),
     .fallback = "false",
     .help = "renew with the key of key_file instead of a new one"},
    TEXT(order, common_name, "common name"),
    {.name = "san",
     .kind = FIELD_STRINGS,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct order, san),
     .check = san_is_known,
     .help = "alternative names: dns:, ip:, email:, uri: or bare"},
    {.name = "subject",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct order, subject),
     .sub = &subject_schema,
     .help = "distinguished name without the common name"},
    {.name = "validity",
     .kind = FIELD_DURATION,
     .offset = offsetof(struct order, validity),
     .min = 1,
     .help = "how long the certificate shall live; default that of the product"},
    {.name = "order_date",
     .kind = FIELD_TIME,
     .offset = offsetof(struct order, order_date),
     .help = "planned date of the order; rules in force then apply"},
    {.name = "ev",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct order, ev),
     .sub = &ev_schema,
     .help = "what extended validation asks for"},
    TEXT(order, organization, "record of the policy's organizations that the certificate is for"),
    {.name = "key_origin",
     .kind = FIELD_WORD,
     .offset = offsetof(struct order, key_origin),
     .words = key_origin_words,
     .help = "where the private key was or will be made"},
    {.name = "dcv",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct order, dcv),
     .sub = &dcv_schema,
     .help = "domain control validation"},
    {.name = "smime",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct order, smime),
     .sub = &smime_schema,
     .help = "what an S/MIME certificate is for"},
    TEXT(order, sid, "Windows security identifier of the account (AD CS)"),
    {.name = "outputs",
     .kind = FIELD_NODE,
     .offset = offsetof(struct order, outputs.at),
     .sub = &manifest_output_schema,
     .custom = manifest_read_outputs,
     .json = manifest_outputs_json,
     .help = "list of pem, pfx, jks, each also as a mapping with options, and of servers"},
    {.name = "drop",
     .kind = FIELD_STRINGS,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct order, drop),
     .check = san_is_known,
     .help = "names of the old certificate that are left out on purpose"},
    TEXT(order, comment, "for people"),
    {.name = "fields",
     .kind = FIELD_NODE,
     .offset = offsetof(struct order, extra),
     .custom = check_extra,
     .json_schema = "{\"type\": \"object\"}",
     .help = "order fields of one kind of CA, by their names there"},
};
const struct schema order_schema = {"order",
                                    "one certificate to order",
                                    order_fields,
                                    NITEMS(order_fields),
                                    sizeof(struct order),
                                    offsetof(struct order, node)};
/* the first row is the id */
static const struct schema defaults_schema = {
    "defaults",           "fields of every order that does not say otherwise",
    order_fields + 1,     NITEMS(order_fields) - 1,
    sizeof(struct order), offsetof(struct order, node)};

/* --- revocation --- */

static const struct field revocation_fields[] = {
    {.name = "id",
     .kind = FIELD_NAME,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct revocation, id),
     .help = "unique in the batch"},
    TEXT(revocation, ca, "name of a CA of the configuration"),
    {.name = "certificate",
     .kind = FIELD_PATH,
     .flags = FIELD_ONE_OF | FIELD_NONEMPTY,
     .offset = offsetof(struct revocation, certificate),
     .help = "file of the certificate"},
    {.name = "serial",
     .kind = FIELD_STRING,
     .flags = FIELD_ONE_OF | FIELD_NONEMPTY,
     .offset = offsetof(struct revocation, serial),
     .pattern = SERIAL_PATTERN,
     .check = serial_is_hex,
     .rule = "revoke.serial.format",
     .help = "its serial number, hexadecimal"},
    {.name = "order",
     .kind = FIELD_STRING,
     .flags = FIELD_ONE_OF | FIELD_NONEMPTY,
     .offset = offsetof(struct revocation, order),
     .help = "its order number at the CA"},
    {.name = "reason",
     .kind = FIELD_WORD,
     .offset = offsetof(struct revocation, reason),
     .words = revocation_reason_words,
     .spellings = revocation_reason_spellings,
     .rule = "revoke.reason.known",
     .help = "reason of RFC 5280 section 5.3.1"},
    TEXT(revocation, comment, "sent to CAs that take a comment"),
    {.name = "after",
     .kind = FIELD_NAME,
     .offset = offsetof(struct revocation, after),
     .help = "id of the order that has to be issued and stored first"},
    {.name = "invalidity_date",
     .kind = FIELD_TIME,
     .offset = offsetof(struct revocation, invalidity_date),
     .help = "since when the key is known or suspected to be compromised"},
    TEXT(revocation, incident, "number of the incident"),
    TEXT(revocation, replaced_by, "item, order or serial that takes its place"),
    {.name = "situation",
     .kind = FIELD_INT,
     .offset = offsetof(struct revocation, situation),
     .min = 1,
     .max = 16,
     .help = "number of the situation in BR 4.9.1.1; decides deadline and reason"},
    {.name = "known_since",
     .kind = FIELD_TIME,
     .offset = offsetof(struct revocation, known_since),
     .help = "when the situation became known"},
    {.name = "not_before",
     .kind = FIELD_TIME,
     .offset = offsetof(struct revocation, not_before),
     .help = "no run revokes it before this time"},
};
const struct schema revocation_schema = {"revocation",
                                         "one certificate to revoke",
                                         revocation_fields,
                                         NITEMS(revocation_fields),
                                         sizeof(struct revocation),
                                         offsetof(struct revocation, node)};

/* --- manifest --- */

static const struct field manifest_fields[] = {
    {.name = "certbatch",
     .kind = FIELD_INT,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct manifest, version),
     .min = 1,
     .max = 1,
     .help = "version of this format: 1"},
    {.name = "name",
     .kind = FIELD_NAME,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct manifest, name),
     .help = "name of the batch; names its state directory and bundles"},
    {.name = "change",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct manifest, change),
     .sub = &change_schema,
     .help = "the change this batch belongs to"},
    {.name = "policy",
     .kind = FIELD_STRINGS,
     .flags = FIELD_SCALAR_OR_LIST | FIELD_NONEMPTY,
     .offset = offsetof(struct manifest, policy),
     .help = "policies: packs by name, files by path; later ones win"},
    {.name = "policy_sha256",
     .kind = FIELD_STRING,
     .offset = offsetof(struct manifest, policy_pin),
     .pattern = "[0-9a-f]{64}",
     .check = is_sha256,
     .help = "digest the resolved policy must have"},
    {.name = "delivery",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct manifest, delivery),
     .sub = &delivery_schema,
     .help = "to whom passwords travel; instead of what the config says"},
    {.name = "ca",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = offsetof(struct manifest, ca),
     .help = "default CA, by its name in the config"},
    {.name = "defaults",
     .kind = FIELD_OBJECT_PTR,
     .offset = offsetof(struct manifest, defaults),
     .sub = &defaults_schema,
     .help = "fields of every order that does not say otherwise"},
    {.name = "orders",
     .kind = FIELD_OBJECTS,
     .offset = offsetof(struct manifest, orders),
     .sub = &order_schema,
     .help = "certificates to order"},
    {.name = "revocations",
     .kind = FIELD_OBJECTS,
     .offset = offsetof(struct manifest, revocations),
     .sub = &revocation_schema,
     .help = "certificates to revoke"},
};
const struct schema manifest_schema = {"manifest",
                                       "a batch of certificate orders and revocations",
                                       manifest_fields,
                                       NITEMS(manifest_fields),
                                       sizeof(struct manifest),
                                       offsetof(struct manifest, node)};
