/* SPDX-License-Identifier: Apache-2.0
 *
 * See acme.h: renewal information, RFC 9773. Anybody may ask: the request is a plain GET, the
 * certificate is named by its issuer's key and its serial number.
 */
#include "batch/ca/acme.h"

#include "formats/base/time.h"

#include <string.h>

/* RFC 9773, 4.3.2: a Retry-After of less than a minute or more than a day is not to be taken at its
 * word; without one, and after an error (4.3.3), six hours. */
enum { AGAIN_LEAST = 60, AGAIN_MOST = 24 * 3600, AGAIN_USUAL = 6 * 3600, EXPLANATION = 200 };

const char *acme_cert_id(struct arena *a, struct span certificate)
{
    struct cert c;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf id = BUF_INIT(1024);
    if (!certificate.n || !cert_parse(a, certificate, &c, &err) || !c.authority_key_id.n) {
        return NULL;
    }
    base64url_encode(&id, c.authority_key_id.p, c.authority_key_id.n);
    buf_putc(&id, '.');
    base64url_encode(&id, c.serial.p, c.serial.n);
    return buf_failed(&id) ? NULL : arena_strdup(a, buf_text(&id));
}

static const char *id_of(const struct ca_call *call, struct arena *a)
{
    return call->order ? acme_cert_id(a, call->order->prior_certificate) : NULL;
}

bool acme_renewal_path(const struct rest_asked *q, struct buf *url)
{
    const struct acme *own = q->own;
    const char *id = id_of(q->call, q->out->arena);
    if (!own->renewal_info) {
        return err_set(q->err, ERR_CA, "the CA offers no renewal information (renewalInfo)");
    }
    if (!id) {
        return err_set(q->err, ERR_INPUT,
                       "the certificate that is renewed does not name the key of its issuer, so "
                       "the CA cannot be asked about it");
    }
    const size_t n = strlen(own->renewal_info);
    buf_printf(url, "%s%s%s", own->renewal_info, own->renewal_info[n - 1] == '/' ? "" : "/", id);
    return true;
}

static int64_t again(int64_t asked)
{
    return asked < 0             ? AGAIN_USUAL
           : asked < AGAIN_LEAST ? AGAIN_LEAST
           : asked > AGAIN_MOST  ? AGAIN_MOST
                                 : asked;
}

static const char *explanation(const struct rest_heard *h)
{
    const char *url = json_get_str(h->body, "explanationURL");
    CLEANUP(buf_release) struct buf text = BUF_INIT(8 * EXPLANATION);
    if (!url || !*url) {
        return NULL;
    }
    str_vis(&text, url, strlen(url), EXPLANATION);
    return arena_strdup(h->out->arena, buf_text(&text));
}

void acme_take_renewal(const struct rest_heard *h)
{
    const json_t *window = json_get(h->body, "suggestedWindow");
    const char *from = json_get_str(window, "start");
    const char *to = json_get_str(window, "end");
    struct ca_window *w = &h->out->renewal;
    h->out->again_seconds = again(h->reply->retry_after_seconds);
    if (!from || !to || !time_parse(from, &w->start) || !time_parse(to, &w->end)) {
        rest_say(h, OUTCOME_UNKNOWN, "its answer has no suggestedWindow with start and end");
    } else if (w->end <= w->start) { /* 4.2: such an answer is to be ignored */
        rest_say(h, OUTCOME_UNKNOWN,
                 arena_printf(h->out->arena, "its window ends (%.40s) before it begins (%.40s)", to,
                              from));
    } else {
        w->explanation = explanation(h);
        w->id = id_of(h->call, h->out->arena);
    }
}
