/* SPDX-License-Identifier: Apache-2.0
 *
 * See import_clean.h: host names, addresses, mailboxes, and cells with several of them.
 */
#include "batch/import_clean.h"

#include "batch/import_parts.h"
#include "policy/host.h"
#include "policy/names.h"

#include <string.h>

static bool is_ascii(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s >= 128) {
            return false;
        }
    }
    return true;
}

/* Behind "https://", before a path or question. */
static char *cut_url(struct clean *c, const char *text)
{
    const char *scheme = strstr(text, "://");
    char *host = arena_strdup(c->arena, scheme ? scheme + 3 : text);
    char *end = host + strcspn(host, "/?#");
    if (scheme) {
        clean_mend(c, "the scheme of a URL was cut off");
    }
    if (*end) {
        clean_mend(c, "a path was cut off");
        *end = '\0';
    }
    return host;
}

/* ":443" behind a name, an IPv4 address or "[::1]"; false when it is no port. */
static bool cut_port(struct clean *c, char *host)
{
    char *colon = strrchr(host, ':');
    const bool bracket = *host == '[';
    char *close = bracket ? strchr(host, ']') : NULL;
    if (bracket) {
        if (!close || (close[1] && close[1] != ':')) {
            return false;
        }
        colon = close[1] ? close + 1 : NULL;
    } else if (colon && strchr(host, ':') != colon) {
        return true; /* an IPv6 address */
    }
    if (colon) {
        uint64_t port;
        if (!str_u64(colon + 1, &port) || port > 65535 || !port) {
            return false;
        }
        clean_mend(c, arena_printf(c->arena, "port %llu was cut off", (unsigned long long)port));
        *colon = '\0';
    }
    if (bracket) {
        *close = '\0';
        memmove(host, host + 1, strlen(host));
    }
    return true;
}

static const char *to_ascii(struct clean *c, const char *name)
{
    if (is_ascii(name)) {
        return name;
    }
    const bool star = str_starts(name, "*.");
    const char *base = name + (star ? 2 : 0);
    const char *ascii = name_to_ascii(c->arena, base, strlen(base));
    if (!ascii) {
        return clean_refuse(c, "an internationalised name that IDNA 2008 does not know");
    }
    clean_mend(c, arena_printf(c->arena, "%s became %s", base, ascii));
    return star ? arena_printf(c->arena, "*.%s", ascii) : ascii;
}

const char *clean_host(struct clean *c, const char *text)
{
    uint8_t address[16];
    char canonical[ADDRESS_TEXT];
    const char *s = clean_text(c, text);
    if (!s) {
        return NULL;
    }
    char *host = cut_url(c, s);
    if (!cut_port(c, host)) {
        return clean_refuse(c, "neither a host name nor an address: what stands behind the colon");
    }
    size_t n = address_parse(host, address);
    if (n) {
        address_text(address, n, canonical);
        return arena_printf(c->arena, "ip:%s", canonical);
    }
    n = strlen(host);
    if (n > 1 && host[n - 1] == '.') {
        host[n - 1] = '\0';
        clean_mend(c, "the final dot was cut off");
    }
    const char *name = to_ascii(c, host);
    if (!name) {
        return NULL;
    }
    name = str_lower(c->arena, name);
    const char *base = name_base(name);
    if (strchr(base, '*')) {
        return clean_refuse(c, "no host name: a star stands alone before the first dot only");
    }
    const char *problem = *base ? host_problem(c->arena, (struct text){base, strlen(base)}) : "";
    if (problem) {
        return clean_refuse(
            c, arena_printf(c->arena, "no host name%s%s", *problem ? ": " : "", problem));
    }
    return arena_printf(c->arena, "dns:%s", name);
}

const char *clean_mailbox(struct clean *c, const char *text)
{
    const char *s = clean_text(c, text);
    if (!s) {
        return NULL;
    }
    if (str_starts(s, "mailto:")) {
        s += 7;
        clean_mend(c, "mailto: was cut off");
    }
    const char *at = strrchr(s, '@');
    if (!at || at == s || !at[1] || s[strcspn(s, " \t\n,;<>")]) {
        return clean_refuse(c, "no mailbox: it has no local part and domain");
    }
    const char *domain = to_ascii(c, at + 1);
    if (!domain) {
        return NULL;
    }
    const char *problem = host_problem(c->arena, (struct text){domain, strlen(domain)});
    if (problem) {
        return clean_refuse(c, arena_printf(c->arena, "the domain of the mailbox: %s", problem));
    }
    return arena_printf(c->arena, "%.*s@%s", (int)(at - s), s, str_lower(c->arena, domain));
}

/* --- several names in one cell --- */
/* How programs mark the kind of a name: OpenSSL, Windows, keytool, certreq. */
static const struct prefix {
    const char *text;
    enum gn_type type;
} prefixes[] = {
    {"DNS Name=", GN_DNS},
    {"DNSName=", GN_DNS},
    {"DNSName:", GN_DNS},
    {"DNS:", GN_DNS},
    {"DNS=", GN_DNS},
    {"IP Address:", GN_IP},
    {"IP Address=", GN_IP},
    {"IPAddress=", GN_IP},
    {"IPAddress:", GN_IP},
    {"IP:", GN_IP},
    {"IP=", GN_IP},
    {"RFC822 Name=", GN_EMAIL},
    {"RFC822Name=", GN_EMAIL},
    {"RFC822Name:", GN_EMAIL},
    {"email:", GN_EMAIL},
    {"email=", GN_EMAIL},
    {"URI:", GN_URI},
    {"URL=", GN_URI},
    {"URI=", GN_URI},
};

static const struct prefix *prefix_at(const char *p)
{
    for (size_t i = 0; i < NITEMS(prefixes); i++) {
        const char *want = prefixes[i].text;
        size_t n = 0;
        while (want[n] && ascii_lower(p[n]) == ascii_lower(want[n])) {
            n++;
        }
        if (!want[n]) {
            return &prefixes[i];
        }
    }
    return NULL;
}

static const char *one_name(struct clean *c, enum gn_type type, const char *text)
{
    const char *mailbox;
    switch (type) {
    case GN_EMAIL:
        mailbox = clean_mailbox(c, text);
        return mailbox ? arena_printf(c->arena, "email:%s", mailbox) : NULL;
    case GN_URI:
        return arena_printf(c->arena, "uri:%s", text);
    case GN_OTHER:
    case GN_DNS:
    case GN_X400:
    case GN_DIRNAME:
    case GN_EDI:
    case GN_IP:
    case GN_RID:
    case GN__MAX:
    default:
        return strchr(text, '@') && !strstr(text, "://") ? one_name(c, GN_EMAIL, text)
                                                         : clean_host(c, text);
    }
}

bool clean_names(struct clean *c, const char *cell, struct strlist *out)
{
    static const char separators[] = ",;|&\n\t \"'[]";
    const char *p = clean_text(c, cell);
    if (!p) {
        return false;
    }
    for (p += strspn(p, separators); *p; p += strspn(p, separators)) {
        const struct prefix *prefix = prefix_at(p);
        p += prefix ? strlen(prefix->text) : 0;
        p += prefix ? strspn(p, " ") : 0;
        const size_t n = strcspn(p, separators);
        const char *text = arena_strndup(c->arena, p, n);
        p += n;
        const bool unknown = !prefix && strchr(text, '=');
        const char *name = unknown ? clean_refuse(c, "a kind of name that an order cannot say")
                                   : one_name(c, prefix ? prefix->type : GN_DNS, text);
        if (!name) {
            c->why = arena_printf(c->arena, "%s (%s)", c->why,
                                  str_vis_dup(c->arena, text, strlen(text)));
            return false;
        }
        if (!strlist_has(out, name)) {
            VEC_PUSH(out, name);
        }
    }
    return true;
}
