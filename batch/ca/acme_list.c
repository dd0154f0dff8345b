/* SPDX-License-Identifier: Apache-2.0
 *
 * See acme.h: what the server sells, and what the account has ordered (RFC 8555, 7.1.2.1; not every
 * CA offers that list).
 */
#include "batch/ca/acme.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <string.h>

enum { PAGE_MAX = 1 << 20 };
enum { LIST_PAGE = 1, LIST_ORDER, LIST_CERTIFICATE };

void acme_take_profiles(const struct rest_heard *h)
{
    struct ca_result *out = h->out;
    const json_t *all = json_get(json_get(h->body, "meta"), "profiles");
    const char *name;
    json_t *v;
    out->sold = arena_array(out->arena, json_object_size(all) + 1, sizeof *out->sold);
    json_object_foreach((json_t *)(uintptr_t)all, name, v)
    {
        const char *text = json_string_value(v);
        out->sold[out->nsold++] =
            (struct ca_sold){.code = arena_strdup(out->arena, name),
                             .name = text ? arena_strdup(out->arena, text) : NULL,
                             .category = "profile"};
    }
}

/* --- orders --- */
void acme_take_orders_url(const struct rest_heard *h)
{
    h->out->next_page = acme_address(h->own, h->out->arena, json_get_str(h->body, "orders"));
    h->out->phase = LIST_PAGE;
    if (!h->out->next_page) {
        h->out->phase = 0;
        rest_say(h, OUTCOME_REFUSED, "this CA does not list the orders of an account");
    }
}

/* Addresses of orders, then ">" and that of the next page. */
void acme_take_orders(const struct rest_heard *h)
{
    CLEANUP(buf_release) struct buf page = BUF_INIT(PAGE_MAX);
    CLEANUP(buf_release) struct buf more = BUF_INIT(PAGE_MAX);
    const json_t *all = json_get(h->body, "orders");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *url =
            acme_address(h->own, h->out->arena, json_string_value(json_array_get(all, i)));
        buf_printf(&page, "%s%s", page.n && url ? " " : "", url ? url : "");
    }
    acme_links(h, "next", &more);
    if (buf_failed(&page) || !json_is_array(all)) {
        rest_say(h, OUTCOME_UNKNOWN, "the list of orders cannot be read");
        return;
    }
    const char *next = buf_text(&more);
    if (page.n) {
        h->out->phase = LIST_ORDER;
        h->out->next_page =
            arena_printf(h->out->arena, "%s%s%s", buf_text(&page), *next ? " >" : "", next);
    } else if (*next) {
        h->out->phase = LIST_PAGE;
        h->out->next_page = arena_strdup(h->out->arena, next);
    }
}

/* The cursor behind its first word. */
static const char *behind(const char *cursor)
{
    cursor += strcspn(cursor, " ");
    return cursor + (*cursor == ' ');
}

static const char *word(const struct rest_heard *h, const char *cursor)
{
    return arena_strndup(h->out->arena, cursor, strcspn(cursor, " "));
}

static void go_on(const struct rest_heard *h, const char *at)
{
    h->out->phase = !*at ? 0 : *at == '>' ? LIST_PAGE : LIST_ORDER;
    h->out->next_page = *at ? arena_strdup(h->out->arena, at + (*at == '>')) : NULL;
}

static struct ca_listed *add_row(const struct rest_heard *h)
{
    struct ca_result *out = h->out;
    out->listed = arena_array(out->arena, 1, sizeof *out->listed);
    out->nlisted = 1;
    out->listed[0] = (struct ca_listed){.ordered = TIME_NONE, .not_after = TIME_NONE};
    return out->listed;
}

void acme_take_listed(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    const char *status = json_get_str(h->body, "status");
    const char *certificate = acme_address(h->own, a, json_get_str(h->body, "certificate"));
    const char *name = reply_text(a, json_array_get(json_get(h->body, "identifiers"), 0), "value");
    if (str_eq(status, "valid") && certificate) {
        h->out->phase = LIST_CERTIFICATE;
        h->out->next_page = arena_printf(a, "%s %s %s", certificate,
                                         name && !strchr(name, ' ') ? name : "-", h->call->page);
        return;
    }
    struct ca_listed *row = add_row(h);
    row->order_id = word(h, h->call->page);
    row->status = status ? arena_strdup(a, status) : NULL;
    row->common_name = name;
    go_on(h, behind(h->call->page));
}

/* The cursor of an order, before it the address of its certificate and a name. A certificate that
 * is not there any more (404) was revoked at some servers: the row says what the order said. */
void acme_take_listed_certificate(const struct rest_heard *h)
{
    struct arena *a = h->out->arena;
    struct reply_certs c = {arena_array(a, LIMIT_CHAIN + 1, sizeof *c.v), 0};
    const char *name = behind(h->call->page);
    const char *at = behind(name);
    struct ca_listed *row = add_row(h);
    row->order_id = word(h, at);
    row->status = "valid";
    row->common_name = word(h, name);
    if (h->reply->http_status < 300 && reply_take_pem(a, buf_text(&h->reply->body), &c) && c.n) {
        const struct cert *leaf = &c.v[reply_leaf(NULL, &c)];
        const struct dn_attr *cn = dn_find(&leaf->subject, "CN");
        row->serial = leaf->serial_hex;
        row->not_after = leaf->not_after;
        row->ordered = leaf->not_before;
        row->issuer = dn_text(a, &leaf->issuer);
        row->common_name = cn ? cn->text : row->common_name;
        row->expired = h->call->now > leaf->not_after;
    }
    go_on(h, behind(at));
}
