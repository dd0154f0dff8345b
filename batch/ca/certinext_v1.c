/* SPDX-License-Identifier: Apache-2.0
 *
 * The V1 API (emSign Hub) of CERTInext as a table of calls, the signed envelope around every
 * request and the one around every answer. HTTP 200 is no success here: `meta.status` is.
 */
#include "batch/ca/certinext_v1.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

/* A refused read (no such order yet, a fault with a code) must not end an order that was paid for;
 * a state of the order does. */
const struct certinext_row certinext_v1[STEP__MAX][CERTINEXT_PHASES] = {
    [STEP_ORDER][0] = {"GenerateOrderSSL", certinext_v1_order, certinext_v1_ordered,
                       OUTCOME_REFUSED, false},
    [STEP_POLL][POLL_TRACK] = {"TrackOrder", certinext_v1_track, certinext_v1_tracked,
                               OUTCOME_UNKNOWN, true},
    [STEP_POLL][POLL_FETCH] = {"GetCertificate", certinext_v1_fetch, certinext_v1_fetched,
                               OUTCOME_UNKNOWN, true},
    [STEP_FIND][FIND_REPORT] = {"GetOrderReport", certinext_v1_find, certinext_v1_found,
                                OUTCOME_UNKNOWN, false},
    [STEP_FIND][FIND_TRACK] = {"TrackOrder", certinext_v1_find_track, certinext_v1_find_tracked,
                               OUTCOME_UNKNOWN, true},
    [STEP_FIND][FIND_NEXT_REPORT] = {"GetOrderReport", certinext_v1_find, certinext_v1_found,
                                     OUTCOME_UNKNOWN, false},
    [STEP_REVOKED][0] = {"TrackOrder", certinext_v1_revoked, certinext_v1_state, OUTCOME_REFUSED,
                         true},
    [STEP_REVOKE][0] = {"RevokeOrder", certinext_v1_revoke, certinext_v1_revocation,
                        OUTCOME_REFUSED, true},
    [STEP_CANCEL][0] = {"RejectOrder", certinext_v1_cancel, certinext_v1_done, OUTCOME_REFUSED,
                        true},
    [STEP_PRODUCTS][0] = {"GetProductDetails", certinext_v1_products, certinext_v1_catalogue,
                          OUTCOME_REFUSED, false},
    [STEP_INVENTORY][0] = {"GetOrderReport", certinext_v1_inventory, certinext_v1_listed,
                           OUTCOME_REFUSED, false},
    [STEP_CHALLENGE][0] = {"GetDcv", certinext_v1_dcv, certinext_v1_challenge, OUTCOME_REFUSED,
                           true},
    [STEP_VALIDATE][0] = {"VerifyDcv", certinext_v1_dcv, certinext_v1_validated, OUTCOME_REFUSED,
                          true},
    /* the only thing it can refuse is the credential */
    [STEP_PROBE][0] = {"ValidateCredentials", certinext_v1_probe, certinext_v1_done, OUTCOME_AUTH,
                       false},
};

/* --- request --- */
/* emSign Hub API, meta.txn: 10 to 50 letters and digits, never the same twice. */
static bool usable_txn(const char *s)
{
    size_t n = 0;
    for (; s && s[n]; n++) {
        const char c = ascii_lower(s[n]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return n >= 10 && n <= 50;
}

/* The key of the attempt where it can serve, so that the CA's own records lead to the journal. */
static const char *txn_of(const struct ca_call *call)
{
    const bool own = step_changes_state(call->step) && call->phase == 0;
    return own && usable_txn(call->client_key) ? call->client_key
           : usable_txn(call->nonce)           ? call->nonce
                                               : NULL;
}

/* emSign Hub API, meta.ts: a numeric offset, never Z. The text that is hashed is the one sent. */
enum { TS_TEXT = TIME_TEXT + 8 };

static bool ts_of(int64_t now, char out[TS_TEXT])
{
    static const char zone[] = "+00:00";
    time_format(now, out);
    size_t n = strlen(out);
    if (n < 2 || out[n - 1] != 'Z') {
        return false;
    }
    memcpy(out + n - 1, zone, sizeof zone);
    return true;
}

static bool put_meta(const struct certinext_asked *q, struct jw *j)
{
    char ts[TS_TEXT];
    char key[SHA256_HEX] = "";
    const char *txn = txn_of(q->call);
    if (!txn || !ts_of(q->call->now, ts)) {
        return err_set(q->err, ERR_INTERNAL, "a request to CERTInext has no nonce or no time");
    }
    if (!certinext_is_oauth(q->own)) {
        certinext_auth_key(&q->own->access_key, ts, txn, key);
    }
    jw_object(j, "meta");
    jw_str(j, "ver", "1.0");
    jw_str(j, "ts", ts);
    jw_str(j, "txn", txn);
    jw_str(j, "accountNumber", q->config->account_number);
    jw_str(j, "authKey", key);
    jw_end(j);
    return true;
}

bool certinext_v1_request(const struct certinext_asked *q, const struct certinext_row *row)
{
    struct jw j;
    struct ca_request *r = q->out;
    r->method = "POST";
    r->content_type = "application/json";
    r->url = arena_printf(r->arena, "%s/%s", q->own->hub, certinext_v1_endpoint(q, row->path));
    jw_begin(&j, &r->body, JW_COMPACT);
    jw_object(&j, NULL);
    if (!put_meta(q, &j) || !row->request(q, &j)) {
        return false;
    }
    jw_end(&j);
    if (!jw_finish(&j, q->err) || !certinext_put_bearer(q)) {
        return false;
    }
    request_digest(r);
    return true;
}

/* --- answer --- */
void certinext_v1_answer(struct certinext_heard *h, const struct certinext_row *row)
{
    if (certinext_by_http(h)) {
        return;
    }
    struct arena *a = h->out->arena;
    const json_t *meta = reply_member(h->body, "meta");
    const char *status = reply_text(a, meta, "status");
    if (str_eq(status, "0")) {
        certinext_failed(h, row, reply_text(a, meta, "errorCode"),
                         reply_text(a, meta, "errorMessage"));
    } else if (str_eq(status, "1") && h->reply->http_status < 300) {
        row->answer(h);
    } else if (status) {
        certinext_say(h, OUTCOME_UNKNOWN, "the reply of CERTInext contradicts itself");
    } else {
        certinext_by_status(h, row);
    }
}
