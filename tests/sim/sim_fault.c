/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of faults (casim --list prints it) and what those do that need no knowledge of orders.
 */
#include "tests/sim/sim_fault.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <string.h>
#include <zlib.h>

const struct fault_info fault_table[] = {
    {"ok", FAULT_OK, 0, "", "no fault"},
    {"reject", FAULT_REJECT, FAULT_REPLACES, "ss",
     "reject(code,message): refused in the API's way"},
    {"meta-fail", FAULT_META_FAIL, FAULT_REPLACES, "s",
     "meta-fail(message): refused without a code"},
    {"no-meta", FAULT_NO_META, FAULT_SHAPES, "", "the answer lacks its member meta (V1)"},
    {"throttle", FAULT_THROTTLE, FAULT_REPLACES, "?n",
     "the API's own rate limit; throttle(s): 429 with Retry-After"},
    {"throttle-date", FAULT_THROTTLE_DATE, FAULT_REPLACES, "n",
     "throttle-date(s): 429, Retry-After a date in s seconds"},
    {"status", FAULT_STATUS, FAULT_REPLACES, "n", "status(code): plain text with that HTTP status"},
    {"401-after", FAULT_401_AFTER, FAULT_REPLACES, "n",
     "401-after(n): 401 after n requests of the rule; the bearer token is forgotten"},
    {"html", FAULT_HTML, FAULT_REPLACES, "", "a page of HTML with status 200"},
    {"garbage", FAULT_GARBAGE, FAULT_REPLACES, "n", "garbage(n): n octets that are no JSON"},
    {"empty", FAULT_EMPTY, FAULT_REPLACES, "", "status 200 and no body"},
    {"redirect", FAULT_REDIRECT, FAULT_REPLACES, "s", "redirect(url): 307"},
    {"gzip-bomb", FAULT_GZIP_BOMB, FAULT_REPLACES, "",
     "64 MiB of blanks behind Content-Encoding: gzip"},
    {"close-before-read", FAULT_CLOSE_BEFORE_READ, FAULT_EARLY, "",
     "closed when the headers are there"},
    {"close", FAULT_CLOSE, FAULT_REPLACES, "", "closed without an answer"},
    {"rst", FAULT_RST, FAULT_REPLACES, "", "reset without an answer"},
    {"hang", FAULT_HANG, FAULT_REPLACES, "", "no answer until the client leaves"},
    {"truncate", FAULT_TRUNCATE, FAULT_SHAPES, "n",
     "truncate(n): n octets of the body, then closed"},
    {"drip", FAULT_DRIP, FAULT_SHAPES, "n", "drip(ms): an octet of the body each ms"},
    {"delay", FAULT_DELAY, FAULT_SHAPES, "n", "delay(ms): before the request is looked at"},
    {"half-close", FAULT_HALF_CLOSE, FAULT_SHAPES, "",
     "half of the body, FIN, and the connection stays"},
    {"chunk-flood", FAULT_CHUNK_FLOOD, FAULT_SHAPES, "n",
     "chunk-flood(n): n chunks of a blank first"},
    {"header-flood", FAULT_HEADER_FLOOD, FAULT_SHAPES, "n", "header-flood(n): n headers more"},
    {"date-skew", FAULT_DATE_SKEW, FAULT_SHAPES, "n", "date-skew(s): the CA's clock is s ahead"},
    {"token-ttl", FAULT_TOKEN_TTL, FAULT_BENDS, "n", "token-ttl(s): the token ends after s"},
    {"dup-order", FAULT_DUP_ORDER, FAULT_BENDS, "", "the order is placed twice"},
    {"stale-list", FAULT_STALE_LIST, FAULT_BENDS, "n",
     "stale-list(ms): the report lacks orders younger than ms"},
    {"empty-product", FAULT_EMPTY_PRODUCT, FAULT_BENDS, "", "report rows without a product code"},
    {"report-failure", FAULT_REPORT_FAILURE, FAULT_BENDS, "", "a report without rows is a failure"},
    {"pending", FAULT_PENDING, FAULT_BENDS, "n",
     "pending(n): the order of this request is pending for n more polls"},
    {"cancelled", FAULT_CANCELLED, FAULT_BENDS, "", "somebody cancels the order at once"},
    {"wrong-key", FAULT_WRONG_KEY, FAULT_BENDS, "", "the certificate has another key"},
    {"wrong-name", FAULT_WRONG_NAME, FAULT_BENDS, "s",
     "wrong-name(drop|add|swap): a name too few, too many, another"},
    {"wrong-issuer", FAULT_WRONG_ISSUER, FAULT_BENDS, "", "signed by a stranger of the same name"},
    {"expired", FAULT_EXPIRED, FAULT_BENDS, "", "the certificate ended yesterday"},
    {"not-yet", FAULT_NOT_YET, FAULT_BENDS, "", "the certificate begins tomorrow"},
    {"swap-certs", FAULT_SWAP_CERTS, FAULT_BENDS, "ss",
     "swap-certs(a,b): the order of domain a gets the certificate of b, and b that of a"},
    {"chain-shuffle", FAULT_CHAIN_SHUFFLE, FAULT_BENDS, "", "root and intermediate change places"},
    {"no-chain", FAULT_NO_CHAIN, FAULT_BENDS, "", "the leaf alone"},
    {"serial-decimal", FAULT_SERIAL_DECIMAL, FAULT_BENDS, "", "serial numbers in decimal (V1)"},
};
const size_t fault_table_count = NITEMS(fault_table);

const struct fault_info *fault_find(const char *name)
{
    for (size_t i = 0; i < fault_table_count; i++) {
        if (str_eq(fault_table[i].name, name)) {
            return &fault_table[i];
        }
    }
    return NULL;
}

/* --- answers that are no answers --- */
static void gzip_bomb(struct request *q, struct reply *r)
{
    enum { BLOCK = 1 << 16, BLOCKS = 1024 };
    uint8_t *blanks = arena_alloc(&q->arena, BLOCK);
    uint8_t out[4096];
    z_stream z = {0};
    memset(blanks, ' ', BLOCK);
    buf_reset(&r->body);
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return;
    }
    for (int i = 0; i <= BLOCKS; i++) {
        z.next_in = blanks;
        z.avail_in = i < BLOCKS ? BLOCK : 0;
        do {
            z.next_out = out;
            z.avail_out = sizeof out;
            (void)deflate(&z, i < BLOCKS ? Z_NO_FLUSH : Z_FINISH);
            buf_add(&r->body, out, sizeof out - z.avail_out);
        } while (z.avail_out == 0);
    }
    (void)deflateEnd(&z);
    r->status = 200;
    r->type = "application/json";
    reply_header(r, "Content-Encoding", "gzip");
}

static void garbage(struct reply *r, int64_t n)
{
    reply_text(r, 200, "application/json", "");
    for (int64_t i = 0; i < n; i++) {
        buf_putc(&r->body, (char)(0x80 + i * 37 % 0x7f));
    }
}

/* 401-after(n) is for what comes after the first n: those get their answer. */
static bool applies(const struct request *q, const struct action *a)
{
    return a->info->fault != FAULT_401_AFTER || q->plan.hits > (uint64_t)a->n;
}

static void throttled(struct request *q, struct reply *r, const struct action *a)
{
    if (a->n < 0) {
        q->throttle(q, r);
        return;
    }
    reply_text(r, 429, "text/plain", "Too Many Requests\n");
    reply_header(r, "Retry-After",
                 a->info->fault == FAULT_THROTTLE_DATE
                     ? http_date(&q->arena, fault_clock(q) + a->n)
                     : arena_printf(&q->arena, "%lld", (long long)a->n));
}

static void replace(struct request *q, struct reply *r, const struct action *a)
{
    r->nheaders = 0;
    switch ((int)a->info->fault) {
    case FAULT_REJECT:
        q->refuse(q, r, a->text[0], a->text[1]);
        break;
    case FAULT_META_FAIL:
        q->refuse(q, r, "", a->text[0]);
        break;
    case FAULT_THROTTLE:
    case FAULT_THROTTLE_DATE:
        throttled(q, r, a);
        break;
    case FAULT_STATUS:
        reply_text(r, (int)a->n, "text/plain", "injected\n");
        break;
    case FAULT_401_AFTER:
        oauth_forget(q->sim, q->authorization);
        reply_text(r, 401, "text/plain", "Unauthorized\n");
        break;
    case FAULT_HTML:
        reply_text(r, 200, "text/html", "<html><body><h1>Service maintenance</h1></body></html>\n");
        break;
    case FAULT_GARBAGE:
        garbage(r, a->n);
        break;
    case FAULT_EMPTY:
        reply_text(r, 200, "application/json", "");
        break;
    case FAULT_REDIRECT:
        reply_text(r, 307, "text/plain", "");
        reply_header(r, "Location", a->text[0]);
        break;
    case FAULT_GZIP_BOMB:
        gzip_bomb(q, r);
        break;
    default:
        r->sending = a->info->fault == FAULT_CLOSE ? SEND_CLOSE
                     : a->info->fault == FAULT_RST ? SEND_RST
                                                   : SEND_HANG;
        break;
    }
    r->outcome = a->info->name;
}

static bool replace_any(struct request *q, struct reply *r)
{
    for (size_t i = 0; i < q->plan.n; i++) {
        const struct action *a = &q->plan.v[i];
        if ((a->info->flags & FAULT_REPLACES) && applies(q, a)) {
            replace(q, r, a);
            return true;
        }
    }
    return false;
}

bool fault_instead(struct request *q, struct reply *r)
{
    return !q->plan.accept && replace_any(q, r);
}

static const struct {
    enum fault fault;
    enum sending sending;
} shapes[] = {{FAULT_TRUNCATE, SEND_TRUNCATE},
              {FAULT_DRIP, SEND_DRIP},
              {FAULT_HALF_CLOSE, SEND_HALF_CLOSE},
              {FAULT_CHUNK_FLOOD, SEND_CHUNKS},
              {FAULT_HEADER_FLOOD, SEND_HEADERS}};

void fault_after(struct request *q, struct reply *r)
{
    if (q->plan.accept) {
        (void)replace_any(q, r);
    }
    for (size_t i = 0; i < NITEMS(shapes); i++) {
        const struct action *a = plan_has(&q->plan, shapes[i].fault);
        if (a) {
            r->sending = shapes[i].sending;
            r->arg = a->n;
            r->outcome = a->info->name;
        }
    }
}

int64_t fault_clock(const struct request *q)
{
    const struct action *a = plan_has(&q->plan, FAULT_DATE_SKEW);
    return time_now() + (a ? a->n : 0);
}
