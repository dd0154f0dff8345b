/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenario files: which request meets which fault.
 *
 *     seed 42
 *     on POST order nth 2 conn reused: accept close
 *     on track item web-02.example.com: pending(3)
 *     with items 3                      # for whoever runs the scenario; not read here
 *     expect exit 0                     # for whoever checks the history; not read here
 *
 * "on [METHOD] KIND [nth N | from N | every N] [conn reused | conn fresh] [item WORD]: ACTION...".
 * `item` is true when WORD is the domain name, a tag, or a word of the remarks. Counting is per
 * rule: requests that fit all of its other conditions. The first rule that fits decides.
 *
 * Without a scenario the simulator is faulty by default, so that no client is tested in fair
 * weather only; --calm is for rehearsals.
 */
#ifndef TESTS_SIM_SIM_SCENARIO_H
#define TESTS_SIM_SIM_SCENARIO_H

#include "formats/base/arena.h"
#include "formats/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_kind {
    KIND_ANY,
    KIND_ORDER,
    KIND_CSR,
    KIND_AGREEMENT,
    KIND_TRACK,
    KIND_DCV,
    KIND_GET,
    KIND_REVOKE,
    KIND_CANCEL,
    KIND_REPORT,
    KIND_CATALOGUE,
    KIND_VALIDATE,
    KIND_TOKEN,
    KIND_RENEWAL,
    KIND_OTHER,
    KIND__MAX
};
extern const char *const sim_kind_names[KIND__MAX];

enum fault {
    FAULT_OK,
    FAULT_REJECT,
    FAULT_META_FAIL,
    FAULT_NO_META,
    FAULT_THROTTLE,
    FAULT_THROTTLE_DATE,
    FAULT_STATUS,
    FAULT_401_AFTER,
    FAULT_HTML,
    FAULT_GARBAGE,
    FAULT_EMPTY,
    FAULT_REDIRECT,
    FAULT_GZIP_BOMB,
    FAULT_CLOSE_BEFORE_READ,
    FAULT_CLOSE,
    FAULT_RST,
    FAULT_HANG,
    FAULT_TRUNCATE,
    FAULT_DRIP,
    FAULT_DELAY,
    FAULT_HALF_CLOSE,
    FAULT_CHUNK_FLOOD,
    FAULT_HEADER_FLOOD,
    FAULT_DATE_SKEW,
    FAULT_TOKEN_TTL,
    FAULT_DUP_ORDER,
    FAULT_STALE_LIST,
    FAULT_EMPTY_PRODUCT,
    FAULT_REPORT_FAILURE,
    FAULT_PENDING,
    FAULT_CANCELLED,
    FAULT_WRONG_KEY,
    FAULT_WRONG_NAME,
    FAULT_WRONG_ISSUER,
    FAULT_EXPIRED,
    FAULT_NOT_YET,
    FAULT_SWAP_CERTS,
    FAULT_CHAIN_SHUFFLE,
    FAULT_NO_CHAIN,
    FAULT_SERIAL_DECIMAL,
    FAULT__MAX
};

enum {                     /* what an action does */
       FAULT_REPLACES = 1, /* the answer; the request is not carried out without "accept" */
       FAULT_SHAPES = 2,   /* carried out, the true answer is sent this way */
       FAULT_BENDS = 4,    /* carried out, with another result */
       FAULT_EARLY = 8     /* before the body is read */
};

struct fault_info {
    const char *name;
    enum fault fault;
    unsigned flags;
    const char *args; /* "" none, "n" number, "s" text, "ss" two texts; lower case: required */
    const char *help;
};
extern const struct fault_info fault_table[];
extern const size_t fault_table_count;
const struct fault_info *fault_find(const char *name);

struct action {
    const struct fault_info *info;
    const char *text[2];
    int64_t n; /* number, -1 = none */
};
enum { PLAN_MAX = 6 };
struct plan {
    struct action v[PLAN_MAX];
    size_t n;
    bool accept;   /* carry out, then replace the answer */
    uint64_t hits; /* of the rule, this one counted */
    uint32_t line; /* of the scenario; 0 = faulty by default */
};
const struct action *plan_has(const struct plan *p, enum fault f);

struct rule {
    const char *method, *item; /* NULL = any */
    enum sim_kind kind;
    uint64_t nth, from, every; /* 0 = not given */
    int conn;                  /* 0 any, 1 reused, -1 fresh */
    struct plan plan;
    uint64_t seen;
    bool early;
};

struct scenario {
    struct rule *v;
    size_t n, cap;
    uint64_t seed, state;
    bool faulty; /* random faults for requests that no rule names */
};

/* What a rule looks at. item() tells whether the request is about the word. */
struct occasion {
    const char *method;
    enum sim_kind kind;
    bool reused, early;
    bool (*item)(const void *ctx, const char *word);
    const void *ctx;
};

bool scenario_parse(struct scenario *s, struct arena *a, const char *name, const char *text,
                    struct err *err) MUST_USE;
void scenario_plan(struct scenario *s, const struct occasion *o, struct plan *out);
void scenario_release(struct scenario *s);

#endif
