/* SPDX-License-Identifier: Apache-2.0
 *
 * Step 7 of `doctor`: what went wrong last at this CA, by the journal of a state directory.
 */
#include "batch/doctor_parts.h"

#include "batch/run.h"
#include "formats/base/fs.h"
#include "formats/base/str.h"

#include <string.h>

enum { LAST = 5, TEXT_MAX = 200 };

struct last {
    const char *ca;
    struct history history; /* knows the CA of an item */
    struct arena arena;
    const char *v[LAST]; /* a ring */
    size_t n;
};

static bool look(void *ctx, const struct journal_record *record, struct err *err)
{
    struct last *l = ctx;
    const char *code = json_get_str(record->fields, "code");
    const char *message = json_get_str(record->fields, "message");
    const char *class = json_get_str(record->fields, "class");
    if (!history_add(&l->history, record, err)) {
        return false;
    }
    const struct item_record *item = record->item ? history_item(&l->history, record->item) : NULL;
    if (item && str_eq(item->ca, l->ca) && (code || message)) {
        l->v[l->n++ % LAST] =
            arena_printf(&l->arena, "%s item %s: %s%s%s: %s%s%.*s", record->t, record->item,
                         record->ev, class ? " " : "", class ? class : "", code ? code : "",
                         code && message ? ": " : "", TEXT_MAX, message ? message : "");
    }
    return true;
}

static void say_last(struct doctor *d, struct doctor_result *r, const struct last *l,
                     const char *path)
{
    const size_t first = l->n > LAST ? l->n - LAST : 0;
    for (size_t i = first; i < l->n; i++) {
        doctor_say(d, r, DOCTOR_WARNING, NULL, "%s", l->v[i % LAST]);
    }
    if (!l->n) {
        doctor_say(d, r, DOCTOR_OK, NULL, "%s: no error of this CA in the journal", path);
    } else {
        doctor_say(d, r, DOCTOR_OK, "certbatch status shows every item", "%s: %zu error%s in all",
                   path, l->n, l->n == 1 ? "" : "s");
    }
}

/* As given, else that of the manifest when it has been run; NULL: skipped. */
static const char *where(struct doctor *d, struct doctor_result *r)
{
    const struct doctor_options *o = &d->options;
    struct err err = ERR_INIT;
    if (o->state) {
        return o->state;
    }
    if (!o->manifest || !d->batch.manifest.name) {
        doctor_say(d, r, DOCTOR_SKIPPED, NULL, "no state directory was given (--state)");
        return NULL;
    }
    const char *path =
        statedir_default(&d->arena, path_dir(&d->arena, o->manifest), d->batch.manifest.name);
    CLEANUP(closep) const int fd = fs_open_dir(path, &err);
    if (fd < 0) {
        doctor_say(d, r, DOCTOR_SKIPPED, NULL, "%s is not there: the manifest has not been run",
                   path);
        return NULL;
    }
    return path;
}

void doctor_journal(struct doctor *d, struct doctor_result *r)
{
    struct last l = {.ca = d->options.ca->name, .history = HISTORY_INIT};
    struct statedir s;
    struct err err = ERR_INIT;
    const char *path = where(d, r);
    if (!path) {
        return;
    }
    if (!statedir_view(&s, path, &err)) {
        doctor_say_err(d, r, &err,
                       "give the state directory of a run: <name>.state beside its manifest, "
                       "unless --state said otherwise");
        return;
    }
    if (journal_read(s.fd, look, &l, NULL, &err)) {
        say_last(d, r, &l, path);
    } else {
        doctor_say_err(d, r, &err, NULL);
    }
    statedir_close(&s);
    history_release(&l.history);
    arena_release(&l.arena);
}
