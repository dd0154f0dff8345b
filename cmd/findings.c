/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings as text, the way compilers print them: file:line:col: severity: message [rule].
 */
#include "cmd/cmd.h"

#include <string.h>
#include <unistd.h>

static enum paint paint_of(enum severity s)
{
    static const enum paint paints[] = {[SEV_DISABLED] = PAINT_DIM,
                                        [SEV_INFO] = PAINT_CYAN,
                                        [SEV_WARNING] = PAINT_YELLOW,
                                        [SEV_ERROR] = PAINT_RED};
    _Static_assert(NITEMS(paints) == SEV__MAX, "a paint for every severity");
    return paints[s];
}

static void where(struct buf *out, const struct finding *f)
{
    buf_puts(out, f->file ? f->file : "-");
    if (f->line) {
        buf_printf(out, ":%u:%u", f->line, f->column ? f->column : 1);
    } else if (f->offset >= 0) {
        buf_printf(out, "@%lld", (long long)f->offset);
    }
    buf_puts(out, ": ");
}

/* What several items have to hear about one place, a setting of their CA, is said once. */
struct said {
    const struct finding *f;
    size_t more; /* items beside f->item */
};

static void one(struct buf *out, const struct said *said, bool color, bool citations)
{
    const struct finding *f = said->f;
    where(out, f);
    term_paint(out, color, f->waived ? PAINT_DIM : paint_of(f->severity),
               f->waived ? "waived" : severity_name(f->severity));
    buf_printf(out, ": %s", f->message);
    if (f->value && !strstr(f->message, f->value)) {
        buf_printf(out, ": '%s'", f->value);
    }
    if (f->item) {
        buf_printf(out, " (item %s", f->item);
        if (said->more) {
            buf_printf(out, " and %zu more", said->more);
        }
        buf_puts(out, ")");
    }
    buf_puts(out, " [");
    term_paint(out, color, PAINT_BOLD, f->rule);
    buf_printf(out, "]%s%s\n", f->waived ? " by " : "", f->waived && f->waiver ? f->waiver : "");
    if (f->fix && !f->waived && f->severity >= SEV_WARNING) {
        buf_printf(out, "    fix: %s\n", f->fix);
    }
    if (citations && f->cite) {
        buf_printf(out, "    see: %s\n", f->cite);
    }
}

void cmd_finding_text(struct buf *out, const struct finding *f, bool color, bool citations)
{
    one(out, &(struct said){.f = f}, color, citations);
}

static bool same_place(const struct finding *a, const struct finding *b)
{
    return a->line && a->line == b->line && a->column == b->column && str_eq(a->file, b->file);
}

static bool same_words(const struct finding *a, const struct finding *b)
{
    return a->severity == b->severity && a->waived == b->waived && str_eq(a->rule, b->rule) &&
           str_eq(a->message, b->message) && str_eq(a->value, b->value) &&
           str_eq(a->waiver, b->waiver);
}

/* Of the findings from `at` on, all about one place: what they say. Returns how many they are. At
 * most MOST different ones are looked through; sorted findings keep a place together. */
enum { MOST = 32 };
static size_t gather(const struct findings *f, size_t at, enum severity least,
                     struct said said[MOST], size_t *n)
{
    size_t i = at;
    for (*n = 0; i < f->n && (i == at || same_place(&f->v[at], &f->v[i])); i++) {
        size_t k = 0;
        if (f->v[i].severity < least) {
            continue;
        }
        while (k < *n && !(f->v[i].item && said[k].f->item && same_words(said[k].f, &f->v[i]))) {
            k++;
        }
        if (k < *n) {
            said[k].more++;
        } else if (*n < MOST) {
            said[(*n)++] = (struct said){.f = &f->v[i]};
        } else {
            break;
        }
    }
    return i - at;
}

void cmd_print_findings(struct term *t, int fd, const struct findings *f, enum severity least,
                        bool citations)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(256u << 20);
    bool color = fd == STDOUT_FILENO ? t->out_color : t->err_color;
    struct said said[MOST];
    size_t n;
    size_t i = 0;
    while (i < f->n) {
        i += gather(f, i, least, said, &n);
        for (size_t k = 0; k < n; k++) {
            one(&b, &said[k], color, citations);
        }
    }
    if (fd == STDOUT_FILENO) {
        term_out(t, buf_span(&b));
    } else {
        term_write_err(t, buf_span(&b));
    }
}

void cmd_count_line(struct buf *out, size_t errors, size_t warnings_up, size_t infos_up,
                    size_t waived, size_t files)
{
    size_t warnings = warnings_up - errors;
    buf_printf(out, "%zu error%s, %zu warning%s, %zu info", errors, errors == 1 ? "" : "s",
               warnings, warnings == 1 ? "" : "s", infos_up - warnings_up);
    if (waived) {
        buf_printf(out, ", %zu waived", waived);
    }
    buf_printf(out, " in %zu file%s\n", files, files == 1 ? "" : "s");
}
