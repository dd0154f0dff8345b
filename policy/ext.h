/* SPDX-License-Identifier: Apache-2.0
 *
 * The extensions of the thing under judgement: those a CSR asks for, or those a certificate has.
 * Values are decoded here, in the rule's scratch memory; one that does not decode is csr.ext.decode
 * and as good as absent for everybody else.
 */
#ifndef POLICY_EXT_H
#define POLICY_EXT_H

#include "policy/rule.h"

struct ext_view {
    const struct x509_ext *v;
    size_t n;
    bool issued; /* of a certificate: the issuer wrote them, nobody asks for them any more */
};
struct ext_view ext_view_of(const struct facts *f);
const struct x509_ext *ext_find(const struct rule_run *run, const char *oid);

#define EKU_SERVER_AUTH      "1.3.6.1.5.5.7.3.1"
#define EKU_CLIENT_AUTH      "1.3.6.1.5.5.7.3.2"
#define EKU_CODE_SIGNING     "1.3.6.1.5.5.7.3.3"
#define EKU_EMAIL_PROTECTION "1.3.6.1.5.5.7.3.4"
#define EKU_TIME_STAMPING    "1.3.6.1.5.5.7.3.8"
#define EKU_OCSP_SIGNING     "1.3.6.1.5.5.7.3.9"
#define EKU_ANY              "2.5.29.37.0"
#define EKU_PRECERT_SIGNING  "1.3.6.1.4.1.11129.2.4.4"

/* A name for people: "serverAuth", else the OID itself. */
const char *eku_name(const char *oid);
/* The extension of that kind, decoded; NULL when there is none or it does not decode. */
const struct x509_ext *ext_key_usage(const struct rule_run *run, struct key_usage *out);
const struct x509_ext *ext_ekus(const struct rule_run *run, struct strlist *out);
const struct x509_ext *ext_policies(const struct rule_run *run, struct strlist *out);

/* A hit that points at the extension in the file. */
struct hit ext_hit(const struct x509_ext *ext, enum severity severity);
/* "keyCertSign, cRLSign" of KU_ bits. */
const char *key_usage_text(struct arena *a, unsigned bits);

#endif
