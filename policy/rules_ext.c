/* SPDX-License-Identifier: Apache-2.0
 *
 * ext.*: extensions a CSR asks for, or a certificate has. Public CAs ignore most of what a CSR
 * asks for; AD CS, EST, on-premises CAs and a private CA may copy it. Rows about what the issuer
 * decides (ext.allowed, ext.policies, ext.ct-poison, ext.ski, ext.aki, ext.ms-template) are
 * silent about certificates; the others judge both.
 */
#include "policy/engine.h"
#include "policy/rules_ext.h"

/* clang-format off */
static const struct param allowed_params[] = {
    {.name = "allowed", .kind = PARAM_STRINGS,
     .fallback = "subjectAltName keyUsage extendedKeyUsage basicConstraints subjectKeyIdentifier "
                 "tlsFeature",
     .help = "extensions by name or OID"},
};
static const struct param tls_feature_params[] = {
    {.name = "forbid", .kind = PARAM_BOOL, .fallback = "true",
     .help = "report the extension; false where every server staples"},
};
static const struct param template_params[] = {
    {.name = "oids", .kind = PARAM_STRINGS, .fallback = "",
     .help = "NAME=OID of templates, for requests that name the template by its OID"},
};

const struct rule rules_ext[] = {
    {.id = "ext.allowed", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "the request asks for an extension that is not in the list",
     .why = "A public CA drops it, so the certificate will not be what was asked for; a private "
            "CA may copy it into the certificate, which makes it an error there.",
     .fix = "leave the extension out of the request, or add it to allowed",
     .cite = "BR 7.1.2.7.6", .check = ext_check_allowed, RULE_PARAMS(allowed_params),
     .bad = "csr:ext.allowed.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.unknown-critical", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_USABLE,
     .title = "unknown extension is critical",
     .why = "A client that does not know a critical extension must reject the certificate.",
     .fix = "leave the extension out, or ask for it as not critical",
     .cite = "RFC 5280 section 4.2", .check = ext_check_unknown_critical,
     .bad = "csr:ext.unknown-critical.pem", .good = "csr:ext.allowed.pem"},
    {.id = "ext.bc.ca", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "basic constraints of a CA in an end-entity certificate",
     .why = "Whoever holds such a certificate can issue others for any name.",
     .fix = "ask for CA:FALSE, or for no basic constraints",
     .cite = "BR 7.1.2.7.8, RFC 5280 section 4.2.1.9", .check = ext_check_bc_ca,
     .bad = "csr:ext.bc.ca.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.bc.pathlen", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "path length without a CA",
     .why = "The path length counts certificates below a CA; elsewhere readers refuse it.",
     .fix = "leave pathLenConstraint out",
     .cite = "BR 7.1.2.7.8, RFC 5280 section 4.2.1.9", .check = ext_check_bc_pathlen,
     .bad = "csr:ext.bc.pathlen.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.ku.ca-bits", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "key usage of a CA in an end-entity certificate",
     .why = "keyCertSign and cRLSign are for keys that sign certificates and CRLs.",
     .fix = "ask for digitalSignature only (RSA: and keyEncipherment if old clients need it)",
     .cite = "BR 7.1.2.7.11, RFC 5280 section 4.2.1.3", .check = ext_check_ku_ca_bits,
     .bad = "csr:ext.ku.ca-bits.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.ku.rsa", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_KEY,
     .from = "2023-09-15",
     .title = "key usage does not fit an RSA server key",
     .why = "The profile allows digitalSignature and keyEncipherment. dataEncipherment, and a key "
            "usage without digitalSignature, are only discouraged and count as warnings.",
     .fix = "ask for digitalSignature, keyEncipherment",
     .cite = "BR 7.1.2.7.11", .check = ext_check_ku_rsa,
     .bad = "csr:ext.ku.rsa.pem", .good = "csr:good-usage-rsa.pem"},
    {.id = "ext.ku.ec", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_KEY,
     .from = "2023-09-15",
     .title = "key usage does not fit an EC server key",
     .why = "An EC key signs in every TLS handshake, so digitalSignature is needed and nothing "
            "else is. keyAgreement is only discouraged and counts as a warning.",
     .fix = "ask for digitalSignature",
     .cite = "BR 7.1.2.7.11", .check = ext_check_ku_ec,
     .bad = "csr:ext.ku.ec.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.ku.encoding", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "key usage is empty or not encoded as DER wants",
     .why = "Strict readers refuse the certificate; a CA that copies the octets issues one that "
            "has to be revoked.",
     .fix = "make the request again with a maintained tool",
     .cite = "X.690 section 11.2.2, RFC 5280 section 4.2.1.3", .check = ext_check_ku_encoding,
     .bad = "csr:ext.ku.encoding.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.ku.critical", .severity = SEV_INFO, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "key usage is not critical",
     .why = "A limit that a client may skip is no limit; CAs mark it critical themselves.",
     .fix = "mark the key usage critical",
     .cite = "RFC 5280 section 4.2.1.3", .check = ext_check_ku_critical,
     .bad = "csr:ext.ku.critical.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.eku.required", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_USABLE,
     .title = "extended key usage without serverAuth",
     .why = "Browsers refuse a server whose certificate does not say serverAuth.",
     .fix = "ask for serverAuth, or for no extended key usage",
     .cite = "BR 7.1.2.7.10", .check = ext_check_eku_required,
     .bad = "csr:ext.eku.required.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.eku.forbidden", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_USABLE,
     .from = "2023-09-15",
     .title = "extended key usage that a server certificate must not have",
     .why = "One certificate for servers and for code, mail, time stamps or OCSP turns a stolen "
            "server key into all of them. Purposes nobody knows count as warnings.",
     .fix = "ask for serverAuth only",
     .cite = "BR 7.1.2.7.10", .check = ext_check_eku_forbidden,
     .bad = "csr:ext.eku.forbidden.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.eku.client-auth", .severity = SEV_WARNING, .scope = SCOPE_TLS,
     .title = "clientAuth in a public server certificate",
     .why = "Public hierarchies for TLS servers issue no clientAuth from 2027-03-15 on; from that "
            "order date this is an error. A server that is also a client of others will fail.",
     .fix = "use a certificate of a private CA where the host acts as a client",
     .cite = "Chrome Root Program Policy 1.8 section 1.3.2", .check = ext_check_eku_client_auth,
     .bad = "csr:ext.eku.client-auth.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.eku.critical", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_USABLE,
     .title = "extended key usage is critical",
     .why = "The server profile has it as not critical.",
     .fix = "ask for it as not critical",
     .cite = "BR 7.1.2.7.6", .check = ext_check_eku_critical,
     .bad = "csr:ext.eku.critical.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.ku-eku.consistent", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_USABLE,
     .title = "key usage and extended key usage do not fit",
     .why = "A client that checks both can use the key for neither purpose.",
     .fix = "drop one of them, or ask for what the purpose needs (serverAuth: digitalSignature)",
     .cite = "RFC 5280 section 4.2.1.12", .check = ext_check_ku_eku,
     .bad = "csr:ext.ku-eku.consistent.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.name-constraints", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_USABLE,
     .title = "name constraints in an end-entity certificate",
     .why = "Name constraints say what a CA may issue; in an end entity they mean that the "
            "request was made for a CA.",
     .fix = "leave nameConstraints out",
     .cite = "BR 7.1.2.7.6, RFC 5280 section 4.2.1.10",
     .check = ext_check_unwanted, .arg = EXT_NAME_CONSTRAINTS,
     .bad = "csr:ext.name-constraints.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.policies", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_USABLE,
     .title = "the request asks for certificate policies",
     .why = "The CA writes the policies of the product. A reserved policy of another level than "
            "the order's shows that something else was meant, and is an error.",
     .fix = "leave certificatePolicies out of the request, and order the level you mean",
     .cite = "BR 7.1.2.7.9, 7.1.6.1", .check = ext_check_policies,
     .bad = "csr:ext.policies.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.tls-feature", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_USABLE,
     .from = "2024-03-15",
     .title = "TLS feature extension (must-staple)",
     .why = "OCSP is optional for CAs since 2024-03-15. Without a stapled response clients close "
            "the connection, so the host is down when the CA or the server stops stapling.",
     .fix = "leave the extension out, or set forbid to false where every server staples",
     .cite = "BR 4.9.9, RFC 7633", .check = ext_check_tls_feature,
     RULE_PARAMS(tls_feature_params),
     .bad = "csr:ext.tls-feature.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.ct-poison", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "Certificate Transparency extension in a request",
     .why = "The poison marks a precertificate, which no client accepts; the list of time stamps "
            "can only come from the logs.",
     .fix = "leave the extension out; the CA submits to logs by itself",
     .cite = "RFC 6962 sections 3.1 and 3.3", .check = ext_check_unwanted, .arg = EXT_CT,
     .bad = "csr:ext.ct-poison.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.ocsp-nocheck", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "ocsp-nocheck asked for",
     .why = "Clients never ask whether such a certificate was revoked. Only the CA's own OCSP "
            "responders have it.",
     .fix = "leave the extension out",
     .cite = "RFC 6960 section 4.2.2.2.1", .check = ext_check_unwanted, .arg = EXT_OCSP_NOCHECK,
     .bad = "csr:ext.ocsp-nocheck.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.netscape", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "Netscape extension",
     .why = "Nobody has read them for twenty years; they come from old configuration files, which "
            "get other things wrong too.",
     .fix = "remove nsCertType, nsComment and their like from the tool's configuration",
     .cite = "certbatch", .check = ext_check_unwanted, .arg = EXT_NETSCAPE,
     .bad = "csr:ext.netscape.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.ski", .severity = SEV_INFO, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "subject key identifier is not the SHA-1 of the key",
     .why = "A CA that copies it issues a certificate whose identifier others cannot recompute; "
            "it may even be that of another key.",
     .fix = "leave the identifier to the CA, or use the usual method",
     .cite = "RFC 5280 section 4.2.1.2", .check = ext_check_ski,
     .bad = "csr:ext.ski.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.aki", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "the request asks for an extension that the issuer sets",
     .why = "The authority key identifier, CRL and issuer addresses are the CA's. A request with "
            "them was made from somebody's certificate.",
     .fix = "leave authorityKeyIdentifier, cRLDistributionPoints, freshestCRL and "
            "authorityInfoAccess out",
     .cite = "RFC 5280 section 4.2", .check = ext_check_unwanted, .arg = EXT_ISSUER,
     .bad = "csr:ext.aki.pem", .good = "csr:good-usage.pem"},
    {.id = "ext.ms-template", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "the request names another Windows template than the order",
     .why = "AD CS refuses a request whose template differs from the one submitted with it "
            "(0x80094802), or issues by the wrong one. A public CA ignores it: a warning there.",
     .fix = "make the request for the template of the order, or order the one it names",
     .cite = "MS-WCCE sections 2.2.2.7.7.1, 2.2.2.7.7.2", .check = ext_check_ms_template,
     RULE_PARAMS(template_params),
     .bad = "{ca: adcs-prod, product: WebServer, csr: ext.ms-template.pem}",
     .good = "{ca: adcs-prod, product: CorpWeb, csr: ext.ms-template.pem}"},
    {0}};
/* clang-format on */
