/* SPDX-License-Identifier: Apache-2.0
 *
 * AD CS web enrolment, as pages: shapes (ids of elements, addresses, types) are those of the real
 * ones, the words are ours. One CA, several doors:
 *
 *     /certsrv/            an enterprise CA in English
 *     /de/ /fr/ /ja/ /ru/  the same pages in other words and character sets
 *     /alone/certsrv/      a standalone CA: no templates, an officer approves
 *     /officer/...         what is done at the CA itself, with certutil: not for the client
 *
 *   sim_adcs.c          login, forms, orders
 *   sim_adcs_pages.c    pages
 *   sim_adcs_officer.c  the officer; CRLs
 */
#ifndef TESTS_SIM_SIM_ADCS_H
#define TESTS_SIM_SIM_ADCS_H

#include "tests/sim/sim.h"
#include "tests/sim/sim_http.h"

struct adcs_door {
    const char *language; /* "en" "de" "fr" "ja" "ru" */
    bool standalone, browser;
    const char *page; /* behind /certsrv/ */
};

/* A field of a form or "Name:Value" line. */
struct adcs_form {
    struct adcs_field {
        char *name, *value;
    } v[32];
    size_t n;
    bool malformed;
};
const char *adcs_form_get(const struct adcs_form *f, const char *name);

/* --- sim_adcs_pages.c: HTML into the reply, HTTP 200 as the real ones --- */
void adcs_page_issued(struct request *q, struct reply *r, const struct adcs_door *d,
                      const char *id);
void adcs_page_pending(struct request *q, struct reply *r, const struct adcs_door *d,
                       const char *id);
void adcs_page_denied(struct request *q, struct reply *r, const struct adcs_door *d, const char *id,
                      const char *message);
/* Disposition -1: the page tells none. */
void adcs_page_error(struct request *q, struct reply *r, const struct adcs_door *d, int disposition,
                     const char *message, const char *status);
void adcs_page_templates(struct reply *r, const struct adcs_door *d);
void adcs_page_welcome(struct reply *r, const struct adcs_door *d);
void adcs_page_renewals(struct reply *r, int renewals);

/* --- sim_adcs_officer.c --- */
bool adcs_officer(struct request *q, struct reply *r);
/* certcrl.crl */
void adcs_crl(struct request *q, struct reply *r, const struct adcs_door *d);
/* Newest renewal: the CA was renewed once, with another key. */
enum { ADCS_SIM_RENEWALS = 1 };
const struct sim_issuer *adcs_issuer(const struct sim *s, const char *renewal);

/* --- sim_adcs.c --- */
bool adcs(struct request *q, struct reply *r);
enum sim_kind adcs_kind(const char *method, const char *path);
/* The CSR of an order, or what a request asks about, is for that name. */
bool adcs_mentions(const struct request *q, const char *word);
struct order *adcs_by_serial(struct sim *s, const char *serial);

#endif
