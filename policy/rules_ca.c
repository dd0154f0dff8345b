/* SPDX-License-Identifier: Apache-2.0
 *
 * See rules_ca.h.
 */
#include "policy/rules_ca.h"

#include "formats/crl.h"

#include <string.h>

struct said ca_said(const struct rule_run *run, const char *field, const char *setting)
{
    const char *own = field ? rule_text(run, field) : NULL;
    if (own) {
        return (struct said){own, {.key = field, .value = own}};
    }
    const char *preset = setting ? rule_ca_text(run, setting) : NULL;
    return (struct said){preset, {.ca_key = setting, .value = preset}};
}

struct said ca_said_product(const struct rule_run *run, const char *field, const char *setting)
{
    const char *product = rule_text(run, "product");
    if (product && !(field && rule_text(run, field))) {
        return (struct said){product, {.key = "product", .value = product}};
    }
    return ca_said(run, field, setting);
}

bool ca_said_true(const struct rule_run *run, const char *field, const char *setting)
{
    return str_eq(ca_said(run, field, setting).text, "true");
}

bool ca_is_order(const struct rule_run *run)
{
    return rule_facts(run)->s->kind == SUBJECT_ORDER;
}

bool ca_is_revocation(const struct rule_run *run)
{
    return rule_facts(run)->s->kind == SUBJECT_REVOCATION;
}

const char *ca_shown(const struct rule_run *run, const char *text)
{
    return str_vis_dup(rule_arena(run), text, strlen(text));
}

const char *ca_level(const struct rule_run *run)
{
    const struct product_info *product = rule_product(run, NULL);
    return product && product->level ? product->level : rule_level(run);
}

const char *ca_organization_number(const struct rule_run *run)
{
    const struct organization *o = rule_organization(run);
    return organization_number(o, rule_facts(run)->s);
}

void ca_check_reason(struct rule_run *run, unsigned reasons, const char *who)
{
    const int reason = rule_facts(run)->s->reason;
    if (reason == REASON_NONE || (reason >= 0 && reason < 32 && (reasons >> reason & 1u))) {
        return;
    }
    const char *name = revocation_reason_name(reason);
    rule_hit(run, (struct hit){.key = "reason", .value = name}, "%s has no revocation reason %s",
             who, name);
}

enum {
    SERIAL_MAX = 20, /* octets, RFC 5280 4.1.2.2 */
    SERIAL_MIN = 8   /* 64 bits need as many, but for one in 256 */
};

const char *cert_serial_fault(struct arena *a, const struct cert *cert, bool *certain)
{
    const struct span serial = cert->serial;
    bool zero = true;
    for (size_t i = 0; i < serial.n; i++) {
        zero = zero && serial.p[i] == 0;
    }
    *certain = zero || serial.p[0] & 0x80 || serial.n > SERIAL_MAX;
    if (zero || serial.p[0] & 0x80) {
        return zero ? "is zero" : "is negative";
    }
    if (serial.n > SERIAL_MAX) {
        return arena_printf(a, "has %zu octets, the most is %d", serial.n, SERIAL_MAX);
    }
    return serial.n < SERIAL_MIN
               ? arena_printf(a, "has %zu octets, too few for 64 random bits", serial.n)
               : NULL;
}
