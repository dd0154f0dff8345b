/* SPDX-License-Identifier: Apache-2.0
 *
 * Where approvals lie: beside a plan, and in a state directory. See approval.h.
 */
#include "batch/approval.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/pem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void approvals_release(struct approval_files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        free(files->v[i].name);
        buf_release(&files->v[i].der);
    }
    free(files->v);
    *files = (struct approval_files){0};
}

/* "openssl cms -sign -outform PEM" */
static void from_pem(struct buf *der)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct pem pem;
    pem_parse(&a, buf_span(der), &pem);
    if (pem.n == 1 && !(pem.v[0].defects & PEM_FATAL) &&
        (str_eq(pem.v[0].label, "CMS") || str_eq(pem.v[0].label, "PKCS7"))) {
        buf_reset(der);
        buf_add(der, pem.v[0].der.p, pem.v[0].der.n);
    }
}

bool approvals_read(struct approval_files *files, const char *path, int64_t at, struct err *err)
{
    struct approval_file f = {.der = BUF_INIT(APPROVAL_BYTES), .at = at};
    if (files->n == APPROVALS_MAX) {
        return err_set(err, ERR_INPUT, "more than %d approvals", APPROVALS_MAX);
    }
    if (!fs_read(path, &f.der, err)) {
        buf_release(&f.der);
        return false;
    }
    from_pem(&f.der);
    f.name = xstrdup(path);
    VEC_PUSH(files, f);
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in the directory of the plan; a directory has no order of its own. */
static bool list_beside(struct arena *a, const char *dir, const char *plan, struct strlist *names,
                        struct err *err)
{
    const char *prefix = arena_printf(a, "%s.", path_base(plan));
    DIR *d = opendir(dir);
    if (!d) {
        return err_sys(err, errno, "cannot look for approvals in %s", dir);
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (str_starts(e->d_name, prefix) && str_ends(e->d_name, APPROVAL_SUFFIX) &&
            strlen(e->d_name) > strlen(prefix) + strlen(APPROVAL_SUFFIX)) {
            VEC_PUSH(names, path_join(a, dir, e->d_name));
        }
    }
    (void)closedir(d);
    if (names->n > 1) {
        qsort(names->v, names->n, sizeof *names->v, by_text);
    }
    return true;
}

bool approvals_beside(struct approval_files *files, const char *plan, int64_t at, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(strlist_release) struct strlist names = {0};
    bool ok = list_beside(&a, path_dir(&a, plan), plan, &names, err);
    for (size_t i = 0; ok && i < names.n; i++) {
        ok = approvals_read(files, names.v[i], at, err);
    }
    return ok;
}

/* --- in the state --- */

struct kept_name {
    char text[2 * SHA256_HEX + sizeof APPROVAL_SUFFIX];
};

/* A quarter of each digest tells files apart; what is in them is checked when it is used. */
static struct kept_name kept_name(const char *plan_sha256, const char *certificate_sha256)
{
    struct kept_name n;
    (void)snprintf(n.text, sizeof n.text, "%.16s-%.16s%s", plan_sha256, certificate_sha256,
                   APPROVAL_SUFFIX);
    return n;
}

bool approval_store(const struct statedir *s, const char *plan_sha256, const struct approval *v,
                    struct err *err)
{
    struct kept_name name = kept_name(plan_sha256, v->certificate_sha256);
    CLEANUP(closep) int dir = fs_make_dir_at(s->fd, APPROVALS_DIR, err);
    return (dir >= 0 && (fs_exists_at(dir, name.text) ||
                         fs_write_atomic_at(dir, name.text, v->der, 0600, err))) ||
           err_wrap(err, "%s", APPROVALS_DIR);
}

bool approval_load(int state, const char *plan_sha256, const char *certificate_sha256,
                   struct buf *out, struct err *err)
{
    struct kept_name name = kept_name(plan_sha256, certificate_sha256);
    buf_reset(out);
    if (!fs_exists_at(state, APPROVALS_DIR)) {
        return true;
    }
    CLEANUP(closep) int dir = fs_open_dir_at(state, APPROVALS_DIR, err);
    return dir >= 0 && (!fs_exists_at(dir, name.text) || fs_read_at(dir, name.text, out, err));
}
