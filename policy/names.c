/* SPDX-License-Identifier: Apache-2.0
 *
 * See names.h.
 */
#include "policy/names.h"

#include "formats/base/str.h"
#include "formats/base/time.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <libpsl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const char *name_base(const char *name)
{
    return name_is_wildcard(name) ? name + 2 : name;
}

bool name_is_wildcard(const char *name)
{
    return name[0] == '*' && name[1] == '.';
}

size_t name_labels(const char *name)
{
    size_t n = *name ? 1 : 0;
    for (; *name; name++) {
        n += *name == '.';
    }
    return n;
}

const char *name_last_label(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

bool name_under(const char *name, const char *zone)
{
    size_t n = strlen(name);
    size_t z = strlen(zone);
    return z > 0 && n >= z && str_ieq(name + n - z, zone) && (n == z || name[n - z - 1] == '.');
}

const char *name_zone_in(const char *name, const char *const *zones, size_t n)
{
    const size_t length = strlen(name);
    const char last = length ? ascii_lower(name[length - 1]) : '\0';
    for (size_t i = 0; i < n; i++) {
        const size_t z = strlen(zones[i]);
        /* most zones differ in their last character already */
        if (z && ascii_lower(zones[i][z - 1]) == last && name_under(name, zones[i])) {
            return zones[i];
        }
    }
    return NULL;
}

bool wildcard_covers(const char *wildcard, const char *name)
{
    const char *dot = strchr(name, '.');
    return name_is_wildcard(wildcard) && dot && dot != name && name[0] != '*' &&
           str_ieq(dot + 1, wildcard + 2);
}

/* --- Public Suffix List --- */

enum { NAME_CACHED = 512 }; /* longer ones are no domain names */

static const psl_ctx_t *suffixes;
static pthread_once_t suffixes_once = PTHREAD_ONCE_INIT;

static void load_suffixes(void)
{
    suffixes = psl_latest(NULL);
    suffixes = suffixes ? suffixes : psl_builtin();
}

static const psl_ctx_t *psl(void)
{
    (void)pthread_once(&suffixes_once, load_suffixes);
    return suffixes;
}

bool names_have_suffixes(void)
{
    return psl() != NULL;
}

/* Several rules ask about the names of one item in a row, and each look-up searches 9,500 rules:
 * the last few answers are remembered. */
enum answer { NOT_ASKED, NO, YES };
enum { REMEMBERED = 4 };
struct suffix_answers {
    char name[NAME_CACHED];
    enum answer public_suffix, private_suffix, has_registrable;
    const char *registrable; /* in name */
};
static _Thread_local struct suffix_answers remembered[REMEMBERED];
static _Thread_local size_t next_forgotten;

static struct suffix_answers *look_up(const char *name)
{
    const size_t n = strlen(name);
    if (!psl() || n == 0 || n >= NAME_CACHED) {
        return NULL;
    }
    for (size_t i = 0; i < REMEMBERED; i++) {
        if (strcmp(remembered[i].name, name) == 0) {
            return &remembered[i];
        }
    }
    struct suffix_answers *a = &remembered[next_forgotten++ % REMEMBERED];
    memcpy(a->name, name, n + 1);
    a->public_suffix = a->private_suffix = a->has_registrable = NOT_ASKED;
    return a;
}

static bool is_suffix(const struct suffix_answers *a, enum answer *known, int type)
{
    if (*known == NOT_ASKED) {
        *known = psl_is_public_suffix2(psl(), a->name, type) ? YES : NO;
    }
    return *known == YES;
}

bool name_is_public_suffix(const char *name)
{
    struct suffix_answers *a = look_up(name);
    return a && is_suffix(a, &a->public_suffix, PSL_TYPE_ICANN);
}

bool name_is_private_suffix(const char *name)
{
    struct suffix_answers *a = look_up(name);
    return a && is_suffix(a, &a->private_suffix, PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE);
}

const char *name_registrable(const char *name)
{
    struct suffix_answers *a = look_up(name);
    if (!a) {
        return NULL;
    }
    if (a->has_registrable == NOT_ASKED) {
        a->registrable = psl_registrable_domain(psl(), a->name);
        a->has_registrable = a->registrable ? YES : NO;
    }
    return a->has_registrable == YES ? name + (a->registrable - a->name) : NULL;
}

/* --- top-level domains --- */

enum { TLD_MAX = 2048 };
static const char *tlds[TLD_MAX];
static size_t ntlds;
static pthread_once_t tlds_once = PTHREAD_ONCE_INIT;

static void index_tlds(void)
{
    for (const char *const *line = names_tld_words; *line; line++) {
        for (const char *p = *line; *p && ntlds < TLD_MAX; p = strchr(p, ' ') + 1) {
            tlds[ntlds++] = p;
        }
    }
}

/* The label of a word ends in ':' or blank; both sort below every label character but '-'. */
static int compare_label(const void *key, const void *word)
{
    const char *k = key;
    const char *w = *(const char *const *)word;
    while (*k && *k == *w) {
        k++;
        w++;
    }
    int end = *w == ':' || *w == ' ' ? 0 : (unsigned char)*w;
    return (unsigned char)*k - end;
}

static int64_t read_days(const char **p)
{
    int64_t v = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++) {
        v = v * 10 + (**p - '0');
    }
    return v;
}

bool tld_is_delegated(const char *tld, int64_t at)
{
    (void)pthread_once(&tlds_once, index_tlds);
    const char *const *word = bsearch(tld, tlds, ntlds, sizeof tlds[0], compare_label);
    if (!word) {
        return false;
    }
    const char *p = *word + strlen(tld);
    if (*p == ' ') {
        return true;
    }
    p++;
    int64_t from = read_days(&p);
    if (at < from * DAY_SECONDS) {
        return false;
    }
    if (*p != '-') {
        return true;
    }
    p++;
    return at < read_days(&p) * DAY_SECONDS;
}

/* --- IDNA --- */

char *name_to_ascii(struct arena *a, const char *utf8, size_t n)
{
    if (memchr(utf8, '\0', n) || !utf8_valid(utf8, n)) {
        return NULL;
    }
    const char *in = arena_strndup(a, utf8, n);
    char *out = NULL;
    if (idn2_to_ascii_8z(in, &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) {
        return NULL;
    }
    char *copy = arena_strdup(a, out);
    idn2_free(out);
    return copy;
}

char *label_to_unicode(struct arena *a, const char *label, size_t n)
{
    char *out = NULL;
    const char *in = arena_strndup(a, label, n);
    if (strlen(in) != n || idn2_to_unicode_8z8z(in, &out, 0) != IDN2_OK) {
        return NULL;
    }
    char *copy = arena_strdup(a, out);
    idn2_free(out);
    for (const char *p = copy; *p; p++) {
        if (*p & 0x80) {
            return copy;
        }
    }
    return NULL;
}

static const struct {
    int code;
    enum label_verdict verdict;
} label_codes[] = {
    {IDN2_OK, LABEL_GOOD},
    {IDN2_NOT_NFC, LABEL_NOT_NFC},
    {IDN2_2HYPHEN, LABEL_HYPHEN},
    {IDN2_HYPHEN_STARTEND, LABEL_HYPHEN},
    {IDN2_LEADING_COMBINING, LABEL_COMBINING},
    {IDN2_DISALLOWED, LABEL_DISALLOWED},
    {IDN2_CONTEXTJ, LABEL_CONTEXT},
    {IDN2_CONTEXTJ_NO_RULE, LABEL_CONTEXT},
    {IDN2_CONTEXTO, LABEL_CONTEXT},
    {IDN2_CONTEXTO_NO_RULE, LABEL_CONTEXT},
    {IDN2_UNASSIGNED, LABEL_UNASSIGNED},
    {IDN2_BIDI, LABEL_BIDI},
};

enum label_verdict label_judge(struct arena *a, const char *utf8, bool normalise, char **ascii)
{
    uint8_t *out = NULL;
    const int code =
        idn2_register_u8((const uint8_t *)utf8, NULL, &out, normalise ? IDN2_NFC_INPUT : 0);
    if (ascii) {
        *ascii = code == IDN2_OK ? arena_strdup(a, (const char *)out) : NULL;
    }
    idn2_free(out);
    for (size_t i = 0; i < NITEMS(label_codes); i++) {
        if (label_codes[i].code == code) {
            return label_codes[i].verdict;
        }
    }
    return LABEL_BROKEN;
}

/* --- addresses --- */

size_t address_parse(const char *text, uint8_t out[16])
{
    /* inet_pton() takes no zone, prefix, blank, hexadecimal or short IPv4 form; glibc accepts
     * leading zeros in IPv4, which other readers take as octal. */
    if (inet_pton(AF_INET, text, out) == 1) {
        char back[ADDRESS_TEXT];
        address_text(out, 4, back);
        return strcmp(back, text) == 0 ? 4 : 0;
    }
    return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

void address_text(const uint8_t *address, size_t n, char out[ADDRESS_TEXT])
{
    if (!inet_ntop(n == 4 ? AF_INET : AF_INET6, address, out, ADDRESS_TEXT)) {
        out[0] = '\0';
    }
}

struct address_block address_block_parse(const char *cidr)
{
    char network[ADDRESS_TEXT];
    struct address_block b = {.n = 0};
    const char *slash = strchr(cidr, '/');
    const size_t len = slash ? (size_t)(slash - cidr) : strlen(cidr);
    uint64_t bits = 0;
    if (len >= sizeof network || (slash && !str_u64(slash + 1, &bits))) {
        return b;
    }
    memcpy(network, cidr, len);
    network[len] = '\0';
    b.n = address_parse(network, b.base);
    bits = slash ? bits : b.n * 8;
    b.n = bits <= b.n * 8 ? b.n : 0;
    b.bits = (unsigned)bits;
    return b;
}

bool address_in_block(const uint8_t *address, size_t n, const struct address_block *b)
{
    const size_t whole = b->bits / 8;
    const uint8_t mask = (uint8_t)(0xFF00u >> (b->bits % 8));
    return n && b->n == n && memcmp(address, b->base, whole) == 0 &&
           (b->bits % 8 == 0 || ((address[whole] ^ b->base[whole]) & mask) == 0);
}

bool address_in(const uint8_t *address, size_t n, const char *cidr)
{
    const struct address_block b = address_block_parse(cidr);
    return address_in_block(address, n, &b);
}

bool address_block_valid(const char *text)
{
    char address[64];
    uint8_t bytes[16];
    uint64_t prefix = 0;
    const char *slash = strchr(text, '/');
    const size_t n = slash ? (size_t)(slash - text) : 0;
    if (!slash || n >= sizeof address || !str_u64(slash + 1, &prefix)) {
        return false;
    }
    memcpy(address, text, n);
    address[n] = '\0';
    const size_t octets = address_parse(address, bytes);
    return octets && prefix <= 8 * octets;
}
