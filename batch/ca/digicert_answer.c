/* SPDX-License-Identifier: Apache-2.0
 *
 * What answers about an order say: placed, where it stands, its certificate, its validation. A
 * failure gets here only where it is an answer (404, rest.h); digicert_ops.c reads the others.
 *
 * "issued" is a word; only a certificate that decodes is one. DigiCert was seen to hand out the
 * certificate of another request of the same order, so a reissue waits for the one of its own key.
 */
#include "batch/ca/digicert.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/csr.h"

#include <string.h>

static const struct digicert_config *settings(const struct rest_heard *h)
{
    return h->config;
}

void digicert_pending(const struct rest_heard *h, const char *message)
{
    rest_pending(h, &settings(h)->enroll, message);
    h->out->outcome = OUTCOME_ACCEPTED;
}

void digicert_unknown(const struct rest_heard *h, const char *why)
{
    rest_say(h, OUTCOME_UNKNOWN,
             arena_printf(h->out->arena, "HTTP %d: %s", h->reply->http_status, why));
}

/* --- words --- */
static const struct {
    const char *word;
    enum digicert_class class;
    const char *text;
} words[] = {
    {"issued", CLASS_ISSUED, "issued"},
    {"approved", CLASS_ISSUED, "approved"}, /* older orders, and certificates in lists */
    {"expired", CLASS_ISSUED, "expired"},
    {"pending", CLASS_PENDING, "waits for validation"},
    {"processing", CLASS_PENDING, "is being worked on"},
    {"waiting_pickup", CLASS_PENDING, "waits to be picked up by its recipient"},
    {"reissue_pending", CLASS_PENDING, "waits for the reissue"},
    {"needs_csr", CLASS_PENDING, "waits for a CSR: hand it in at DigiCert"},
    {"needs_approval", CLASS_PENDING, "waits for an approver at DigiCert"},
    {"rejected", CLASS_FAILED, "was rejected"},
    {"denied", CLASS_FAILED, "was denied"},
    {"canceled", CLASS_FAILED, "was cancelled"},
    {"revoked", CLASS_REVOKED, "is revoked"},
};

enum digicert_class digicert_class_of(const char *status)
{
    for (size_t i = 0; status && i < NITEMS(words); i++) {
        if (str_eq(words[i].word, status)) {
            return words[i].class;
        }
    }
    return CLASS_PENDING;
}

static const char *state_text(struct arena *a, const char *status)
{
    for (size_t i = 0; i < NITEMS(words); i++) {
        if (str_eq(words[i].word, status)) {
            return arena_printf(a, "the order %s", words[i].text);
        }
    }
    return arena_printf(a, "the order is in state %.100s", status);
}

/* --- helpers --- */
/* A request as the API echoes it: on one line, or as PEM with any line ends. */
static bool read_csr(struct arena *a, const char *text, struct csr *out)
{
    static const char begin[] = "-----BEGIN ";
    CLEANUP(buf_release) struct buf pem = BUF_INIT(4 * LIMIT_CSR_BYTES);
    const char *head = text ? strstr(text, begin) : NULL;
    const char *body = head ? strstr(head + sizeof begin - 1, "-----") : NULL;
    const char *tail = body ? strstr(body + 5, "-----END ") : NULL;
    if (!tail) {
        return false;
    }
    buf_add(&pem, head, (size_t)(body + 5 - head));
    buf_putc(&pem, '\n');
    for (const char *p = body + 5; p < tail; p++) {
        if (!strchr(" \t\r\n", *p)) {
            buf_putc(&pem, *p);
        }
    }
    buf_printf(&pem, "\n%s\n", tail);
    const struct span kept = {arena_memdup(a, pem.p, pem.n), pem.n};
    csr_parse(a, kept, out);
    return !buf_failed(&pem) && out->usable;
}

bool digicert_csr_is_ours(const struct rest_heard *h, const json_t *certificate)
{
    struct csr csr;
    struct arena *a = h->out->arena;
    const struct ca_order *o = h->call->order;
    const char *text = json_string_value(reply_member(certificate, "csr"));
    return o && o->spki_sha256 && read_csr(a, text, &csr) &&
           memcmp(csr.key.sha256, o->spki_sha256, SHA256_SIZE) == 0;
}

/* Numbers come as numbers and as text. */
static const char *number_of(struct arena *a, const json_t *object, const char *name)
{
    const char *id = reply_text(a, object, name);
    return digicert_is_number(id) ? id : NULL;
}

static bool is_of_item(struct arena *a, const json_t *request, const char *item)
{
    const char *comments = reply_text(a, request, "comments");
    return !item || (comments && strstr(comments, arena_printf(a, DIGICERT_MARK "%s ", item)));
}

const char *digicert_open_request(struct arena *a, const json_t *order, const char *item)
{
    const json_t *all = reply_member(order, "requests");
    const char *newest = NULL;
    uint64_t best = 0;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *r = json_array_get(all, i);
        const char *id = number_of(a, r, "id"), *status = reply_text(a, r, "status");
        uint64_t n = 0;
        if (id && status && str_has_word("pending submitted needs_approval", status) &&
            is_of_item(a, r, item) && str_u64(id, &n) && n >= best) {
            best = n;
            newest = id;
        }
    }
    return newest;
}

static void take_chain_member(struct arena *a, const json_t *list, struct reply_certs *to)
{
    *to = (struct reply_certs){arena_array(a, LIMIT_CHAIN + 1, sizeof *to->v), 0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        /* one that does not decode is missing; whether the rest is enough shows when it is judged
         */
        if (!reply_take_pem(a, reply_text(a, json_array_get(list, i), "pem"), to) && i == 0) {
            return;
        }
    }
}

/* A new order has one certificate: whatever key it has, it is the answer, and is judged. */
static bool is_the_one(const struct rest_heard *h, const struct reply_certs *all)
{
    return all->n && (!digicert_prior(h->call->order) || reply_has_key(h->call->order, all));
}

/* --- ORDER --- */
static const char *open_names(struct arena *a, const json_t *body)
{
    const json_t *all = reply_member(body, "domains");
    const char *names = NULL;
    for (size_t i = 0; i < json_array_size(all) && i < 10; i++) {
        const char *name = reply_text(a, json_array_get(all, i), "name");
        if (name) {
            names = names ? arena_printf(a, "%s, %.253s", names, name)
                          : arena_printf(a, "%.253s", name);
        }
    }
    return names;
}

/* Three answers are successes: with its certificates, with a number for a certificate that waits
 * for validation, and with a request that waits for an approver. */
void digicert_take_order(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    struct reply_certs all;
    const char *prior = digicert_prior(h->call->order);
    const char *id = number_of(a, h->body, "id");
    const char *names = open_names(a, h->body);
    if (!id || (prior && !str_eq(prior, id))) {
        digicert_unknown(h, "DigiCert gave the order no number");
        return;
    }
    h->out->order_id = id;
    take_chain_member(a, reply_member(h->body, "certificate_chain"), &all);
    if (is_the_one(h, &all)) {
        reply_give(h->out, h->call->order, &all);
        return;
    }
    digicert_pending(h, names ? arena_printf(a, "domain control validation is open for %s", names)
                        : digicert_open_request(a, h->body, NULL)
                            ? "the order waits for an approver at DigiCert"
                            : NULL);
}

/* --- POLL --- */
static void still_open(const struct rest_heard *h, const char *status, const json_t *certificate)
{
    struct arena *a = h->out->arena;
    const struct ca_order *o = h->call->order;
    const bool sibling = digicert_prior(o) != NULL;
    const char *request = digicert_open_request(a, h->body, sibling ? o->item : NULL);
    digicert_pending(h, state_text(a, status));
    if (str_eq(status, "pending")) {
        digicert_read_validation(h, certificate);
    }
    if (request && (sibling || str_eq(status, "needs_approval"))) {
        h->out->message = arena_printf(a, "%s: request %s", h->out->message, request);
        h->out->phase = settings(h)->approve_requests ? POLL_APPROVE : 0;
        h->out->next_page = request;
    }
    if (sibling && !h->out->phase) {
        h->out->phase = POLL_LIST; /* another request may be what is pending */
    }
}

/* Which certificate of the order is ours. */
static void next_for_certificate(const struct rest_heard *h, const json_t *certificate)
{
    struct arena *a = h->out->arena;
    const char *id = number_of(a, certificate, "id");
    if (digicert_prior(h->call->order) && !digicert_csr_is_ours(h, certificate)) {
        h->out->phase = POLL_LIST;
    } else if (id) {
        h->out->next_page = id;
        h->out->phase = POLL_FETCH;
    } else {
        digicert_pending(h, "the order shows no number of its certificate yet");
    }
}

/* Just placed, an order may not be there for everybody yet. */
static bool not_there_yet(const struct rest_heard *h, const char *message)
{
    if (h->reply->http_status != 404) {
        return false;
    }
    if (digicert_says_not_found(h)) {
        digicert_pending(h, message);
    } else {
        digicert_unknown(h, "something answers that is not DigiCert; see base_url");
    }
    return true;
}

void digicert_take_tracked(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *certificate = reply_member(h->body, "certificate");
    const char *status = reply_text(a, h->body, "status");
    if (not_there_yet(h, "DigiCert does not show the order yet")) {
        return;
    }
    if (!status) {
        digicert_unknown(h, "the reply tells no state of the order");
        return;
    }
    switch (digicert_class_of(status)) {
    case CLASS_ISSUED:
        next_for_certificate(h, certificate);
        break;
    case CLASS_PENDING:
        still_open(h, status, certificate);
        break;
    case CLASS_FAILED:
    case CLASS_REVOKED:
        rest_say(h, OUTCOME_REFUSED, state_text(a, status));
        break;
    }
}

void digicert_take_siblings(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *all = reply_member(h->body, "certificates");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *c = json_array_get(all, i);
        const char *id = number_of(a, c, "id");
        const char *status = reply_text(a, c, "status");
        if (!id || !digicert_csr_is_ours(h, c)) {
            continue;
        }
        if (digicert_class_of(status) == CLASS_FAILED) {
            rest_say(h, OUTCOME_REFUSED, state_text(a, status));
        } else if (digicert_class_of(status) == CLASS_PENDING && status) {
            digicert_pending(h, state_text(a, status));
        } else {
            h->out->next_page = id;
            h->out->phase = POLL_FETCH;
        }
        return;
    }
    digicert_pending(h, "the order has no certificate of the new key yet");
}

void digicert_take_chain(const struct rest_heard *h)
{
    struct reply_certs all;
    if (not_there_yet(h, "the certificate is not there yet")) {
        return;
    }
    take_chain_member(h->out->arena, reply_member(h->body, "intermediates"), &all);
    if (is_the_one(h, &all)) {
        reply_give(h->out, h->call->order, &all);
    } else if (all.n) {
        digicert_pending(h, "the certificate of the new key is not there yet");
    } else {
        digicert_unknown(h, "the reply holds no certificate that decodes");
    }
}

/* What comes of it shows when the order is looked at again. */
void digicert_take_approved(const struct rest_heard *h)
{
    digicert_pending(h, "the request was approved with this key");
}

/* --- CANCEL --- */
void digicert_take_cancel(const struct rest_heard *h)
{
    const char *status = reply_text(h->out->arena, h->body, "status");
    if (h->body && !str_eq(status, "canceled")) {
        digicert_unknown(h, "the reply does not say that the order was cancelled");
    }
}
