/* SPDX-License-Identifier: Apache-2.0
 *
 * `lint --format text`: one line for a finding, as compilers print them and editors parse them,
 * then what to do. On a terminal, with --color always and with -v the source line stands between
 * the two. The count line goes to stderr.
 */
#include "cmd/excerpt.h"
#include "cmd/forecast.h"
#include "cmd/lint_view.h"

static void one(const struct lint_report *r, struct excerpts *x, struct buf *out,
                const struct finding *f)
{
    const bool color = r->t->out_color;
    cmd_finding_line(out, f, color);
    if (r->t->excerpts || r->o->verbose) {
        excerpt_add(x, out, f, color, cmd_finding_paint(f));
    }
    cmd_finding_advice(out, f, r->o->verbose);
}

/* What several items have to hear about one place, a setting of their CA, is said once. Sorted
 * findings keep a place together; at most MOST different ones are held at a time. */
enum { MOST = 32 };
struct said {
    struct finding f;
    size_t more; /* items beside f.item */
};
struct gathered {
    struct said v[MOST];
    size_t n;
};

static bool same_place(const struct finding *a, const struct finding *b)
{
    return a->line && a->line == b->line && a->column == b->column && str_eq(a->file, b->file);
}

static bool same_words(const struct finding *a, const struct finding *b)
{
    return a->item && b->item && a->severity == b->severity && a->waived == b->waived &&
           a->known == b->known && str_eq(a->rule, b->rule) && str_eq(a->message, b->message) &&
           str_eq(a->value, b->value) && str_eq(a->waiver, b->waiver);
}

static void say(const struct lint_report *r, struct excerpts *x, struct buf *out,
                struct gathered *g)
{
    for (size_t i = 0; i < g->n; i++) {
        CLEANUP(buf_release) struct buf items = BUF_INIT(4096);
        if (g->v[i].more) {
            buf_printf(&items, "%s and %zu more", g->v[i].f.item, g->v[i].more);
            g->v[i].f.item = buf_text(&items);
        }
        one(r, x, out, &g->v[i].f);
    }
    g->n = 0;
}

static void gather(const struct lint_report *r, struct excerpts *x, struct buf *out,
                   struct gathered *g, const struct finding *f)
{
    if (g->n && !same_place(&g->v[0].f, f)) {
        say(r, x, out, g);
    }
    for (size_t i = 0; i < g->n; i++) {
        if (same_words(&g->v[i].f, f)) {
            g->v[i].more++;
            return;
        }
    }
    if (g->n == MOST) {
        say(r, x, out, g);
    }
    g->v[g->n++] = (struct said){.f = *f};
}

bool lint_text(const struct lint_report *r, struct buf *out, struct err *err)
{
    (void)err;
    CLEANUP(excerpts_release) struct excerpts x = {.lint = r->lint};
    struct gathered g = {.n = 0};
    for (size_t i = 0; i < r->view->n; i++) {
        const struct finding *f = r->view->v[i].f;
        if (!f->known || r->o->verbose) {
            gather(r, &x, out, &g, f);
        }
    }
    say(r, &x, out, &g);
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
