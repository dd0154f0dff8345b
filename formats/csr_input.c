/* SPDX-License-Identifier: Apache-2.0
 *
 * See csr.h: from the bytes of a file to the DER of the one request in it. It never decodes a
 * private key it meets, and names what a file is when it is not a request.
 */
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/csr_parse.h"
#include "formats/kind.h"

#include <string.h>

static bool is_request_label(const char *label)
{
    return str_eq(label, "CERTIFICATE REQUEST") || str_eq(label, "NEW CERTIFICATE REQUEST");
}

static const char *vis(struct arena *a, const char *s)
{
    return str_vis_dup(a, s, strlen(s));
}

/* What each fatal PEM defect reads like, and each lax one. */
static const struct {
    unsigned bit;
    const char *text;
} pem_texts[] = {
    {PEM_LABEL_MISMATCH, "the END label differs from the BEGIN label"},
    {PEM_NO_END, "the END line is missing"},
    {PEM_BAD_BASE64, "the base64 text is damaged"},
    {PEM_EMPTY, "there is nothing between BEGIN and END"},
    {PEM_LAX_LINES, "lines are not 64 columns wide or have blanks"},
    {PEM_LAX_HEADERS, "header lines of RFC 1421"},
    {PEM_LAX_TEXT_BEFORE, "text before the BEGIN line"},
};

static void report_armor(struct csr_parse *p, const struct pem_block *b)
{
    for (size_t i = 0; i < NITEMS(pem_texts); i++) {
        if (b->defects & pem_texts[i].bit) {
            bool fatal = pem_texts[i].bit & PEM_FATAL;
            p->line = fatal && b->bad_line ? b->bad_line : b->line;
            csr_problem(p, fatal ? CSR_PEM_ARMOR : CSR_PEM_LAX, -1, "%s", pem_texts[i].text);
        }
    }
    p->line = b->line;
}

/* Reports what stands beside the request and returns the block to read, or NULL. */
static const struct pem_block *choose(struct csr_parse *p, const struct pem *pem)
{
    const struct pem_block *chosen = NULL;
    size_t requests = 0;
    for (size_t i = 0; i < pem->n; i++) {
        const struct pem_block *b = &pem->v[i];
        bool request = is_request_label(b->label);
        p->line = b->line;
        if (b->private_key) {
            csr_problem(p, CSR_PEM_PRIVATE_KEY, -1, "the file contains a private key");
            continue;
        }
        requests += request;
        if (!chosen || (request && !is_request_label(chosen->label))) {
            chosen = b;
        }
        if (request && requests == 2) {
            csr_problem(p, CSR_PEM_COUNT, -1, "a second request; only the first is read");
        }
    }
    for (size_t i = 0; chosen && requests && i < pem->n; i++) {
        const struct pem_block *b = &pem->v[i];
        if (!b->private_key && !is_request_label(b->label)) {
            p->line = b->line;
            csr_problem(p, CSR_PEM_LAX, -1, "a %s block beside the request is ignored",
                        vis(p->arena, b->label));
        }
    }
    return chosen;
}

/* Everything but a request, and what cannot be told, is named by csr.input.kind. */
static bool is_other_kind(struct csr_parse *p, struct span der)
{
    enum input_kind kind = kind_of(der);
    if (kind == KIND_CSR || kind == KIND_UNKNOWN || kind == KIND_PEM) {
        return false;
    }
    csr_problem(p, CSR_INPUT_KIND, -1, "this is %s, not a PKCS#10 request", kind_name(kind));
    if (kind == KIND_PRIVATE_KEY || kind == KIND_ENCRYPTED_KEY) {
        csr_problem(p, CSR_PEM_PRIVATE_KEY, -1, "the file contains a private key");
    }
    return true;
}

static void parse_pem(struct csr_parse *p, struct span input)
{
    struct pem pem;
    if (!pem_parse(p->arena, input, &pem)) {
        csr_problem(p, CSR_INPUT_KIND, -1, "this is %s, not a PKCS#10 request",
                    kind_name(KIND_TEXT));
        return;
    }
    const struct pem_block *b = choose(p, &pem);
    if (!b) {
        csr_problem(p, CSR_INPUT_KIND, -1, "this is %s, not a PKCS#10 request",
                    kind_name(KIND_PRIVATE_KEY));
        return;
    }
    p->line = b->line;
    p->csr->place = pem_place_of(b);
    report_armor(p, b);
    if (b->der.n && is_other_kind(p, b->der)) {
        p->csr->der = b->der;
        return;
    }
    if (!is_request_label(b->label)) {
        csr_problem(p, CSR_PEM_LABEL, -1, "label \"%s\" instead of CERTIFICATE REQUEST",
                    vis(p->arena, b->label));
    }
    if (b->der.n) {
        csr_parse_der(p, b->der);
    }
}

void csr_parse(struct arena *a, struct span input, struct csr *out)
{
    *out = (struct csr){0};
    struct csr_parse p = {.arena = a, .csr = out};
    enum input_kind kind = kind_of(input);
    if (kind == KIND_PEM) {
        parse_pem(&p, input);
    } else {
        out->der_input = true;
        if (!is_other_kind(&p, input)) {
            csr_parse_der(&p, input);
        }
    }
    out->problems = arena_memdup(a, p.problems.v, p.problems.n * sizeof *p.problems.v);
    out->nproblems = p.problems.n;
    freep(&p.problems.v);
}
