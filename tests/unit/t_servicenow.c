/* SPDX-License-Identifier: Apache-2.0
 *
 * Workbooks for the bulk upload of ServiceNow: read back by our own reader, cells against the
 * certificate, files of at most 5,000 rows, no certificate that the journal does not know.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/servicenow.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "formats/xlsx_in.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;
static char work[] = "/tmp/t_servicenow-XXXXXX";
static char *state;

struct files {
    struct buf last;
    size_t rows[4];
    unsigned n;
};

static bool into(void *ctx, struct span bytes, struct err *err UNUSED)
{
    buf_add(ctx, bytes.p, bytes.n);
    return true;
}

static bool keep(void *ctx, unsigned number, struct xlsx **file, struct err *err)
{
    struct files *f = ctx;
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    assert_int_equal(number, f->n + 1);
    buf_reset(&f->last);
    if (!xlsx_finish(file, into, &f->last, err) ||
        !xlsx_in_read(&arena, "x.xlsx", buf_span(&f->last), NULL, &rows, err)) {
        return false;
    }
    assert_true(f->n < NITEMS(f->rows));
    f->rows[f->n++] = rows.n - 1;
    return true;
}

static int begin(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    assert_non_null(mkdtemp(work));
    state = arena_printf(&arena, "%s/b.state", work);
    const char *item = arena_printf(&arena, "%s/items/www/certificate.pem", state);
    assert_true(fs_make_dirs(path_dir(&arena, item), &err));
    assert_true(fs_make_dirs(arena_printf(&arena, "%s/keys", state), &err));
    assert_true(fs_read("tests/samples/prior.pem", &pem, &err));
    assert_true(fs_write_atomic(item, buf_span(&pem), 0644, &err));
    return 0;
}

static int end(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    CLEANUP(closep) int fd = fs_open_dir("/tmp", &err);
    fs_remove_tree_at(fd, path_base(work));
    arena_release(&arena);
    return 0;
}

static const struct cert *certificate(void)
{
    static struct cert *certs;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    size_t n;
    assert_true(fs_read("tests/samples/prior.pem", &pem, &err));
    const struct span kept = {arena_memdup(&arena, pem.p, pem.n), pem.n};
    assert_true(certs_read(&arena, "prior.pem", kept, &certs, &n, &err));
    assert_int_equal(n, 1);
    return certs;
}

static struct history made(size_t n)
{
    struct history h = HISTORY_INIT;
    const struct cert *c = certificate();
    for (size_t i = 0; i < n; i++) {
        struct item_record r = {
            .id = "www", .kind = ITEM_ORDER, .state = STATE_ISSUED, .serial = c->serial_hex};
        hex_encode(c->sha256, sizeof c->sha256, r.sha256);
        VEC_PUSH(&h, r);
    }
    h.closed = "2026-11-21T10:00:00Z";
    return h;
}

static bool export_to(struct history *h, struct files *f, struct servicenow_totals *totals,
                      struct err *err)
{
    struct statedir s;
    assert_true(statedir_view(&s, state, err));
    const bool ok = servicenow_export(&s, h, keep, f, totals, err);
    statedir_close(&s);
    free(h->v);
    return ok;
}

static void cells(void **ctx UNUSED)
{
    struct files f = {.last = BUF_INIT(1u << 24)};
    struct servicenow_totals totals;
    struct err err = ERR_INIT;
    struct history h = made(1);
    const struct cert *c = certificate();
    struct item_record revoked = {
        .id = "old", .kind = ITEM_REVOCATION, .state = STATE_REVOKED, .serial = c->serial_hex};
    VEC_PUSH(&h, revoked);
    CLEANUP(rows_release) struct rows rows = ROWS_INIT;
    assert_true(export_to(&h, &f, &totals, &err));
    assert_int_equal(totals.certificates, 1);
    assert_int_equal(totals.without_root, 1);
    assert_true(xlsx_in_read(&arena, "x.xlsx", buf_span(&f.last), NULL, &rows, &err));
    assert_int_equal(rows.v[0].n, SERVICENOW_COLUMNS);
    static const char *const required[] = {"fingerprint",
                                           "fingerprint_algorithm",
                                           "subject_common_name",
                                           "subject_distinguished_name",
                                           "issuer",
                                           "issuer_common_name",
                                           "issuer_distinguished_name",
                                           "root_issuer",
                                           "valid_from",
                                           "valid_to",
                                           "state",
                                           "signature_algorithm",
                                           "key_size"};
    for (size_t i = 0; i < NITEMS(required); i++) {
        assert_string_equal(row_cell(&rows.v[0], (uint32_t)i + 1)->text, required[i]);
    }
    const struct row *row = &rows.v[1];
    /* 32 pairs with a blank between them, which are the digest */
    const char *fingerprint = row_cell(row, 1)->text;
    char hex[SHA256_HEX];
    size_t n = 0;
    assert_int_equal(strlen(fingerprint), 95);
    for (const char *p = fingerprint; *p; p++) {
        if (*p != ' ') {
            hex[n++] = *p;
        }
    }
    hex[n] = '\0';
    assert_string_equal(hex, hex_dup(&arena, c->sha256, sizeof c->sha256));
    assert_string_equal(row_cell(row, 2)->text, "SHA-256");
    assert_string_equal(row_cell(row, 11)->text, "revoked");
    assert_int_equal(row_cell(row, 9)->kind, CELL_NUMBER);
    /* a spreadsheet's writer may choose an exponent: compare as numbers */
    assert_true(strtod(row_cell(row, 9)->text, NULL) == (double)c->not_before * 1000);
    assert_true(strtod(row_cell(row, 10)->text, NULL) == (double)c->not_after * 1000);
    assert_string_equal(row_cell(row, 23)->text, "FALSE");
    buf_release(&f.last);
}

static void files_of_5000(void **ctx UNUSED)
{
    struct files f = {.last = BUF_INIT(1u << 24)};
    struct servicenow_totals totals;
    struct err err = ERR_INIT;
    struct history h = made(SERVICENOW_ROWS);
    assert_true(export_to(&h, &f, &totals, &err));
    assert_int_equal(f.n, 1);
    assert_int_equal(f.rows[0], SERVICENOW_ROWS);
    f.n = 0;
    h = made(SERVICENOW_ROWS + 1);
    assert_true(export_to(&h, &f, &totals, &err));
    assert_int_equal(totals.files, 2);
    assert_int_equal(f.rows[0], SERVICENOW_ROWS);
    assert_int_equal(f.rows[1], 1);
    buf_release(&f.last);
}

static void another_certificate(void **ctx UNUSED)
{
    struct files f = {.last = BUF_INIT(1u << 24)};
    struct servicenow_totals totals;
    struct err err = ERR_INIT;
    struct history h = made(1);
    h.v[0].sha256[0] = h.v[0].sha256[0] == '0' ? '1' : '0';
    assert_false(export_to(&h, &f, &totals, &err));
    assert_int_equal(err.code, ERR_ENV);
    assert_int_equal(f.n, 0);
    h = made(0);
    assert_true(export_to(&h, &f, &totals, &err));
    assert_int_equal(totals.certificates, 0);
    assert_int_equal(f.n, 0);
    buf_release(&f.last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells),
        cmocka_unit_test(files_of_5000),
        cmocka_unit_test(another_certificate),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
