/* SPDX-License-Identifier: Apache-2.0
 *
 * What a page of the web enrolment says. A page is bytes: its character set is that of the server's
 * language and is often not told. The patterns below match ASCII alone, addresses and ids of
 * elements first, which no translation touches; the words are English. Pages are small; what is
 * longer than LIMIT_REGEX_PAGE is not one.
 *
 * The order of the tests is the trap here: the words "Your Request Id is" stand on the page of a
 * pending request and on that of a denied one. So the id of an element decides about denial first,
 * and whatever is taken for pending is asked again by its number, where the CA answers with the
 * number of a state (CR_DISP_* of certcli.h) in every language.
 */
#include "batch/ca/adcs.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <stdlib.h>
#include <string.h>

static const char *const patterns[ADCS_P__MAX] = {
    [ADCS_P_ISSUED] = "certnew\\.cer\\?ReqID=(\\d{1,10})(?=&)",
    [ADCS_P_DENIED] = "\\bID=\"?loc(?:Denied|IssRev|InfoReqIDandReason)\\b",
    [ADCS_P_REQUEST_ID] = "Your Request Id is (\\d{1,10})",
    /* "ID" is the same two letters in most languages of Windows */
    [ADCS_P_ANY_ID] = "\\bID\\b[^0-9<>]{0,48}\\b(\\d{1,10})\\b",
    [ADCS_P_OURS] = "\\bID=\"?loc[A-Z]\\w+",
    [ADCS_P_TITLE] = "<P\\s+ID=\"?locPageTitle\\d?\"?[^>]*>\\s*(?:<B>)?\\s*([^<]{1,200})",
    [ADCS_P_DISPOSITION] = "\\bID=\"?locDispLabel\\b[^>]{0,40}>.{0,400}?<DD>\\s*(\\d{1,3})",
    [ADCS_P_DISPOSITION_TEXT] =
        "\\bID=\"?locDispMsgLabel\\b[^>]{0,40}>.{0,400}?<DD>\\s*(.{0,2000}?)\\s*</DD>",
    [ADCS_P_LAST_STATUS] =
        "\\bID=\"?locLastStatLabel\\b[^>]{0,40}>.{0,400}?<DD>\\s*(.{0,2000}?)\\s*</DD>",
    [ADCS_P_MESSAGE] = "disposition message is (?:\"|&quot;)\\s*(.{0,2000}?)\\s*(?:\"|&quot;)",
    [ADCS_P_NUMBER] = "Error Number:\\s*(0x[0-9a-f]{8})\\b",
    [ADCS_P_HRESULT] = "\\b(0x[0-9a-f]{8})\\b",
    [ADCS_P_RENEWALS] = "\\bnRenewals\\s*=\\s*(\\d{1,5})\\s*;",
    [ADCS_P_TEMPLATE] = "<Option[^>]{0,400}\\bValue=\"([EO];[^;\"]{1,256});",
};

/* --- life --- */
static bool compile_list(const struct strings *texts, struct adcs_patterns *out, struct err *err)
{
    out->v = xcalloc(texts->n + 1, sizeof(struct regex *));
    for (size_t i = 0; i < texts->n; i++) {
        struct regex *r = regex_compile_search(texts->v[i], (struct pos){0}, err);
        if (!r) {
            return err_wrap(err, "%s", texts->v[i]);
        }
        out->v[out->n++] = r;
    }
    return true;
}

bool adcs_patterns_open(struct adcs *c, struct err *err)
{
    for (size_t i = 0; i < ADCS_P__MAX; i++) {
        c->own[i] = regex_compile_search(patterns[i], (struct pos){0}, err);
        if (!c->own[i]) {
            return false;
        }
    }
    return compile_list(&c->config->issued, &c->others[ADCS_ISSUED], err) &&
           compile_list(&c->config->denied, &c->others[ADCS_DENIED], err) &&
           compile_list(&c->config->pending, &c->others[ADCS_PENDING], err);
}

void adcs_patterns_close(struct adcs *c)
{
    for (size_t i = 0; i < ADCS_P__MAX; i++) {
        regex_free(c->own[i]);
    }
    for (size_t k = 0; k < ADCS_KIND__MAX; k++) {
        for (size_t i = 0; i < c->others[k].n; i++) {
            regex_free(c->others[k].v[i]);
        }
        free(c->others[k].v);
    }
}

/* --- text --- */
/* How much of the text at `p` (n bytes left) is no text: a tag, a comment, a script or style whole.
 * 0: it is text. What is never closed goes to the end. */
static size_t markup_at(const char *p, size_t n)
{
    static const struct {
        const char *begin, *end;
    } rows[] = {{"<!--", "-->"}, {"<script", "</script>"}, {"<style", "</style>"}, {"<", ">"}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const size_t k = strlen(rows[i].begin);
        if (n < k || strncasecmp(p, rows[i].begin, k) != 0) {
            continue;
        }
        for (size_t at = k, m = strlen(rows[i].end); at + m <= n; at++) {
            if (strncasecmp(p + at, rows[i].end, m) == 0) {
                return at + m;
            }
        }
        return n;
    }
    return 0;
}

static size_t entity_at(const char *p, size_t n, char *out)
{
    static const struct {
        const char *text;
        char is;
    } rows[] = {{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},
                {"&quot;", '"'}, {"&#39;", '\''}, {"&nbsp;", ' '}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const size_t k = strlen(rows[i].text);
        if (n >= k && strncasecmp(p, rows[i].text, k) == 0) {
            *out = rows[i].is;
            return k;
        }
    }
    return 0;
}

char *adcs_page_text(struct arena *a, const char *html, size_t n)
{
    char *text = arena_alloc(a, n + 1);
    size_t to = 0;
    bool blank = false;
    for (size_t i = 0; i < n;) {
        char c = html[i];
        const size_t markup = markup_at(html + i, n - i);
        const size_t entity = markup ? 0 : entity_at(html + i, n - i, &c);
        const bool white = markup || c == ' ' || c == '\t' || c == '\r' || c == '\n' || !c;
        if (!white) {
            if (blank && to) {
                text[to++] = ' ';
            }
            text[to++] = c;
        }
        blank = white;
        i += markup ? markup : entity ? entity : 1;
    }
    text[to] = '\0';
    return text;
}

/* --- looking --- */
struct looking {
    const struct adcs *c;
    struct arena *a;
    const char *html;
    size_t n;
    struct adcs_page *out;
};

static bool look(const struct looking *l, const struct regex *r, struct span *found)
{
    const char *why = NULL;
    const enum regex_result got = regex_search(r, l->html, l->n, found, &why);
    l->out->broken = got == REGEX_BROKEN ? why : l->out->broken;
    return got == REGEX_YES;
}

static const char *text_of(const struct looking *l, enum adcs_pattern p)
{
    struct span found;
    if (!look(l, l->c->own[p], &found)) {
        return NULL;
    }
    const char *text = adcs_page_text(l->a, (const char *)found.p, found.n);
    return *text ? text : NULL;
}

static uint32_t number_in(const struct looking *l, const struct regex *r, const char *text,
                          size_t n)
{
    struct span found;
    uint8_t b[4];
    const struct looking in = {l->c, l->a, text, n, l->out};
    if (!look(&in, r, &found) || found.n != 10 || !hex_decode((const char *)found.p + 2, 8, b)) {
        return 0;
    }
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool is_digits(struct span s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') {
        i++;
    }
    return s.n && i == s.n && s.n <= 10;
}

/* Its first group is the number of the request, when it has one. */
static bool is_other(const struct looking *l, enum adcs_kind kind)
{
    struct span found;
    for (size_t i = 0; i < l->c->others[kind].n; i++) {
        if (look(l, l->c->others[kind].v[i], &found)) {
            l->out->kind = kind;
            if (is_digits(found)) {
                l->out->request_id = arena_strndup(l->a, (const char *)found.p, found.n);
            }
            return true;
        }
    }
    return false;
}

static bool is_own(const struct looking *l)
{
    struct span found;
    struct adcs_page *out = l->out;
    if (look(l, l->c->own[ADCS_P_ISSUED], &found)) {
        out->kind = ADCS_ISSUED;
        out->request_id = arena_strndup(l->a, (const char *)found.p, found.n);
        return true;
    }
    if (look(l, l->c->own[ADCS_P_DENIED], &found)) {
        out->kind = ADCS_DENIED;
        return true;
    }
    out->kind = out->disposition >= 0 || text_of(l, ADCS_P_DISPOSITION_TEXT) ||
                        text_of(l, ADCS_P_LAST_STATUS)
                    ? ADCS_ERROR
                    : ADCS_OTHER;
    return out->kind == ADCS_ERROR;
}

/* The number behind the word ID in the visible text, when it is the only one. A page that is not of
 * the web enrolment has none of its ids, and is none. */
static const char *any_request_id(const struct looking *l)
{
    struct span found, again;
    const char *text = adcs_page_text(l->a, l->html, l->n);
    const struct looking in = {l->c, l->a, text, strlen(text), l->out};
    const struct regex *any = l->c->own[ADCS_P_ANY_ID];
    if (!look(l, l->c->own[ADCS_P_OURS], &found) || !look(&in, any, &found)) {
        return NULL;
    }
    const char *rest = (const char *)found.p + found.n;
    const struct looking behind = {l->c, l->a, rest, strlen(rest), l->out};
    if (look(&behind, any, &again) && !span_eq(found, again)) {
        return NULL;
    }
    return arena_strndup(l->a, (const char *)found.p, found.n);
}

static void find_request_id(const struct looking *l)
{
    struct span found;
    if (l->out->request_id) {
        return;
    }
    if (look(l, l->c->own[ADCS_P_REQUEST_ID], &found)) {
        l->out->request_id = arena_strndup(l->a, (const char *)found.p, found.n);
    } else {
        l->out->request_id = any_request_id(l);
    }
}

/* Codes are looked for where the CA says why; the scripts of a page have others. */
static void find_reason(const struct looking *l)
{
    struct adcs_page *out = l->out;
    const char *last = text_of(l, ADCS_P_LAST_STATUS);
    const char *message = text_of(l, ADCS_P_DISPOSITION_TEXT);
    message = message ? message : text_of(l, ADCS_P_MESSAGE);
    out->text = message && last ? arena_printf(l->a, "%s: %s", message, last)
                : message       ? message
                : last          ? last
                                : adcs_page_text(l->a, l->html, l->n);
    out->hresult = number_in(l, l->c->own[ADCS_P_HRESULT], out->text, strlen(out->text));
    if (!out->hresult) {
        out->hresult = number_in(l, l->c->own[ADCS_P_NUMBER], l->html, l->n);
    }
}

static int disposition_of(const struct looking *l)
{
    uint64_t n = 0;
    const char *text = text_of(l, ADCS_P_DISPOSITION);
    return text && str_u64(text, &n) && n <= 999 ? (int)n : -1;
}

void adcs_page_read(const struct adcs *c, struct arena *a, const char *html, size_t n,
                    struct adcs_page *out)
{
    const struct looking l = {c, a, html, n, out};
    *out = (struct adcs_page){.kind = ADCS_OTHER, .disposition = -1};
    out->disposition = disposition_of(&l);
    /* words for a pending page are the last: a denied page has the number of the request, too */
    if (!is_other(&l, ADCS_ISSUED) && !is_other(&l, ADCS_DENIED) && !is_own(&l)) {
        (void)is_other(&l, ADCS_PENDING);
    }
    find_request_id(&l);
    if (out->kind == ADCS_OTHER && out->request_id) {
        out->kind = ADCS_PENDING; /* it has a number; what became of it the number will tell */
    }
    find_reason(&l);
}

/* --- other pages --- */
bool adcs_page_renewals(const struct adcs *c, const char *html, size_t n, uint64_t *out)
{
    struct span found;
    const char *why = NULL;
    char digits[8] = "";
    if (regex_search(c->own[ADCS_P_RENEWALS], html, n, &found, &why) != REGEX_YES ||
        found.n >= sizeof digits) {
        return false;
    }
    memcpy(digits, found.p, found.n);
    digits[found.n] = '\0';
    return str_u64(digits, out);
}

const char *adcs_page_template(const struct adcs *c, struct arena *a, const char *html, size_t n,
                               size_t *at, bool *subject_from_directory)
{
    struct span found;
    const char *why = NULL;
    if (regex_search(c->own[ADCS_P_TEMPLATE], html + *at, n - *at, &found, &why) != REGEX_YES) {
        return NULL;
    }
    *at = (size_t)((const char *)found.p - html) + found.n;
    *subject_from_directory = ascii_lower((char)found.p[0]) == 'e';
    return adcs_page_text(a, (const char *)found.p + 2, found.n - 2);
}
