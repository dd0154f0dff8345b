/* SPDX-License-Identifier: Apache-2.0
 *
 * Boundaries of the rules that speak about one kind of CA, n and n+1; both severities; where they
 * point, in the manifest and in the configuration. And the tables behind them: what each kind of
 * CA accepts, which order fields it knows.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"
#include "tests/unit/work_fixture.h"

#define DC        "ca: {type: digicert, organization_id: '1', base_url: 'https://x/'}, validity: 9d, "
#define SPONSOR   "san: ['email:d@example.com'], product: secure_email_sponsor, "
#define INDICATOR "fields: {common_name_indicator: given_name_surname}, "
#define NAMED     DC SPONSOR INDICATOR "subject: {given_name: D, surname: S}, "
#define ALIAS     DC SPONSOR "subject: {pseudonym: X}, fields: {common_name_indicator: pseudonym}, "
#define MAILBOX   DC "san: ['email:d@example.com'], product: secure_email_mailbox, "
#define SC                                                                                         \
    "ca: {type: sectigo, organization_id: '1', products: {ov: {code: '7', terms: [90d, 199d]}, "   \
    "any: {code: '8'}, odd: {level: ov}}}, common_name: a.example.com, "
#define EN(rest) "ca: {type: entrust, ca_id: c" rest "}, common_name: a.example.com, "
#define AD       "ca: {type: adcs}, common_name: a.example.com, "
#define EM(rest) "ca: {type: emca, " rest "}, common_name: a.example.com, "
#define EM_WHOLE "version: V4.0.17, base_url: 'https://x/', subscriber_id: '1', profile: p"
#define REVOKE   "action: revoke, serial: '0A1B', "
#define X64      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X512     X64 X64 X64 X64 X64 X64 X64 X64

#define QUIET SEV_DISABLED
static const struct row {
    const char *rule, *level;
    enum severity want;
    const char *item;
} rows[] = {
    {"digicert.required", "tls", SEV_ERROR, "{" DC "key: ec-p256}"}, /* no name at all */
    {"digicert.required", "tls", QUIET, "{" DC "common_name: a.example.com}"},
    {"digicert.required", "ov", SEV_ERROR,
     "{ca: {type: digicert}, common_name: a.example.com, validity: 9d}"},
    {"digicert.required", "dv", QUIET,
     "{ca: {type: digicert}, common_name: a.example.com, validity: 9d}"},
    {"digicert.required", "ov", QUIET,
     "{ca: {type: digicert}, common_name: a.example.com, validity: 9d, "
     "fields: {organization_id: 5}}"},
    {"digicert.required", "dv", SEV_ERROR, "{ca: {type: digicert}, common_name: a.example.com}"},
    {"digicert.required", "dv", QUIET,
     "{ca: {type: digicert, certificate_validity: {days: 199}}, common_name: a.example.com}"},
    {"digicert.required", "dv", QUIET,
     "{ca: {type: digicert}, common_name: a.example.com, fields: {order_validity: {years: 1}}}"},

    {"digicert.signature-hash", "tls", SEV_ERROR,
     "{ca: {type: digicert, signature_hash: md5}, common_name: a.example.com}"},
    {"digicert.signature-hash", "tls", SEV_ERROR,
     "{ca: {type: digicert, signature_hash: sha1}, common_name: a.example.com}"},
    {"digicert.signature-hash", "private", QUIET,
     "{ca: {type: digicert, signature_hash: sha1}, common_name: a.example.com}"},
    {"digicert.signature-hash", "tls", QUIET,
     "{ca: {type: digicert, signature_hash: md5}, common_name: a.example.com, "
     "fields: {signature_hash: sha512}}"},

    {"digicert.names", "tls", SEV_ERROR, /* the CSR has more */
     "{" DC "csr: good.pem, common_name: www.example.com, san: [www.example.com, b.example.com]}"},
    {"digicert.names", "tls", QUIET,
     "{" DC "csr: good.pem, common_name: WWW.example.com, san: [www.example.com]}"},
    {"digicert.names", "tls", QUIET, "{" DC "common_name: www.example.com}"},

    {"digicert.verified-contact", "ev", SEV_ERROR,
     "{" DC "common_name: a.example.com, ev: {certificate_approver: {name: A B}}}"},
    {"digicert.verified-contact", "ev", QUIET,
     "{ca: {type: digicert, verified_contact: true}, common_name: a.example.com}"},
    {"digicert.verified-contact", "ov", QUIET, "{" DC "common_name: a.example.com}"},

    {"digicert.validity", "tls", SEV_ERROR,
     "{ca: {type: digicert, order_validity: {years: 0}}, common_name: a.example.com}"},
    {"digicert.validity", "tls", QUIET,
     "{ca: {type: digicert, order_validity: {years: 1}}, common_name: a.example.com}"},
    {"digicert.validity", "tls", SEV_ERROR,
     "{" DC "fields: {cert_validity: {years: 1, days: 199}}, common_name: a.example.com}"},
    {"digicert.validity", "tls", SEV_ERROR,
     "{" DC "fields: {order_validity: {custom_expiration_date: 2026-11-21}}}"},
    {"digicert.validity", "tls", QUIET,
     "{" DC "fields: {order_validity: {custom_expiration_date: 2026-11-22}}}"},
    {"digicert.validity", "tls", SEV_ERROR,
     "{" DC "fields: {order_validity: {custom_expiration_date: 22 NOV 2026}}}"},
    {"digicert.validity", "tls", SEV_ERROR, "{" DC "fields: {order_validity: {days: 0}}}"},

    {"digicert.ou", "tls", SEV_ERROR,
     "{" DC "order_date: 2022-09-01, common_name: a.example.com, "
     "subject: {organizational_unit: IT}}"},
    {"digicert.ou", "tls", QUIET,
     "{" DC "order_date: 2022-08-31, common_name: a.example.com, "
     "subject: {organizational_unit: IT}}"},
    {"digicert.ou", "private", QUIET,
     "{" DC "common_name: a.example.com, subject: {organizational_unit: IT}}"},

    {"digicert.smime", "smime", SEV_ERROR, "{" DC SPONSOR "subject: {given_name: D, surname: S}}"},
    {"digicert.smime", "smime", SEV_ERROR, "{" DC SPONSOR INDICATOR "subject: {surname: S}}"},
    {"digicert.smime", "smime", SEV_ERROR, "{" NAMED "smime: {type: mailbox}}"},
    {"digicert.smime", "smime", QUIET, "{" NAMED "smime: {type: sponsor}}"},
    {"digicert.smime", "smime", QUIET, "{" NAMED "common_name: D S}"},
    {"digicert.smime", "smime", SEV_ERROR, "{" NAMED "common_name: S D}"},
    {"digicert.smime", "smime", QUIET, "{" ALIAS "common_name: X}"},
    {"digicert.smime", "smime", SEV_ERROR, "{" ALIAS "common_name: Y}"},
    {"digicert.smime", "smime", QUIET, "{" MAILBOX "}"},
    {"digicert.smime", "smime", QUIET, "{" MAILBOX "common_name: D@example.com}"},
    {"digicert.smime", "smime", SEV_ERROR, "{" MAILBOX "common_name: D S}"},
    {"digicert.dcv-method", "tls", SEV_ERROR,
     "{" DC "common_name: a.example.com, san: ['*.example.com'], dcv: {method: website}}"},
    {"digicert.dcv-method", "tls", SEV_ERROR,
     "{" DC "common_name: a.example.com, fields: {dcv_method: pigeon}}"},
    {"digicert.dcv-method", "dv", SEV_ERROR,
     "{ca: {type: digicert, dcv_method: http-token-dynamic}, common_name: a.example.com}"},
    {"digicert.dcv-method", "dv", QUIET,
     "{ca: {type: digicert, dcv_method: http-token}, common_name: a.example.com}"},
    {"digicert.dcv-method", "tls", QUIET,
     "{ca: {type: digicert, dcv_method: http-token}, common_name: a.example.com, san: "
     "['*.example.com'], "
     "dcv: {method: dns}}"},
    {"digicert.dcv-method", "tls", QUIET,
     "{ca: {type: digicert, dcv_method: http-token}, common_name: a.example.com, san: "
     "['*.example.com'], "
     "fields: {dcv_method: dns-txt-token}}"},
    {"digicert.reissue", "tls", SEV_ERROR,
     "{" DC "common_name: a.example.com, action: reissue, replaces: {serial: '0A'}}"},
    {"digicert.reissue", "tls", QUIET,
     "{" DC "common_name: a.example.com, action: reissue, replaces: {order: '7'}}"},
    {"digicert.reissue", "tls", QUIET,
     "{" DC "common_name: a.example.com, action: renew, replaces: {serial: '0A'}}"},
    {"digicert.revoke-reason", "tls", QUIET, "{" REVOKE "ca: digicert-x}"},
    {"digicert.revoke-reason", "tls", QUIET, "{" REVOKE "ca: digicert-x, reason: unspecified}"},
    {"digicert.revoke-reason", "tls", QUIET, "{" REVOKE "ca: digicert-x, reason: keyCompromise}"},
    {"digicert.revoke-reason", "tls", QUIET,
     "{" REVOKE "ca: digicert-x, reason: cessationOfOperation}"},
    {"digicert.revoke-reason", "tls", SEV_ERROR,
     "{" REVOKE "ca: digicert-x, reason: certificateHold}"},
    {"digicert.revoke-reason", "tls", SEV_ERROR,
     "{" REVOKE "ca: digicert-x, reason: aACompromise}"},
    {"digicert.revoke-reason", "tls", QUIET, "{" REVOKE "ca: local, reason: privilegeWithdrawn}"},

    {"sectigo.required", "tls", QUIET, "{" SC "product: ov, validity: 199d}"},
    {"sectigo.required", "tls", QUIET, "{" SC "product: '7', validity: 90d}"},
    {"sectigo.required", "tls", SEV_ERROR, "{" SC "product: ov, validity: 91d}"},
    {"sectigo.required", "tls", SEV_ERROR, "{" SC "product: ov}"},
    {"sectigo.required", "tls", QUIET, "{" SC "product: any, validity: 91d}"},
    {"sectigo.required", "tls", SEV_ERROR, "{" SC "product: any, validity: 36h}"},
    {"sectigo.required", "tls", QUIET, "{" SC "product: ov, fields: {term: 90}}"},
    {"sectigo.required", "tls", SEV_ERROR, "{" SC "product: ov, fields: {term: 30}}"},
    {"sectigo.required", "tls", SEV_ERROR, "{" SC "product: odd, validity: 90d}"},
    {"sectigo.required", "tls", SEV_ERROR, "{" SC "product: ov-ucc, validity: 90d}"},
    {"sectigo.required", "tls", SEV_ERROR, "{" SC "validity: 90d}"},
    {"sectigo.required", "tls", SEV_ERROR,
     "{ca: {type: sectigo}, common_name: a.example.com, product: '7', validity: 90d}"},
    {"sectigo.required", "tls", SEV_ERROR,
     "{ca: {type: sectigo, organization_id: acme}, common_name: a.example.com, product: '7', "
     "validity: 90d}"},
    {"sectigo.required", "tls", SEV_ERROR,
     "{ca: {type: sectigo, organization_id: '0'}, common_name: a.example.com, product: '7', "
     "validity: 90d}"},

    {"sectigo.lengths", "tls", QUIET, "{" SC "comment: " X512 X512 "}"},
    {"sectigo.lengths", "tls", SEV_ERROR, "{" SC "comment: " X512 X512 "x}"},
    {"sectigo.lengths", "tls", QUIET, "{" SC "fields: {external_requester: " X512 "}}"},
    {"sectigo.lengths", "tls", SEV_ERROR, "{" SC "fields: {external_requester: " X512 "x}}"},
    {"sectigo.lengths", "tls", QUIET, "{ca: sectigo-x, common_name: " X64 "}"},
    {"sectigo.lengths", "tls", SEV_ERROR, "{ca: sectigo-x, common_name: " X64 "x}"},
    {"sectigo.lengths", "tls", QUIET, "{" REVOKE "ca: sectigo-x, comment: " X512 "}"},
    {"sectigo.lengths", "tls", SEV_ERROR, "{" REVOKE "ca: sectigo-x, comment: " X512 "x}"},
    {"sectigo.lengths", "tls", SEV_ERROR, "{" SC "action: reissue}"},
    /* a certificate that was issued is no revocation without a reason */
    {"sectigo.lengths", "tls", QUIET, "{" SC "cert: prior-p384.pem, request: {}}"},
    {"sectigo.lengths", "tls", QUIET, "{" SC "action: reissue, comment: new key}"},
    {"sectigo.lengths", "tls", SEV_ERROR,
     "{" SC "fields: {custom_fields: {a: " X64 X64 X64 X64 "x}}}"},
    {"sectigo.lengths", "tls", QUIET, "{" SC "fields: {custom_fields: {a: " X64 X64 X64 X64 "}}}"},

    {"sectigo.names", "tls", SEV_ERROR, "{" SC "san: ['uri:http://a.example.com/x y']}"},
    {"sectigo.names", "tls", SEV_ERROR, "{" SC "san: ['email:a,b@example.com']}"},
    {"sectigo.renew-no-csr", "tls", QUIET, "{" SC "action: new, fields: {reuse_csr: true}}"},
    {"sectigo.renew-no-csr", "tls", QUIET, "{" SC "action: renew, fields: {reuse_csr: false}}"},
    {"sectigo.revoke-reason", "tls", SEV_ERROR,
     "{" REVOKE "ca: {type: entrust, connector: com.Sectigo}, reason: privilegeWithdrawn}"},
    {"sectigo.revoke-reason", "tls", QUIET,
     "{" REVOKE "ca: {type: entrust, connector: com.entrust.PKIHub}, reason: privilegeWithdrawn}"},

    {"entrust.profile", "tls", SEV_ERROR, "{" EN("") "key: ec-p256}"},
    {"entrust.profile", "tls", QUIET, "{" EN("") "product: p}"},
    {"entrust.profile", "tls", QUIET, "{" EN(", profile_id: p") "key: ec-p256}"},
    {"entrust.profile", "tls", SEV_ERROR,
     "{ca: {type: entrust}, product: p, common_name: a.example.com}"},
    {"entrust.profile", "tls", SEV_ERROR, /* the CN alone is no SAN */
     "{" EN(", profiles: {p: {sans: [dNSName]}}") "product: p}"},
    {"entrust.profile", "tls", QUIET,
     "{" EN(", profiles: {p: {sans: [dNSName]}}") "product: p, san: [a.example.com]}"},
    {"entrust.profile", "tls", SEV_ERROR,
     "{" EN(", profiles: {p: {subject_variables: [firstname]}}") "product: p}"},
    {"entrust.profile", "tls", QUIET,
     "{" EN(", profiles: {p: {subject_variables: [firstname]}}") "product: p, "
                                                                 "fields: {subject_variables: "
                                                                 "{firstname: A}}}"},
    {"entrust.profile", "tls", QUIET,
     "{" EN(", profiles: {q: {subject_variables: [firstname]}}") "product: p}"},
    {"entrust.csr-form", "tls", SEV_ERROR, "{" EN("") "key_origin: ca}"},
    {"entrust.csr-form", "tls", QUIET, "{" EN("") "key_origin: ca, fields: {format: PKCS12}}"},
    {"entrust.csr-form", "tls", SEV_ERROR, "{" EN(", format: PKCS12") "key: ec-p256}"},
    {"entrust.csr-form", "tls", SEV_ERROR, "{" EN(", format: DER") "key: ec-p256}"},
    {"entrust.csr-form", "tls", QUIET, "{" EN("") "key: ec-p256}"},

    {"adcs.template", "private", SEV_ERROR, "{" AD "key: ec-p256}"},
    {"adcs.template", "private", QUIET,
     "{ca: {type: adcs, ca_setup_type: standalone}, common_name: a.example.com}"},
    {"adcs.template", "private", SEV_ERROR, "{" AD "product: 'Web:Server'}"},
    {"adcs.template", "private", SEV_ERROR, "{" AD "product: \"Web\\nServer\"}"},
    {"adcs.template", "private", SEV_ERROR, "{" AD "product: computer}"},
    {"adcs.template", "private", QUIET, "{" AD "product: Machine}"},
    {"adcs.template", "private", SEV_ERROR,
     "{ca: {type: adcs, template: Web Server}, common_name: a.example.com}"},
    {"adcs.template", "private", SEV_ERROR,
     "{ca: {type: adcs, templates: [WebServer]}, product: Webserver2, common_name: a.example.com}"},
    {"adcs.template", "private", QUIET,
     "{ca: {type: adcs, templates: [WebServer]}, product: webserver, common_name: a.example.com}"},
    {"adcs.attribute-injection", "private", SEV_ERROR,
     "{" AD "product: T, fields: {attributes: {a: 'b=c'}}}"},
    {"adcs.attribute-injection", "private", SEV_ERROR,
     "{" AD "product: T, fields: {attributes: {'a:b': c}}}"},
    {"adcs.attribute-injection", "private", SEV_ERROR, "{" AD "product: 'T&x'}"},
    {"adcs.attribute-injection", "private", SEV_ERROR,
     "{" AD "product: T, san: ['a.example.com&upn=admin'], fields: {san_attribute: true}}"},
    {"adcs.attribute-injection", "private", QUIET,
     "{" AD "product: T, san: ['a.example.com&upn=admin']}"},
    {"adcs.san-attribute", "private", SEV_WARNING,
     "{" AD "product: T, fields: {attributes: {SAN: x}}}"},
    {"adcs.san-attribute", "private", QUIET,
     "{" AD "product: T, fields: {attributes: {other: x}}}"},
    {"adcs.upn-sid", "private", SEV_WARNING, "{" AD "product: T, csr: adcs.upn-sid.pem}"},
    {"adcs.upn-sid", "private", QUIET, "{ca: local, csr: adcs.upn-sid.pem}"},

    {"emca.required", "private", QUIET, "{" EM(EM_WHOLE) "key: ec-p256}"},
    {"emca.required", "private", SEV_ERROR,
     "{" EM("base_url: 'https://x/', subscriber_id: '1', profile: p") "key: ec-p256}"},
    {"emca.required", "private", SEV_ERROR,
     "{" EM("version: 4.2.3, base_url: 'https://x/', subscriber_id: '1', profile: p") "id: a}"},
    {"emca.required", "private", QUIET,
     "{" EM("version: 4.2.3, dialect: rest-jwt, base_url: 'https://x/', subscriber_id: '1', "
            "profile: p") "id: a}"},
    {"emca.required", "private", QUIET,
     "{" EM("version: 4.2.4, base_url: 'https://x/', subscriber_id: '1', profile: p") "id: a}"},
    {"emca.required", "private", QUIET, "{" EM("dialect: est, base_url: 'https://x/'") "id: a}"},
    {"emca.required", "private", SEV_ERROR,
     "{" EM("dialect: est, base_url: 'emca.example'") "id: a}"},
    {"emca.required", "private", SEV_ERROR,
     "{" EM("dialect: est, base_url: 'http://emca.example'") "id: a}"},
    {"emca.required", "private", QUIET,
     "{" EM("dialect: est, base_url: 'http://127.0.0.1:8080'") "id: a}"},
    {"emca.required", "private", SEV_ERROR, "{" EM("dialect: est") "id: a}"},
    {"emca.validity-format", "private", QUIET,
     "{" EM(EM_WHOLE ", validity: '36135:23:59:59'") "id: a}"},
    {"emca.validity-format", "private", SEV_ERROR,
     "{" EM(EM_WHOLE ", validity: '36136:00:00:00'") "id: a}"},
    {"emca.validity-format", "private", SEV_ERROR,
     "{" EM(EM_WHOLE ", validity: '1:24:0:0'") "id: a}"},
    {"emca.validity-format", "private", SEV_ERROR, "{" EM(EM_WHOLE ", validity: '1:0:0'") "id: a}"},
    {"emca.validity-format", "private", SEV_ERROR,
     "{" EM(EM_WHOLE ", validity: '1:0:0:0:'") "id: a}"},
    {"emca.validity-format", "private", QUIET, "{" EM(EM_WHOLE) "validity: 36135d}"},
    {"emca.validity-format", "private", SEV_ERROR, "{" EM(EM_WHOLE) "validity: 36136d}"},

    /* settings that only orders use are no matter of a revocation; the address is */
    {"digicert.signature-hash", "tls", QUIET,
     "{" REVOKE "ca: {type: digicert, signature_hash: md5}}"},
    {"digicert.validity", "tls", QUIET,
     "{" REVOKE "ca: {type: digicert, order_validity: {years: 4}}}"},
    {"entrust.csr-form", "tls", QUIET, "{" REVOKE "ca: {type: entrust, format: DER}}"},
    {"entrust.validity-period", "tls", QUIET,
     "{" REVOKE "ca: {type: entrust, validity_period: x}}"},
    {"adcs.template", "private", QUIET, "{" REVOKE "ca: {type: adcs, template: Web Server}}"},
    {"adcs.san-attribute", "private", QUIET, "{" REVOKE "ca: {type: adcs, san_attribute: true}}"},
    {"emca.validity-format", "private", QUIET, "{" REVOKE "ca: {type: emca, validity: x}}"},
    {"emca.required", "private", SEV_ERROR, "{" REVOKE "ca: {type: emca, dialect: est}}"},

    {"local.issuer", "private", SEV_ERROR, /* not a CA */
     "{ca: local, issuer: local.serial.good.pem, common_name: a.example.com}"},
    {"local.issuer", "private", SEV_ERROR, /* expired */
     "{ca: local, issuer: local.issuer.good.pem, common_name: a.example.com, "
     "order_date: 2040-01-01}"},
    {"local.issuer", "private", QUIET, "{ca: local, common_name: a.example.com}"},
    {"local.issuer", "private", QUIET,
     "{ca: local, issuer: local.issuer.good.pem, cert: local.serial.good.pem}"},
    {"local.issuer", "private", SEV_ERROR, /* another key */
     "{ca: local, issuer: local.issuer.good.pem, cert: prior-p384.pem}"},
};

static bool judge(struct arena *a, const struct row *r, struct finding *out)
{
    struct policy_scratch scratch = {0};
    struct arena keep = ARENA_INIT;
    struct findings findings = FINDINGS_INIT;
    struct policy *p = policy_of_level(a, work, r->level, "");
    struct subject s;
    subject_from(a, parse_yaml(a, r->item), &s);
    policy_judge(p, &s, &scratch, &keep, &findings, NULL);
    bool found = false;
    for (size_t i = 0; i < findings.n && !found; i++) {
        found = str_eq(findings.v[i].rule, r->rule);
        if (found) {
            *out = findings.v[i];
            out->file = findings.v[i].file ? arena_strdup(a, findings.v[i].file) : NULL;
            out->message = arena_strdup(a, findings.v[i].message);
        }
    }
    findings_release(&findings);
    arena_release(&keep);
    arena_release(&scratch.arena);
    policy_free(p);
    return found;
}

static void boundaries(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct finding f = {0};
        const bool fired = judge(&a, &rows[i], &f);
        const enum severity got = fired ? f.severity : QUIET;
        if (got != rows[i].want) {
            print_message("%s is %s, not %s, on %s\n", rows[i].rule, severity_name(got),
                          severity_name(rows[i].want), rows[i].item);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* In the manifest at the value; in the configuration at the setting, else at the CA. */
static void places(void **state)
{
    (void)state;
    static const struct {
        struct row row;
        const char *file;
        uint32_t line, column;
    } at[] = {
        {{"digicert.signature-hash", "tls", SEV_ERROR,
          "{ca: {type: digicert},\n common_name: a.example.com,\n fields: {signature_hash: md5}}"},
         "sample.batch.yaml",
         3,
         27},
        {{"digicert.signature-hash", "tls", SEV_ERROR,
          "{common_name: a.example.com,\n ca: {type: digicert, signature_hash: md5}}"},
         "certbatch.yaml",
         2,
         39},
        {{"digicert.validity", "tls", SEV_ERROR,
          "{common_name: a.example.com,\n ca: {type: digicert, order_validity: {years: 4}}}"},
         "certbatch.yaml",
         2,
         47},
        {{"sectigo.required", "tls", SEV_ERROR,
          "{common_name: a.example.com, validity: 9d, product: '7',\n ca: {type: sectigo}}"},
         "certbatch.yaml",
         2,
         6},
        {{"sectigo.custom-fields", "tls", SEV_ERROR,
          "{common_name: a.example.com, ca: {type: sectigo, mandatory_custom_fields: [x]},\n"
          " fields: {custom_fields: {y: z}}}"},
         "sample.batch.yaml",
         2,
         26},
        {{"adcs.attribute-injection", "private", SEV_ERROR,
          "{ca: {type: adcs}, product: T,\n fields: {attributes: {a: 'b=c'}}}"},
         "sample.batch.yaml",
         2,
         27},
        {{"adcs.template", "private", SEV_ERROR, "{ca: {type: adcs},\n product: Web Server}"},
         "sample.batch.yaml",
         2,
         11},
        {{"emca.required", "private", SEV_ERROR,
          "{ca: {type: emca,\n version: 4.2.3, base_url: 'https://x/'}, product: p}"},
         "certbatch.yaml",
         2,
         11},
    };
    for (size_t i = 0; i < NITEMS(at); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct finding f = {0};
        assert_true(judge(&a, &at[i].row, &f));
        if (!str_eq(f.file, at[i].file) || f.line != at[i].line || f.column != at[i].column) {
            fail_msg("%s at %s:%u:%u, not %s:%u:%u", at[i].row.rule, f.file, f.line, f.column,
                     at[i].file, at[i].line, at[i].column);
        }
    }
}

/* ISO 8601 durations, by the rule that reads them. */
static void iso_durations(void **state)
{
    (void)state;
    static const char *const good[] = {"P90D", "P1Y", "PT525600M", "PT3600S", "P1Y2M3W4DT5H6M7S"};
    static const char *const bad[] = {"P",    "PT",   "90D", "P90",  "P1D1Y", "P1DT",
                                      "p90d", "P-1D", "P1H", "PT1D", "P1D1D", "P1Y/P2Y"};
    for (size_t i = 0; i < NITEMS(good) + NITEMS(bad); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        const bool is_good = i < NITEMS(good);
        const char *text = is_good ? good[i] : bad[i - NITEMS(good)];
        struct finding f = {0};
        const struct row r = {
            "entrust.validity-period", "tls", QUIET,
            arena_printf(&a, "{ca: {type: entrust, validity_period: '%s'}}", text)};
        if (judge(&a, &r, &f) == is_good) {
            fail_msg("%s is taken for %s", text, is_good ? "bad" : "good");
        }
    }
}

/* Serial numbers by length and sign; a path length that is used up. */
static void serials_and_paths(void **state)
{
    (void)state;
    static const uint8_t bytes[22] = {0x40, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t negative[16] = {0x80, 1};
    static const uint8_t zero[9] = {0};
    static const struct {
        struct span serial;
        bool fires;
    } of[] = {
        {{bytes, 7}, true}, {{bytes, 8}, false}, {{bytes, 20}, false},   {{bytes, 21}, true},
        {{zero, 9}, true},  {{zero, 0}, true},   {{negative, 16}, true},
    };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_of_level(&a, work, "private", "");
    struct subject s;
    subject_from(&a, parse_yaml(&a, "{ca: local, cert: local.serial.good.pem}"), &s);
    struct cert cert = *s.cert;
    s.cert = &cert;
    for (size_t i = 0; i < NITEMS(of); i++) {
        cert.serial = of[i].serial;
        assert_int_equal(fires(p, &s, "local.serial", NULL), of[i].fires);
    }
    struct cert *ca = read_cert(&a, SAMPLES "local.issuer.good.pem");
    struct cert chain[2] = {*ca, *ca};
    cert = *read_cert(&a, SAMPLES "local.serial.good.pem");
    s.chain = chain;
    s.nchain = 1;
    assert_false(fires(p, &s, "local.issuer", NULL));
    s.nchain = 2; /* the issuer is self-issued here: it does not count */
    assert_false(fires(p, &s, "local.issuer", NULL));
    chain[0].issuer = cert.subject; /* now it counts, and pathlen 0 above it is exhausted */
    assert_true(fires(p, &s, "local.issuer", NULL));
    chain[1].path_len = 1;
    assert_false(fires(p, &s, "local.issuer", NULL));
    policy_free(p);
}

/* The settings of a CA judged alone: only what they decide by themselves. */
static void settings_alone(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rule;
        bool fires;
    } of[] = {
        {"{type: digicert, signature_hash: md5}", "digicert.signature-hash", true},
        {"{type: digicert, signature_hash: sha1}", "digicert.signature-hash", false},
        {"{type: digicert, order_validity: {years: 4}}", "digicert.validity", true},
        {"{type: digicert}", "digicert.required", false},
        {"{type: sectigo}", "sectigo.required", false},
        {"{type: entrust, validity_period: 90d}", "entrust.validity-period", true},
        {"{type: entrust, format: PKCS12}", "entrust.csr-form", false},
        {"{type: entrust, format: DER}", "entrust.csr-form", true},
        {"{type: entrust}", "entrust.profile", false},
        {"{type: adcs, template: Web Server}", "adcs.template", true},
        {"{type: adcs}", "adcs.template", false},
        {"{type: adcs, san_attribute: true}", "adcs.san-attribute", true},
        {"{type: emca}", "emca.required", true},
        {"{type: emca, dialect: rest-jwt, base_url: 'https://x/'}", "emca.required", false},
        {"{type: emca, validity: 90d}", "emca.validity-format", true},
    };
    for (size_t i = 0; i < NITEMS(of); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct policy *p = policy_of_level(&a, work, "private", "");
        const struct ynode *node = parse_yaml(&a, of[i].text);
        const struct subject s = {.kind = SUBJECT_CA,
                                  .file = "certbatch.yaml",
                                  .ca = "x",
                                  .ca_type = yaml_text(node, "type"),
                                  .ca_node = node,
                                  .ca_file = "certbatch.yaml",
                                  .key_file_mode = -1,
                                  .reason = REASON_NONE,
                                  .order_date = JUDGED_AT};
        if (fires(p, &s, of[i].rule, NULL) != of[i].fires) {
            fail_msg("%s on %s", of[i].rule, of[i].text);
        }
        policy_free(p);
    }
}

/* A policy's parameters reach the rules. */
static void parameters(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *rule, *item;
        bool fires;
    } of[] = {
        {"  sectigo.custom-fields: {fields: [CostCentre]}\n", "sectigo.custom-fields",
         "{ca: sectigo-x, common_name: a.example.com}", true},
        {"  sectigo.renew-no-csr: {allow: true}\n", "sectigo.renew-no-csr",
         "{ca: sectigo-x, action: renew, fields: {reuse_csr: true}}", false},
        {"  adcs.san-attribute: {allow: true}\n", "adcs.san-attribute",
         "{ca: {type: adcs, san_attribute: true}, product: T}", false},
        {"  adcs.upn-sid: {templates: [Logon]}\n", "adcs.upn-sid",
         "{ca: adcs-x, product: Logon, csr: adcs.upn-sid.pem}", true},
        {"  adcs.upn-sid: {templates: [Logon]}\n", "adcs.upn-sid",
         "{ca: adcs-x, product: Mail, csr: adcs.upn-sid.pem}", false},
    };
    for (size_t i = 0; i < NITEMS(of); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct policy *p = policy_of_level(&a, work, "private", of[i].rules);
        struct subject s;
        subject_from(&a, parse_yaml(&a, of[i].item), &s);
        if (fires(p, &s, of[i].rule, NULL) != of[i].fires) {
            fail_msg("%s with %s", of[i].rule, of[i].rules);
        }
        policy_free(p);
    }
}

static void facts_of_cas(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        unsigned reasons; /* as a list of bits, table 2.10 of the catalogue */
        bool public, names_from_order;
    } of[] = {
        {"digicert", 0x3B, true, true},  {"sectigo", 0x3B, true, true},
        {"entrust", 0x77F, false, true}, {"adcs", 0x17F, false, false},
        {"emca", 0x67F, false, false},   {"acme", 0x33, true, false},
    };
    for (size_t i = 0; i < NITEMS(of); i++) {
        const struct ca_facts *f = ca_facts_find(of[i].type);
        size_t n = 0;
        assert_non_null(f);
        assert_int_equal(f->reasons, of[i].reasons);
        assert_int_equal(f->public, of[i].public);
        assert_int_equal(f->names_from_order, of[i].names_from_order);
        assert_true(f->can & CA_CAN_NEW);
        assert_non_null(ca_fields_of(of[i].type, &n));
        assert_true(n > 0);
    }
    size_t n = 1;
    assert_null(ca_fields_of("local", &n));
    assert_int_equal(n, 0);
}

static void kinds_of_fields(void **state)
{
    (void)state;
    static const struct {
        enum ca_field_kind kind;
        const char *text;
        bool good;
    } of[] = {
        {CA_FIELD_TEXT, "{v: a}", true},      {CA_FIELD_TEXT, "{v: [a]}", false},
        {CA_FIELD_TEXT, "{v: ''}", false},    {CA_FIELD_NUMBER, "{v: 12}", true},
        {CA_FIELD_NUMBER, "{v: -1}", false},  {CA_FIELD_NUMBER, "{v: twelve}", false},
        {CA_FIELD_BOOL, "{v: true}", true},   {CA_FIELD_BOOL, "{v: 'yes'}", false},
        {CA_FIELD_LIST, "{v: [a, b]}", true}, {CA_FIELD_LIST, "{v: a}", false},
        {CA_FIELD_MAP, "{v: {a: b}}", true},  {CA_FIELD_MAP, "{v: [a]}", false},
    };
    for (size_t i = 0; i < NITEMS(of); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        const struct ca_field f = {"v", of[i].kind, ""};
        const struct ynode *n = yaml_get(parse_yaml(&a, of[i].text), "v");
        if (!ca_field_problem(&f, n) != of[i].good) {
            fail_msg("%s", of[i].text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boundaries),     cmocka_unit_test(places),
        cmocka_unit_test(iso_durations),  cmocka_unit_test(serials_and_paths),
        cmocka_unit_test(settings_alone), cmocka_unit_test(parameters),
        cmocka_unit_test(facts_of_cas),   cmocka_unit_test(kinds_of_fields),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
