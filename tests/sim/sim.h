/* SPDX-License-Identifier: Apache-2.0
 *
 * casim: a CA on the loopback interface that answers like those certbatch speaks to, one dialect
 * each (sim_serve.c has the table), refuses what the real ones refuse, loses and bends replies as a
 * scenario says, and keeps a ledger of what it accepted. This header has what all of its parts
 * share: options and state.
 *
 * Every connection has a thread; sim.lock is held while one request is judged and carried out.
 * Replies are written, delayed and broken outside of it.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "formats/base/arena.h"
#include "formats/base/err.h"
#include "tests/sim/sim_ca.h"
#include "tests/sim/sim_ledger.h"
#include "tests/sim/sim_orders.h"
#include "tests/sim/sim_products.h"
#include "tests/sim/sim_scenario.h"

#include <pthread.h>
#include <stdatomic.h>

/* As given on the command line; NULL = not given. options.c has the table. */
struct sim_options {
    const char *account, *access_key_file, *oauth_client, *oauth_secret_file, *token_seconds,
        *group, *organization, *products, *credits, *validity_days, *dcv, *dcv_table, *state_times,
        *private_auto, *skew, *loopback_signer, *nonce_reject, *emca, *emca_aes, *emca_address,
        *approval, *renewal;
    const char *scenario, *faulty, *calm, *latency, *rate;
    const char *ledger, *wire, *port_file, *port, *ca_out, *quit_file, *tls_cert, *tls_key, *tls,
        *tls_client_ca;
    const char *tls_client_optional, *est_user, *est_password_file, *est_labels, *est_wrap;
    const char *list, *help;
};
/* False: usage (err), or nothing left to do (err empty: --help, --list). */
bool options_read(int argc, char **argv, struct sim_options *out, struct err *err) MUST_USE;

/* Transaction ids seen, by the first 64 bits of their SHA-256; two generations of 50,000. */
enum { TXN_SLOTS = 1 << 17, TXN_GENERATION = 50000 };
struct txn_set {
    uint64_t slot[2][TXN_SLOTS];
    size_t n;
    unsigned current;
};

/* Orders per window; past it everything is "Inactive Account User." until the pause is over. */
struct limiter {
    int64_t most, window_ms, pause_ms;
    int64_t *stamps; /* ring of `most` */
    size_t next;
    int64_t until_ms;
};

enum { SIM_TOKENS = 64 };
struct token {
    char text[65];
    int64_t until_ms;
};

struct sim {
    struct sim_options options;
    struct arena arena; /* lives as long as the process; under the lock */
    pthread_mutex_t lock;
    atomic_bool stop;
    char *access_key, *oauth_secret; /* NULL: this way of authentication is off */
    char *est_password;
    int64_t skew_seconds, latency_ms, credits, token_seconds;
    struct catalogue catalogue;
    struct sim_ca ca;
    struct orders orders;
    struct scenario scenario;
    struct ledger ledger;
    struct txn_set txns;
    struct limiter limiter;
    struct token tokens[SIM_TOKENS];
    size_t next_token;
};

bool sim_setup(struct sim *s, struct err *err) MUST_USE;
void sim_release(struct sim *s);
/* Remembers; false when it was there. */
bool txn_is_new(struct txn_set *set, const char *txn) MUST_USE;
/* One more order; false: too many. */
bool limiter_pass(struct limiter *l, int64_t now_ms) MUST_USE;

#endif
