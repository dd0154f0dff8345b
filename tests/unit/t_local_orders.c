/* SPDX-License-Identifier: Apache-2.0
 *
 * The embedded CA through its connector: orders, refusals, searching, revoking, the revocation
 * list as the openssl command reads it, groups, two processes' worth of CAs on one directory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "local_fixture.h"

#include "batch/ca/local.h"
#include "batch/match.h"

/* --- orders --- */
static void order_of_every_product(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    fixture_begin(&f);
    struct ca *ca = fixture_open(&f);
    request_make(&r, KEY_EC_P256, "csr.example.com");
    const struct san_value san = {GN_DNS, "www.example.com"};
    const struct dn_value dn[] = {{"C", "US"}, {"O", "Example"}};
    for (size_t i = 0; i < ca->type->nproducts; i++) {
        struct cert leaf;
        struct span *chain;
        size_t nchain;
        struct err err = ERR_INIT;
        struct ca_order order = order_of(&r, ca->type->products[i].code);
        order.common_name = "www.example.com";
        order.san = &san;
        order.nsan = 1;
        order.dn = dn;
        order.ndn = 2;
        order.validity_seconds = 90LL * DAY_SECONDS;
        char *key = arena_printf(&f.arena, "key-%zu", i);
        struct ca_result got = place(ca, &order, key, &f.arena);
        assert_int_equal(got.outcome, OUTCOME_ACCEPTED);
        assert_true(got.issued);
        assert_int_equal(got.ncerts, 3);
        const struct match_request want = {.spki_sha256 = r.key.spki_sha256,
                                           .san = &san,
                                           .nsan = 1,
                                           .common_name = "www.example.com",
                                           .validity_seconds = order.validity_seconds,
                                           .ordered = time_now(),
                                           .issuer_sha256 = &ca->issuer_sha256};
        if (!match_certificate(&f.arena, &want, got.certs, got.ncerts, &leaf, &chain, &nchain,
                               &err)) {
            fail_msg("%s", err.msg);
        }
        assert_int_equal(nchain, 2);
        assert_int_equal(leaf.not_after - leaf.not_before + 1, order.validity_seconds);
        assert_string_equal(dn_text(&f.arena, &leaf.subject),
                            "C=US, O=Example, CN=www.example.com");
        assert_int_equal(leaf.san.n, 1); /* never the name of the CSR */
    }
    request_release(&r);
    ca_close(ca);
    fixture_end(&f);
}

static void names_of_the_csr_when_the_order_is_silent(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    struct cert leaf;
    struct err err = ERR_INIT;
    fixture_begin(&f);
    struct ca *ca = fixture_open(&f);
    request_make(&r, KEY_RSA_2048, "csr.example.com");
    struct ca_order order = order_of(&r, "tls-server");
    struct ca_result got = place(ca, &order, "k", &f.arena);
    assert_true(got.issued && cert_parse(&f.arena, got.certs[0], &leaf, &err));
    assert_string_equal(dn_text(&f.arena, &leaf.subject), "CN=csr.example.com");
    assert_string_equal(leaf.san.v[0].text, "csr.example.com");
    /* a CN that is a host name becomes a SAN of a server certificate; a person's does not */
    static const struct {
        const char *product, *cn;
        size_t names;
    } rows[] = {{"tls-server", "only.example.com", 1}, {"tls-server", "192.0.2.9", 1},
                {"tls-server", "Jane Doe", 0},         {"tls-client", "only.example.com", 0},
                {"tls-server", "*.example.com", 1},    {"tls-server", "intranet", 0}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        order = order_of(&r, rows[i].product);
        order.common_name = rows[i].cn;
        got = place(ca, &order, arena_printf(&f.arena, "row-%zu", i), &f.arena);
        assert_true(got.issued && cert_parse(&f.arena, got.certs[0], &leaf, &err));
        assert_int_equal(leaf.san.n, rows[i].names);
    }
    request_release(&r);
    ca_close(ca);
    fixture_end(&f);
}

static void refusals(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    struct request other;
    fixture_begin(&f);
    fixture_config(&f, "directory: ca\nissuing_validity: 100d\n");
    struct ca *ca = fixture_open(&f);
    request_make(&r, KEY_EC_P256, "www.example.com");
    request_make(&other, KEY_EC_P256, "www.example.com");
    CLEANUP(buf_release) struct buf forged = BUF_INIT(65536);
    buf_add(&forged, r.csr.p, r.csr.n);
    forged.p[forged.n - 1] = (char)(forged.p[forged.n - 1] ^ 1);
    const struct san_value wild = {GN_DNS, "*.example.com"};
    const struct san_value two[] = {{GN_DNS, "a.example.com"}, {GN_DNS, "b.example.com"}};
    const struct san_value twins[] = {{GN_DNS, "example.com"}, {GN_DNS, "www.example.com"}};
    const int64_t day = DAY_SECONDS;
    struct {
        const char *code, *product;
        struct span csr;
        const uint8_t *spki;
        const struct san_value *san;
        size_t nsan;
        int64_t validity;
    } rows[] = {
        {"unknown-product", "844", {0}, NULL, NULL, 0, day},
        {"unknown-product", NULL, {0}, NULL, NULL, 0, day},
        {"bad-csr", "dv", {(const uint8_t *)"0", 1}, NULL, NULL, 0, day},
        {"bad-signature", "dv", buf_span(&forged), NULL, NULL, 0, day},
        {"key-mismatch", "dv", {0}, other.key.spki_sha256, NULL, 0, day},
        {"names", "dv", {0}, NULL, &wild, 1, day},
        {"names", "ov", {0}, NULL, two, 2, day},
        {NULL, "ov", {0}, NULL, twins, 2, day},
        {NULL, "ov-ucc", {0}, NULL, two, 2, day},
        {NULL, "dv-wildcard", {0}, NULL, &wild, 1, day},
        {"validity", "dv", {0}, NULL, NULL, 0, 825 * day + 1},
        {"beyond-issuer", "dv", {0}, NULL, NULL, 0, 101 * day},
        {"beyond-issuer", "dv", {0}, NULL, NULL, 0, 0}, /* the default term, 199 days */
        {NULL, "dv", {0}, NULL, NULL, 0, 99 * day},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_order order = order_of(&r, rows[i].product);
        order.csr = rows[i].csr.n ? rows[i].csr : order.csr;
        order.spki_sha256 = rows[i].spki ? rows[i].spki : rows[i].csr.n ? NULL : order.spki_sha256;
        order.san = rows[i].san;
        order.nsan = rows[i].nsan;
        order.validity_seconds = rows[i].validity;
        struct ca_result got = place(ca, &order, arena_printf(&f.arena, "r%zu", i), &f.arena);
        assert_int_equal(got.outcome, rows[i].code ? OUTCOME_REFUSED : OUTCOME_ACCEPTED);
        if (rows[i].code) {
            assert_string_equal(got.code, rows[i].code);
            assert_true(got.message[0] != '\0');
            assert_false(got.issued);
        }
    }
    struct ca_call call = {.step = STEP_POLL, .order_id = "L-00"};
    assert_string_equal(exchange(ca, &call, &f.arena).code, "unknown-order");
    call = (struct ca_call){.step = STEP_CANCEL, .order_id = "L-00"};
    assert_string_equal(exchange(ca, &call, &f.arena).code, "not-supported");
    request_release(&r);
    request_release(&other);
    ca_close(ca);
    fixture_end(&f);
}

static bool same_cert(const struct ca_result *a, const struct ca_result *b)
{
    return a->ncerts && b->ncerts && span_eq(a->certs[0], b->certs[0]);
}

/* What a run needs after a crash, also from a process that was not there. */
static void found_again(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    fixture_begin(&f);
    struct ca *ca = fixture_open(&f);
    request_make(&r, KEY_EC_P256, "www.example.com");
    struct ca_order order = order_of(&r, "tls-server");
    struct ca_call find = {.step = STEP_FIND, .order = &order, .client_key = "first"};
    assert_int_equal(exchange(ca, &find, &f.arena).nfound, 0);
    struct ca_result first = place(ca, &order, "first", &f.arena);
    struct ca_result again = place(ca, &order, "first", &f.arena); /* a replay, not an order */
    assert_string_equal(first.order_id, again.order_id);
    assert_true(same_cert(&first, &again));
    struct ca_result second = place(ca, &order, "second", &f.arena);
    assert_string_not_equal(first.order_id, second.order_id);
    ca_close(ca);

    ca = fixture_open(&f);
    struct ca_result found = exchange(ca, &find, &f.arena);
    assert_int_equal(found.nfound, 1);
    assert_string_equal(found.found[0].order_id, first.order_id);
    assert_true(found.found[0].ordered <= time_now());
    find.client_key = "never sent";
    assert_int_equal(exchange(ca, &find, &f.arena).nfound, 0);
    find.client_key = NULL;
    assert_int_equal(exchange(ca, &find, &f.arena).nfound, 2);
    struct ca_call poll = {.step = STEP_POLL, .order_id = second.order_id};
    struct ca_result polled = exchange(ca, &poll, &f.arena);
    assert_true(polled.issued && same_cert(&polled, &second));
    /* a client key with another key behind it is not a replay */
    struct request other;
    request_make(&other, KEY_EC_P256, "www.example.com");
    struct ca_order foreign = order_of(&other, "tls-server");
    assert_string_equal(place(ca, &foreign, "first", &f.arena).code, "client-key-reused");
    request_release(&other);
    request_release(&r);
    ca_close(ca);
    fixture_end(&f);
}

/* --- revocation --- */
static bool is_revoked(struct ca *ca, const char *serial, struct arena *a)
{
    const struct ca_revocation r = {.serial = serial};
    const struct ca_call call = {.step = STEP_REVOKED, .revoke = &r};
    struct ca_result got = exchange(ca, &call, a);
    assert_int_equal(got.outcome, OUTCOME_ACCEPTED);
    return got.revoked;
}

static void revocations(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    struct cert leaf[3];
    struct ca_result got[3];
    struct err err = ERR_INIT;
    fixture_begin(&f);
    struct ca *ca = fixture_open(&f);
    request_make(&r, KEY_EC_P256, "www.example.com");
    struct ca_order order = order_of(&r, "tls-server");
    for (size_t i = 0; i < 3; i++) {
        got[i] = place(ca, &order, arena_printf(&f.arena, "k%zu", i), &f.arena);
        assert_true(cert_parse(&f.arena, got[i].certs[0], &leaf[i], &err));
        write_cert(&f, arena_printf(&f.arena, "ca/leaf%zu.pem", i), got[i].certs[0]);
    }
    assert_false(is_revoked(ca, leaf[0].serial_hex, &f.arena));
    struct ca_revocation by_serial = {.serial = leaf[0].serial_hex,
                                      .reason = REASON_KEY_COMPROMISE,
                                      .invalidity_date = TIME_NONE};
    struct ca_result one = ask_revoke(ca, by_serial, &f.arena);
    assert_true(one.outcome == OUTCOME_ACCEPTED && one.revoked && !one.message);
    one = ask_revoke(ca, by_serial, &f.arena); /* already revoked is success, and says so */
    assert_true(one.outcome == OUTCOME_ACCEPTED && one.revoked && one.message);
    assert_true(ask_revoke(ca,
                           (struct ca_revocation){.order = got[1].order_id,
                                                  .reason = REASON_SUPERSEDED,
                                                  .invalidity_date = TIME_NONE},
                           &f.arena)
                    .revoked);
    ca_close(ca);
    ca = fixture_open(&f);
    assert_true(is_revoked(ca, leaf[0].serial_hex, &f.arena));
    assert_true(is_revoked(ca, leaf[1].serial_hex, &f.arena));
    assert_false(is_revoked(ca, leaf[2].serial_hex, &f.arena));
    assert_int_equal(
        shell(f.dir,
              "cat root.pem issuing.pem >both.pem\n"
              "openssl crl -in crl.pem -noout -CAfile both.pem -verify || exit 1\n"
              "openssl crl -in crl.pem -noout -text | grep -q 'Key Compromise' || exit 1\n"
              "openssl crl -in crl.pem -noout -text | grep -q Superseded || exit 1\n"
              "openssl crl -in crl.pem -noout -crlnumber | grep -q '0*3$' || exit 1\n"
              "for i in 0 1; do openssl verify -crl_check -CRLfile crl.pem -CAfile root.pem "
              "-untrusted "
              "issuing.pem leaf$i.pem 2>&1 | grep -q 'certificate revoked' || exit 1; done\n"
              "openssl verify -crl_check -CRLfile crl.pem -CAfile root.pem -untrusted issuing.pem "
              "leaf2.pem"),
        0);
    struct ca_result by_cert = ask_revoke(ca,
                                          (struct ca_revocation){.certificate = got[2].certs[0],
                                                                 .reason = REASON_NONE,
                                                                 .invalidity_date = TIME_NONE},
                                          &f.arena);
    assert_true(by_cert.revoked);
    static const struct ca_revocation bad[] = {
        {.serial = "0102", .reason = REASON_SUPERSEDED},
        {.order = "../../etc/passwd", .reason = REASON_SUPERSEDED},
        {.reason = REASON_SUPERSEDED},
        {.certificate = {(const uint8_t *)"junk", 4}, .reason = REASON_SUPERSEDED},
    };
    for (size_t i = 0; i < NITEMS(bad); i++) {
        struct ca_result no = ask_revoke(ca, bad[i], &f.arena);
        assert_int_equal(no.outcome, OUTCOME_REFUSED);
        assert_string_equal(no.code, "unknown-certificate");
    }
    assert_string_equal(ask_revoke(ca,
                                   (struct ca_revocation){.serial = leaf[0].serial_hex,
                                                          .reason = REASON_REMOVE_FROM_CRL},
                                   &f.arena)
                            .code,
                        "reason");
    request_release(&r);
    ca_close(ca);
    fixture_end(&f);
}

/* The list is derived: lost, or older than the index, it is made again with a higher number. */
static void list_is_made_again(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    ca_close(fixture_open(&f));
    assert_int_equal(shell(f.dir, "cp crl.der old.der"), 0);
    assert_int_equal(shell(f.dir, "rm crl.pem"), 0);
    ca_close(fixture_open(&f));
    assert_int_equal(shell(f.dir, "openssl crl -in crl.pem -noout -crlnumber | grep -q '0*2$' && "
                                  "cp old.der crl.der"),
                     0);
    ca_close(fixture_open(&f));
    assert_int_equal(shell(f.dir, "openssl crl -in crl.pem -noout -crlnumber | grep -q '0*3$'"), 0);
    ca_close(fixture_open(&f)); /* nothing to do: no new number */
    assert_int_equal(shell(f.dir, "openssl crl -in crl.pem -noout -crlnumber | grep -q '0*3$'"), 0);
    fixture_end(&f);
}

/* --- groups, sharing --- */
enum { GROUP = 200 };

static void group_on_two_workers(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    struct err err = ERR_INIT;
    fixture_begin(&f);
    struct ca *ca = fixture_open(&f);
    request_make(&r, KEY_EC_P256, "www.example.com");
    struct ca_order order[GROUP];
    struct ca_call call[GROUP];
    struct ca_request request[GROUP];
    struct ca_reply reply[GROUP];
    struct ca_exchange x[GROUP];
    for (size_t i = 0; i < GROUP; i++) {
        order[i] = order_of(&r, i % 10 ? "tls-server" : "no-such");
        order[i].common_name = arena_printf(&f.arena, "h%zu.example.com", i);
        call[i] = (struct ca_call){.step = STEP_ORDER,
                                   .order = &order[i],
                                   .client_key = arena_printf(&f.arena, "g%zu", i)};
        request[i] = (struct ca_request){.call = &call[i]};
        reply[i] = (struct ca_reply){.body = BUF_INIT(0)};
        x[i] = (struct ca_exchange){.request = &request[i], .reply = &reply[i]};
    }
    assert_true(ca->type->ops->serve(ca, x, GROUP, 2, &err));
    for (size_t i = 0; i < GROUP; i++) {
        struct cert leaf;
        struct ca_result got = {.arena = &f.arena};
        ca->type->ops->answer(ca, &call[i], &reply[i], &got);
        assert_int_equal(got.outcome, i % 10 ? OUTCOME_ACCEPTED : OUTCOME_REFUSED);
        if (i % 10) {
            assert_true(cert_parse(&f.arena, got.certs[0], &leaf, &err));
            assert_string_equal(leaf.san.v[0].text, order[i].common_name);
        }
        buf_release(&reply[i].body);
    }
    /* one line an order, one for the first list: 180 + 1; all serials differ */
    assert_int_equal(shell(f.dir, "test $(wc -l <index.jsonl) = 181 && "
                                  "test $(grep -o '\"serial\":\"[0-9a-f]*' index.jsonl | sort -u | "
                                  "wc -l) = 180"),
                     0);
    request_release(&r);
    ca_close(ca);
    fixture_end(&f);
}

static void two_share_one_directory(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    fixture_begin(&f);
    struct ca *a = fixture_open(&f);
    struct ca *b = fixture_open(&f);
    request_make(&r, KEY_EC_P256, "www.example.com");
    struct ca_order order = order_of(&r, "tls-server");
    struct ca_result one = place(a, &order, "one", &f.arena);
    struct ca_call poll = {.step = STEP_POLL, .order_id = one.order_id};
    assert_true(exchange(b, &poll, &f.arena).issued);
    struct ca_result two = place(b, &order, "two", &f.arena);
    assert_true(ask_revoke(a,
                           (struct ca_revocation){.order = two.order_id,
                                                  .reason = REASON_SUPERSEDED,
                                                  .invalidity_date = TIME_NONE},
                           &f.arena)
                    .revoked);
    const struct ca_revocation asked = {.order = two.order_id};
    struct ca_call state_of = {.step = STEP_REVOKED, .revoke = &asked};
    assert_true(exchange(b, &state_of, &f.arena).revoked);
    ca_close(a);
    ca_close(b);
    request_release(&r);
    fixture_end(&f);
}

/* --- the door --- */
static void replies_that_do_not_decode(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    struct ca *ca = fixture_open(&f);
    static const char *const bodies[] = {"", "{", "[]", "{\"outcome\":\"granted\"}",
                                         "{\"outcome\":\"accepted\"}"};
    const struct ca_call call = {.step = STEP_ORDER};
    for (size_t i = 0; i < NITEMS(bodies); i++) {
        struct ca_reply reply = {.transport = OUTCOME_ACCEPTED, .body = BUF_INIT(4096)};
        struct ca_result got = {.arena = &f.arena};
        buf_puts(&reply.body, bodies[i]);
        ca->type->ops->answer(ca, &call, &reply, &got);
        assert_int_equal(got.outcome, OUTCOME_UNKNOWN);
        buf_release(&reply.body);
    }
    ca_close(ca);
    fixture_end(&f);
}

static void digests_differ_by_what_is_asked(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    struct err err = ERR_INIT;
    fixture_begin(&f);
    struct ca *ca = fixture_open(&f);
    request_make(&r, KEY_EC_P256, "www.example.com");
    const struct san_value san[] = {{GN_DNS, "a"}, {GN_DNS, "b"}};
    struct ca_order orders[5];
    for (size_t i = 0; i < NITEMS(orders); i++) {
        orders[i] = order_of(&r, "dv");
    }
    orders[1].product = "ov";
    orders[2].common_name = "";
    orders[3].validity_seconds = 1;
    orders[4].san = san;
    orders[4].nsan = 2;
    uint8_t digest[NITEMS(orders)][SHA256_SIZE];
    for (size_t i = 0; i < NITEMS(orders); i++) {
        const struct ca_call call = {.step = STEP_ORDER, .order = &orders[i]};
        struct ca_request request = {0};
        assert_true(ca->type->ops->request(ca, &call, &request, &err));
        memcpy(digest[i], request.digest, SHA256_SIZE);
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(digest[k], digest[i], SHA256_SIZE);
        }
    }
    request_release(&r);
    ca_close(ca);
    fixture_end(&f);
}

static void types_and_products(void **state UNUSED)
{
    const struct ca_type *local = ca_type_find("local");
    size_t n = 0;
    assert_non_null(local);
    assert_null(ca_type_find("loca"));
    assert_non_null(ca_product_find(local, NULL, local->default_product));
    assert_string_equal(ca_product_find(local, NULL, "ov-ucc")->level, "ov");
    assert_null(ca_product_find(local, NULL, "no-such"));
    assert_null(ca_product_find(local, NULL, NULL));
    assert_non_null(ca_all_products(&n));
    assert_true(n >= local->nproducts);
    for (int o = 0; o < OUTCOME__MAX; o++) {
        enum outcome back;
        assert_true(outcome_parse(outcome_name((enum outcome)o), &back));
        assert_int_equal(back, o);
    }
    enum outcome none;
    assert_false(outcome_parse("granted", &none));
    assert_false(outcome_parse(NULL, &none));
    assert_true(step_changes_state(STEP_ORDER) && step_changes_state(STEP_REVOKE));
    assert_false(step_changes_state(STEP_FIND) || step_changes_state(STEP_POLL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_every_product),
        cmocka_unit_test(names_of_the_csr_when_the_order_is_silent),
        cmocka_unit_test(refusals),
        cmocka_unit_test(found_again),
        cmocka_unit_test(revocations),
        cmocka_unit_test(list_is_made_again),
        cmocka_unit_test(group_on_two_workers),
        cmocka_unit_test(two_share_one_directory),
        cmocka_unit_test(replies_that_do_not_decode),
        cmocka_unit_test(digests_differ_by_what_is_asked),
        cmocka_unit_test(types_and_products),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
