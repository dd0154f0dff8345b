/* SPDX-License-Identifier: Apache-2.0
 *
 * validity.*: terms and dates, at the planned order date, never at the wall clock; only "is the
 * plan in the past" compares with the day of the run. A day is 86,400 seconds, both ends of a
 * validity count, a begun day counts whole (BR 6.3.2).
 */
#include "policy/rules_validity.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/br_dates.h"

enum { SMIME_DAYS = 825 }; /* SBR 6.3.2 */

static int64_t days_of(int64_t seconds)
{
    return seconds > 0 ? (seconds - 1) / DAY_SECONDS + 1 : 0;
}

bool validity_term(const struct rule_run *run, struct term *out)
{
    const struct facts *f = rule_facts(run);
    char text[TIME_TEXT];
    *out = (struct term){.issued = f->cert != NULL};
    if (f->cert) {
        out->seconds = f->cert->not_after - f->cert->not_before + 1;
        out->days = days_of(out->seconds);
        out->text = arena_printf(rule_arena(run), "%lld days", (long long)out->days);
        return !f->cert->is_ca;
    }
    out->seconds = f->s->kind == SUBJECT_ORDER ? f->s->validity_seconds : 0;
    out->days = days_of(out->seconds);
    if (out->seconds > 0) {
        duration_format(out->seconds, text);
        out->text = arena_strdup(rule_arena(run), text);
    }
    return out->seconds > 0;
}

bool validity_end(const struct rule_run *run, int64_t *end)
{
    const struct facts *f = rule_facts(run);
    struct term t;
    if (!validity_term(run, &t)) {
        return false;
    }
    *end = t.issued ? f->cert->not_after : rule_as_of(run) + t.seconds - 1;
    return true;
}

struct hit validity_here(const struct term *t)
{
    return (struct hit){.key = "validity", .value = t->text};
}

static void check_max(struct rule_run *run)
{
    struct term t;
    const int64_t cap = br_limit_at(BR_VALIDITY, rule_as_of(run));
    if (cap && validity_term(run, &t) && t.days > cap && !validity_is_paid_time(run, &t)) {
        rule_hit(run, validity_here(&t), "a validity of %s is longer than the %lld days allowed",
                 t.text, (long long)cap);
    }
}

static void check_recommended(struct rule_run *run)
{
    struct term t;
    const int64_t cap = br_limit_at(BR_VALIDITY, rule_as_of(run));
    if (cap && validity_term(run, &t) && t.days == cap) {
        rule_hit(run, validity_here(&t),
                 "a validity of %s is exactly the limit; one second more is too long", t.text);
    }
}

static void check_milestone(struct rule_run *run)
{
    struct term t;
    int64_t day, next;
    char text[TIME_TEXT];
    const int64_t at = rule_as_of(run);
    if (!validity_term(run, &t) || !br_limit_next(BR_VALIDITY, at, &day, &next) ||
        day > at + rule_int(run, 0) * DAY_SECONDS || t.days <= next ||
        t.days > br_limit_at(BR_VALIDITY, at) || validity_is_paid_time(run, &t)) {
        return;
    }
    time_format_date(day, text);
    rule_hit(run, validity_here(&t),
             "from %s on at most %lld days are issued; a delay of approval or validation costs the "
             "order its term of %s",
             text, (long long)next, t.text);
}

/* One check for rows with a single limit in days, their first parameter. */
static void check_limit(struct rule_run *run)
{
    struct term t;
    if (validity_term(run, &t) && t.days > rule_int(run, 0) && !validity_is_paid_time(run, &t)) {
        rule_hit(run, validity_here(&t), "a validity of %s is longer than %lld days", t.text,
                 (long long)rule_int(run, 0));
    }
}

/* Without a word about the generation it counts as the one that may be longer. */
static void check_smime(struct rule_run *run)
{
    struct term t;
    const char *generation = rule_text(run, "smime.generation");
    const int64_t legacy = br_limit_at(BR_SMIME_LEGACY, rule_as_of(run));
    const bool may_be_legacy = !generation || str_eq(generation, "legacy");
    const int64_t most = legacy && may_be_legacy ? legacy : SMIME_DAYS;
    if (validity_term(run, &t) && t.days > most) {
        rule_hit(run, validity_here(&t), "a validity of %s is longer than the %lld days of %s",
                 t.text, (long long)most,
                 most == SMIME_DAYS ? "S/MIME certificates" : "the legacy generation");
    }
}

static void check_positive(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    struct term t;
    if (f->cert && f->cert->not_after <= f->cert->not_before) {
        rule_hit(run, (struct hit){0}, "the validity ends before it begins");
    } else if (!f->cert && f->s->ca_public && validity_term(run, &t) && t.seconds < DAY_SECONDS) {
        rule_hit(run, validity_here(&t), "a validity of %s is no whole day", t.text);
    }
}

static void check_short_lived(struct rule_run *run)
{
    struct term t;
    const int64_t most = br_limit_at(BR_SHORT_LIVED, rule_as_of(run));
    if (most && validity_term(run, &t) && t.days <= most && t.days > 0) {
        rule_hit(run, validity_here(&t),
                 "a validity of %s is short-lived: the certificate may come without CRL and OCSP",
                 t.text);
    }
}

/* The order date of the item itself, unless --as-of put another in its place. */
static bool own_date(const struct rule_run *run, int64_t *date)
{
    const struct subject *s = rule_facts(run)->s;
    const char *text = rule_text(run, "order_date");
    return text && s->today && time_parse_any(text, date) && *date == s->order_date;
}

static void check_past(struct rule_run *run)
{
    int64_t date;
    if (own_date(run, &date) && date < rule_facts(run)->s->today - rule_int(run, 0) * DAY_SECONDS) {
        rule_hit(run, (struct hit){.key = "order_date", .value = rule_text(run, "order_date")},
                 "the planned order date is past");
    }
}

static void check_far(struct rule_run *run)
{
    int64_t date;
    if (own_date(run, &date) && date > rule_facts(run)->s->today + rule_int(run, 0) * DAY_SECONDS) {
        rule_hit(run, (struct hit){.key = "order_date", .value = rule_text(run, "order_date")},
                 "the planned order date is more than %lld days ahead",
                 (long long)rule_int(run, 0));
    }
}

/* clang-format off */
static const struct param milestone_params[] = {
    {.name = "days", .kind = PARAM_INT, .fallback = "14", .min = 1, .max = 365,
     .help = "how long before a lower limit takes effect to warn"},
};
static const struct param ev_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "398", .min = 1, .max = 398,
     .help = "longest validity in days"},
};
static const struct param private_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "825", .min = 1, .max = 36500,
     .help = "longest validity of a certificate that is no CA, in days"},
};
static const struct param window_params[] = {
    {.name = "calendars", .kind = PARAM_STRINGS, .fallback = "",
     .help = "calendars of the policy that count; empty = all"},
    {.name = "weekends", .kind = PARAM_BOOL, .fallback = "false",
     .help = "Saturdays and Sundays count too"},
};
static const struct param past_params[] = {
    {.name = "tolerance", .kind = PARAM_INT, .fallback = "1", .min = 0, .max = 365,
     .help = "days an order date may lie back"},
};
static const struct param far_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "90", .min = 1, .max = 3650,
     .help = "days an order date may lie ahead"},
};
static const struct param backdate_params[] = {
    {.name = "hours", .kind = PARAM_INT, .fallback = "48", .min = 1, .max = 48,
     .help = "largest distance between notBefore and signing"},
};

#define ORDER "{common_name: www.example.com, "
#define PAID  "{ca: certinext-prod, product: '838', common_name: www.example.com, "
const struct rule rules_validity[] = {
    {.id = "validity.max", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .title = "validity is longer than public trust allows",
     .why = "The limit falls in steps: 200 days since 2026-03-15, 100 from 2027-03-15, 47 from "
            "2029-03-15. The CA refuses the order or shortens the certificate, and browsers "
            "reject one that is longer.",
     .fix = "ask for at most one day less than the limit of the day of the order",
     .cite = "BR 6.3.2", .check = check_max,
     .bad = ORDER "validity: 201d}", .good = ORDER "validity: 199d}"},
    {.id = "validity.recommended", .severity = SEV_WARNING, .scope = SCOPE_TLS,
     .from = "2020-09-01",
     .title = "validity is exactly the limit",
     .why = "Both ends of a validity count, and CAs differ in how they count: a certificate for "
            "the full limit easily becomes one second too long and has to be revoked.",
     .fix = "ask for one day less",
     .cite = "BR 6.3.2", .check = check_recommended,
     .bad = ORDER "validity: 200d}", .good = ORDER "validity: 199d}"},
    {.id = "validity.milestone", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_ORDER,
     .title = "a lower limit takes effect soon after the order date",
     .why = "The day of issuance counts, not that of the order: when approval or validation takes "
            "longer than planned, the order is refused or its certificate shortened.",
     .fix = "order earlier, or ask for a validity below the next limit",
     .cite = "BR 6.3.2", .check = check_milestone, RULE_PARAMS(milestone_params),
     .bad = ORDER "validity: 199d, order_date: 2027-03-05}",
     .good = ORDER "validity: 99d, order_date: 2027-03-05}"},
    {.id = "validity.ev", .severity = SEV_ERROR, .scope = SCOPE_EV, .from = "2020-09-01",
     .title = "EV certificate for more than 398 days",
     .why = "The EV Guidelines set a limit of their own.",
     .fix = "ask for a shorter validity",
     .cite = "EVG 6.3.2", .check = check_limit, RULE_PARAMS(ev_params),
     .bad = ORDER "validity: 399d}", .good = ORDER "validity: 199d}"},
    {.id = "validity.smime", .severity = SEV_ERROR, .scope = SCOPE_SMIME,
     .title = "S/MIME certificate lives too long",
     .why = "825 days are the most for the strict and multipurpose generations; 1,185 were for the "
            "legacy generation, which ended on 2025-07-15.",
     .fix = "ask for at most 825 days",
     .cite = "SBR 6.3.2", .check = check_smime,
     .bad = "{san: ['email:a.singh@example.com'], validity: 826d}",
     .good = "{san: ['email:a.singh@example.com'], validity: 825d}"},
    {.id = "validity.private", .severity = SEV_ERROR, .scope = SCOPE_PRIVATE,
     .title = "private certificate lives longer than the policy allows",
     .why = "A key that is used for years leaks unnoticed, and some clients reject server "
            "certificates of more than 825 days whoever signed them.",
     .fix = "ask for a shorter validity, or raise max in the policy",
     .cite = "policy", .check = check_limit, RULE_PARAMS(private_params),
     .bad = ORDER "validity: 826d}", .good = ORDER "validity: 825d}"},
    {.id = "validity.positive", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .title = "validity is negative or less than a day",
     .why = "No client ever accepts such a certificate; public CAs count in days.",
     .fix = "ask for at least one day",
     .cite = "RFC 5280 section 4.1.2.5", .check = check_positive,
     .bad = ORDER "validity: 12h}", .good = ORDER "validity: 30d}"},
    {.id = "validity.term.offered", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER,
     .title = "the product is not sold for this term",
     .why = "The CA refuses the order, or rounds the term and bills another one.",
     .fix = "use one of the terms of the product",
     .cite = "catalogue of the CA", .check = validity_check_offered,
     .bad = PAID "validity: 400d}", .good = PAID "validity: 1y}"},
    {.id = "validity.truncation", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER,
     .title = "the paid term is longer than a certificate can live",
     .why = "The CA sells years, but a certificate is cut at the limit of its day. It has to be "
            "issued again within the term, or the service stops before the term does.",
     .fix = "plan a reissue before the certificate ends, or ask for the life of one certificate",
     .cite = "BR 6.3.2", .check = validity_check_truncation,
     .bad = PAID "validity: 1y}", .good = PAID "validity: 199d}"},
    {.id = "validity.short-lived", .severity = SEV_INFO, .scope = SCOPE_TLS, .from = "2024-03-15",
     .title = "short-lived certificate",
     .why = "A certificate of at most 7 days (10 before 2026-03-15) may carry no CRL and OCSP "
            "addresses, and revoking it is optional: if the key is lost, it stays good to its end.",
     .fix = "make sure that renewal is automatic",
     .cite = "BR 1.6.1", .check = check_short_lived,
     .bad = ORDER "validity: 7d}", .good = ORDER "validity: 8d}"},
    {.id = "validity.issuer-end", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .title = "certificate would outlive its issuer",
     .why = "When the issuer ends, so does every certificate below it. The embedded CA refuses "
            "such an order; of another CA this is a warning.",
     .fix = "ask for a shorter validity, or renew the issuing CA first",
     .cite = "RFC 5280 section 6.1.3", .check = validity_check_issuer_end,
     .bad = "{ca: local-lab, issuer: validity.issuer.pem, common_name: www.example.com, "
            "validity: 200d, order_date: 2027-05-01}",
     .good = "{ca: local-lab, issuer: validity.issuer.pem, common_name: www.example.com, "
             "validity: 90d, order_date: 2027-05-01}"},
    {.id = "validity.expiry-window", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .title = "certificate ends inside a freeze or on a day nobody works",
     .why = "The renewal falls into a time in which nobody may or will change anything.",
     .fix = "choose a validity that ends outside it",
     .cite = "policy", .check = validity_check_expiry_window, RULE_PARAMS(window_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "calendars: {freeze: [{from: 2027-06-01, to: 2027-06-15, why: half-year closing}]}\n"
            "rules: {validity.expiry-window: error}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.com, validity: 199d, order_date: 2026-11-21}, "
            "by: validity.expiry-window}",
     .good = "policy:certbatch_policy: 1\n"
             "name: sample\n"
             "level: private\n"
             "calendars: {freeze: [{from: 2027-06-01, to: 2027-06-05}]}\n"
             "rules: {validity.expiry-window: error}\n"
             "samples:\n"
             "  - {accept: {common_name: www.example.com, validity: 199d, order_date: 2026-11-21}}"},
    {.id = "validity.order-date.past", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER,
     .title = "planned order date is past",
     .why = "The order was judged by rules that are not those of the day on which it will be "
            "placed.",
     .fix = "correct order_date, or remove it",
     .cite = "certbatch", .check = check_past, RULE_PARAMS(past_params),
     .bad = ORDER "order_date: 2026-11-20, today: 2026-11-22}",
     .good = ORDER "order_date: 2026-11-21, today: 2026-11-22}"},
    {.id = "validity.order-date.far", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER,
     .title = "planned order date is far ahead",
     .why = "Keys, validations and the data of the policy will be old by then, and rules may have "
            "changed that nobody knows of yet.",
     .fix = "write the manifest nearer to its day, and lint it again then",
     .cite = "certbatch", .check = check_far, RULE_PARAMS(far_params),
     .bad = ORDER "order_date: 2027-02-21, today: 2026-11-22}",
     .good = ORDER "order_date: 2027-02-20, today: 2026-11-22}"},
    {.id = "validity.backdate", .severity = SEV_ERROR, .scope = SCOPE_LOCAL, .needs = NEEDS_REQUEST,
     .title = "validity does not begin when it was signed",
     .why = "A certificate that claims to be older or younger than its signature slips under rules "
            "of another day; auditors treat it as an incident.",
     .fix = "correct the clock of the CA and issue the certificate again",
     .cite = "BR 7.1.2.7", .check = validity_check_backdate, RULE_PARAMS(backdate_params),
     .bad = "{ca: local-lab, cert: prior-p384.pem, today: 2031-01-01, request: {common_name: "
            "www.example.com}}",
     .good = "{ca: local-lab, cert: prior-p384.pem, today: 2026-11-21, request: {common_name: "
             "www.example.com}}"},
    {.id = NULL},
};
/* clang-format on */
