/* SPDX-License-Identifier: Apache-2.0
 *
 * validity.*: the term against what the CA sells and is itself, and against the calendars. The
 * rows stand in rules_validity.c.
 */
#include "policy/rules_validity.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/br_dates.h"
#include "policy/calendars.h"

#include <string.h>

static const char *terms_of(const struct rule_run *run)
{
    const struct product_info *product = rule_product(run, NULL);
    const struct ca_facts *ca = rule_ca(run);
    return product && product->terms ? product->terms : ca ? ca->terms : NULL;
}

/* Is seconds one of the blank-separated durations? years: only those written in years. */
static bool has_term(const char *terms, int64_t seconds, bool years)
{
    char word[TIME_TEXT];
    int64_t offered;
    for (const char *p = terms; p && *p; p += strspn(p, " ")) {
        const size_t n = strcspn(p, " ");
        if (n < sizeof word) {
            memcpy(word, p, n);
            word[n] = '\0';
            if (duration_parse(word, &offered) && offered == seconds &&
                (!years || word[n - 1] == 'y')) {
                return true;
            }
        }
        p += n;
    }
    return false;
}

/* How long one certificate of the item may be, in days; 0 = not known. */
static int64_t longest(const struct rule_run *run)
{
    const struct product_info *product = rule_product(run, NULL);
    const int64_t product_days = product ? product->max_days : 0;
    const int64_t cap = rule_scope(run) & SCOPE_TLS ? br_limit_at(BR_VALIDITY, rule_as_of(run)) : 0;
    return cap && (!product_days || cap < product_days) ? cap : product_days;
}

bool validity_is_paid_time(const struct rule_run *run, const struct term *t)
{
    const struct ca_facts *ca = rule_ca(run);
    return !t->issued && ca && ca->subscription && has_term(terms_of(run), t->seconds, true);
}

/* Within the life of one certificate a subscription sells any term: the shortest one holds it. */
void validity_check_offered(struct rule_run *run)
{
    struct term t;
    const struct product_info *product = rule_product(run, NULL);
    const struct ca_facts *ca = rule_ca(run);
    const char *terms = terms_of(run);
    const int64_t most = longest(run);
    if (!validity_term(run, &t) || t.issued || has_term(terms, t.seconds, false)) {
        return;
    }
    const bool fits = ca && ca->subscription && (!most || t.days <= most);
    if (terms && !fits) {
        rule_hit(run, validity_here(&t), "a term of %s is not sold; terms are %s", t.text, terms);
    } else if (!terms && product && product->max_days && t.days > product->max_days) {
        rule_hit(run, validity_here(&t), "a term of %s is not sold; product %s lasts %u days",
                 t.text, product->code, product->max_days);
    }
}

void validity_check_truncation(struct rule_run *run)
{
    struct term t;
    const int64_t most = longest(run);
    if (validity_term(run, &t) && most && t.days > most && validity_is_paid_time(run, &t)) {
        rule_hit(
            run, validity_here(&t),
            "the term of %s is paid for, but a certificate ordered on this day lives %lld days "
            "at most: %lld have to be issued one after another",
            t.text, (long long)most, (long long)((t.days + most - 1) / most));
    }
}

void validity_check_issuer_end(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const struct cert *issuer = s->ca_issuer ? s->ca_issuer : s->nchain ? &s->chain[0] : NULL;
    int64_t end;
    char day[TIME_TEXT];
    struct term t = {0};
    if (!issuer || !validity_end(run, &end) || end <= issuer->not_after ||
        (s->cert && !cert_issued_by(s->cert, issuer))) {
        return;
    }
    struct hit here = validity_term(run, &t) ? validity_here(&t) : (struct hit){0};
    here.severity = rule_scope(run) & SCOPE_LOCAL ? SEV_DISABLED : SEV_WARNING;
    time_format_date(issuer->not_after, day);
    rule_hit(run, here, "the certificate would outlive its issuer, which ends on %s", day);
}

void validity_check_backdate(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const int64_t most = rule_int(run, 0) * 3600;
    const int64_t away = f->cert->not_before - f->s->today;
    char from[TIME_TEXT];
    if (f->s->today && (away > most || -away > most)) {
        time_format(f->cert->not_before, from);
        rule_hit(run, (struct hit){.value = from},
                 "the validity begins at %s, more than %lld hours from the time it was signed",
                 from, (long long)rule_int(run, 0));
    }
}

/* 1970-01-01 was a Thursday. */
static bool is_weekend(int64_t at)
{
    const int64_t day = at >= 0 ? at / DAY_SECONDS : -((-at + DAY_SECONDS - 1) / DAY_SECONDS);
    const int64_t weekday = ((day % 7) + 7 + 4) % 7; /* 0 = Sunday */
    return weekday == 0 || weekday == 6;
}

void validity_check_expiry_window(struct rule_run *run)
{
    int64_t end;
    struct term t = {0};
    char day[TIME_TEXT];
    if (!validity_end(run, &end) || !calendars_known(run, rule_strings(run, 0))) {
        return;
    }
    const struct freeze *f = calendar_hit(run, rule_strings(run, 0), end, end);
    struct hit here = validity_term(run, &t) ? validity_here(&t) : (struct hit){0};
    time_format_date(end, day);
    if (f) {
        rule_hit(run, here, "the certificate ends on %s, inside %s of the calendar %s", day,
                 f->why ? str_vis_dup(rule_arena(run), f->why, strlen(f->why)) : "a time",
                 f->calendar);
    } else if (rule_bool(run, 1) && is_weekend(end)) {
        rule_hit(run, here, "the certificate ends on %s, a weekend", day);
    }
}
