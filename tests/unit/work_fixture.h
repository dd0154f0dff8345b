/* SPDX-License-Identifier: Apache-2.0
 *
 * One temporary directory for a group of tests, where they write policies and manifests:
 * cmocka_run_group_tests(tests, make_work, remove_work). Include it after the cmocka headers.
 */
#ifndef TESTS_UNIT_WORK_FIXTURE_H
#define TESTS_UNIT_WORK_FIXTURE_H

#include "tests/unit/corpus.h"

static char *work;

static int make_work(void **state)
{
    static struct arena a;
    (void)state;
    work = temp_make(&a);
    return 0;
}

static int remove_work(void **state)
{
    (void)state;
    temp_remove(work);
    return 0;
}

#endif
