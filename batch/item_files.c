/* SPDX-License-Identifier: Apache-2.0
 *
 * The files an item names: read beneath the manifest's directory, and every trouble with one
 * turned into a finding at the key that names it. Thread safe.
 */
#include "batch/batch_parts.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <stdio.h>
#include <string.h>

/* "replaces.certificate": the dots go down. */
static const struct ynode *find_key(const struct ynode *node, const char *key)
{
    char part[64];
    while (node && key) {
        const char *dot = strchr(key, '.');
        size_t n = dot ? (size_t)(dot - key) : strlen(key);
        (void)snprintf(part, sizeof part, "%.*s", (int)n, key);
        node = yaml_get(node, part);
        key = dot ? dot + 1 : NULL;
    }
    return node;
}

struct pos item_key_pos(const struct batch *b, const struct item *item, const char *key)
{
    const struct ynode *at = key ? find_key(item->node, key) : NULL;
    if (!at && key && item->kind == ITEM_ORDER && b->manifest.defaults) {
        at = find_key(b->manifest.defaults->node, key);
    }
    if (!at && str_eq(key, "ca")) {
        at = yaml_get(b->manifest.node, "ca");
    }
    at = at ? at : item->node;
    return at ? yaml_pos(b->manifest.path, at) : (struct pos){.file = b->manifest.path};
}

void item_problem(const struct batch *b, const struct item *item, struct findings *findings,
                  const char *rule, const char *key, const char *fmt, ...)
{
    if (!findings) {
        return;
    }
    va_list ap;
    struct pos pos = item_key_pos(b, item, key);
    struct finding f = {.rule = rule,
                        .severity = SEV_ERROR,
                        .file = pos.file,
                        .line = pos.line,
                        .column = pos.column,
                        .offset = -1,
                        .item = item->id};
    va_start(ap, fmt);
    f.message = arena_vprintf(&findings->strings, fmt, ap);
    va_end(ap);
    findings_add(findings, &f);
}

/* fs reports a path that leaves the directory without an errno (fs.h). */
static void file_problem(const struct batch *b, const struct item *item, const char *key,
                         const struct err *why, struct findings *findings)
{
    bool outside =
        why->code == ERR_INPUT && why->sys == 0 && strstr(why->msg, "leaves the directory");
    item_problem(b, item, findings, outside ? "manifest.file.outside" : "manifest.file.missing",
                 key, "%s", why->msg);
}

bool item_file(const struct batch *b, const struct item *item, const char *key, const char *path,
               struct buf *out, struct findings *findings)
{
    struct err err = ERR_INIT;
    if (fs_read_beneath(&b->root, path, out, &err)) {
        return true;
    }
    file_problem(b, item, key, &err, findings);
    return false;
}

bool item_file_mode(const struct batch *b, const struct item *item, const char *key,
                    const char *path, mode_t *mode, struct findings *findings)
{
    struct err err = ERR_INIT;
    if (fs_mode_beneath(&b->root, path, mode, &err)) {
        return true;
    }
    file_problem(b, item, key, &err, findings);
    return false;
}

bool item_certificate(const struct batch *b, const struct item *item, const char *key,
                      const char *path, struct arena *a, struct cert *out,
                      struct findings *findings)
{
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n = 0;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!item_file(b, item, key, path, &text, findings)) {
        return false;
    }
    struct span bytes = {arena_memdup(a, text.p, text.n), text.n};
    if (!certs_read(a, path, bytes, &certs, &n, &err) || n == 0) {
        item_problem(b, item, findings, "manifest.file.missing", key,
                     "%s holds no certificate that can be read%s%s", path, err.msg[0] ? ": " : "",
                     err.msg);
        return false;
    }
    *out = certs[0];
    return true;
}

const char *item_prior_path(const struct item *item, const char **key)
{
    if (item->kind == ITEM_REVOCATION) {
        *key = "certificate";
        return item->revocation->certificate;
    }
    *key = "replaces.certificate";
    return item->order->replaces ? item->order->replaces->certificate : NULL;
}
