/* SPDX-License-Identifier: Apache-2.0
 *
 * From an order to its certificate, right or as wrong as a fault wants it.
 */
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <string.h>

struct making {
    const struct order *order;
    struct dn_value subject[12];
    const char **names;
    struct sim_leaf leaf;
    struct key other; /* for wrong-key */
    struct arena arena;
};

static void put_subject(struct making *m, const char *name, const char *value)
{
    if (value && *value) {
        m->subject[m->leaf.nsubject++] = (struct dn_value){name, value};
    }
}

static void right(struct making *m, int64_t days)
{
    const struct order *o = m->order;
    enum level level = o->product->type->level;
    if (level != LEVEL_DV) {
        put_subject(m, "C", o->country);
        put_subject(m, "ST", o->state);
        put_subject(m, "L", o->locality);
        put_subject(m, "O", o->organization_name);
    }
    if (level == LEVEL_EV) {
        put_subject(m, "businessCategory", "Private Organization");
        put_subject(m, "serialNumber", "REG-000123");
        put_subject(m, "jurisdictionC", "US");
    }
    if (o->mail) {
        m->leaf.profile = o->mail->profile;
        put_subject(m, "organizationIdentifier", o->organization_name ? "NTRUS-1234567" : NULL);
        put_subject(m, "SN", o->mail->surname);
        put_subject(m, "GN", o->mail->given_name);
        put_subject(m, "pseudonym", o->mail->pseudonym);
        put_subject(m, "emailAddress", o->mail->email);
    }
    put_subject(m, "CN", o->mail ? o->mail->common_name : o->domain);
    m->names = arena_array(&m->arena, o->ndomains + 2, sizeof *m->names);
    for (size_t i = 0; i < o->ndomains; i++) {
        m->names[m->leaf.nnames++] = o->domains[i].name;
    }
    m->leaf.spki = o->spki_der;
    m->leaf.not_before = time_now();
    m->leaf.not_after = m->leaf.not_before + days * DAY_SECONDS - 1;
}

static void wrong_name(struct making *m, const char *how)
{
    if (str_eq(how, "drop") && m->leaf.nnames > 1) {
        m->leaf.nnames--;
    } else if (str_eq(how, "swap")) {
        m->names[m->leaf.nnames - 1] = "swapped.example.net";
    } else {
        m->names[m->leaf.nnames++] = "added.example.net";
    }
}

static bool bend(struct making *m, const struct plan *plan, struct err *err)
{
    for (size_t i = 0; plan && i < plan->n; i++) {
        const struct action *a = &plan->v[i];
        enum fault f = a->info->fault;
        if (f == FAULT_WRONG_KEY) {
            if (!m->other.pkey && !key_generate(KEY_EC_P256, &m->other, err)) {
                return false;
            }
            m->leaf.spki = buf_span(&m->other.spki);
        } else if (f == FAULT_WRONG_NAME) {
            wrong_name(m, a->text[0]);
        } else if (f == FAULT_WRONG_ISSUER) {
            m->leaf.stranger = true;
        } else if (f == FAULT_EXPIRED || f == FAULT_NOT_YET) {
            int64_t length = m->leaf.not_after - m->leaf.not_before;
            m->leaf.not_after =
                f == FAULT_EXPIRED ? time_now() - DAY_SECONDS : time_now() + DAY_SECONDS + length;
            m->leaf.not_before = m->leaf.not_after - length;
        }
    }
    return true;
}

static bool is_bent(const struct plan *plan)
{
    static const enum fault faults[] = {FAULT_WRONG_KEY, FAULT_WRONG_NAME, FAULT_WRONG_ISSUER,
                                        FAULT_EXPIRED, FAULT_NOT_YET};
    for (size_t i = 0; plan && i < NITEMS(faults); i++) {
        if (plan_has(plan, faults[i])) {
            return true;
        }
    }
    return false;
}

static bool make(struct sim *s, const struct order *o, const struct plan *first,
                 const struct plan *second, struct span *out, struct err *err)
{
    struct making m = {.order = o, .other = KEY_INIT, .arena = ARENA_INIT};
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CERT_BYTES);
    right(&m, o->days ? o->days : s->orders.validity_days);
    bool ok = bend(&m, first, err) && bend(&m, second, err);
    m.leaf.subject = m.subject;
    m.leaf.names = m.names;
    ok = ok && sim_ca_issue(&s->ca, &m.leaf, &der, err);
    if (ok) {
        *out = (struct span){arena_memdup(&s->arena, der.p, der.n), der.n};
    }
    key_release(&m.other);
    arena_release(&m.arena);
    return ok;
}

bool order_certificate(struct sim *s, struct order *o, const struct plan *plan, struct span *out,
                       struct err *err)
{
    if (!o->cert.n) {
        struct span der;
        if (!make(s, o, &o->bend, NULL, &der, err) ||
            !cert_parse(&s->arena, der, &o->parsed, err)) {
            return false;
        }
        o->cert = der;
    }
    *out = o->cert;
    /* bent for one answer only: the order keeps the right one */
    return !is_bent(plan) || make(s, o, &o->bend, plan, out, err);
}

struct order *order_swapped(struct sim *s, struct order *o, const struct plan *plan)
{
    const struct action *a = plan_has(plan, FAULT_SWAP_CERTS);
    if (!a) {
        return o;
    }
    const char *other = str_eq(o->domain, a->text[0])   ? a->text[1]
                        : str_eq(o->domain, a->text[1]) ? a->text[0]
                                                        : NULL;
    for (size_t i = 0; other && i < s->orders.n; i++) {
        if (str_eq(s->orders.v[i]->domain, other) && s->orders.v[i]->cert.n) {
            return s->orders.v[i];
        }
    }
    return o;
}
