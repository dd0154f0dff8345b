/* SPDX-License-Identifier: Apache-2.0
 *
 * One request under the lock: which dialect, which fault, what goes into the wire log.
 */
#include "formats/base/str.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_est.h"
#include "tests/sim/sim_entrust.h"
#include "tests/sim/sim_emca.h"
#include "tests/sim/sim_digicert.h"
#include "tests/sim/sim_adcs.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_http.h"
#include "tests/sim/sim_sectigo.h"
#include "tests/sim/sim_shape.h"

#include <string.h>

/* Who takes a request: the first that knows its path. */
static const struct dialect {
    const char *title, *path; /* for --help */
    bool (*serve)(struct request *q, struct reply *r);
    enum sim_kind (*kind)(const char *method, const char *path);
} dialects[] = {
    {"CERTInext API V1 (emSign Hub)", "/emSignHub-API/", certinext_v1, certinext_v1_kind},
    {"OAuth client credentials", "/oauth/token", certinext_oauth, certinext_oauth_kind},
    {"CERTInext API V2", "/api/certinext/v2/", certinext_v2, certinext_v2_kind},
    {"EST (RFC 7030)", "/.well-known/est/", est, est_kind},
    {"Sectigo Certificate Manager", "/api/ and /private/api/", sectigo_scm, sectigo_scm_kind},
    {"Entrust CA Gateway", "/cagw/v1/", entrust_serve, entrust_kind},
    {"ACME (RFC 8555)", "/acme/directory", acme, acme_kind},
    {"emCA V4.2.4+ (JWT), with --emca", "/emCAServices/rest/", emca_jwt, emca_jwt_kind},
    {"emCA V4.0.17, with --emca", "/emCAServices/rest/", emca_rest, emca_rest_kind},
    {"DigiCert CertCentral", "/services/v2/", digicert, digicert_kind},
    {"AD CS web enrolment", "/certsrv/", adcs, adcs_kind},
};

const char *sim_dialect(size_t i, const char **path)
{
    *path = i < NITEMS(dialects) ? dialects[i].path : NULL;
    return i < NITEMS(dialects) ? dialects[i].title : NULL;
}

enum sim_kind sim_kind_of(const char *method, const char *path)
{
    enum sim_kind kind = KIND_OTHER;
    for (size_t i = 0; i < NITEMS(dialects) && kind == KIND_OTHER; i++) {
        kind = dialects[i].kind(method, path);
    }
    return kind;
}

/* What a client that keeps a digest of its requests has of this one. */
static void digest_sent(struct request *q)
{
    struct sha256 s;
    const struct sim_options *o = &q->sim->options;
    const char *url = arena_printf(&q->arena, "%s://%s%s", o->tls || o->tls_cert ? "https" : "http",
                                   q->host ? q->host : "", q->path);
    sha256_begin(&s);
    sha256_add(&s, q->method, strlen(q->method) + 1);
    sha256_add(&s, url, strlen(url) + 1);
    sha256_add(&s, buf_text(&q->body), q->body.n);
    sha256_end_hex(&s, q->sent_digest);
}

void sim_serve(struct request *q, struct reply *r)
{
    sha256_hex(buf_text(&q->body), q->body.n, q->digest);
    digest_sent(q);
    bool taken = false;
    for (size_t i = 0; i < NITEMS(dialects) && !taken; i++) {
        taken = dialects[i].serve(q, r);
    }
    if (!taken) {
        reply_text(r, 404, "text/plain", "Not Found\n");
        r->outcome = "unknown path";
    }
    if (q->refuse) { /* a dialect took it */
        fault_after(q, r);
    }
    if (plan_has(&q->plan, FAULT_DATE_SKEW)) {
        reply_header(r, "Date", http_date(&q->arena, fault_clock(q)));
    }
    wire_add(&q->sim->ledger, q, r);
}
