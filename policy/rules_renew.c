/* SPDX-License-Identifier: Apache-2.0
 *
 * renew.*: the new order against the certificate it replaces. What other batches ordered or a CRL
 * lists is not known here; the names, key, subject and dates of the old certificate are.
 */
#include "policy/engine.h"

#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

enum { SHORT_LIVED_DAYS = 100 };

static const struct subject *subject_of(const struct rule_run *run)
{
    return rule_facts(run)->s;
}

static bool renews(const struct subject *s)
{
    return str_eq(s->action, "renew");
}

static bool replaces(const struct subject *s)
{
    return renews(s) || str_eq(s->action, "reissue");
}

static struct hit at_old(const struct rule_run *run, char day[TIME_TEXT])
{
    time_format_date(subject_of(run)->prior->not_after, day);
    return (struct hit){.key = "replaces", .value = day};
}

static void check_present(struct rule_run *run)
{
    const struct subject *s = subject_of(run);
    if (replaces(s) && !s->prior && !rule_field(run, "replaces")) {
        rule_hit(run, (struct hit){.key = "action", .value = s->action},
                 "the item does not say which certificate it replaces");
    }
}

/* --- dates --- */

/* Seconds before the end in which a renewal is due. */
static int64_t window_of(const struct rule_run *run, const struct cert *old)
{
    const int64_t lifetime = old->not_after - old->not_before;
    const int64_t share = rule_int(run, 2);
    if (share) {
        return lifetime / 100 * share + lifetime % 100 * share / 100;
    }
    return rule_int(run, lifetime <= SHORT_LIVED_DAYS * (int64_t)DAY_SECONDS) * DAY_SECONDS;
}

/* Only what is still a renewal: outside the window of its CA a renewal becomes a reissue. */
static void check_early(struct rule_run *run)
{
    const struct subject *s = subject_of(run);
    const int64_t left = s->prior->not_after - subject_date(s);
    const int64_t window = window_of(run, s->prior);
    char day[TIME_TEXT];
    if (renews(s) && left > window) {
        rule_hit(run, at_old(run, day),
                 "the old certificate is valid until %s, %lld days more; "
                 "renewals are due in the last %lld",
                 day, (long long)(left / DAY_SECONDS), (long long)(window / DAY_SECONDS));
    }
}

static void check_late(struct rule_run *run)
{
    const struct subject *s = subject_of(run);
    const int64_t left = s->prior->not_after - subject_date(s);
    char day[TIME_TEXT];
    if (replaces(s) && left >= 0 && left <= rule_int(run, 0) * DAY_SECONDS) {
        rule_hit(run, at_old(run, day), "the old certificate expires on %s, in %lld days", day,
                 (long long)(left / DAY_SECONDS));
    }
}

static void check_expired(struct rule_run *run)
{
    const struct subject *s = subject_of(run);
    char day[TIME_TEXT];
    if (replaces(s) && s->prior->not_after < subject_date(s)) {
        struct hit here = at_old(run, day);
        here.severity = rule_bool(run, 0) ? SEV_ERROR : SEV_DISABLED;
        rule_hit(run, here, "the old certificate expired on %s", day);
    }
}

/* --- key --- */

static void check_key_reuse(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const bool same =
        f->key && memcmp(f->key->sha256, f->s->prior->key.sha256, sizeof f->key->sha256) == 0;
    const bool asked = !f->key && str_eq(rule_text(run, "reuse_key"), "true");
    if (same || asked) {
        const struct hit here = {.key = f->csr ? "csr" : "reuse_key",
                                 .value = f->s->prior->key.token,
                                 .severity = rule_bool(run, 0) ? SEV_WARNING : SEV_DISABLED};
        rule_hit(run, here, "the order is for the key of the certificate it replaces");
    }
}

/* --- names --- */

struct name_list {
    const char **v; /* "dns:www.example.com", sorted */
    size_t n;
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(struct name_list *l)
{
    if (l->n) {
        qsort(l->v, l->n, sizeof *l->v, compare);
    }
}

static bool has(const struct name_list *l, const char *name)
{
    return l->n && bsearch(&name, l->v, l->n, sizeof *l->v, compare);
}

static const char *typed(struct arena *a, enum gn_type type, const char *norm)
{
    return arena_printf(a, "%s:%s", gn_type_names[type], norm);
}

static struct name_list effective_names(struct arena *a, const struct facts *f)
{
    struct name_list l = {arena_array(a, f->nnames + 1, sizeof *l.v), 0};
    for (size_t i = 0; i < f->nnames; i++) {
        if (f->names[i].views & VIEW_EFFECTIVE) {
            l.v[l.n++] = typed(a, f->names[i].type, f->names[i].norm);
        }
    }
    sort(&l);
    return l;
}

static struct name_list dropped_names(const struct rule_run *run)
{
    struct arena *a = rule_arena(run);
    const struct ynode *drop = rule_field(run, "drop");
    struct name_list l = {arena_array(a, drop ? drop->count + 1 : 1, sizeof *l.v), 0};
    for (const struct ynode *d = drop ? drop->first : NULL; d; d = d->next) {
        struct san_value v;
        if (d->kind == YAML_SCALAR) {
            san_value_parse(d->text, &v);
            l.v[l.n++] = typed(a, v.type, name_norm(a, v.type, v.text, strlen(v.text)));
        }
    }
    sort(&l);
    return l;
}

/* As a name of the list, or under a wildcard of it: then the host keeps working. */
static bool still_there(struct arena *a, const struct name_list *l, const struct name_fact *n)
{
    const char *dot = n->type == GN_DNS ? strchr(n->norm, '.') : NULL;
    return has(l, typed(a, n->type, n->norm)) || (dot && has(l, arena_printf(a, "dns:*%s", dot)));
}

static void check_names_removed(struct rule_run *run)
{
    struct arena *a = rule_arena(run);
    const struct facts *f = rule_facts(run);
    struct facts old;
    cert_facts(a, f->s->prior, &old);
    const struct name_list now = effective_names(a, f);
    const struct name_list drop = dropped_names(run);
    for (size_t i = 0; i < old.nnames && now.n; i++) {
        const struct name_fact *n = &old.names[i];
        if (still_there(a, &now, n)) {
            continue;
        }
        const bool meant = has(&drop, typed(a, n->type, n->norm));
        rule_hit(run,
                 (struct hit){.key = meant ? "drop" : "replaces",
                              .value = n->text,
                              .value_n = n->text_n,
                              .severity = meant ? SEV_DISABLED : SEV_ERROR},
                 meant ? "a name of the old certificate is left out, as `drop` says"
                       : "a name of the old certificate is missing in the new one");
    }
}

static void check_names_added(struct rule_run *run)
{
    struct arena *a = rule_arena(run);
    const struct facts *f = rule_facts(run);
    struct facts old;
    cert_facts(a, f->s->prior, &old);
    const struct name_list before = effective_names(a, &old);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->views & VIEW_EFFECTIVE && !has(&before, typed(a, n->type, n->norm))) {
            rule_hit(run, (struct hit){.name = n}, "the old certificate does not have the name");
        }
    }
}

/* --- subject --- */

static const struct attr_fact *effective_attr(const struct facts *f, const char *name)
{
    for (size_t i = 0; i < f->nattrs; i++) {
        if (f->attrs[i].views & VIEW_EFFECTIVE && str_eq(f->attrs[i].name, name)) {
            return &f->attrs[i];
        }
    }
    return NULL;
}

/* As RFC 5280 7.1 compares: case and runs of blanks do not count. */
static const char *folded(struct arena *a, const char *text, size_t n)
{
    char *out = arena_alloc(a, n + 1);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != ' ' || (used && out[used - 1] != ' ')) {
            out[used++] = ascii_lower(text[i]);
        }
    }
    used -= used && out[used - 1] == ' ';
    out[used] = '\0';
    return out;
}

/* What was validated once and is asked for again. Without any of it in the order the CA takes it
 * from its records: nothing can be said. */
static void check_subject(struct rule_run *run)
{
    static const char *const attrs[] = {"O", "C", "ST", "L", "serialNumber"};
    struct arena *a = rule_arena(run);
    const struct facts *f = rule_facts(run);
    bool said = false;
    for (size_t i = 0; i < NITEMS(attrs); i++) {
        said |= effective_attr(f, attrs[i]) != NULL;
    }
    for (size_t i = 0; i < NITEMS(attrs) && said; i++) {
        const struct attr_fact *now = effective_attr(f, attrs[i]);
        const struct dn_attr *old = dn_find(&f->s->prior->subject, attrs[i]);
        if (now && old && memchr(now->text, 0, now->text_n) == NULL &&
            str_eq(folded(a, now->text, now->text_n), folded(a, old->text, old->text_n))) {
            continue;
        }
        if (now && old) {
            rule_hit(run, (struct hit){.attr = now}, "%s was '%s' in the old certificate", attrs[i],
                     str_vis_dup(a, old->text, old->text_n));
        } else if (now) {
            rule_hit(run, (struct hit){.attr = now}, "the old certificate has no %s", attrs[i]);
        } else if (old) {
            rule_hit(run,
                     (struct hit){.key = "subject", .value = old->text, .value_n = old->text_n},
                     "%s of the old certificate is missing in the new one", attrs[i]);
        }
    }
}

/* --- level and issuer --- */

/* BR 7.1.6.1, EVG 9.3, SBR 7.1.6.1: policy identifiers that say how the subject was validated. */
static const struct {
    const char *oid;
    bool below; /* any identifier below it */
    const char *level;
} reserved_policies[] = {{"2.23.140.1.1", false, "ev"},
                         {"2.23.140.1.2.1", false, "dv"},
                         {"2.23.140.1.2.2", false, "ov"},
                         {"2.23.140.1.2.3", false, "iv"},
                         {"2.23.140.1.5.", true, "smime"}};

static const char *level_of_policy(struct span oid)
{
    char text[64];
    for (size_t i = 0; der_oid_text(oid, text) && i < NITEMS(reserved_policies); i++) {
        const char *known = reserved_policies[i].oid;
        if (reserved_policies[i].below ? str_starts(text, known) : str_eq(text, known)) {
            return reserved_policies[i].level;
        }
    }
    return NULL;
}

static const char *level_of_cert(const struct cert *cert)
{
    const struct x509_ext *ext = x509_ext_find(cert->exts, cert->nexts, "2.5.29.32");
    struct der_tlv list, info, oid;
    if (!ext || !der_single(ext->value, DER_SEQUENCE, &list)) {
        return NULL;
    }
    struct der in = der_over(list.value);
    const char *level = NULL;
    while (!level && der_take(&in, DER_SEQUENCE, &info)) {
        struct der one = der_into(&in, &info);
        level = der_take(&one, DER_OID, &oid) ? level_of_policy(oid.value) : NULL;
    }
    return level;
}

static const char *level_of_order(const struct rule_run *run)
{
    static const struct {
        unsigned scope;
        const char *level;
    } levels[] = {{SCOPE_DV, "dv"}, {SCOPE_OV, "ov"},       {SCOPE_IV, "iv"},
                  {SCOPE_EV, "ev"}, {SCOPE_SMIME, "smime"}, {SCOPE_PRIVATE, "private"}};
    const unsigned scope = rule_scope(run) & ~(unsigned)SCOPE_LOCAL;
    for (size_t i = 0; i < NITEMS(levels); i++) {
        if (scope == levels[i].scope) {
            return levels[i].level;
        }
    }
    return NULL;
}

static void check_level(struct rule_run *run)
{
    const char *before = level_of_cert(subject_of(run)->prior);
    const char *now = level_of_order(run);
    if (before && now && !str_eq(before, now)) {
        rule_hit(run, (struct hit){.key = "product", .value = now},
                 "the old certificate is of level %s, the order of level %s", before, now);
    }
}

static void check_issuer(struct rule_run *run)
{
    const struct subject *s = subject_of(run);
    if (s->ca_issuer && !cert_issued_by(s->prior, s->ca_issuer)) {
        const char *old = dn_text(rule_arena(run), &s->prior->issuer);
        rule_hit(run, (struct hit){.key = "ca", .value = old},
                 "the old certificate was issued by another CA than the one that will sign");
    }
}

static void check_digicert(struct rule_run *run)
{
    if (renews(subject_of(run)) && !rule_field(run, "replaces.order") &&
        !rule_field(run, "fields.renewal_of_order_id")) {
        rule_hit(run, (struct hit){.key = "replaces"},
                 "the renewal does not name the old order of DigiCert");
    }
}

/* clang-format off */
static const struct param early_params[] = {
    {.name = "days", .kind = PARAM_INT, .fallback = "90", .min = 1, .max = 825,
     .help = "days before the end in which a renewal is due"},
    {.name = "short-days", .kind = PARAM_INT, .fallback = "30", .min = 1, .max = 100,
     .help = "the same for certificates that live 100 days at most"},
    {.name = "share", .kind = PARAM_INT, .fallback = "0", .min = 0, .max = 100,
     .help = "per cent of the lifetime instead of days; 0 = days"},
};
static const struct param late_params[] = {
    {.name = "days", .kind = PARAM_INT, .fallback = "7", .min = 0, .max = 90,
     .help = "days that validation and deployment need"},
};
static const struct param expired_params[] = {
    {.name = "require-unexpired", .kind = PARAM_BOOL, .fallback = "false",
     .help = "an error instead of a warning"},
};
static const struct param reuse_params[] = {
    {.name = "allow", .kind = PARAM_BOOL, .fallback = "false",
     .help = "a warning instead of an error"},
};
#define RENEW .scope = SCOPE_ALL, .needs = NEEDS_ORDER | NEEDS_PRIOR
#define WWW(rest) "{action: renew, common_name: www.example.com, san: [www.example.com]" rest "}"
#define ORG(o) ", subject: {organization: " o ", country: US, state: Texas, locality: Austin}"
/* clang-format on */

/* clang-format off */
const struct rule rules_renew[] = {
    {.id = "renew.prior.present", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "renewal of an unnamed certificate",
     .why = "Without the old certificate nothing can be compared, and the CA may charge the order "
            "as a new one.",
     .fix = "add replaces: with its certificate, order or serial",
     .cite = "certbatch", .check = check_present,
     .bad = WWW(""), .good = WWW(", replaces: {serial: '0A1B'}")},
    {.id = "renew.window.early", .severity = SEV_WARNING, RENEW,
     .title = "renewal long before the end",
     .why = "Most CAs refuse it or do not add the rest of the old term to the new one.",
     .fix = "renew later, or write action: reissue",
     .cite = "certbatch", .check = check_early, RULE_PARAMS(early_params),
     .bad = WWW(", prior: prior-early.pem"), .good = WWW(", prior: prior-in-window.pem")},
    {.id = "renew.window.late", .severity = SEV_WARNING, RENEW,
     .title = "renewal in the last days",
     .why = "If validation or deployment takes longer than planned the servers stop.",
     .fix = "order now, as an emergency if need be",
     .cite = "certbatch", .check = check_late, RULE_PARAMS(late_params),
     .bad = WWW(", prior: prior-late.pem"), .good = WWW(", prior: prior-not-late.pem")},
    {.id = "renew.expired", .severity = SEV_WARNING, RENEW,
     .title = "old certificate has expired",
     .why = "CAs treat the renewal of an expired certificate as a new order, with new validation.",
     .fix = "write action: new",
     .cite = "certbatch", .check = check_expired, RULE_PARAMS(expired_params),
     .bad = WWW(", prior: prior-expired.pem"), .good = WWW(", prior: prior-late.pem")},
    {.id = "renew.key.reuse", .severity = SEV_ERROR, RENEW,
     .title = "new certificate for the old key",
     .why = "A key that leaked unnoticed stays in use for another term; some CAs refuse a repeated "
            "request.",
     .fix = "make a new key and request",
     .cite = "certbatch", .check = check_key_reuse, RULE_PARAMS(reuse_params),
     .bad = "{action: renew, csr: good.pem, prior: prior-same-key.pem}",
     .good = "{action: renew, csr: good.pem, prior: prior.pem}"},
    {.id = "renew.names.removed", .severity = SEV_WARNING, RENEW,
     .title = "name of the old certificate is left out",
     .why = "Clients that use the name are refused as soon as the new certificate is in place. "
            "A name that `drop` does not list is an error.",
     .fix = "add the name, or list it under drop: if it is meant to go",
     .cite = "certbatch", .check = check_names_removed,
     .bad = WWW(", prior: prior-two-names.pem"), .good = WWW(", prior: prior.pem")},
    {.id = "renew.names.added", .severity = SEV_INFO, RENEW,
     .title = "name that the old certificate does not have",
     .why = "A new name needs a validation of its own and may delay the renewal.",
     .fix = "have the name validated before",
     .cite = "certbatch", .check = check_names_added,
     .bad = "{action: renew, san: [www.example.com, shop.example.com], prior: prior.pem}",
     .good = "{action: renew, san: [www.example.com], prior: prior-two-names.pem}"},
    {.id = "renew.subject.changed", .severity = SEV_WARNING,
     .scope = SCOPE_OV | SCOPE_EV | SCOPE_SMIME, .needs = NEEDS_ORDER | NEEDS_PRIOR,
     .title = "subject differs from the old certificate",
     .why = "Another organization or place has to be validated anew; a slip of the pen too.",
     .fix = "write the subject as in the old certificate, or plan time for the validation",
     .cite = "EVG 3.2.2.14.2", .check = check_subject,
     .bad = WWW(", prior: prior.pem" ORG("Example Inc")),
     .good = WWW(", prior: prior.pem" ORG("Example Corp"))},
    {.id = "renew.level.changed", .severity = SEV_WARNING, RENEW,
     .title = "other level of validation than before",
     .why = "Software that pins the policy notices, and the price and the validation differ.",
     .fix = "check the product",
     .cite = "BR 7.1.6.1", .check = check_level,
     .bad = "{action: renew, ca: certinext-prod, product: '842', san: [www.example.com], "
            "prior: prior-dv.pem}",
     .good = "{action: renew, ca: certinext-prod, product: '842', san: [www.example.com], "
             "prior: prior.pem}"},
    {.id = "renew.issuer.changed", .severity = SEV_INFO, RENEW,
     .title = "other issuer than before",
     .why = "Clients that pin the issuer, or trust stores that hold only it, refuse the new "
            "certificate.",
     .fix = "roll out the new chain first",
     .cite = "certbatch", .check = check_issuer,
     .bad = WWW(", ca: local, prior: prior.pem, issuer: other-ca.pem"),
     .good = WWW(", ca: local, prior: prior.pem, issuer: prior-ca.pem")},
    {.id = "renew.digicert.order", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER, .ca = "digicert",
     .title = "renewal at DigiCert without its old order",
     .why = "DigiCert links a renewal by order number only; without it the rest of the old term is "
            "lost and the order counts as new.",
     .fix = "name the order: replaces: {order: NUMBER}; while a multi-year plan runs, a reissue is "
            "free",
     .cite = "DigiCert order API", .check = check_digicert,
     .bad = WWW(", ca: digicert, replaces: {certificate: www.pem}"),
     .good = WWW(", ca: digicert, replaces: {order: '123456'}")},
    {0}};
/* clang-format on */
