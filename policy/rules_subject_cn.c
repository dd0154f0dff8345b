/* SPDX-License-Identifier: Apache-2.0
 *
 * subject.cn.* and subject.arpa-ip: the common name, which public certificates may only use to
 * repeat one of the alternative names (BR 7.1.4.3).
 */
#include "policy/rules_subject.h"

#include "policy/names.h"

#include <string.h>

/* An order's common_name is sent as a name of its own: the CA puts it into the SAN list. */
static bool is_alternative(const struct name_fact *n)
{
    return n->views & VIEW_EFFECTIVE && (!n->is_cn || n->views & VIEW_ORDER);
}

/* Character for character; an address by its canonical text. */
static bool repeats(const struct attr_fact *cn, const struct name_fact *n)
{
    const char *want = n->type == GN_IP ? n->norm : n->text;
    size_t size = n->type == GN_IP ? strlen(n->norm) : n->text_n;
    return (n->type == GN_DNS || n->type == GN_IP) && size == cn->text_n &&
           memcmp(want, cn->text, size) == 0;
}

void subject_check_cn_in_san(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *cn = &f->attrs[i];
        bool found = !subject_is(cn, "CN");
        for (size_t k = 0; k < f->nnames && !found; k++) {
            found = is_alternative(&f->names[k]) && repeats(cn, &f->names[k]);
        }
        if (!found) {
            rule_hit(run, (struct hit){.attr = cn},
                     "the common name is not a copy of one of the alternative names");
        }
    }
}

void subject_check_cn_multiple(struct rule_run *run)
{
    const struct dn *dn = subject_dn(run);
    size_t count = 0;
    for (size_t i = 0; dn && i < dn->n; i++) {
        count += strcmp(dn->v[i].name, "CN") == 0;
        if (count == 2) {
            rule_hit(run,
                     (struct hit){.offset = (int64_t)dn->v[i].offset,
                                  .view = VIEW_CSR,
                                  .value = dn->v[i].text,
                                  .value_n = dn->v[i].text_n},
                     "the subject has more than one common name");
            return;
        }
    }
}

void subject_check_cn_length(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *cn = &f->attrs[i];
        size_t n = subject_is(cn, "CN") ? utf8_length(cn->text, cn->text_n) : 0;
        if (n > (uint64_t)rule_int(run, 0)) {
            rule_hit(run, (struct hit){.attr = cn},
                     "the common name has %zu characters; at most %lld fit", n,
                     (long long)rule_int(run, 0));
        }
    }
}

void subject_check_cn_discouraged(struct rule_run *run)
{
    const struct dn *dn = subject_dn(run);
    const struct dn_attr *cn = dn ? dn_find(dn, "CN") : NULL;
    if (cn) {
        rule_hit(run,
                 (struct hit){.offset = (int64_t)cn->offset,
                              .view = VIEW_CSR,
                              .value = cn->text,
                              .value_n = cn->text_n},
                 "the subject has a common name");
    }
}

/* What people mean as an address, in any spelling: digits and dots in four parts, or colons. */
static bool looks_like_address(const char *s)
{
    bool v4 = name_labels(s) == 4 && s[strspn(s, "0123456789.")] == '\0';
    bool v6 = strchr(s, ':') && s[strspn(s, "0123456789abcdefABCDEF:.[]%")] == '\0';
    return v4 || v6;
}

void subject_check_cn_ip_text(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *cn = &f->attrs[i];
        const char *text = arena_strndup(rule_arena(run), cn->text, cn->text_n);
        uint8_t address[16];
        char canonical[ADDRESS_TEXT] = "";
        if (!subject_is(cn, "CN") || strlen(text) != cn->text_n || !looks_like_address(text)) {
            continue;
        }
        size_t n = address_parse(text, address);
        if (n) {
            address_text(address, n, canonical);
        }
        if (!rule_bool(run, 0)) {
            rule_hit(run, (struct hit){.attr = cn}, "the common name is an address");
        } else if (strcmp(text, canonical) != 0) {
            rule_hit(run, (struct hit){.attr = cn},
                     "the common name is an address, but not in canonical form%s%s", n ? ": " : "",
                     canonical);
        }
    }
}

/* --- reverse zones --- */

/* The part of name in front of ".zone", or NULL. */
static const char *inside(struct rule_run *run, const char *name, const char *zone)
{
    size_t n = strlen(name);
    size_t z = strlen(zone);
    bool below = n > z + 1 && name_under(name, zone);
    return below ? arena_strndup(rule_arena(run), name, n - z - 1) : NULL;
}

/* "4.3.2.1" to 1.2.3.4; false when it does not spell an address. */
static bool reverse_v4(struct rule_run *run, const char *labels, uint8_t out[16])
{
    const char *text = "";
    for (const char *p = labels; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL) {
        size_t n = strcspn(p, ".");
        text = arena_printf(rule_arena(run), "%.*s%s%s", (int)n, p, *text ? "." : "", text);
    }
    return address_parse(text, out) == 4;
}

static bool reverse_v6(const char *labels, uint8_t out[16])
{
    uint8_t nibble;
    char hex[33];
    size_t n = strlen(labels);
    if (n != 63) {
        return false;
    }
    for (size_t i = 0; i < 32; i++) {
        hex[31 - i] = labels[2 * i];
        if (labels[2 * i] == '.' || (i < 31 && labels[2 * i + 1] != '.')) {
            return false;
        }
    }
    for (size_t i = 0; i < 32; i += 2) {
        if (!hex_decode(hex + i, 2, &nibble)) {
            return false;
        }
        out[i / 2] = nibble;
    }
    return true;
}

void subject_check_arpa_ip(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *v4 = n->type == GN_DNS ? inside(run, n->norm, "in-addr.arpa") : NULL;
        const char *v6 = n->type == GN_DNS ? inside(run, n->norm, "ip6.arpa") : NULL;
        uint8_t address[16];
        if (!v4 && !v6) {
            continue;
        }
        bool ok = v4 ? reverse_v4(run, v4, address) : reverse_v6(v6, address);
        const char *block = ok ? address_reserved(address, v4 ? 4 : 16) : NULL;
        if (!ok || block) {
            rule_hit(run, (struct hit){.name = n}, "the reverse-zone name encodes %s address%s%s%s",
                     ok ? "a reserved" : "no whole", block ? " (" : "", block ? block : "",
                     block ? ")" : "");
        }
    }
}
