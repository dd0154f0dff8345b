/* SPDX-License-Identifier: Apache-2.0
 *
 * ev.*: what the subject of an EV certificate says, and the record of the organization behind it.
 */
#include "policy/rules_ev.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/country.h"
#include "policy/engine.h"
#include "policy/same_text.h"

#include <string.h>

static void absent(struct rule_run *run, const struct level_value *v, const char *what)
{
    level_missing(
        run, v,
        arena_printf(rule_arena(run), "nothing says the %s; an EV certificate must have it", what));
}

/* --- organization --- */

void ev_check_organization(struct rule_run *run)
{
    struct level_value v;
    const size_t max = (size_t)rule_int(run, 0);
    if (!level_judged(run)) {
        return;
    }
    if (!level_value(run, "O", &v)) {
        if (!level_organization_by_id(run)) {
            absent(run, &v, "organization (O)");
        }
        return;
    }
    const size_t length = utf8_length(v.text, v.n);
    if (length > max) {
        rule_hit(run, level_at(&v),
                 "the organization has %zu characters, an EV certificate holds "
                 "%zu",
                 length, max);
    }
}

/* The text in the parentheses that end the value; false when there are none, or nothing before. */
static bool in_brackets(const struct level_value *v, const char **text, size_t *n)
{
    size_t depth = 0;
    size_t i = v->n;
    if (i == 0 || v->text[i - 1] != ')') {
        return false;
    }
    while (i > 0) {
        i--;
        depth += v->text[i] == ')';
        if (v->text[i] == '(' && --depth == 0) {
            break;
        }
    }
    *text = v->text + i + 1;
    *n = v->n - i - 2;
    return depth == 0 && i > 0;
}

/* EVG 7.1.4.2.1: "Trade Name (Legal Name)". A legal name may end in parentheses itself. */
void ev_check_dba(struct rule_run *run)
{
    struct level_value v;
    const char *inner;
    size_t n;
    const struct organization *o = rule_organization(run);
    if (!o || !o->legal_name || !level_judged(run) || !level_value(run, "O", &v) ||
        !in_brackets(&v, &inner, &n)) {
        return;
    }
    struct arena *a = rule_arena(run);
    const size_t legal_n = strlen(o->legal_name);
    if (text_compare(a, v.text, v.n, o->legal_name, legal_n) != TEXT_SAME &&
        text_compare(a, inner, n, o->legal_name, legal_n) != TEXT_SAME) {
        rule_hit(run, level_at(&v), "the text in parentheses is not the legal name %s of record %s",
                 str_vis_dup(a, o->legal_name, legal_n), str_vis_dup(a, o->name, strlen(o->name)));
    }
}

void ev_check_category(struct rule_run *run)
{
    struct level_value v;
    if (!level_judged(run)) {
        return;
    }
    if (!level_value(run, "businessCategory", &v)) {
        absent(run, &v, "business category");
        return;
    }
    const char *close = NULL;
    for (size_t i = 0; ev_business_categories[i]; i++) {
        const char *word = ev_business_categories[i];
        switch (text_compare(rule_arena(run), v.text, v.n, word, strlen(word))) {
        case TEXT_SAME:
            if (strlen(word) == v.n) {
                return;
            }
            close = word;
            break;
        case TEXT_CASE:
            close = word;
            break;
        case TEXT_DIFFERS:
            break;
        }
    }
    if (close) {
        rule_hit(run, level_at(&v), "the business category must be spelled %s", close);
    } else {
        rule_hit(run, level_at(&v),
                 "the business category is none of Private Organization, Government Entity, "
                 "Business Entity and Non-Commercial Entity");
    }
}

/* --- jurisdiction --- */

void ev_check_jurisdiction_country(struct rule_run *run)
{
    struct level_value v;
    if (!level_judged(run)) {
        return;
    }
    if (!level_value(run, "jurisdictionC", &v)) {
        absent(run, &v, "country of the jurisdiction of incorporation");
        return;
    }
    if (!country_is_iso(v.text, v.n)) {
        rule_hit(run, level_at(&v),
                 "the jurisdiction's country is not an ISO 3166-1 code in capital letters%s",
                 country_hint(v.text, v.n));
    } else if (v.attr && v.attr->attr && v.attr->attr->tag != DER_PRINTABLE) {
        rule_hit(run, level_at(&v), "the jurisdiction's country is not a PrintableString");
    }
}

/* A state may be left out where the record of the organization has none: there, nothing between
 * the country and the locality regulates companies. */
void ev_check_jurisdiction_levels(struct rule_run *run)
{
    struct level_value c;
    struct level_value st;
    struct level_value l;
    if (!level_judged(run)) {
        return;
    }
    const struct organization *o =
        rule_facts(run)->s->kind == SUBJECT_CERT_FILE ? NULL : rule_organization(run);
    const bool recorded = o && o->jurisdiction_country;
    const bool has_st = level_own_value(run, "jurisdictionST", &st);
    const bool has_l = level_own_value(run, "jurisdictionL", &l);
    const bool has_c = level_own_value(run, "jurisdictionC", &c);
    if (!has_c && !has_st && !has_l) {
        return; /* the record alone, whose reader asked for a country; or nothing at all */
    }
    const struct level_value *lowest = has_l ? &l : has_st ? &st : &c;
    if (!has_c && !recorded) {
        rule_hit(run, level_at(lowest), "the jurisdiction names a %s but no country",
                 has_l ? "locality" : "state");
    } else if (has_l && !has_st &&
               (!recorded || o->jurisdiction_state || !o->jurisdiction_locality)) {
        rule_hit(run, level_at(&l), "the jurisdiction names a locality but no state");
    } else if (recorded && (has_st != (o->jurisdiction_state != NULL) ||
                            has_l != (o->jurisdiction_locality != NULL))) {
        struct hit hit = level_at(lowest);
        hit.severity = SEV_WARNING;
        rule_hit(run, hit, "the jurisdiction goes down to the %s, that of record %s to the %s",
                 has_l    ? "locality"
                 : has_st ? "state"
                          : "country",
                 str_vis_dup(rule_arena(run), o->name, strlen(o->name)),
                 o->jurisdiction_locality ? "locality"
                 : o->jurisdiction_state  ? "state"
                                          : "country");
    }
}

/* --- address --- */

void ev_check_country(struct rule_run *run)
{
    struct level_value v;
    if (level_judged(run) && !level_organization_by_id(run) && !level_value(run, "C", &v)) {
        absent(run, &v, "country (C)");
    }
}

void ev_check_location(struct rule_run *run)
{
    struct level_value v;
    if (level_judged(run) && !level_organization_by_id(run) && !level_value(run, "ST", &v) &&
        !level_value(run, "L", &v)) {
        absent(run, &v, "state (ST) or locality (L)");
    }
}

void ev_check_ou(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; level_judged(run) && i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (strcmp(a->name, "OU") == 0) {
            rule_hit(run,
                     (struct hit){.attr = a,
                                  .key = "subject.organizational_unit",
                                  .severity = level_severity(a, SEV_DISABLED)},
                     "an EV certificate has no organizational unit");
        }
    }
}

/* --- age of the validation --- */

void ev_check_validation_age(struct rule_run *run)
{
    const struct organization *o = rule_organization(run);
    const bool ev = rule_scope(run) & SCOPE_EV;
    const int64_t validated = !o ? TIME_NONE : ev ? o->validated_ev : o->validated_ov;
    const int64_t at = subject_date(rule_facts(run)->s);
    const int64_t days = rule_int(run, 0);
    char day[TIME_TEXT];
    if (validated == TIME_NONE || at - validated <= days * DAY_SECONDS) {
        return;
    }
    time_format_date(validated, day);
    rule_hit(run, (struct hit){.key = "organization", .value = o->name},
             "the CA validated the organization for %s on %s, %lld days before this order; it "
             "counts for %lld",
             ev ? "EV" : "OV", day, (long long)((at - validated) / DAY_SECONDS), (long long)days);
}
