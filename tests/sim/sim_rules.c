/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_rules.h. The order of the checks is the one of the vendor as far as it is known.
 */
#include "tests/sim/sim_rules.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool refuse(struct refusal *out, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(out->text, sizeof out->text, fmt, ap);
    va_end(ap);
    out->code = code;
    return false;
}

/* --- addresses --- */
static bool public_v4(uint32_t a)
{
    static const struct {
        uint32_t net;
        unsigned bits;
    } closed[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},
                  {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0a80000, 16}, {0xe0000000, 3}};
    for (size_t i = 0; i < NITEMS(closed); i++) {
        if ((a ^ closed[i].net) >> (32 - closed[i].bits) == 0) {
            return false;
        }
    }
    return true;
}

bool rules_signer_ip(struct sim *s, const char *ip, struct refusal *why)
{
    struct in_addr v4;
    struct in6_addr v6;
    bool good = false;
    if (ip && inet_pton(AF_INET, ip, &v4) == 1) {
        good = public_v4(ntohl(v4.s_addr));
    } else if (ip && inet_pton(AF_INET6, ip, &v6) == 1) {
        good = (v6.s6_addr[0] & 0xe0) == 0x20; /* global unicast */
    }
    return good || s->options.loopback_signer || refuse(why, "EMS-1091", "Invalid Signer IP");
}

/* --- names --- */
static bool dns_name(const char *name)
{
    size_t n = strlen(name), label = 0;
    bool digits = true; /* of the last label: then it is an address */
    if (str_starts(name, "*.")) {
        name += 2;
    }
    if (n > 253 || !strchr(name, '.')) {
        return false;
    }
    for (; *name; name++) {
        bool alnum = (*name >= '0' && *name <= '9') ||
                     (ascii_lower(*name) >= 'a' && ascii_lower(*name) <= 'z');
        bool edge = label == 0 || name[1] == '.' || !name[1];
        if (*name == '.' ? label == 0 : !(alnum || (*name == '-' && !edge))) {
            return false;
        }
        digits = *name == '.' || (digits && *name >= '0' && *name <= '9');
        label = *name == '.' ? 0 : label + 1;
    }
    return label > 0 && !digits;
}

static void add_name(struct order *o, struct arena *a, const char *name)
{
    if (!order_domain(o, name)) {
        o->domains[o->ndomains++] =
            (struct sim_domain){.name = arena_strdup(a, name), .possible = dns_name(name)};
    }
}

static void names_of(struct sim *s, const struct ask *ask, struct order *o)
{
    size_t n = json_array_size(ask->additional);
    o->domains = arena_array(&s->arena, n + 2, sizeof *o->domains);
    add_name(o, &s->arena, o->domain);
    if (ask->www_twin && !str_starts(o->domain, "*.")) {
        const char *twin = str_starts(o->domain, "www.")
                               ? o->domain + 4
                               : arena_printf(&s->arena, "www.%s", o->domain);
        add_name(o, &s->arena, twin);
    }
    for (size_t i = 0; o->product->type->ucc && i < n; i++) { /* others: ignored, as the CA does */
        add_name(o, &s->arena, json_string_value(json_array_get(ask->additional, i)));
    }
}

/* --- CSR --- */
static bool key_taken(const struct spki *key)
{
    if (key->malformed || key->explicit_curve) {
        return false;
    }
    if (key->alg == KEY_ALG_RSA) {
        return key->bits == 2048 || key->bits == 3072 || key->bits == 4096;
    }
    return key->alg == KEY_ALG_EC && (str_eq(key->curve, "P-256") || str_eq(key->curve, "P-384"));
}

bool rules_csr(struct sim *s, struct arena *a, const char *pem, const char *domain, struct csr *out,
               struct refusal *why)
{
    struct err err = ERR_INIT;
    struct span input = {(const uint8_t *)pem, strlen(pem)};
    csr_parse(a, input, out);
    if (!out->usable || out->der_input) {
        return refuse(why, "EMS-939", "Something went Wrong");
    }
    if (!key_taken(&out->key)) {
        return refuse(why, "", "Invalid key size");
    }
    if (!csr_verify(out, &err)) {
        return refuse(why, "EMS-922", "Invalid CSR signature");
    }
    const struct dn_attr *cn = dn_find(&out->subject, "CN");
    if (domain && (!cn || cn->text_n != strlen(domain) || !str_ieq(cn->text, domain))) {
        return refuse(why, "EMS-921", "Common name of the CSR does not match the domain name");
    }
    if (orders_has_key(&s->orders, out->key.sha256)) {
        return refuse(why, "EMS-1099", "CSR has already been used");
    }
    return true;
}

void rules_take_csr(struct sim *s, struct order *o, const char *pem, const struct csr *csr)
{
    o->csr = arena_strdup(&s->arena, pem);
    o->spki_der =
        (struct span){arena_memdup(&s->arena, csr->key.der.p, csr->key.der.n), csr->key.der.n};
    memcpy(o->spki, csr->key.sha256, SHA256_SIZE);
}

/* --- products --- */
static bool filled(const json_t *v)
{
    const char *text = json_string_value(v);
    return text ? *text != '\0' : json_is_array(v) ? json_array_size(v) > 0 : json_is_object(v);
}

static bool has_needs(const struct ask *ask, const struct product *p, struct refusal *why)
{
    for (const struct need *n = ask->needs; n && n->path; n++) {
        if (!(n->levels & FOR(p->type->level)) || (n->ucc_only && !p->type->ucc) ||
            (n->not_prevetted && ask->prevetted)) {
            continue;
        }
        if (!filled(shape_at(ask->root, n->path))) {
            return refuse(why, "EMS-918", "Additional Information cannot be empty: %s", n->path);
        }
    }
    return true;
}

static bool product_fits(struct request *q, const struct ask *ask, const struct product *p,
                         struct refusal *why)
{
    const struct sim *s = q->sim;
    bool private_pki = p->type->level == LEVEL_PRIVATE;
    if (ask->group && !str_eq(ask->group, s->options.group)) {
        return refuse(why, "EMS-1269", "This product is not mapped to this group number");
    }
    bool wanted = p->type->level == LEVEL_OV || p->type->level == LEVEL_EV;
    if ((wanted && !ask->organization && ask->prevetted) ||
        (ask->organization && !str_eq(ask->organization, s->options.organization))) {
        return refuse(why, "EMS-1073", "Invalid Organization Number");
    }
    if (!private_pki &&
        (!dns_name(ask->domain) || str_starts(ask->domain, "*.") != p->type->wildcard)) {
        return refuse(why, "EMS-939", "Something went Wrong");
    }
    if (private_pki && !ask->hold && !s->options.private_auto) {
        return refuse(why, "EMS-939", "Something went Wrong");
    }
    return has_needs(ask, p, why);
}

bool rules_order(struct request *q, const struct ask *ask, struct order *out, struct refusal *why)
{
    struct sim *s = q->sim;
    struct csr csr = {0};
    const struct product *p = catalogue_find(&s->catalogue, ask->product_code);
    if (!ask->remarks || !*ask->remarks) {
        return refuse(why, "EMS-918", "Additional Information cannot be empty");
    }
    if (!p || (p->type->level == LEVEL_PRIVATE) != (out->product != NULL)) {
        return refuse(why, "EMS-1162", "Invalid Product Code");
    }
    if (!product_fits(q, ask, p, why) ||
        (ask->has_agreement && (ask->signer_ip || !ask->signer_ip_optional) &&
         !rules_signer_ip(s, ask->signer_ip, why)) ||
        (ask->csr && !rules_csr(s, &q->arena, ask->csr, ask->domain, &csr, why))) {
        return false;
    }
    if (!ask->hold && s->credits <= 0) {
        return refuse(why, "EMS-1140", "Insufficient Credits");
    }
    s->credits -= ask->hold ? 0 : 1;
    out->product = p;
    out->domain = arena_strdup(&s->arena, ask->domain);
    out->organization = ask->organization ? s->options.organization : NULL;
    out->organization_name = "Example Corp";
    out->group = s->options.group;
    out->remarks = arena_strdup(&s->arena, ask->remarks);
    out->draft = ask->hold;
    out->vetted = ask->prevetted || p->type->level == LEVEL_DV || p->type->level == LEVEL_PRIVATE;
    out->agreement = ask->has_agreement || p->type->level == LEVEL_PRIVATE;
    out->locality = "Austin";
    out->state = "Texas";
    out->country = "US";
    names_of(s, ask, out);
    if (ask->csr) {
        rules_take_csr(s, out, ask->csr, &csr);
    }
    return true;
}
