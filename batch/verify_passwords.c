/* SPDX-License-Identifier: Apache-2.0
 *
 * The CSV with the passwords of a delivery bundle (item,output,alias,password). Everything read
 * from it is wiped at the end.
 */
#include "batch/verify.h"

#include "formats/base/csv.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

enum { CSV_MAX = 64 * 1024 * 1024, COLUMNS = 4 };
enum { COLUMN_ITEM, COLUMN_OUTPUT, COLUMN_ALIAS, COLUMN_PASSWORD };

struct row {
    size_t item, output, password; /* offsets in text: it moves while it grows */
    bool seen;
};
struct verify_passwords {
    struct buf text;
    struct row *v;
    size_t n, cap;
};

static size_t keep(struct verify_passwords *p, const char *cell)
{
    size_t at = p->text.n;
    buf_add(&p->text, cell, strlen(cell) + 1);
    return at;
}

static int compare(const struct verify_passwords *p, const struct row *r, const char *item,
                   const char *output)
{
    int c = strcmp(p->text.p + r->item, item);
    return c ? c : strcmp(p->text.p + r->output, output);
}

static int by_name(const void *pa, const void *pb, void *ctx)
{
    const struct verify_passwords *p = ctx;
    const struct row *b = pb;
    return compare(p, pa, p->text.p + b->item, p->text.p + b->output);
}

static bool parse(struct verify_passwords *p, const char *path, const char *csv, struct err *err)
{
    CLEANUP(buf_wipe) struct buf cells = BUF_INIT(CSV_MAX);
    bool head = true;
    for (int n; (n = csv_row(&csv, &cells)) != 0; head = false) {
        if (n != COLUMNS || (head && !str_eq(csv_at(&cells, COLUMN_PASSWORD), "password"))) {
            return err_set(err, ERR_INPUT, "%s is not a CSV file of item,output,alias,password",
                           path);
        }
        if (!head) {
            struct row r = {.item = keep(p, csv_at(&cells, COLUMN_ITEM)),
                            .output = keep(p, csv_at(&cells, COLUMN_OUTPUT)),
                            .password = keep(p, csv_at(&cells, COLUMN_PASSWORD))};
            VEC_PUSH(p, r);
        }
    }
    if (p->n > 1) {
        qsort_r(p->v, p->n, sizeof *p->v, by_name, p);
    }
    return true;
}

struct verify_passwords *verify_passwords_read(const char *path, struct secret_scan **secrets,
                                               struct err *err)
{
    CLEANUP(buf_wipe) struct buf csv = BUF_INIT(CSV_MAX);
    struct verify_passwords *p = xcalloc(1, sizeof *p);
    p->text = (struct buf)BUF_INIT(CSV_MAX);
    if (!fs_read(path, &csv, err) || !parse(p, path, buf_text(&csv), err) ||
        !(*secrets = secret_scan_from(buf_text(&csv), err))) {
        verify_passwords_free(p);
        return NULL;
    }
    return p;
}

void verify_passwords_free(struct verify_passwords *p)
{
    if (p) {
        buf_wipe(&p->text);
        free(p->v);
        free(p);
    }
}

/* The first of the rows of an output; a run that was resumed may have written it twice. */
static size_t find(const struct verify_passwords *p, const char *item, const char *output)
{
    size_t low = 0;
    size_t high = p->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare(p, &p->v[mid], item, output) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

const char *verify_password(const struct verify_passwords *p, const char *item, const char *output)
{
    size_t i = p ? find(p, item, output) : 0;
    return p && i < p->n && compare(p, &p->v[i], item, output) == 0 ? p->text.p + p->v[i].password
                                                                    : NULL;
}

void verify_passwords_seen(struct verify_passwords *p, const char *item, const char *output)
{
    for (size_t i = p ? find(p, item, output) : 0;
         p && i < p->n && compare(p, &p->v[i], item, output) == 0; i++) {
        p->v[i].seen = true;
    }
}

void verify_passwords_unseen(const struct verify_passwords *p, struct verify *v)
{
    for (size_t i = 0; p && i < p->n; i++) {
        if (!p->v[i].seen) {
            CLEANUP(arena_release) struct arena a = ARENA_INIT;
            const char *item = p->text.p + p->v[i].item;
            const char *output = p->text.p + p->v[i].output;
            verify_problem(v->findings, v->file, RULE_KEYSTORE, SEV_ERROR, NULL,
                           "%s/%s has a password but is not in the bundle",
                           str_vis_dup(&a, item, strlen(item)),
                           str_vis_dup(&a, output, strlen(output)));
        }
    }
}
