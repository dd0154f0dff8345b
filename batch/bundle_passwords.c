/* SPDX-License-Identifier: Apache-2.0
 *
 * The passwords of a delivery, beside the bundle and never in it: for named recipients as
 * <name>-passwords.cms, which only they can open; without recipients as <name>-passwords.csv of
 * mode 0600. Only one of the two lies there: the other may be from before the recipients changed.
 */
#include "batch/bundle_parts.h"

#include "batch/delivery.h"
#include "batch/passwords.h"
#include "formats/base/csv.h"
#include "formats/base/limits.h"
#include "formats/cms_envelope.h"

enum { PASSWORDS_MAX = CMS_PLAIN_MAX, PASSWORD_COLUMNS = 4 };

static const char *const suffixes[] = {
    [PASSWORDS_CSV] = "-passwords.csv", [PASSWORDS_CMS] = "-passwords.cms"};

const char *bundle_passwords_suffix(enum passwords_form form)
{
    return suffixes[form];
}

bool bundle_recipients(int state, struct buf *pem, char sha256[SHA256_HEX], struct err *err)
{
    sha256[0] = '\0';
    if (!fs_exists_at(state, RECIPIENTS_NAME)) {
        return true;
    }
    if (!fs_read_at(state, RECIPIENTS_NAME, pem, err)) {
        return false;
    }
    sha256_hex(pem->p, pem->n, sha256);
    return true;
}

/* The rows again, with cells that a spreadsheet cannot take for formulas; an alias may be one. */
static bool safe_passwords(const struct buf *text, struct buf *out, struct err *err)
{
    CLEANUP(buf_wipe) struct buf cells = BUF_INIT(PASSWORDS_MAX);
    const char *p = buf_text(text);
    for (int n; (n = csv_row(&p, &cells)) != 0;) {
        if (n != PASSWORD_COLUMNS) {
            return err_set(err, ERR_ENV, PASSWORDS_NAME " is not item,output,alias,password");
        }
        for (int i = 0; i < n - 1; i++) {
            csv_cell(out, csv_at(&cells, i), i == 0);
        }
        csv_cell_exact(out, csv_at(&cells, n - 1), false);
        csv_end(out);
    }
    return !buf_failed(out) || err_set(err, ERR_ENV, PASSWORDS_NAME " is too large");
}

static bool seal(const struct buf *safe, const struct buf *pem, struct buf *out, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct cert *certs;
    size_t n = 0;
    if (!certs_read(&a, RECIPIENTS_NAME, buf_span(pem), &certs, &n, err)) {
        return false;
    }
    struct span *ders = arena_array(&a, n + 1, sizeof *ders);
    for (size_t i = 0; i < n; i++) {
        ders[i] = certs[i].der;
    }
    return cms_seal(buf_span(safe), ders, n, out, err);
}

static bool write_form(const struct bundle_source *s, const struct buf *safe,
                       const struct buf *recipients, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf sealed = BUF_INIT(2 * PASSWORDS_MAX);
    const char *csv = arena_printf(&a, "%s%s", s->name, suffixes[PASSWORDS_CSV]);
    const char *cms = arena_printf(&a, "%s%s", s->name, suffixes[PASSWORDS_CMS]);
    if (!recipients->n) {
        return fs_write_atomic_at(s->dirfd, csv, buf_span(safe), 0600, err) &&
               fs_remove_at(s->dirfd, cms, err);
    }
    return seal(safe, recipients, &sealed, err) &&
           fs_write_atomic_at(s->dirfd, cms, buf_span(&sealed), 0600, err) &&
           fs_remove_at(s->dirfd, csv, err);
}

bool bundle_write_passwords(const struct bundle_source *s, const struct buf *recipients, bool *made,
                            struct err *err)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(PASSWORDS_MAX);
    CLEANUP(buf_wipe) struct buf safe = BUF_INIT(PASSWORDS_MAX);
    *made = fs_exists_at(s->state->fd, PASSWORDS_NAME);
    return !*made ||
           (fs_read_at(s->state->fd, PASSWORDS_NAME, &text, err) &&
            safe_passwords(&text, &safe, err) && write_form(s, &safe, recipients, err)) ||
           err_wrap(err, "passwords of the delivery");
}
