/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings as text, the way compilers print them: file:line:col: severity: message [rule].
 */
#include "cmd/cmd.h"
#include "cmd/once.h"

#include "formats/base/limits.h"

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

/* Names come from a repository: one with a line end or an escape sequence must not write lines of
 * its own. */
static bool is_plain(const char *s)
{
    while (*s >= 0x20 && *s < 0x7F) {
        s++;
    }
    return !*s;
}

static void where(struct buf *out, const struct finding *f)
{
    const char *file = f->file ? f->file : "-";
    if (is_plain(file)) {
        buf_puts(out, file);
    } else {
        str_vis(out, file, strlen(file), LIMIT_PATH);
    }
    if (f->line) {
        buf_printf(out, ":%u:%u", f->line, f->column ? f->column : 1);
    } else if (f->offset >= 0) {
        buf_printf(out, "@%lld", (long long)f->offset);
    }
    buf_puts(out, ": ");
}

enum paint cmd_finding_paint(const struct finding *f)
{
    return f->waived || f->known ? PAINT_DIM : paint_of(f->severity);
}

void cmd_finding_line(struct buf *out, const struct finding *f, bool color)
{
    where(out, f);
    term_paint(out, color, cmd_finding_paint(f),
               f->waived  ? "waived"
               : f->known ? "known"
                          : severity_name(f->severity));
    buf_puts(out, ": ");
    finding_message(out, f);
    buf_puts(out, " [");
    term_paint(out, color, PAINT_BOLD, f->rule);
    buf_printf(out, "]%s%s\n", f->waived ? " by " : "", f->waived && f->waiver ? f->waiver : "");
}

void cmd_finding_advice(struct buf *out, const struct finding *f, bool citations)
{
    if (f->fix && !f->waived && !f->known && f->severity >= SEV_WARNING) {
        buf_printf(out, "    fix: %s\n", f->fix);
    }
    if (citations && f->cite) {
        buf_printf(out, "    see: %s\n", f->cite);
    }
}

struct printing {
    struct buf out;
    bool color, citations;
};

static void print_one(void *ctx, const struct finding *f)
{
    struct printing *p = ctx;
    cmd_finding_line(&p->out, f, p->color);
    cmd_finding_advice(&p->out, f, p->citations);
}

void cmd_print_findings(struct term *t, int fd, const struct findings *f, enum severity least,
                        bool citations)
{
    struct printing p = {.out = BUF_INIT(256u << 20),
                         .color = fd == STDOUT_FILENO ? t->out_color : t->err_color,
                         .citations = citations};
    struct once o = {.print = print_one, .ctx = &p};
    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].severity >= least) {
            once_say(&o, &f->v[i]);
        }
    }
    once_end(&o);
    if (fd == STDOUT_FILENO) {
        term_out(t, buf_span(&p.out));
    } else {
        term_write_err(t, buf_span(&p.out));
    }
    buf_release(&p.out);
}

void cmd_count_line(struct buf *out, size_t errors, size_t warnings_up, size_t infos_up,
                    size_t waived, size_t known, size_t files)
{
    size_t warnings = warnings_up - errors;
    buf_printf(out, "%zu error%s, %zu warning%s, %zu info", errors, errors == 1 ? "" : "s",
               warnings, warnings == 1 ? "" : "s", infos_up - warnings_up);
    if (waived) {
        buf_printf(out, ", %zu waived", waived);
    }
    if (known) {
        buf_printf(out, ", %zu known", known);
    }
    buf_printf(out, " in %zu file%s\n", files, files == 1 ? "" : "s");
}
