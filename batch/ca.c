/* SPDX-License-Identifier: Apache-2.0
 *
 * See ca.h: names of outcomes, which steps change something at a CA, looking up connector types
 * and products, opening and closing. Nothing here knows a particular kind of CA.
 */
#include "batch/ca.h"

#include "batch/config.h"
#include "formats/base/limits.h"
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

static const bool changes_state[STEP__MAX] = {
    [STEP_ORDER] = true,
    [STEP_REVOKE] = true,
    [STEP_CANCEL] = true,
};

bool step_changes_state(enum ca_step step)
{
    return step < STEP__MAX && changes_state[step];
}

static const char *const outcome_names[] = {
    [OUTCOME_ACCEPTED] = "accepted",   [OUTCOME_REFUSED] = "refused",
    [OUTCOME_THROTTLED] = "throttled", [OUTCOME_NOT_SENT] = "not-sent",
    [OUTCOME_AUTH] = "auth",           [OUTCOME_UNKNOWN] = "unknown",
};
_Static_assert(NITEMS(outcome_names) == OUTCOME__MAX, "one name per outcome");

const char *outcome_name(enum outcome o)
{
    return outcome_names[o];
}

bool outcome_parse(const char *s, enum outcome *out)
{
    for (size_t i = 0; s && i < OUTCOME__MAX; i++) {
        if (str_eq(outcome_names[i], s)) {
            *out = (enum outcome)i;
            return true;
        }
    }
    return false;
}

const struct ca_type *ca_type_find(const char *type)
{
    for (const struct ca_type *const *t = ca_types; *t; t++) {
        if (str_eq((*t)->type, type)) {
            return *t;
        }
    }
    return NULL;
}

bool ca_can_send(const struct ca_config *config, struct err *err)
{
    if (!config->type->ops) {
        err_set(err, ERR_INPUT, "CA %s: this version checks orders for %s but cannot place them",
                config->name, config->type->title);
        err_hint(err, "rehearse the batch with --simulate, or send it to another CA");
        return false;
    }
    return true;
}

struct ca *ca_open(const struct ca_config *config, const char *config_dir, struct err *err)
{
    if (!ca_can_send(config, err)) {
        return NULL;
    }
    struct ca *ca = xcalloc(1, sizeof *ca);
    ca->type = config->type;
    ca->config = config;
    ca->name = config->name;
    ca->config_dir = config_dir ? config_dir : ".";
    if (!ca->type->ops->open(ca, err)) {
        err_wrap(err, "CA %s", ca->name);
        ca_close(ca);
        return NULL;
    }
    return ca;
}

unsigned ca_caps(const struct ca *ca)
{
    return ca->type->caps & ~ca->lacks;
}

/* A connector's close() is called after a failed open() too: it releases what is there. */
void ca_close(struct ca *ca)
{
    if (!ca) {
        return;
    }
    ca->type->ops->close(ca);
    strlist_release(&ca->issuer_sha256);
    free(ca);
}

static const char *config_text(const struct ca_config *config, const char *key)
{
    const struct ynode *n = yaml_get(config->node, key);
    return n && n->kind == YAML_SCALAR ? n->text : NULL;
}

int64_t ca_renewal_window_days(const struct ca_config *config)
{
    const char *written = config_text(config, "renewal_window_days");
    uint64_t days = 0;
    if (written && str_u64(written, &days) && days <= INT32_MAX) {
        return (int64_t)days;
    }
    return config->type->renewal_window_days ? config->type->renewal_window_days : 90;
}

size_t ca_in_flight(const struct ca_config *config)
{
    const int64_t own = config->common.limits.in_flight;
    return own > 0 ? (size_t)own : config->type->in_flight ? config->type->in_flight : 1;
}

bool order_id_is_usable(const char *id)
{
    size_t n = id ? strlen(id) : 0;
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)id[i] <= ' ' || (unsigned char)id[i] >= 0x7F) {
            return false;
        }
    }
    return n > 0 && n <= LIMIT_ORDER_ID;
}

struct ca_pace ca_pace(const struct ca_config *config)
{
    const struct ca_limits *own = &config->common.limits;
    struct ca_pace pace = {own->orders_per_second > 0 ? 1000 / own->orders_per_second : 0, 0};
    if (pace.order_ms <= 0) {
        policy_ca_pace(config->type->type, &pace.order_ms, &pace.burst);
    }
    pace.burst = own->burst ? own->burst : pace.burst ? pace.burst : 1;
    return pace;
}

double ca_requests_per_second(const struct ca_config *config)
{
    const double own = config->common.limits.requests_per_second;
    return own > 0 ? own : config->type->requests_per_second;
}

const char *ca_reply_header(const struct ca_reply *r, const char *name)
{
    for (size_t i = 0; i < r->nheaders; i++) {
        if (str_eq(r->headers[i].name, name)) {
            return r->headers[i].value;
        }
    }
    return NULL;
}

/* "profile.name" below the CA's mapping. */
static const char *config_path(const struct ca_config *config, const char *path)
{
    char part[64];
    const char *dot = strchr(path, '.');
    const size_t n = dot ? (size_t)(dot - path) : strlen(path);
    if (n >= sizeof part) {
        return NULL;
    }
    memcpy(part, path, n);
    part[n] = '\0';
    const struct ynode *node = yaml_get(config->node, part);
    node = dot ? yaml_get(node, dot + 1) : node;
    return node && node->kind == YAML_SCALAR && node->text[0] ? node->text : NULL;
}

const char *ca_default_product(const struct ca_config *config)
{
    const char *key = config->type->product_key;
    const char *text = config_path(config, key ? key : "default_product");
    return text ? text : config->type->default_product;
}

size_t ca_orders_per_run(const struct ca_config *config)
{
    const char *key = config->type->run_limit_key;
    const char *written = key ? config_path(config, key) : NULL;
    uint64_t n = 0;
    return written && str_u64(written, &n) && n <= LIMIT_ITEMS ? (size_t)n : SIZE_MAX;
}

enum ca_renewal ca_renewal(const struct ca_config *config)
{
    return config->type->renewal ? config->type->renewal(config) : RENEWAL_OFF;
}

bool ca_is_public(const struct ca_config *config)
{
    return config_text(config, "public") ? config->common.publicly_trusted
                                         : (config->type->caps & CA_PUBLIC) != 0;
}

bool ca_ignores_expired(const struct ca_config *config)
{
    return str_eq(config_text(config, "ignore_expired"), "true");
}

const char *ca_environment(const struct ca_config *config)
{
    return config->type->environment ? config->type->environment(config) : NULL;
}

const char *ca_endpoint(const struct ca_config *config)
{
    static const char *const keys[] = {"api_url",       "url",    "base_url",
                                       "directory_url", "server", "directory"};
    for (size_t i = 0; i < NITEMS(keys); i++) {
        const char *text = config_text(config, keys[i]);
        if (text) {
            return text;
        }
    }
    return config->type->type;
}

static bool same_product(const struct product_info *a, const struct product_info *b)
{
    return str_eq(a->name, b->name) && str_eq(a->code, b->code);
}

/* A row of this very environment before one that holds everywhere. */
static const struct product_info *product_by(const struct ca_type *type, const char *environment,
                                             const char *text, bool by_code)
{
    const struct product_info *found = NULL;
    for (size_t i = 0; i < type->nproducts; i++) {
        const struct product_info *p = &type->products[i];
        if (!str_eq(by_code ? p->code : p->name, text)) {
            continue;
        }
        if (!environment) {
            if (found && !str_eq(found->environment, p->environment) && !same_product(found, p)) {
                return NULL;
            }
            found = found ? found : p;
        } else if (str_eq(p->environment, environment)) {
            return p;
        } else if (!p->environment) {
            found = found ? found : p;
        }
    }
    return found;
}

/* The type's own codes and names first: a code may mean something else at another CA. */
const struct product_info *ca_product_find(const struct ca_type *type, const char *environment,
                                           const char *name_or_code)
{
    if (!name_or_code) {
        return NULL;
    }
    const struct product_info *p = product_by(type, environment, name_or_code, true);
    p = p ? p : product_by(type, environment, name_or_code, false);
    for (const struct ca_type *const *t = ca_types; !p && *t; t++) {
        const struct product_info *other =
            *t == type ? NULL : product_by(*t, NULL, name_or_code, true);
        p = other ? product_by(type, environment, other->name, false) : NULL;
    }
    return p;
}

const struct product_info *ca_product_of(const struct ca_config *config, const char *name_or_code)
{
    for (size_t i = 0; name_or_code && i < config->nproducts; i++) {
        const struct product_info *p = &config->products[i];
        if (str_eq(p->name, name_or_code) || str_eq(p->code, name_or_code)) {
            return p;
        }
    }
    return ca_product_find(config->type, ca_environment(config), name_or_code);
}

const struct product_info *config_products(const struct config *c, struct arena *a, size_t *n)
{
    size_t shared = 0;
    const struct product_info *tables = ca_all_products(&shared);
    *n = shared;
    for (size_t i = 0; i < c->ncas; i++) {
        *n += c->cas[i].nproducts;
    }
    if (*n == shared) {
        return tables;
    }
    struct product_info *all = arena_array(a, *n, sizeof *all);
    size_t at = 0;
    for (size_t i = 0; i < c->ncas; i++) { /* first: what is written beats what is built in */
        for (size_t k = 0; k < c->cas[i].nproducts; k++) {
            all[at++] = c->cas[i].products[k];
        }
    }
    for (size_t i = 0; i < shared; i++) {
        all[at++] = tables[i];
    }
    return all;
}
