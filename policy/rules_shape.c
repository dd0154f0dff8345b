/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows about the shape of manifests and configs. The readers of these files report them; they
 * stand in the table so that `explain`, fixes and citations have one home. None can be waived or
 * configured: what cannot be read cannot be judged.
 *
 * A sample "manifest:TEXT" or "config:TEXT" is such a file.
 */
#include "policy/engine.h"

#define MANIFEST(body)                                                                             \
    "manifest:{certbatch: 1, name: sample, orders: [{id: www, common_name: www.example.com" body   \
    "}]}"
#define CONFIG(body) "config:{certbatch_config: 1, cas: {lab: {" body "}}}"
#define CITE         "certbatch file formats"
#define SHAPE        .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true, .scope = SCOPE_ALL

/* clang-format off */
const struct rule rules_shape[] = {
    {.id = "manifest.yaml.strict", SHAPE,
     .title = "manifest is not the strict YAML that is read",
     .why = "Anchors, tags, merge keys, duplicate keys, tabs and second documents let a file mean "
            "something else to its reviewer than to the program that orders by it.",
     .fix = "write one plain YAML document, every key once, indented by blanks",
     .cite = CITE, .bad = MANIFEST(", key: ec-p256, key: rsa-2048"), .good = MANIFEST("")},
    {.id = "manifest.schema", SHAPE,
     .title = "unknown key, missing key or wrong type in a manifest",
     .why = "A key that is not understood would be left out of the order, silently.",
     .fix = "compare the key with `certbatch schema manifest`",
     .cite = CITE, .bad = MANIFEST(", comon_name: www.example.com"), .good = MANIFEST("")},
    {.id = "manifest.yaml.implicit", .severity = SEV_WARNING, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "unquoted text that other YAML readers take for another type",
     .why = "A country NO is false, a product 0842 a number to tools that read YAML 1.1. It is "
            "text here, but the next tool that touches the file may not agree.",
     .fix = "put the text in quotes",
     .cite = "YAML 1.1 section 10.3",
     .bad = MANIFEST(", subject: {country: NO}"), .good = MANIFEST(", subject: {country: \"NO\"}")},
    {.id = "manifest.file.missing", SHAPE,
     .title = "file that the manifest names cannot be read",
     .why = "Without its CSR, certificate or key the item cannot be checked, let alone ordered.",
     .fix = "put the file in place or correct its path, which is relative to the manifest",
     .cite = CITE, .bad = MANIFEST(", csr: absent.csr"), .good = MANIFEST("")},
    {.id = "manifest.file.outside", SHAPE,
     .title = "path leaves the directory of the manifest",
     .why = "A manifest from somebody else could have any readable file copied into a bundle.",
     .fix = "move the file below the manifest, or set paths: {allow_outside: true} in the config",
     .cite = CITE, .bad = MANIFEST(", csr: ../other/www.csr"), .good = MANIFEST("")},
    {.id = "manifest.secret.inline", SHAPE,
     .title = "secret written out in a file",
     .why = "Manifests and configs are kept in version control, attached to tickets and copied "
            "into bundles; a secret in one of them is published.",
     .fix = "refer to it: {env: NAME}, {file: PATH} or {command: [PROGRAM, ...]}; and change it",
     .cite = CITE,
     .bad = MANIFEST(", outputs: [{pfx: {password: changeit}}]"),
     .good = MANIFEST(", outputs: [{pfx: {password: {env: PFX_PASSWORD}}}]")},
    {.id = "manifest.timezone", SHAPE,
     .title = "time without a zone",
     .why = "A change window is missed by hours when each side reads it in its own zone.",
     .fix = "end the time in Z or an offset, such as 2026-11-21T22:00:00Z",
     .cite = "RFC 3339 section 4",
     .bad = MANIFEST(", order_date: 2026-11-21T22:00:00"),
     .good = MANIFEST(", order_date: 2026-11-21T22:00:00Z")},
    {.id = "manifest.ca.endpoint", SHAPE,
     .title = "address of a CA is not a plain https URL",
     .why = "Credentials and orders would travel readable, or to a host nobody reviewed.",
     .fix = "use https:// without a user name; http:// is accepted for this machine only",
     .cite = CITE,
     .bad = CONFIG("type: certinext, api_url: 'http://api.example.com/'"),
     .good = CONFIG("type: local, directory: ./lab-ca")},
    {.id = "delivery.recipient", SHAPE,
     .title = "recipient of the passwords cannot receive them",
     .why = "The keys would be made and the certificates paid for, and then nobody could open the "
            "passwords: an expired certificate, a usage without key encipherment or agreement, a "
            "key that only signs.",
     .fix = "name a valid certificate with an RSA key (keyEncipherment) or an EC key "
            "(keyAgreement)",
     .cite = "RFC 5280 section 4.2.1.3, RFC 5753",
     .bad = "manifest:{certbatch: 1, name: sample, delivery: {recipients: [absent.pem]}, orders: "
            "[{id: www, common_name: www.example.com}]}",
     .good = MANIFEST("")},
    {.id = "config.yaml.strict", SHAPE,
     .title = "config is not the strict YAML that is read",
     .why = "A key that stands twice in a config means one thing to its reader and another to the "
            "program.",
     .fix = "write one plain YAML document, every key once, indented by blanks",
     .cite = CITE, .bad = CONFIG("type: local, type: local"), .good = CONFIG("type: local")},
    {.id = "config.schema", SHAPE,
     .title = "unknown key, missing key or wrong type in a config",
     .why = "A misspelt limit or proxy would not be used, silently.",
     .fix = "compare the key with `certbatch schema config`",
     .cite = CITE, .bad = CONFIG("type: local, directry: ./lab-ca"),
     .good = CONFIG("type: local, directory: ./lab-ca")},
    {.id = "config.yaml.implicit", .severity = SEV_WARNING, .unwaivable = true, .scope = SCOPE_ALL,
     .title = "unquoted text that other YAML readers take for another type",
     .why = "An account number with a leading zero is another number to tools that read YAML 1.1.",
     .fix = "put the text in quotes",
     .cite = "YAML 1.1 section 10.3",
     .bad = CONFIG("type: local, directory: 0842"), .good = CONFIG("type: local, directory: \"0842\"")},
    {0}};
