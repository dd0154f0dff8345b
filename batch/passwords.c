/* SPDX-License-Identifier: Apache-2.0
 *
 * See passwords.h. Every buffer here holds secrets and is wiped. A torn last line (killed run) is
 * cut when the file is opened: its outputs never counted.
 */
#include "batch/passwords.h"

#include "formats/base/csv.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "item,output,alias,password\n"
enum { PASSWORD_CHARS = 22, FILE_MAX = 64 * 1024 * 1024 };

struct given {
    const struct secret_ref *ref;
    struct secret secret;
};

struct passwords {
    int fd;
    bool headed;        /* the header line is in the file or pending */
    struct buf old;     /* rows of earlier runs */
    struct buf pending; /* rows not yet written */
    struct given *v;
    size_t n, cap;
};

static bool same_strings(const struct strings *a, const struct strings *b)
{
    for (size_t i = 0; a->n == b->n && i < a->n; i++) {
        if (!str_eq(a->v[i], b->v[i])) {
            return false;
        }
    }
    return a->n == b->n;
}

static bool same_ref(const struct secret_ref *a, const struct secret_ref *b)
{
    return a == b || (a->kind == b->kind && str_eq(a->name, b->name) &&
                      same_strings(&a->command, &b->command));
}

const struct secret *passwords_given(const struct passwords *p, const struct secret_ref *ref)
{
    for (size_t i = 0; ref->kind != SECRET_NONE && i < p->n; i++) {
        if (same_ref(p->v[i].ref, ref)) {
            return &p->v[i].secret;
        }
    }
    return NULL;
}

static bool load_ref(struct passwords *p, const struct secret_ref *ref, const char *dir,
                     struct err *err)
{
    struct given g = {.ref = ref};
    if (ref->kind == SECRET_NONE || passwords_given(p, ref)) {
        return true;
    }
    if (!secret_load(ref, dir, &g.secret, err)) {
        return false;
    }
    VEC_PUSH(p, g);
    return true;
}

bool passwords_load(struct passwords *p, const struct order *order, const char *dir,
                    struct err *err)
{
    for (size_t i = 0; i < order->outputs.n; i++) {
        const struct output *o = &order->outputs.v[i];
        if (!load_ref(p, &o->password, dir, err) || !load_ref(p, &o->key_password, dir, err)) {
            return err_wrap(err, "password of output %zu", i + 1);
        }
    }
    return true;
}

/* Rows are whole lines; the part after the last newline never counted. */
static bool cut_torn_row(struct passwords *p, struct err *err)
{
    size_t n = p->old.n;
    while (n && p->old.p[n - 1] != '\n') {
        n--;
    }
    if (n == p->old.n) {
        return true;
    }
    p->old.n = n;
    if (n) {
        p->old.p[n] = '\0';
    }
    return ftruncate(p->fd, (off_t)n) == 0 ||
           err_sys(err, errno, "cannot cut a torn line of " PASSWORDS_NAME);
}

struct passwords *passwords_open(int dirfd, struct err *err)
{
    struct passwords *p = xcalloc(1, sizeof *p);
    p->old = (struct buf)BUF_INIT(FILE_MAX);
    p->pending = (struct buf)BUF_INIT(FILE_MAX);
    bool there = fs_exists_at(dirfd, PASSWORDS_NAME);
    p->fd =
        openat(dirfd, PASSWORDS_NAME, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (p->fd < 0) {
        err_sys(err, errno, "cannot open " PASSWORDS_NAME);
        err->code = ERR_ENV;
        passwords_close(p);
        return NULL;
    }
    if (!(there ? fs_read_at(dirfd, PASSWORDS_NAME, &p->old, err) && cut_torn_row(p, err)
                : fs_sync(dirfd, "the state directory", err))) {
        passwords_close(p);
        return NULL;
    }
    p->headed = p->old.n > 0;
    return p;
}

/* The password of the first row of an item; its last cell, which is never quoted. */
static bool find_old(const struct passwords *p, const char *item, struct secret *out)
{
    size_t id = strlen(item);
    const char *line = buf_text(&p->old);
    for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        if (strncmp(line, item, id) != 0 || line[id] != ',') {
            continue;
        }
        const char *cell = end;
        while (cell > line && cell[-1] != ',') {
            cell--;
        }
        secret_set(out, cell, (size_t)(end - cell));
        return true;
    }
    return false;
}

void passwords_item(const struct passwords *p, const char *item, struct secret *out)
{
    if (!p->old.n || !find_old(p, item, out)) {
        secret_random_password(out, PASSWORD_CHARS);
    }
}

void passwords_add(struct passwords *p, const char *item, const char *output, const char *alias,
                   const struct secret *password)
{
    CLEANUP(buf_wipe) struct buf row = BUF_INIT(LIMIT_SECRET);
    if (!p->headed) {
        buf_puts(&p->pending, HEADER);
        p->headed = true;
    }
    csv_cell_exact(&row, item, true);
    csv_cell_exact(&row, output, false);
    csv_cell_exact(&row, alias, false);
    csv_cell_exact(&row, secret_bytes(password), false);
    csv_end(&row);
    if (!p->old.n || !strstr(buf_text(&p->old), buf_text(&row))) {
        buf_add(&p->pending, row.p, row.n);
    }
}

bool passwords_sync(struct passwords *p, struct err *err)
{
    if (!p->pending.n) {
        return true;
    }
    bool ok = !buf_failed(&p->pending) && fs_write_all(p->fd, p->pending.p, p->pending.n, err) &&
              fs_datasync(p->fd, PASSWORDS_NAME, err);
    buf_wipe(&p->pending);
    p->pending = (struct buf)BUF_INIT(FILE_MAX);
    return ok || err_wrap(err, PASSWORDS_NAME);
}

void passwords_close(struct passwords *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; i < p->n; i++) {
        secret_release(&p->v[i].secret);
    }
    free(p->v);
    buf_wipe(&p->old);
    buf_wipe(&p->pending);
    closep(&p->fd);
    free(p);
}
