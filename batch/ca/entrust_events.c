/* SPDX-License-Identifier: Apache-2.0
 *
 * The event feed of the gateway, which is its only list: what was issued, revoked and put on hold,
 * in the order of time. A row of an inventory is a certificate with its state, and the state comes
 * later in the feed than the certificate. So the feed is read twice: once without certificates for
 * the serial numbers that ended or are on hold, which travel in the cursor; then for the rows.
 *
 * Of the words for what happened only "revoked" was seen; what is no word for a change of state is
 * taken for issuance when it shows a certificate.
 */
#include "batch/ca/entrust.h"

#include <string.h>

static const struct {
    const char *word;
    char state; /* 'r' revoked, 'h' on hold, 'g' good again */
} changes[] = {
    {"revoked", 'r'},     {"revoke", 'r'},    {"held", 'h'},        {"hold", 'h'},
    {"onhold", 'h'},      {"suspended", 'h'}, {"suspend", 'h'},     {"unheld", 'g'},
    {"unhold", 'g'},      {"released", 'g'},  {"unsuspended", 'g'}, {"resumed", 'g'},
    {"reactivated", 'g'},
};

/* 0: no change of state. */
static char change_of(const char *action)
{
    for (size_t i = 0; action && i < NITEMS(changes); i++) {
        if (str_ieq(changes[i].word, action)) {
            return changes[i].state;
        }
    }
    return 0;
}

/* --- pages --- */
/* Later pages keep startDate: one of the two official clients does, the other leaves it out. */
void entrust_put_feed(const struct rest_asked *q, struct buf *url, int64_t since, const char *index)
{
    const struct entrust_config *c = q->config;
    char date[TIME_TEXT];
    time_format(since > 0 ? since : INT64_C(946684800), date); /* 2000-01-01 */
    date[strcspn(date, "Z")] = '\0';
    buf_printf(url, "?startDate=%.19s.00Z&preferredPageSize=%lld", date, (long long)c->page_size);
    if (index) {
        entrust_put_query(url, '&', "nextPageIndex", index);
    }
}

bool entrust_read_feed(const struct rest_heard *h, const json_t **events, const char **index)
{
    const json_t *more = reply_member(h->body, "morePages");
    more = more ? more : reply_member(h->body, "hasMore");
    *events = reply_member(h->body, "events");
    *index = NULL;
    if (!entrust_is_good(h)) {
        return false;
    }
    if (!json_is_array(*events)) {
        entrust_unknown(h, "the answer is no list of events");
        return false;
    }
    if (json_is_true(more)) {
        *index = reply_text(h->out->arena, h->body, "nextPageIndex");
        if (!*index) {
            entrust_unknown(h, "the feed has more pages and does not tell where");
            return false;
        }
    }
    return true;
}

/* --- the cursor: "r<serial>,h<serial>;index" --- */
struct cursor {
    struct strlist states; /* of serial numbers in normal form, a letter in front */
    const char *index;     /* NULL: the first page */
};

static void read_cursor(struct arena *a, const char *text, struct cursor *out)
{
    *out = (struct cursor){0};
    while (text && *text && *text != ';') {
        const size_t n = strcspn(text, ",;");
        VEC_PUSH(&out->states, arena_strndup(a, text, n));
        text += n + (text[n] == ',' ? 1 : 0);
    }
    if (text && *text == ';' && text[1]) {
        out->index = arena_strdup(a, text + 1);
    }
}

static const char *write_cursor(struct arena *a, const struct cursor *c, const char *index)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    for (size_t i = 0; i < c->states.n; i++) {
        buf_printf(&b, "%s%s", i ? "," : "", c->states.v[i]);
    }
    buf_printf(&b, ";%s", index ? index : "");
    return buf_failed(&b) ? NULL : arena_strdup(a, buf_text(&b));
}

static const char **state_of(const struct cursor *c, const char *serial)
{
    for (size_t i = 0; i < c->states.n; i++) {
        if (str_eq(c->states.v[i] + 1, serial)) {
            return &c->states.v[i];
        }
    }
    return NULL;
}

bool entrust_put_events(const struct rest_asked *q, struct buf *url)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct cursor c;
    const bool named = entrust_put_ca(q, url);
    read_cursor(&a, q->call->page, &c);
    buf_puts(url, "/certificate-events");
    entrust_put_feed(q, url, q->call->since, c.index);
    if (q->call->phase != LIST_ROWS) {
        buf_puts(url, "&%24fields=-events.certificate");
    }
    strlist_release(&c.states);
    return named;
}

/* --- first reading: states --- */
static void note(struct arena *a, struct cursor *c, const json_t *event)
{
    const char letter = change_of(reply_text(a, event, "action"));
    const char *told = reply_text(a, event, "serialNumber");
    const char *serial = entrust_is_serial(told) ? serial_normal(a, told) : NULL;
    if (!letter || !serial) {
        return;
    }
    const char **known = state_of(c, serial);
    const char *state = arena_printf(a, "%c%s", letter, serial);
    if (known && (*known)[0] != 'r') { /* the end of a certificate is one */
        *known = state;
    } else if (!known) {
        VEC_PUSH(&c->states, state);
    }
}

void entrust_take_states(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const json_t *events;
    const char *index;
    struct cursor c;
    if (!entrust_read_feed(h, &events, &index)) {
        return;
    }
    read_cursor(a, h->call->page, &c);
    for (size_t i = 0; i < json_array_size(events); i++) {
        note(a, &c, json_array_get(events, i));
    }
    h->out->phase = index ? 0 : LIST_ROWS;
    h->out->next_page = write_cursor(a, &c, index);
    if (!h->out->next_page) {
        h->out->phase = 0;
        entrust_unknown(h, "the feed has too many revocations to be read at once");
    }
    strlist_release(&c.states);
}

/* --- second reading: rows --- */
static const char *attribute(const struct dn *dn, const char *name)
{
    const struct dn_attr *at = dn_find(dn, name);
    return at ? at->text : NULL;
}

static void fill(struct arena *a, struct ca_listed *row, const struct cert *c)
{
    const char *cn = attribute(&c->subject, "CN");
    for (size_t i = 0; !cn && i < c->san.n; i++) {
        cn = c->san.v[i].type == GN_DNS ? c->san.v[i].text : NULL;
    }
    row->common_name = cn;
    row->serial = c->serial_hex;
    row->organization = attribute(&c->subject, "O");
    row->issuer = dn_text(a, &c->issuer);
    row->not_after = c->not_after;
}

static const char *word_of(const struct ca_listed *row)
{
    return row->revoked ? "revoked" : row->held ? "held" : "issued";
}

static bool read_row(struct arena *a, const struct cursor *c, const json_t *event,
                     struct ca_listed *row)
{
    const char *action = reply_text(a, event, "action");
    const char *told = reply_text(a, event, "serialNumber");
    struct reply_certs one = {arena_array(a, LIMIT_CHAIN + 1, sizeof *one.v), 0};
    if (change_of(action)) {
        return false;
    }
    *row = (struct ca_listed){.serial = entrust_is_serial(told) ? serial_normal(a, told) : NULL,
                              .ordered = reply_time(a, event, "eventDate"),
                              .not_after = TIME_NONE};
    if (entrust_take_cert(a, reply_text(a, event, "certificate"), &one)) {
        fill(a, row, &one.v[0]);
    }
    if (!row->serial) {
        return false;
    }
    const char **state = state_of(c, row->serial);
    row->revoked = state && (*state)[0] == 'r';
    row->held = state && (*state)[0] == 'h';
    row->status = word_of(row);
    row->order_id = entrust_is_serial(told) ? told : str_lower(a, row->serial);
    return true;
}

static bool is_new(const struct ca_result *out, const struct ca_listed *row)
{
    for (size_t i = 0; i < out->nlisted; i++) {
        if (str_eq(out->listed[i].serial, row->serial)) {
            return false;
        }
    }
    return true;
}

void entrust_take_rows(const struct rest_heard *h)
{
    struct ca_result *out = h->out;
    struct arena *a = out->arena;
    const json_t *events;
    const char *index;
    struct cursor c;
    if (!entrust_read_feed(h, &events, &index)) {
        return;
    }
    read_cursor(a, h->call->page, &c);
    out->listed = arena_array(a, json_array_size(events), sizeof *out->listed);
    for (size_t i = 0; i < json_array_size(events); i++) {
        struct ca_listed row;
        if (read_row(a, &c, json_array_get(events, i), &row) && is_new(out, &row)) {
            out->listed[out->nlisted++] = row;
        }
    }
    if (index) {
        out->phase = LIST_ROWS;
        out->next_page = write_cursor(a, &c, index);
    }
    strlist_release(&c.states);
}
