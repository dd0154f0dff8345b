/* SPDX-License-Identifier: Apache-2.0
 *
 * upn.*, srv.*, othername.*, dirname.*, ms.sid: names that only a request can carry, and that mean
 * something to directories rather than to TLS clients.
 */
#include "policy/engine.h"
#include "policy/host.h"
#include "policy/rules_subject.h"

#include <string.h>

#define OID_UPN           "1.3.6.1.4.1.311.20.2.3"
#define OID_SRV_NAME      "1.3.6.1.5.5.7.8.7"
#define OID_MS_SID        "1.3.6.1.4.1.311.25.2"
#define OID_MS_OBJECT_SID "1.3.6.1.4.1.311.25.2.1"

static bool is_other(const struct name_fact *n, const char *oid)
{
    return n->gn && n->type == GN_OTHER && str_eq(n->gn->other_oid, oid);
}

/* --- UPN --- */

static const char *upn_problem(const struct general_name *gn)
{
    if (gn->other_tag != DER_UTF8 || gn->malformed) {
        return "it is no UTF8String";
    }
    const char *at = memchr(gn->text, '@', gn->text_n);
    if (!at) {
        return "it has no @";
    }
    const size_t user = (size_t)(at - gn->text);
    if (memchr(at + 1, '@', gn->text_n - user - 1)) {
        return "it has more than one @";
    }
    if (user == 0 || user + 1 == gn->text_n) {
        return user ? "there is no realm behind @" : "there is nobody before @";
    }
    for (size_t i = 0; i < gn->text_n; i++) {
        const unsigned char c = (unsigned char)gn->text[i];
        if (c < ' ' || c == 0x7F || (c == ' ' && i > user)) {
            return c == ' ' ? "its realm has a blank" : "it has a control character";
        }
    }
    return NULL;
}

static void check_upn_syntax(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *why = is_other(n, OID_UPN) ? upn_problem(n->gn) : NULL;
        if (why) {
            rule_hit(run, (struct hit){.name = n}, "this is no user principal name: %s", why);
        }
    }
}

static bool listed(const struct strlist *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_ieq(list->v[i], text)) {
            return true;
        }
    }
    return false;
}

static void check_upn_realm(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; rule_strings(run, 0)->n && i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (!is_other(n, OID_UPN) || upn_problem(n->gn)) {
            continue;
        }
        const char *realm = strchr(n->norm, '@') + 1;
        if (!listed(rule_strings(run, 0), realm)) {
            rule_hit(run, (struct hit){.name = n}, "the realm %s is not in the policy",
                     str_vis_dup(rule_arena(run), realm, strlen(realm)));
        }
    }
}

/* --- SRVName --- */

/* A service name of RFC 6335 section 5.1: 1 to 15 letters, digits and single hyphens. */
static bool is_service(struct text t)
{
    bool letter = false;
    for (size_t i = 0; i < t.n; i++) {
        const char c = ascii_lower(t.p[i]);
        const bool hyphen = c == '-' && i > 0 && i + 1 < t.n && t.p[i - 1] != '-';
        letter |= c >= 'a' && c <= 'z';
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !hyphen) {
            return false;
        }
    }
    return letter && t.n <= 15;
}

static const char *srv_problem(struct arena *a, const struct general_name *gn)
{
    if (gn->other_tag != DER_IA5 || gn->malformed) {
        return "it is no IA5String";
    }
    const char *dot = memchr(gn->text, '.', gn->text_n);
    const size_t service = dot ? (size_t)(dot - gn->text) : gn->text_n;
    if (gn->text_n == 0 || gn->text[0] != '_') {
        return "it does not begin with _ and a service";
    }
    if (!is_service((struct text){gn->text + 1, service - 1})) {
        return "what follows _ is no registered form of a service";
    }
    struct text name = {gn->text + service, gn->text_n - service};
    if (name.n < 2) {
        return "there is no domain behind the service";
    }
    return host_problem(a, (struct text){name.p + 1, name.n - 1});
}

static void check_srv(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *why = is_other(n, OID_SRV_NAME) ? srv_problem(rule_arena(run), n->gn) : NULL;
        if (why) {
            rule_hit(run, (struct hit){.name = n}, "this is no SRVName: %s", why);
        }
    }
}

/* --- which kinds at all --- */

static const struct {
    const char *oid, *what;
} known_others[] = {
    {OID_UPN, "user principal name"},
    {OID_SRV_NAME, "SRVName"},
    {OID_SMTP_UTF8_MAILBOX, "SmtpUTF8Mailbox"},
    {"1.3.6.1.5.2.2", "Kerberos principal"},
    {"1.3.6.1.5.5.7.8.4", "hardware module name"},
    {"1.3.6.1.5.5.7.8.5", "XMPP address"},
    {"1.3.6.1.4.1.311.25.1", "domain controller GUID"},
};

static const char *other_name(const char *oid)
{
    for (size_t i = 0; i < NITEMS(known_others); i++) {
        if (str_eq(known_others[i].oid, oid)) {
            return known_others[i].what;
        }
    }
    return "of an unknown kind";
}

/* S/MIME certificates name internationalised mailboxes so (RFC 9598, SBR 7.1.4.2.1). */
static void check_other(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type != GN_OTHER || !n->gn) {
            continue;
        }
        const char *oid = n->gn->other_oid;
        const bool mailbox = rule_scope(run) & SCOPE_SMIME && str_eq(oid, OID_SMTP_UTF8_MAILBOX);
        if (!oid) {
            rule_hit(run, (struct hit){.name = n}, "the otherName does not decode");
        } else if (!mailbox && !strlist_has(rule_strings(run, 0), oid)) {
            rule_hit(run, (struct hit){.name = n}, "the policy does not list otherName %s (%s)",
                     oid, other_name(oid));
        }
    }
}

/* --- directory names --- */

/* The attributes of a directory name under the checks of the subject that ask for no parameter. */
static void judge_as_subject(struct rule_run *run, const struct name_fact *n)
{
    static void (*const checks[])(struct rule_run *) = {
        subject_check_length,   subject_check_empty_value,   subject_check_whitespace,
        subject_check_control,  subject_check_invisible,     subject_check_html,
        subject_check_mojibake, subject_check_country_format};
    const struct facts *f = rule_facts(run);
    struct der d = der_over(n->gn->raw);
    d.base = f->csr ? f->csr->der.p : f->cert->der.p; /* offsets of the whole file */
    struct der_tlv seq;
    struct dn dn;
    if (!der_take(&d, DER_SEQUENCE, &seq) || !x509_parse_dn(rule_arena(run), &d, &seq, &dn)) {
        return;
    }
    struct facts as_subject = *f;
    as_subject.attrs = arena_array(rule_arena(run), dn.n + 1, sizeof *as_subject.attrs);
    as_subject.nattrs = dn.n;
    for (size_t i = 0; i < dn.n; i++) {
        const struct dn_attr *a = &dn.v[i];
        as_subject.attrs[i] = (struct attr_fact){.name = a->name,
                                                 .text = a->text,
                                                 .text_n = a->text_n,
                                                 .views = n->views,
                                                 .offset = (int64_t)a->offset,
                                                 .attr = a};
        if (a->malformed) {
            rule_hit(run, (struct hit){.attr = &as_subject.attrs[i]},
                     "the bytes of %s are not legal in its string type", a->name);
        }
    }
    struct rule_run inner = *run;
    inner.facts = &as_subject;
    for (size_t i = 0; i < NITEMS(checks); i++) {
        checks[i](&inner);
    }
}

static void check_dirname(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const bool allow = rule_bool(run, 0) && !(rule_scope(run) & SCOPE_TLS);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type != GN_DIRNAME || !n->gn) {
            continue;
        }
        if (!allow) {
            rule_hit(run, (struct hit){.name = n},
                     "there is a directory name among the alternative names");
        } else if (n->gn->malformed) {
            rule_hit(run, (struct hit){.name = n}, "the directory name does not decode");
        } else {
            judge_as_subject(run, n);
        }
    }
}

/* --- Windows security identifier --- */

/* The SID in the extension: SEQUENCE { [0] { OID, [0] { OCTET STRING } } }; empty when it is
 * something else. */
static struct text sid_of(struct span value)
{
    struct der_tlv names, other, oid, holder, sid;
    struct der d = der_over(value);
    if (!der_take(&d, DER_SEQUENCE, &names) || !der_at_end(&d)) {
        return (struct text){0};
    }
    d = der_into(&d, &names);
    if (!der_take(&d, DER_CONTEXT_CONSTRUCTED(0), &other)) {
        return (struct text){0};
    }
    d = der_into(&d, &other);
    if (!der_take(&d, DER_OID, &oid) || !der_oid_is(oid.value, OID_MS_OBJECT_SID) ||
        !der_take(&d, DER_CONTEXT_CONSTRUCTED(0), &holder)) {
        return (struct text){0};
    }
    d = der_into(&d, &holder);
    return der_take(&d, DER_OCTET_STRING, &sid)
               ? (struct text){(const char *)sid.value.p, sid.value.n}
               : (struct text){0};
}

static void check_sid(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct x509_ext *ext = f->csr ? x509_ext_find(f->csr->exts, f->csr->nexts, OID_MS_SID)
                                 : f->cert
                                     ? x509_ext_find(f->cert->exts, f->cert->nexts, OID_MS_SID)
                                     : NULL;
    if (!ext) {
        return;
    }
    const struct text sid = sid_of(ext->value);
    struct hit where = {.offset = (int64_t)ext->offset,
                        .view = VIEW_CSR,
                        .value = sid.n ? sid.p : NULL,
                        .value_n = sid.n};
    if (rule_scope(run) & SCOPE_TLS) {
        rule_hit(run, where,
                 "the request for a public certificate has a Windows security "
                 "identifier");
        return;
    }
    const char *wanted = rule_text(run, "sid");
    where.severity = SEV_WARNING;
    if (!str_eq(f->s->ca_type, "adcs")) {
        return;
    }
    if (!wanted) {
        rule_hit(run, where,
                 "the request has a Windows security identifier, and the order names "
                 "none");
    } else if (strlen(wanted) != sid.n || memcmp(wanted, sid.p, sid.n) != 0) {
        rule_hit(run, where,
                 "the Windows security identifier of the request is not the order's "
                 "sid");
    }
}

/* clang-format off */
static const struct param realm_params[] = {
    {.name = "realms", .kind = PARAM_STRINGS, .fallback = "",
     .help = "realms of the company; empty = not checked"},
};
static const struct param other_params[] = {
    {.name = "allowed", .kind = PARAM_STRINGS, .fallback = "",
     .help = "object identifiers of otherName entries"},
};
static const struct param dirname_params[] = {
    {.name = "allow", .kind = PARAM_BOOL, .fallback = "false",
     .help = "accept directory names in certificates that are not public TLS"},
};

const struct rule rules_other_names[] = {
    {.id = "upn.syntax", .severity = SEV_ERROR, .scope = SCOPE_PRIVATE, .needs = NEEDS_NAMES,
     .title = "not a user principal name",
     .why = "Windows maps the certificate to the account by this name; a malformed one logs nobody "
            "on, or somebody else.",
     .fix = "write user@realm as a UTF8String",
     .cite = "Microsoft KB 281245", .check = check_upn_syntax,
     .bad = "{csr: upn.syntax.pem}", .good = "{csr: good-upn.pem}"},
    {.id = "upn.realm", .severity = SEV_ERROR, .scope = SCOPE_PRIVATE, .needs = NEEDS_NAMES,
     .title = "user principal name of a foreign realm",
     .why = "The name logs on to the realm behind @; another realm than the company's is a mistake "
            "or an attack.",
     .fix = "use a realm of the company, or have it added to the policy",
     .cite = "policy", .check = check_upn_realm, RULE_PARAMS(realm_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  upn.realm: {realms: [ad.example.org]}\n"
            "samples:\n"
            "  - {reject: {csr: good-upn.pem}, by: upn.realm}",
     .good = "policy:certbatch_policy: 1\n"
             "name: sample\n"
             "level: private\n"
             "rules:\n"
             "  upn.realm: {realms: [corp.example.com]}\n"
             "  othername.oid: {allowed: [1.3.6.1.4.1.311.20.2.3]}\n"
             "samples:\n"
             "  - {accept: {csr: good-upn.pem}}"},
    {.id = "othername.oid", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "otherName of a kind nobody listed",
     .why = "An otherName can mean anything to whoever reads it, a logon name among others; only "
            "kinds that the policy knows may be certified.",
     .fix = "remove the name from the request, or have its kind added to the policy",
     .cite = "policy", .check = check_other, RULE_PARAMS(other_params),
     .bad = "{csr: good-upn.pem}", .good = "{csr: good.pem}"},
    {.id = "dirname.allowed", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "directory name among the alternative names",
     .why = "It is a second subject that nobody validates; public certificates may not have it. "
            "Where it is allowed its attributes are judged like the subject's.",
     .fix = "remove the directory name from the request",
     .cite = "BR 7.1.2.7.12", .check = check_dirname, RULE_PARAMS(dirname_params),
     .bad = "{csr: dirname.allowed.pem}", .good = "{csr: good.pem}"},
    {.id = "srv.syntax", .severity = SEV_ERROR, .scope = SCOPE_PRIVATE, .needs = NEEDS_NAMES,
     .title = "not an SRVName",
     .why = "Clients look for _service.domain exactly; they skip what has another form.",
     .fix = "write _service.domain as an IA5String",
     .cite = "RFC 4985 section 2", .check = check_srv,
     .bad = "{csr: srv.syntax.pem}", .good = "{csr: good-srv.pem}"},
    {.id = "ms.sid", .severity = SEV_ERROR, .scope = SCOPE_TLS | SCOPE_PRIVATE,
     .needs = NEEDS_USABLE,
     .title = "Windows security identifier in the request",
     .why = "It ties the certificate to an account of a Windows domain. Public certificates have no "
            "business with it; at AD CS a wrong one logs on as somebody else.",
     .fix = "make the request without the extension, or give the right sid in the order",
     .cite = "MS-WCCE section 2.2.2.7.7.4", .check = check_sid,
     .bad = "{csr: ms.sid.pem}", .good = "{csr: good.pem}"},
    {.id = NULL},
};
/* clang-format on */
