/* SPDX-License-Identifier: Apache-2.0
 *
 * The V2 API (REST) of CERTInext as a table of calls, the parts every request has, and what the
 * status and the problem details (RFC 7807) of a reply say before anybody reads its fields.
 *
 * The list of orders was not there in every release (HTTP 501): it is then asked for through V1,
 * which takes the same token.
 */
#include "batch/ca/certinext_v2.h"

#include "batch/ca/certinext_v1.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

/* A path with a method in front is one of V2, one without is one of V1. {word}: see pieces. */
const struct certinext_row certinext_v2[STEP__MAX][CERTINEXT_PHASES] = {
    [STEP_PROBE][0] = {"GET auth/me", NULL, certinext_v2_me, OUTCOME_REFUSED, false},
    [STEP_PRODUCTS][0] = {"GET catalog/products{group}", NULL, certinext_v2_catalogue,
                          OUTCOME_REFUSED, false},
    [STEP_ORDER][0] = {"POST {orders}", certinext_v2_order, certinext_v2_ordered, OUTCOME_REFUSED,
                       false},
    [STEP_POLL][POLL_TRACK] = {"GET {family}/{id}", NULL, certinext_v2_tracked, OUTCOME_UNKNOWN,
                               true},
    [STEP_POLL][POLL_FETCH] = {"GET {family}/{id}/certificate", NULL, certinext_v2_fetched,
                               OUTCOME_UNKNOWN, true},
    [STEP_POLL][POLL_CSR] = {"PUT {family}/{id}/csr", certinext_v2_csr, certinext_v2_handed_in,
                             OUTCOME_UNKNOWN, true},
    [STEP_POLL][POLL_AGREEMENT] = {"POST {family}/{id}/agreement", certinext_v2_agreement,
                                   certinext_v2_handed_in, OUTCOME_UNKNOWN, true},
    [STEP_FIND][FIND_REPORT] = {"GET reports/orders?{search}", NULL, certinext_v2_found,
                                OUTCOME_UNKNOWN, false},
    [STEP_FIND][FIND_NEXT_REPORT] = {"GET reports/orders?{search}", NULL, certinext_v2_found,
                                     OUTCOME_UNKNOWN, false},
    [STEP_FIND][FIND_KEY] = {"GET {family}/{id}/certificate", NULL, certinext_v2_key_seen,
                             OUTCOME_UNKNOWN, true},
    [STEP_FIND][FIND_HUB + FIND_REPORT] = {"GetOrderReport", certinext_v1_find, certinext_v1_found,
                                           OUTCOME_UNKNOWN, false},
    [STEP_FIND][FIND_HUB + FIND_TRACK] = {"TrackOrder", certinext_v1_find_track,
                                          certinext_v1_find_tracked, OUTCOME_UNKNOWN, true},
    [STEP_FIND][FIND_HUB + FIND_NEXT_REPORT] = {"GetOrderReport", certinext_v1_find,
                                                certinext_v1_found, OUTCOME_UNKNOWN, false},
    /* one phase for each family, until the order is not unknown there */
    [STEP_REVOKED][FAMILY_SSL] = {"GET {family}/{id}", NULL, certinext_v2_state, OUTCOME_REFUSED,
                                  true},
    [STEP_REVOKED][FAMILY_PRIVATE] = {"GET {family}/{id}", NULL, certinext_v2_state,
                                      OUTCOME_REFUSED, true},
    [STEP_REVOKED][FAMILY_OTHER] = {"GET {family}/{id}", NULL, certinext_v2_state, OUTCOME_REFUSED,
                                    true},
    [STEP_REVOKE][0] = {"POST {family}/{id}/revoke", certinext_v2_revoke, certinext_v2_revocation,
                        OUTCOME_REFUSED, true},
    [STEP_CANCEL][0] = {"POST {family}/{id}/{ending}", certinext_v2_cancel, certinext_v2_done,
                        OUTCOME_REFUSED, true},
    [STEP_CHALLENGE][0] = {"GET {family}/{id}/dcv?domain={domain}", NULL, certinext_v2_challenge,
                           OUTCOME_REFUSED, true},
    [STEP_VALIDATE][0] = {"POST {family}/{id}/dcv/verify", certinext_v2_validate,
                          certinext_v2_validated, OUTCOME_REFUSED, true},
    [STEP_INVENTORY][0] = {"GET reports/orders?{list}", NULL, certinext_v2_listed, OUTCOME_REFUSED,
                           false},
    [STEP_INVENTORY][INVENTORY_HUB] = {"GetOrderReport", certinext_v1_inventory,
                                       certinext_v1_listed, OUTCOME_REFUSED, false},
};

static bool is_hub(const struct certinext_row *row)
{
    return !strchr(row->path, ' ');
}

/* Phases of V1 begin here. */
static unsigned hub_phase(enum ca_step step)
{
    return step == STEP_FIND ? FIND_HUB : INVENTORY_HUB;
}

/* A reissue stays in its order: whether it went through shows in the key of the certificate there,
 * and no list has to be searched. */
static const struct certinext_row *settle_row(const struct certinext *c,
                                              const struct certinext_row *row, struct ca_call *call)
{
    if (is_hub(row)) {
        call->phase -= hub_phase(call->step);
    } else if (call->step == STEP_FIND && call->phase == FIND_REPORT &&
               certinext_v2_prior(c, call->order)) {
        call->phase = FIND_KEY;
        return &certinext_v2[STEP_FIND][FIND_KEY];
    }
    return row;
}

/* --- request --- */
static const struct {
    const char *word;
    bool (*add)(const struct certinext_asked *q, struct buf *b);
} pieces[] = {
    {"id", certinext_v2_id},         {"family", certinext_v2_family},
    {"orders", certinext_v2_orders}, {"search", certinext_v2_search},
    {"list", certinext_v2_list},     {"group", certinext_v2_group},
    {"domain", certinext_v2_domain}, {"ending", certinext_v2_ending},
};

static bool add_piece(const struct certinext_asked *q, const char *word, size_t n, struct buf *b)
{
    for (size_t i = 0; i < NITEMS(pieces); i++) {
        if (strlen(pieces[i].word) == n && memcmp(pieces[i].word, word, n) == 0) {
            return pieces[i].add(q, b);
        }
    }
    return err_set(q->err, ERR_INTERNAL, "CERTInext has no such address");
}

static bool set_url(const struct certinext_asked *q, const char *path)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    buf_printf(&b, "%s/", q->own->rest);
    while (*path) {
        const size_t n = strcspn(path, "{");
        buf_add(&b, path, n);
        path += n;
        if (*path) {
            const size_t word = strcspn(path + 1, "}");
            if (!add_piece(q, path + 1, word, &b)) {
                return false;
            }
            path += word + 2;
        }
    }
    q->out->url = arena_strdup(q->out->arena, buf_text(&b));
    return !buf_failed(&b) || err_set(q->err, ERR_INPUT, "the address of the request is too long");
}

static bool set_body(const struct certinext_asked *q, const struct certinext_row *row)
{
    struct jw j;
    if (!row->request) {
        return true;
    }
    q->out->content_type = "application/json";
    jw_begin(&j, &q->out->body, JW_COMPACT);
    jw_object(&j, NULL);
    if (!row->request(q, &j)) {
        return false;
    }
    jw_end(&j);
    return jw_finish(&j, q->err);
}

/* "Idempotency-Key", one for an order however often it is sent: of what is sent, as a UUID of
 * RFC 9562, 5.8. CERTInext reads it and does not promise to act on it, so nothing is built on it.
 */
static const char *idempotency_key(const struct ca_request *r, const char *product)
{
    uint8_t d[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    struct sha256 s;
    sha256_begin(&s);
    sha256_add(&s, r->digest, sizeof r->digest);
    sha256_add(&s, product, strlen(product)); /* stands in a header */
    sha256_end(&s, d);
    d[6] = (uint8_t)(0x80 | (d[6] & 0x0F));
    d[8] = (uint8_t)(0x80 | (d[8] & 0x3F));
    hex_encode(d, sizeof d, hex);
    return arena_printf(r->arena, "Idempotency-Key: %.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                        hex + 12, hex + 16, hex + 20);
}

enum { HEADERS = 5 };

static void set_headers(const struct certinext_asked *q)
{
    struct ca_request *r = q->out;
    const struct ca_call *call = q->call;
    const char **v = arena_array(r->arena, HEADERS, sizeof *v);
    size_t n = 0;
    v[n++] = "Accept: application/json";
    if (call->step == STEP_ORDER) {
        v[n++] = idempotency_key(r, call->order->product);
        if (!certinext_v2_prior(q->own, call->order)) {
            v[n++] = arena_printf(r->arena, "X-Product-Code: %s", call->order->product);
        }
    }
    if (step_changes_state(call->step) && call->client_key) {
        /* leads from what the CA or a proxy keeps to the intent in the journal */
        v[n++] = arena_printf(r->arena, "X-Request-ID: %s", call->client_key);
    }
    v[n] = NULL;
    r->headers = v;
}

bool certinext_v2_request(const struct certinext_asked *asked, const struct certinext_row *row)
{
    struct ca_call call = *asked->call;
    struct certinext_asked q = *asked;
    row = settle_row(q.own, row, &call);
    q.call = &call;
    if (is_hub(row)) {
        return certinext_v1_request(&q, row);
    }
    const char *path = strchr(row->path, ' ');
    q.out->method = arena_strndup(q.out->arena, row->path, (size_t)(path - row->path));
    if (!set_body(&q, row) || !set_url(&q, path + 1) || !certinext_put_bearer(&q)) {
        return false;
    }
    request_digest(q.out);
    set_headers(&q);
    return true;
}

/* --- answer --- */
/* "EMS-1180", "EMS-DOMAIN-002": letters, digits and hyphens up to a last digit. */
static const char *code_in(struct arena *a, const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    const char *at = text ? strstr(text, "EMS-") : NULL;
    size_t n = at ? strspn(at, letters) : 0;
    while (n && !(at[n - 1] >= '0' && at[n - 1] <= '9')) {
        n--;
    }
    return n ? arena_strndup(a, at, n) : NULL;
}

/* The words without the code in front of them. */
static const char *without(const char *text, const char *code)
{
    if (!text || !code || !str_starts(text, code)) {
        return text;
    }
    text += strlen(code);
    text += strspn(text, ": ");
    return *text ? text : NULL;
}

enum { FIELDS = 5 };

/* `errors`: which members were refused, and why. */
static const char *with_fields(struct arena *a, const json_t *body, const char *text)
{
    const json_t *errors = reply_member(body, "errors");
    for (size_t i = 0; i < json_array_size(errors) && i < FIELDS; i++) {
        const char *field = reply_text(a, json_array_get(errors, i), "field");
        const char *why = reply_text(a, json_array_get(errors, i), "message");
        if (field || why) {
            text = arena_printf(a, "%s%s%.100s%s%.200s", text ? text : "", text ? "; " : "",
                                field ? field : "", field && why ? ": " : "", why ? why : "");
        }
    }
    return text;
}

/* Problem details, or what the framework under the API says by itself. */
static bool read_problem(const struct certinext_heard *h, const char **code, const char **message)
{
    static const char *const members[] = {"detail", "message", "title", "error"};
    struct arena *a = h->out->arena;
    *code = NULL;
    *message = NULL;
    for (size_t i = 0; i < NITEMS(members); i++) {
        const char *text = reply_text(a, h->body, members[i]);
        *message = *message ? *message : text;
        *code = *code ? *code : code_in(a, text);
    }
    *message = with_fields(a, h->body, without(*message, *code));
    return *code || *message;
}

/* HTTP 422 to a question for a certificate means that there is none yet, in whatever words. */
static bool no_certificate_yet(const struct certinext_heard *h, const struct certinext_row *row,
                               const struct certinext_code *known)
{
    const bool asked = row->answer == certinext_v2_fetched || row->answer == certinext_v2_key_seen;
    return asked && !known && h->reply->http_status == 422;
}

/* Given only its number, an order is looked for in one family after the other. */
static bool in_another_family(const struct certinext_heard *h, const struct certinext_code *known)
{
    const struct ca_call *call = h->call;
    return h->reply->http_status == 404 && call->step == STEP_REVOKED &&
           call->phase + 1 < FAMILY__MAX && (!known || known->says & SAYS_NO_ORDER);
}

static void refused(struct certinext_heard *h, const struct certinext_row *row)
{
    const char *code;
    const char *message;
    const int status = h->reply->http_status;
    const bool said = read_problem(h, &code, &message);
    const struct certinext_code *known = certinext_code_find(code, message);
    if (in_another_family(h, known)) {
        certinext_say(h, OUTCOME_ACCEPTED, NULL);
        h->out->phase = h->call->phase + 1;
    } else if (no_certificate_yet(h, row, known)) {
        certinext_say(h, OUTCOME_ACCEPTED, NULL);
        h->body = NULL;
        row->answer(h);
    } else if (!said || (status == 404 && !code && !row->by_order)) {
        certinext_by_status(h, row);
    } else {
        certinext_failed(h, row, code, message);
    }
    if (status == 409 && !known && h->call->step == STEP_ORDER) {
        h->out->outcome = OUTCOME_UNKNOWN; /* it may collide with an earlier attempt */
    }
}

/* A right that is missing for one thing is told with a code; without one, it is all of them. */
static bool is_coded_403(const struct certinext_heard *h)
{
    const char *code;
    const char *message;
    return h->reply->http_status == 403 && read_problem(h, &code, &message) && code;
}

static bool not_implemented(struct certinext_heard *h, const struct certinext_row *row)
{
    const struct ca_call *call = h->call;
    /* a search begins anew; pages of two lists must not be mixed in an inventory */
    const bool list =
        row->answer == certinext_v2_found || (row->answer == certinext_v2_listed && !call->page);
    if (h->reply->http_status != 501 || !list) {
        return false;
    }
    certinext_say(h, OUTCOME_ACCEPTED, NULL);
    h->out->phase = hub_phase(call->step);
    return true;
}

static void answer_hub(struct certinext_heard *h, const struct certinext_row *row)
{
    const enum ca_step step = h->call->step;
    certinext_v1_answer(h, row);
    if (h->out->phase || (step == STEP_INVENTORY && h->out->next_page)) {
        h->out->phase += hub_phase(step);
    }
}

void certinext_v2_answer(struct certinext_heard *heard, const struct certinext_row *row)
{
    struct ca_call call = *heard->call;
    struct certinext_heard settled = *heard, *h = &settled;
    const int status = h->reply->http_status;
    const bool nothing = status == 204 && !h->reply->body.n; /* all that such a call says */
    row = settle_row(h->own, row, &call);
    h->call = &call;
    if (is_hub(row)) {
        answer_hub(h, row);
    } else if (is_coded_403(h)) {
        refused(h, row);
    } else if (not_implemented(h, row) || certinext_by_http(h)) {
        return;
    } else if (status >= 400) {
        refused(h, row);
    } else if (h->body || nothing) {
        row->answer(h);
    } else {
        certinext_by_status(h, row);
    }
}
