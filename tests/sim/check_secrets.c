/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets in places that are not theirs: canaries that the runs were given, passwords they made,
 * private keys; in files, in what the runs printed, inside of archives. And the modes of files
 * that may hold one.
 */
#include "tests/sim/check.h"

#include "formats/archive.h"
#include "formats/base/limits.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

struct hunt {
    struct check *c;
    struct strlist words;
    const char *file;
    struct buf bytes;
};

enum { WORD_LEAST = 8 }; /* a shorter one would be found by chance */

static void add_word(struct hunt *h, const char *p, size_t n)
{
    if (n >= WORD_LEAST) {
        VEC_PUSH(&h->words, arena_strndup(&h->c->arena, p, n));
    }
}

static void each_line(struct hunt *h, const char *path,
                      void (*take)(struct hunt *, const char *, size_t))
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(16u << 20);
    if (!check_file(h->c, path, &text)) {
        return;
    }
    for (const char *p = buf_text(&text); *p;) {
        size_t n = strcspn(p, "\n");
        take(h, p, n);
        p += n + (p[n] ? 1 : 0);
    }
}

/* The last cell of a row, without quotes; "password" is the header's. */
static void password(struct hunt *h, const char *p, size_t n)
{
    size_t at = n;
    while (at && p[at - 1] != ',') {
        at--;
    }
    if (at && n - at != strlen("password")) {
        add_word(h, p + at, n - at);
    } else if (at && memcmp(p + at, "password", n - at) != 0) {
        add_word(h, p + at, n - at);
    }
}

/* A line of the body of a key that no other key shares: the first repeats the algorithm. */
static void key_line(struct hunt *h, const char *p, size_t n)
{
    if (n >= 40 && *p != '-' && !str_starts(p, "MI")) {
        add_word(h, p, n);
    }
}

static void gather(struct hunt *h)
{
    each_line(h, "canaries", add_word);
    for (size_t b = 0; b < h->c->n; b++) {
        const struct batch *s = &h->c->v[b];
        each_line(h, arena_printf(&h->c->arena, "%s/passwords.csv", s->dir), password);
        for (size_t i = 0; i < s->n; i++) {
            each_line(h, arena_printf(&h->c->arena, "%s/keys/%s.pem", s->dir, s->v[i].id),
                      key_line);
        }
    }
}

static void look(struct hunt *h, const char *where, const void *p, size_t n)
{
    h->c->looked_at++;
    for (size_t i = 0; i < h->words.n; i++) {
        if (memmem(p, n, h->words.v[i], strlen(h->words.v[i]))) {
            violated(h->c, (struct where){where, 0, NULL, NULL}, "it holds the secret %.3s...",
                     h->words.v[i]);
        }
    }
}

static bool on_entry(void *ctx, const char *name, struct span data, struct err *err UNUSED)
{
    struct hunt *h = ctx;
    look(h, arena_printf(&h->c->arena, "%s/%s", h->file, name), data.p, data.n);
    return true;
}

/* Where a secret is at home. A temporary may become such a file; one that stays is I4's. */
static bool is_home(const char *path)
{
    return strstr(path, FS_TEMP_PREFIX) || str_eq(path, "canaries") || str_ends(path, ".secret") ||
           str_ends(path, "passwords.csv") || strstr(path, ".state/keys/");
}

static void one_file(struct hunt *h, const char *path)
{
    struct err err = ERR_INIT;
    struct stat st;
    const char *full = path_join(&h->c->arena, h->c->dir, path);
    bool ours = strstr(path, ".state/") || strstr(path, FS_TEMP_PREFIX) ||
                str_ends(path, "-passwords.csv") || str_ends(path, ".tar.gz");
    if (ours && stat(full, &st) == 0 && (st.st_mode & 077)) {
        violated(h->c, (struct where){path, 0, NULL, NULL}, "others may read it: mode %o",
                 (unsigned)(st.st_mode & 0777));
    }
    if (is_home(path)) {
        return;
    }
    buf_reset(&h->bytes);
    if (!fs_read(full, &h->bytes, &err)) {
        violated(h->c, (struct where){path, 0, NULL, NULL}, "it cannot be read: %s", err.msg);
        return;
    }
    look(h, path, h->bytes.p, h->bytes.n);
    h->file = path;
    if (str_ends(path, ".tar.gz")) {
        (void)!archive_read_file(full, on_entry, h, &err); /* whether it is whole is I4 */
    }
}

static void walk(struct hunt *h, const char *dir)
{
    DIR *d = opendir(path_join(&h->c->arena, h->c->dir, dir));
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        const char *path = path_join(&h->c->arena, dir, e->d_name);
        struct stat st;
        if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..")) {
            continue;
        }
        if (e->d_type == DT_DIR) {
            const char *full = path_join(&h->c->arena, h->c->dir, path);
            if (strstr(path, ".state") && stat(full, &st) == 0 && (st.st_mode & 077)) {
                violated(h->c, (struct where){path, 0, NULL, NULL}, "others may enter it");
            }
            walk(h, path);
        } else if (e->d_type == DT_REG) {
            one_file(h, path);
        }
    }
    if (d) {
        (void)closedir(d);
    }
}

void check_secrets(struct check *c)
{
    struct hunt h = {.c = c, .bytes = BUF_INIT(256u << 20)};
    gather(&h);
    walk(&h, ".");
    strlist_release(&h.words);
    buf_wipe(&h.bytes);
}
