/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a setting of an order at CERTInext is found, for both APIs: what a person may say twice is
 * looked for in the same places as the certinext.* rules look, `fields:` of the order, then the
 * configuration. A member that nobody filled is left out; the APIs take an empty one for a value.
 */
#include "batch/ca/certinext_ops.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <stdio.h>
#include <string.h>

bool certinext_blank(const char *s)
{
    return !s || !s[strspn(s, " \t\r\n")];
}

/* The first that says something, else NULL. */
const char *certinext_first(const char *a, const char *b)
{
    return !certinext_blank(a) ? a : !certinext_blank(b) ? b : NULL;
}

void certinext_put(struct jw *j, const char *key, const char *value)
{
    if (!certinext_blank(value)) {
        jw_str(j, key, value);
    }
}

void certinext_put_flag(struct jw *j, const char *key, bool value)
{
    jw_str(j, key, value ? "1" : "0");
}

void certinext_put_number(struct jw *j, const char *key, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    jw_str(j, key, text);
}

/* CERTInext refuses a semicolon ("Invalid Revoke Remarks"); rule certinext.revoke-remarks says so
 * before. Nothing else is changed. */
void certinext_put_note(struct jw *j, const char *key, const char *text, const char *otherwise)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_YAML_SCALAR);
    for (const char *p = certinext_blank(text) ? otherwise : text; *p; p++) {
        buf_putc(&b, *p == ';' ? ',' : *p);
    }
    jw_str(j, key, buf_text(&b));
}

bool certinext_phone_digits(const char *text, struct buf *out)
{
    for (; text && *text; text++) {
        if (*text >= '0' && *text <= '9') {
            buf_putc(out, *text);
        } else if (!strchr("+ -.()/", *text)) {
            return false;
        }
    }
    return !buf_failed(out);
}

bool certinext_lacks(const struct certinext_asked *q, const char *what)
{
    return err_set(q->err, ERR_INPUT, "an order at CERTInext needs %s", what);
}

bool certinext_no_reason(const struct certinext_asked *q, int reason)
{
    return err_set(q->err, ERR_INPUT,
                   "CERTInext has no revocation reason %s; it has keyCompromise, "
                   "affiliationChanged, superseded, cessationOfOperation and privilegeWithdrawn",
                   revocation_reason_name(reason));
}

/* --- settings --- */
static const struct ynode *below(const struct ynode *node, const char *path)
{
    const char *dot = strchr(path, '.');
    char group[32];
    if (!dot) {
        return yaml_get(node, path);
    }
    const size_t n = (size_t)(dot - path);
    if (n >= sizeof group) {
        return NULL;
    }
    memcpy(group, path, n);
    group[n] = '\0';
    return yaml_get(yaml_get(node, group), dot + 1);
}

const char *certinext_order_text(const struct ca_order *o, const char *path, const char *otherwise)
{
    const struct ynode *n = o ? below(o->extra, path) : NULL;
    return n && n->kind == YAML_SCALAR && n->text[0] ? n->text : otherwise;
}

bool certinext_order_flag(const struct ca_order *o, const char *path, bool otherwise)
{
    const char *text = certinext_order_text(o, path, NULL);
    return text ? str_eq(text, "true") || str_eq(text, "1") : otherwise;
}

enum certinext_family certinext_family_of(const struct certinext *c, const struct ca_order *o,
                                          const struct product_info **product)
{
    const char *said = certinext_order_text(o, "family", NULL);
    const struct product_info *p = o->product ? ca_product_of(c->ca, o->product) : NULL;
    const char *level = p ? p->level : NULL;
    *product = p;
    if (said) {
        return str_eq(said, "private-pki") ? FAMILY_PRIVATE : FAMILY_SSL;
    }
    if (str_eq(level, "smime") || (p && strstr(p->name, "-signer-"))) {
        return FAMILY_OTHER;
    }
    return str_eq(level, "private") ? FAMILY_PRIVATE : FAMILY_SSL;
}

const char *certinext_setting_of(const struct certinext_asked *q, const char *path,
                                 const char *configured)
{
    return certinext_order_text(q->call->order, path, configured);
}

enum { YEAR_SECONDS = 365 * DAY_SECONDS };

/* A term is bought in whole years; a certificate in it lives as long as one may. */
int64_t certinext_years(const struct ca_order *o, const struct certinext_config *config)
{
    const int64_t n = o->validity_seconds;
    return n > 0 ? n / YEAR_SECONDS + (n % YEAR_SECONDS != 0) : config->subscription.years;
}

const char *certinext_organization_number(const struct certinext_asked *q)
{
    const char *record =
        certinext_first(q->call->order->organization_number, q->config->organization_number);
    return certinext_setting_of(q, "organization_number", record);
}

const char *certinext_domain(const struct ca_order *o)
{
    const char *name = certinext_order_text(o, "domain_name", o->common_name);
    for (size_t i = 0; !name && i < o->nsan; i++) {
        name = o->san[i].type == GN_DNS ? o->san[i].text : NULL;
    }
    return name;
}
