/* SPDX-License-Identifier: Apache-2.0
 *
 * Why does a CA not work? Eight steps from the configuration to a second try, each with what was
 * seen and what to do. A step that fails ends nothing: the later ones are taken as far as they
 * still make sense. Nothing is ordered, revoked or changed at the CA.
 *
 *     struct doctor d = {.options = {.config = &config, .ca = ca, ...}};
 *     doctor_run(&d)
 *     d.results[], d.second[] (what was tried again); doctor_verdict(&d)
 *     doctor_escalation(&d, &buf)
 *     doctor_release(&d)
 *
 * No line holds a secret: every secret of the CA's settings is read first and cut out of whatever
 * is said later (not those of three characters or less: a text without any "a" tells nothing). One
 * thread; may wait as long as the CA asks for, see `stop`.
 */
#ifndef BATCH_DOCTOR_H
#define BATCH_DOCTOR_H

#include "batch/ask.h"
#include "batch/batch.h"
#include "batch/catalogue.h"
#include "formats/csr.h"

enum doctor_step {
    DOCTOR_CONFIGURATION,
    DOCTOR_WAY,
    DOCTOR_CREDENTIALS,
    DOCTOR_PRODUCTS,
    DOCTOR_CSR,
    DOCTOR_REVOCATION,
    DOCTOR_JOURNAL,
    DOCTOR_RETEST,
    DOCTOR__MAX
};
/* Worse is greater. */
enum doctor_status { DOCTOR_SKIPPED, DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED, DOCTOR_STATUS__MAX };
const char *doctor_status_name(enum doctor_status s); /* "skipped" "ok" "warning" "failed" */

struct doctor_line {
    enum doctor_status status;
    const char *seen, *todo; /* todo may be NULL */
};
struct doctor_result {
    enum doctor_status status; /* the worst of its lines */
    enum err_code code;        /* what it fails with; ERR_NONE unless FAILED */
    int64_t when;              /* TIME_NONE: it was not taken */
    struct doctor_line *v;
    size_t n, cap;
};

struct doctor_options {
    const struct config *config;
    const struct ca_config *ca;
    const char *csr, *manifest, *state; /* paths, each may be NULL */
    const char *config_path;            /* --config, for the manifest; may be NULL */
    const char *const *policies;        /* --policy */
    size_t npolicies;
    const char *profile;
    int64_t as_of; /* TIME_NONE = today */
    unsigned workers;
    const volatile sig_atomic_t *stop;
    void (*waiting)(void *ctx, int64_t ms, const char *why);
    void *waiting_ctx;
    int pause_ms; /* before the second try */
};

struct doctor {
    struct doctor_options options;
    struct doctor_result results[DOCTOR__MAX];
    struct doctor_result second[DOCTOR__MAX]; /* of step RETEST; `when` TIME_NONE: not repeated */

    /* its own */
    struct arena arena;
    struct asker asker;
    bool open;              /* the CA could be opened */
    struct err open_err;    /* else why not */
    bool retesting;         /* step RETEST is at work */
    bool connected;         /* somebody answers at the port */
    bool tls_explained;     /* why TLS fails was said: libcurl's words add nothing to do */
    const char *tls_issuer; /* who issued the certificate that was seen; NULL = none was */
    bool fresh;             /* the CA was asked since the credentials were last looked at */
    bool reached;           /* a reply arrived, whatever it says */
    bool admitted;          /* and the credentials were accepted */
    struct err probe_err;   /* what the probe was told */
    struct catalogue catalogue;
    struct strlist products; /* codes that configuration and manifest order, each once */
    struct batch batch;      /* of options.manifest */
    struct batch_options batch_options;
    struct findings batch_findings;
    struct err batch_err;
    bool batch_whole;
    struct csr request; /* of options.csr */
    bool has_request;
    struct secret *secrets;
    size_t nsecrets;
};

struct doctor_row {
    const char *id, *title;
    void (*run)(struct doctor *d, struct doctor_result *out);
    bool admitted;      /* only makes sense with the credentials accepted */
    bool repeat;        /* step RETEST takes it once more when it failed */
    enum err_code code; /* when it fails and says nothing more exact */
};
extern const struct doctor_row doctor_rows[DOCTOR__MAX];

void doctor_run(struct doctor *d);
void doctor_release(struct doctor *d);
/* ERR_NONE: all good; else the most serious of what failed in the end: ERR_ENV, ERR_CA, ERR_INPUT,
 * ERR_FINDINGS. What worked at the second try did not fail in the end. */
enum err_code doctor_verdict(const struct doctor *d);
/* What the CA's support asks for, as text. `versions` is what `certbatch version` prints. */
void doctor_escalation(const struct doctor *d, const char *versions, struct buf *out);

#endif
