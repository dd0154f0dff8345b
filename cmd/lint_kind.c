/* SPDX-License-Identifier: Apache-2.0
 *
 * What kind of file lint was given: by its first key, else by its name, else by its content.
 */
#include "cmd/lint.h"

#include <string.h>

const char *const lint_kind_names[] = {[LINT_MANIFEST] = "manifest",
                                       [LINT_CSR] = "csr",
                                       [LINT_CERTIFICATE] = "certificate",
                                       [LINT_POLICY] = "policy",
                                       [LINT_CONFIG] = "config"};
_Static_assert(NITEMS(lint_kind_names) == LINT__MAX, "a name for every kind");

/* A key at the start of a line decides: all three YAML kinds name themselves by their first key. */
static bool has_key(struct span text, const char *key)
{
    size_t n = strlen(key);
    const char *p = (const char *)text.p;
    for (size_t i = 0; i + n < text.n; i++) {
        if ((i == 0 || p[i - 1] == '\n' || (uint8_t)p[i - 1] == 0xBF) &&
            memcmp(p + i, key, n) == 0 && p[i + n] == ':') {
            return true;
        }
    }
    return false;
}

static bool contains(struct span text, const char *what)
{
    return text.n && memmem(text.p, text.n, what, strlen(what)) != NULL;
}

enum lint_kind lint_kind_of(const char *path, struct span text)
{
    static const struct {
        const char *key, *suffix;
        enum lint_kind kind;
    } yaml[] = {{"certbatch_policy", ".policy.yaml", LINT_POLICY},
                {"certbatch_config", "certbatch.yaml", LINT_CONFIG},
                {"certbatch", ".batch.yaml", LINT_MANIFEST}};
    for (size_t i = 0; i < NITEMS(yaml); i++) {
        if (has_key(text, yaml[i].key)) {
            return yaml[i].kind;
        }
    }
    for (size_t i = 0; i < NITEMS(yaml); i++) {
        if (str_iends(path, yaml[i].suffix)) {
            return yaml[i].kind;
        }
    }
    if (str_iends(path, ".yaml") || str_iends(path, ".yml")) {
        return LINT_MANIFEST;
    }
    bool der_certificate = text.n > 1 && text.p[0] == 0x30 && !contains(text, "-----BEGIN") &&
                           (str_iends(path, ".cer") || str_iends(path, ".crt"));
    bool certificate = contains(text, "-----BEGIN CERTIFICATE-----") ||
                       contains(text, "-----BEGIN TRUSTED CERTIFICATE-----");
    return certificate || der_certificate ? LINT_CERTIFICATE : LINT_CSR;
}
