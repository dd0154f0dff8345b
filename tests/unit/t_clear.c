/* SPDX-License-Identifier: Apache-2.0
 *
 * Clearances (invariant I9): made only for what passes, good once, for those very bytes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/clear.h"
#include "tests/unit/policy_fixture.h"

#include <pthread.h>

static const uint8_t digest[SHA256_SIZE] = {1, 2, 3};

static struct clearance *clear_with(struct bench *b, const struct subject *s, enum severity worst,
                                    bool waived)
{
    struct findings list = FINDINGS_INIT;
    if (worst != SEV_DISABLED) {
        findings_add(&list, &(struct finding){.rule = "key.type.allowed",
                                              .severity = worst,
                                              .waived = waived,
                                              .message = "not allowed",
                                              .file = "m.yaml",
                                              .line = 7});
    }
    b->err = (struct err)ERR_INIT;
    struct clearance *c = clear_item(b->policy, s, &list, digest, &b->err);
    findings_release(&list);
    return c;
}

static void expect(struct bench *b, const struct subject *s, enum severity worst, bool waived,
                   bool cleared)
{
    struct clearance *c = clear_with(b, s, worst, waived);
    assert_int_equal(c != NULL, cleared);
    assert_int_equal(b->err.code, cleared ? ERR_NONE : ERR_FINDINGS);
    clearance_free(c);
}

static void thresholds(void **state)
{
    (void)state;
    struct bench b;
    struct subject s = plain_order();
    bench_begin(&b);
    assert_true(bench_open(&b, "certbatch_policy: 1\nname: t\nextends: [cabf-tls]\n"
                               "profiles:\n"
                               "  strict: {max-severity: info}\n"
                               "  look: {mode: audit}\n"));
    expect(&b, &s, SEV_DISABLED, false, true);
    expect(&b, &s, SEV_INFO, false, true);
    expect(&b, &s, SEV_WARNING, false, true);
    expect(&b, &s, SEV_ERROR, false, false);
    assert_int_equal(b.err.line, 7);
    assert_non_null(strstr(b.err.msg, "key.type.allowed"));
    expect(&b, &s, SEV_ERROR, true, true);
    s.profile = "strict";
    expect(&b, &s, SEV_INFO, false, true);
    expect(&b, &s, SEV_WARNING, false, false);
    s.profile = "look";
    expect(&b, &s, SEV_DISABLED, false, false);
    assert_non_null(strstr(b.err.msg, "audit-only"));
    bench_end(&b);
}

static void one_redemption(void **state)
{
    (void)state;
    struct bench b;
    struct subject s = plain_order();
    uint8_t other[SHA256_SIZE];
    struct err err = ERR_INIT;
    memcpy(other, digest, sizeof other);
    other[31] ^= 1;
    bench_begin(&b);
    assert_true(bench_open(&b, "certbatch_policy: 1\nname: t\nextends: cabf-tls\n"));

    struct clearance *c = clear_with(&b, &s, SEV_DISABLED, false);
    assert_true(clearance_redeem(c, digest, &err));
    assert_false(clearance_redeem(c, digest, &err));
    assert_int_equal(err.code, ERR_INTERNAL);
    clearance_free(c);

    c = clear_with(&b, &s, SEV_DISABLED, false);
    assert_false(clearance_redeem(c, other, &err));
    assert_false(clearance_redeem(c, digest, &err)); /* the attempt spent it */
    clearance_free(c);

    assert_false(clearance_redeem(NULL, digest, &err));
    bench_end(&b);
}

static void *redeem(void *arg)
{
    struct err err = ERR_INIT;
    return (void *)(uintptr_t)clearance_redeem(arg, digest, &err);
}

static void one_winner(void **state)
{
    (void)state;
    struct bench b;
    struct subject s = plain_order();
    pthread_t threads[8];
    uintptr_t won = 0;
    bench_begin(&b);
    assert_true(bench_open(&b, "certbatch_policy: 1\nname: t\nextends: cabf-tls\n"));
    struct clearance *c = clear_with(&b, &s, SEV_DISABLED, false);
    for (size_t i = 0; i < NITEMS(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, redeem, c), 0);
    }
    for (size_t i = 0; i < NITEMS(threads); i++) {
        void *got;
        assert_int_equal(pthread_join(threads[i], &got), 0);
        won += (uintptr_t)got;
    }
    assert_int_equal(won, 1);
    clearance_free(c);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds),
        cmocka_unit_test(one_redemption),
        cmocka_unit_test(one_winner),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
