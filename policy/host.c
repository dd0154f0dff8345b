/* SPDX-License-Identifier: Apache-2.0
 *
 * See host.h.
 */
#include "policy/host.h"

#include "policy/names.h"

#include <string.h>

bool host_is(const struct rule_run *run, const struct name_fact *n)
{
    bool dotted = memchr(n->text, '.', n->text_n) != NULL;
    return n->type == GN_DNS && n->text_n && (!n->is_cn || dotted || rule_scope(run) & SCOPE_TLS);
}

static bool is_url_mark(char c)
{
    return c && strchr("/:@#[]", c);
}

bool host_next_label(struct text *rest, struct text *label)
{
    if (!rest->p) {
        return false;
    }
    const char *dot = memchr(rest->p, '.', rest->n);
    label->p = rest->p;
    label->n = dot ? (size_t)(dot - rest->p) : rest->n;
    rest->n -= label->n + (dot != NULL);
    rest->p = dot ? dot + 1 : NULL;
    return true;
}

static struct text without_wildcard(struct text t)
{
    bool wild = t.n >= 2 && t.p[0] == '*' && t.p[1] == '.';
    return wild ? (struct text){t.p + 2, t.n - 2} : t;
}

/* Names of which other rules already say that they are no DNS names at all. */
static bool is_address(struct text t)
{
    char copy[ADDRESS_TEXT];
    uint8_t address[16];
    if (t.n >= sizeof copy || memchr(t.p, 0, t.n)) {
        return false;
    }
    memcpy(copy, t.p, t.n);
    copy[t.n] = '\0';
    return address_parse(copy, address) > 0;
}

static size_t count_labels(struct text t)
{
    size_t count = 0;
    for (struct text label; host_next_label(&t, &label);) {
        count += label.n > 0;
    }
    return count;
}

const char *host_bad_charset(struct arena *a, struct text t, int64_t max)
{
    (void)a;
    (void)max;
    for (size_t i = 0; i < t.n; i++) {
        unsigned char c = (unsigned char)t.p[i];
        char low = ascii_lower(t.p[i]);
        bool ldh = (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        /* underscore, wildcard and redaction have rules of their own */
        if (ldh || c == '_' || c == '*' || c == '?') {
            continue;
        }
        return c == 0                  ? "the DNS name contains a NUL"
               : c == ' '              ? "the DNS name contains a blank"
               : c < 0x20 || c == 0x7F ? "the DNS name contains a control character"
               : c >= 0x80             ? "the DNS name is not in A-label form (xn--...)"
                           : "the DNS name contains a character other than letters, digits and -";
    }
    return NULL;
}

/* The host in what was pasted: behind "://" or "user@", up to ':' or '/'. */
const char *host_bad_url(struct arena *a, struct text t, int64_t max)
{
    (void)max;
    const char *s = arena_strndup(a, t.p, t.n);
    bool url = false;
    for (size_t i = 0; i < t.n; i++) {
        url |= is_url_mark(t.p[i]);
    }
    if (!url) {
        return NULL;
    }
    const char *host = strstr(s, "://");
    host = host ? host + 3 : s;
    const char *at = strchr(host, '@');
    host = at ? at + 1 : host;
    host = str_vis_dup(a, host, strcspn(host, ":/?#"));
    return *host ? arena_printf(a, "not a host name; was %s meant?", host) : "not a host name";
}

const char *host_bad_length(struct arena *a, struct text t, int64_t max)
{
    size_t n = without_wildcard(t).n;
    return n > (uint64_t)max
               ? arena_printf(a, "the DNS name has %zu octets; at most %lld fit", n, (long long)max)
               : NULL;
}

const char *host_bad_label_length(struct arena *a, struct text t, int64_t max)
{
    for (struct text label; host_next_label(&t, &label);) {
        if (label.n > (uint64_t)max) {
            return arena_printf(a, "a label has %zu octets; at most %lld fit", label.n,
                                (long long)max);
        }
    }
    return NULL;
}

/* The empty label behind a trailing dot is dns.trailing-dot's. */
const char *host_bad_label_empty(struct arena *a, struct text t, int64_t max)
{
    (void)a;
    (void)max;
    for (struct text label; host_next_label(&t, &label);) {
        if (label.n == 0 && t.p) {
            return "the DNS name has an empty label";
        }
    }
    return NULL;
}

const char *host_bad_trailing_dot(struct arena *a, struct text t, int64_t max)
{
    (void)a;
    (void)max;
    return t.n && t.p[t.n - 1] == '.' ? "the DNS name ends in a dot" : NULL;
}

const char *host_bad_hyphen(struct arena *a, struct text t, int64_t max)
{
    (void)a;
    (void)max;
    for (struct text label; host_next_label(&t, &label);) {
        if (label.n && (label.p[0] == '-' || label.p[label.n - 1] == '-')) {
            return "a label begins or ends with a hyphen";
        }
    }
    return NULL;
}

const char *host_bad_underscore(struct arena *a, struct text t, int64_t max)
{
    (void)a;
    (void)max;
    return memchr(t.p, '_', t.n) ? "the DNS name contains an underscore" : NULL;
}

const char *host_bad_few(struct arena *a, struct text t, int64_t max)
{
    (void)a;
    size_t n = count_labels(without_wildcard(t));
    return n < (uint64_t)max && !is_address(t) ? "the DNS name is a single label" : NULL;
}

const char *host_bad_many(struct arena *a, struct text t, int64_t max)
{
    size_t n = count_labels(t);
    return n > (uint64_t)max ? arena_printf(a, "the DNS name has %zu labels", n) : NULL;
}

const char *host_bad_numeric(struct arena *a, struct text t, int64_t max)
{
    (void)a;
    (void)max;
    struct text last = {t.p, 0};
    for (struct text label; host_next_label(&t, &label);) {
        last = label.n ? label : last;
    }
    for (size_t i = 0; i < last.n; i++) {
        if (last.p[i] < '0' || last.p[i] > '9') {
            return NULL;
        }
    }
    return last.n ? "the last label is a number" : NULL;
}

const char *host_bad_address(struct arena *a, struct text t, int64_t max)
{
    (void)a;
    (void)max;
    return is_address(t) ? "an address stands in the place of a DNS name" : NULL;
}

const char *host_bad_redacted(struct arena *a, struct text t, int64_t max)
{
    (void)a;
    (void)max;
    return memchr(t.p, '?', t.n) ? "the DNS name contains a ?" : NULL;
}

const char *host_problem(struct arena *a, struct text name)
{
    static const struct {
        host_question *ask;
        int64_t max;
    } questions[] = {
        {host_bad_url, 0},         {host_bad_charset, 0},       {host_bad_redacted, 0},
        {host_bad_length, 253},    {host_bad_label_length, 63}, {host_bad_trailing_dot, 0},
        {host_bad_label_empty, 0}, {host_bad_hyphen, 0},        {host_bad_underscore, 0},
        {host_bad_address, 0},     {host_bad_numeric, 0},
    };
    const char *why = NULL;
    for (size_t i = 0; i < NITEMS(questions) && !why; i++) {
        why = questions[i].ask(a, name, questions[i].max);
    }
    return why;
}
