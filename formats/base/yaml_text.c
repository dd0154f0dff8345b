/* SPDX-License-Identifier: Apache-2.0
 *
 * The character level of strict YAML: what may stand in the file at all, before libyaml sees it.
 * libyaml's own reader errors carry a byte offset and no position, it takes U+0085, U+2028 and
 * U+2029 for line ends (no editor does), and it needs quadratic time for %TAG lines. All of that
 * is refused here, so that a line and column mean the same to every tool.
 */
#include "formats/base/yaml.h"

#include "formats/base/str.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_PROBLEMS_MAX = 20 };

static const struct refused {
    uint32_t first, last;
    const char *what;
} refused[] = {
    {0x00, 0x00, "a NUL character"},
    {0x01, 0x1F, "a control character"},
    {0x7F, 0x9F, "a control character"},
    {0x061C, 0x061C, "a bidirectional control character, which hides what the text says"},
    {0x200E, 0x200F, "a bidirectional control character, which hides what the text says"},
    {0x2028, 0x2029, "a Unicode line or paragraph separator"},
    {0x202A, 0x202E, "a bidirectional control character, which hides what the text says"},
    {0x2066, 0x2069, "a bidirectional control character, which hides what the text says"},
    {0xFEFF, 0xFEFF, "a byte order mark after the beginning"},
    {0xFFFE, 0xFFFF, "a character that Unicode reserves as a non-character"},
};

const char *yaml_char_refused(uint32_t cp)
{
    for (size_t i = 0; i < NITEMS(refused); i++) {
        if (cp >= refused[i].first && cp <= refused[i].last) {
            return refused[i].what;
        }
    }
    return NULL;
}

void yaml_put_text(struct buf *out, const char *text)
{
    const size_t n = strlen(text);
    uint32_t cp;
    buf_putc(out, '"');
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_decode(text + i, n - i, &cp);
        const char *refused_as = len ? yaml_char_refused(cp) : "not UTF-8";
        if (len && (cp == '\n' || cp == '\t')) {
            buf_puts(out, cp == '\n' ? "\\n" : "\\t");
        } else if (refused_as) { /* an escape would be refused as well */
            len = len ? len : 1;
            buf_puts(out, "\\uFFFD");
        } else if (cp == '"' || cp == '\\') {
            buf_printf(out, "\\%c", (char)cp);
        } else {
            buf_add(out, text + i, len);
        }
    }
    buf_putc(out, '"');
}

struct scan {
    const char *file;
    const struct shape_rules *rules;
    struct findings *findings;
    const char *p;
    size_t n, i;
    uint32_t line, column;
    unsigned problems;
    bool indent;   /* only blanks so far on this line */
    bool preamble; /* no content yet since the start or since "...": a % here is a directive */
};

static void problem(struct scan *s, const char *what)
{
    s->problems++;
    findings_report(s->findings, s->rules->strict, SEV_ERROR,
                    (struct pos){.file = s->file, .line = s->line, .column = s->column}, "%s",
                    what);
}

static void line_start(struct scan *s)
{
    const char *p = s->p + s->i;
    size_t left = s->n - s->i;
    if (left == 0) {
        return;
    }
    if (s->preamble && *p == '%') {
        problem(s, "a YAML directive is not accepted; remove the line");
        s->i = s->n;
    } else if (left >= 3 && memcmp(p, "...", 3) == 0) {
        s->preamble = true;
    } else if (!strchr("\r\n# \t", *p)) {
        s->preamble = false;
    }
}

static void line_end(struct scan *s)
{
    s->i++;
    s->line++;
    s->column = 1;
    s->indent = true;
    line_start(s);
}

/* Anything but printable ASCII. */
static void rare(struct scan *s)
{
    char text[160];
    uint32_t cp = 0;
    size_t len = utf8_decode(s->p + s->i, s->n - s->i, &cp);
    const char *what = len ? yaml_char_refused(cp) : NULL;
    if (!len) {
        (void)snprintf(text, sizeof text, "byte 0x%02x is not UTF-8; save the file as UTF-8",
                       (unsigned)(unsigned char)s->p[s->i]);
        problem(s, text);
        s->i = s->n;
        return;
    }
    if (cp == '\r') {
        if (s->i + 1 < s->n && s->p[s->i + 1] == '\n') {
            s->i++;
            return; /* CRLF: the line feed counts */
        }
        problem(s, "a carriage return without a line feed");
    } else if (cp == '\t' && s->indent) {
        problem(s, "a tab in the indentation; YAML indents with spaces only");
        s->indent = false; /* once a line */
    } else if (what && cp != '\t') {
        (void)snprintf(text, sizeof text, "%s (U+%04X)", what, cp);
        problem(s, text);
    }
    s->i += len;
    s->column++;
}

static bool looks_utf16(const char *p, size_t n)
{
    return n >= 2 &&
           (memcmp(p, "\xFF\xFE", 2) == 0 || memcmp(p, "\xFE\xFF", 2) == 0 || !p[0] || !p[1]);
}

bool yaml_check_text(const char *file, struct span text, const struct shape_rules *rules,
                     struct findings *findings)
{
    struct scan s = {.file = file,
                     .rules = rules,
                     .findings = findings,
                     .p = (const char *)text.p,
                     .n = text.n,
                     .line = 1,
                     .column = 1,
                     .indent = true,
                     .preamble = true};
    if (looks_utf16(s.p, s.n)) {
        problem(&s, "the file is not UTF-8 (UTF-16 or binary); save it as UTF-8");
        return false;
    }
    line_start(&s);
    while (s.i < s.n && s.problems < TEXT_PROBLEMS_MAX) {
        unsigned char c = (unsigned char)s.p[s.i];
        if (c >= 0x20 && c < 0x7F) {
            s.indent = s.indent && c == ' ';
            s.column++;
            s.i++;
        } else if (c == '\n') {
            line_end(&s);
        } else {
            rare(&s);
        }
    }
    return s.problems == 0;
}

/* The scalars that tools of YAML 1.1 (and those of 1.2) take for something else than text: the
 * regular expressions of yaml.org/type, plus 0o17 and 1e3 of YAML 1.2 and all-digit text with a
 * leading zero, on which tools disagree. */
static const char *const typed_words[] = {
    "",    "~",   "null", "Null", "NULL", "y",    "Y",     "yes",   "Yes",   "YES",  "n",    "N",
    "no",  "No",  "NO",   "true", "True", "TRUE", "false", "False", "FALSE", "on",   "On",   "ON",
    "off", "Off", "OFF",  "=",    "<<",   ".inf", ".Inf",  ".INF",  ".nan",  ".NaN", ".NAN",
};

static size_t run_of(const char *s, const char *set)
{
    return strspn(s, set);
}

static bool typed_prefixed(const char *s)
{
    static const struct {
        const char *prefix, *digits;
    } forms[] = {{"0x", "0123456789abcdefABCDEF_"}, {"0b", "01_"}, {"0o", "01234567"}};
    for (size_t i = 0; i < NITEMS(forms); i++) {
        if (str_starts(s, forms[i].prefix)) {
            size_t n = run_of(s + 2, forms[i].digits);
            return n > 0 && !s[2 + n];
        }
    }
    return false;
}

/* 190:20:30 is 685230 to YAML 1.1. */
static bool typed_base60(const char *s)
{
    size_t n = run_of(s, "0123456789_");
    if (n == 0 || s[0] == '_' || s[n] != ':') {
        return false;
    }
    for (s += n; *s == ':'; s += n) {
        s++;
        n = run_of(s, "0123456789");
        if (n == 0 || n > 2 || (n == 2 && s[0] > '5')) {
            return false;
        }
    }
    return !*s || (*s == '.' && !s[1 + run_of(s + 1, "0123456789_")]);
}

static bool typed_number(const char *s)
{
    size_t whole = run_of(s, "0123456789_");
    if (whole && s[0] == '_') {
        return false;
    }
    s += whole;
    size_t part = 0;
    if (*s == '.') {
        part = run_of(s + 1, "0123456789_");
        s += 1 + part;
    }
    if (whole + part == 0) {
        return false;
    }
    if (*s == 'e' || *s == 'E') {
        s += 1 + (s[1] == '+' || s[1] == '-');
        size_t n = run_of(s, "0123456789");
        return n > 0 && !s[n];
    }
    return !*s;
}

/* 2026-11-20 and everything that begins like a timestamp (yaml.org/type/timestamp). */
static bool typed_date(const char *s)
{
    size_t y = run_of(s, "0123456789");
    if (y != 4 || s[4] != '-') {
        return false;
    }
    size_t m = run_of(s + 5, "0123456789");
    if (m < 1 || m > 2 || s[5 + m] != '-') {
        return false;
    }
    const char *d = s + 6 + m;
    size_t n = run_of(d, "0123456789");
    if (n < 1 || n > 2) {
        return false;
    }
    d += n;
    return !*d || (strchr("Tt \t", *d) && run_of(d + 1, "0123456789:.+-Zz \t") == strlen(d + 1));
}

bool yaml_looks_typed(const char *text)
{
    for (size_t i = 0; i < NITEMS(typed_words); i++) {
        if (strcmp(text, typed_words[i]) == 0) {
            return true;
        }
    }
    const char *unsigned_text = text + (*text == '+' || *text == '-');
    if (str_eq(unsigned_text, ".inf") || str_eq(unsigned_text, ".Inf") ||
        str_eq(unsigned_text, ".INF")) {
        return true;
    }
    return typed_prefixed(unsigned_text) || typed_base60(unsigned_text) ||
           typed_number(unsigned_text) || typed_date(text);
}
