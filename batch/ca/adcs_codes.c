/* SPDX-License-Identifier: Apache-2.0
 *
 * The HRESULTs with which AD CS says no (winerror.h, FACILITY_CERT and its neighbours), and what a
 * person can do about each. The outcome is that of an order: what is not refused for good may be
 * asked for again, but only where the CA says that it did not take the request.
 */
#include "batch/ca/adcs.h"

static const struct adcs_code codes[] = {
    {0x80094001, "CERTSRV_E_BAD_REQUESTSUBJECT", OUTCOME_REFUSED,
     "the subject of the CSR is invalid or too long"},
    {0x80094002, "CERTSRV_E_NO_REQUEST", OUTCOME_REFUSED, "the CA has no request of this number"},
    {0x80094003, "CERTSRV_E_BAD_REQUESTSTATUS", OUTCOME_REFUSED,
     "the request is in a state in which this cannot be done"},
    {0x80094004, "CERTSRV_E_PROPERTY_EMPTY", OUTCOME_REFUSED,
     "the CA has no request of this number, or nothing to show for it"},
    {0x80094005, "CERTSRV_E_INVALID_CA_CERTIFICATE", OUTCOME_REFUSED,
     "the CA's own certificate cannot be used: ask its administrator"},
    {0x80094006, "CERTSRV_E_SERVER_SUSPENDED", OUTCOME_THROTTLED,
     "the CA is being restored: later"},
    {0x80094007, "CERTSRV_E_ENCODING_LENGTH", OUTCOME_REFUSED, "the request is too long"},
    {0x80094008, "CERTSRV_E_ROLECONFLICT", OUTCOME_REFUSED,
     "the account has several roles at a CA that separates them"},
    {0x80094009, "CERTSRV_E_RESTRICTEDOFFICER", OUTCOME_REFUSED,
     "the officer's rights do not cover this account or template"},
    {0x8009400F, "CERTSRV_E_NO_DB_SESSIONS", OUTCOME_THROTTLED, "the CA is busy: later"},
    {0x80094011, "CERTSRV_E_ENROLL_DENIED", OUTCOME_REFUSED,
     "the account lacks the right to request certificates of this CA"},
    {0x80094012, "CERTSRV_E_TEMPLATE_DENIED", OUTCOME_REFUSED,
     "the account lacks the right Enroll on the template"},
    {0x80094014, "CERTSRV_E_ADMIN_DENIED_REQUEST", OUTCOME_REFUSED,
     "an officer denied the request"},
    {0x80094800, "CERTSRV_E_UNSUPPORTED_CERT_TYPE", OUTCOME_REFUSED,
     "the template is not known or not published on this CA; it wants the name, not the display "
     "name: `certbatch products` lists them"},
    {0x80094801, "CERTSRV_E_NO_CERT_TYPE", OUTCOME_REFUSED,
     "an enterprise CA needs a template: `product:` of the order or `template:` of the CA"},
    {0x80094802, "CERTSRV_E_TEMPLATE_CONFLICT", OUTCOME_REFUSED,
     "the CSR names another template than the order"},
    {0x80094803, "CERTSRV_E_SUBJECT_ALT_NAME_REQUIRED", OUTCOME_REFUSED,
     "the template wants a SAN in the CSR"},
    {0x80094804, "CERTSRV_E_ARCHIVED_KEY_REQUIRED", OUTCOME_REFUSED,
     "the template archives private keys, which web enrolment with a CSR cannot"},
    {0x80094805, "CERTSRV_E_SMIME_REQUIRED", OUTCOME_REFUSED,
     "the template wants the S/MIME capabilities in the CSR"},
    {0x80094806, "CERTSRV_E_BAD_RENEWAL_SUBJECT", OUTCOME_REFUSED,
     "the subject is not that of the certificate that is renewed"},
    {0x80094807, "CERTSRV_E_BAD_TEMPLATE_VERSION", OUTCOME_REFUSED,
     "the CA knows another version of the template than the CSR names"},
    {0x80094808, "CERTSRV_E_TEMPLATE_POLICY_REQUIRED", OUTCOME_REFUSED,
     "the template wants an application policy that the signer lacks"},
    {0x80094809, "CERTSRV_E_SIGNATURE_POLICY_REQUIRED", OUTCOME_REFUSED,
     "the template wants the signature of an enrolment agent"},
    {0x8009480A, "CERTSRV_E_SIGNATURE_COUNT", OUTCOME_REFUSED,
     "the template wants more signatures of enrolment agents"},
    {0x8009480B, "CERTSRV_E_SIGNATURE_REJECTED", OUTCOME_REFUSED,
     "a signature of an enrolment agent is not accepted"},
    {0x8009480C, "CERTSRV_E_ISSUANCE_POLICY_REQUIRED", OUTCOME_REFUSED,
     "the template wants an issuance policy that the signer lacks"},
    {0x8009480D, "CERTSRV_E_SUBJECT_UPN_REQUIRED", OUTCOME_REFUSED,
     "the template builds the subject from the directory, and the account has no UPN"},
    {0x8009480E, "CERTSRV_E_SUBJECT_DIRECTORY_GUID_REQUIRED", OUTCOME_REFUSED,
     "the template builds the subject from the directory, and the account has no GUID there"},
    {0x8009480F, "CERTSRV_E_SUBJECT_DNS_REQUIRED", OUTCOME_REFUSED,
     "the template builds the subject from the directory, and the account has no DNS name: use a "
     "template whose subject comes with the request"},
    {0x80094811, "CERTSRV_E_KEY_LENGTH", OUTCOME_REFUSED,
     "the key is shorter than the template allows"},
    {0x80094812, "CERTSRV_E_SUBJECT_EMAIL_REQUIRED", OUTCOME_REFUSED,
     "the template builds the subject from the directory, and the account has no e-mail address"},
    {0x80094814, "CERTSRV_E_CERT_TYPE_OVERLAP", OUTCOME_REFUSED,
     "the account has a newer certificate of a template that supersedes this one"},
    {0x80094816, "CERTSRV_E_RENEWAL_BAD_PUBLIC_KEY", OUTCOME_REFUSED,
     "the key is not that of the certificate that is renewed"},
    /* of other facilities */
    {0x80070005, "E_ACCESSDENIED", OUTCOME_REFUSED,
     "the account may not do this, or the web server may not act for it"},
    {0x80070057, "E_INVALIDARG", OUTCOME_REFUSED, "the CA cannot read the request"},
    {0x8009310B, "CRYPT_E_ASN1_BADTAG", OUTCOME_REFUSED, "the CA cannot read the CSR"},
    {0x80093102, "CRYPT_E_ASN1_EOD", OUTCOME_REFUSED, "the CA cannot read the CSR: it is cut off"},
    {0x80092013, "CRYPT_E_REVOCATION_OFFLINE", OUTCOME_REFUSED,
     "the CA cannot reach a CRL of its own chain: ask its administrator"},
    {0x800706BA, "RPC_S_SERVER_UNAVAILABLE", OUTCOME_THROTTLED,
     "the web server does not reach the CA's service: nothing was handed in"},
    {0x800706BE, "RPC_S_CALL_FAILED", OUTCOME_UNKNOWN,
     "the connection of the web server to the CA broke: the CA may have the request"},
    {0x800706BF, "RPC_S_CALL_FAILED_DNE", OUTCOME_THROTTLED,
     "the web server did not reach the CA's service: nothing was handed in"},
    {0x800706BB, "RPC_S_SERVER_TOO_BUSY", OUTCOME_THROTTLED, "the CA is busy: later"},
};

const struct adcs_code *adcs_code_find(uint32_t hresult)
{
    for (size_t i = 0; hresult && i < NITEMS(codes); i++) {
        if (codes[i].hresult == hresult) {
            return &codes[i];
        }
    }
    return NULL;
}

enum { SHOWN = 300 };

const char *adcs_explain(struct arena *a, const struct adcs_page *page)
{
    const struct adcs_code *code = adcs_code_find(page->hresult);
    return code ? arena_printf(a, "%s (%s): %.*s", code->advice, code->name, SHOWN, page->text)
                : arena_printf(a, "%.*s", SHOWN, page->text);
}
