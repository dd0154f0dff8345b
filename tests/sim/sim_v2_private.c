/* SPDX-License-Identifier: Apache-2.0
 *
 * V2 orders of the private PKI family: placed without a CSR, which is handed in afterwards. The
 * product decides whether an approver is wanted; without one there is no draft here to wait in.
 */
#include "tests/sim/sim_v2.h"

#include "formats/base/str.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_rules.h"

static const struct product *product_of(const struct request *q)
{
    const struct catalogue *c = &q->sim->catalogue;
    const char *variant = shape_str(q->json, "variant");
    const struct product *p =
        q->product_code ? catalogue_find(c, q->product_code) : catalogue_variant(c, variant);
    return p && str_eq(p->type->variant, variant) ? p : NULL;
}

V2_HANDLER(v2_place_private)
{
    struct sim *s = q->sim;
    struct refusal why = {0};
    const struct product *p = product_of(q);
    struct ask ask = {.product_code = p ? p->code : "",
                      .domain = shape_str(q->json, "hostname"),
                      .remarks = "private PKI",
                      .group = shape_str(q->json, "groupNumber"),
                      .additional = shape_at(q->json, "additionalHosts"),
                      .root = q->json};
    /* a product that is there already: the order came in by the door of private PKI */
    struct order made = {.product = s->catalogue.v, .bend = q->plan};
    (void)o, (void)id;
    if (!v2_is_phone(shape_str(q->json, "requestor.phone")) ||
        !v2_is_phone(shape_str(q->json, "technicalPointOfContact.phone"))) {
        v2_problem(q, r, 400, "", "phone: must be E.164");
        return;
    }
    if (!rules_order(q, &ask, &made, &why)) {
        v2_refuse(q, r, why.code, why.text);
        return;
    }
    made.requestor_name = arena_strdup(&s->arena, shape_str(q->json, "requestor.name"));
    made.requestor_email = arena_strdup(&s->arena, shape_str(q->json, "requestor.email"));
    struct order *placed = orders_place(s, &made);
    ledger_add(&s->ledger, q, "order", placed);
    v2_good(q, r, 201, v2_placed(placed, s, "private-pki-certificates"));
}
