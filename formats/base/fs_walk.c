/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking a directory tree in a fixed order. See fs.h.
 */
#include "formats/base/fs.h"

#include "formats/base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct walk {
    bool (*take)(void *ctx, const char *path, struct err *err);
    bool (*enter)(void *ctx, const char *path);
    void *ctx;
};

static int visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* alphasort() would follow the locale */
}

static bool walk_dir(const struct walk *w, const char *dir, unsigned depth, struct err *err);

static bool walk_one(const struct walk *w, const char *path, unsigned depth, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        return errno == ENOENT || err_sys(err, errno, "cannot look at %s", path);
    }
    if (S_ISDIR(st.st_mode)) {
        return !w->enter(w->ctx, path) || walk_dir(w, path, depth + 1, err);
    }
    return !S_ISREG(st.st_mode) || w->take(w->ctx, path, err);
}

/* Depth is bounded; a link is never followed, so there is no circle either. */
static bool walk_dir(const struct walk *w, const char *dir, unsigned depth, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct dirent **names = NULL;
    if (depth > LIMIT_WALK_DEPTH) {
        return err_set(err, ERR_INPUT, "%s: directories nested deeper than %u", dir,
                       LIMIT_WALK_DEPTH);
    }
    const int n = scandir(dir, &names, visible, by_bytes);
    if (n < 0) {
        return err_sys(err, errno, "cannot read directory %s", dir);
    }
    bool ok = true;
    for (int i = 0; i < n; i++) {
        const char *path =
            strcmp(dir, ".") == 0 ? names[i]->d_name : path_join(&a, dir, names[i]->d_name);
        ok = ok && walk_one(w, path, depth, err);
        free(names[i]);
    }
    free(names);
    return ok;
}

bool fs_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool fs_walk(const char *dir, bool (*enter)(void *ctx, const char *path),
             bool (*take)(void *ctx, const char *path, struct err *err), void *ctx, struct err *err)
{
    const struct walk w = {.take = take, .enter = enter, .ctx = ctx};
    return walk_dir(&w, dir, 0, err);
}
