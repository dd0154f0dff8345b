/* SPDX-License-Identifier: Apache-2.0
 *
 * See br_dates.h. Rows of one limit stand in the order of their days.
 */
#include "policy/br_dates.h"

#include "formats/base/time.h"

#define ITEMS(a) (sizeof(a) / sizeof *(a))

/* BR 6.3.2 and 4.2.1 as of ballot SC-081; 825 days: ballot 193; 398 days: Apple's root program,
 * then SC-031; short-lived: SC-063. The 39 months before 2018-03-01 are no number of days. */
static const struct step {
    enum br_limit limit;
    int year;
    unsigned month, day;
    int64_t days;
} steps[] = {
    {BR_VALIDITY, 2018, 3, 1, 825},       {BR_VALIDITY, 2020, 9, 1, 398},
    {BR_VALIDITY, 2026, 3, 15, 200},      {BR_VALIDITY, 2027, 3, 15, 100},
    {BR_VALIDITY, 2029, 3, 15, 47},       {BR_DOMAIN_REUSE, 2018, 3, 1, 825},
    {BR_DOMAIN_REUSE, 2021, 10, 1, 398},  {BR_DOMAIN_REUSE, 2026, 3, 15, 200},
    {BR_DOMAIN_REUSE, 2027, 3, 15, 100},  {BR_DOMAIN_REUSE, 2029, 3, 15, 10},
    {BR_IDENTITY_REUSE, 2018, 3, 1, 825}, {BR_IDENTITY_REUSE, 2026, 3, 15, 398},
    {BR_SHORT_LIVED, 2024, 3, 15, 10},    {BR_SHORT_LIVED, 2026, 3, 15, 7},
    {BR_SMIME_LEGACY, 2023, 9, 1, 1185},  {BR_SMIME_LEGACY, 2025, 7, 15, 0},
};

static int64_t start_of(const struct step *s)
{
    return time_days(s->year, s->month, s->day) * DAY_SECONDS;
}

int64_t br_limit_at(enum br_limit limit, int64_t at)
{
    int64_t days = 0;
    for (size_t i = 0; i < ITEMS(steps); i++) {
        if (steps[i].limit == limit && at >= start_of(&steps[i])) {
            days = steps[i].days;
        }
    }
    return days;
}

bool br_limit_next(enum br_limit limit, int64_t at, int64_t *day, int64_t *days)
{
    for (size_t i = 0; i < ITEMS(steps); i++) {
        if (steps[i].limit == limit && start_of(&steps[i]) > at) {
            *day = start_of(&steps[i]);
            *days = steps[i].days;
            return true;
        }
    }
    return false;
}

bool br_day(size_t index, int64_t *day)
{
    if (index >= ITEMS(steps)) {
        return false;
    }
    *day = start_of(&steps[index]);
    return true;
}
