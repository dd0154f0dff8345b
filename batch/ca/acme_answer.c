/* SPDX-License-Identifier: Apache-2.0
 *
 * See acme.h: what comes back about orders, proofs and certificates.
 */
#include "batch/ca/acme.h"

#include "formats/base/limits.h"

#include <string.h>

enum { PAGE_MAX = 1 << 18 };
#define URN "urn:ietf:params:acme:error:"

/* --- problem documents --- */
const char *acme_problem_type(const json_t *problem)
{
    const char *type = json_get_str(problem, "type");
    return type && str_starts(type, URN) ? type + strlen(URN) : type;
}

/* "name: what is wrong" of each identifier that the CA names. */
static void put_parts(struct buf *b, const json_t *parts)
{
    for (size_t i = 0; i < json_array_size(parts) && i < 8; i++) {
        const json_t *p = json_array_get(parts, i);
        const char *name = json_get_str(json_get(p, "identifier"), "value");
        const char *detail = json_get_str(p, "detail");
        buf_printf(b, "%s%s%s%s", b->n ? "; " : "", name ? name : "", name ? ": " : "",
                   detail ? detail : "no reason given");
    }
}

const char *acme_problem_text(struct arena *a, const json_t *problem)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(16384);
    const char *detail = json_get_str(problem, "detail");
    if (!problem || (!detail && !acme_problem_type(problem))) {
        return NULL;
    }
    buf_puts(&b, detail ? detail : acme_problem_type(problem));
    put_parts(&b, json_get(problem, "subproblems"));
    return arena_strdup(a, buf_text(&b));
}

/* --- links --- */
void acme_links(const struct rest_heard *h, const char *rel, struct buf *out)
{
    const struct acme *own = h->own;
    const char *quoted = arena_printf(h->out->arena, "rel=\"%s\"", rel);
    for (size_t i = 0; i < h->reply->nheaders; i++) {
        const char *s = h->reply->headers[i].value;
        if (!str_eq(h->reply->headers[i].name, "link")) {
            continue;
        }
        while ((s = strchr(s, '<')) != NULL) {
            const char *end = strchr(s, '>');
            if (!end) {
                break;
            }
            const char *params = arena_strndup(h->out->arena, end, strcspn(end, ","));
            const char *url = acme_address(
                own, h->out->arena, arena_strndup(h->out->arena, s + 1, (size_t)(end - s - 1)));
            if (url && strstr(params, quoted)) {
                buf_printf(out, "%s%s", out->n ? " " : "", url);
            }
            s = end;
        }
    }
}

/* --- orders --- */
void acme_take_new_order(const struct rest_heard *h)
{
    const struct acme *own = h->own;
    const char *status = json_get_str(h->body, "status");
    h->out->order_id = acme_address(own, h->out->arena, ca_reply_header(h->reply, "location"));
    h->out->again_seconds = 0;
    if (!order_id_is_usable(h->out->order_id)) {
        rest_say(h, OUTCOME_UNKNOWN, "the CA does not say where the order is (Location)");
    } else if (str_eq(status, "invalid")) {
        const char *why = acme_problem_text(h->out->arena, json_get(h->body, "error"));
        rest_say(h, OUTCOME_REFUSED, why ? why : "the order is invalid from the start");
    }
}

static const char *address_in(const struct rest_heard *h, const char *name)
{
    return acme_address(h->own, h->out->arena, json_get_str(h->body, name));
}

static void next(const struct rest_heard *h, unsigned phase, const char *page, const char *lacks)
{
    if (!page) {
        rest_say(h, OUTCOME_UNKNOWN, lacks);
        return;
    }
    h->out->phase = phase;
    h->out->next_page = page;
}

/* An order at the CA's work, or one that waits for proofs that nobody gives it. */
static void wait(const struct rest_heard *h, const char *message)
{
    const struct acme_config *c = h->config;
    rest_pending(h, &c->enroll, message);
    if (h->reply->retry_after_seconds >= 0) {
        h->out->again_seconds = h->reply->retry_after_seconds;
    }
}

static void look_at_proofs(const struct rest_heard *h)
{
    CLEANUP(buf_release) struct buf page = BUF_INIT(PAGE_MAX);
    const json_t *all = json_get(h->body, "authorizations");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *url =
            acme_address(h->own, h->out->arena, json_string_value(json_array_get(all, i)));
        if (!url) {
            page.n = 0;
            break;
        }
        buf_printf(&page, "%s%s", page.n ? " " : "", url);
    }
    next(h, POLL_AUTHORIZATION,
         page.n && !buf_failed(&page) ? arena_strdup(h->out->arena, buf_text(&page)) : NULL,
         "the order shows no authorizations");
}

static void is_pending(const struct rest_heard *h)
{
    if (h->call->phase == POLL_ORDER) {
        look_at_proofs(h);
    } else {
        wait(h, "the order waits for proofs of its names");
    }
}

/* Right after finalize a server may still show what was before. */
static void is_ready(const struct rest_heard *h)
{
    if (h->call->phase == POLL_ORDER) {
        h->out->wants_csr = true;
        next(h, POLL_FINALIZE, address_in(h, "finalize"), "the order shows no address to finalize");
    } else {
        wait(h, "the order is ready, and was handed in");
    }
}

static void is_processing(const struct rest_heard *h)
{
    if (h->call->phase == POLL_FINALIZE) {
        h->out->phase = POLL_LOOK;
    } else {
        wait(h, "the CA is at work on the certificate");
    }
}

static void is_valid(const struct rest_heard *h)
{
    next(h, POLL_CERTIFICATE, address_in(h, "certificate"), "the order shows no certificate");
}

static void is_invalid(const struct rest_heard *h)
{
    const json_t *error = json_get(h->body, "error");
    const char *why = acme_problem_text(h->out->arena, error);
    const char *type = acme_problem_type(error);
    if (!why && h->call->phase == POLL_ORDER &&
        json_array_size(json_get(h->body, "authorizations"))) {
        look_at_proofs(h); /* the reason is there */
        return;
    }
    h->out->code = type ? arena_strdup(h->out->arena, type) : NULL;
    rest_say(h, OUTCOME_REFUSED, why ? why : "the order is invalid, the CA does not say why");
}

/* RFC 8555, 7.1.6. */
void acme_take_order(const struct rest_heard *h)
{
    static const struct {
        const char *status;
        void (*take)(const struct rest_heard *h);
    } states[] = {{"pending", is_pending},
                  {"ready", is_ready},
                  {"processing", is_processing},
                  {"valid", is_valid},
                  {"invalid", is_invalid}};
    const char *status = json_get_str(h->body, "status");
    for (size_t i = 0; i < NITEMS(states); i++) {
        if (str_eq(states[i].status, status)) {
            states[i].take(h);
            return;
        }
    }
    rest_say(h, OUTCOME_UNKNOWN, "the order has no status that RFC 8555 knows");
}

/* --- authorizations --- */
/* The cursor: addresses still to be read, then "+O,name,address" of those that were. */
static const char *name_of(const struct rest_heard *h)
{
    const char *name = json_get_str(json_get(h->body, "identifier"), "value");
    if (!name || !*name || strpbrk(name, " ,")) {
        return NULL;
    }
    return json_get_bool(h->body, "wildcard", false) ? arena_printf(h->out->arena, "*.%s", name)
                                                     : arena_strdup(h->out->arena, name);
}

static void give_domains(const struct rest_heard *h, const char *read)
{
    struct ca_result *out = h->out;
    size_t n = 0;
    for (const char *s = read; *s; s++) {
        n += *s == '+';
    }
    out->domains = arena_array(out->arena, n + 1, sizeof *out->domains);
    for (const char *s = read; (s = strchr(s, '+')) != NULL && out->ndomains < n;) {
        const char *comma = strchr(s + 3, ',');
        const char *end = comma + strcspn(comma, " ");
        struct ca_domain *d = &out->domains[out->ndomains++];
        d->state = s[1] == 'V' ? DOMAIN_VALIDATED : DOMAIN_OPEN;
        d->name = arena_strndup(out->arena, s + 3, (size_t)(comma - s - 3));
        d->proof = arena_strndup(out->arena, comma + 1, (size_t)(end - comma - 1));
        s = end;
    }
    out->pending = true;
    out->message = "the order waits for proofs of its names";
    out->again_seconds = h->reply->retry_after_seconds >= 0 ? h->reply->retry_after_seconds : 1;
}

/* Of the challenges the one with an error says why. */
static void is_lost(const struct rest_heard *h, const char *name, const char *status)
{
    const json_t *all = json_get(h->body, "challenges");
    const char *why = NULL;
    for (size_t i = 0; i < json_array_size(all) && !why; i++) {
        const json_t *error = json_get(json_array_get(all, i), "error");
        const char *type = acme_problem_type(error);
        why = acme_problem_text(h->out->arena, error);
        h->out->code = why && type ? arena_strdup(h->out->arena, type) : NULL;
    }
    rest_say(h, OUTCOME_REFUSED,
             arena_printf(h->out->arena, "the authorization of %s is %.40s%s%s", name, status,
                          why ? ": " : "", why ? why : ""));
}

void acme_take_authorization(const struct rest_heard *h)
{
    CLEANUP(buf_release) struct buf page = BUF_INIT(PAGE_MAX);
    const char *status = json_get_str(h->body, "status");
    const char *name = name_of(h);
    const char *at = h->call->page;
    const size_t n = at ? strcspn(at, " ") : 0;
    const bool valid = str_eq(status, "valid");
    if (!name || !status || !n) {
        rest_say(h, OUTCOME_UNKNOWN, "an authorization has no name or no status");
        return;
    }
    if (!valid && !str_eq(status, "pending")) {
        is_lost(h, name, status);
        return;
    }
    const char *rest = at[n] ? at + n + 1 : "";
    buf_printf(&page, "%s%s+%c,%s,%.*s", rest, *rest ? " " : "", valid ? 'V' : 'O', name, (int)n,
               at);
    if (buf_failed(&page)) {
        rest_say(h, OUTCOME_UNKNOWN, "the order has too many names");
    } else if (*buf_text(&page) == '+') {
        give_domains(h, buf_text(&page));
    } else {
        next(h, POLL_AUTHORIZATION, arena_strdup(h->out->arena, buf_text(&page)), NULL);
    }
}

/* --- challenges --- */
static bool is_token(const char *s)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return s && *s && strspn(s, alphabet) == strlen(s); /* RFC 8555, 8.1; and no path */
}

static const json_t *challenge_of(const struct rest_heard *h, const char *type)
{
    const json_t *all = json_get(h->body, "challenges");
    for (size_t i = 0; i < json_array_size(all); i++) {
        if (str_eq(json_get_str(json_array_get(all, i), "type"), type)) {
            return json_array_get(all, i);
        }
    }
    return NULL;
}

static void give_record(const struct rest_heard *h, const char *token)
{
    const struct acme *own = h->own;
    struct arena *a = h->out->arena;
    const char *answer = arena_printf(a, "%s.%s", token, own->thumbprint);
    const char *host = str_starts(h->call->domain, "*.") ? h->call->domain + 2 : h->call->domain;
    if (own->config->challenge == ACME_HTTP) {
        h->out->record_name =
            arena_printf(a, "http://%s/.well-known/acme-challenge/%s", str_lower(a, host), token);
        h->out->record_value = answer;
        return;
    }
    struct sha256 s;
    uint8_t hash[SHA256_SIZE];
    CLEANUP(buf_release) struct buf text = BUF_INIT(128);
    sha256_begin(&s);
    sha256_add(&s, answer, strlen(answer));
    sha256_end(&s, hash);
    base64url_encode(&text, hash, sizeof hash);
    h->out->record_value = arena_strdup(a, buf_text(&text));
}

void acme_take_challenge(const struct rest_heard *h)
{
    const struct acme_config *c = h->config;
    const char *type = c->challenge == ACME_HTTP ? "http-01" : "dns-01";
    const char *status = json_get_str(h->body, "status");
    const json_t *challenge = challenge_of(h, type);
    const char *token = json_get_str(challenge, "token");
    if (str_eq(status, "valid")) {
        return; /* needs no proof any more */
    }
    h->out->proof = acme_address(h->own, h->out->arena, json_get_str(challenge, "url"));
    if (!str_eq(status, "pending")) {
        is_lost(h, h->call->domain, status ? status : "of no status");
    } else if (!challenge) {
        rest_say(h, OUTCOME_REFUSED,
                 arena_printf(h->out->arena, "the CA does not offer %s for this name", type));
    } else if (!is_token(token) || !h->out->proof) {
        rest_say(h, OUTCOME_REFUSED, "the CA gave no token for the proof");
    } else {
        give_record(h, token);
    }
}

void acme_take_ready(const struct rest_heard *h UNUSED)
{
    /* it looks now; what it saw is in the authorization */
}

/* --- certificates --- */
/* A chain is known by the issuer of its topmost certificate. */
static bool is_preferred(const struct cert *top, const char *name)
{
    const struct dn_attr *cn = dn_find(&top->issuer, "CN");
    return cn && cn->text && str_eq(cn->text, name);
}

static const char *preferred(const struct rest_heard *h)
{
    const struct acme_config *c = h->config;
    const struct ca_order *o = h->call->order;
    const struct ynode *own = o && o->extra ? yaml_get(o->extra, "preferred_chain") : NULL;
    return own && own->kind == YAML_SCALAR && own->text[0] ? own->text : c->preferred_chain;
}

/* The cursor: the chain that is read, the default one, those still to be read. */
static bool ask_for_another(const struct rest_heard *h)
{
    CLEANUP(buf_release) struct buf more = BUF_INIT(PAGE_MAX);
    const char *at = h->call->page;
    const size_t n = strcspn(at, " ");
    const char *first = arena_strndup(h->out->arena, at, n);
    const char *rest = "";
    if (h->call->phase == POLL_CERTIFICATE) {
        acme_links(h, "alternate", &more);
        rest = buf_text(&more);
    } else {
        at = at + n + (at[n] ? 1 : 0);
        const size_t m = strcspn(at, " ");
        first = arena_strndup(h->out->arena, at, m);
        rest = at[m] ? at + m + 1 : "";
    }
    if (!*rest && h->call->phase == POLL_CERTIFICATE) {
        return false; /* there is but one */
    }
    const size_t k = strcspn(rest, " ");
    h->out->phase = *rest ? POLL_ALTERNATE : POLL_DEFAULT;
    h->out->next_page =
        *rest ? arena_printf(h->out->arena, "%.*s %s%s", (int)k, rest, first, rest + k) : first;
    return true;
}

void acme_take_certificate(const struct rest_heard *h)
{
    const char *want = preferred(h);
    struct reply_certs c = {arena_array(h->out->arena, LIMIT_CHAIN + 1, sizeof *c.v), 0};
    if (!reply_take_pem(h->out->arena, buf_text(&h->reply->body), &c) || !c.n) {
        rest_say(h, OUTCOME_UNKNOWN, "the CA sent something that is no certificate");
        return;
    }
    const bool any = !want || h->call->phase == POLL_DEFAULT;
    if (!any && !is_preferred(&c.v[c.n - 1], want) && ask_for_another(h)) {
        return;
    }
    reply_give(h->out, h->call->order, &c);
}

void acme_take_revocation(const struct rest_heard *h)
{
    h->out->revoked = true;
}
