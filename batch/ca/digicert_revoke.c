/* SPDX-License-Identifier: Apache-2.0
 *
 * What answers about revocations say. An order stays "issued" when one of its certificates is
 * revoked, so the state of a certificate is looked for in the order, then among its reissues and
 * its duplicates.
 */
#include "batch/ca/digicert.h"

#include "formats/base/str.h"

static const struct ca_revocation *ours(const struct rest_heard *h)
{
    return h->call->revoke;
}

/* 204 without a body: it is done. With one, a request was made that somebody has to approve. */
void digicert_take_revocation(const struct rest_heard *h)
{
    const char *id = reply_text(h->out->arena, h->body, "id");
    if (!h->body) {
        return;
    }
    h->out->pending = true;
    h->out->message =
        id ? arena_printf(h->out->arena, "the revocation is request %.32s at DigiCert", id) : NULL;
}

static bool is_serial(struct arena *a, const json_t *certificate, const char *serial)
{
    const char *shown = reply_text(a, certificate, "serial_number");
    const char *x = shown ? serial_normal(a, shown) : NULL;
    const char *y = serial ? serial_normal(a, serial) : NULL;
    return x && y && str_eq(x, y);
}

/* A request of ours that nobody approved yet; those of others are theirs. */
static void may_approve(const struct rest_heard *h)
{
    const struct digicert_config *c = h->config;
    const char *request = digicert_open_request(h->out->arena, h->body, ours(h)->item);
    if (!request) {
        return;
    }
    digicert_pending(h, arena_printf(h->out->arena,
                                     "the revocation waits for an approver: request %s", request));
    if (c->approve_requests && h->call->attempt) {
        h->out->next_page = request;
        h->out->phase = REVOKED_APPROVE;
    }
}

/* The certificate of the order is not the one, or its own state is not told. */
static void look_further(const struct rest_heard *h)
{
    h->out->order_id = reply_text(h->out->arena, h->body, "id");
    h->out->phase = digicert_is_number(h->out->order_id) ? REVOKED_REISSUES : 0;
}

/* That it is not shown does not mean that it is not there: a revocation by its serial number may
 * be asked for. After one whose answer was lost, nothing is known. */
static void not_shown(const struct rest_heard *h)
{
    h->out->message = "DigiCert does not show the state of this certificate";
    if (h->call->attempt) {
        digicert_unknown(h, "DigiCert does not show the state of this certificate, so whether it "
                            "is revoked cannot be told");
    }
}

/* Order info knows the first certificate of an order by its serial number, reissues and duplicates
 * it does not. */
static void no_such(const struct rest_heard *h)
{
    if (!digicert_says_not_found(h)) {
        digicert_unknown(h, "something answers that is not DigiCert; see base_url");
    } else if (h->call->phase == REVOKED_FOUND) {
        not_shown(h);
    } else if (ours(h)->order) {
        rest_say(h, OUTCOME_REFUSED, "DigiCert has no such order");
    } else {
        h->out->phase = REVOKED_SEARCH;
    }
}

void digicert_take_serial(const struct rest_heard *h)
{
    const json_t *rows = reply_member(h->body, "orders");
    const char *id = reply_text(h->out->arena, json_array_get(rows, 0), "id");
    if (json_array_size(rows) == 1 && digicert_is_number(id)) {
        h->out->order_id = id;
        h->out->phase = REVOKED_FOUND;
    } else {
        not_shown(h);
    }
}

void digicert_take_state(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *certificate = reply_member(h->body, "certificate");
    const char *status = reply_text(a, h->body, "status");
    const char *own = reply_text(a, certificate, "status");
    const char *serial = ours(h) ? ours(h)->serial : NULL;
    if (h->reply->http_status == 404) {
        no_such(h);
        return;
    }
    if (!status) {
        digicert_unknown(h, "the reply tells no state of the order");
        return;
    }
    if (h->call->phase == REVOKED_FOUND) {
        /* Filters were seen to be ignored: the order may be another one, so nothing counts but what
         * is said of the serial number. */
        may_approve(h);
        if (!h->out->phase) {
            look_further(h);
        }
        return;
    }
    const enum digicert_class class = digicert_class_of(status);
    if (class == CLASS_FAILED || (class == CLASS_PENDING && !str_eq(status, "reissue_pending"))) {
        rest_say(h, OUTCOME_REFUSED,
                 arena_printf(a, "no certificate was issued: the order is %.100s", status));
        return;
    }
    h->out->revoked = class == CLASS_REVOKED || (serial && is_serial(a, certificate, serial) &&
                                                 digicert_class_of(own) == CLASS_REVOKED);
    if (h->out->revoked) {
        return;
    }
    may_approve(h);
    if (serial && !h->out->phase && !(is_serial(a, certificate, serial) && own)) {
        look_further(h);
    }
}

/* The list of reissues, then that of duplicates; a certificate that neither shows is as good as
 * the order. */
void digicert_take_certificates(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *all = reply_member(h->body, "certificates");
    const char *serial = ours(h) ? ours(h)->serial : NULL;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *c = json_array_get(all, i);
        const char *status = reply_text(a, c, "status");
        if (is_serial(a, c, serial) && status) {
            h->out->revoked = digicert_class_of(status) == CLASS_REVOKED;
            return;
        }
    }
    if (h->call->phase == REVOKED_REISSUES) {
        h->out->order_id = h->call->order_id;
        h->out->phase = REVOKED_DUPLICATES;
    } else {
        not_shown(h);
    }
}
