/* SPDX-License-Identifier: Apache-2.0
 *
 * key.known-public, key.blocklist, key.debian-weak: keys whose private half others have. The
 * lists are read by the engine; lines are lower case and sorted, so a look-up is a binary search.
 */
#include "policy/rules_key.h"

#include <openssl/evp.h>
#include <string.h>

/* SHA-256 of the SubjectPublicKeyInfo of example keys that are printed in standards. */
static const struct {
    const char *spki, *where;
} published[] = {
    {"a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f", "RFC 8410 section 10.1"},
    {"837832708c5236d951581f1fddf2b79991b3424a0486d16da1ddad0fd69701be", "RFC 9881 (ML-DSA-44)"},
    {"c473921df6140199b523e5f50f42d63d3eda76f0b604502ca67110fe51edf06a",
     "RFC 9500, with explicit parameters"},
};

/* The first line that begins with prefix, or NULL. */
static const char *find_line(const struct data_lines *lines, const char *prefix)
{
    const size_t at = lines ? data_lines_from(lines, prefix) : 0;
    return lines && at < lines->n && str_starts(lines->v[at], prefix) ? lines->v[at] : NULL;
}

static const char *spki_hex(const struct rule_run *run, const struct spki *key)
{
    return hex_dup(rule_arena(run), key->sha256, sizeof key->sha256);
}

void key_check_known_public(struct rule_run *run)
{
    const struct spki *key = rule_facts(run)->key;
    if (!key) {
        return;
    }
    const char *hex = spki_hex(run, key);
    for (size_t i = 0; i < NITEMS(published); i++) {
        if (strcmp(published[i].spki, hex) == 0) {
            rule_hit(run, (struct hit){.value = hex}, "the key is the example key of %s",
                     published[i].where);
            return;
        }
    }
    if (find_line(rule_lines(run, 0), hex)) {
        rule_hit(run, (struct hit){.value = hex}, "the private half of this key is published");
    }
}

/* A line is the SPKI hash, then optionally ";reason;date;ticket". */
void key_check_blocklist(struct rule_run *run)
{
    const struct spki *key = rule_facts(run)->key;
    const char *hex = key ? spki_hex(run, key) : NULL;
    const char *line = hex ? find_line(rule_lines(run, 0), hex) : NULL;
    if (line) {
        const char *why = strchr(line, ';');
        rule_hit(run, (struct hit){.value = hex}, "the key is on the block list%s%s",
                 why ? ": " : "",
                 why ? str_vis_dup(rule_arena(run), why + 1, strlen(why + 1)) : "");
    }
}

/* The lists of openssl-blacklist name a key by the last 20 hexadecimal digits of SHA-1 over the
 * line that `openssl rsa -modulus` prints. */
static bool debian_line(struct rule_run *run, const struct spki *key, char out[21])
{
    struct span n = key->n;
    while (n.n && n.p[0] == 0) {
        n.p++;
        n.n--;
    }
    const char *text =
        arena_printf(rule_arena(run), "Modulus=%s\n", hex_dup_upper(rule_arena(run), n.p, n.n));
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL) != 1 || size != 20) {
        return false;
    }
    hex_encode(digest + 10, 10, out);
    return true;
}

void key_check_debian_weak(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    if (!key) {
        return;
    }
    const struct data_lines *lines = rule_lines(run, 0);
    if (!lines) {
        rule_not_checked(run, "no list of Debian weak keys is configured (parameter files)");
        return;
    }
    char line[21];
    if (!debian_line(run, key, line)) {
        rule_broken(run, "libcrypto refuses SHA-1, which the lists of Debian weak keys use");
    } else if (find_line(lines, line) || find_line(lines, spki_hex(run, key))) {
        rule_hit(run, (struct hit){.value = line},
                 "the key was made by a Debian system with a predictable generator");
    }
}
