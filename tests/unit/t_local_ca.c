/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory of the embedded CA: made once and for good, killed while it is made and while it
 * serves, supplied issuers, torn and damaged files, a disk that refuses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "local_fixture.h"

#include "batch/ca/local.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* --- making --- */
static void made_once(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    struct ca *ca = fixture_open(&f);
    assert_int_equal(ca->issuer_sha256.n, 1);
    char *issuer = arena_strdup(&f.arena, ca->issuer_sha256.v[0]);
    ca_close(ca);
    assert_int_equal(shell(f.dir,
                           "test \"$(stat -c %a . root.key issuing.key index.jsonl | tr '\\n' "
                           "' ')\" = '700 600 600 600 '"),
                     0);
    assert_int_equal(shell(f.dir, "openssl verify -x509_strict -CAfile root.pem issuing.pem && "
                                  "cat root.pem issuing.pem >both.pem && "
                                  "openssl crl -in crl.pem -noout -CAfile both.pem -verify && "
                                  "openssl crl -in crl.der -inform DER -noout -crlnumber | "
                                  "grep -q '0*1$'"),
                     0);
    ca = fixture_open(&f);
    assert_string_equal(ca->issuer_sha256.v[0], issuer);
    ca_close(ca);
    fixture_end(&f);
}

static void every_ca_key_kind(void **state UNUSED)
{
    static const char *const kinds[] = {"rsa-2048", "ec-p384", "ec-p521", "ed25519"};
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        struct fixture f;
        struct request r;
        fixture_begin(&f);
        fixture_config(&f, arena_printf(&f.arena, "directory: ca\nkey: %s\n", kinds[i]));
        request_make(&r, KEY_EC_P256, "www.example.com");
        struct ca *ca = fixture_open(&f);
        struct ca_order order = order_of(&r, "tls-server");
        struct ca_result got = place(ca, &order, "k", &f.arena);
        assert_int_equal(got.outcome, OUTCOME_ACCEPTED);
        write_cert(&f, "ca/leaf.pem", got.certs[0]);
        assert_int_equal(shell(f.dir, "openssl verify -x509_strict -CAfile root.pem -untrusted "
                                      "issuing.pem leaf.pem"),
                         0);
        ca_close(ca);
        request_release(&r);
        fixture_end(&f);
    }
}

/* Without ca.json nothing counts: a run that was killed while making the CA left this. */
static void half_made_is_made_again(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    ca_close(fixture_open(&f));
    assert_int_equal(shell(f.dir, "rm ca.json index.jsonl crl.*; echo x >root.key; "
                                  "echo y >.cb-tmp-0123"),
                     0);
    ca_close(fixture_open(&f));
    assert_int_equal(shell(f.dir, "openssl verify -CAfile root.pem issuing.pem && "
                                  "test ! -e .cb-tmp-0123"),
                     0);
    fixture_end(&f);
}

static void lost_ca_is_refused(void **state UNUSED)
{
    struct fixture f;
    struct err err = ERR_INIT;
    fixture_begin(&f);
    ca_close(fixture_open(&f));
    assert_int_equal(shell(f.dir, "rm ca.json"), 0);
    assert_null(ca_open(&f.config, f.dir, &err));
    assert_int_equal(err.code, ERR_ENV);
    assert_non_null(strstr(err.msg, "part of the CA is lost"));
    fixture_end(&f);
}

static void open_key_is_refused(void **state UNUSED)
{
    struct fixture f;
    struct err err = ERR_INIT;
    fixture_begin(&f);
    ca_close(fixture_open(&f));
    assert_int_equal(shell(f.dir, "chmod 644 issuing.key"), 0);
    assert_null(ca_open(&f.config, f.dir, &err));
    assert_non_null(strstr(err.msg, "can be read by others"));
    assert_int_equal(shell(f.dir, "chmod 600 issuing.key; chmod 777 ."), 0);
    assert_null(ca_open(&f.config, f.dir, &err));
    assert_non_null(strstr(err.msg, "can be written by others"));
    fixture_end(&f);
}

/* kill -9 at many points of the first open: afterwards the directory opens, and its chain holds. */
static void killed_while_made(void **state UNUSED)
{
    for (long wait_us = 0; wait_us < 12000; wait_us += 400) {
        struct fixture f;
        fixture_begin(&f);
        fixture_config(&f, "directory: ca\n");
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct err err = ERR_INIT;
            ca_close(ca_open(&f.config, f.dir, &err));
            _exit(0);
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = wait_us * 1000}, NULL);
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        ca_close(fixture_open(&f));
        assert_int_equal(shell(f.dir, "openssl verify -CAfile root.pem issuing.pem"), 0);
        fixture_end(&f);
    }
}

static void supplied_issuer(void **state UNUSED)
{
    struct fixture f;
    struct err err = ERR_INIT;
    struct request r;
    fixture_begin(&f);
    ca_close(fixture_open(&f)); /* its issuing CA serves as the supplied one */
    assert_int_equal(shell(f.dir,
                           "cat issuing.pem root.pem >../mine.pem; cp issuing.key ../mine.key; "
                           "cp root.key ../other.key; cp root.pem ../other.pem"),
                     0);
    fixture_config(&f,
                   "directory: second\nissuing: {certificate: mine.pem, key: {file: mine.key}}\n");
    struct ca *ca = fixture_open(&f);
    request_make(&r, KEY_EC_P256, "www.example.com");
    struct ca_order order = order_of(&r, "tls-server");
    struct ca_result got = place(ca, &order, "k", &f.arena);
    assert_int_equal(got.ncerts, 3);
    write_cert(&f, "ca/leaf.pem", got.certs[0]);
    assert_int_equal(shell(f.dir,
                           "openssl verify -CAfile root.pem -untrusted issuing.pem leaf.pem && "
                           "test ! -e ../second/issuing.key"),
                     0);
    ca_close(ca);
    /* the same directory under another issuer, and a key that is not the certificate's */
    fixture_config(
        &f, "directory: second\nissuing: {certificate: other.pem, key: {file: other.key}}\n");
    assert_null(ca_open(&f.config, f.dir, &err));
    assert_non_null(strstr(err.msg, "another issuing key"));
    fixture_config(&f,
                   "directory: third\nissuing: {certificate: mine.pem, key: {file: other.key}}\n");
    assert_null(ca_open(&f.config, f.dir, &err));
    assert_non_null(strstr(err.msg, "does not belong"));
    fixture_config(&f,
                   "directory: fourth\nroot: {certificate: other.pem, key: {file: other.key}}\n");
    ca_close(fixture_open(&f));
    assert_int_equal(shell(f.dir, "openssl verify -CAfile root.pem ../fourth/issuing.pem && "
                                  "test ! -e ../fourth/root.key"),
                     0);
    request_release(&r);
    fixture_end(&f);
}

static void twin_has_the_defaults(void **state UNUSED)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_config(&f, "directory: ca\n");
    const struct local_config *read = f.config.own;
    const struct ca_config *twin = ca_twin(&f.config, "/x", &f.arena);
    const struct local_config *made = twin->own;
    assert_string_equal(twin->name, "lab");
    assert_string_equal(made->directory, "/x");
    assert_int_equal(made->key, read->key);
    assert_int_equal(made->validity, read->validity);
    assert_int_equal(made->crl_validity, read->crl_validity);
    assert_int_equal(made->root_validity, read->root_validity);
    assert_int_equal(made->issuing_validity, read->issuing_validity);
    assert_int_equal(made->renewal_window_days, read->renewal_window_days);
    fixture_end(&f);
}

/* --- damage --- */
static void place_three(struct fixture *f, struct request *r, struct ca_result got[3])
{
    struct ca *ca = fixture_open(f);
    request_make(r, KEY_EC_P256, "www.example.com");
    struct ca_order order = order_of(r, "tls-server");
    for (size_t i = 0; i < 3; i++) {
        got[i] = place(ca, &order, arena_printf(&f->arena, "k%zu", i), &f->arena);
    }
    ca_close(ca);
}

static void torn_tail_is_cut(void **state UNUSED)
{
    static const char *const tears[] = {
        "tail -1 index.jsonl | head -c 700 >>index.jsonl",        /* a line without its end */
        "tail -1 index.jsonl | sed 's/item/itch/' >>index.jsonl", /* a sum that does not fit */
        "head -c 9000 /dev/zero >>index.jsonl",                   /* pages never written */
        "printf '{\"v\":1}\\n\\n' >>index.jsonl",
    };
    for (size_t i = 0; i < NITEMS(tears); i++) {
        struct fixture f;
        struct request r;
        struct ca_result got[3];
        fixture_begin(&f);
        place_three(&f, &r, got);
        off_t before = size_of(&f, "ca/index.jsonl");
        assert_int_equal(shell(f.dir, tears[i]), 0);
        assert_true(size_of(&f, "ca/index.jsonl") > before);
        struct ca *ca = fixture_open(&f);
        assert_int_equal(size_of(&f, "ca/index.jsonl"), before);
        struct ca_order order = order_of(&r, "tls-server");
        assert_true(place(ca, &order, "k3", &f.arena).issued);
        struct ca_call poll = {.step = STEP_POLL, .order_id = got[2].order_id};
        assert_true(exchange(ca, &poll, &f.arena).issued);
        ca_close(ca);
        ca_close(fixture_open(&f));
        request_release(&r);
        fixture_end(&f);
    }
}

static void damage_inside_is_refused(void **state UNUSED)
{
    static const char *const harms[] = {
        "sed -i '2s/item/itch/' index.jsonl", "sed -i '2d;1s/crl/cry/' index.jsonl",
        "sed -i '3{p;}' index.jsonl", /* one serial twice */
    };
    for (size_t i = 0; i < NITEMS(harms); i++) {
        struct fixture f;
        struct request r;
        struct ca_result got[3];
        struct err err = ERR_INIT;
        fixture_begin(&f);
        place_three(&f, &r, got);
        assert_int_equal(shell(f.dir, harms[i]), 0);
        off_t before = size_of(&f, "ca/index.jsonl");
        assert_null(ca_open(&f.config, f.dir, &err));
        assert_int_equal(err.code, ERR_ENV);
        assert_non_null(strstr(err.msg, "damaged"));
        assert_int_equal(size_of(&f, "ca/index.jsonl"), before); /* nothing is cut then */
        request_release(&r);
        fixture_end(&f);
    }
}

/* A full disk: no reply, nothing half done, and everything there after a new start. */
static void disk_refuses(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    struct ca_result got[3];
    struct err err = ERR_INIT;
    fixture_begin(&f);
    place_three(&f, &r, got);
    struct ca *ca = fixture_open(&f);
    struct ca_order order = order_of(&r, "tls-server");
    const struct ca_call call = {.step = STEP_ORDER, .order = &order, .client_key = "full"};
    struct ca_request request = {.call = &call};
    struct ca_reply reply = {.transport = OUTCOME_UNKNOWN, .body = BUF_INIT(1 << 20)};
    struct ca_exchange x = {.request = &request, .reply = &reply};
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit tight = {(rlim_t)size_of(&f, "ca/index.jsonl") + 100, old.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    bool served = ca->type->ops->serve(ca, &x, 1, 1, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(served);
    assert_int_equal(reply.transport, OUTCOME_UNKNOWN);
    err_clear(&err);
    assert_false(ca->type->ops->serve(ca, &x, 1, 1, &err)); /* it does not try its luck again */
    ca_close(ca);
    ca = fixture_open(&f);
    struct ca_call find = {.step = STEP_FIND, .order = &order, .client_key = "full"};
    assert_int_equal(exchange(ca, &find, &f.arena).nfound, 0);
    assert_true(place(ca, &order, "full", &f.arena).issued);
    buf_release(&reply.body);
    request_release(&r);
    ca_close(ca);
    fixture_end(&f);
}

/* kill -9 while serving: whatever was answered is on record, and the directory opens. */
static void place_until_killed(struct fixture *f, const struct request *r, int out)
{
    struct ca *ca = fixture_open(f);
    struct ca_order order = order_of(r, "tls-server");
    for (size_t i = 0;; i++) {
        struct ca_result got = place(ca, &order, arena_printf(&f->arena, "k%zu", i), &f->arena);
        if (!got.order_id || write(out, got.order_id, LOCAL_ORDER_ID - 1) < 0) {
            _exit(1);
        }
        if (i % 7 == 6) {
            (void)ask_revoke(ca,
                             (struct ca_revocation){.order = got.order_id,
                                                    .reason = REASON_SUPERSEDED,
                                                    .invalidity_date = TIME_NONE},
                             &f->arena);
        }
    }
}

static void killed_while_serving(void **state UNUSED)
{
    struct fixture f;
    struct request r;
    fixture_begin(&f);
    request_make(&r, KEY_EC_P256, "www.example.com");
    fixture_config(&f, "directory: ca\n");
    for (size_t answers = 1; answers <= 20; answers++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            place_until_killed(&f, &r, fds[1]);
        }
        (void)close(fds[1]);
        char id[64][LOCAL_ORDER_ID] = {""};
        size_t n = 0;
        while (n < answers) { /* then it is somewhere in the next one */
            assert_int_equal(read(fds[0], id[n++], LOCAL_ORDER_ID - 1), LOCAL_ORDER_ID - 1);
        }
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (n < NITEMS(id) && read(fds[0], id[n], LOCAL_ORDER_ID - 1) == LOCAL_ORDER_ID - 1) {
            n++;
        }
        struct ca *ca = fixture_open(&f);
        for (size_t i = 0; i < n; i++) {
            const struct ca_call poll = {.step = STEP_POLL, .order_id = id[i]};
            assert_true(exchange(ca, &poll, &f.arena).issued);
        }
        (void)close(fds[0]);
        ca_close(ca);
        assert_int_equal(shell(f.dir, "rm index.jsonl crl.* ca.json"), 0); /* keys k0.. again */
    }
    request_release(&r);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_once),
        cmocka_unit_test(every_ca_key_kind),
        cmocka_unit_test(half_made_is_made_again),
        cmocka_unit_test(lost_ca_is_refused),
        cmocka_unit_test(open_key_is_refused),
        cmocka_unit_test(killed_while_made),
        cmocka_unit_test(supplied_issuer),
        cmocka_unit_test(twin_has_the_defaults),
        cmocka_unit_test(torn_tail_is_cut),
        cmocka_unit_test(damage_inside_is_refused),
        cmocka_unit_test(disk_refuses),
        cmocka_unit_test(killed_while_serving),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
