/* SPDX-License-Identifier: Apache-2.0
 *
 * Verifying the folders of servers in a delivery bundle (formats/preset.h): each is of a known
 * server, has its snippet and nothing that does not belong there, and its certificates are those
 * of the item. Keys and key stores in it are opened like all others (verify_delivery.c).
 */
#include "batch/verify.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/preset.h"

#include <string.h>

static const struct preset *folder_of(const char *name)
{
    for (size_t i = 0; i < presets_count; i++) {
        const size_t n = strlen(presets[i].name);
        if (strncmp(name, presets[i].name, n) == 0 && name[n] == '/') {
            return &presets[i];
        }
    }
    return NULL;
}

/* ".p12" and the like behind the item's id */
static bool of_item(const struct verify_item *item, const char *base, const char *suffix)
{
    const size_t n = strlen(item->id);
    return strncmp(base, item->id, n) == 0 && str_eq(base + n, suffix);
}

static bool belongs(const struct verify_item *item, const struct preset *p, const char *base)
{
    static const struct {
        const char *output, *name, *suffix;
    } outputs[] = {{"pem", "key.pem", NULL}, {"pfx", NULL, ".p12"}, {"jks", NULL, ".jks"}};
    if (str_eq(base, p->snippet) || str_eq(base, "fullchain.pem") ||
        (p->bare == BARE_P7B && of_item(item, base, ".p7b"))) {
        return true;
    }
    for (size_t i = 0; i < NITEMS(outputs); i++) {
        if (str_eq(outputs[i].output, p->output)) {
            return outputs[i].name ? str_eq(base, outputs[i].name)
                                   : of_item(item, base, outputs[i].suffix);
        }
    }
    return false;
}

/* The certificate first, then its chain, of which the root may be left out. */
static void check_certificates(struct verify_item *item, const struct verify_file *f,
                               const struct cert *leaf, const struct cert *chain, size_t nchain)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n = 0;
    if (!certs_read(&a, f->name, buf_span(&f->data), &certs, &n, &err)) {
        verify_item_problem(item, RULE_CHAIN, SEV_ERROR, "%s cannot be read: %s", f->name, err.msg);
        return;
    }
    bool same = n > 0 && n <= nchain + 1 && span_eq(certs[0].der, leaf->der);
    for (size_t i = 1; same && i < n; i++) {
        same = span_eq(certs[i].der, chain[i - 1].der);
    }
    const bool whole = n == nchain + 1 || (n == nchain && cert_self_issued(&chain[nchain - 1]));
    if (!same || !whole) {
        verify_item_problem(item, RULE_CHAIN, SEV_ERROR,
                            "%s is not certificate.pem followed by its chain", f->name);
    }
}

static void check_snippet(struct verify_item *item, const struct preset *p)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    if (!verify_item_get(item, arena_printf(&a, "%s/%s", p->name, p->snippet))) {
        verify_item_problem(item, RULE_COMPLETE, SEV_ERROR, "%s/%s is missing", p->name,
                            p->snippet);
    }
}

void verify_servers(struct verify_item *item, const struct cert *leaf, const struct cert *chain,
                    size_t nchain)
{
    bool seen[64] = {0};
    for (size_t i = 0; i < item->n; i++) {
        const struct verify_file *f = &item->v[i];
        const struct preset *p = folder_of(f->name);
        const char *base = p ? f->name + strlen(p->name) + 1 : NULL;
        if (!strchr(f->name, '/')) {
            continue;
        }
        if (!p || !belongs(item, p, base)) {
            verify_item_problem(item, RULE_BAG, SEV_ERROR,
                                "%s does not belong into a delivery bundle", f->name);
            continue;
        }
        seen[p - presets] = true;
        if (str_eq(base, "fullchain.pem") || str_ends(base, ".p7b")) {
            check_certificates(item, f, leaf, chain, nchain);
        }
    }
    for (size_t i = 0; i < presets_count && i < NITEMS(seen); i++) {
        if (seen[i]) {
            check_snippet(item, &presets[i]);
        }
    }
}
