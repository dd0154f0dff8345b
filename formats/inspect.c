/* SPDX-License-Identifier: Apache-2.0
 *
 * See inspect.h: which reader a file gets. A PEM file is shown block by block, in its order.
 */
#include "formats/inspect.h"

#include "formats/base/str.h"
#include "formats/inspect_view.h"
#include "formats/kind.h"
#include "formats/pem.h"

#include <string.h>

static inspect_fn *const by_kind[KIND__MAX] = {
    [KIND_CSR] = inspect_csr,
    [KIND_CERT] = inspect_certs,
    [KIND_PKCS7] = inspect_certs,
    [KIND_CRL] = inspect_crl,
    [KIND_PKCS12] = inspect_store,
    [KIND_JKS] = inspect_store,
    [KIND_PRIVATE_KEY] = inspect_key,
    [KIND_ENCRYPTED_KEY] = inspect_encrypted_key,
    [KIND_PUBLIC_KEY] = inspect_public_key,
};

static bool inspect_bytes(struct view *v, const char *name, enum input_kind kind, struct span bytes,
                          const struct secret *password, struct err *err)
{
    if (!by_kind[kind]) {
        return err_at(err, ERR_INPUT, (struct pos){.file = name}, "this is %s: nothing to show",
                      kind_name(kind));
    }
    return by_kind[kind](v, name, bytes, password, err);
}

/* Private keys come undecoded from the PEM reader, on purpose. Before RFC 5958 encryption was
 * told by a header line. */
static enum input_kind kind_of_key_block(const struct pem_block *b)
{
    bool encrypted =
        strstr(b->label, "ENCRYPTED") || memmem(b->text.p, b->text.n, "Proc-Type: 4,ENCRYPTED", 22);
    return encrypted ? KIND_ENCRYPTED_KEY : KIND_PRIVATE_KEY;
}

static bool inspect_block(struct view *v, const char *name, const struct pem_block *b,
                          const struct secret *password, struct err *err)
{
    if (b->private_key) {
        return inspect_bytes(v, name, kind_of_key_block(b), b->text, password, err);
    }
    enum input_kind kind = kind_of(b->der);
    if (kind == KIND_CSR) { /* the reader of requests has something to say about the PEM, too */
        return inspect_bytes(v, name, kind, b->text, password, err);
    }
    if (b->defects & PEM_FATAL) {
        return err_at(err, ERR_INPUT, (struct pos){.file = name, .line = b->line, .column = 1},
                      "this PEM block is damaged at line %u", b->bad_line);
    }
    return inspect_bytes(v, name, kind, b->der, password, err);
}

static bool inspect_pem(struct view *v, const char *name, struct span input,
                        const struct secret *password, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct pem pem;
    bool ok = pem_parse(&a, input, &pem);
    if (!ok) {
        return err_at(err, ERR_INPUT, (struct pos){.file = name}, "there is no PEM block");
    }
    for (size_t i = 0; ok && i < pem.n; i++) {
        /* "EC PARAMETERS" stands before the key that repeats them */
        ok = str_ends(pem.v[i].label, " PARAMETERS") ||
             inspect_block(v, name, &pem.v[i], password, err);
    }
    return ok;
}

bool inspect_file(const char *name, struct span input, const struct secret *password, bool as_json,
                  struct buf *out, struct err *err)
{
    struct view v;
    enum input_kind kind = kind_of(input);
    view_begin(&v, out, as_json, name);
    bool ok = kind == KIND_PEM ? inspect_pem(&v, name, input, password, err)
                               : inspect_bytes(&v, name, kind, input, password, err);
    return ok && view_finish(&v, err);
}
