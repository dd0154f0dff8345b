/* SPDX-License-Identifier: Apache-2.0
 *
 * See soak.h. The manifest that the state directory keeps says what replaces what and what the
 * batch revokes itself; the journal says which certificate that was and when the new one came.
 */
#include "batch/soak.h"

#include "batch/manifest_write.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

struct soak {
    const struct history *h;
    struct manifest manifest;
    int64_t seconds;
    struct soak_totals *totals;
    struct strlist claimed; /* what the batch revokes itself, by any of its names; sorted */
    struct buf *out;
    struct arena arena;
};

static bool read_manifest(struct soak *s, const char *state, struct err *err)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    const char *path = path_join(&s->arena, state, "manifest.yaml");
    return fs_read(path, &text, err) &&
           manifest_read_text(&s->manifest, path, buf_span(&text), &findings, err);
}

/* --- what the batch revokes itself --- */
static void claim(struct soak *s, const char *kind, const char *name)
{
    if (name) {
        VEC_PUSH(&s->claimed, arena_printf(&s->arena, "%s %s", kind, name));
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void collect_claims(struct soak *s)
{
    const struct revocation *v = s->manifest.revocations.v;
    for (size_t i = 0; i < s->manifest.revocations.n; i++) {
        claim(s, "item", v[i].after);
        claim(s, "item", v[i].replaced_by);
        claim(s, "file", v[i].certificate);
        claim(s, "order", v[i].order);
        claim(s, "serial", v[i].serial ? serial_normal(&s->arena, v[i].serial) : NULL);
    }
    if (s->claimed.n) {
        qsort(s->claimed.v, s->claimed.n, sizeof *s->claimed.v, by_text);
    }
}

static bool is_claimed(struct soak *s, const char *kind, const char *name)
{
    const char *key = name ? arena_printf(&s->arena, "%s %s", kind, name) : NULL;
    return key && s->claimed.n &&
           bsearch(&key, s->claimed.v, s->claimed.n, sizeof *s->claimed.v, by_text);
}

static bool is_revoked_here(struct soak *s, const struct order *o, const char *serial)
{
    return is_claimed(s, "item", o->id) || is_claimed(s, "file", o->replaces->certificate) ||
           is_claimed(s, "order", o->replaces->order) || is_claimed(s, "serial", serial);
}

/* --- writing --- */
static void put_head(struct soak *s)
{
    struct buf *b = s->out;
    char soak[TIME_TEXT];
    duration_format(s->seconds, soak);
    buf_printf(b,
               "# What the batch %s replaced, each certificate %s after its replacement was\n"
               "# issued. Look through it, put in the change it belongs to, then: certbatch lint,\n"
               "# plan, run. A run before its time leaves a revocation alone (exit 5).\n"
               "certbatch: 1\nname: %.52s-revocations\n"
               "# PUT IN YOUR CHANGE: this ticket does not exist, and nobody has approved it.\n"
               "change: {ticket: CHG0000000, type: standard}\n",
               s->h->batch, soak, s->h->batch);
    bool any = false;
    for (size_t i = 0; i < s->manifest.policy.n; i++) {
        if (!policy_is_file(s->manifest.policy.v[i])) {
            buf_puts(b, any ? ", " : "policy: [");
            yaml_put_text(b, s->manifest.policy.v[i]);
            any = true;
        }
    }
    buf_puts(b, any ? "]\n" : "");
    for (size_t i = 0; i < s->manifest.policy.n; i++) {
        if (policy_is_file(s->manifest.policy.v[i])) {
            buf_puts(b, "# beside that batch there was a policy, too: ");
            yaml_put_text(b, s->manifest.policy.v[i]);
            buf_putc(b, '\n');
        }
    }
    buf_puts(b, "revocations:\n");
}

static void put_item(struct soak *s, const struct order *o, const struct item_record *r)
{
    struct buf *b = s->out;
    char from[TIME_TEXT];
    time_format(r->issued + s->seconds, from);
    buf_puts(b, "  - id: ");
    yaml_put_text(b, arena_printf(&s->arena, "old-%.60s", o->id));
    buf_putc(b, '\n');
    if (r->common_name) {
        manifest_note(b, r->common_name);
    }
    if (r->ca) {
        manifest_put(b, "ca", r->ca);
    }
    if (o->replaces->order) {
        manifest_put(b, "order", o->replaces->order);
    } else {
        manifest_put(b, "serial", r->replaces);
    }
    buf_puts(b, "    reason: superseded\n");
    manifest_put(b, "replaced_by", r->serial);
    manifest_put(b, "comment", arena_printf(&s->arena, "replaced by %s of %s", o->id, s->h->batch));
    buf_printf(b, "    not_before: %s\n", from);
}

static void add(struct soak *s, const struct order *o)
{
    const struct item_record *r = history_item(s->h, o->id);
    const bool issued = r && r->state == STATE_ISSUED && r->serial && r->issued != TIME_NONE;
    const char *serial = r ? r->replaces : NULL;
    if (is_revoked_here(s, o, serial)) {
        s->totals->elsewhere++;
    } else if (!issued) {
        s->totals->not_issued++;
    } else if ((!serial && !o->replaces->order) || str_eq(serial, r->serial)) {
        s->totals->unknown++;
    } else {
        if (!s->totals->items++) {
            put_head(s);
        }
        put_item(s, o, r);
    }
}

static bool write_all(struct soak *s, struct err *err)
{
    const struct order *orders = s->manifest.orders.v;
    collect_claims(s);
    for (size_t i = 0; i < s->manifest.orders.n; i++) {
        if (orders[i].replaces) {
            add(s, &orders[i]);
        }
    }
    return !buf_failed(s->out) ||
           err_set(err, ERR_INTERNAL, "the manifest is too large for one file");
}

bool soak_manifest(const char *state, const struct history *h, int64_t soak_seconds,
                   struct buf *out, struct soak_totals *totals, struct err *err)
{
    struct soak s = {.h = h, .seconds = soak_seconds, .totals = totals, .out = out};
    *totals = (struct soak_totals){0};
    const bool ok = read_manifest(&s, state, err) && write_all(&s, err);
    manifest_release(&s.manifest);
    strlist_release(&s.claimed);
    arena_release(&s.arena);
    return ok;
}
