/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch import --profile P FILE`: exports of other programs to a manifest. Strict: one bad row
 * and nothing is written but the file of errors, unless --partial.
 */
#include "batch/import.h"

#include "cmd/cmd.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <string.h>

enum { ERRORS_SHOWN = 20 };

static int list_profiles(struct term *t)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    for (size_t i = 0; i < import_profiles_count; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        CLEANUP(findings_release) struct findings none = FINDINGS_INIT;
        struct import_profile p;
        struct err err = ERR_INIT;
        if (!import_profile_read(&p, &a, import_profiles[i].name, &none, &err)) {
            return cmd_fail(t, &err);
        }
        buf_printf(&b, "%-24s %s\n", p.name, p.description ? p.description : "");
    }
    term_out(t, buf_span(&b));
    return EXIT_DONE;
}

static int show_profile(const struct options *o, struct term *t)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_YAML_BYTES);
    struct err err = ERR_INIT;
    const struct pack *pack = import_profile_find(o->profile);
    if (!pack && !fs_read(o->profile, &b, &err)) {
        return cmd_fail(t, &err);
    }
    term_out(t, pack ? (struct span){(const uint8_t *)pack->text, pack->n} : buf_span(&b));
    return EXIT_DONE;
}

static void say_errors(struct term *t, const struct import *im)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    for (size_t i = 0; i < im->nerrors && i < ERRORS_SHOWN; i++) {
        const struct import_error *e = &im->errors[i];
        buf_puts(&b, e->file);
        if (e->row) {
            buf_printf(&b, ":%u", e->row);
        }
        if (e->column) {
            buf_printf(&b, ":%u", e->column);
        }
        buf_printf(&b, ": %s\n", e->message);
    }
    if (im->nerrors > ERRORS_SHOWN) {
        buf_printf(&b, "... and %zu more\n", im->nerrors - ERRORS_SHOWN);
    }
    term_write_err(t, buf_span(&b));
}

static bool write_errors(const struct options *o, struct term *t, const struct import *im,
                         struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_TABLE_BYTES * 2);
    if (!o->out) {
        return true;
    }
    const char *path = arena_printf(&a, "%s-errors.csv", import_stem(&a, o->out));
    if (str_eq(path, o->operands.v[0])) {
        return err_set(err, ERR_USAGE, "%s is what was read: choose another -o", path);
    }
    import_errors_csv(im, &b);
    if (!fs_write_atomic(path, buf_span(&b), 0644, err)) {
        return false;
    }
    term_err(t, "certbatch: the bad rows and why are in %s", path);
    return true;
}

static void say_counts(const struct options *o, struct term *t, const struct import *im)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE);
    if (o->quiet) {
        return;
    }
    term_err(t, "certbatch: %zu item%s, %zu cell%s mended, %zu row%s joined with another", im->n,
             im->n == 1 ? "" : "s", im->mends, im->mends == 1 ? "" : "s", im->merged,
             im->merged == 1 ? "" : "s");
    for (size_t i = 0; i < im->nskips; i++) {
        term_err(t, "certbatch: %zu left out: %s", im->skips[i].rows, im->skips[i].why);
    }
    for (size_t i = 0; i < im->unused.n && b.n < LIMIT_MESSAGE / 2; i++) {
        buf_printf(&b, "%s%s", i ? ", " : "", im->unused.v[i]);
    }
    if (im->unused.n) {
        term_err(t, "certbatch: columns that the profile does not know: %s", buf_text(&b));
    }
    if (im->open) {
        term_err(t, "certbatch: %zu item%s where you have to decide: look for words in capitals",
                 im->open, im->open == 1 ? "" : "s");
    }
}

static bool write_manifest(const struct options *o, struct term *t, const struct import *im,
                           struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_YAML_BYTES);
    if (!import_manifest(im, &b, err)) {
        return false;
    }
    if (!o->out) {
        term_out(t, buf_span(&b));
        return !t->out_failed || err_set(err, ERR_ENV, "standard output could not be written");
    }
    return import_write_requests(im, err) && fs_write_atomic(o->out, buf_span(&b), 0644, err);
}

static int finish(const struct options *o, struct term *t, const struct import *im)
{
    struct err err = ERR_INIT;
    const bool write = !im->nerrors || (o->partial && im->n);
    if (im->nerrors) {
        say_errors(t, im);
        if (!write_errors(o, t, im, &err)) {
            return cmd_fail(t, &err);
        }
    }
    if (write && !write_manifest(o, t, im, &err)) {
        return cmd_fail(t, &err);
    }
    say_counts(o, t, im);
    if (im->nerrors) {
        term_err(t, "certbatch: %zu error%s; %s", im->nerrors, im->nerrors == 1 ? "" : "s",
                 write ? "the manifest has the good rows only" : "no manifest was written");
    }
    return !im->nerrors ? EXIT_DONE : write ? EXIT_SOME_FAILED : EXIT_FINDINGS;
}

static bool usage_ok(const struct options *o, struct term *t)
{
    if (o->list_profiles) {
        return true;
    }
    if (!o->profile) {
        term_err(t, "certbatch: import needs --profile; see: certbatch import --list-profiles");
        return false;
    }
    if (!o->show && !o->operands.n) {
        term_err(t, "certbatch: import needs the file to read");
        return false;
    }
    return true;
}

int cmd_import(const struct options *o, struct term *t)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct import im = IMPORT_INIT;
    struct err err = ERR_INIT;
    if (!usage_ok(o, t)) {
        return EXIT_USAGE;
    }
    if (o->list_profiles) {
        return list_profiles(t);
    }
    if (o->show) {
        return show_profile(o, t);
    }
    const struct import_options options = {.profile = o->profile,
                                           .input = o->operands.v[0],
                                           .output = o->out,
                                           .ca = o->ca,
                                           .ticket = o->ticket,
                                           .ticket_zone = o->ticket_tz};
    const bool ok = import_read(&im, &options, &findings, &err);
    cmd_print_findings(t, 2, &findings, SEV_WARNING, false);
    const int code = ok ? finish(o, t, &im) : cmd_fail(t, &err);
    import_release(&im);
    return code;
}
