/* SPDX-License-Identifier: Apache-2.0
 *
 * ev.org-id.*: organizationIdentifier, "NTRDE+BY-HRB 98765" (EVG 7.1.4.2.8 and appendix H, SBR
 * appendix A.1). One parser; each rule looks at one part of what it found.
 */
#include "policy/rules_ev.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "policy/country.h"

#include <string.h>

#define OID_CABF_ORGANIZATION_ID "2.23.140.3.1"

struct orgid {
    const char *text;
    size_t n;
    char scheme[4], country[3]; /* of a text long enough to have them */
    const char *state, *ref;    /* NULL = absent; ref is behind the first hyphen */
    size_t state_n, ref_n;
};

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alnum(char c)
{
    return is_capital(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool all(const char *s, size_t n, bool (*is)(char))
{
    for (size_t i = 0; i < n; i++) {
        if (!is(s[i])) {
            return false;
        }
    }
    return true;
}

/* scheme cc [ "+" st ] [ "-" ref ]: the shape alone. False when the first five characters are not
 * capitals, or something else follows them. */
static bool parse(const char *text, size_t n, struct orgid *out)
{
    *out = (struct orgid){.text = text, .n = n};
    if (n < 5 || !all(text, 5, is_capital)) {
        return false;
    }
    memcpy(out->scheme, text, 3);
    memcpy(out->country, text + 3, 2);
    size_t i = 5;
    if (i < n && text[i] == '+') {
        const char *end = memchr(text + i, '-', n - i);
        const size_t stop = end ? (size_t)(end - text) : n;
        out->state = text + i + 1;
        out->state_n = stop - i - 1;
        i = stop;
    }
    if (i < n && text[i] == '-') {
        out->ref = text + i + 1;
        out->ref_n = n - i - 1;
        return true;
    }
    return i == n;
}

/* Government bodies and international organizations have no register, so no reference. */
static bool without_ref(const struct orgid *id)
{
    return str_eq(id->scheme, "GOV") || str_eq(id->scheme, "INT");
}

/* ISO 17442: 20 characters, mod 97-10 of ISO 7064 as in an IBAN. */
static bool lei_ok(const char *s, size_t n)
{
    unsigned rest = 0;
    if (n != 20) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_capital(s[i])) {
            rest = (rest * 100 + (unsigned)(s[i] - 'A') + 10) % 97;
        } else if (s[i] >= '0' && s[i] <= '9') {
            rest = (rest * 10 + (unsigned)(s[i] - '0')) % 97;
        } else {
            return false;
        }
    }
    return rest == 1;
}

/* Calls judge with every organizationIdentifier of the effective subject, else the record's. */
static void each(struct rule_run *run,
                 void (*judge)(struct rule_run *, const struct orgid *, bool shaped, struct hit))
{
    static const char name[] = "organizationIdentifier";
    const struct facts *f = rule_facts(run);
    bool any = false;
    struct orgid id;
    struct level_value v;
    if (!level_judged(run)) {
        return;
    }
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (strcmp(a->name, name) == 0) {
            const bool shaped = parse(a->text, a->text_n, &id);
            any = true;
            judge(run, &id, shaped,
                  (struct hit){.attr = a,
                               .key = "subject.organization_identifier",
                               .severity = level_severity(a, SEV_DISABLED)});
        }
    }
    if (!any && level_value(run, name, &v)) {
        const bool shaped = parse(v.text, v.n, &id);
        judge(run, &id, shaped, level_at(&v));
    }
}

/* NULL, or what is wrong. */
static const char *syntax_problem(const struct orgid *id, bool shaped, bool smime)
{
    if (!shaped) {
        return "is not written scheme and country, then - and a reference, such as "
               "NTRUS+CA-12345678";
    }
    if (id->state &&
        (id->state_n < 1 || id->state_n > 3 || !all(id->state, id->state_n, is_alnum))) {
        return "has a state that is not one to three letters or digits";
    }
    if (smime && without_ref(id)) {
        return id->ref ? "has a reference, which its scheme does not have" : NULL;
    }
    if (!id->ref || id->ref_n == 0) {
        return "has no reference behind a hyphen";
    }
    const char *dash = memchr(id->ref, '-', id->ref_n);
    if (str_eq(id->scheme, "PSD") &&
        (!dash || dash == id->ref || dash + 1 == id->ref + id->ref_n)) {
        return "has no authority and number, as PSDBE-NBB-1234.567.890 has";
    }
    if (smime && str_eq(id->scheme, "LEI") && !lei_ok(id->ref, id->ref_n)) {
        return "has a legal entity identifier whose length or check digits are wrong";
    }
    return NULL;
}

static void judge_syntax(struct rule_run *run, const struct orgid *id, bool shaped, struct hit at)
{
    const char *why = syntax_problem(id, shaped, rule_scope(run) & SCOPE_SMIME);
    if (why) {
        rule_hit(run, at, "the organization identifier %s", why);
    }
}

void ev_check_orgid_syntax(struct rule_run *run)
{
    each(run, judge_syntax);
}

static bool listed(const struct rule_run *run, const char *scheme)
{
    static const char *const tls[] = {"NTR", "VAT", "PSD"};
    static const char *const more[] = {"LEI", "GOV", "INT"};
    const struct strlist *own = rule_strings(run, 0);
    const bool smime = rule_scope(run) & SCOPE_SMIME;
    bool found = strlist_has(own, scheme);
    for (size_t i = 0; own->n == 0 && i < NITEMS(tls); i++) {
        found |= str_eq(tls[i], scheme) || (smime && str_eq(more[i], scheme));
    }
    return found;
}

/* XG is the register of several countries; EL and XI are what the EU writes in VAT numbers. */
static bool country_ok(const struct orgid *id)
{
    if (str_eq(id->scheme, "LEI") || str_eq(id->scheme, "INT")) {
        return str_eq(id->country, "XG");
    }
    const bool eu =
        str_eq(id->scheme, "VAT") && (str_eq(id->country, "EL") || str_eq(id->country, "XI"));
    return eu || str_eq(id->country, "XG") || country_is_iso(id->country, 2);
}

static void judge_scheme(struct rule_run *run, const struct orgid *id, bool shaped UNUSED,
                         struct hit at)
{
    if (!id->scheme[0]) {
        return; /* ev.org-id.syntax */
    }
    if (!listed(run, id->scheme)) {
        rule_hit(run, at,
                 "the organization identifier has the scheme %s, which is not allowed here",
                 id->scheme);
    } else if (!country_ok(id)) {
        rule_hit(run, at,
                 "the organization identifier has the country %s, which scheme %s does not "
                 "have",
                 id->country, id->scheme);
    }
}

void ev_check_orgid_scheme(struct rule_run *run)
{
    each(run, judge_scheme);
}

static void judge_state(struct rule_run *run, const struct orgid *id, bool shaped UNUSED,
                        struct hit at)
{
    const bool smime = rule_scope(run) & SCOPE_SMIME;
    if (id->state && !str_eq(id->scheme, "NTR") && !(smime && str_eq(id->scheme, "GOV"))) {
        rule_hit(run, at, "the organization identifier names a state; scheme %s has none",
                 id->scheme);
    }
}

static void judge_country(struct rule_run *run, const struct orgid *id, bool shaped UNUSED,
                          struct hit at)
{
    struct level_value v;
    const bool ev = rule_scope(run) & SCOPE_EV;
    const char *country = str_eq(id->country, "EL")   ? "GR"
                          : str_eq(id->country, "XI") ? "GB"
                                                      : id->country;
    if (!country[0] || str_eq(country, "XG") || !level_value(run, ev ? "jurisdictionC" : "C", &v)) {
        return;
    }
    if (v.n != 2 || memcmp(v.text, country, 2) != 0) {
        rule_hit(run, at, "the organization identifier is of %s, the %s is %s", id->country,
                 ev ? "jurisdiction" : "country of the subject",
                 str_vis_dup(rule_arena(run), v.text, v.n));
    }
}

void ev_check_orgid_country(struct rule_run *run)
{
    each(run, judge_country);
}

static void judge_ntr(struct rule_run *run, const struct orgid *id, bool shaped UNUSED,
                      struct hit at)
{
    struct level_value v;
    if (!str_eq(id->scheme, "NTR")) {
        return;
    }
    if (level_value(run, "serialNumber", &v) && id->ref &&
        (v.n != id->ref_n || memcmp(v.text, id->ref, v.n) != 0)) {
        rule_hit(run, at, "the reference is not the registration number %s of the subject",
                 str_vis_dup(rule_arena(run), v.text, v.n));
    }
    if (!id->state && level_value(run, "jurisdictionST", &v)) {
        rule_hit(run, at, "the jurisdiction is the state %s, but no +state is named",
                 str_vis_dup(rule_arena(run), v.text, v.n));
    }
}

void ev_check_orgid_ntr(struct rule_run *run)
{
    each(run, judge_ntr);
}

/* --- the extension that repeats it --- */

/* CABFOrganizationIdentifier (EVG 7.1.2.2) as the text it stands for; NULL when malformed. */
static const char *extension_text(struct arena *a, struct span value)
{
    struct der_tlv seq;
    struct der_tlv scheme;
    struct der_tlv country;
    struct der_tlv state;
    struct der_tlv ref;
    if (!der_single(value, DER_SEQUENCE, &seq)) {
        return NULL;
    }
    struct der d = der_over(seq.value);
    if (!der_take(&d, DER_PRINTABLE, &scheme) || !der_take(&d, DER_PRINTABLE, &country)) {
        return NULL;
    }
    const bool has_state = der_take(&d, DER_CONTEXT(0), &state);
    if (!der_next(&d, &ref) || !der_at_end(&d)) {
        return NULL;
    }
    struct buf out = BUF_INIT(LIMIT_CERT_BYTES);
    buf_add(&out, scheme.value.p, scheme.value.n);
    buf_add(&out, country.value.p, country.value.n);
    if (has_state) {
        buf_add(&out, "+", 1);
        buf_add(&out, state.value.p, state.value.n);
    }
    buf_add(&out, "-", 1);
    buf_add(&out, ref.value.p, ref.value.n);
    const char *text = arena_strndup(a, buf_text(&out), out.n);
    buf_release(&out);
    return text;
}

static const struct x509_ext *extension(const struct facts *f)
{
    const struct csr *csr = f->csr && f->csr->usable ? f->csr : NULL;
    return csr       ? x509_ext_find(csr->exts, csr->nexts, OID_CABF_ORGANIZATION_ID)
           : f->cert ? x509_ext_find(f->cert->exts, f->cert->nexts, OID_CABF_ORGANIZATION_ID)
                     : NULL;
}

void ev_check_orgid_state(struct rule_run *run)
{
    const struct x509_ext *ext = extension(rule_facts(run));
    const char *said = ext ? extension_text(rule_arena(run), ext->value) : NULL;
    struct orgid id;
    each(run, judge_state);
    if (said && level_judged(run)) {
        const bool shaped = parse(said, strlen(said), &id);
        judge_state(run, &id, shaped,
                    (struct hit){.offset = (int64_t)ext->offset, .view = VIEW_CSR, .value = said});
    }
}

/* The extension of a PSD identifier may leave the authority to the subject: zlint reads EVG 7.1.2.2
 * so, and CAs issue it. */
static bool says_the_same(struct arena *a, const char *said, const struct dn_attr *subject)
{
    const char *text = arena_strndup(a, subject->text, subject->text_n);
    const char *dash = strchr(text, '-');
    const char *number = dash ? strchr(dash + 1, '-') : NULL;
    return str_eq(said, text) ||
           (str_starts(text, "PSD") && number &&
            str_eq(said, arena_printf(a, "%.*s%s", (int)(dash - text), text, number)));
}

void ev_check_orgid_extension(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct csr *csr = f->csr && f->csr->usable ? f->csr : NULL;
    const struct dn *dn = csr ? &csr->subject : f->cert ? &f->cert->subject : NULL;
    const struct dn_attr *id = dn ? dn_find(dn, "organizationIdentifier") : NULL;
    const struct x509_ext *ext = extension(f);
    if (!level_judged(run) || (!id && !ext)) {
        return;
    }
    if (!ext) { /* a CA adds it to the certificate, a CSR need not ask for it */
        if (!csr) {
            rule_hit(run,
                     (struct hit){.offset = (int64_t)id->offset,
                                  .view = VIEW_CSR,
                                  .value = id->text,
                                  .value_n = id->text_n},
                     "the certificate lacks the extension " OID_CABF_ORGANIZATION_ID
                     " that repeats the organization identifier");
        }
        return;
    }
    struct arena *a = rule_arena(run);
    const char *said = extension_text(a, ext->value);
    struct hit hit = {.offset = (int64_t)ext->offset, .view = VIEW_CSR, .value = said};
    if (!said) {
        rule_hit(run, hit,
                 "the extension " OID_CABF_ORGANIZATION_ID
                 " is not the sequence of scheme, country and reference it should be");
    } else if (!id) {
        rule_hit(run, hit, "the extension says an organization identifier, the subject has none");
    } else if (!says_the_same(a, said, id)) {
        rule_hit(run, hit,
                 "the extension says an organization identifier other than %s in the subject",
                 str_vis_dup(a, id->text, id->text_n));
    }
}
