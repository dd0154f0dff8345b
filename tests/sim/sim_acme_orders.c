/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_acme.h: orders, authorizations, certificates, revocation.
 */
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/jws.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_acme.h"
#include "tests/sim/sim_shape.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 3 };

/* --- finding --- */
/* The n-th number in a path ("authz/3/1"), counted from 0. */
static bool number(const char *path, unsigned at, size_t *out)
{
    uint64_t value = 0;
    char text[24];
    for (unsigned i = 0; path && i <= at; i++) {
        path = strchr(path, '/');
        path = path ? path + 1 : NULL;
    }
    const size_t n = path ? strcspn(path, "/") : 0;
    if (!n || n >= sizeof text) {
        return false;
    }
    memcpy(text, path, n);
    text[n] = '\0';
    *out = str_u64(text, &value) ? (size_t)value : SIZE_MAX;
    return *out != SIZE_MAX;
}

static struct acme_order *own_order(struct request *q, struct reply *r, const struct acme_call *c,
                                    size_t *at)
{
    struct acme_order *o =
        number(c->path, 0, at) && *at < acme_state.norders ? &acme_state.orders[*at] : NULL;
    if (!o) {
        acme_problem(q, r, 404, "malformed", "there is no such order");
    } else if (o->account != c->account) {
        acme_problem(q, r, 403, "unauthorized", "the order is another account's");
        o = NULL;
    }
    return o;
}

/* --- state --- */
static const char *status_of(const struct acme_order *o)
{
    bool ready = true;
    for (size_t i = 0; i < o->nauthz; i++) {
        if (o->authz[i].state == AUTHZ_INVALID) {
            return "invalid";
        }
        ready = ready && o->authz[i].state == AUTHZ_VALID;
    }
    return o->broken || o->order->cancelled    ? "invalid"
           : !ready                            ? "pending"
           : !o->finalized                     ? "ready"
           : o->order->pending_polls > 0       ? "processing"
           : time_monotonic_ms() < o->ready_ms ? "processing"
                                               : "valid";
}

static json_t *identifier(const char *name)
{
    return json_pack("{s:s,s:s}", "type",
                     strspn(name, "0123456789.") == strlen(name) ? "ip" : "dns", "value", name);
}

/* Lists turn round from one look to the next: nobody may count on their order. */
static json_t *show_order(struct request *q, const struct acme_order *o, size_t at)
{
    static unsigned looks;
    json_t *names = json_array(), *authz = json_array();
    for (size_t k = 0; k < o->nauthz; k++) {
        const size_t i = (k + looks) % o->nauthz;
        json_array_append_new(names, identifier(o->order->domains[i].name));
        json_array_append_new(authz,
                              json_string(acme_url(q, arena_printf(&q->arena, "authz/%zu/%zu", at,
                                                                   (i + 1) % o->nauthz))));
    }
    looks++;
    const char *status = status_of(o);
    json_t *tree =
        json_pack("{s:s,s:s,s:o,s:o,s:s}", "status", status, "expires", "2036-01-01T00:00:00Z",
                  "identifiers", names, "authorizations", authz, "finalize",
                  acme_url(q, arena_printf(&q->arena, "order/%zu/finalize", at)));
    if (o->profile) {
        json_object_set_new(tree, "profile", json_string(o->profile));
    }
    if (o->replaces) {
        json_object_set_new(tree, "replaces", json_string(o->replaces));
    }
    if (str_eq(status, "valid")) {
        json_object_set_new(
            tree, "certificate",
            json_string(acme_url(q, arena_printf(&q->arena, "certificate/%zu", at))));
    }
    if (o->order->cancelled) {
        json_object_set_new(tree, "error",
                            json_pack("{s:s,s:s}", "type",
                                      "urn:ietf:params:acme:error:rejectedIdentifier", "detail",
                                      "the CA changed its mind"));
    }
    return tree;
}

/* --- newOrder --- */
static const char *wanted_name(const json_t *v, bool *address)
{
    const char *type = json_get_str(v, "type"), *value = json_get_str(v, "value");
    *address = str_eq(type, "ip");
    const bool known = str_eq(type, "dns") || *address;
    return known && json_object_size(v) == 2 && value && *value && !strpbrk(value, " ,;/") ? value
                                                                                           : NULL;
}

static void add_name(struct sim *s, struct acme_order *o, const char *name)
{
    uint8_t random[16];
    struct acme_authz *a = &o->authz[o->nauthz];
    o->order->domains[o->nauthz++] =
        (struct sim_domain){.name = arena_strdup(&s->arena, name), .possible = true};
    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, a->token);
    a->wildcard = str_starts(name, "*.");
    a->name = arena_strdup(&s->arena, a->wildcard ? name + 2 : name);
    a->state = str_eq(s->options.dcv, "auto") ? AUTHZ_VALID : AUTHZ_PENDING;
}

/* RFC 9773, 5. */
static bool replaces_fits(struct request *q, struct reply *r, const struct acme_call *c,
                          const char *id)
{
    const struct acme_order *found = NULL;
    for (size_t i = 0; i < acme_state.norders; i++) {
        const struct acme_order *o = &acme_state.orders[i];
        found = str_eq(o->cert_id, id) && o->account == c->account ? o : found;
        if (str_eq(o->replaces, id) && !str_eq(status_of(o), "invalid")) {
            acme_problem(q, r, 409, "alreadyReplaced", "there is an order that replaces it");
            return false;
        }
    }
    if (!found) {
        acme_problem(q, r, 400, "malformed", "replaces: no certificate of this account");
    }
    return found != NULL;
}

static bool fits(struct request *q, struct reply *r, const struct acme_call *c)
{
    static const char *const known[] = {"identifiers", "profile", "replaces"};
    const char *name, *profile = json_get_str(q->json, "profile");
    const char *replaces = json_get_str(q->json, "replaces");
    json_t *v;
    json_object_foreach(q->json, name, v)
    {
        bool good = false;
        for (size_t i = 0; i < NITEMS(known); i++) {
            good = good || str_eq(known[i], name);
        }
        if (!good) {
            acme_problem(q, r, 400, "malformed",
                         arena_printf(&q->arena, "unknown member %s", name));
            return false;
        }
    }
    if (profile && !str_eq(profile, "plain") && !str_eq(profile, "shortlived")) {
        acme_problem(q, r, 400, "invalidProfile", "there is no such profile");
        return false;
    }
    return !replaces || replaces_fits(q, r, c, replaces);
}

ACME_HANDLER(acme_new_order)
{
    struct sim *s = q->sim;
    const json_t *names = c->get ? NULL : json_get(q->json, "identifiers");
    const size_t n = json_array_size(names);
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    if (!n || n > 100) {
        acme_problem(q, r, 400, "malformed", "identifiers: 1 to 100 are wanted");
        return;
    }
    if (!fits(q, r, c)) {
        return;
    }
    struct order made = {.bend = q->plan,
                         .product = catalogue_find(&s->catalogue, "842"),
                         .pending_polls = pending ? pending->n : 0,
                         .cancelled = plan_has(&q->plan, FAULT_CANCELLED) != NULL,
                         .domains = arena_array(&s->arena, n, sizeof *made.domains)};
    struct acme_order o = {
        .account = c->account, .authz = arena_array(&s->arena, n, sizeof *o.authz), .order = &made};
    for (size_t i = 0; i < n; i++) {
        bool address = false;
        const char *name = wanted_name(json_array_get(names, i), &address);
        for (size_t k = 0; name && k < i; k++) {
            name = str_eq(made.domains[k].name, name) ? NULL : name;
        }
        if (!name || address) {
            acme_problem(q, r, 400, address ? "unsupportedIdentifier" : "malformed",
                         "an identifier is not what it has to be");
            return;
        }
        add_name(s, &o, name);
    }
    const char *profile = json_get_str(q->json, "profile");
    const char *replaces = json_get_str(q->json, "replaces");
    o.profile = profile ? arena_strdup(&s->arena, profile) : NULL;
    o.replaces = replaces ? arena_strdup(&s->arena, replaces) : NULL;
    made.ndomains = n;
    made.domain = made.domains[0].name;
    o.order = orders_place(s, &made);
    const char *url = acme_url(q, arena_printf(&q->arena, "order/%zu", acme_state.norders));
    (void)snprintf(o.order->number, sizeof o.order->number, "%s", url);
    vec_reserve((void **)&acme_state.orders, &acme_state.orders_cap, acme_state.norders + 1,
                sizeof o);
    acme_state.orders[acme_state.norders++] = o;
    reply_header(r, "Location", url);
    acme_good(q, r, 201, show_order(q, &o, acme_state.norders - 1));
}

ACME_HANDLER(acme_order)
{
    size_t at;
    struct acme_order *o = own_order(q, r, c, &at);
    if (o && !c->get) {
        acme_problem(q, r, 400, "malformed", "the payload has to be empty");
    } else if (o) {
        acme_good(q, r, 200, show_order(q, o, at));
        o->order->pending_polls -= o->order->pending_polls > 0;
    }
}

/* --- finalize: what is bought is bought here --- */
static bool same_names(const struct csr *csr, const struct acme_order *o)
{
    size_t hits = 0;
    for (size_t i = 0; i < csr->san.n; i++) {
        for (size_t k = 0; k < o->nauthz; k++) {
            hits += csr->san.v[i].type == GN_DNS &&
                    str_ieq(csr->san.v[i].text, o->order->domains[k].name);
        }
    }
    return hits == o->nauthz && csr->san.n == o->nauthz;
}

static bool take_csr(struct request *q, struct acme_order *o, const char *text)
{
    struct csr csr;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CSR_BYTES);
    struct arena *a = &q->sim->arena;
    if (!text || json_object_size(q->json) != 1 || !base64url_decode(&der, text, strlen(text))) {
        return false;
    }
    csr_parse(&q->arena, (struct span){arena_memdup(&q->arena, der.p, der.n), der.n}, &csr);
    if (!csr.usable || der.p[0] != 0x30 || !csr_verify(&csr, &err) || !same_names(&csr, o)) {
        return false;
    }
    o->order->csr = "";
    o->order->spki_der =
        (struct span){arena_memdup(a, csr.key.der.p, csr.key.der.n), csr.key.der.n};
    memcpy(o->order->spki, csr.key.sha256, SHA256_SIZE);
    return true;
}

static const char *cert_id(struct arena *a, const struct cert *c)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(256);
    base64url_encode(&b, c->authority_key_id.p, c->authority_key_id.n);
    buf_putc(&b, '.');
    base64url_encode(&b, c->serial.p, c->serial.n);
    return arena_strdup(a, buf_text(&b));
}

ACME_HANDLER(acme_finalize)
{
    size_t at;
    struct span der;
    struct err err = ERR_INIT;
    struct sim *s = q->sim;
    struct acme_order *o = own_order(q, r, c, &at);
    if (!o) {
        return;
    }
    if (!str_eq(status_of(o), "ready")) {
        acme_problem(q, r, 403, "orderNotReady", "the order is not ready");
    } else if (c->get || !take_csr(q, o, json_get_str(q->json, "csr"))) {
        acme_problem(q, r, 400, "badCSR", "the CSR is not the one of this order");
    } else if (!order_certificate(s, o->order, NULL, &der, &err)) {
        acme_problem(q, r, 500, "serverInternal", err.msg);
    } else {
        o->finalized = true;
        o->cert_id = cert_id(&s->arena, &o->order->parsed);
        o->ready_ms = time_monotonic_ms() + s->orders.t4;
        (void)snprintf(q->txn, sizeof q->txn, "finalize-%zu", at);
        ledger_add(&s->ledger, q, "order", o->order);
        acme_good(q, r, 200, show_order(q, o, at));
    }
}

/* --- authorizations --- */
static json_t *show_challenge(struct request *q, const struct acme_authz *a, size_t at, size_t i,
                              bool http)
{
    static const char *const states[] = {"pending", "valid", "invalid"};
    const bool mine = a->state != AUTHZ_PENDING && a->http == http;
    json_t *tree =
        json_pack("{s:s,s:s,s:s,s:s}", "type", http ? "http-01" : "dns-01", "url",
                  acme_url(q, arena_printf(&q->arena, "challenge/%zu/%zu/%d", at, i, http)),
                  "status", states[mine ? a->state : AUTHZ_PENDING], "token", a->token);
    if (mine && a->state == AUTHZ_INVALID) {
        json_object_set_new(tree, "error",
                            json_pack("{s:s,s:s}", "type",
                                      "urn:ietf:params:acme:error:unauthorized", "detail",
                                      "no TXT record was found that is right"));
    }
    return tree;
}

static void show_authz(struct request *q, struct reply *r, const struct acme_authz *a, size_t at,
                       size_t i)
{
    static const char *const states[] = {"pending", "valid", "invalid"};
    json_t *all = json_array();
    if (!a->wildcard) {
        json_array_append_new(all, show_challenge(q, a, at, i, true));
    }
    json_array_append_new(all, show_challenge(q, a, at, i, false));
    json_t *tree = json_pack("{s:o,s:s,s:o}", "identifier", identifier(a->name), "status",
                             states[a->state], "challenges", all);
    if (a->wildcard) {
        json_object_set_new(tree, "wildcard", json_true());
    }
    acme_good(q, r, 200, tree);
}

static struct acme_authz *own_authz(struct request *q, struct reply *r, const struct acme_call *c,
                                    size_t *at, size_t *i)
{
    struct acme_order *o = own_order(q, r, c, at);
    if (o && (!number(c->path, 1, i) || *i >= o->nauthz)) {
        acme_problem(q, r, 404, "malformed", "there is no such authorization");
        return NULL;
    }
    return o ? &o->authz[*i] : NULL;
}

ACME_HANDLER(acme_authz)
{
    size_t at, i;
    struct acme_authz *a = own_authz(q, r, c, &at, &i);
    if (a && !c->get) {
        acme_problem(q, r, 400, "malformed", "the payload has to be empty");
    } else if (a) {
        show_authz(q, r, a, at, i);
    }
}

/* RFC 8555, 8.4: lines "_acme-challenge.NAME DIGEST"; http-01: "http://NAME/PATH ANSWER". */
static bool is_published(struct request *q, const struct acme_call *c, const struct acme_authz *a,
                         bool http)
{
    struct err err = ERR_INIT;
    uint8_t hash[SHA256_SIZE];
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf digest = BUF_INIT(128);
    const char *answer = arena_printf(&q->arena, "%s.%s", a->token, c->thumbprint);
    sha256(answer, strlen(answer), hash);
    base64url_encode(&digest, hash, sizeof hash);
    const char *line =
        http ? arena_printf(&q->arena, "http://%s/.well-known/acme-challenge/%s %s\n", a->name,
                            a->token, answer)
             : arena_printf(&q->arena, "_acme-challenge.%s %s\n", a->name, buf_text(&digest));
    return q->sim->options.dcv_table && fs_read(q->sim->options.dcv_table, &text, &err) &&
           strstr(buf_text(&text), line);
}

ACME_HANDLER(acme_challenge)
{
    size_t at, i, http = 0;
    struct acme_authz *a = own_authz(q, r, c, &at, &i);
    if (!a) {
        return;
    }
    if (c->get || json_object_size(q->json) || !number(c->path, 2, &http)) {
        acme_problem(q, r, 400, "malformed", "the payload has to be {}");
    } else if (a->state != AUTHZ_PENDING) {
        acme_problem(q, r, 400, "malformed", "the authorization is not pending");
    } else {
        a->http = http;
        a->state = is_published(q, c, a, http) ? AUTHZ_VALID : AUTHZ_INVALID;
        acme_good(q, r, 200, show_challenge(q, a, at, i, http));
    }
}

/* --- certificates --- */
static void put_pem(struct reply *r, struct span der)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 16);
    cert_pem(&b, der);
    buf_puts(&r->body, buf_text(&b));
}

ACME_HANDLER(acme_certificate)
{
    size_t at;
    struct span der;
    struct err err = ERR_INIT;
    struct sim *s = q->sim;
    struct acme_order *o = own_order(q, r, c, &at);
    if (!o) {
        return;
    }
    struct order *shown = order_swapped(s, o->order, &q->plan);
    if (!c->get || !str_eq(status_of(o), "valid")) {
        acme_problem(q, r, c->get ? 404 : 400, "malformed", "there is no certificate");
    } else if (!order_certificate(s, shown, &q->plan, &der, &err)) {
        acme_problem(q, r, 500, "serverInternal", err.msg);
    } else {
        reply_text(r, 200, "application/pem-certificate-chain; charset=utf-8", "");
        if (plan_has(&q->plan, FAULT_CHAIN_SHUFFLE)) {
            put_pem(r, s->ca.root.cert.der);
        }
        put_pem(r, der);
        if (!plan_has(&q->plan, FAULT_NO_CHAIN)) {
            put_pem(r, s->ca.issuing.cert.der);
        }
        r->outcome = "ok";
        o->order->downloaded = true;
    }
}

static struct acme_order *order_of(struct span der)
{
    for (size_t i = 0; i < acme_state.norders; i++) {
        if (span_eq(acme_state.orders[i].order->cert, der)) {
            return &acme_state.orders[i];
        }
    }
    return NULL;
}

static bool may_revoke(const struct acme_order *o, const struct acme_call *c)
{
    uint8_t hash[SHA256_SIZE];
    uint8_t *der = NULL;
    if (c->account != SIZE_MAX) {
        return o->account == c->account;
    }
    const int n = i2d_PUBKEY(c->key, &der);
    sha256(der, (size_t)n, hash);
    OPENSSL_free(der);
    return memcmp(hash, o->order->spki, SHA256_SIZE) == 0; /* RFC 8555, 7.6 */
}

ACME_HANDLER(acme_revoke)
{
    static const struct shape shapes[] = {{"certificate", SHAPE_STRING, SHAPE_REQUIRED, NULL},
                                          {"reason", SHAPE_INT, 0, NULL}};
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(1 << 16);
    const char *text = c->get ? NULL : json_get_str(q->json, "certificate");
    if (!text || !shape_check(q->json, shapes, NITEMS(shapes), &err) ||
        !base64url_decode(&der, text, strlen(text))) {
        acme_problem(q, r, 400, "malformed", "certificate and reason are wanted");
        return;
    }
    struct acme_order *o = order_of(buf_span(&der));
    const int64_t reason = json_get_int(q->json, "reason", 0);
    if (!o || !may_revoke(o, c)) {
        acme_problem(q, r, o ? 403 : 404, o ? "unauthorized" : "malformed",
                     o ? "the signer may not revoke it" : "no such certificate");
    } else if (reason < 0 || reason > 5 || reason == 2) {
        acme_problem(q, r, 400, "badRevocationReason", "reasons are 0, 1, 3, 4 and 5");
    } else if (o->order->revoke_reason) {
        acme_problem(q, r, 400, "alreadyRevoked", "the certificate is revoked already");
    } else {
        o->order->revoke_reason = arena_printf(&q->sim->arena, "%d", (int)reason);
        o->order->revoked_at = time_now();
        ledger_add(&q->sim->ledger, q, "revoke", o->order);
        acme_good(q, r, 200, NULL);
    }
}

/* --- lists --- */
ACME_HANDLER(acme_orders_list)
{
    size_t account, first = 0, n = 0;
    json_t *all = json_array();
    (void)number(c->path, 2, &first);
    if (!number(c->path, 0, &account) || account != c->account || !c->get) {
        json_decref(all);
        acme_problem(q, r, 403, "unauthorized", "this is not the account that signed");
        return;
    }
    for (size_t i = first; i < acme_state.norders; i++) {
        if (acme_state.orders[i].account != account) {
            continue;
        }
        if (n++ == PAGE) {
            reply_header(r, "Link",
                         arena_printf(&q->arena, "<%s>;rel=\"next\"",
                                      acme_url(q, arena_printf(&q->arena, "account/%zu/orders/%zu",
                                                               account, i))));
            break;
        }
        json_array_append_new(all,
                              json_string(acme_url(q, arena_printf(&q->arena, "order/%zu", i))));
    }
    acme_good(q, r, 200, json_pack("{s:o}", "orders", all));
}
