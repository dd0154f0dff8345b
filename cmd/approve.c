/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch approve PLAN.json`: shows what is approved and signs the exact bytes of the plan.
 */
#include "batch/approval.h"
#include "batch/plan.h"

#include "cmd/cmd.h"
#include "cmd/password.h"
#include "formats/base/fs.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/cms.h"
#include "formats/key.h"

#include <fcntl.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64, NUMBERED_MAX = 99 };

struct approving {
    const struct options *o;
    const char *plan_path;
    struct buf plan;
    struct plan_file file;
    json_t *tree;
    struct signer *signer;
    struct cert certificate;
    struct strlist names; /* who the signer is */
    const char *out;      /* path of the approval */
    struct arena arena;
};

/* --- reading --- */

static bool read_plan(struct approving *a, struct err *err)
{
    if (!fs_read(a->plan_path, &a->plan, err) ||
        !plan_parse(a->plan_path, buf_span(&a->plan), &a->file, err)) {
        return false;
    }
    a->tree = json_parse(a->plan_path, a->plan.p, a->plan.n, err);
    return a->tree != NULL;
}

static bool read_signer(struct approving *a, struct err *err)
{
    const struct options *o = a->o;
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf certificates = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(key_release) struct key key = KEY_INIT;
    if (!cmd_password(o, &password, err) || !fs_read(o->certificate, &certificates, err) ||
        !fs_read(o->key, &pem, err)) {
        return false;
    }
    const struct secret *given = secret_is_set(&password) ? &password : NULL;
    return (key_read(buf_span(&pem), given, &key, err) || err_wrap(err, "%s", o->key)) &&
           signer_open(o->certificate, buf_span(&certificates), key.pkey, time_now(), &a->signer,
                       err) &&
           cert_parse(&a->arena, signer_certificate(a->signer), &a->certificate, err);
}

/* An approval that no run would count is not made. */
static bool may_approve(struct approving *a, struct err *err)
{
    const json_t *change = json_get(a->tree, "change");
    const char *requester = json_get_str(change, "requested_by");
    approval_names(&a->arena, &a->certificate, &a->names);
    if (!a->names.n) {
        return err_set(err, ERR_REFUSED,
                       "%s names nobody: it has no common name and no mail address",
                       a->o->certificate);
    }
    for (size_t i = 0; requester && i < a->names.n; i++) {
        if (str_ieq(a->names.v[i], requester)) {
            err_set(err, ERR_REFUSED, "%s requested this change and cannot approve it",
                    a->names.v[i]);
            err_hint(err, "have somebody else approve it");
            return false;
        }
    }
    if (a->file.simulate) {
        return err_set(err, ERR_REFUSED, "%s is the plan of a simulation, which needs no approval",
                       a->plan_path);
    }
    return true;
}

/* --- where it goes: nobody else's approval is ever overwritten --- */

/* True: nothing is there, or an older approval by the same certificate. */
static bool is_free(struct approving *a, const char *path, struct err *err)
{
    CLEANUP(approvals_release) struct approval_files files = {0};
    CLEANUP(arena_release) struct arena scratch = ARENA_INIT;
    const struct cms_how how = {.now = time_now()};
    struct cms_result r;
    if (!fs_exists_at(AT_FDCWD, path)) {
        return true;
    }
    if (!approvals_read(&files, path, how.now, err)) {
        return false;
    }
    (void)cms_verify(&scratch, buf_span(&a->plan), buf_span(&files.v[0].der), &how, &r);
    return r.n == 1 && span_eq(r.v[0].certificate.der, a->certificate.der);
}

/* "m.ortiz@example.com" is a fine name of a file; what is not a letter, digit, dot, hyphen, @ or
 * underscore becomes an underscore. */
static const char *file_part(struct arena *arena, const char *name)
{
    char *part = arena_strndup(arena, name, strnlen(name, NAME_MAX_BYTES));
    for (char *c = part; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr(".-_@", *c);
        *c = plain ? *c : '_';
    }
    return part;
}

static bool choose_path(struct approving *a, struct err *err)
{
    const char *part = file_part(&a->arena, a->names.v[0]);
    if (a->o->out) {
        a->out = a->o->out;
        return is_free(a, a->out, err) || err->code != ERR_NONE ||
               err_set(err, ERR_REFUSED, "%s exists and is not an approval by this certificate",
                       a->out);
    }
    for (int n = 1; n <= NUMBERED_MAX; n++) {
        a->out =
            n == 1 ? arena_printf(&a->arena, "%s.%s%s", a->plan_path, part, APPROVAL_SUFFIX)
                   : arena_printf(&a->arena, "%s.%s-%d%s", a->plan_path, part, n, APPROVAL_SUFFIX);
        if (is_free(a, a->out, err) || err->code != ERR_NONE) {
            return err->code == ERR_NONE;
        }
    }
    return err_set(err, ERR_REFUSED, "%d approvals lie beside %s", NUMBERED_MAX, a->plan_path);
}

/* --- what is approved, for the eyes of who approves --- */

static void put_line(struct buf *out, const char *what, const char *text)
{
    buf_printf(out, "  %-13s ", what);
    str_vis(out, text ? text : "-", text ? strlen(text) : 1, LIMIT_VALUE_SHOWN);
    buf_putc(out, '\n');
}

static void put_counts(struct approving *a, struct buf *out)
{
    const json_t *counts = json_get(a->tree, "counts");
    const char *before = "";
    buf_printf(out, "  %-13s ", "items");
    for (size_t i = 0; i < PLAN__MAX; i++) {
        int64_t n = json_get_int(counts, plan_action_names[i], 0);
        if (n) {
            buf_printf(out, "%s%lld %s", before, (long long)n, plan_action_names[i]);
            before = ", ";
        }
    }
    buf_puts(out, *before ? "\n" : "none\n");
}

static void show(struct approving *a, struct term *t)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE * 4);
    const json_t *change = json_get(a->tree, "change");
    const json_t *window = json_get(change, "window");
    buf_puts(&b, "This approves:\n");
    put_line(&b, "batch", json_get_str(a->tree, "batch"));
    put_line(&b, "ticket", json_get_str(change, "ticket"));
    put_line(&b, "requested by", json_get_str(change, "requested_by"));
    if (window) {
        put_line(&b, "window from", json_get_str(window, "start"));
        put_line(&b, "window to", json_get_str(window, "end"));
    }
    put_counts(a, &b);
    put_line(&b, "plan digest", a->file.digest);
    put_line(&b, "manifest", a->file.manifest_sha256);
    put_line(&b, "policy", a->file.policy_sha256);
    put_line(&b, "approver", a->names.v[0]);
    put_line(&b, "certificate", signer_name(a->signer));
    term_write_err(t, buf_span(&b));
}

/* What was made is read back the way a run reads it. */
static bool sign(struct approving *a, struct err *err)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT(APPROVAL_BYTES);
    CLEANUP(arena_release) struct arena scratch = ARENA_INIT;
    const struct cms_how how = {.now = time_now()};
    struct cms_result r;
    if (!cms_sign(a->signer, buf_span(&a->plan), how.now, &der, err)) {
        return false;
    }
    if (!cms_verify(&scratch, buf_span(&a->plan), buf_span(&der), &how, &r)) {
        return err_set(err, ERR_ENV, "the signature that was made does not verify");
    }
    return fs_write_atomic(a->out, buf_span(&der), 0644, err);
}

static bool approve(struct approving *a, struct term *t, struct err *err)
{
    if (!read_plan(a, err) || !read_signer(a, err) || !may_approve(a, err) ||
        !choose_path(a, err)) {
        return false;
    }
    show(a, t);
    return sign(a, err);
}

int cmd_approve(const struct options *o, struct term *t)
{
    struct err err = ERR_INIT;
    struct approving a = {
        .o = o, .plan_path = o->operands.v[0], .plan = BUF_INIT(APPROVAL_PLAN_BYTES)};
    if (!o->certificate || !o->key) {
        term_err(t, "certbatch: approve needs --certificate FILE and --key FILE: who approves");
        return EXIT_USAGE;
    }
    int code = EXIT_DONE;
    if (approve(&a, t, &err)) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_MESSAGE * 2);
        buf_printf(&b, "%s\n", a.out);
        term_out(t, buf_span(&b));
    } else {
        code = cmd_fail(t, &err);
    }
    signer_free(a.signer);
    if (a.tree) {
        json_tree_release(&a.tree);
    }
    plan_file_release(&a.file);
    buf_release(&a.plan);
    arena_release(&a.arena);
    return code;
}
