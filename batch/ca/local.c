/* SPDX-License-Identifier: Apache-2.0
 *
 * The embedded CA as a connector: what can be configured, what it sells, how a request is
 * described and what a reply means. It is the default CA of the samples, the twin that
 * `run --simulate` sends everything to, and a real private CA. What it does with a request is in
 * local_serve.c; this file never touches its directory.
 *
 * It speaks the product vocabulary of the public CAs ("ov-ucc"), so that a batch moves here by
 * its `ca:` alone. A product's level is what its name says, so that rules about OV and EV fields
 * can be rehearsed; the certificates are private whatever the level: no policy OID is asserted.
 */
#include "batch/ca/local.h"

#include "batch/config.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

/* --- products --- */
#define PRODUCT(code_, level_, wildcard_, multi_, days_)                                           \
    {                                                                                              \
        .ca_type = "local", .code = (code_), .name = (code_), .level = (level_),                   \
        .wildcard = (wildcard_), .multi = (multi_), .max_san = (multi_) ? LIMIT_SANS : 0,          \
        .max_days = (days_)                                                                        \
    }
enum { TLS_DAYS = 825, SMIME_DAYS = 1185 }; /* a private CA's own bounds, not the public ones */

/* Not sold by the number of names: whatever the policy lets pass. */
#define ANY_NAMES(code_, level_, days_)                                                            \
    {                                                                                              \
        .ca_type = "local", .code = (code_), .name = (code_), .level = (level_),                   \
        .any_names = true, .max_san = LIMIT_SANS, .max_days = (days_)                              \
    }

static const struct product_info products[] = {
    ANY_NAMES("tls-server", "private", TLS_DAYS),
    ANY_NAMES("tls-client", "private", TLS_DAYS),
    ANY_NAMES("smime", "smime", SMIME_DAYS),
    PRODUCT("dv", "dv", false, false, TLS_DAYS),
    PRODUCT("dv-wildcard", "dv", true, false, TLS_DAYS),
    PRODUCT("dv-ucc", "dv", false, true, TLS_DAYS),
    PRODUCT("dv-wildcard-ucc", "dv", true, true, TLS_DAYS),
    PRODUCT("ov", "ov", false, false, TLS_DAYS),
    PRODUCT("ov-wildcard", "ov", true, false, TLS_DAYS),
    PRODUCT("ov-ucc", "ov", false, true, TLS_DAYS),
    PRODUCT("ov-wildcard-ucc", "ov", true, true, TLS_DAYS),
    PRODUCT("ev", "ev", false, false, TLS_DAYS),
    PRODUCT("ev-ucc", "ev", false, true, TLS_DAYS),
};

static const struct local_product server = {&issue_tls_server, true};
static const struct {
    const char *code;
    struct local_product what;
} others[] = {
    {"tls-client", {&issue_tls_client, false}},
    {"smime", {&issue_smime, false}},
};

const struct product_info *local_product_info(const char *code)
{
    for (size_t i = 0; i < NITEMS(products); i++) {
        if (str_eq(products[i].code, code)) {
            return &products[i];
        }
    }
    return NULL;
}

const struct local_product *local_product(const struct product_info *info)
{
    for (size_t i = 0; i < NITEMS(others); i++) {
        if (str_eq(others[i].code, info->code)) {
            return &others[i].what;
        }
    }
    return &server;
}

/* --- configuration --- */
static const struct field pair_fields[] = {
    {.name = "certificate",
     .kind = FIELD_PATH,
     .flags = FIELD_REQUIRED | FIELD_NONEMPTY,
     .offset = offsetof(struct local_pair, certificate),
     .help = "PEM file of the certificate; for the issuing one its chain may follow"},
    {.name = "key",
     .kind = FIELD_SECRET,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct local_pair, key),
     .help = "its private key (PEM)"},
    {.name = "key_password",
     .kind = FIELD_SECRET,
     .offset = offsetof(struct local_pair, key_password),
     .help = "password of an encrypted key"},
};
static const struct schema pair_schema = {"local_pair",
                                          "a CA certificate and its private key",
                                          pair_fields,
                                          NITEMS(pair_fields),
                                          sizeof(struct local_pair),
                                          NO_OFFSET};

#define VALIDITY         "199d"
#define CRL_VALIDITY     "7d"
#define ROOT_VALIDITY    "10y"
#define ISSUING_VALIDITY "5y"
#define ORGANIZATION     "certbatch local CA"
#define DIRECTORY        "./local-ca"

/* RFC 5280 App. A: ub-organization-name. */
static bool check_organization(const char *text, const char **why)
{
    *why = "must be at most 64 characters";
    return utf8_length(text, strlen(text)) <= 64;
}

#define OFF(member) offsetof(struct local_config, member)
static const struct field config_fields[] = {
    {.name = "directory",
     .kind = FIELD_PATH,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(directory),
     .fallback = DIRECTORY,
     .help = "where the CA lives; made on first use, mode 0700"},
    {.name = "organization",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(organization),
     .fallback = ORGANIZATION,
     .check = check_organization,
     .help = "organization in the names of the CA certificates that are made"},
    {.name = "key",
     .kind = FIELD_WORD,
     .offset = OFF(key),
     .words = key_type_words,
     .fallback = "ec-p256",
     .help = "kind of the CA keys that are made"},
    {.name = "validity",
     .kind = FIELD_DURATION,
     .offset = OFF(validity),
     .fallback = VALIDITY,
     .min = DAY_SECONDS / 24,
     .max = (int64_t)SMIME_DAYS * DAY_SECONDS,
     .help = "term of a certificate whose order names none"},
    {.name = "crl_validity",
     .kind = FIELD_DURATION,
     .offset = OFF(crl_validity),
     .fallback = CRL_VALIDITY,
     .min = DAY_SECONDS / 24,
     .max = 366LL * DAY_SECONDS,
     .help = "time from one revocation list to the next update it promises"},
    {.name = "root_validity",
     .kind = FIELD_DURATION,
     .offset = OFF(root_validity),
     .fallback = ROOT_VALIDITY,
     .min = DAY_SECONDS,
     .max = 50LL * 365 * DAY_SECONDS,
     .help = "term of a root certificate that is made"},
    {.name = "issuing_validity",
     .kind = FIELD_DURATION,
     .offset = OFF(issuing_validity),
     .fallback = ISSUING_VALIDITY,
     .min = DAY_SECONDS,
     .max = 50LL * 365 * DAY_SECONDS,
     .help = "term of an issuing certificate that is made"},
    {.name = "crl_url",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(crl_url),
     .help = "where crl.der is published; goes into every certificate"},
    {.name = "issuer_url",
     .kind = FIELD_STRING,
     .flags = FIELD_NONEMPTY,
     .offset = OFF(issuer_url),
     .help = "where the issuing certificate is published; goes into every certificate"},
    {.name = "renewal_window_days",
     .kind = FIELD_INT,
     .offset = OFF(renewal_window_days),
     .fallback = "90",
     .max = 3650,
     .help = "a certificate that expires later than this is reissued, not renewed"},
    {.name = "root",
     .kind = FIELD_OBJECT_PTR,
     .offset = OFF(root),
     .sub = &pair_schema,
     .help = "a root of yours that signs the issuing certificate"},
    {.name = "issuing",
     .kind = FIELD_OBJECT_PTR,
     .offset = OFF(issuing),
     .sub = &pair_schema,
     .help = "an issuing CA of yours; no CA key or certificate is made then"},
};
const struct schema local_config_schema = {
    "local",  "the embedded CA", config_fields, NITEMS(config_fields), sizeof(struct local_config),
    NO_OFFSET};

struct ca_config *ca_twin(const struct ca_config *real, const char *directory, struct arena *a)
{
    struct local_config *own = arena_alloc(a, sizeof *own);
    struct ca_config *twin = arena_alloc(a, sizeof *twin);
    *own = (struct local_config){.directory = directory,
                                 .organization = "certbatch simulation",
                                 .key = KEY_EC_P256,
                                 .renewal_window_days = ca_renewal_window_days(real)};
    bool ok = duration_parse(VALIDITY, &own->validity) &&
              duration_parse(CRL_VALIDITY, &own->crl_validity) &&
              duration_parse(ROOT_VALIDITY, &own->root_validity) &&
              duration_parse(ISSUING_VALIDITY, &own->issuing_validity);
    (void)ok; /* literals; tests/unit/t_local_ca.c compares them with the schema's */
    *twin = (struct ca_config){
        .name = real->name, .type = &ca_local, .common = {.enabled = true}, .own = own};
    return twin;
}

/* --- life --- */
static bool open_local(struct ca *ca, struct err *err)
{
    struct local *l = xcalloc(1, sizeof *l);
    *l = (struct local){.config = ca->config->own, .dirfd = -1, .lock = -1, .key = KEY_INIT};
    l->index.fd = -1;
    ca->state = l;
    if (!local_store_open(l, ca->config_dir, err)) {
        return false;
    }
    VEC_PUSH(&ca->issuer_sha256, hex_dup(&l->arena, l->issuer.key.sha256, SHA256_SIZE));
    return true;
}

static void close_local(struct ca *ca)
{
    struct local *l = ca->state;
    if (!l) {
        return;
    }
    local_index_close(&l->index);
    key_release(&l->key);
    closep(&l->lock);
    closep(&l->dirfd);
    arena_release(&l->arena);
    free(l);
    ca->state = NULL;
}

/* --- request: there is no wire, so only the digest that the journal keeps is made --- */
static void add_text(struct sha256 *s, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    uint64_t length = text ? n : UINT64_MAX; /* an absent field is not an empty one */
    sha256_add(s, &length, sizeof length);
    sha256_add(s, text, n);
}

static void add_order(struct sha256 *s, const struct ca_order *o)
{
    add_text(s, o->product);
    add_text(s, o->action);
    add_text(s, o->common_name);
    for (size_t i = 0; i < o->ndn; i++) {
        add_text(s, o->dn[i].name);
        add_text(s, o->dn[i].value);
    }
    for (size_t i = 0; i < o->nsan; i++) {
        add_text(s, gn_type_names[o->san[i].type]);
        add_text(s, o->san[i].text);
    }
    sha256_add(s, &o->validity_seconds, sizeof o->validity_seconds);
    sha256_add(s, o->csr.p, o->csr.n);
}

static void add_revocation(struct sha256 *s, const struct ca_revocation *r)
{
    add_text(s, r->serial);
    add_text(s, r->order);
    sha256_add(s, &r->reason, sizeof r->reason);
    sha256_add(s, r->certificate.p, r->certificate.n);
}

static bool request_local(struct ca *ca UNUSED, const struct ca_call *call, struct ca_request *out,
                          struct err *err UNUSED)
{
    struct sha256 s;
    uint8_t step = (uint8_t)call->step;
    out->call = call;
    sha256_begin(&s);
    sha256_add(&s, &step, 1);
    add_text(&s, call->order_id);
    add_text(&s, call->page);
    if (call->order) {
        add_order(&s, call->order);
    }
    if (call->revoke) {
        add_revocation(&s, call->revoke);
    }
    sha256_end(&s, out->digest);
    return true;
}

/* --- answer: the JSON that local_serve.c wrote --- */
/* The reply carries the leaf; the chain above it is that of the opened CA, which outlives it. */
static void read_certs(const struct local *l, const json_t *reply, struct ca_result *out)
{
    const char *text = json_get_str(reply, "cert");
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CERT_BYTES);
    if (!text || !base64_decode(&der, text, strlen(text)) || !der.n) {
        return;
    }
    out->certs = arena_array(out->arena, l->nchain + 1, sizeof *out->certs);
    out->certs[0] = (struct span){arena_memdup(out->arena, der.p, der.n), der.n};
    memcpy(out->certs + 1, l->chain, l->nchain * sizeof *out->certs);
    out->ncerts = l->nchain + 1;
}

static void read_found(const json_t *reply, struct ca_result *out)
{
    const json_t *list = json_get(reply, "found");
    size_t n = json_array_size(list);
    out->found = arena_array(out->arena, n, sizeof *out->found);
    for (size_t i = 0; i < n; i++) {
        const json_t *entry = json_array_get(list, i);
        const char *id = json_get_str(entry, "order");
        if (id) {
            out->found[out->nfound].order_id = arena_strdup(out->arena, id);
            out->found[out->nfound++].ordered = json_get_int(entry, "ordered", TIME_NONE);
        }
    }
}

static const char *dup_or_null(struct arena *a, const char *s)
{
    return s ? arena_strdup(a, s) : NULL;
}

static void answer_local(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                         struct ca_result *out)
{
    struct err err = ERR_INIT;
    out->outcome = reply->transport;
    if (reply->transport != OUTCOME_ACCEPTED) {
        out->message = reply->transport_message;
        return;
    }
    CLEANUP(json_tree_release)
    json_t *t = json_parse("reply", buf_text(&reply->body), reply->body.n, &err);
    if (!t || !outcome_parse(json_get_str(t, "outcome"), &out->outcome)) {
        out->outcome = OUTCOME_UNKNOWN;
        out->message = "the reply of the local CA does not decode";
        return;
    }
    out->code = dup_or_null(out->arena, json_get_str(t, "code"));
    out->message = dup_or_null(out->arena, json_get_str(t, "message"));
    out->order_id = dup_or_null(out->arena, json_get_str(t, "order"));
    out->revoked = json_get_bool(t, "revoked", false);
    read_certs(ca->state, t, out);
    read_found(t, out);
    local_read_products(t, out);
    local_read_inventory(t, out);
    out->issued = out->ncerts > 0;
    if (call->step == STEP_ORDER && out->outcome == OUTCOME_ACCEPTED && !out->order_id) {
        out->outcome = OUTCOME_UNKNOWN;
    }
}

static const struct ca_ops ops = {
    .open = open_local,
    .close = close_local,
    .request = request_local,
    .answer = answer_local,
    .serve = local_serve,
};

const struct ca_type ca_local = {
    .type = "local",
    .title = "embedded private CA",
    .caps = CA_ORDER | CA_REVOKE | CA_FIND | CA_FIND_AUTHORITATIVE | CA_PRODUCTS | CA_INVENTORY |
            CA_EMBEDDED,
    .config = &local_config_schema,
    .products = products,
    .nproducts = NITEMS(products),
    .default_product = "tls-server",
    .pack = NULL,
    .renewal_window_days = 90,
    .in_flight = 512,
    .issuer = local_store_issuer,
    .ops = &ops,
};
