/* SPDX-License-Identifier: Apache-2.0
 *
 * ev.contact.*: the people EV asks for (EVG 1.3, 4.1.2). A person written in the order replaces
 * the one of the defaults as a whole, so a person is always read from one place.
 */
#include "policy/rules_ev.h"

#include "formats/base/str.h"
#include "policy/names.h"

#include <string.h>

static const struct {
    const char *key, *title;
} roles[EV_ROLE__MAX] = {
    [EV_APPROVER] = {"ev.certificate_approver", "certificate approver"},
    [EV_SIGNER] = {"ev.contract_signer", "contract signer"},
    [EV_REQUESTER] = {"ev.certificate_requester", "certificate requester"},
};

static const char *part(const struct ynode *person, const char *key)
{
    const struct ynode *n = yaml_get(person, key);
    return n && n->kind == YAML_SCALAR && n->text[0] ? n->text : NULL;
}

void ev_check_contact_complete(struct rule_run *run)
{
    static const struct {
        const char *key, * or, *title, *ca;
    } parts[] = {{"name", NULL, "name", NULL},
                 {"email", NULL, "email", NULL},
                 {"phone", "mobile_number", "phone or mobile_number", NULL},
                 {"designation", NULL, "designation", NULL},
                 {"employee_id", NULL, "employee_id", "certinext"}};
    const int role = rule_row(run)->arg;
    const struct ynode *person = rule_field(run, roles[role].key);
    const char *ca_type = rule_facts(run)->s->ca_type;
    const char *missing = "";
    if (!person) {
        rule_hit(run, (struct hit){.key = "ev"}, "the order names no %s", roles[role].title);
        return;
    }
    for (size_t i = 0; i < NITEMS(parts); i++) {
        if (!part(person, parts[i].key) && !(parts[i].or &&part(person, parts[i].or)) &&
            (!parts[i].ca || str_eq(parts[i].ca, ca_type))) {
            missing = arena_printf(rule_arena(run), "%s%s%s", missing, *missing ? ", " : "",
                                   parts[i].title);
        }
    }
    if (*missing) {
        rule_hit(run, (struct hit){.key = roles[role].key}, "the %s has no %s", roles[role].title,
                 missing);
    }
}

/* --- one person in all roles --- */

struct person {
    const char *email, *name;
};

static struct person person_of(const struct ynode *n)
{
    return (struct person){part(n, "email"), part(n, "name")};
}

static bool same_person(struct person a, struct person b)
{
    return a.email && b.email ? str_ieq(a.email, b.email)
                              : a.name && b.name && str_ieq(a.name, b.name);
}

/* Who requests is often not written with the order: then it is the requestor of the CA's
 * configuration, or whoever asked for the change. */
static struct person requester(const struct rule_run *run)
{
    struct person p = person_of(rule_field(run, roles[EV_REQUESTER].key));
    const struct ynode *by = rule_change_field(run, "requested_by");
    if (!p.email && !p.name) {
        p = person_of(rule_ca_field(run, "requestor"));
    }
    if (!p.email && !p.name && by && by->kind == YAML_SCALAR) {
        *(strchr(by->text, '@') ? &p.email : &p.name) = by->text;
    }
    return p;
}

void ev_check_contact_roles(struct rule_run *run)
{
    const struct person approver = person_of(rule_field(run, roles[EV_APPROVER].key));
    const struct person signer = person_of(rule_field(run, roles[EV_SIGNER].key));
    const struct person asks = requester(run);
    const bool known = asks.email || asks.name;
    if (!same_person(approver, signer) || (known && !same_person(approver, asks))) {
        return;
    }
    rule_hit(run,
             (struct hit){.key = roles[EV_APPROVER].key,
                          .value = approver.email ? approver.email : approver.name,
                          .severity = rule_bool(run, 0) ? SEV_ERROR : SEV_DISABLED},
             known ? "one person requests and approves the certificate and signs the contract"
                   : "one person approves the certificate and signs the contract");
}

/* --- reachable within the organization --- */

static bool in_domains(const struct strlist *domains, const char *host)
{
    for (size_t i = 0; i < domains->n; i++) {
        if (name_under(host, domains->v[i])) {
            return true;
        }
    }
    return false;
}

static void check_email(struct rule_run *run, int role, const char *email)
{
    const struct organization *o = rule_organization(run);
    const char *at = strrchr(email, '@');
    struct hit hit = {.key = arena_printf(rule_arena(run), "%s.email", roles[role].key),
                      .value = email};
    if (!at || at == email || !at[1]) {
        rule_hit(run, hit, "the %s has no mailbox: this is not an e-mail address",
                 roles[role].title);
        return;
    }
    const char *host = name_norm(rule_arena(run), GN_DNS, at + 1, strlen(at + 1));
    if (in_domains(rule_strings(run, 0), host)) {
        rule_hit(run, hit, "the mailbox of the %s is at a free-mail provider", roles[role].title);
    } else if (o && o->domains.n && !in_domains(&o->domains, host)) {
        rule_hit(run, hit, "the mailbox of the %s is in none of the domains of record %s",
                 roles[role].title, str_vis_dup(rule_arena(run), o->name, strlen(o->name)));
    }
}

void ev_check_contact_email(struct rule_run *run)
{
    for (int role = 0; role < EV_ROLE__MAX; role++) {
        const char *email = part(rule_field(run, roles[role].key), "email");
        if (email) {
            check_email(run, role, email);
        }
    }
}

/* --- telephone numbers: E.164 --- */

static bool all_digits(const char *s, size_t least, size_t most)
{
    const size_t n = strlen(s);
    return n >= least && n <= most && strspn(s, "0123456789") == n;
}

/* As people write it: "+1 512 555-0100". With + the country code counts too. */
static bool phone_ok(const char *s)
{
    size_t digits = 0;
    const bool international = *s == '+';
    for (const char *p = s + international; *p; p++) {
        const bool digit = *p >= '0' && *p <= '9';
        if (!digit && !strchr(" -.()/", *p)) {
            return false;
        }
        digits += digit;
    }
    return digits >= 4 && digits <= (international ? 15u : 14u);
}

void ev_check_contact_phone(struct rule_run *run)
{
    static const char isd[] = "isd_code";
    static const char mobile[] = "mobile_number";
    static const char phone[] = "phone";
    for (int role = 0; role < EV_ROLE__MAX; role++) {
        const struct ynode *person = rule_field(run, roles[role].key);
        const char *text[] = {part(person, isd), part(person, mobile), part(person, phone)};
        const struct {
            const char *key, *why;
            bool bad;
        } rows[] = {{isd, "the country calling code is not one to three digits",
                     text[0] && !all_digits(text[0], 1, 3)},
                    {mobile, "the mobile number is not 4 to 14 digits",
                     text[1] && !all_digits(text[1], 4, 14)},
                    {phone, "the telephone number has no 4 to 14 digits, or other characters",
                     text[2] && !phone_ok(text[2])}};
        for (size_t i = 0; i < NITEMS(rows); i++) {
            if (rows[i].bad) {
                rule_hit(run,
                         (struct hit){.key = arena_printf(rule_arena(run), "%s.%s", roles[role].key,
                                                          rows[i].key),
                                      .value = text[i]},
                         "%s (%s)", rows[i].why, roles[role].title);
            }
        }
    }
}
