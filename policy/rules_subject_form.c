/* SPDX-License-Identifier: Apache-2.0
 *
 * subject.*: which attributes a subject has, how often, in which order and string type.
 */
#include "policy/rules_subject.h"

#include "formats/base/time.h"
#include "policy/names.h"

#include <string.h>

const struct dn *subject_dn(const struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    return f->csr && f->csr->usable ? &f->csr->subject : f->cert ? &f->cert->subject : NULL;
}

bool subject_is(const struct attr_fact *attr, const char *name)
{
    return strcmp(attr->name, name) == 0;
}

enum severity subject_severity(const struct attr_fact *attr)
{
    return attr->views & VIEW_EFFECTIVE ? SEV_DISABLED : SEV_WARNING;
}

/* --- allowed and required attributes by validation level: BR 7.1.2.7.2-.4, EVG 7.1.4.2 --- */

struct level_attr {
    const char *name;
    unsigned allowed;     /* SCOPE_ bits */
    unsigned discouraged; /* allowed but NOT RECOMMENDED */
    unsigned required;
};
static const struct level_attr level_attrs[] = {
    {"C", SCOPE_TLS, 0, SCOPE_OV | SCOPE_IV | SCOPE_EV},
    {"CN", SCOPE_TLS, 0, 0}, /* subject.cn.discouraged speaks about it */
    {"ST", SCOPE_OV | SCOPE_IV | SCOPE_EV, 0, 0},
    {"L", SCOPE_OV | SCOPE_IV | SCOPE_EV, 0, 0},
    {"postalCode", SCOPE_OV | SCOPE_IV | SCOPE_EV, 0, 0}, /* ov.street-postal speaks about it */
    {"street", SCOPE_OV | SCOPE_IV | SCOPE_EV, 0, 0},
    {"O", SCOPE_OV | SCOPE_IV | SCOPE_EV, SCOPE_IV, SCOPE_OV | SCOPE_EV},
    {"SN", SCOPE_IV, 0, SCOPE_IV},
    {"GN", SCOPE_IV, 0, SCOPE_IV},
    {"DC", SCOPE_OV | SCOPE_IV, SCOPE_IV, 0},
    {"businessCategory", SCOPE_EV | SCOPE_OV | SCOPE_IV, SCOPE_OV | SCOPE_IV, SCOPE_EV},
    {"serialNumber", SCOPE_EV | SCOPE_OV | SCOPE_IV, SCOPE_OV | SCOPE_IV, SCOPE_EV},
    {"jurisdictionC", SCOPE_EV | SCOPE_OV | SCOPE_IV, SCOPE_OV | SCOPE_IV, SCOPE_EV},
    {"jurisdictionST", SCOPE_EV | SCOPE_OV | SCOPE_IV, SCOPE_OV | SCOPE_IV, 0},
    {"jurisdictionL", SCOPE_EV | SCOPE_OV | SCOPE_IV, SCOPE_OV | SCOPE_IV, 0},
    {"organizationIdentifier", SCOPE_EV | SCOPE_OV | SCOPE_IV, SCOPE_OV | SCOPE_IV, 0},
};
/* Any other type: forbidden in DV and EV, not recommended in OV and IV. */
static const struct level_attr other_attr = {NULL, SCOPE_OV | SCOPE_IV, SCOPE_OV | SCOPE_IV, 0};

static const struct level_attr *level_attr(const char *name)
{
    for (size_t i = 0; i < NITEMS(level_attrs); i++) {
        if (strcmp(level_attrs[i].name, name) == 0) {
            return &level_attrs[i];
        }
    }
    return &other_attr;
}

static bool known_attr(const char *name)
{
    for (size_t i = 0; i < dn_names_count; i++) {
        if (strcmp(dn_names[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void forbid(struct rule_run *run, const struct attr_fact *a, const char *by)
{
    rule_hit(run, (struct hit){.attr = a, .severity = subject_severity(a)},
             "the subject attribute %s is not allowed %s", a->name, by);
}

/* OU and emailAddress have rules of their own, which say why. */
static void judge_by_level(struct rule_run *run, const struct attr_fact *a, unsigned tls)
{
    const struct level_attr *row = level_attr(a->name);
    if (subject_is(a, "OU") || subject_is(a, "emailAddress")) {
        return;
    }
    if (!(row->allowed & tls)) {
        forbid(run, a, "at this validation level");
    } else if (!(row->allowed & tls & ~row->discouraged)) {
        rule_hit(run, (struct hit){.attr = a, .severity = SEV_WARNING},
                 "the subject attribute %s is not recommended at this validation level", a->name);
    }
}

void subject_check_allowed(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct strlist *allowed = rule_strings(run, 0);
    const int64_t sc062 = time_days(2023, 9, 15) * DAY_SECONDS;
    unsigned tls = rule_scope(run) & SCOPE_TLS;
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (allowed->n) {
            if (!strlist_has(allowed, a->name)) {
                forbid(run, a, "by the policy");
            }
        } else if (!tls && !known_attr(a->name)) {
            forbid(run, a, "because its type is unknown");
        } else if (tls && f->s->order_date >= sc062) {
            judge_by_level(run, a, tls);
        }
    }
}

static bool has_attr(const struct facts *f, const char *name)
{
    for (size_t i = 0; i < f->nattrs; i++) {
        if (subject_is(&f->attrs[i], name) && f->attrs[i].views & VIEW_EFFECTIVE) {
            return true;
        }
    }
    return false;
}

static void require(struct rule_run *run, const char *name, const char *by)
{
    if (!has_attr(rule_facts(run), name)) {
        rule_hit(run, (struct hit){.key = "subject"},
                 "the subject attribute %s is missing; it is required %s", name, by);
    }
}

/* The level's own list is asked of certificates, and of requests whose subject the CA takes as it
 * is: other CAs put their validated record of the organisation in. */
void subject_check_required(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct strlist *required = rule_strings(run, 0);
    size_t n;
    const struct subject_policy *subject = rule_subject_policy(run, &n);
    if (f->s->kind == SUBJECT_REVOCATION || (f->csr && !f->csr->usable)) {
        return;
    }
    for (size_t i = 0; i < required->n; i++) {
        require(run, required->v[i], "by the policy");
    }
    for (size_t i = 0; i < n; i++) {
        if (subject[i].required && !strlist_has(required, subject[i].attr)) {
            require(run, subject[i].attr, "by the profile");
        }
    }
    bool taken = f->s->kind == SUBJECT_CERT_FILE ||
                 (f->s->kind == SUBJECT_ORDER && f->s->ca_public && f->s->ca_reads_csr_names);
    unsigned scope = rule_scope(run);
    for (size_t i = 0; taken && required->n == 0 && i < NITEMS(level_attrs); i++) {
        if ((scope & ~level_attrs[i].required) == 0) {
            require(run, level_attrs[i].name, "at this validation level");
        }
    }
}

/* --- repetition, order --- */

void subject_check_duplicate(struct rule_run *run)
{
    const struct dn *dn = subject_dn(run);
    const struct strlist *repeatable = rule_strings(run, 0);
    bool tls = rule_scope(run) & SCOPE_TLS;
    for (size_t i = 0; dn && i < dn->n; i++) {
        const struct dn_attr *a = &dn->v[i];
        size_t before = 0;
        for (size_t k = 0; k < i; k++) {
            before += strcmp(dn->v[k].oid, a->oid) == 0;
        }
        bool may = strlist_has(repeatable, a->name) || (!tls && strcmp(a->name, "OU") == 0);
        if (before == 1 && !may) {
            rule_hit(run,
                     (struct hit){.offset = (int64_t)a->offset,
                                  .view = VIEW_CSR,
                                  .value = a->text,
                                  .value_n = a->text_n},
                     "the subject attribute %s occurs more than once", a->name);
        }
    }
}

void subject_check_multi_value(struct rule_run *run)
{
    const struct dn *dn = subject_dn(run);
    bool tls = rule_scope(run) & SCOPE_TLS;
    for (size_t i = 1; dn && i < dn->n; i++) {
        bool first = i < 2 || dn->v[i - 2].rdn != dn->v[i].rdn;
        if (dn->v[i].rdn == dn->v[i - 1].rdn && first) {
            rule_hit(run,
                     (struct hit){.offset = (int64_t)dn->v[i].offset,
                                  .view = VIEW_CSR,
                                  .severity = tls ? SEV_DISABLED : SEV_WARNING},
                     "one relative distinguished name holds %s and %s", dn->v[i - 1].name,
                     dn->v[i].name);
        }
    }
}

/* Position in the order of BR 7.1.4.2; -1 = no rule about it. */
static int order_rank(const char *name)
{
    static const char *const order[] = {"DC", "C",  "ST", "L",  "postalCode", "street",
                                        "O",  "SN", "GN", "OU", "CN"};
    for (size_t i = 0; i < NITEMS(order); i++) {
        if (strcmp(order[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

void subject_check_order(struct rule_run *run)
{
    const struct dn *dn = subject_dn(run);
    bool issued = rule_facts(run)->s->kind == SUBJECT_CERT_FILE;
    int highest = -1;
    const char *last = "";
    for (size_t i = 0; dn && i < dn->n; i++) {
        int rank = order_rank(dn->v[i].name);
        if (rank >= 0 && rank < highest) {
            rule_hit(run,
                     (struct hit){.offset = (int64_t)dn->v[i].offset,
                                  .view = VIEW_CSR,
                                  .severity = issued ? SEV_ERROR : SEV_DISABLED},
                     "%s stands behind %s; the Baseline Requirements fix the order", dn->v[i].name,
                     last);
            return;
        }
        if (rank > highest) {
            highest = rank;
            last = dn->v[i].name;
        }
    }
}

/* --- string types --- */

static const char *tag_name(unsigned tag)
{
    switch (tag) {
    case DER_UTF8:
        return "UTF8String";
    case DER_PRINTABLE:
        return "PrintableString";
    case DER_IA5:
        return "IA5String";
    case DER_T61:
        return "TeletexString";
    case DER_BMP:
        return "BMPString";
    case DER_UNIVERSAL:
        return "UniversalString";
    case DER_GENERAL:
        return "GeneralString";
    case DER_NUMERIC:
        return "NumericString";
    default:
        return "another type";
    }
}

/* What a public certificate must use (BR 7.1.4.2): the table's own type, or either of UTF8String
 * and PrintableString where that is UTF8String. */
static bool public_type_ok(const struct dn_attr *a)
{
    const struct dn_name *row = dn_name_by_oid(a->oid);
    if (!row) {
        return true;
    }
    return a->tag == row->tag || (row->tag == DER_UTF8 && a->tag == DER_PRINTABLE);
}

void subject_check_string_type(struct rule_run *run)
{
    const struct dn *dn = subject_dn(run);
    bool issued = rule_facts(run)->s->kind == SUBJECT_CERT_FILE && (rule_scope(run) & SCOPE_TLS);
    for (size_t i = 0; dn && i < dn->n; i++) {
        const struct dn_attr *a = &dn->v[i];
        bool old = a->tag == DER_T61 || a->tag == DER_BMP || a->tag == DER_UNIVERSAL ||
                   a->tag == DER_GENERAL;
        bool wrong = issued && !public_type_ok(a);
        if (old || wrong) {
            rule_hit(run,
                     (struct hit){.offset = (int64_t)a->offset,
                                  .view = VIEW_CSR,
                                  .value = a->text,
                                  .value_n = a->text_n,
                                  .severity = wrong ? SEV_ERROR : SEV_DISABLED},
                     "%s is encoded as %s", a->name, tag_name(a->tag));
        }
    }
}

void subject_check_string_invalid(struct rule_run *run)
{
    const struct dn *dn = subject_dn(run);
    for (size_t i = 0; dn && i < dn->n; i++) {
        const struct dn_attr *a = &dn->v[i];
        if (a->malformed) {
            rule_hit(run,
                     (struct hit){.offset = (int64_t)a->offset,
                                  .view = VIEW_CSR,
                                  .value = a->text,
                                  .value_n = a->text_n},
                     "the bytes of %s are not legal in a %s", a->name, tag_name(a->tag));
        }
    }
}

/* --- single attributes --- */

void subject_check_ou(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        if (subject_is(&f->attrs[i], "OU")) {
            rule_hit(run,
                     (struct hit){.attr = &f->attrs[i], .severity = subject_severity(&f->attrs[i])},
                     "the subject has an organizational unit");
        }
    }
}

void subject_check_email_tls(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    bool refused = !(rule_scope(run) & (SCOPE_OV | SCOPE_IV));
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (subject_is(a, "emailAddress")) {
            rule_hit(
                run,
                (struct hit){.attr = a, .severity = refused ? subject_severity(a) : SEV_WARNING},
                "the subject has an e-mail address");
        }
    }
}

void subject_check_email_in_san(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        bool found = !subject_is(a, "emailAddress");
        for (size_t k = 0; k < f->nnames && !found; k++) {
            const struct name_fact *n = &f->names[k];
            found = n->type == GN_EMAIL && !n->is_cn && n->text_n == a->text_n &&
                    memcmp(n->text, a->text, a->text_n) == 0;
        }
        if (!found) {
            rule_hit(run, (struct hit){.attr = a},
                     "the e-mail address of the subject is not among the alternative names");
        }
    }
}

static bool ldh_label(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = ascii_lower(s[i]);
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!word && !(c == '-' && i > 0 && i + 1 < n)) {
            return false;
        }
    }
    return n > 0 && n <= 63;
}

/* The most significant label comes first: DC=com, DC=example (RFC 4519 section 2.4). */
void subject_check_dc_sequence(struct rule_run *run)
{
    const struct dn *dn = subject_dn(run);
    const char *problem = NULL;
    const char *name = "";
    size_t last = 0, count = 0;
    for (size_t i = 0; dn && i < dn->n && !problem; i++) {
        const struct dn_attr *a = &dn->v[i];
        if (strcmp(a->name, "DC") != 0) {
            continue;
        }
        if (count > 0 && last + 1 != i) {
            problem = "the domainComponent values are not next to each other";
        } else if (!ldh_label(a->text, a->text_n)) {
            problem = "a domainComponent is not one label of a domain name";
        }
        name = count ? arena_printf(rule_arena(run), "%s.%s", a->text, name) : a->text;
        last = i;
        count++;
    }
    if (!problem && count == 1) {
        problem = "a single domainComponent does not spell a domain name";
    } else if (!problem && count && (rule_scope(run) & SCOPE_OV) &&
               !name_registrable(str_lower(rule_arena(run), name))) {
        problem = "the domainComponents do not spell a domain name, most significant label first";
    }
    if (problem) {
        rule_hit(
            run,
            (struct hit){.offset = (int64_t)dn->v[last].offset, .view = VIEW_CSR, .value = name},
            "%s", problem);
    }
}

void subject_check_empty_without_san(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        if (f->attrs[i].views & VIEW_EFFECTIVE) {
            return;
        }
    }
    for (size_t i = 0; i < f->nnames; i++) {
        if (f->names[i].views & VIEW_EFFECTIVE) {
            return;
        }
    }
    rule_hit(run, (struct hit){0}, "the subject is empty and there is no alternative name");
}
