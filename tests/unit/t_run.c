/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole runs against a CA that loses, forges and delays: whatever it does, an item is ordered at
 * most once, is never stored with a certificate that is not its own, and never holds up another.
 * The count of orders is the CA's own index, not what the run says.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_fixture.h"

#include "batch/retry.h"
#include "formats/base/secret.h"

#include <openssl/crypto.h>

static void a_finished_batch_stays_as_it_is(void **ctx UNUSED)
{
    struct stat before, after;
    assert_true(run(THREE));
    assert_issued_once(3);
    assert_true(t.progress > 0);
    assert_int_equal(stat("b.state/journal.jsonl", &before), 0);
    assert_true(run(THREE));
    assert_int_equal(stat("b.state/journal.jsonl", &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(faulty.orders, 3);
    assert_int_equal(faulty.finds + faulty.polls, 0);
}

/* Its report is left alone as long as it is the one that was written: another inode would be
 * another file. Damaged or gone, it is made again. */
static void a_finished_report_stays_and_heals(void **ctx UNUSED)
{
    struct stat first, second, third;
    assert_true(run(THREE));
    assert_int_equal(stat("b.state/report.json", &first), 0);
    assert_true(run(THREE));
    assert_int_equal(stat("b.state/report.json", &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    assert_int_equal(truncate("b.state/report.json", first.st_size / 2), 0);
    assert_true(run(THREE));
    assert_int_equal(stat("b.state/report.json", &third), 0);
    assert_int_equal(third.st_size, first.st_size);
    assert_int_equal(unlink("b.state/report.json"), 0);
    assert_true(run(THREE));
    assert_int_equal(stat("b.state/report.json", &third), 0);
    assert_int_equal(third.st_size, first.st_size);
}

/* Faults after which the run itself finds its way: every item issued, once. */
static void faults_that_heal(void **ctx UNUSED)
{
    static const struct {
        enum fault fault;
        unsigned orders; /* requests for item a */
        const char *event;
    } rows[] = {
        {FAULT_LOST, 1, "found"},       {FAULT_LOST_BEFORE, 2, "not-found"},
        {FAULT_GARBAGE, 1, "found"},    {FAULT_NOT_SENT, 2, "intent"},
        {FAULT_THROTTLED, 2, "intent"}, {FAULT_PENDING, 1, "reply"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        void *none = NULL;
        faulty_reset(0, 0);
        fault("a", STEP_ORDER, rows[i].fault, 1);
        assert_true(run(THREE));
        assert_issued_once(3);
        assert_int_equal(faulty.orders, rows[i].orders + 2);
        assert_true(journalled(rows[i].event, "a") >= 1);
        assert_int_equal(journalled("intent", "a"), rows[i].orders);
        assert_int_equal(teardown(&none), 0);
        assert_int_equal(setup(&none), 0);
    }
}

static void all_replies_lost(void **ctx UNUSED)
{
    fault("*", STEP_ORDER, FAULT_LOST, 0);
    assert_true(run(THREE));
    assert_issued_once(3);
    assert_int_equal(faulty.orders, 3);
}

static void a_refusal_is_final_and_alone(void **ctx UNUSED)
{
    fault("b", STEP_ORDER, FAULT_REFUSED, 1);
    assert_true(run(THREE));
    assert_int_equal(t.summary.counts[STATE_REFUSED], 1);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"code\":\"E42\"", "no\\\\x1b"), 1);
    assert_true(run(THREE));
    assert_int_equal(faulty.orders, 3); /* not asked again */
    assert_int_equal(issued("b"), 0);
}

static void a_wrong_certificate_is_never_stored(void **ctx UNUSED)
{
    fault("b", STEP_ORDER, FAULT_SWAPPED, 1);
    assert_true(run(THREE));
    assert_int_equal(t.summary.counts[STATE_MISMATCH], 1);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_not_equal(access("b.state/items/b/certificate.pem", F_OK), 0);
    assert_int_equal(access("b.state/items/b/rejected.pem", F_OK), 0);
    assert_true(run(THREE));
    assert_int_equal(t.summary.counts[STATE_MISMATCH], 1);
}

static void credentials_stop_the_ca_not_the_batch(void **ctx UNUSED)
{
    fault("*", STEP_ORDER, FAULT_AUTH, 0);
    assert_false(run(THREE));
    assert_int_equal(t.err.code, ERR_CA);
    assert_int_equal(t.summary.counts[STATE_NEW], 3);
    assert_non_null(t.summary.report);
    faulty_reset(0, 0);
    assert_true(run(THREE));
    assert_issued_once(3);
}

/* One order that these credentials may not place stops nobody, and is tried again by a later run.
 */
static void what_is_forbidden_is_alone(void **ctx UNUSED)
{
    fault("b", STEP_ORDER, FAULT_FORBIDDEN, 1);
    assert_true(run(THREE));
    assert_int_equal(t.summary.counts[STATE_FAILED], 1);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"ev\":\"failed\"", "not yours"), 1);
    assert_true(run(THREE));
    assert_issued_once(3);
    assert_int_equal(faulty.orders, 4);
}

#define TEN THREE ORDER("d") ORDER("e") ORDER("f") ORDER("g") ORDER("h") ORDER("i") ORDER("j")

/* When nothing is allowed it is the credentials after all. */
static void what_is_forbidden_to_all_stops_the_ca(void **ctx UNUSED)
{
    fault("*", STEP_ORDER, FAULT_FORBIDDEN, 0);
    assert_false(run(TEN));
    assert_int_equal(t.err.code, ERR_CA);
    assert_int_equal(t.summary.counts[STATE_FAILED], RETRY_FORBIDDEN);
    assert_int_equal(t.summary.counts[STATE_NEW], 10 - RETRY_FORBIDDEN);
    faulty_reset(0, 0);
    assert_true(run(TEN));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 10);
}

/* A paid order whose state may not be read is no failure: it stays pending, and says so. */
static void a_forbidden_poll_leaves_the_order_pending(void **ctx UNUSED)
{
    fault("b", STEP_ORDER, FAULT_PENDING, 1);
    fault("b", STEP_POLL, FAULT_FORBIDDEN, 1);
    assert_true(run(THREE));
    assert_int_equal(t.summary.counts[STATE_PENDING], 1);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"class\":\"pending\"", "not yours"), 1);
    assert_true(run(THREE));
    assert_issued_once(3);
}

/* The words of a CA about an order that waits, once for each time they change. */
static void what_it_waits_for_is_kept(void **ctx UNUSED)
{
    static const char *const words[] = {"waits for Ann", "waits for Ann", "waits for Bob", NULL,
                                        "waits for Bob"};
    fault("b", STEP_ORDER, FAULT_PENDING, 1);
    for (size_t i = 0; i < NITEMS(words); i++) {
        faulty.words = words[i];
        fault("b", STEP_POLL, FAULT_PENDING, 1);
        fault("b", STEP_POLL, FAULT_LOST_BEFORE, 0); /* this run sees no more */
        assert_true(run_wait(THREE, 0));
        assert_int_equal(t.summary.counts[STATE_PENDING], 1);
        memset(faulty.rows, 0, sizeof faulty.rows);
    }
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"class\":\"pending\"", "Ann"), 1);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"class\":\"pending\"", "Bob"), 1);
    assert_int_equal(lines_with("b.state/report.json", "\"message\":", "waits for Bob"), 1);
    assert_true(run(THREE));
    assert_issued_once(3);
}

/* A search that proves nothing leaves the decision to the operator. */
static void unknown_until_adopted(void **ctx UNUSED)
{
    char adopt[80] = "adopt:L-";
    struct err err = ERR_INIT;
    faulty_reset(CA_FIND_AUTHORITATIVE, 0);
    fault("a", STEP_ORDER, FAULT_LOST, 1);
    fault("a", STEP_FIND, FAULT_EMPTY, 4); /* twice in each of two runs */
    assert_true(run(THREE));
    assert_int_equal(t.summary.counts[STATE_UNKNOWN], 1);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    assert_int_equal(faulty.finds, 2);
    assert_true(run(THREE)); /* asked again, still nothing, no second record */
    assert_int_equal(journalled("unknown", "a"), 1);
    assert_false(run_resolve("b.state", "b", "reorder", "wrong item", &err));
    assert_false(run_resolve("b.state", "a", "adopt", "no id", &err));
    assert_false(run_resolve("b.state", "a", "reorder", "", &err));
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 24);
    assert_true(fs_read("ca/index.jsonl", &text, &err));
    char *item = strstr(buf_text(&text), "\"item\":\"a\"");
    assert_non_null(item);
    char *serial = item;
    while (strncmp(serial, "\"serial\":\"", 10) != 0) {
        serial--;
    }
    memcpy(adopt + 8, serial + 10, 32);
    assert_true(run_resolve("b.state", "a", adopt, "seen in the portal", &err));
    assert_true(run(THREE));
    assert_issued_once(3);
}

static void unknown_until_abandoned(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    faulty_reset(CA_FIND | CA_FIND_AUTHORITATIVE, 0);
    fault("a", STEP_ORDER, FAULT_LOST_BEFORE, 1);
    assert_true(run(THREE));
    assert_int_equal(t.summary.counts[STATE_UNKNOWN], 1);
    assert_int_equal(faulty.finds, 0);
    assert_true(run_resolve("b.state", "a", "abandon", "ordered by hand", &err));
    assert_true(run(THREE));
    assert_int_equal(t.summary.counts[STATE_SKIPPED], 1);
    assert_int_equal(issued("a"), 0);
}

static void two_hits_are_not_one(void **ctx UNUSED)
{
    fault("a", STEP_ORDER, FAULT_LOST, 1);
    fault("a", STEP_FIND, FAULT_TWO, 1);
    assert_true(run(THREE));
    assert_int_equal(t.summary.counts[STATE_UNKNOWN], 1);
    assert_true(run(THREE)); /* the next search finds exactly one */
    assert_issued_once(3);
}

/* Without a search, but with a CA that replays by key: the same key again, one certificate. */
static void a_keyed_ca_is_asked_again_with_the_same_key(void **ctx UNUSED)
{
    faulty_reset(CA_FIND | CA_FIND_AUTHORITATIVE, CA_KEYED);
    fault("a", STEP_ORDER, FAULT_LOST, 1);
    assert_true(run(THREE));
    assert_issued_once(3);
    assert_int_equal(faulty.orders, 4);
}

/* What became of the first request stays open until an answer of the CA closes it: that later ones
 * did not leave says nothing about it. The report must not call such an item not started: who
 * believes that orders it elsewhere. */
static void a_keyed_order_in_doubt_is_never_called_not_started(void **ctx UNUSED)
{
    faulty_reset(CA_FIND | CA_FIND_AUTHORITATIVE, CA_KEYED);
    fault("a", STEP_ORDER, FAULT_LOST, 1);
    fault("a", STEP_ORDER, FAULT_NOT_SENT, 0);
    (void)run(THREE);
    assert_int_equal(issued("a"), 1); /* at the CA */
    assert_int_equal(t.summary.counts[STATE_UNKNOWN], 1);
    assert_int_equal(journalled("not-found", "a"), 0);
    faulty_reset(CA_FIND | CA_FIND_AUTHORITATIVE, CA_KEYED);
    assert_true(run(THREE));
    assert_issued_once(3);
}

static void pending_is_left_for_the_next_run(void **ctx UNUSED)
{
    fault("a", STEP_ORDER, FAULT_PENDING, 1);
    fault("a", STEP_POLL, FAULT_PENDING, 0);
    assert_true(run_wait(THREE, 0));
    assert_int_equal(t.summary.counts[STATE_PENDING], 1);
    assert_int_equal(t.summary.counts[STATE_ISSUED], 2);
    faulty_reset(0, 0);
    assert_true(run(THREE));
    assert_issued_once(3);
    assert_int_equal(faulty.orders, 0);
}

#define BLOCKED_ROW                                                                                \
    "  - {id: bad, common_name: a..corp.example.com, san: "                                        \
    "[a..corp.example.com]}\n"

/* Keys of orders under way must not fill the secure heap: libcrypto makes no key then. Here it has
 * room for the random generators of the workers and some hundred P-384 numbers. */
static void more_keys_than_the_secure_heap_holds(void **ctx UNUSED)
{
    enum { ROOM = 16 * 1024, LEAST = 32, BLOCKS = 16 * 1024, ITEMS = 300 };
    static void *held[BLOCKS];
    CLEANUP(buf_release) struct buf manifest = BUF_INIT(LIMIT_INPUT_BYTES);
    size_t n = 0;
    assert_true(secret_heap_init() || CRYPTO_secure_malloc_initialized());
    void *room = OPENSSL_secure_malloc(ROOM);
    for (size_t size = ROOM; room && size >= LEAST; size /= 2) {
        while (n < BLOCKS && (held[n] = OPENSSL_secure_malloc(size)) != NULL) {
            n++;
        }
    }
    OPENSSL_secure_free(room);
    buf_puts(&manifest, HEAD "orders:\n");
    for (size_t i = 0; i < ITEMS; i++) {
        buf_printf(&manifest,
                   "  - {id: k%zu, key: ec-p384, common_name: k%zu.corp.example.com, san: "
                   "[k%zu.corp.example.com]}\n",
                   i, i, i);
    }
    assert_true(run(buf_text(&manifest)));
    assert_int_equal(t.summary.counts[STATE_ISSUED], ITEMS);
    assert_int_equal(faulty.orders, ITEMS);
    while (n) {
        OPENSSL_secure_free(held[--n]);
    }
}

static void a_bad_row_stops_nobody(void **ctx UNUSED)
{
    assert_true(run(THREE BLOCKED_ROW));
    assert_int_equal(t.summary.counts[STATE_SKIPPED], 1);
    assert_issued_once(3);
    assert_int_equal(faulty.orders, 3);
    assert_int_not_equal(access("b.state/keys/bad.pem", F_OK), 0);
    /* the row was never sent: it may be corrected */
    assert_true(run(THREE ORDER("bad")));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 4);
}

static void nothing_but_bad_rows(void **ctx UNUSED)
{
    assert_false(run(HEAD "orders:\n" BLOCKED_ROW));
    assert_int_equal(t.err.code, ERR_FINDINGS);
    assert_int_not_equal(access("b.state", F_OK), 0);
    assert_int_not_equal(access("ca", F_OK), 0);
}

static void a_batch_may_grow_but_not_change(void **ctx UNUSED)
{
    assert_true(run(THREE));
    assert_true(run(THREE ORDER("d")));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 4);
    assert_int_equal(faulty.orders, 4);
    assert_false(run(THREE));
    assert_int_equal(t.err.code, ERR_INPUT);
    assert_false(run(HEAD "orders:\n" ORDER("a")
                         ORDER("b") "  - {id: c, common_name: x.corp.example.com, "
                                    "san: [x.corp.example.com]}\n" ORDER("d")));
    assert_int_equal(t.err.code, ERR_INPUT);
    assert_int_equal(faulty.orders, 4);
}

/* --- revocations --- */
#define REVOKE                                                                                     \
    THREE "revocations:\n  - {id: r, certificate: old.pem, reason: superseded, after: a}\n"
static void issue_old(void)
{
    static char pem[16384];
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(sizeof pem);
    put("o.batch.yaml",
        "certbatch: 1\nname: o\nca: lab\nchange: {ticket: CHG0000002, type: standard, "
        "requested_by: ops@corp.example.com}\n"
        "defaults: {product: tls-server, key: ec-p256, validity: 30d}\norders:\n" ORDER("o"));
    const struct run_options o = {
        .batch = {.manifest = "o.batch.yaml", .config = "certbatch.yaml", .as_of = TIME_NONE},
        .workers = 1,
        .confirm = -1};
    faulty.journal = "o.state/" JOURNAL_NAME;
    assert_true(run_batch(&o, &t.findings, &t.summary, &t.arena, &t.err));
    assert_true(fs_read("o.state/items/o/certificate.pem", &text, &err));
    put("old.pem", buf_text(&text));
    faulty.orders = 0;
}

static unsigned revoked_at_ca(void)
{
    return lines_with("ca/index.jsonl", "\"ev\":\"revoke\"", "");
}

static void a_lost_revocation_is_asked_for(void **ctx UNUSED)
{
    issue_old();
    fault("r", STEP_REVOKE, FAULT_LOST, 1);
    assert_true(run(REVOKE));
    assert_int_equal(t.summary.counts[STATE_REVOKED], 1);
    assert_int_equal(faulty.revocations, 1);
    assert_int_equal(revoked_at_ca(), 1);
    assert_true(run(REVOKE));
    assert_int_equal(faulty.revocations, 1);
}

static void a_revocation_that_never_arrived_is_sent_again(void **ctx UNUSED)
{
    issue_old();
    fault("r", STEP_REVOKE, FAULT_LOST_BEFORE, 1);
    assert_true(run(REVOKE));
    assert_int_equal(t.summary.counts[STATE_REVOKED], 1);
    assert_int_equal(journalled("revoke-intent", "r"), 2);
    assert_int_equal(revoked_at_ca(), 1);
}

/* What the kind of CA says about how often a run asks holds for orders and revocations alike. */
static void enough_is_enough(void **ctx UNUSED)
{
    issue_old();
    assert_true(run(THREE));
    faulty_reset(0, 0);
    fault("r", STEP_REVOKE, FAULT_WAITS, 1);
    fault("r", STEP_REVOKED, FAULT_NONE, 1); /* before it is sent */
    fault("r", STEP_REVOKED, FAULT_WAITS, 0);
    assert_true(run_wait(REVOKE, 3));
    assert_int_equal(t.summary.counts[STATE_PENDING], 1);
    assert_int_equal(faulty.revocations, 1);
    assert_int_equal(faulty.states, 2);
    assert_true(run_wait(REVOKE, 3));
    assert_int_equal(faulty.states, 3); /* a later run looks again */
    assert_int_equal(faulty.revocations, 1);
}

static void no_revocation_before_its_order(void **ctx UNUSED)
{
    issue_old();
    fault("a", STEP_ORDER, FAULT_REFUSED, 1);
    assert_true(run(REVOKE));
    assert_int_equal(t.summary.counts[STATE_REFUSED], 1);
    assert_int_equal(t.summary.counts[STATE_SKIPPED], 1);
    assert_int_equal(faulty.revocations, 0);
    assert_int_equal(revoked_at_ca(), 0);
}

/* How many revocations go without being asked is the policy's to say; --confirm answers. */
static void a_number_that_has_to_be_said(void **ctx UNUSED)
{
    static const char two[] =
        REVOKE "  - {id: q, serial: '0A', reason: unspecified}\npolicy: [./p.policy.yaml]\n";
    issue_old();
    put("p.policy.yaml", "certbatch_policy: 1\nname: p\nextends: [private]\n"
                         "rules: {revoke.count.max: {max: 1}}\n");
    for (t.confirm = 0; t.confirm < 2; t.confirm++) {
        assert_false(run(two));
        assert_int_equal(t.err.code, ERR_REFUSED);
        assert_non_null(strstr(t.err.msg, "2 revocations: more than 1"));
        assert_int_equal(faulty.orders + faulty.revocations, 0);
        assert_int_not_equal(access("b.state", F_OK), 0);
    }
    assert_true(run(two));
    assert_int_equal(t.summary.counts[STATE_ISSUED], 3);
    assert_int_equal(t.summary.counts[STATE_REVOKED], 1);
    size_t said = 0;
    for (size_t i = 0; i < t.findings.n; i++) {
        const struct finding *f = &t.findings.v[i];
        said += f->waived && str_eq(f->rule, "revoke.count.max") && str_eq(f->waiver, "--confirm");
    }
    assert_int_equal(said, 1);
    t.confirm = 0;
}

static void a_stop_before_the_start(void **ctx UNUSED)
{
    t.stop = 1;
    assert_true(run(THREE));
    assert_true(t.summary.interrupted);
    assert_int_equal(faulty.orders, 0);
    assert_int_equal(t.summary.counts[STATE_NEW], 3);
    assert_non_null(t.summary.report);
    t.stop = 0;
    assert_true(run(THREE));
    assert_issued_once(3);
}

static void a_damaged_journal_is_refused(void **ctx UNUSED)
{
    assert_true(run(THREE));
    int fd = open("b.state/journal.jsonl", O_RDWR);
    assert_int_equal(pwrite(fd, "X", 1, 40), 1);
    (void)close(fd);
    assert_false(run(THREE));
    assert_int_equal(t.err.code, ERR_ENV);
    assert_int_equal(t.err.line, 1);
    assert_int_equal(faulty.orders, 3);
}

/* The report says what is wrong with a certificate; the certificate stays all the same. Run again,
 * the finished batch says the same and touches nothing. */
static void what_came_back_is_judged(void **ctx UNUSED)
{
    put("strict.policy.yaml", "certbatch_policy: 1\nname: strict\nextends: [private]\n"
                              "rules: {issued.issuer: {issuers: ['dn:CN=Another CA']}}\n");
    static const char manifest[] = HEAD "policy: [./strict.policy.yaml]\norders:\n" ORDER("a");
    assert_true(run(manifest));
    assert_issued_once(1);
    size_t said = 0;
    for (size_t i = 0; i < t.findings.n; i++) {
        const struct finding *f = &t.findings.v[i];
        said += str_eq(f->rule, "issued.issuer") && str_eq(f->item, "a") &&
                str_eq(f->file, "items/a/certificate.pem") && f->line == 1;
    }
    assert_int_equal(said, 1);
    assert_int_equal(lines_with("b.state/report.json", "issued.issuer", "rule"), 1);
    assert_int_equal(lines_with("b.state/findings.json", "issued.issuer", "rule"), 1);
    assert_true(run(manifest));
    assert_int_equal(lines_with("b.state/findings.json", "issued.issuer", "rule"), 1);
    assert_int_equal(faulty.orders, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_finished_batch_stays_as_it_is),
        T(a_finished_report_stays_and_heals),
        T(what_came_back_is_judged),
        T(faults_that_heal),
        T(all_replies_lost),
        T(a_refusal_is_final_and_alone),
        T(a_wrong_certificate_is_never_stored),
        T(credentials_stop_the_ca_not_the_batch),
        T(what_is_forbidden_is_alone),
        T(what_is_forbidden_to_all_stops_the_ca),
        T(a_forbidden_poll_leaves_the_order_pending),
        T(what_it_waits_for_is_kept),
        T(unknown_until_adopted),
        T(unknown_until_abandoned),
        T(two_hits_are_not_one),
        T(a_keyed_ca_is_asked_again_with_the_same_key),
        T(a_keyed_order_in_doubt_is_never_called_not_started),
        T(pending_is_left_for_the_next_run),
        T(more_keys_than_the_secure_heap_holds),
        T(a_bad_row_stops_nobody),
        T(nothing_but_bad_rows),
        T(a_batch_may_grow_but_not_change),
        T(a_lost_revocation_is_asked_for),
        T(a_revocation_that_never_arrived_is_sent_again),
        T(enough_is_enough),
        T(no_revocation_before_its_order),
        T(a_number_that_has_to_be_said),
        T(a_stop_before_the_start),
        T(a_damaged_journal_is_refused),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
