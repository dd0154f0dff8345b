/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_orders.h.
 */
#include "tests/sim/sim_orders.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <stdio.h>
#include <string.h>

const struct state_words order_words[ORDER__MAX] = {
    [ORDER_DRAFT] = {"7", "On Hold", "2", "Pending for Approver", "pending-approval"},
    [ORDER_ACCEPTED] = {"2", "Order Accepted", "24", "Pending for Approver", "pending-dcv"},
    [ORDER_NO_CSR] = {"2", "Order Accepted", "1", "Setup Pending", "pending-csr"},
    [ORDER_NO_AGREEMENT] = {"2", "Order Accepted", "24", "Pending for Approver",
                            "pending-agreement"},
    [ORDER_DCV] = {"2", "Order Accepted", "24", "Pending for Approver", "pending-dcv"},
    [ORDER_VETTING] = {"8", "Pending System RA", "2", "Pending for Approver",
                       "pending-organization-verification"},
    [ORDER_APPROVED] = {"2", "Order Accepted", "15", "Approved by System", "issued"},
    [ORDER_ISSUED] = {"6", "Order Fulfilled", "20", "Certificate Generated", "issued"},
    [ORDER_DOWNLOADED] = {"6", "Order Fulfilled", "9", "Certificate Downloaded", "issued"},
    [ORDER_EXPIRED] = {"6", "Order Fulfilled", "12", "Certificate Expired", "expired"},
    [ORDER_REVOKED] = {"6", "Order Fulfilled", "22", "Certificate Revoked", "revoked"},
    [ORDER_CANCELLED] = {"5", "Order Cancelled", "13", "Rejected due to Order Cancellation",
                         "cancelled"},
};

bool orders_times(struct orders *o, const char *text)
{
    int64_t *t[] = {&o->t1, &o->t2, &o->t3, &o->t4};
    bool several = strchr(text, ',') != NULL;
    for (size_t i = 0; i < NITEMS(t); i++) {
        uint64_t ms = 0;
        char one[16];
        size_t n = strcspn(text, ",");
        if (n >= sizeof one) {
            return false;
        }
        memcpy(one, text, n);
        one[n] = '\0';
        if (!str_u64(one, &ms) || ms > INT32_MAX) {
            return false;
        }
        *t[i] = (int64_t)ms;
        if (text[n]) {
            text += n + 1;
        } else if (several && i < 3) { /* one for all, or all four */
            return false;
        }
    }
    return true;
}

static void new_number(struct orders *o, char out[11])
{
    uint64_t value = 0;
    do {
        random_bytes(&value, sizeof value);
        (void)snprintf(out, 11, "%llu",
                       (unsigned long long)(UINT64_C(1000000000) + value % UINT64_C(9000000000)));
    } while (orders_find(o, out) || orders_find_draft(o, out));
}

struct order *orders_place(struct sim *s, const struct order *from)
{
    struct orders *all = &s->orders;
    struct order *o = arena_memdup(&s->arena, from, sizeof *from);
    new_number(all, o->request_number);
    if (!o->draft) {
        new_number(all, o->number);
    }
    o->placed_ms = time_monotonic_ms();
    o->placed_at = time_now();
    json_incref(o->tags);
    for (size_t i = 0; i < o->ndomains; i++) {
        uint8_t token[16];
        random_bytes(token, sizeof token);
        char *upper = hex_dup_upper(&s->arena, token, sizeof token);
        memcpy(o->domains[i].token, upper, TOKEN_HEX);
    }
    VEC_PUSH(all, o);
    return o;
}

struct order *orders_find(struct orders *o, const char *number)
{
    for (size_t i = 0; number && *number && i < o->n; i++) {
        if (str_eq(o->v[i]->number, number)) {
            return o->v[i];
        }
    }
    return NULL;
}

struct order *orders_find_draft(struct orders *o, const char *request_number)
{
    for (size_t i = 0; i < o->n; i++) {
        if (str_eq(o->v[i]->request_number, request_number)) {
            return o->v[i];
        }
    }
    return NULL;
}

bool orders_has_key(const struct orders *o, const uint8_t spki[SHA256_SIZE])
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->v[i]->csr && memcmp(o->v[i]->spki, spki, SHA256_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* --- time --- */
static int64_t age(const struct order *o)
{
    return time_monotonic_ms() - o->placed_ms;
}

bool order_dcv_shown(const struct sim *s, const struct order *o)
{
    return !o->draft && o->product->type->level != LEVEL_PRIVATE && age(o) >= s->orders.t1;
}

bool order_challenge_open(const struct sim *s, const struct order *o)
{
    return order_dcv_shown(s, o) && age(o) >= s->orders.t1 + s->orders.t2;
}

/* When a domain is validated; 0 = nothing on its way. */
static int64_t validated_ms(const struct sim *s, const struct order *o, const struct sim_domain *d)
{
    const struct orders *all = &s->orders;
    if (o->product->type->level == LEVEL_PRIVATE) {
        return o->placed_ms;
    }
    if (all->dcv_auto && d->possible) {
        return o->placed_ms + all->t1 + all->t2 + all->t3;
    }
    return d->passed_ms;
}

bool order_validated(const struct sim *s, const struct order *o, const struct sim_domain *d)
{
    int64_t at = validated_ms(s, o, d);
    return at && time_monotonic_ms() >= at;
}

static enum order_state before_certificate(struct sim *s, const struct order *o)
{
    int64_t latest = o->placed_ms;
    if (age(o) < s->orders.t1) {
        return ORDER_ACCEPTED;
    }
    if (!o->csr) {
        return ORDER_NO_CSR;
    }
    if (!o->agreement) {
        return ORDER_NO_AGREEMENT;
    }
    for (size_t i = 0; i < o->ndomains; i++) {
        int64_t at = validated_ms(s, o, &o->domains[i]);
        if (!at || time_monotonic_ms() < at) {
            return ORDER_DCV;
        }
        latest = at > latest ? at : latest;
    }
    if (!o->vetted) {
        return ORDER_VETTING;
    }
    return time_monotonic_ms() < latest + s->orders.t4 ? ORDER_APPROVED : ORDER_ISSUED;
}

enum order_state order_state(struct sim *s, struct order *o, bool poll)
{
    if (o->revoke_reason) {
        return ORDER_REVOKED;
    }
    if (o->cancelled) {
        return ORDER_CANCELLED;
    }
    if (o->draft) {
        return ORDER_DRAFT;
    }
    if (o->pending_polls > 0) {
        o->pending_polls -= poll ? 1 : 0;
        return ORDER_DCV;
    }
    enum order_state state = before_certificate(s, o);
    if (state != ORDER_ISSUED) {
        return state;
    }
    struct span der;
    struct err err = ERR_INIT;
    if (!order_certificate(s, o, NULL, &der, &err)) { /* it exists from now on */
        return ORDER_APPROVED;
    }
    if (o->parsed.not_after < time_now()) {
        return ORDER_EXPIRED;
    }
    return o->downloaded ? ORDER_DOWNLOADED : ORDER_ISSUED;
}

/* --- domain validation --- */
struct sim_domain *order_domain(struct order *o, const char *name)
{
    for (size_t i = 0; name && i < o->ndomains; i++) {
        if (str_ieq(o->domains[i].name, name)) {
            return &o->domains[i];
        }
    }
    return NULL;
}

/* A line of the table is "NAME VALUE"; any label in front of the domain is taken, because the
 * vendor's sources do not agree about it. */
static bool table_line(const char *line, size_t n, const char *domain, const char *token)
{
    const char *blank = memchr(line, ' ', n);
    size_t d = strlen(domain), name = blank ? (size_t)(blank - line) : 0;
    return blank && name > d + 1 && *line == '_' && line[name - d - 1] == '.' &&
           strncasecmp(line + name - d, domain, d) == 0 && n - name - 1 == strlen(token) &&
           memcmp(blank + 1, token, strlen(token)) == 0;
}

static bool in_table(const struct sim *s, const char *domain, const char *token)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!s->options.dcv_table || !fs_read(s->options.dcv_table, &text, &err)) {
        return false;
    }
    for (const char *line = buf_text(&text); *line;) {
        size_t n = strcspn(line, "\n");
        if (table_line(line, n, domain, token)) {
            return true;
        }
        line += n + (line[n] ? 1 : 0);
    }
    return false;
}

bool order_verify(struct sim *s, struct order *o, struct sim_domain *d)
{
    const char *domain = str_starts(d->name, "*.") ? d->name + 2 : d->name;
    if (!d->possible || (!s->orders.dcv_auto && !in_table(s, domain, d->token))) {
        return false;
    }
    if (!validated_ms(s, o, d)) {
        d->passed_ms = time_monotonic_ms() + s->orders.t3;
    }
    return true;
}

void orders_release(struct orders *o)
{
    for (size_t i = 0; i < o->n; i++) {
        json_decref(o->v[i]->tags);
    }
    freep(&o->v);
}
