/* SPDX-License-Identifier: Apache-2.0
 *
 * What a batch finds out about the CA that will sign, without asking it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/batch_fixture.h"

/* Who will sign is read from the directory of the embedded CA; a directory without its marker is
 * no CA yet, and looking makes nothing. */
static void knows_issuer(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = ERR_INIT;
    struct item_data d;
    fixture_begin(&f);
    const char *body = "change: {ticket: CHG0031337}\n"
                       "ca: lab\n"
                       "orders: [{id: www, common_name: www.corp.example.net, validity: 31d}]\n";
    const char *lab = path_join(&f.arena, f.dir, "lab-ca");
    fixture_open(&f, body);
    load(&f, "www", &d);
    assert_null(d.subject.ca_issuer);
    assert_int_not_equal(access(lab, F_OK), 0);

    assert_true(fs_make_dirs(lab, &err));
    fixture_certificate(&f, "lab-ca/issuing.pem", KEY_EC_P256, time_now() - DAY_SECONDS,
                        time_now() + 30 * DAY_SECONDS);
    fixture_open(&f, body);
    load(&f, "www", &d);
    assert_null(d.subject.ca_issuer);
    fixture_text(&f, "lab-ca/ca.json", "{}\n");
    fixture_open(&f, body);
    load(&f, "www", &d);
    assert_non_null(d.subject.ca_issuer);
    batch_judge(&f.batch, 1, &f.findings);
    const struct finding *x = fixture_finding(&f, "validity.issuer-end", "www");
    if (!x) {
        fail_msg("an order beyond the end of the CA was not found");
        return;
    }
    assert_int_equal(x->severity, SEV_ERROR);
    assert_int_equal(x->line, 5);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_issuer),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
