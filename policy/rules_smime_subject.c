/* SPDX-License-Identifier: Apache-2.0
 *
 * smime.*: subject and alternative names. Only what will be certified is judged: a CSR beside an
 * order whose CA ignores its names may say what it likes.
 */
#include "policy/rules_smime.h"

#include <string.h>

/* --- alternative names --- */

/* A revocation orders no names, and those of an unreadable request are not known. */
static bool names_are_known(const struct facts *f)
{
    return f->s->kind != SUBJECT_REVOCATION && (!f->csr || f->csr->usable);
}

static bool in_san(const struct name_fact *n)
{
    return n->views & VIEW_EFFECTIVE && !n->is_cn;
}

void smime_check_san_required(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        if (in_san(&f->names[i]) && smime_is_mailbox_name(&f->names[i])) {
            return;
        }
    }
    if (names_are_known(f)) {
        rule_hit(run, (struct hit){.key = "san", .view = VIEW_EFFECTIVE},
                 "there is no mailbox among the alternative names");
    }
}

void smime_check_san_type(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct smime m = smime_of(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const bool good = smime_is_mailbox_name(n) || n->type == GN_DIRNAME ||
                          (n->type == GN_OTHER && m.generations != SMIME_STRICT);
        if (in_san(n) && !good && !(m.generations & SMIME_LEGACY)) {
            rule_hit(run, (struct hit){.name = n},
                     "a name of type %s is not one for %s S/MIME certificates",
                     gn_type_names[n->type], smime_generation_name(m.generations));
        }
    }
}

/* --- the table of attributes --- */

/* A missing attribute is missing in the order's subject, if it writes one. */
static const struct hit at_subject = {.key = "subject", .view = VIEW_EFFECTIVE};

/* S shall, M may, x shall not: legacy, multipurpose, strict (SBR 7.1.4.2.3 to 7.1.4.2.6). */
static const struct attr_row {
    const char *name; /* NULL: every other attribute */
    const char *mailbox, *organization, *sponsor, *individual;
} attr_rows[] = {
    {"CN", "MMM", "MMM", "MMM", "MMM"},
    {"O", "xxx", "SSS", "SSS", "Mxx"},
    {"organizationIdentifier", "xxx", "SSS", "SSS", "Mxx"},
    {"OU", "xxx", "MMM", "MMM", "Mxx"},
    {"GN", "xxx", "Mxx", "MMM", "MMM"},
    {"SN", "xxx", "Mxx", "MMM", "MMM"},
    {"pseudonym", "xxx", "Mxx", "MMM", "MMM"},
    {"serialNumber", "MMM", "MMM", "MMM", "MMM"},
    {"emailAddress", "MMM", "MMM", "MMM", "MMM"},
    {"title", "xxx", "Mxx", "MMM", "MMM"},
    {"street", "xxx", "MMx", "MMx", "MMx"},
    {"postalCode", "xxx", "MMx", "MMx", "MMx"},
    {"L", "xxx", "MMM", "MMM", "MMM"},
    {"ST", "xxx", "MMM", "MMM", "MMM"},
    {"C", "xxx", "MMM", "MMM", "MMM"},
    {NULL, "xxx", "Mxx", "Mxx", "Mxx"},
};

/* Every cell that type and generation may mean says `mark`. */
static bool all_cells(const struct attr_row *row, const struct smime *m, char mark)
{
    const char *const cells[] = {row->mailbox, row->organization, row->sponsor, row->individual};
    for (size_t t = 0; t < NITEMS(cells); t++) {
        for (size_t g = 0; g < 3; g++) {
            if (m->types & 1u << t && m->generations & 1u << g && cells[t][g] != mark) {
                return false;
            }
        }
    }
    return true;
}

static const struct attr_row *row_of(const char *name)
{
    const struct attr_row *row = attr_rows;
    while (row->name && !str_eq(row->name, name)) {
        row++;
    }
    return row;
}

/* In the subject, or in the record of the organization from which the CA fills it. */
static bool will_have(const struct rule_run *run, const char *name)
{
    const struct organization *o =
        rule_facts(run)->s->kind == SUBJECT_ORDER ? rule_organization(run) : NULL;
    for (size_t i = 0; o && i < o->nsubject; i++) {
        if (str_eq(o->subject[i].name, name)) {
            return true;
        }
    }
    return smime_attr(run, name) || (o && o->legal_name && str_eq(name, "O"));
}

static bool has_subject(const struct facts *f)
{
    return f->s->kind != SUBJECT_REVOCATION && (!f->csr || f->csr->usable);
}

/* A person is named, by name or pseudonym, except in a legacy certificate. */
static bool lacks_name(const struct rule_run *run, const struct smime *m)
{
    return has_subject(rule_facts(run)) && !(m->types & ~(unsigned)SMIME_PERSON) &&
           !(m->generations & SMIME_LEGACY) && !smime_attr(run, "GN") && !smime_attr(run, "SN") &&
           !smime_attr(run, "pseudonym");
}

void smime_check_table(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct smime m = smime_of(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (a->views & VIEW_EFFECTIVE && all_cells(row_of(a->name), &m, 'x')) {
            rule_hit(run, (struct hit){.attr = a},
                     "%s is not an attribute of %s S/MIME certificates (%s)", a->name,
                     smime_type_name(m.types), smime_generation_name(m.generations));
        }
    }
    for (const struct attr_row *row = attr_rows; row->name && has_subject(f); row++) {
        if (all_cells(row, &m, 'S') && !will_have(run, row->name)) {
            rule_hit(run, at_subject, "the subject lacks %s, which %s certificates have", row->name,
                     smime_type_name(m.types));
        }
    }
    if (lacks_name(run, &m)) {
        rule_hit(run, at_subject,
                 "the subject lacks givenName, surname and pseudonym; %s certificates have one",
                 smime_type_name(m.types));
    }
}

void smime_check_name_required(struct rule_run *run)
{
    const struct smime m = smime_of(run);
    if (lacks_name(run, &m)) {
        rule_hit(run, at_subject,
                 "nothing names the person: no givenName, no surname, no pseudonym");
    }
}

void smime_check_org_id(struct rule_run *run)
{
    static const char *const needed[] = {"O", "organizationIdentifier"};
    const struct smime m = smime_of(run);
    for (size_t i = 0; i < NITEMS(needed); i++) {
        if (has_subject(rule_facts(run)) &&
            !(m.types & ~(unsigned)(SMIME_ORGANIZATION | SMIME_SPONSOR)) &&
            !will_have(run, needed[i])) {
            rule_hit(run, at_subject, "the subject lacks %s", needed[i]);
        }
    }
}

/* --- who the subject is --- */

static bool attr_is(const struct attr_fact *a, const struct attr_fact *b)
{
    return b && a->text_n == b->text_n && memcmp(a->text, b->text, a->text_n) == 0;
}

/* Longer names are none (subject.length), and comparing them would take quadratic time. */
enum { NAME_MAX_OCTETS = 1024 };

/* The words of `part` stand in `whole`, whatever the case of ASCII letters. */
static bool mentions(const struct attr_fact *whole, const struct attr_fact *part)
{
    if (whole->text_n > NAME_MAX_OCTETS) {
        return false;
    }
    for (size_t i = 0; part && i + part->text_n <= whole->text_n; i++) {
        size_t k = 0;
        while (k < part->text_n && ascii_lower(whole->text[i + k]) == ascii_lower(part->text[k])) {
            k++;
        }
        if (k == part->text_n) {
            return true;
        }
    }
    return false;
}

static bool is_address(const struct attr_fact *a)
{
    return memchr(a->text, '@', a->text_n) != NULL;
}

static bool equals_organization(const struct rule_run *run, const struct attr_fact *cn)
{
    const struct attr_fact *o = smime_attr(run, "O");
    return !o || (o->text_n == cn->text_n && mentions(cn, o));
}

/* Why the CN is none of what the type allows; NULL when it is. */
static const char *cn_fault(const struct rule_run *run, const struct attr_fact *cn, unsigned types,
                            const struct strlist *boxes)
{
    const struct attr_fact *gn = smime_attr(run, "GN");
    const struct attr_fact *sn = smime_attr(run, "SN");
    const struct attr_fact *pseudonym = smime_attr(run, "pseudonym");
    if (is_address(cn)) {
        return smime_is_listed(run, boxes, cn->text, cn->text_n)
                   ? NULL
                   : "the common name is an address that is not among the alternative names";
    }
    if (types == SMIME_MAILBOX) {
        return "the common name is not an address of the alternative names";
    }
    if (types == SMIME_ORGANIZATION) {
        return equals_organization(run, cn)
                   ? NULL
                   : "the common name is neither the organization nor an address";
    }
    if (types & ~(unsigned)SMIME_PERSON || attr_is(cn, pseudonym) || !(gn || sn || pseudonym)) {
        return NULL; /* without a name or pseudonym there is nothing to compare with */
    }
    return mentions(cn, gn) || mentions(cn, sn)
               ? NULL
               : "the common name is neither the person's name or pseudonym nor an address";
}

static bool will_be_certified(const struct attr_fact *a, const char *name)
{
    return a->views & VIEW_EFFECTIVE && a->text_n && str_eq(a->name, name);
}

void smime_check_cn(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct smime m = smime_of(run);
    const struct strlist boxes = smime_mailboxes(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        const char *fault = will_be_certified(a, "CN") ? cn_fault(run, a, m.types, &boxes) : NULL;
        if (fault) {
            rule_hit(run, (struct hit){.attr = a}, "%s", fault);
        }
    }
}

void smime_check_pseudonym(struct rule_run *run)
{
    const struct attr_fact *pseudonym = smime_attr(run, "pseudonym");
    const struct attr_fact *cn = smime_attr(run, "CN");
    if (!pseudonym) {
        return;
    }
    if (smime_attr(run, "GN") || smime_attr(run, "SN")) {
        rule_hit(run, (struct hit){.attr = pseudonym},
                 "the pseudonym stands beside the name it is meant to hide");
    } else if (cn && !is_address(cn) && !attr_is(cn, pseudonym)) {
        rule_hit(run, (struct hit){.attr = cn},
                 "the common name is a name beside a pseudonym, and not the pseudonym");
    }
}

/* One mailbox: no list, no display name, no blank (quoted local parts are not sold anywhere). */
static bool is_single_address(const struct attr_fact *a)
{
    size_t ats = 0;
    for (size_t i = 0; i < a->text_n; i++) {
        const unsigned char c = (unsigned char)a->text[i];
        if (c <= ' ' || c == 0x7F || strchr(",;<>()[]\"", c)) {
            return false;
        }
        ats += c == '@';
    }
    return ats == 1 && a->text[0] != '@' && a->text[a->text_n - 1] != '@';
}

void smime_check_email_single(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    size_t count = 0;
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (!will_be_certified(a, "emailAddress")) {
            continue;
        }
        if (++count == 2) {
            rule_hit(run, (struct hit){.attr = a}, "the subject has more than one emailAddress");
        }
        if (!is_single_address(a)) {
            rule_hit(run, (struct hit){.attr = a}, "emailAddress is not one address");
        }
    }
}

/* --- mailboxes anywhere in the names --- */

static void judge_repeated(struct rule_run *run, const struct strlist *boxes, const char *text,
                           size_t n, const struct hit *hit)
{
    if (memchr(text, '@', n) && !smime_is_listed(run, boxes, text, n)) {
        rule_hit(run, *hit, "the address %s is not repeated among the alternative names",
                 str_vis_dup(rule_arena(run), text, n));
    }
}

/* The attributes of a directoryName, which its general name keeps as octets. */
static void judge_dirname(struct rule_run *run, const struct strlist *boxes,
                          const struct name_fact *n)
{
    struct der d = der_over(n->gn->raw);
    struct der_tlv seq;
    struct dn dn;
    const struct hit hit = {.name = n};
    if (!der_take(&d, DER_SEQUENCE, &seq) || !x509_parse_dn(rule_arena(run), &d, &seq, &dn)) {
        return;
    }
    for (size_t i = 0; i < dn.n; i++) {
        judge_repeated(run, boxes, dn.v[i].text, dn.v[i].text_n, &hit);
    }
}

void smime_check_email_repeated(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct strlist boxes = smime_mailboxes(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        const struct hit hit = {.attr = a};
        if (a->views & VIEW_EFFECTIVE) {
            judge_repeated(run, &boxes, a->text, a->text_n, &hit);
        }
    }
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (in_san(n) && n->type == GN_DIRNAME && n->gn) {
            judge_dirname(run, &boxes, n);
        }
    }
}

/* --- places and numbers --- */

void smime_check_country(struct rule_run *run)
{
    static const char *const placed[] = {"L", "ST", "postalCode"};
    const struct attr_fact *street = smime_attr(run, "street");
    for (size_t i = 0; i < NITEMS(placed) && !will_have(run, "C"); i++) {
        const struct attr_fact *a = smime_attr(run, placed[i]);
        if (a) {
            rule_hit(run, (struct hit){.attr = a}, "%s stands without a country", placed[i]);
        }
    }
    if (street && !will_have(run, "L") && !will_have(run, "ST")) {
        rule_hit(run, (struct hit){.attr = street}, "street stands without locality or state");
    }
}

/* ETSI EN 319 412-1 5.1.3: three letters, country, hyphen, number. */
static bool is_natural_person(const struct attr_fact *a)
{
    static const char *const kinds[] = {"PAS", "IDC", "PNO", "TAX", "TIN", "EID"};
    for (size_t i = 0; i < NITEMS(kinds); i++) {
        const char *t = a->text;
        if (a->text_n > 6 && memcmp(t, kinds[i], 3) == 0 && t[3] >= 'A' && t[3] <= 'Z' &&
            t[4] >= 'A' && t[4] <= 'Z' && t[5] == '-') {
            return true;
        }
    }
    return false;
}

void smime_check_serial(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct smime m = smime_of(run);
    for (size_t i = 0; i < f->nattrs && !(m.types & SMIME_PERSON); i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (will_be_certified(a, "serialNumber") && is_natural_person(a)) {
            rule_hit(run, (struct hit){.attr = a},
                     "serialNumber is the number of a person, but the certificate names none");
        }
    }
}
