/* SPDX-License-Identifier: Apache-2.0
 *
 * `lint --format text`: one line for a finding, as compilers print them and editors parse them,
 * then what to do. On a terminal, with --color always and with -v the source line stands between
 * the two. The count line goes to stderr.
 */
#include "cmd/excerpt.h"
#include "cmd/forecast.h"
#include "cmd/lint_view.h"
#include "cmd/once.h"

struct printing {
    const struct lint_report *r;
    struct excerpts x;
    struct buf *out;
};

static void one(void *ctx, const struct finding *f)
{
    struct printing *p = ctx;
    const bool color = p->r->t->out_color;
    cmd_finding_line(p->out, f, color);
    if (p->r->t->excerpts || p->r->o->verbose) {
        excerpt_add(&p->x, p->out, f, color, cmd_finding_paint(f));
    }
    cmd_finding_advice(p->out, f, p->r->o->verbose);
}

bool lint_text(const struct lint_report *r, struct buf *out, struct err *err)
{
    (void)err;
    struct printing p = {.r = r, .x = {.lint = r->lint}, .out = out};
    struct once g = {.print = one, .ctx = &p};
    for (size_t i = 0; i < r->view->n; i++) {
        const struct finding *f = r->view->v[i].f;
        if (!f->known || r->o->verbose) {
            once_say(&g, f);
        }
    }
    once_end(&g);
    excerpts_release(&p.x);
    if (r->lint->forecast) {
        forecast_text(r->o, r->t->out_color, r->lint->forecast, out);
    }
    return true;
}

void lint_text_note(const struct lint_report *r)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    size_t waived = 0;
    size_t known = 0;
    for (size_t i = 0; i < r->view->n; i++) {
        waived += r->view->v[i].f->waived;
        known += r->view->v[i].f->known;
    }
    cmd_count_line(&b, lint_total(r->lint, SEV_ERROR), lint_total(r->lint, SEV_WARNING),
                   lint_total(r->lint, SEV_INFO), waived, known, r->lint->n);
    term_write_err(r->t, buf_span(&b));
}
