/* SPDX-License-Identifier: Apache-2.0
 *
 * uri.*: uniformResourceIdentifier entries: RFC 3986 syntax, hosts, schemes, SPIFFE IDs. The text
 * is foreign: any bytes.
 */
#include "policy/engine.h"
#include "policy/host.h"
#include "policy/idn.h"
#include "policy/names.h"

#include <string.h>

/* The parts of RFC 3986 section 3; p is NULL for one that is not there. */
struct uri {
    struct text scheme, user, host, port, path, query, fragment;
    bool authority;
};

static bool is_alpha(char c)
{
    const char low = ascii_lower(c);
    return low >= 'a' && low <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    const char low = ascii_lower(c);
    return is_digit(c) || (low >= 'a' && low <= 'f');
}

static bool is_scheme(struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        if (!is_alpha(t.p[i]) && (i == 0 || (!is_digit(t.p[i]) && !strchr("+-.", t.p[i])))) {
            return false;
        }
    }
    return t.n > 0;
}

/* Takes what stands before the first c (or everything); false when there is none. */
static bool split(struct text *rest, char c, struct text *before)
{
    const char *at = memchr(rest->p, c, rest->n);
    if (!at) {
        return false;
    }
    *before = (struct text){rest->p, (size_t)(at - rest->p)};
    rest->n -= before->n + 1;
    rest->p = at + 1;
    return true;
}

/* What follows the first c goes to *after. */
static void cut(struct text *rest, char c, struct text *after)
{
    struct text before = *rest;
    struct text tail = *rest;
    if (split(&tail, c, &before)) {
        *after = tail;
        *rest = before;
    }
}

static void parse_authority(struct text t, struct uri *out)
{
    const char *at = memrchr(t.p, '@', t.n);
    if (at) {
        out->user = (struct text){t.p, (size_t)(at - t.p)};
        t = (struct text){at + 1, t.n - out->user.n - 1};
    }
    const char *close = t.n && t.p[0] == '[' ? memchr(t.p, ']', t.n) : NULL;
    const char *end = close ? close + 1 : memchr(t.p, ':', t.n);
    end = end ? end : t.p + t.n;
    out->host = (struct text){t.p, (size_t)(end - t.p)};
    if (end < t.p + t.n) {
        out->port = (struct text){end, (size_t)(t.p + t.n - end)}; /* ":" included */
    }
}

static void uri_parse(const char *p, size_t n, struct uri *out)
{
    struct text rest = {p, n};
    struct text scheme;
    *out = (struct uri){0};
    cut(&rest, '#', &out->fragment);
    cut(&rest, '?', &out->query);
    struct text tail = rest;
    if (split(&tail, ':', &scheme) && is_scheme(scheme)) {
        out->scheme = scheme;
        rest = tail;
    }
    out->path = rest;
    out->authority = rest.n >= 2 && rest.p[0] == '/' && rest.p[1] == '/';
    if (out->authority) {
        struct text authority = {rest.p + 2, rest.n - 2};
        const char *slash = memchr(authority.p, '/', authority.n);
        authority.n = slash ? (size_t)(slash - authority.p) : authority.n;
        parse_authority(authority, out);
        out->path = (struct text){authority.p + authority.n, rest.n - 2 - authority.n};
    }
}

static bool scheme_is(const struct uri *u, const char *name)
{
    return u->scheme.n == strlen(name) && strncasecmp(u->scheme.p, name, u->scheme.n) == 0;
}

/* Calls `bad` with each URI of the subject; a reason that comes back is a finding. */
typedef const char *uri_test(struct rule_run *run, const struct uri *uri, struct text whole);

static void each_uri(struct rule_run *run, uri_test *bad)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type != GN_URI || n->text_n == 0) {
            continue;
        }
        struct uri u;
        uri_parse(n->text, n->text_n, &u);
        const char *why = bad(run, &u, (struct text){n->text, n->text_n});
        if (why) {
            rule_hit(run, (struct hit){.name = n}, "%s", why);
        }
    }
}

/* --- syntax --- */

/* unreserved, reserved and %XX of RFC 3986 section 2. */
static const char *character_problem(struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        const char c = t.p[i];
        if (c == '%' && !(i + 2 < t.n && is_hex(t.p[i + 1]) && is_hex(t.p[i + 2]))) {
            return "the URI has a % that two hexadecimal digits do not follow";
        }
        if (c == ' ') {
            return "the URI has a blank";
        }
        if ((unsigned char)c < ' ' || c == 0x7F) {
            return "the URI has a control character";
        }
        if (c & 0x80) {
            return "the URI has a character outside ASCII";
        }
        if (!is_alpha(c) && !is_digit(c) && !strchr("-._~:/?#[]@!$&'()*+,;=%", c)) {
            return "the URI has a character that must be %-encoded";
        }
    }
    return NULL;
}

static bool has_bracket(struct text t)
{
    return t.n && (memchr(t.p, '[', t.n) || memchr(t.p, ']', t.n));
}

static const char *authority_problem(const struct uri *u)
{
    const bool literal = u->host.n && u->host.p[0] == '[';
    if (has_bracket(u->user) || (!literal && has_bracket(u->host)) ||
        (literal && u->host.p[u->host.n - 1] != ']')) {
        return "the URI has brackets that enclose no address";
    }
    for (size_t i = 0; i < u->port.n; i++) {
        if (i == 0 ? u->port.p[i] != ':' : !is_digit(u->port.p[i])) {
            return "the port of the URI is no number";
        }
    }
    return NULL;
}

static const char *bad_syntax(struct rule_run *run, const struct uri *u, struct text whole)
{
    const char *why = character_problem(whole);
    if (why) {
        return why;
    }
    if (!u->scheme.n) {
        return "the URI has no scheme, such as https: in front";
    }
    if (!u->host.n && !u->path.n && !u->query.n) {
        return "nothing follows the scheme of the URI";
    }
    if (has_bracket(u->path) || has_bracket(u->query) || has_bracket(u->fragment)) {
        return "the URI has brackets outside its host";
    }
    if (u->fragment.n && memchr(u->fragment.p, '#', u->fragment.n)) {
        return "the URI has two fragments";
    }
    if (u->fragment.p && rule_bool(run, 0)) {
        return "the URI has a fragment";
    }
    return authority_problem(u);
}

static void check_syntax(struct rule_run *run)
{
    each_uri(run, bad_syntax);
}

/* --- host --- */

static bool is_literal(struct arena *a, struct text host)
{
    uint8_t octets[16];
    return host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']' &&
           address_parse(arena_strndup(a, host.p + 1, host.n - 2), octets) == 16;
}

static bool is_v4(struct arena *a, struct text host)
{
    uint8_t octets[16];
    return address_parse(arena_strndup(a, host.p, host.n), octets) == 4;
}

/* spiffe has a trust domain in the place of the host: uri.spiffe's business. */
static const char *bad_host(struct rule_run *run, const struct uri *u, struct text whole)
{
    struct arena *a = rule_arena(run);
    (void)whole;
    if (!u->scheme.n || scheme_is(u, "spiffe")) {
        return NULL;
    }
    if (!u->authority) {
        return scheme_is(u, "http") || scheme_is(u, "https")
                   ? "the URI needs // and a host behind its scheme"
                   : NULL;
    }
    if (u->host.n == 0) {
        return "the URI has // but no host behind it";
    }
    if (is_literal(a, u->host) || is_v4(a, u->host)) {
        return NULL;
    }
    struct text host = u->host;
    const bool wild = host.n > 2 && host.p[0] == '*' && host.p[1] == '.';
    host = wild ? (struct text){host.p + 2, host.n - 2} : host;
    const char *why =
        memchr(host.p, '*', host.n) ? "the * is not the first label" : host_problem(a, host);
    why = why ? why : idn_problem(a, host, false);
    if (!why && !memchr(host.p, '.', host.n)) {
        why = wild ? "the * stands below a top-level domain" : "it is a single label";
    }
    return why ? arena_printf(a,
                              "the host of the URI is neither a full domain name nor an "
                              "address: %s",
                              why)
               : NULL;
}

static void check_host(struct rule_run *run)
{
    each_uri(run, bad_host);
}

/* --- scheme --- */

static const char *bad_scheme(struct rule_run *run, const struct uri *u, struct text whole)
{
    const struct strlist *allowed = rule_strings(run, 0);
    (void)whole;
    for (size_t i = 0; i < allowed->n; i++) {
        if (scheme_is(u, allowed->v[i])) {
            return NULL;
        }
    }
    /* without a scheme it is no URI: uri.syntax says so */
    return u->scheme.n ? arena_printf(rule_arena(run), "URIs of scheme %s are not allowed",
                                      str_vis_dup(rule_arena(run), u->scheme.p, u->scheme.n))
                       : NULL;
}

static void check_scheme(struct rule_run *run)
{
    each_uri(run, bad_scheme);
}

/* --- SPIFFE: SPIFFE-ID section 2, X509-SVID section 2 --- */

enum { SPIFFE_MAX = 2048, TRUST_DOMAIN_MAX = 255 };

static bool only(struct text t, bool (*ok)(char))
{
    for (size_t i = 0; i < t.n; i++) {
        if (!ok(t.p[i])) {
            return false;
        }
    }
    return true;
}

static bool is_trust_domain_character(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' || c == '-' || c == '_';
}

static bool is_segment_character(char c)
{
    return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
}

static const char *path_problem(struct text path)
{
    struct text rest = {path.p + 1, path.n ? path.n - 1 : 0};
    while (path.n) {
        struct text segment = rest;
        const bool more = split(&rest, '/', &segment);
        if (segment.n == 0) {
            return "its path has an empty segment or ends in /";
        }
        if (segment.p[0] == '.' && (segment.n == 1 || (segment.n == 2 && segment.p[1] == '.'))) {
            return "its path has a dot segment";
        }
        if (!only(segment, is_segment_character)) {
            return "its path has a character other than letters, digits, dot, hyphen and _";
        }
        if (!more) {
            break;
        }
    }
    return NULL;
}

static const char *spiffe_problem(const struct uri *u, size_t n)
{
    if (u->user.p || u->port.p) {
        return u->port.p ? "it has a port" : "it has user information";
    }
    if (u->query.p || u->fragment.p) {
        return u->query.p ? "it has a query" : "it has a fragment";
    }
    if (!u->authority || !u->host.n) {
        return "it has no trust domain";
    }
    if (!only(u->host, is_trust_domain_character) || u->host.n > TRUST_DOMAIN_MAX) {
        return "its trust domain is more than lower-case letters, digits, dot, hyphen and _";
    }
    return n > SPIFFE_MAX ? "it is longer than 2048 octets" : path_problem(u->path);
}

static bool trusted(const struct strlist *domains, struct text host)
{
    for (size_t i = 0; i < domains->n; i++) {
        if (strlen(domains->v[i]) == host.n && memcmp(domains->v[i], host.p, host.n) == 0) {
            return true;
        }
    }
    return domains->n == 0;
}

static const char *bad_spiffe(struct rule_run *run, const struct uri *u, struct text whole)
{
    if (!scheme_is(u, "spiffe")) {
        return NULL;
    }
    const char *why = spiffe_problem(u, whole.n);
    if (why) {
        return arena_printf(rule_arena(run), "this is no SPIFFE ID: %s", why);
    }
    return trusted(rule_strings(run, 0), u->host)
               ? NULL
               : arena_printf(rule_arena(run), "%s is not one of the policy's trust domains",
                              str_vis_dup(rule_arena(run), u->host.p, u->host.n));
}

/* A SPIFFE certificate has exactly one URI; of each view, because one view is sent. */
static void check_spiffe_alone(struct rule_run *run, unsigned view)
{
    const struct facts *f = rule_facts(run);
    const struct name_fact *second = NULL;
    size_t uris = 0;
    bool spiffe = false;
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        struct uri u;
        if (n->type == GN_URI && n->views & view) {
            uri_parse(n->text, n->text_n, &u);
            spiffe |= scheme_is(&u, "spiffe");
            second = ++uris == 2 ? n : second;
        }
    }
    if (spiffe && second) {
        rule_hit(run, (struct hit){.name = second, .view = view},
                 "there are %zu URIs; a SPIFFE certificate has one", uris);
    }
}

static void check_spiffe(struct rule_run *run)
{
    each_uri(run, bad_spiffe);
    check_spiffe_alone(run, VIEW_ORDER);
    check_spiffe_alone(run, VIEW_CSR);
}

/* clang-format off */
static const struct param syntax_params[] = {
    {.name = "strict", .kind = PARAM_BOOL, .fallback = "false", .help = "refuse fragments"},
};
static const struct param scheme_params[] = {
    {.name = "allowed", .kind = PARAM_STRINGS, .fallback = "spiffe https",
     .help = "schemes without colon"},
};
static const struct param spiffe_params[] = {
    {.name = "trust-domains", .kind = PARAM_STRINGS, .fallback = "",
     .help = "trust domains of the company; empty = any"},
};

const struct rule rules_uri[] = {
    {.id = "uri.syntax", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "not an absolute URI",
     .why = "Clients compare whole URIs; one that does not parse, or has no scheme, never matches.",
     .fix = "write the whole URI with its scheme, and %-encode what RFC 3986 reserves",
     .cite = "RFC 5280 section 4.2.1.6, RFC 3986 section 3", .check = check_syntax,
     RULE_PARAMS(syntax_params),
     .bad = "{san: ['uri:www.example.com/login']}", .good = "{san: ['uri:https://www.example.com/']}"},
    {.id = "uri.host", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "host of a URI is no full name",
     .why = "Name constraints and clients look at the host of a URI; it must be a full domain name "
            "or an address.",
     .fix = "write the full domain name",
     .cite = "RFC 5280 section 4.2.1.6", .check = check_host,
     .bad = "{san: ['uri:https://intranet/login']}",
     .good = "{san: ['uri:https://intranet.example.com/login']}"},
    {.id = "uri.scheme", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "scheme of a URI is not allowed",
     .why = "What a URI identifies depends on its scheme; only those that somebody checks may be "
            "certified.",
     .fix = "remove the URI, or have the scheme added to the policy",
     .cite = "policy", .check = check_scheme, RULE_PARAMS(scheme_params),
     .bad = "{san: ['uri:ldap://ldap.example.com/']}",
     .good = "{san: ['uri:https://www.example.com/']}"},
    {.id = "uri.spiffe", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "not a SPIFFE ID",
     .why = "Workloads refuse a certificate whose ID has more than trust domain and path, or "
            "that has a second URI.",
     .fix = "write spiffe://trust-domain/path as the only URI",
     .cite = "SPIFFE-ID section 2, X509-SVID section 2", .check = check_spiffe,
     RULE_PARAMS(spiffe_params),
     .bad = "{san: ['uri:spiffe://prod.example.com:8443/web']}",
     .good = "{san: ['uri:spiffe://prod.example.com/web']}"},
    {.id = NULL},
};
/* clang-format on */
