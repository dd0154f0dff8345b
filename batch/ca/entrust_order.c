/* SPDX-License-Identifier: Apache-2.0
 *
 * Enrolment: POST enrollments, and what its answer says.
 *
 * Subject and alternative names always go along beside the CSR: PKIaaS reads nothing but the key
 * from a CSR, and the other connectors take them as well. Whether something was issued is told by
 * the certificate in the answer, never by `status`, whose words differ between connectors.
 */
#include "batch/ca/entrust.h"

#include "formats/pem.h"

#include <string.h>

static const char sectigo[] = "com.Sectigo";

bool entrust_put_enrollments(const struct rest_asked *q, struct buf *url)
{
    const bool named = entrust_put_ca(q, url);
    buf_puts(url, "/enrollments");
    return named;
}

/* --- subject --- */
/* A value in a string, RFC 4514, section 2.4. */
static void put_value(struct buf *b, const char *text)
{
    const size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        const bool end =
            (i == 0 && (text[i] == ' ' || text[i] == '#')) || (i + 1 == n && text[i] == ' ');
        if (end || strchr("\"+,;<>\\=", text[i])) {
            buf_putc(b, '\\');
        }
        buf_putc(b, text[i]);
    }
}

static void put_rdn(struct buf *b, const char *name, const char *value)
{
    const bool mail = str_eq(name, "emailAddress");
    buf_printf(b, "%s%s=", b->n ? "," : "", mail ? "E" : name);
    put_value(b, value);
}

/* The most specific RDN comes first (RFC 4514, section 2.1), the reverse of DER. */
const char *entrust_subject(struct arena *a, const struct ca_order *o)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_CERT_BYTES);
    const char *own = entrust_field(o, "subject_dn", NULL);
    if (own) {
        return own;
    }
    if (o->common_name) {
        put_rdn(&b, "CN", o->common_name);
    }
    for (size_t i = o->ndn; i-- > 0;) {
        put_rdn(&b, o->dn[i].name, o->dn[i].value);
    }
    return arena_strdup(a, buf_text(&b));
}

/* --- variables of a profile --- */
static const struct entrust_profile *profile_of(const struct entrust_config *c, const char *id)
{
    const struct entrust_profile *v = c->profiles.v;
    for (size_t i = 0; i < c->profiles.n; i++) {
        if (str_eq(v[i].id, id)) {
            return &v[i];
        }
    }
    return NULL;
}

static void put_pair(struct jw *j, const char *type, const char *value)
{
    jw_object(j, NULL);
    jw_str(j, "type", type);
    jw_str(j, "value", value);
    jw_end(j);
}

static bool is_variable(const char *name, const char *attribute)
{
    return str_ieq(name, attribute) || (str_ieq(name, "e") && str_eq(attribute, "emailAddress"));
}

/* Every value of the RDN of that name, in the order of the subject; else the order's own. */
static bool put_variable(const struct rest_asked *q, struct jw *j, const char *name)
{
    const struct ca_order *o = q->call->order;
    const struct ynode *own = yaml_get(o->extra, "subject_variables");
    const struct ynode *given = yaml_get(own, name);
    bool any = false;
    if (given && given->kind == YAML_SCALAR) {
        return true; /* put_own_variables() does */
    }
    if (o->common_name && is_variable(name, "cn")) {
        put_pair(j, name, o->common_name);
        any = true;
    }
    for (size_t i = 0; i < o->ndn; i++) {
        if (is_variable(name, o->dn[i].name)) {
            put_pair(j, name, o->dn[i].value);
            any = true;
        }
    }
    return any || err_set(q->err, ERR_INPUT,
                          "the profile wants the subject variable %s, which the order does not "
                          "give",
                          name);
}

static bool put_variables(const struct rest_asked *q, struct jw *j, const char *profile)
{
    const struct ynode *own = yaml_get(q->call->order->extra, "subject_variables");
    const struct entrust_profile *p = profile_of(q->config, profile);
    if (!own && !(p && p->subject_variables.n)) {
        return true;
    }
    jw_array(j, "subjectVariables");
    for (size_t i = 0; p && i < p->subject_variables.n; i++) {
        if (!put_variable(q, j, p->subject_variables.v[i])) {
            return false;
        }
    }
    for (const struct ynode *n = own ? own->first : NULL; n; n = n->next) {
        if (n->kind == YAML_SCALAR) {
            put_pair(j, n->key, n->text);
        }
    }
    jw_end(j);
    return true;
}

/* --- alternative names --- */
static const char *const san_words[] = {
    [GN_DNS] = "dNSName",
    [GN_EMAIL] = "rfc822Name",
    [GN_IP] = "iPAddress",
    [GN_URI] = "uniformResourceIdentifier",
};

static bool from_csr(const struct rest_asked *q)
{
    const struct entrust_config *c = q->config;
    const char *own = entrust_field(q->call->order, "use_san_from_csr", NULL);
    return own ? str_eq(own, "true") : c->use_san_from_csr;
}

static bool put_names(const struct rest_asked *q, struct jw *j)
{
    const struct ca_order *o = q->call->order;
    if (!o->nsan || from_csr(q)) {
        return true;
    }
    jw_array(j, "subjectAltNames");
    for (size_t i = 0; i < o->nsan; i++) {
        const unsigned type = (unsigned)o->san[i].type;
        const char *word = type < NITEMS(san_words) ? san_words[type] : NULL;
        if (!word) {
            return err_set(q->err, ERR_INPUT, "the gateway is sent no names of type %s",
                           gn_type_names[type]);
        }
        put_pair(j, word, o->san[i].text);
    }
    jw_end(j);
    return true;
}

/* --- details --- */
/* ISO 8601, 5.5.2.4: whole days where they are, as profiles count them. */
static const char *validity(const struct rest_asked *q)
{
    const struct entrust_config *c = q->config;
    const struct ca_order *o = q->call->order;
    const char *own = entrust_field(o, "validity_period", NULL);
    const long long seconds = (long long)o->validity_seconds;
    if (own || seconds <= 0) {
        return own ? own : c->validity_period;
    }
    return seconds % DAY_SECONDS ? arena_printf(q->out->arena, "PT%lldS", seconds)
                                 : arena_printf(q->out->arena, "P%lldD", seconds / DAY_SECONDS);
}

static void put_details(const struct rest_asked *q, struct jw *j)
{
    jw_object(j, "optionalCertificateRequestDetails");
    jw_str(j, "subjectDn", entrust_subject(q->out->arena, q->call->order));
    rest_put(j, "validityPeriod", validity(q));
    if (from_csr(q)) {
        jw_bool(j, "useSANFromCSR", true);
    }
    jw_end(j);
}

/* The connector to Sectigo renews what a serial number names; for every other one a renewal is an
 * enrolment again. */
static const char *renewed(const struct rest_asked *q)
{
    const struct entrust_config *c = q->config;
    const struct ca_order *o = q->call->order;
    const bool renewal = str_eq(c->connector, sectigo) && str_eq(o->action, "renew");
    return renewal && o->prior_serial && *o->prior_serial ? o->prior_serial : NULL;
}

static void put_properties(const struct rest_asked *q, struct jw *j)
{
    const struct entrust_config *c = q->config;
    const struct ynode *own = yaml_get(q->call->order->extra, "properties");
    const char *serial = renewed(q);
    if (!own && !serial) {
        return;
    }
    jw_object(j, "properties");
    for (const struct ynode *n = own ? own->first : NULL; n; n = n->next) {
        if (n->kind == YAML_SCALAR && !(serial && str_eq(n->key, c->renewal_serial_property))) {
            jw_str(j, n->key, n->text);
        }
    }
    if (serial) {
        jw_str(j, c->renewal_serial_property, str_lower(q->out->arena, serial));
    }
    jw_end(j);
    if (serial) {
        jw_bool(j, "renewal", true);
    }
}

/* --- the whole --- */
/* Base64 of the DER on one line: the gateway takes no PEM armour here. */
static void put_csr(struct jw *j, struct span csr)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(2 * LIMIT_CSR_BYTES);
    base64_encode(&b, csr.p, csr.n, 0);
    jw_str(j, "csr", buf_text(&b));
}

static bool usable(const struct rest_asked *q, const char *profile, const char *format)
{
    if (!profile) {
        return err_set(q->err, ERR_INPUT,
                       "neither the order nor the settings of the CA name a profile (profileId)");
    }
    if (!str_eq(format, "X509") && !str_eq(format, "PEM")) {
        return err_set(q->err, ERR_INPUT,
                       "the format %s is not X509 or PEM: keys that the CA makes are not fetched",
                       format);
    }
    return true;
}

bool entrust_put_order(const struct rest_asked *q, struct jw *j)
{
    const struct entrust_config *c = q->config;
    const struct ca_order *o = q->call->order;
    const char *product = o->product && *o->product ? o->product : c->profile_id;
    const char *profile = entrust_field(o, "profile_id", product);
    const char *format = entrust_field(o, "format", c->format);
    if (!usable(q, profile, format)) {
        return false;
    }
    jw_str(j, "profileId", profile);
    jw_object(j, "requiredFormat");
    jw_str(j, "format", format);
    jw_end(j);
    put_csr(j, o->csr);
    if (!put_variables(q, j, profile) || !put_names(q, j)) {
        return false;
    }
    put_details(q, j);
    jw_bool(j, "includeCa", c->include_ca);
    put_properties(q, j);
    return true;
}

/* --- certificates --- */
static void take_der(struct arena *a, struct span der, struct reply_certs *to)
{
    struct err err = ERR_INIT;
    if (to->n < LIMIT_CHAIN + 1 && cert_parse(a, der, &to->v[to->n], &err)) {
        to->n++;
    }
}

bool entrust_take_cert(struct arena *a, const char *text, struct reply_certs *to)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CERT_BYTES);
    CLEANUP(buf_release) struct buf one = BUF_INIT(2 * LIMIT_CERT_BYTES);
    const size_t before = to->n;
    if (!text) {
        return false;
    }
    if (strstr(text, "-----BEGIN")) {
        return reply_take_pem(a, text, to) && to->n > before;
    }
    for (const char *p = text; *p; p++) { /* lines are forgiven in an answer */
        if (!strchr(" \t\r\n", *p)) {
            buf_putc(&one, *p);
        }
    }
    if (!one.n || buf_failed(&one) || !base64_decode(&der, one.p, one.n)) {
        return false;
    }
    take_der(a, (struct span){arena_memdup(a, der.p, der.n), der.n}, to);
    return to->n > before;
}

void entrust_take_chain(struct arena *a, const json_t *chain, struct reply_certs *to)
{
    for (size_t i = 0; i < json_array_size(chain); i++) {
        const json_t *one = json_array_get(chain, i);
        const char *text =
            json_is_object(one) ? reply_text(a, one, "certificateData") : json_string_value(one);
        if (!entrust_take_cert(a, text, to)) {
            break; /* without its chain a certificate is still the one that was ordered */
        }
    }
}

void entrust_take_known(const struct entrust *own, struct arena *a, struct reply_certs *to)
{
    for (size_t i = 0; i < own->nchain; i++) {
        take_der(a, own->chain[i], to);
    }
}

/* --- the answer --- */
static const char *name_of_pending(const struct rest_heard *h, const json_t *enrollment)
{
    struct arena *a = h->out->arena;
    char spki[2 * SHA256_SIZE + 1];
    const char *id = reply_text(a, enrollment, "id");
    if (order_id_is_usable(id) && !entrust_is_serial(id)) {
        return id;
    }
    hex_encode(h->call->order->spki_sha256, SHA256_SIZE, spki);
    return arena_printf(a, "spki:%.40s", spki);
}

static void processed_not_retrieved(const struct rest_heard *h, const json_t *enrollment)
{
    const struct entrust_config *c = h->config;
    const char *serial = reply_text(h->out->arena, enrollment, "serialNumber");
    h->out->order_id = entrust_is_serial(serial) ? serial : name_of_pending(h, enrollment);
    rest_pending(h, &c->enroll, "the gateway took the enrolment and has no certificate yet");
}

static void issued(const struct rest_heard *h, const json_t *enrollment, struct reply_certs *all)
{
    struct arena *a = h->out->arena;
    const struct entrust_config *c = h->config;
    const struct entrust *own = h->own;
    const char *serial = reply_text(a, enrollment, "serialNumber");
    const size_t leaf = reply_leaf(h->call->order, all);
    h->out->order_id = entrust_is_serial(serial) ? serial : str_lower(a, all->v[leaf].serial_hex);
    entrust_take_chain(a, reply_member(enrollment, "chain"), all);
    entrust_take_known(own, a, all);
    if (all->n == 1 && c->include_ca && !own->asked_chain) {
        /* the connector leaves the chain out: POLL fetches it with the certificate, once a run */
        h->out->pending = true;
        h->out->again_seconds = 0;
        h->out->message = "issued; the gateway is asked for the chain";
        return;
    }
    reply_give(h->out, h->call->order, all);
}

void entrust_take_order(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *enrollment = reply_member(h->body, "enrollment");
    const char *body = reply_text(a, enrollment, "body");
    const bool later = h->reply->http_status == 201 || h->reply->http_status == 202;
    struct reply_certs all = {arena_array(a, LIMIT_CHAIN + 1, sizeof *all.v), 0};
    if (!entrust_is_good(h)) {
        return;
    }
    if (entrust_take_cert(a, body, &all)) {
        issued(h, enrollment, &all);
    } else if (later || (json_is_object(enrollment) && !body)) {
        processed_not_retrieved(h, enrollment);
    } else if (entrust_is_serial(reply_text(a, enrollment, "serialNumber"))) {
        processed_not_retrieved(h, enrollment); /* to be fetched by its number */
    } else {
        entrust_unknown(h, body ? "the certificate in the answer does not decode"
                                : "the answer is no enrolment");
    }
}
