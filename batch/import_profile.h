/* SPDX-License-Identifier: Apache-2.0
 *
 * Import profiles: how the columns of somebody's export become fields of a manifest. A profile is
 * YAML, data only; those shipped are compiled in and can be printed as a start for one's own:
 *
 *     certbatch_import: 1
 *     name: my-inventory
 *     kind: table                              # what is read: see the words of `kind`
 *     date_formats: [dd/MM/yyyy]               # yyyy MM MMM M dd d HH H mm ss, the rest as it is
 *     time_zone: Europe/Berlin                 # of times without one
 *     columns:
 *       common_name: [Common Name, CN]         # the first heading that the file has
 *       serial: Serial Number
 *     notes: [Owner, Location]                 # kept as comments of the item
 *     constants: {product: ov-ucc}             # where the file says nothing
 *     policy: [cabf-tls]                       # policies the manifest names
 *     products: [{from: Multi-Domain SSL, to: ov-ucc}]
 *     filter: [{column: Status, is_not: [Revoked], why: it is revoked}]
 *
 * Headings are compared without case, blanks and punctuation. The strings live in the arena given.
 */
#ifndef BATCH_IMPORT_PROFILE_H
#define BATCH_IMPORT_PROFILE_H

#include "formats/base/schema.h"
#include "formats/csv_in.h"
#include "policy/policy.h"

/* Every field a column can fill, with its help text: one list for enum, schema and reference. */
#define IMPORT_FIELDS(X)                                                                           \
    X(ID, id, "id of the item; default made from its name")                                        \
    X(ACTION, action, "new, renew, reissue or revoke; default renew with an order or serial")      \
    X(COMMON_NAME, common_name, "common name, or the name a row is about")                         \
    X(SAN, san, "alternative names, several in one cell, DNS: and other prefixes understood")      \
    X(ORDER, order, "order number of the certificate at its CA")                                   \
    X(SERIAL, serial, "serial number of the certificate")                                          \
    X(THUMBPRINT, thumbprint, "fingerprint of the certificate; kept as a comment")                 \
    X(EXPIRES, expires, "when the certificate ends; kept as a comment")                            \
    X(ISSUED, issued, "when it was issued; kept as a comment")                                     \
    X(CA, ca, "name of the CA in the configuration")                                               \
    X(PRODUCT, product, "product; translated by `products`, else kept as a comment")               \
    X(VALIDITY, validity, "199d, 1 year, 12 months; a bare number is days")                        \
    X(KEY, key, "kind of key: rsa-2048, RSA, ECC P-256 ...")                                       \
    X(KEY_SIZE, key_size, "its size in bits, where that is a column of its own")                   \
    X(CSR, csr, "certificate signing request as PEM or base64 in the cell")                        \
    X(ORGANIZATION, organization, "O of the subject")                                              \
    X(ORGANIZATION_IDENTIFIER, organization_identifier, "organizationIdentifier of the subject")   \
    X(ORGANIZATIONAL_UNIT, organizational_unit, "OU of the subject")                               \
    X(STREET_ADDRESS, street_address, "street of the subject")                                     \
    X(LOCALITY, locality, "L of the subject")                                                      \
    X(STATE, state, "ST of the subject")                                                           \
    X(POSTAL_CODE, postal_code, "postal code of the subject")                                      \
    X(COUNTRY, country, "C of the subject, two letters")                                           \
    X(SUBJECT, subject, "whole distinguished name: CN=www.example.com, O=Example Corp, C=US")      \
    X(PERSON, person, "full name of a person")                                                     \
    X(GIVEN_NAME, given_name, "given name of a person")                                            \
    X(SURNAME, surname, "surname of a person")                                                     \
    X(EMAIL, email, "mailbox")                                                                     \
    X(DESIGNATION, designation, "job title or role")                                               \
    X(SMIME_TYPE, smime_type, "mailbox, organization, sponsor or individual; makes S/MIME orders") \
    X(OUTPUTS, outputs, "pem, pfx, jks, separated by commas")                                      \
    X(REASON, reason, "reason of a revocation")                                                    \
    X(COMMENT, comment, "comment of the item")                                                     \
    X(TICKET, ticket, "number of the change ticket")                                               \
    X(CHANGE_TYPE, change_type, "standard, normal or emergency")                                   \
    X(REQUESTED_BY, requested_by, "who asks for the change")                                       \
    X(APPROVED_BY, approved_by, "who approved it, separated by commas or semicolons")              \
    X(APPROVED_AT, approved_at, "when it was approved")                                            \
    X(WINDOW_START, window_start, "planned begin of the change")                                   \
    X(WINDOW_END, window_end, "planned end of the change")

#define IMPORT_ENUM(ID, name, help) IMPORT_##ID,
enum import_field { IMPORT_FIELDS(IMPORT_ENUM) IMPORT__MAX };
#undef IMPORT_ENUM
extern const char *const import_field_names[IMPORT__MAX];

/* What a profile reads. */
enum import_kind { IMPORT_TABLE, IMPORT_CHANGE, IMPORT_HOSTS, IMPORT_PEM, IMPORT_INF };
enum serial_base { SERIAL_HEX, SERIAL_DECIMAL };

struct import_filter {
    const struct ynode *node;
    const char *column, *why;
    struct strings is, is_not;
};
struct import_product {
    const struct ynode *node;
    const char *from, *to;
};

struct import_profile {
    const struct ynode *node;
    int64_t version;
    const char *name, *description;
    int kind;      /* enum import_kind */
    int delimiter; /* character, 0 = detect */
    int encoding;  /* enum text_encoding */
    const struct ynode *header;
    bool has_header;
    struct strings positions; /* without header: the fields of the columns in order */
    struct strings date_formats;
    const char *time_zone; /* NULL: a time without zone is refused */
    int serial_base;
    struct strings columns[IMPORT__MAX]; /* headings */
    struct strings notes;
    struct strings policy; /* the manifest's */
    const char *constants[IMPORT__MAX];
    struct objects products, filter; /* struct import_product, struct import_filter */
};

extern const struct pack import_profiles[];
extern const size_t import_profiles_count;
const struct pack *import_profile_find(const char *name);
extern const struct schema import_profile_schema;

/* A shipped profile by name, or a file (a path or an ending in .yaml). Problems go to findings;
 * false with err set when the profile cannot be used. */
bool import_profile_read(struct import_profile *p, struct arena *a, const char *name,
                         struct findings *findings, struct err *err) MUST_USE;
/* Are these the same heading? Letters and digits count, their case does not. */
bool import_heading_is(const char *a, const char *b) MUST_USE;

#endif
