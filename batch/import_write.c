/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifest of an import as text. Where a human has to decide, the item says so in a comment
 * that begins with capitals, and the manifest passes lint all the same.
 */
#include "batch/import_parts.h"

#include "batch/manifest_write.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <string.h>

char *import_stem(struct arena *a, const char *name)
{
    static const char *const endings[] = {".batch.yaml", ".batch.yml", ".yaml", ".yml"};
    for (size_t i = 0; i < NITEMS(endings); i++) {
        if (str_iends(name, endings[i])) {
            return arena_strndup(a, name, strlen(name) - strlen(endings[i]));
        }
    }
    return arena_strdup(a, name);
}

/* --- an item --- */
static void put_notes(struct buf *b, const struct strlist *list, const char *before,
                      struct arena *a)
{
    for (size_t i = 0; i < list->n; i++) {
        manifest_note(b, *before ? arena_printf(a, "%s%s", before, list->v[i]) : list->v[i]);
    }
}

static void put_list(struct buf *b, const char *key, const struct strlist *list)
{
    for (size_t i = 0; i < list->n; i++) {
        buf_printf(b, "%s%s%s", i ? ", " : "    ", i ? "" : key, i ? "" : ": [");
        yaml_put_text(b, list->v[i]);
    }
    buf_puts(b, list->n ? "]\n" : "");
}

static void put_replaces(struct buf *b, const struct import_item *item)
{
    const char *key = item->certificate ? "certificate" : item->order ? "order" : "serial";
    const char *text = item->certificate ? item->certificate
                       : item->order     ? item->order
                                         : item->serial;
    if (text) {
        buf_printf(b, "    action: %s\n    replaces: {%s: ",
                   str_eq(item->action, "reissue") ? "reissue" : "renew", key);
        yaml_put_text(b, text);
        buf_puts(b, "}\n");
    }
}

static void put_subject(struct buf *b, const struct import_item *item)
{
    for (size_t i = 0; i < item->nsubject; i++) {
        buf_printf(b, "%s%s: ", i ? ", " : "    subject: {", item->subject[i].key);
        yaml_put_text(b, item->subject[i].value);
    }
    buf_puts(b, item->nsubject ? "}\n" : "");
}

/* "pem,pfx", the PFX with the name that programs will show. */
static void put_outputs(struct buf *b, const struct import_item *item)
{
    size_t n = 0;
    const char *p = item->outputs ? item->outputs : "";
    for (p += strspn(p, " ,;"); *p; p += strspn(p, " ,;")) {
        const size_t length = strcspn(p, " ,;");
        const bool named = item->friendly_name && length == 3 && strncmp(p, "pfx", 3) == 0;
        buf_printf(b, "%s%s%.*s", n++ ? ", " : "    outputs: [", named ? "{" : "", (int)length, p);
        if (named) {
            buf_puts(b, ": {friendly_name: ");
            yaml_put_text(b, item->friendly_name);
            buf_puts(b, "}}");
        }
        p += length;
    }
    buf_puts(b, n ? "]\n" : "");
}

static void put_text(struct buf *b, const char *key, const char *text)
{
    if (text) {
        manifest_put(b, key, text);
    }
}

static void put_names(struct buf *b, const struct import_item *item, struct arena *a)
{
    const struct cert *c = item->cert;
    if (!c) {
        put_text(b, "key", item->csr ? NULL : item->key);
        put_text(b, "common_name", item->common_name);
        put_list(b, "san", &item->san);
        put_subject(b, item);
        return;
    }
    const struct dn_attr *cn = dn_find(&c->subject, "CN");
    manifest_put_key(b, c->key.token, a);
    put_text(b, "common_name", cn ? cn->text : NULL);
    manifest_put_names(b, &c->san, a);
    manifest_put_subject(b, &c->subject, a);
}

static void put_revocation(struct buf *b, const struct import_item *item)
{
    put_text(b, "ca", item->ca);
    put_text(b, item->order ? "order" : "serial", item->order ? item->order : item->serial);
    put_text(b, "reason", item->reason);
    put_text(b, "comment", item->comment);
}

void import_put_item(struct buf *b, const struct import_item *item, bool comments, struct arena *a)
{
    if (comments) {
        manifest_note(b, item->row ? arena_printf(a, "%s, line %u", item->file, item->row)
                                   : item->file);
        put_notes(b, &item->decide, "", a);
        put_notes(b, &item->notes, "", a);
        put_notes(b, &item->mends, "mended: ", a);
    }
    if (item->revoke) {
        put_revocation(b, item);
        return;
    }
    put_replaces(b, item);
    put_text(b, "ca", item->ca);
    put_text(b, "csr", item->csr);
    put_text(b, "product", item->product);
    put_names(b, item, a);
    if (item->smime_type) {
        buf_printf(b, "    smime: {type: %s, generation: multipurpose, use: dual, escrow: false}\n",
                   item->smime_type);
    }
    put_text(b, "validity", item->validity);
    put_outputs(b, item);
    put_text(b, "comment", item->comment);
}

/* --- the head --- */
/* A batch name of what the manifest will be called, else of the ticket, else of the input. */
static const char *batch_name(const struct import *im, struct arena *a)
{
    const char *of = im->options->output ? import_stem(a, path_base(im->options->output))
                     : im->change        ? im->change->ticket
                                         : path_base(im->options->input);
    const char *dot = im->options->output || im->change ? NULL : strrchr(of, '.');
    of = dot && dot > of ? arena_strndup(a, of, (size_t)(dot - of)) : of;
    char *name = arena_printf(a, "%s%.48s", im->options->output || im->change ? "" : "import-", of);
    for (char *p = name; *p; p++) {
        const char c = ascii_lower(*p);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._-", c);
        *p = plain ? *p : '-';
    }
    return name_is_safe(name) ? name : arena_printf(a, "import%s", name);
}

static void put_time(struct buf *b, const char *before, int64_t t, const char *after)
{
    char text[TIME_TEXT];
    time_format(t, text);
    buf_printf(b, "%s%s%s", before, text, after);
}

static void put_key(struct buf *b, const char *key, const char *text)
{
    if (text) {
        buf_printf(b, "  %s: ", key);
        yaml_put_text(b, text);
        buf_putc(b, '\n');
    }
}

static void put_change(struct buf *b, const struct import_change *c)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    if (!c) {
        buf_puts(b, "# PUT IN YOUR CHANGE: this ticket does not exist. A standard change needs no\n"
                    "# approval; any other says approved_by and approved_at.\n"
                    "change: {ticket: CHG0000000, type: standard}\n");
        return;
    }
    buf_puts(b, "change:\n");
    for (size_t i = 0; i < c->notes.n; i++) {
        buf_puts(b, "  # ");
        str_vis(b, c->notes.v[i], strlen(c->notes.v[i]), LIMIT_VALUE_SHOWN);
        buf_putc(b, '\n');
    }
    put_key(b, "ticket", c->ticket);
    if (c->type) {
        buf_printf(b, "  type: %s\n", c->type);
    }
    put_key(b, "requested_by", c->requested_by);
    for (size_t i = 0; i < c->approved_by.n; i++) {
        buf_puts(b, i ? ", " : "  approved_by: [");
        yaml_put_text(b, c->approved_by.v[i]);
    }
    buf_puts(b, c->approved_by.n ? "]\n" : "");
    if (c->approved_at != TIME_NONE) {
        put_time(b, "  approved_at: ", c->approved_at, "\n");
    }
    if (c->start != TIME_NONE) {
        put_time(b, "  window: {start: ", c->start, ", ");
        put_time(b, "end: ", c->end, "}\n");
    }
    if (!c->approved_by.n && !str_eq(c->type, "standard")) {
        buf_puts(b, "  # PUT IN THE APPROVAL: approved_by and approved_at\n");
    }
}

static void put_head(struct buf *b, const struct import *im, struct arena *a)
{
    buf_printf(b,
               "# Imported from %s\n# with the profile %s. Look for words in capitals, where you "
               "have to decide; then:\n# certbatch lint, plan, run.\ncertbatch: 1\nname: %s\n",
               str_vis_dup(a, im->options->input, strlen(im->options->input)), im->profile.name,
               batch_name(im, a));
    put_change(b, im->change);
    for (size_t i = 0; i < im->profile.policy.n; i++) {
        buf_puts(b, i ? ", " : "policy: [");
        yaml_put_text(b, im->profile.policy.v[i]);
    }
    buf_puts(b, im->profile.policy.n ? "]\n" : "");
    if (im->options->ca) {
        buf_puts(b, "ca: ");
        yaml_put_text(b, im->options->ca);
        buf_putc(b, '\n');
    }
}

static size_t put_section(struct buf *b, const struct import *im, bool revoke)
{
    size_t n = 0;
    for (size_t i = 0; i < im->n; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        const struct import_item *item = &im->items[i];
        if (item->revoke != revoke) {
            continue;
        }
        buf_puts(b, n++ ? "" : revoke ? "revocations:\n" : "orders:\n");
        buf_puts(b, "  - id: ");
        yaml_put_text(b, item->id);
        buf_putc(b, '\n');
        import_put_item(b, item, true, &a);
    }
    return n;
}

bool import_manifest(const struct import *im, struct buf *out, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    put_head(out, im, &a);
    const size_t orders = put_section(out, im, false);
    const size_t revocations = put_section(out, im, true);
    if (orders + revocations == 0) {
        buf_puts(out, "orders: []\n");
    }
    return !buf_failed(out) ||
           err_set(err, ERR_INPUT, "the manifest would be larger than a manifest may be");
}

bool import_write_requests(const struct import *im, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    for (size_t i = 0; i < im->n; i++) {
        const struct import_item *item = &im->items[i];
        if (!item->csr_text || !item->csr) {
            continue;
        }
        const char *path = path_join(&a, path_dir(&a, im->options->output), item->csr);
        const struct span text = {(const uint8_t *)item->csr_text, strlen(item->csr_text)};
        if (!fs_make_dirs(path_dir(&a, path), err) || !fs_write_atomic(path, text, 0644, err)) {
            return false;
        }
    }
    return true;
}
