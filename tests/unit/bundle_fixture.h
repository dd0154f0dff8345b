/* SPDX-License-Identifier: Apache-2.0
 *
 * A bundle as a list of files: loaded, changed on purpose, sealed again, packed again. For tests
 * of what a bundle holds and of what verify finds. Include after state_fixture.h.
 */
#ifndef TESTS_UNIT_BUNDLE_FIXTURE_H
#define TESTS_UNIT_BUNDLE_FIXTURE_H

#include "formats/archive.h"
#include "formats/base/str.h"

struct file {
    char name[160];
    struct buf data;
};
struct files {
    struct file v[64];
    size_t n;
};

static bool files_collect(void *ctx, const char *name, struct span data, struct err *err)
{
    struct files *f = ctx;
    (void)err;
    assert_true(f->n < NITEMS(f->v));
    struct file *new = &f->v[f->n++];
    (void)snprintf(new->name, sizeof new->name, "%s", name);
    new->data = (struct buf)BUF_INIT(1 << 22);
    buf_add(&new->data, data.p, data.n);
    return true;
}

static void files_load(struct files *f, const char *path)
{
    struct err err = ERR_INIT;
    f->n = 0;
    state_must(archive_read_file(path, files_collect, f, &err), &err);
}

static void files_release(struct files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        buf_release(&f->v[i].data);
    }
    f->n = 0;
}

static struct file *files_find(struct files *f, const char *end)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_ends(f->v[i].name, end)) {
            return &f->v[i];
        }
    }
    fail_msg("there is no %s in the bundle", end);
    abort(); /* the line above does not return */
}

UNUSED static bool files_have(struct files *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_eq(f->v[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Makes the manifests of a bag fit what it holds now. */
UNUSED static void files_seal(struct files *f)
{
    struct buf *manifest = &files_find(f, "-audit/manifest-sha256.txt")->data;
    struct buf *tags = &files_find(f, "-audit/tagmanifest-sha256.txt")->data;
    struct buf *info = &files_find(f, "-audit/bag-info.txt")->data;
    size_t octets = 0, n = 0;
    buf_reset(manifest);
    buf_reset(tags);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < f->n; i++) {
            const char *path = strchr(f->v[i].name, '/');
            bool payload = path && str_starts(path, "/data/");
            char hex[SHA256_HEX];
            if (!path || payload != (pass == 0) || str_ends(path, "/tagmanifest-sha256.txt")) {
                continue;
            }
            sha256_hex(f->v[i].data.p, f->v[i].data.n, hex);
            buf_printf(pass ? tags : manifest, "%s  %s\n", hex, path + 1);
            octets += payload ? f->v[i].data.n : 0;
            n += payload;
        }
        if (pass == 0) {
            buf_reset(info);
            buf_printf(info, "Payload-Oxum: %zu.%zu\n", octets, n);
        }
    }
}

/* Packs and releases; a file whose name was emptied is left out. */
UNUSED static void files_store(struct files *f, const char *path)
{
    struct err err = ERR_INIT;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct archive_out *a = archive_create(fd, 0, &err);
    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].name[0]) {
            state_must(archive_add(a, f->v[i].name, buf_span(&f->v[i].data), 0644, &err), &err);
        }
    }
    state_must(archive_finish(&a, &err), &err);
    close(fd);
    files_release(f);
}

UNUSED static void files_swap(struct files *f, const char *one, const char *other)
{
    struct file *a = files_find(f, one);
    struct file *b = files_find(f, other);
    struct buf t = a->data;
    a->data = b->data;
    b->data = t;
}

/* Replaces the first `from` by `to`. */
UNUSED static void files_edit(struct files *f, const char *end, const char *from, const char *to)
{
    struct buf *data = &files_find(f, end)->data;
    struct buf new = BUF_INIT(1 << 22);
    char *at = memmem(data->p, data->n, from, strlen(from));
    if (!at) {
        fail_msg("%s does not hold \"%s\"", end, from);
        return;
    }
    size_t head = (size_t)(at - data->p);
    buf_add(&new, data->p, head);
    buf_puts(&new, to);
    buf_add(&new, at + strlen(from), data->n - head - strlen(from));
    buf_release(data);
    *data = new;
}

UNUSED static void files_set(struct files *f, const char *end, const char *text)
{
    struct buf *data = &files_find(f, end)->data;
    buf_reset(data);
    buf_puts(data, text);
}

UNUSED static void files_remove(struct files *f, const char *end)
{
    struct file *gone = files_find(f, end);
    buf_release(&gone->data);
    *gone = f->v[--f->n];
}

UNUSED static void files_new(struct files *f, const char *name, const char *text)
{
    struct err err = ERR_INIT;
    (void)files_collect(f, name, state_span(text), &err);
}

#endif
