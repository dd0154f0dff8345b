/* SPDX-License-Identifier: Apache-2.0
 *
 * What people have to do: for revocations that the interface of a CA does not take, files that tell
 * them how (ca_type.by_hand), in revoke/ of the state directory, one set for each CA. They hold
 * what is still open; when nothing is, the last ones stay as they were handed over. The audit
 * bundle has them, too.
 */
#include "batch/run_parts.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdlib.h>

enum { LISTED_MAX = 64 << 20 };

struct open_list {
    struct ca_by_hand *v;
    size_t n, cap;
};

static bool is_open(const struct item_slot *s, const struct ca_config *ca)
{
    return s->item->kind == ITEM_REVOCATION && s->item->ca == ca && s->record->serial &&
           s->record->state == STATE_PENDING;
}

static void collect(const struct run *r, const struct ca_config *ca, struct open_list *out)
{
    const struct change *change = r->batch.manifest.change;
    for (size_t i = 0; i < r->history.n; i++) {
        const struct item_slot *s = &r->slots[i];
        if (is_open(s, ca)) {
            const struct revocation *v = s->item->revocation;
            const struct ca_by_hand row = {.item = s->record->id,
                                           .serial = s->record->serial,
                                           .comment = v->comment,
                                           .reason = v->reason,
                                           .ticket = change ? change->ticket : NULL};
            VEC_PUSH(out, row);
        }
    }
}

static bool write_files(const struct run *r, const struct ca_config *ca,
                        const struct open_list *open, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LISTED_MAX);
    CLEANUP(closep) int dir = fs_make_dir_at(r->dir.fd, RUN_BY_HAND, err);
    const char *suffix;
    for (size_t i = 0;
         dir >= 0 && (suffix = ca->type->by_hand(ca, open->v, open->n, i, &text)) != NULL; i++) {
        const char *name = arena_printf(&a, "%s%s", ca->name, suffix);
        if (buf_failed(&text)) {
            return err_set(err, ERR_INTERNAL, "%s is too long", name);
        }
        if (!fs_write_atomic_at(dir, name, buf_span(&text), 0600, err)) {
            return false;
        }
        buf_reset(&text);
    }
    return dir >= 0;
}

bool run_hand_over(struct run *r, struct err *err)
{
    const struct config *config = &r->batch.config;
    bool ok = true;
    for (size_t i = 0; ok && r->slots && i < config->ncas; i++) {
        const struct ca_config *ca = &config->cas[i];
        struct open_list open = {0};
        CLEANUP(buf_release) struct buf none = BUF_INIT(LISTED_MAX);
        if (ca->type->by_hand && ca->type->by_hand(ca, NULL, 0, 0, &none)) {
            collect(r, ca, &open);
        }
        if (open.n) {
            ok = write_files(r, ca, &open, err);
            r->summary->by_hand = path_join(r->arena, r->dir.path, RUN_BY_HAND);
        }
        free(open.v);
    }
    return ok;
}
