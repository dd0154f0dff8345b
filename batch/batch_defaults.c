/* SPDX-License-Identifier: Apache-2.0
 *
 * `defaults:` of a manifest merged into an order. A field that an order does not write is taken
 * from the defaults by sharing its pointers; `subject` and `ev` merge one level deeper, so that
 * the organization can stand in the defaults and the locality in the order. Everything else is
 * whole: a list is never joined with a list.
 */
#include "batch/batch_parts.h"

#include "formats/base/time.h"

#include <string.h>

/* A field is not written while its bytes are those of the template. */
struct unit {
    size_t offset, size;
};
#define UNIT(type, member)                                                                         \
    {                                                                                              \
        offsetof(type, member), sizeof(((type *)0)->member)                                        \
    }
#define ORDER(member)   UNIT(struct order, member)
#define SUBJECT(member) UNIT(struct subject_fields, member)
#define EV(member)      UNIT(struct ev_fields, member)

static const struct order order_unwritten = {.action = -1, .order_date = TIME_NONE};
static const struct unit order_units[] = {
    ORDER(action),       ORDER(ca),         ORDER(product),      ORDER(profile),  ORDER(replaces),
    ORDER(csr),          ORDER(key_file),   ORDER(key_password), ORDER(key),      ORDER(reuse_key),
    ORDER(common_name),  ORDER(san),        ORDER(subject),      ORDER(validity), ORDER(order_date),
    ORDER(ev),           ORDER(outputs),    ORDER(drop),         ORDER(comment),  ORDER(extra),
    ORDER(organization), ORDER(key_origin), ORDER(dcv),          ORDER(smime),    ORDER(sid),
};

static const struct subject_fields subject_unwritten = {0};
static const struct unit subject_units[] = {
    SUBJECT(organization),
    SUBJECT(organizational_unit),
    SUBJECT(street_address),
    SUBJECT(locality),
    SUBJECT(state),
    SUBJECT(postal_code),
    SUBJECT(country),
    SUBJECT(serial_number),
    SUBJECT(organization_identifier),
    SUBJECT(business_category),
    SUBJECT(email_address),
    SUBJECT(given_name),
    SUBJECT(surname),
    SUBJECT(pseudonym),
    SUBJECT(title),
    SUBJECT(user_id),
    SUBJECT(domain_component),
};

static const struct ev_fields ev_unwritten = {0};
static const struct unit ev_units[] = {
    /* a person or a jurisdiction is never half of each */
    EV(business_category), EV(registration_number),  EV(jurisdiction),
    EV(contract_signer),   EV(certificate_approver), EV(certificate_requester),
};

static void merge(void *target, const void *defaults, const void *unwritten,
                  const struct unit *units, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *to = (char *)target + units[i].offset;
        const char *absent = (const char *)unwritten + units[i].offset;
        if (memcmp(to, absent, units[i].size) == 0) {
            memcpy(to, (const char *)defaults + units[i].offset, units[i].size);
        }
    }
}

/* Both sides are written: a copy of the order's that takes what it lacks from the defaults. */
static void *deeper(struct arena *a, const void *own, const void *defaults, const void *unwritten,
                    size_t size, const struct unit *units, size_t n)
{
    if (!own || !defaults || own == defaults) {
        return NULL;
    }
    void *copy = arena_memdup(a, own, size);
    merge(copy, defaults, unwritten, units, n);
    return copy;
}

void order_take_defaults(struct arena *a, struct order *order, const struct order *defaults)
{
    if (!defaults) {
        return;
    }
    const struct order own = *order;
    merge(order, defaults, &order_unwritten, order_units, NITEMS(order_units));
    struct subject_fields *subject = deeper(a, own.subject, defaults->subject, &subject_unwritten,
                                            sizeof *subject, subject_units, NITEMS(subject_units));
    struct ev_fields *ev =
        deeper(a, own.ev, defaults->ev, &ev_unwritten, sizeof *ev, ev_units, NITEMS(ev_units));
    order->subject = subject ? subject : order->subject;
    order->ev = ev ? ev : order->ev;
    if (own.csr) { /* an order with a CSR has its key: the kind to generate is not for it */
        order->key = own.key;
    }
}
