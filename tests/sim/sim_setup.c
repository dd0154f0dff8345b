/* SPDX-License-Identifier: Apache-2.0
 *
 * From options to a simulator that can serve, and the small state it keeps beside orders:
 * transactions seen, orders per time.
 */
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim_acme.h"
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- transactions --- */
static bool slot_put(uint64_t *slots, uint64_t h, bool add)
{
    size_t i = (size_t)(h % TXN_SLOTS);
    for (; slots[i]; i = (i + 1) % TXN_SLOTS) {
        if (slots[i] == h) {
            return false;
        }
    }
    slots[i] = add ? h : 0;
    return true;
}

bool txn_is_new(struct txn_set *set, const char *txn)
{
    uint8_t digest[SHA256_SIZE];
    uint64_t h = 0;
    sha256(txn, strlen(txn), digest);
    memcpy(&h, digest, sizeof h);
    h |= 1; /* 0 marks a free slot */
    if (!slot_put(set->slot[!set->current], h, false) ||
        !slot_put(set->slot[set->current], h, true)) {
        return false;
    }
    if (++set->n == TXN_GENERATION) { /* the older half is forgotten */
        set->n = 0;
        set->current = !set->current;
        memset(set->slot[set->current], 0, sizeof set->slot[0]);
    }
    return true;
}

/* --- rate --- */
bool limiter_pass(struct limiter *l, int64_t now_ms)
{
    if (!l->most) {
        return true;
    }
    if (now_ms < l->until_ms) {
        return false;
    }
    int64_t *oldest = &l->stamps[l->next];
    if (*oldest && now_ms - *oldest < l->window_ms) {
        l->until_ms = now_ms + l->pause_ms;
        return false;
    }
    *oldest = now_ms;
    l->next = (l->next + 1) % (size_t)l->most;
    return true;
}

static bool rate_read(struct limiter *l, char *text, struct err *err)
{
    uint64_t part[3] = {0, 10, 30};
    char *at = text;
    for (size_t i = 0; i < 3 && at; i++) {
        char *slash = strchr(at, '/');
        if (slash) {
            *slash = '\0';
        }
        if (!str_u64(at, &part[i]) || part[i] > 100000) {
            return err_set(err, ERR_USAGE, "--rate: ORDERS/SECONDS or ORDERS/SECONDS/PAUSE");
        }
        at = slash ? slash + 1 : NULL;
    }
    l->most = (int64_t)part[0];
    l->window_ms = (int64_t)part[1] * 1000;
    l->pause_ms = (int64_t)part[2] * 1000;
    l->stamps = xcalloc((size_t)l->most + 1, sizeof *l->stamps);
    return true;
}

/* --- */
static bool number(const char *option, const char *text, int64_t *out, struct err *err)
{
    uint64_t value = 0;
    if (!str_u64(text, &value) || value > INT32_MAX) {
        return err_set(err, ERR_USAGE, "%s: not a number: %s", option, text);
    }
    *out = (int64_t)value;
    return true;
}

/* The first line of a file. */
static bool secret_line(struct sim *s, const char *path, char **out, struct err *err)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(LIMIT_SECRET);
    if (!fs_read(path, &text, err)) {
        return false;
    }
    *out = arena_strndup(&s->arena, buf_text(&text), strcspn(buf_text(&text), "\r\n"));
    return **out || err_set(err, ERR_INPUT, "%s is empty", path);
}

static bool secrets(struct sim *s, struct err *err)
{
    const struct sim_options *o = &s->options;
    if (o->access_key_file ? !secret_line(s, o->access_key_file, &s->access_key, err) : false) {
        return false;
    }
    if (!o->access_key_file) { /* the one of the vendor's published examples */
        s->access_key = arena_strdup(&s->arena, "EXAMPLE-ACCESS-KEY-0001");
    }
    s->est_password = arena_strdup(&s->arena, "EXAMPLE-EST-PASSWORD");
    if (o->est_password_file && !secret_line(s, o->est_password_file, &s->est_password, err)) {
        return false;
    }
    return !o->oauth_secret_file || secret_line(s, o->oauth_secret_file, &s->oauth_secret, err);
}

static bool products(struct sim *s, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    const char *path = s->options.products;
    return (!path || fs_read(path, &text, err)) &&
           catalogue_read(&s->catalogue, &s->arena, path, path ? buf_text(&text) : NULL, err);
}

static bool faults(struct sim *s, struct err *err)
{
    struct scenario *sc = &s->scenario;
    const struct sim_options *o = &s->options;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    random_bytes(&sc->seed, sizeof sc->seed);
    sc->seed %= 1000000000;
    if (o->scenario && (!fs_read(o->scenario, &text, err) ||
                        !scenario_parse(sc, &s->arena, o->scenario, buf_text(&text), err))) {
        return false;
    }
    if (o->faulty && !str_u64(o->faulty, &sc->seed)) {
        return err_set(err, ERR_USAGE, "--faulty: not a seed: %s", o->faulty);
    }
    sc->faulty = !o->calm && (!o->scenario || o->faulty);
    if (sc->faulty) {
        (void)fprintf(stderr, "casim: faulty by default, seed %llu (--calm turns it off)\n",
                      (unsigned long long)sc->seed);
    }
    return true;
}

static bool order_rules(struct sim *s, struct err *err)
{
    const struct sim_options *o = &s->options;
    s->orders.dcv_auto = str_eq(o->dcv, "auto");
    if (!s->orders.dcv_auto && !str_eq(o->dcv, "table")) {
        return err_set(err, ERR_USAGE, "--dcv is auto or table");
    }
    return orders_times(&s->orders, o->state_times) ||
           err_set(err, ERR_USAGE, "--state-times: T1,T2,T3,T4 in milliseconds");
}

static bool write_ca(struct sim *s, struct err *err)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(LIMIT_CERT_BYTES * 4);
    if (!s->options.ca_out) {
        return true;
    }
    cert_pem(&pem, s->ca.root.cert.der);
    cert_pem(&pem, s->ca.issuing.cert.der);
    return fs_write_atomic(s->options.ca_out, buf_span(&pem), 0644, err);
}

bool sim_setup(struct sim *s, struct err *err)
{
    const struct sim_options *o = &s->options;
    s->ledger = (struct ledger){-1, -1};
    (void)pthread_mutex_init(&s->lock, NULL);
    return number("--skew", o->skew, &s->skew_seconds, err) &&
           number("--latency", o->latency, &s->latency_ms, err) &&
           number("--credits", o->credits, &s->credits, err) &&
           number("--token-seconds", o->token_seconds, &s->token_seconds, err) &&
           number("--validity-days", o->validity_days, &s->orders.validity_days, err) &&
           rate_read(&s->limiter, arena_strdup(&s->arena, o->rate), err) && secrets(s, err) &&
           products(s, err) && faults(s, err) && order_rules(s, err) && acme_renewal_open(s, err) &&
           sim_ca_open(&s->ca, err) && write_ca(s, err) &&
           ledger_open(&s->ledger, o->ledger, o->wire, err);
}

void sim_release(struct sim *s)
{
    ledger_close(&s->ledger);
    orders_release(&s->orders);
    scenario_release(&s->scenario);
    catalogue_release(&s->catalogue);
    sim_ca_release(&s->ca);
    freep(&s->limiter.stamps);
    (void)pthread_mutex_destroy(&s->lock);
    arena_release(&s->arena);
}
