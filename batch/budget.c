/* SPDX-License-Identifier: Apache-2.0
 *
 * See budget.h. The file holds one number. Nobody's safety depends on it, so it is not synced; it
 * is never believed further than BUDGET_AHEAD_MS, because a reboot sets the clock back.
 */
#include "batch/budget.h"

#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { BUDGET_AHEAD_MS = 15 * 60 * 1000, SLOWEST = 8, CALM = 16, TEXT = 32 };

static const char *directory(struct arena *a)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state && state[0] == '/') { /* the specification says to ignore relative ones */
        return arena_printf(a, "%s/certbatch", state);
    }
    return home && home[0] == '/' ? arena_printf(a, "%s/.local/state/certbatch", home) : NULL;
}

static int open_file(const struct ca_config *config)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err ignored = ERR_INIT;
    struct sha256 s;
    char hex[SHA256_HEX];
    const char *dir = directory(&a);
    const struct ynode *account =
        config->type->account_key ? yaml_get(config->node, config->type->account_key) : NULL;
    const char *who = account && account->kind == YAML_SCALAR ? account->text : "";
    const char *where = ca_endpoint(config);
    if (!dir || !fs_make_dirs(dir, &ignored)) {
        return -1;
    }
    sha256_begin(&s);
    sha256_add(&s, where, strlen(where) + 1);
    sha256_add(&s, who, strlen(who));
    sha256_end_hex(&s, hex);
    const char *path = arena_printf(&a, "%s/pace-%.16s", dir, hex);
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void budget_open(struct budget *b, const struct ca_config *config)
{
    *b = (struct budget){.pace = ca_pace(config), .slow = 1, .fd = -1};
    if (b->pace.order_ms > 0 && !(config->type->caps & CA_EMBEDDED)) {
        b->fd = open_file(config);
    }
}

void budget_close(struct budget *b)
{
    if (b->fd >= 0) {
        (void)close(b->fd);
    }
    b->fd = -1;
}

void budget_begin(struct budget *b)
{
    char text[TEXT] = "";
    uint64_t next = 0;
    if (b->fd < 0 || flock(b->fd, LOCK_EX) != 0) {
        return;
    }
    const ssize_t n = pread(b->fd, text, sizeof text - 1, 0);
    const int64_t limit = time_monotonic_ms() + BUDGET_AHEAD_MS;
    if (n > 0 && str_u64(text, &next) && next <= (uint64_t)limit && (int64_t)next > b->next) {
        b->next = (int64_t)next;
    }
}

void budget_end(struct budget *b)
{
    char text[TEXT];
    if (b->fd < 0) {
        return;
    }
    const int n = snprintf(text, sizeof text, "%lld", (long long)b->next);
    if (ftruncate(b->fd, 0) == 0) {
        (void)!pwrite(b->fd, text, (size_t)n, 0); /* unwritten: the next run starts afresh */
    }
    (void)flock(b->fd, LOCK_UN);
}

int64_t budget_next(const struct budget *b)
{
    return b->next;
}

/* `next` may lag behind by the burst, never more. */
void budget_take(struct budget *b, int64_t now)
{
    if (b->pace.order_ms <= 0) {
        return;
    }
    const int64_t gap = (int64_t)(b->pace.order_ms * b->slow);
    const int64_t oldest = now - gap * (b->pace.burst - 1);
    b->next = (b->next > oldest ? b->next : oldest) + gap;
}

void budget_slower(struct budget *b)
{
    b->slow = b->slow < SLOWEST ? b->slow * 2 : SLOWEST;
    b->calm = 0;
}

void budget_passed(struct budget *b)
{
    if (b->slow > 1 && ++b->calm >= CALM) {
        b->slow /= 2;
        b->calm = 0;
    }
}
