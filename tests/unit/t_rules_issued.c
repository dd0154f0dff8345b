/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules issued.*: both sides of every boundary, severities, and a certificate against the order
 * it answers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"
#include "tests/unit/work_fixture.h"

/* The severity with which the rule fires, SEV_DISABLED when it is quiet. */
static enum severity says(const char *level, const char *item, const char *rule)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    enum severity worst = SEV_DISABLED;
    struct policy *p = policy_of_level(&a, work, level, "");
    struct subject s;
    subject_from(&a, parse_yaml(&a, item), &s);
    (void)fires(p, &s, rule, &worst);
    policy_free(p);
    return worst;
}

struct row {
    const char *level, *item, *rule;
    enum severity want;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const enum severity got = says(rows[i].level, rows[i].item, rows[i].rule);
        if (got != rows[i].want) {
            fail_msg("%s on %s (%s): %s instead of %s", rows[i].rule, rows[i].item, rows[i].level,
                     severity_name(got), severity_name(rows[i].want));
        }
    }
}

static void by_itself(void **state)
{
    (void)state;
    static const struct row rows[] = {
        /* 200 days to the second, and one more */
        {"tls", "{cert: issued.validity.cap.pem}", "issued.validity.max", SEV_DISABLED},
        {"tls", "{cert: issued.validity.max.pem}", "issued.validity.max", SEV_ERROR},
        {"private", "{cert: issued.validity.max.pem}", "issued.validity.max", SEV_DISABLED},
        /* disorder is information, a gap is an error, no chain at all is nothing */
        {"tls", "{cert: issued.chain.order.pem}", "issued.chain", SEV_INFO},
        {"tls", "{cert: issued.chain.pem}", "issued.chain", SEV_ERROR},
        {"tls", "{cert: issued.sct.pem}", "issued.chain", SEV_DISABLED},
        /* clientAuth until the day before, and from the day on */
        {"tls", "{cert: issued.eku.before.pem}", "issued.eku", SEV_DISABLED},
        {"tls", "{cert: issued.eku.client.pem}", "issued.eku", SEV_ERROR},
        {"tls", "{cert: issued.eku.pem}", "issued.eku", SEV_WARNING},
        /* too short a serial number: public an error, private a warning */
        {"tls", "{cert: issued.serial.octets.pem}", "issued.serial", SEV_ERROR},
        {"private", "{cert: issued.serial.octets.pem}", "issued.serial", SEV_WARNING},
        {"tls", "{cert: issued.good.pem}", "issued.serial", SEV_DISABLED},
        {"tls", "{cert: issued.signature.pem}", "issued.signature", SEV_ERROR},
        {"tls", "{cert: issued.sct.pem}", "issued.sct", SEV_INFO},
    };
    check_rows(rows, NITEMS(rows));
}

#define ANSWERS "{cert: issued.good.pem, request: "

static void against_its_order(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"tls", ANSWERS "{csr: good.pem}}", "issued.key-match", SEV_DISABLED},
        {"tls", ANSWERS "{csr: good-rsa.pem}}", "issued.key-match", SEV_ERROR},
        {"tls", ANSWERS "{key: ec-p256}}", "issued.key-match", SEV_DISABLED},
        {"tls", ANSWERS "{key: rsa-2048}}", "issued.key-match", SEV_ERROR},
        {"tls", "{cert: issued.good.pem}", "issued.key-match", SEV_DISABLED},
        {"tls", ANSWERS "{san: [WWW.example.com]}}", "issued.names.missing", SEV_DISABLED},
        {"tls", ANSWERS "{san: [www.example.com, a.example.com]}}", "issued.names.missing",
         SEV_ERROR},
        /* the twin of a name is information, any other name a warning */
        {"tls", ANSWERS "{san: [example.com]}}", "issued.names.extra", SEV_INFO},
        {"tls", ANSWERS "{san: [other.example.com]}}", "issued.names.extra", SEV_WARNING},
        {"tls", ANSWERS "{san: [www.example.com]}}", "issued.names.extra", SEV_DISABLED},
        /* 199 days were issued: a day less than ordered passes, more does not */
        {"tls", ANSWERS "{san: [www.example.com], validity: 200d}}", "issued.validity.short",
         SEV_DISABLED},
        {"tls", ANSWERS "{san: [www.example.com], validity: 201d}}", "issued.validity.short",
         SEV_WARNING},
        /* another level than ordered is an error, another spelling nothing */
        {"ov", ANSWERS "{subject: {organization: EXAMPLE corp}}}", "issued.subject", SEV_DISABLED},
        {"ov", ANSWERS "{subject: {organization: Other Corp}}}", "issued.subject", SEV_WARNING},
        {"ev", ANSWERS "{subject: {organization: Example Corp}}}", "issued.subject", SEV_ERROR},
    };
    check_rows(rows, NITEMS(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_itself),
        cmocka_unit_test(against_its_order),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
