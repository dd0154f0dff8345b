/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of the AD CS connector; only adcs*.c and its tests include this.
 *
 * AD CS has no API for us but the pages of its web enrolment (certsrv), ASP pages made for people.
 * They are the same in every Windows; only the words are translated. So what can be told by
 * addresses and by the ids of elements is told by these, by words only what cannot.
 *
 *   adcs.c         settings
 *   adcs_ops.c     which step is which page; orders and their certificates
 *   adcs_page.c    what a page says
 *   adcs_codes.c   the HRESULTs of AD CS, for people
 *   adcs_crl.c     is it revoked: the CRLs of the CA
 *   adcs_hand.c    revocation: certutil, run by an officer or by a command
 */
#ifndef BATCH_CA_ADCS_H
#define BATCH_CA_ADCS_H

#include "batch/ca/rest.h"
#include "batch/ca/settings.h"
#include "policy/regex.h"

enum { ADCS_STANDALONE, ADCS_ENTERPRISE };
enum { ADCS_NEGOTIATE, ADCS_NTLM, ADCS_BASIC, ADCS_CERTIFICATE, ADCS_NONE };
enum { ADCS_SCRIPT, ADCS_COMMAND, ADCS_NOBODY };

struct adcs_config {
    const char *base_url;
    int ca_setup_type;
    const char *template, *ca_config;
    struct strings templates;
    int auth_mode;
    const char *username, *keytab;
    struct secret_ref password;
    bool san_attribute;
    const char *key_attribute;
    int revocation_mode;
    struct strings command;
    bool delta_crl;
    const char *user_agent;
    struct strings issued, pending, denied;
    struct ca_enroll enroll;
    int64_t renewal_window_days;
};

/* Which page it is. Patterns of the configuration come before our own, but for pending. */
enum adcs_kind { ADCS_OTHER, ADCS_ISSUED, ADCS_DENIED, ADCS_PENDING, ADCS_ERROR, ADCS_KIND__MAX };
enum adcs_pattern { /* adcs_page.c has their texts */
                    ADCS_P_ISSUED,
                    ADCS_P_DENIED,
                    ADCS_P_REQUEST_ID,
                    ADCS_P_ANY_ID,
                    ADCS_P_OURS,
                    ADCS_P_TITLE,
                    ADCS_P_DISPOSITION,
                    ADCS_P_DISPOSITION_TEXT,
                    ADCS_P_LAST_STATUS,
                    ADCS_P_MESSAGE,
                    ADCS_P_NUMBER,
                    ADCS_P_HRESULT,
                    ADCS_P_RENEWALS,
                    ADCS_P_TEMPLATE,
                    ADCS_P__MAX
};

/* A CA certificate for each renewal of the CA. They do not change while a program runs. */
enum { ADCS_RENEWALS = 32 };

struct adcs {
    const struct ca_config *ca;
    const struct adcs_config *config;
    struct arena arena;
    const char *base;
    struct secret password;
    struct regex *own[ADCS_P__MAX];
    struct adcs_patterns { /* of the configuration */
        struct regex **v;
        size_t n;
    } others[ADCS_KIND__MAX];
    size_t renewals; /* certificates that the CA had until now; 0: not asked yet */
    const struct cert *issuers[ADCS_RENEWALS];
};

/* --- adcs_page.c --- */
bool adcs_patterns_open(struct adcs *c, struct err *err) MUST_USE;
void adcs_patterns_close(struct adcs *c);
struct adcs_page {
    enum adcs_kind kind;
    const char *request_id; /* digits; NULL: the page tells none */
    int disposition;        /* CR_DISP_*, -1 = the page tells none */
    uint32_t hresult;       /* 0 = the page tells none */
    const char *text;       /* for people, in the language of the page; never NULL */
    const char *broken;     /* a pattern could not be applied; NULL: all could */
};
void adcs_page_read(const struct adcs *c, struct arena *a, const char *html, size_t n,
                    struct adcs_page *out);
/* Its visible text: no tags, scripts and comments, entities resolved, blanks made one. */
char *adcs_page_text(struct arena *a, const char *html, size_t n);
/* certcarc.asp: how often the CA was renewed. */
bool adcs_page_renewals(const struct adcs *c, const char *html, size_t n, uint64_t *out) MUST_USE;
/* certrqxt.asp: the next template from *at on; NULL: no more. *at moves behind it. */
const char *adcs_page_template(const struct adcs *c, struct arena *a, const char *html, size_t n,
                               size_t *at, bool *subject_from_directory);

/* --- adcs_codes.c --- */
struct adcs_code {
    uint32_t hresult;
    const char *name;     /* CERTSRV_E_... */
    enum outcome outcome; /* of an order that this came for */
    const char *advice;
};
/* NULL: not known. */
const struct adcs_code *adcs_code_find(uint32_t hresult);
/* The text of a page and what its code means. */
const char *adcs_explain(struct arena *a, const struct adcs_page *page);

/* --- adcs_ops.c --- */
/* Certificates of a reply: DER, PKCS#7, or either in an armour of whatever name. */
bool adcs_take_certs(const struct rest_heard *h, struct reply_certs *to) MUST_USE;

/* --- adcs_crl.c: STEP_REVOKED --- */
bool adcs_put_revoked(const struct rest_asked *q, struct buf *url);
void adcs_take_revoked(const struct rest_heard *h);

/* --- adcs_hand.c --- */
bool adcs_ask_revoke(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                     struct err *err) MUST_USE;
void adcs_hear_revoke(const struct adcs_config *config, const struct ca_reply *reply,
                      struct ca_result *out);
const char *adcs_by_hand(const struct ca_config *config, const struct ca_by_hand *v, size_t n,
                         size_t i, struct buf *text);

extern const struct ca_ops adcs_ops;

#endif
