/* SPDX-License-Identifier: Apache-2.0
 *
 * See rules_batch.h. Every question is the same: which items have an equal key? So each gives its
 * members a text key, one generic routine sorts and finds the groups, and the first item of a
 * group is named in the finding of each other.
 */
#include "policy/rules_batch.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    const char *key;
    const struct batch_member *m;
    const char *value; /* shown in the finding */
};

struct entries {
    struct entry *v;
    size_t n;
};
struct batch_index {
    struct entries e; /* sorted */
};

/* By key, then in the order of the manifest. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    int by_key = strcmp(x->key, y->key);
    return by_key ? by_key : (x->m > y->m) - (x->m < y->m);
}

static struct entries entries_for(struct rule_run *run, size_t room)
{
    return (struct entries){arena_array(rule_arena(run), room + 1, sizeof(struct entry)), 0};
}

static void add(struct entries *e, const char *key, const struct batch_member *m, const char *value)
{
    e->v[e->n++] = (struct entry){key, m, value};
}

/* fmt takes the id of the first item of the group. key: manifest key to point at. */
typedef void report_fn(struct rule_run *run, const struct entry *first, const struct entry *other);

static void report_groups(struct rule_run *run, struct entries *e, report_fn *report)
{
    if (e->n) {
        qsort(e->v, e->n, sizeof *e->v, compare_entries);
    }
    size_t first = 0;
    for (size_t i = 1; i < e->n; i++) {
        if (strcmp(e->v[first].key, e->v[i].key) != 0) {
            first = i;
        } else if (e->v[first].m != e->v[i].m) {
            report(run, &e->v[first], &e->v[i]);
        }
    }
}

static bool is_order(const struct batch_member *m)
{
    return m->kind == SUBJECT_ORDER;
}

/* --- ids --- */

static void report_id(struct rule_run *run, const struct entry *first, const struct entry *other)
{
    rule_hit_member(run, other->m, "id", other->value, "the id is already used by the item %s",
                    first->m->id);
}

void batch_check_same_ids(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct entries e = entries_for(run, n);
    for (size_t i = 0; i < n; i++) {
        if (m[i].id) {
            add(&e, str_lower(rule_arena(run), m[i].id), &m[i], m[i].id);
        }
    }
    report_groups(run, &e, report_id);
}

/* --- look-ups --- */

static struct batch_index *make_index(struct rule_run *run, struct entries e)
{
    struct batch_index *index = arena_alloc(rule_arena(run), sizeof *index);
    if (e.n) {
        qsort(e.v, e.n, sizeof *e.v, compare_entries);
    }
    index->e = e;
    return index;
}

struct batch_index *batch_index_new(struct rule_run *run, size_t room)
{
    struct batch_index *index = arena_alloc(rule_arena(run), sizeof *index);
    index->e = entries_for(run, room);
    return index;
}

void batch_index_add(struct batch_index *index, const char *key, const struct batch_member *m)
{
    add(&index->e, key, m, NULL);
}

void batch_index_done(struct batch_index *index)
{
    if (index->e.n) {
        qsort(index->e.v, index->e.n, sizeof *index->e.v, compare_entries);
    }
}

static const struct batch_member *look_up(const struct batch_index *index, const char *key)
{
    size_t low = 0;
    size_t high = index->e.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(index->e.v[mid].key, key) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    bool hit = low < index->e.n && strcmp(index->e.v[low].key, key) == 0;
    return hit ? index->e.v[low].m : NULL;
}

const struct batch_member *batch_index_find(const struct batch_index *index, const char *key)
{
    return look_up(index, key);
}

struct batch_index *batch_index_ids(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct entries e = entries_for(run, n);
    for (size_t i = 0; i < n; i++) {
        if (m[i].id) {
            add(&e, m[i].id, &m[i], NULL);
        }
    }
    return make_index(run, e);
}

const struct batch_member *batch_by_id(const struct batch_index *ids, const char *id)
{
    return look_up(ids, id);
}

static const char *certificate_key(struct rule_run *run, const char *ca, const char *serial)
{
    return arena_printf(rule_arena(run), "%s\n%s", ca ? ca : "", serial);
}

struct batch_index *batch_index_replaced(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct entries e = entries_for(run, n);
    for (size_t i = 0; i < n; i++) {
        if (is_order(&m[i]) && m[i].serial) {
            add(&e, certificate_key(run, m[i].ca, m[i].serial), &m[i], NULL);
        }
    }
    return make_index(run, e);
}

const struct batch_member *batch_by_replaced(struct rule_run *run, const struct batch_index *orders,
                                             const char *ca, const char *serial)
{
    return look_up(orders, certificate_key(run, ca, serial));
}

/* --- requests and keys --- */

static void report_csr(struct rule_run *run, const struct entry *first, const struct entry *other)
{
    rule_hit_member(run, other->m, "csr", NULL, "the item %s has the same request", first->m->id);
}

void batch_check_csr_duplicate(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct entries e = entries_for(run, n);
    for (size_t i = 0; i < n; i++) {
        if (is_order(&m[i]) && m[i].has_csr) {
            add(&e, hex_dup(rule_arena(run), m[i].csr_sha256, SHA256_SIZE), &m[i], NULL);
        }
    }
    report_groups(run, &e, report_csr);
}

/* Two items with one request are batch.csr.duplicate's matter. */
static void report_key(struct rule_run *run, const struct entry *first, const struct entry *other)
{
    bool same_csr = first->m->has_csr && other->m->has_csr &&
                    memcmp(first->m->csr_sha256, other->m->csr_sha256, SHA256_SIZE) == 0;
    if (!same_csr) {
        rule_hit_member_as(run, other->m, rule_bool(run, 0) ? SEV_WARNING : SEV_DISABLED, "csr",
                           NULL, "the item %s has the same key", first->m->id);
    }
}

void batch_check_key_duplicate(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct entries e = entries_for(run, n);
    for (size_t i = 0; i < n; i++) {
        if (is_order(&m[i]) && m[i].has_spki) {
            add(&e, hex_dup(rule_arena(run), m[i].spki_sha256, SHA256_SIZE), &m[i], NULL);
        }
    }
    report_groups(run, &e, report_key);
}

/* --- names --- */

static void report_names(struct rule_run *run, const struct entry *first, const struct entry *other)
{
    rule_hit_member(run, other->m, NULL, NULL,
                    "the item %s orders the same names and product from the same CA", first->m->id);
}

void batch_check_names_duplicate(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct entries e = entries_for(run, n);
    for (size_t i = 0; i < n; i++) {
        if (!is_order(&m[i]) || m[i].nnames == 0) {
            continue;
        }
        CLEANUP(buf_release) struct buf key = BUF_INIT(1u << 20);
        buf_printf(&key, "%s\n%s", m[i].ca ? m[i].ca : "", m[i].product ? m[i].product : "");
        for (size_t k = 0; k < m[i].nnames; k++) {
            /* the list is sorted; a common name repeated in the SAN counts once */
            if (k == 0 || strcmp(m[i].names[k], m[i].names[k - 1]) != 0) {
                buf_printf(&key, "\n%s", m[i].names[k]);
            }
        }
        add(&e, arena_strdup(rule_arena(run), buf_text(&key)), &m[i], NULL);
    }
    report_groups(run, &e, report_names);
}

static bool same_names(const struct batch_member *a, const struct batch_member *b)
{
    bool same = a->nnames == b->nnames;
    for (size_t i = 0; same && i < a->nnames; i++) {
        same = strcmp(a->names[i], b->names[i]) == 0;
    }
    return same;
}

/* Equal lists are batch.names.duplicate's matter. */
static void report_overlap(struct rule_run *run, const struct entry *first,
                           const struct entry *other)
{
    if (!same_names(first->m, other->m)) {
        rule_hit_member(run, other->m, NULL, other->value, "the item %s has the name too",
                        first->m->id);
    }
}

void batch_check_names_overlap(struct rule_run *run)
{
    size_t n, room = 0;
    const struct batch_member *m = rule_members(run, &n);
    for (size_t i = 0; i < n; i++) {
        room += is_order(&m[i]) ? m[i].nnames : 0;
    }
    struct entries e = entries_for(run, room);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; is_order(&m[i]) && k < m[i].nnames; k++) {
            if (k == 0 || strcmp(m[i].names[k], m[i].names[k - 1]) != 0) {
                const char *colon = strchr(m[i].names[k], ':');
                add(&e, m[i].names[k], &m[i], colon ? colon + 1 : m[i].names[k]);
            }
        }
    }
    report_groups(run, &e, report_overlap);
}

/* --- certificates that are touched twice --- */

static void report_double(struct rule_run *run, const struct entry *first,
                          const struct entry *other)
{
    bool order = is_order(other->m);
    rule_hit_member(run, other->m, order ? "replaces" : "serial", other->value,
                    "the certificate is already %s by the item %s", order ? "renewed" : "revoked",
                    first->m->id);
}

void batch_check_double(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct entries e = entries_for(run, n);
    for (size_t i = 0; i < n; i++) {
        if (m[i].serial) {
            const char *key = arena_printf(rule_arena(run), "%d\n%s\n%s", (int)m[i].kind,
                                           m[i].ca ? m[i].ca : "", m[i].serial);
            add(&e, key, &m[i], m[i].serial);
        }
    }
    report_groups(run, &e, report_double);
}

/* --- outputs --- */

static void report_output(struct rule_run *run, const struct entry *first,
                          const struct entry *other)
{
    rule_hit_member(run, other->m, "outputs", other->value, "the item %s writes the same file",
                    first->m->id);
}

void batch_check_output_collision(struct rule_run *run)
{
    size_t n, room = 0;
    const struct batch_member *m = rule_members(run, &n);
    for (size_t i = 0; i < n; i++) {
        for (const char *const *o = m[i].outputs; o && *o; o++) {
            room++;
        }
    }
    struct entries e = entries_for(run, room);
    for (size_t i = 0; i < n; i++) {
        for (const char *const *o = m[i].outputs; o && *o; o++) {
            add(&e, str_lower(rule_arena(run), *o), &m[i], *o);
        }
    }
    report_groups(run, &e, report_output);
}
