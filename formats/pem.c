/* SPDX-License-Identifier: Apache-2.0
 *
 * See pem.h. The text is walked line by line once. Base64 of an ordinary block is collected in a
 * scratch buffer and decoded; of a private-key block not one character is copied.
 */
#include "formats/pem.h"

#include "formats/base/limits.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"

#include <string.h>

enum { PEM_COLUMNS = 64, LABEL_MAX = 64 };

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";
static const char dashes[] = "-----";

/* A line without its end and without surrounding blanks. */
struct line {
    const char *s;
    size_t n;
    const char *start, *next; /* of the raw line, of the line after it */
    bool trimmed, bare_cr;
};

struct reader {
    const char *p, *end;
    uint32_t line; /* number of the line at p */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static bool next_line(struct reader *r, struct line *out)
{
    if (r->p >= r->end) {
        return false;
    }
    const char *e = r->p;
    while (e < r->end && *e != '\n' && *e != '\r') {
        e++;
    }
    const char *after = e;
    bool bare_cr = false;
    if (after < r->end && *after == '\r') {
        after++;
        bare_cr = after == r->end || *after != '\n';
    }
    if (after < r->end && *after == '\n' && !bare_cr) {
        after++;
    }
    const char *s = r->p;
    const char *t = e;
    while (s < t && is_blank(*s)) {
        s++;
    }
    while (t > s && is_blank(t[-1])) {
        t--;
    }
    *out = (struct line){s, (size_t)(t - s), r->p, after, s != r->p || t != e, bare_cr};
    r->p = after;
    r->line++;
    return true;
}

/* The label when the line is `mark` label "-----". */
static bool boundary(const struct line *l, const char *mark, struct line *label)
{
    size_t m = strlen(mark);
    size_t d = strlen(dashes);
    if (l->n < m + d || memcmp(l->s, mark, m) != 0 || memcmp(l->s + l->n - d, dashes, d) != 0) {
        return false;
    }
    *label = (struct line){.s = l->s + m, .n = l->n - m - d};
    return label->n <= LABEL_MAX;
}

/* How many characters at s are of the base64 alphabet without padding. */
static size_t letters(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && ((s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= 'a' && s[i] <= 'z') ||
                     (s[i] >= '0' && s[i] <= '9') || s[i] == '+' || s[i] == '/')) {
        i++;
    }
    return i;
}

static void defect(struct pem_block *b, enum pem_defect d, uint32_t line)
{
    b->defects |= d;
    if ((d & PEM_FATAL) && b->bad_line == 0) {
        b->bad_line = line;
    }
}

/* What the body lines of one block add up to. */
struct body {
    struct buf *base64;
    size_t chars;
    bool padded, short_line, headers_possible, in_headers;
};

static void add_chars(const struct pem_block *b, struct body *body, const char *s, size_t n)
{
    body->chars += n;
    if (!b->private_key) {
        buf_add(body->base64, s, n);
    }
}

static void odd_character(struct pem_block *b, struct body *body, char c, uint32_t no)
{
    if (c == '=') {
        body->padded = true;
        add_chars(b, body, &c, 1);
    } else {
        defect(b, is_blank(c) ? PEM_LAX_LINES : PEM_BAD_BASE64, no);
    }
}

static void body_line(struct pem_block *b, struct body *body, const struct line *l, uint32_t no)
{
    bool header = memchr(l->s, ':', l->n) != NULL;
    if (body->headers_possible && (header || body->in_headers)) {
        body->in_headers = l->n != 0; /* a blank line ends them; others are continuations */
        body->headers_possible = body->in_headers;
        defect(b, PEM_LAX_HEADERS, no);
        return;
    }
    if (l->n == 0) {
        defect(b, PEM_LAX_LINES, no);
        return;
    }
    body->headers_possible = false;
    if (body->short_line || l->n > PEM_COLUMNS || l->trimmed || l->bare_cr) {
        defect(b, PEM_LAX_LINES, no);
    }
    body->short_line = l->n < PEM_COLUMNS;
    for (size_t i = 0; i < l->n;) {
        size_t run = letters(l->s + i, l->n - i);
        if (run && body->padded) {
            defect(b, PEM_BAD_BASE64, no); /* data after padding */
        }
        if (run == 0) {
            odd_character(b, body, l->s[i], no);
            run = 1;
        } else {
            add_chars(b, body, l->s + i, run);
        }
        i += run;
    }
}

static void decode(struct arena *a, struct pem_block *b, struct body *body, struct buf *bytes,
                   uint32_t last_line)
{
    if (body->chars == 0) {
        defect(b, PEM_EMPTY, b->line);
    }
    if (b->private_key || b->defects & PEM_FATAL) {
        return;
    }
    buf_reset(bytes);
    if (!base64_decode(bytes, buf_text(body->base64), body->base64->n)) {
        defect(b, PEM_BAD_BASE64, last_line);
        return;
    }
    b->der = (struct span){arena_memdup(a, buf_text(bytes), bytes->n), bytes->n};
}

/* Reads from after the BEGIN line to the END line, or to where the block is given up. */
static void read_block(struct arena *a, struct reader *r, struct pem_block *b, struct buf *base64,
                       struct buf *bytes)
{
    struct body body = {.base64 = base64, .headers_possible = true};
    struct line l;
    struct line label;
    const char *stop = r->p;
    uint32_t last = b->line;
    bool closed = false;
    buf_reset(base64);
    for (struct reader peek = *r; next_line(&peek, &l); *r = peek) {
        if (boundary(&l, begin_mark, &label)) {
            break; /* the next block begins: this one has no end */
        }
        stop = l.s + l.n;
        if (boundary(&l, end_mark, &label)) {
            closed = true;
            if (l.trimmed || l.bare_cr) {
                defect(b, PEM_LAX_LINES, r->line);
            }
            if (label.n != strlen(b->label) || memcmp(label.s, b->label, label.n) != 0) {
                defect(b, PEM_LABEL_MISMATCH, r->line);
            }
            *r = peek;
            break;
        }
        if (l.n >= strlen(dashes) && memcmp(l.s, dashes, strlen(dashes)) == 0) {
            last = r->line; /* a damaged END line, not text */
            *r = peek;
            break;
        }
        last = r->line;
        body_line(b, &body, &l, r->line);
    }
    if (!closed) {
        defect(b, PEM_NO_END, last);
    }
    b->text.n = (size_t)((const uint8_t *)stop - b->text.p);
    decode(a, b, &body, bytes, last);
}

static struct pem_block start_block(struct arena *a, const struct line *l, const struct line *label,
                                    uint32_t no)
{
    struct pem_block b = {
        .label = arena_strndup(a, label->s, label->n),
        .text = {(const uint8_t *)l->s, l->n},
        .line = no,
    };
    b.private_key = strstr(b.label, "PRIVATE KEY") != NULL;
    if (l->trimmed || l->bare_cr) {
        defect(&b, PEM_LAX_LINES, no);
    }
    return b;
}

bool pem_parse(struct arena *a, struct span input, struct pem *out)
{
    CLEANUP(buf_release) struct buf base64 = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf bytes = BUF_INIT(LIMIT_INPUT_BYTES);
    struct reader r = {(const char *)input.p, (const char *)input.p + input.n, 1};
    struct line l;
    struct line label;
    struct {
        struct pem_block *v;
        size_t n, cap;
    } blocks = {0};
    bool text_before = false;
    *out = (struct pem){0};
    for (uint32_t no = 1; input.n && next_line(&r, &l); no = r.line) {
        if (!boundary(&l, begin_mark, &label)) {
            text_before = text_before || l.n != 0;
            continue;
        }
        struct pem_block b = start_block(a, &l, &label, no);
        if (text_before) {
            defect(&b, PEM_LAX_TEXT_BEFORE, no);
        }
        text_before = false;
        read_block(a, &r, &b, &base64, &bytes);
        VEC_PUSH(&blocks, b);
    }
    if (blocks.n) {
        out->v = arena_memdup(a, blocks.v, blocks.n * sizeof *blocks.v);
        out->n = blocks.n;
    }
    freep(&blocks.v);
    return out->n > 0;
}

void pem_write(struct buf *out, const char *label, struct span der)
{
    buf_printf(out, "%s%s%s\n", begin_mark, label, dashes);
    base64_encode(out, der.p, der.n, PEM_COLUMNS);
    buf_printf(out, "%s%s%s\n", end_mark, label, dashes);
}

struct pem_place pem_place_of(const struct pem_block *b)
{
    return (struct pem_place){b->line, !(b->defects & (PEM_LAX_LINES | PEM_LAX_HEADERS))};
}

void pem_place_find(const struct pem_place *p, int64_t offset, uint32_t *line, uint32_t *column)
{
    enum { LINE_OCTETS = 48, GROUP_OCTETS = 3, GROUP_CHARACTERS = 4 };
    const bool known = p->canonical && offset >= 0;
    *line = known ? p->line + 1 + (uint32_t)(offset / LINE_OCTETS) : p->line;
    *column = known ? (uint32_t)(offset % LINE_OCTETS / GROUP_OCTETS) * GROUP_CHARACTERS + 1 : 1;
}
