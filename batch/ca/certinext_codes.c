/* SPDX-License-Identifier: Apache-2.0
 *
 * What CERTInext's numbers and words mean, as tables: failure codes and messages, states of orders
 * and certificates, revocation reasons.
 */
#include "batch/ca/certinext_ops.h"

#include "formats/base/str.h"
#include "formats/crl.h"

#include <string.h>

/* emSign Hub API, error codes. A code counts before a phrase; phrases are narrow, because a wrong
 * match on an order decides whether it may be placed again.
 *
 * EMS-939 is what the CA says when something of its own went wrong, and so may stand behind an
 * order that exists. EMS-1099 (the CSR is known) is what the second of two attempts is told when
 * the first one went through, so an order in doubt is looked up. No credit stops the whole CA,
 * as a wrong credential does: the next order would be told the same. */
const struct certinext_code certinext_codes[] = {
    {"EMS-913", NULL, OUTCOME_REFUSED, SAYS_NO_ORDER, NULL},
    {"EMS-918", NULL, OUTCOME_REFUSED, 0, "remarks, or a field the product needs, are missing"},
    {"EMS-921", NULL, OUTCOME_REFUSED, 0, "the common name of the CSR must be the primary name"},
    {"EMS-922", NULL, OUTCOME_REFUSED, 0, "the common name of the CSR must be the primary name"},
    {"EMS-931", NULL, OUTCOME_REFUSED, 0, "the order has no certificate that could be revoked"},
    {"EMS-939", NULL, OUTCOME_UNKNOWN, 0, "a fault at the CA, or a combination it does not sell"},
    {"EMS-943", NULL, OUTCOME_REFUSED, SAYS_NO_ORDER, NULL},
    {"EMS-956", NULL, OUTCOME_REFUSED, SAYS_NOT_READY, NULL},
    {"EMS-969", NULL, OUTCOME_REFUSED, 0, NULL},
    {"EMS-1073", NULL, OUTCOME_REFUSED, 0, "see organization_number"},
    {"EMS-1080", NULL, OUTCOME_ACCEPTED, 0, NULL},
    {"EMS-1082", NULL, OUTCOME_ACCEPTED, 0, NULL},
    {"EMS-1091", NULL, OUTCOME_REFUSED, 0, "signer.ip must be a public address"},
    {"EMS-1099", NULL, OUTCOME_UNKNOWN, 0,
     "the CSR stands in another order: an earlier attempt, or a key that is used again"},
    {"EMS-1140", NULL, OUTCOME_AUTH, 0, "the account has too few credits for this order"},
    {"EMS-1162", NULL, OUTCOME_REFUSED, 0,
     "the account does not have this product; see the catalogue"},
    {"EMS-1180", NULL, OUTCOME_REFUSED, 0, "see organization_number"},
    {"EMS-1269", NULL, OUTCOME_REFUSED, 0, "the group does not have this product"},
    {"EMS-DOMAIN-002", NULL, OUTCOME_REFUSED, 0, NULL},
    {"EMS-DOMAIN-101", NULL, OUTCOME_REFUSED, 0, NULL},
    /* said of too many orders in a few seconds, seldom of a user who is inactive */
    {NULL, "Inactive Account User", OUTCOME_THROTTLED, 0, NULL},
    {NULL, "Invalid credentials", OUTCOME_AUTH, 0, "see auth and account_number"},
    {NULL, "Insufficient Credits", OUTCOME_AUTH, 0,
     "the account has too few credits for this order"},
    {NULL, "Invalid key size", OUTCOME_REFUSED, 0,
     "keys are rsa-2048, rsa-3072, rsa-4096, ec-p256 or ec-p384"},
    {NULL, "Invalid Revoke Reason", OUTCOME_REFUSED, 0, NULL},
    {NULL, "Invalid Revoke Remarks", OUTCOME_REFUSED, 0, NULL},
    {NULL, "Invalid Request for this API", OUTCOME_REFUSED, SAYS_NOT_READY, NULL},
    {NULL, "still being processed", OUTCOME_REFUSED, SAYS_NOT_READY, NULL},
    {NULL, "already revoked", OUTCOME_REFUSED, SAYS_REVOKED, NULL},
    {NULL, "not in a revokable state", OUTCOME_REFUSED, 0, NULL},
    {NULL, "Something went wrong", OUTCOME_UNKNOWN, 0, NULL},
    {NULL, "no record", OUTCOME_REFUSED, SAYS_EMPTY, NULL},
    {NULL, "no data", OUTCOME_REFUSED, SAYS_EMPTY, NULL},
    {NULL, "not found", OUTCOME_REFUSED, SAYS_NO_ORDER, NULL},
    {0},
};

static bool has_phrase(const char *text, const char *phrase)
{
    const size_t n = strlen(phrase);
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && text[i] && ascii_lower(text[i]) == ascii_lower(phrase[i])) {
            i++;
        }
        if (i == n) {
            return true;
        }
    }
    return false;
}

const struct certinext_code *certinext_code_find(const char *code, const char *message)
{
    for (const struct certinext_code *c = certinext_codes; code && c->code; c++) {
        if (str_eq(c->code, code)) {
            return c;
        }
    }
    for (const struct certinext_code *c = certinext_codes; message && (c->code || c->phrase); c++) {
        if (c->phrase && has_phrase(message, c->phrase)) {
            return c;
        }
    }
    return NULL;
}

/* --- states --- */
/* emSign Hub API, orderStatusId. 4 and 5 are swapped in one source; both end an order. */
static const struct certinext_status order_rows[] = {
    {1, CLASS_PENDING, "order placed"},
    {2, CLASS_PENDING, "order accepted"},
    {3, CLASS_PENDING, "order in progress"},
    {4, CLASS_FAILED, "order rejected"},
    {5, CLASS_FAILED, "order cancelled"},
    {6, CLASS_DOWNLOAD, "order fulfilled"},
    {7, CLASS_PENDING, "on hold"},
    {8, CLASS_PENDING, "pending for approval"},
    {9, CLASS_PENDING, "pending for admin approval"},
};
/* emSign Hub API, certificateStatusId. 7, 15 and 23 are approvals that often come before there is
 * a certificate, so a download is tried and its PEM decides. */
static const struct certinext_status certificate_rows[] = {
    {1, CLASS_PENDING, "setup pending"},
    {2, CLASS_PENDING, "pending for approver"},
    {3, CLASS_ATTENTION, "under discrepancy"},
    {4, CLASS_PENDING, "approved"},
    {5, CLASS_FAILED, "rejected"},
    {6, CLASS_PENDING, "pending for second approver"},
    {7, CLASS_DOWNLOAD, "approved by second approver"},
    {8, CLASS_FAILED, "rejected by second approver"},
    {9, CLASS_DOWNLOAD, "certificate downloaded"},
    {12, CLASS_EXPIRED, "certificate expired"},
    {13, CLASS_FAILED, "rejected because the order was cancelled"},
    {14, CLASS_FAILED, "rejected automatically"},
    {15, CLASS_DOWNLOAD, "order approved automatically"},
    {16, CLASS_PENDING, "pending for the local registration authority"},
    {17, CLASS_PENDING, "approved by the local registration authority"},
    {18, CLASS_FAILED, "rejected by the local registration authority"},
    {19, CLASS_FAILED, "invalid configuration"},
    {20, CLASS_DOWNLOAD, "certificate generated"},
    {21, CLASS_FAILED, "download rejected"},
    {22, CLASS_REVOKED, "certificate revoked"},
    {23, CLASS_DOWNLOAD, "rekey approved"},
    {24, CLASS_PENDING, "pending for approver, automatic approval"},
};

static struct certinext_status status_of(const struct certinext_status *rows, size_t n, uint64_t id)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].id == id) {
            return rows[i];
        }
    }
    return (struct certinext_status){id, CLASS_UNKNOWN, NULL};
}

struct certinext_status certinext_order_status(uint64_t id)
{
    return status_of(order_rows, NITEMS(order_rows), id);
}

struct certinext_status certinext_certificate_status(uint64_t id)
{
    return status_of(certificate_rows, NITEMS(certificate_rows), id);
}

/* V2, `status` of an order. Any other word leaves the order pending. */
static const struct {
    const char *word;
    struct certinext_status status;
} word_rows[] = {
    {"pending-dcv", {0, CLASS_PENDING, "pending for domain control validation"}},
    {"pending-organization-verification", {0, CLASS_PENDING, "pending for the organization"}},
    {"pending-csr", {0, CLASS_PENDING, "pending for a CSR"}},
    {"pending-documents", {0, CLASS_ATTENTION, "pending for documents"}},
    {"pending-agreement", {0, CLASS_PENDING, "pending for the subscriber agreement"}},
    {"pending-approval", {0, CLASS_PENDING, "pending for approval"}},
    {"issued", {0, CLASS_DOWNLOAD, "issued"}},
    {"revoked", {0, CLASS_REVOKED, "certificate revoked"}},
    {"cancelled", {0, CLASS_FAILED, "order cancelled"}},
    {"rejected", {0, CLASS_FAILED, "order rejected"}},
    {"expired", {0, CLASS_EXPIRED, "certificate expired"}},
};

struct certinext_status certinext_word_status(const char *word)
{
    for (size_t i = 0; word && i < NITEMS(word_rows); i++) {
        if (str_ieq(word_rows[i].word, word)) {
            return word_rows[i].status;
        }
    }
    return (struct certinext_status){0, CLASS_UNKNOWN, NULL};
}

/* V2 tells states of a list and of a revocation in display texts only; the first row that is part
 * of the text counts. */
enum certinext_class certinext_text_class(const char *text)
{
    static const struct {
        const char *phrase;
        enum certinext_class class;
    } rows[] = {
        {"reject", CLASS_FAILED},      {"cancel", CLASS_FAILED},       {"initiated", CLASS_PENDING},
        {"pending", CLASS_PENDING},    {"revoked", CLASS_REVOKED},     {"expired", CLASS_EXPIRED},
        {"generated", CLASS_DOWNLOAD}, {"downloaded", CLASS_DOWNLOAD},
    };
    for (size_t i = 0; text && i < NITEMS(rows); i++) {
        if (has_phrase(text, rows[i].phrase)) {
            return rows[i].class;
        }
    }
    return CLASS_UNKNOWN;
}

/* --- revocation --- */
/* emSign Hub API, revokeReasonId, and the word of V2. Another reason is never put in the place of
 * one that CERTInext has no number for: the one that is published would be a false statement. V2
 * knows words for the others too, and refuses them. */
static const struct {
    int reason;
    unsigned id;
    const char *word;
} reasons[] = {
    {REASON_KEY_COMPROMISE, 1, "key-compromise"},
    {REASON_AFFILIATION_CHANGED, 3, "affiliation-changed"},
    {REASON_SUPERSEDED, 4, "superseded"},
    {REASON_CESSATION_OF_OPERATION, 5, "cessation-of-operation"},
    {REASON_PRIVILEGE_WITHDRAWN, 9, "privilege-withdrawn"},
};

unsigned certinext_reason_id(int reason)
{
    for (size_t i = 0; i < NITEMS(reasons); i++) {
        if (reasons[i].reason == reason) {
            return reasons[i].id;
        }
    }
    return 0;
}

const char *certinext_reason_word(int reason)
{
    for (size_t i = 0; i < NITEMS(reasons); i++) {
        if (reasons[i].reason == reason) {
            return reasons[i].word;
        }
    }
    return NULL;
}

/* emSign Hub API, revokeRequestStatusId: 1 and 4 wait for an approver. */
bool certinext_revoke_request_done(uint64_t status_id)
{
    return status_id == 2 || status_id == 5;
}

bool certinext_revoke_request_refused(uint64_t status_id)
{
    return status_id == 3 || status_id == 6;
}
