/* SPDX-License-Identifier: Apache-2.0
 *
 * The command, option and exit-code tables as roff: the generated parts of the man page.
 */
#include "cmd/cmd.h"

/* A leading dot or quote would be a request, a hyphen-minus must stay one when copied. */
static void text(struct buf *out, const char *s)
{
    if (*s == '.' || *s == '\'') {
        buf_puts(out, "\\&");
    }
    for (; *s; s++) {
        if (*s == '-') {
            buf_puts(out, "\\-");
        } else if (*s == '\\') {
            buf_puts(out, "\\e");
        } else {
            buf_putc(out, *s);
        }
    }
}

static void roff_commands(struct buf *out)
{
    for (size_t i = 0; i < commands_count; i++) {
        const struct command *c = &commands[i];
        buf_puts(out, ".TP\n.B ");
        text(out, c->name);
        if (*c->operands) {
            buf_puts(out, " \\fI");
            text(out, c->operands);
            buf_puts(out, "\\fR");
        }
        buf_puts(out, "\n");
        text(out, c->summary);
        buf_puts(out, ".\n");
        if (c->formats) {
            buf_puts(out, "Formats: ");
            text(out, c->formats);
            buf_puts(out, ".\n");
        }
    }
}

static void roff_takers(struct buf *out, size_t option)
{
    if (OPT_COMMON & 1ull << option) {
        return;
    }
    const char *separator = " (";
    for (size_t i = 0; i < commands_count; i++) {
        if (commands[i].options & 1ull << option) {
            buf_puts(out, separator);
            text(out, commands[i].name);
            separator = ", ";
        }
    }
    buf_putc(out, ')');
}

static void roff_options(struct buf *out)
{
    for (size_t i = 0; i < OPT__MAX; i++) {
        const struct option_row *row = &option_rows[i];
        buf_puts(out, ".TP\n.B ");
        if (row->letter) {
            buf_printf(out, "\\-%c, ", row->letter);
        }
        buf_puts(out, "\\-\\-");
        text(out, row->name);
        if (row->arg) {
            buf_puts(out, " \\fI");
            text(out, row->arg);
            buf_puts(out, "\\fR");
        }
        buf_puts(out, "\n");
        text(out, row->help);
        roff_takers(out, i);
        buf_puts(out, ".\n");
    }
}

static void roff_exit_codes(struct buf *out)
{
    for (size_t i = 0; i < exit_rows_count; i++) {
        buf_printf(out, ".TP\n.B %d\n", exit_rows[i].code);
        text(out, exit_rows[i].meaning);
        buf_puts(out, ".\n");
    }
}

void help_roff(struct buf *out, const char *topic)
{
    static const struct {
        const char *topic;
        void (*print)(struct buf *);
    } topics[] = {
        {"commands", roff_commands}, {"options", roff_options}, {"exit-codes", roff_exit_codes}};
    for (size_t i = 0; i < NITEMS(topics); i++) {
        if (str_eq(topics[i].topic, topic)) {
            topics[i].print(out);
        }
    }
}
