/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins the rule tables of rules_*.c into one, sorted by id. The join is made once, on first
 * use, under pthread_once; nothing changes afterwards. Rows stay where they were written.
 */
#include "policy/engine.h"

#include "formats/base/time.h"

#include <pthread.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct rule *const rule_groups[] = {
    rules_csr, rules_sig, rules_key, rules_subject, rules_san, rules_dns, rules_name,
    rules_wildcard, rules_product, rules_batch, rules_change, rules_policy, rules_shape, rules_idn,
    rules_ip, rules_other_names, rules_email, rules_uri, rules_ext, rules_level, rules_ev,
    rules_validity, rules_dcv, rules_certinext, rules_certinext_fields,
    rules_certinext_names, rules_certinext_org, rules_digicert, rules_sectigo, rules_entrust,
    rules_adcs, rules_emca, rules_local, rules_capability,
    rules_smime, rules_revoke, rules_renew, rules_manifest, rules_export, rules_issued,
    rules_suppress,
    NULL};
/* clang-format on */

enum { RULES_MAX = 1024 };
struct entry {
    const struct rule *row;
    int64_t from, until;
};
static struct entry table[RULES_MAX];
static size_t count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->row->id, ((const struct entry *)b)->row->id);
}

static int compare_id(const void *id, const void *entry)
{
    return strcmp(id, ((const struct entry *)entry)->row->id);
}

/* A row whose date does not parse would silently never apply: tests/unit/t_engine.c walks all. */
static int64_t date_or(const char *text, int64_t otherwise)
{
    int64_t t = otherwise;
    return text && !time_parse_date(text, &t) ? otherwise : t;
}

static void join(void)
{
    for (size_t g = 0; rule_groups[g]; g++) {
        for (const struct rule *r = rule_groups[g]; r->id && count < RULES_MAX; r++) {
            table[count++] = (struct entry){.row = r,
                                            .from = date_or(r->from, INT64_MIN),
                                            .until = date_or(r->until, INT64_MAX)};
        }
    }
    qsort(table, count, sizeof *table, compare_entries);
}

static const struct entry *find(const char *id)
{
    pthread_once(&once, join);
    return id ? bsearch(id, table, count, sizeof *table, compare_id) : NULL;
}

size_t rule_count(void)
{
    pthread_once(&once, join);
    return count;
}

const struct rule *rule_at(size_t index)
{
    return index < rule_count() ? table[index].row : NULL;
}

const struct rule *rule_find(const char *id)
{
    const struct entry *e = find(id);
    return e ? e->row : NULL;
}

size_t rule_index(const struct rule *r)
{
    const struct entry *e = find(r->id);
    return e ? (size_t)(e - table) : count;
}

void rule_window(const struct rule *r, int64_t *from, int64_t *until)
{
    const struct entry *e = find(r->id);
    *from = e ? e->from : date_or(r->from, INT64_MIN);
    *until = e ? e->until : date_or(r->until, INT64_MAX);
}

static void digest_text(struct sha256 *s, const char *text)
{
    sha256_add(s, text ? text : "", text ? strlen(text) + 1 : 1);
}

static char table_digest[SHA256_HEX];
static pthread_once_t table_digest_once = PTHREAD_ONCE_INIT;

static void make_table_digest(void)
{
    struct sha256 s;
    sha256_begin(&s);
    digest_text(&s, CERTBATCH_VERSION);
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *r = table[i].row;
        const unsigned numbers[] = {(unsigned)r->severity, (unsigned)r->floor, r->unwaivable,
                                    r->scope, r->needs};
        digest_text(&s, r->id);
        sha256_add(&s, numbers, sizeof numbers);
        digest_text(&s, r->ca);
        digest_text(&s, r->from);
        digest_text(&s, r->until);
        for (size_t k = 0; k < r->nparams; k++) {
            digest_text(&s, r->params[k].name);
            digest_text(&s, r->params[k].fallback);
        }
    }
    sha256_end_hex(&s, table_digest);
}

/* Once a process: every policy that is loaded asks, and a pre-commit run loads one a manifest. */
void rule_table_digest(char out[SHA256_HEX])
{
    (void)pthread_once(&table_digest_once, make_table_digest);
    (void)memcpy(out, table_digest, SHA256_HEX);
}

void rule_report(struct findings *list, const char *id, struct pos pos, const char *fmt, ...)
{
    const struct rule *r = rule_find(id);
    va_list ap;
    va_start(ap, fmt);
    struct finding f = {.rule = id,
                        .severity = r ? r->severity : SEV_ERROR,
                        .file = pos.file,
                        .line = pos.line,
                        .column = pos.column,
                        .end_line = pos.end_line,
                        .end_column = pos.end_column,
                        .firm = r && r->unwaivable,
                        .offset = -1,
                        .message = arena_vprintf(&list->strings, fmt, ap),
                        .fix = r ? r->fix : NULL,
                        .cite = r ? r->cite : NULL};
    va_end(ap);
    findings_add(list, &f);
}
