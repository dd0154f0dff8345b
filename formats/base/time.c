/* SPDX-License-Identifier: Apache-2.0
 *
 * See time.h. gmtime() and friends are banned: they share static state and follow the locale.
 */
#include "formats/base/time.h"

#include "formats/base/str.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t time_now(void)
{
    return (int64_t)time(NULL);
}

int64_t time_monotonic_ms(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Years counted from March put the leap day last, so a month's offset is one linear formula. */
int64_t time_days(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static unsigned month_days(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

bool time_civil(int64_t year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s,
                int64_t *out)
{
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month) || h > 23 || m > 59 ||
        s > 59) {
        return false;
    }
    *out = time_days(year, month, day) * DAY_SECONDS + h * 3600 + m * 60 + s;
    return true;
}

/* Exactly n digits. */
static bool digits(const char **s, unsigned n, unsigned *out)
{
    *out = 0;
    for (unsigned i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9') {
            return false;
        }
        *out = *out * 10 + (unsigned)(**s - '0');
    }
    return true;
}

static bool literal(const char **s, char c)
{
    return **s == c ? ((*s)++, true) : false;
}

static bool date_part(const char **s, unsigned *y, unsigned *m, unsigned *d)
{
    return digits(s, 4, y) && literal(s, '-') && digits(s, 2, m) && literal(s, '-') &&
           digits(s, 2, d);
}

static bool zone_part(const char **s, int64_t *offset)
{
    unsigned h;
    unsigned m;
    if (literal(s, 'Z') || literal(s, 'z')) {
        *offset = 0;
        return true;
    }
    int sign = **s == '+' ? 1 : **s == '-' ? -1 : 0;
    if (!sign) {
        return false;
    }
    (*s)++;
    if (!digits(s, 2, &h) || !literal(s, ':') || !digits(s, 2, &m) || h > 23 || m > 59) {
        return false;
    }
    *offset = sign * (int64_t)(h * 3600 + m * 60);
    return true;
}

bool time_parse(const char *s, int64_t *out)
{
    unsigned y;
    unsigned mo;
    unsigned d;
    unsigned h;
    unsigned mi;
    unsigned sec;
    int64_t offset;
    int64_t t;
    if (!date_part(&s, &y, &mo, &d) ||
        !(literal(&s, 'T') || literal(&s, 't') || literal(&s, ' ')) || !digits(&s, 2, &h) ||
        !literal(&s, ':') || !digits(&s, 2, &mi) || !literal(&s, ':') || !digits(&s, 2, &sec)) {
        return false;
    }
    if (literal(&s, '.')) {
        size_t n = strspn(s, "0123456789");
        if (n == 0) {
            return false;
        }
        s += n;
    }
    if (!zone_part(&s, &offset) || *s || !time_civil(y, mo, d, h, mi, sec, &t)) {
        return false;
    }
    *out = t - offset;
    return true;
}

bool time_parse_date(const char *s, int64_t *out)
{
    unsigned y;
    unsigned m;
    unsigned d;
    return date_part(&s, &y, &m, &d) && !*s && time_civil(y, m, d, 0, 0, 0, out);
}

bool time_parse_any(const char *s, int64_t *out)
{
    return time_parse_date(s, out) || time_parse(s, out);
}

/* False for points of time whose year no calendar text has room for (TIME_NONE among them). */
static bool split(int64_t t, struct tm *tm)
{
    time_t tt = (time_t)t;
    memset(tm, 0, sizeof *tm);
    return gmtime_r(&tt, tm) && tm->tm_year > -1900 && tm->tm_year <= 9999 - 1900;
}

/* Not strftime: its %Y does not pad. The buffer is large enough for any int, which the compiler
 * wants to see. */
static void put_time(int64_t t, bool clock, const char *tail, char out[TIME_TEXT])
{
    struct tm tm;
    char text[96] = "-";
    bool known = split(t, &tm);
    if (known && clock) {
        (void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d%s", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, tail);
    } else if (known) {
        (void)snprintf(text, sizeof text, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                       tm.tm_mday);
    }
    memcpy(out, text, TIME_TEXT - 1);
    out[TIME_TEXT - 1] = '\0';
}

void time_format(int64_t t, char out[TIME_TEXT])
{
    put_time(t, true, "Z", out);
}

void time_format_ms(char out[TIME_TEXT])
{
    struct timespec ts;
    char tail[16];
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    (void)snprintf(tail, sizeof tail, ".%03uZ", (unsigned)(ts.tv_nsec / 1000000) % 1000);
    put_time((int64_t)ts.tv_sec, true, tail, out);
}

void time_format_date(int64_t t, char out[TIME_TEXT])
{
    put_time(t, false, "", out);
}

static const struct unit {
    char letter;
    int64_t seconds;
} units[] = {{'y', 365 * DAY_SECONDS},
             {'w', 7 * DAY_SECONDS},
             {'d', DAY_SECONDS},
             {'h', 3600},
             {'m', 60},
             {'s', 1}};

bool duration_parse(const char *s, int64_t *seconds)
{
    char number[16];
    size_t n = strspn(s, "0123456789");
    uint64_t v;
    if (n == 0 || n >= 10 || !s[n] || s[n + 1]) {
        return false;
    }
    memcpy(number, s, n);
    number[n] = '\0';
    if (!str_u64(number, &v)) {
        return false;
    }
    for (size_t i = 0; i < NITEMS(units); i++) {
        if (units[i].letter == s[n]) {
            *seconds = (int64_t)v * units[i].seconds;
            return true;
        }
    }
    return false;
}

void duration_format(int64_t seconds, char out[TIME_TEXT])
{
    static const struct unit *const shown[] = {&units[2], &units[3], &units[4], &units[5]};
    for (size_t i = 0; i < NITEMS(shown); i++) {
        if (seconds % shown[i]->seconds == 0) {
            (void)snprintf(out, TIME_TEXT, "%lld%c", (long long)(seconds / shown[i]->seconds),
                           shown[i]->letter);
            return;
        }
    }
}
