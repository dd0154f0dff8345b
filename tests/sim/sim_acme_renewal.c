/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_acme.h: renewal information (RFC 9773). A certificate is named exactly or not at all, and
 * nobody may ask about one that has expired. What is answered is a row of a table (--renewal):
 *
 *     usual      around two thirds of the life; in the past for what was revoked
 *     past       since the day before yesterday, over since yesterday: renew now
 *     future     from tomorrow on, for a day
 *     beyond     when the certificate has expired
 *     backwards  ends before it begins, which no server may say
 *     soon, far  as future, and asks to be asked again in a second; in ten days
 *     none       the directory offers nothing
 *
 * Other troubles come from scenarios: "on GET renewal nth 1: status(500)". The ledger has a line of
 * kind "renewal" for each answer.
 */
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/jws.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_acme.h"

#include <string.h>

enum { DAY = DAY_SECONDS, ID_MAX = 128 };
static const struct mode {
    const char *name;
    bool none, by_life, by_end;
    int64_t from, to; /* seconds from now; by_end: from the end of the certificate */
    const char *retry_after;
} modes[] = {
    {"usual", false, true, false, 0, 0, "21600"},
    {"past", false, false, false, -2 * DAY, -DAY, "21600"},
    {"future", false, false, false, DAY, 2 * DAY, "21600"},
    {"beyond", false, false, true, DAY, 2 * DAY, "21600"},
    {"backwards", false, false, false, 2 * DAY, DAY, "21600"},
    {"soon", false, false, false, DAY, 2 * DAY, "1"},
    {"far", false, false, false, DAY, 2 * DAY, "864000"},
    {"none", true, false, false, 0, 0, NULL},
};

static const struct mode *mode_of(const struct sim *s)
{
    for (size_t i = 0; i < NITEMS(modes); i++) {
        if (str_eq(modes[i].name, s->options.renewal)) {
            return &modes[i];
        }
    }
    return NULL;
}

bool acme_renewal_open(const struct sim *s, struct err *err)
{
    return mode_of(s) || err_set(err, ERR_USAGE, "--renewal %s: unknown", s->options.renewal);
}

bool acme_renewal_offered(const struct sim *s)
{
    return !mode_of(s)->none;
}

/* --- certID, 4.1 --- */
static bool is_part(const char *text, size_t n, struct buf *out)
{
    buf_reset(out);
    return n && base64url_decode(out, text, n) && out->n; /* padding is refused there */
}

/* "KEYID.SERIAL": the serial as DER has it, so no octet more than is needed, and never negative. */
static const char *wrong_id(const char *id)
{
    CLEANUP(buf_release) struct buf part = BUF_INIT(ID_MAX);
    const char *dot = strchr(id, '.');
    if (!dot || strchr(dot + 1, '.') || strlen(id) > ID_MAX) {
        return "a certificate is named by two parts with a period between";
    }
    if (!is_part(id, (size_t)(dot - id), &part)) {
        return "the key identifier is not base64url without padding";
    }
    if (!is_part(dot + 1, strlen(dot + 1), &part)) {
        return "the serial number is not base64url without padding";
    }
    const uint8_t *s = (const uint8_t *)buf_text(&part);
    const bool longer = part.n > 1 && s[0] == 0 && !(s[1] & 0x80);
    return longer || s[0] & 0x80 ? "the serial number is not what DER has" : NULL;
}

/* --- the answer, 4.2 --- */
static void answer(struct request *q, struct reply *r, const struct order *o)
{
    const struct mode *m = mode_of(q->sim);
    char from[TIME_TEXT], to[TIME_TEXT];
    const int64_t life = o->parsed.not_after - o->parsed.not_before;
    int64_t at = m->by_end ? o->parsed.not_after : time_now();
    int64_t end = at + m->to;
    at += m->from;
    if (m->by_life) {
        at = o->revoke_reason ? time_now() - DAY : o->parsed.not_before + life / 3 * 2;
        end = at + DAY / 2;
    }
    time_format(at, from);
    time_format(end, to);
    reply_header(r, "Retry-After", m->retry_after);
    ledger_add(&q->sim->ledger, q, "renewal", o);
    acme_good(q, r, 200,
              json_pack("{s:{s:s,s:s},s:s}", "suggestedWindow", "start", from, "end", to,
                        "explanationURL", "https://ca.example/why\x1b[31m"));
}

ACME_HANDLER(acme_renewal)
{
    const char *id = c->path + strlen("renewal/");
    const char *wrong = wrong_id(id);
    const struct acme_order *found = NULL;
    for (size_t i = 0; i < acme_state.norders; i++) {
        found = str_eq(acme_state.orders[i].cert_id, id) ? &acme_state.orders[i] : found;
    }
    if (wrong) {
        acme_problem(q, r, 400, "malformed", wrong);
    } else if (!found || !acme_renewal_offered(q->sim)) {
        acme_problem(q, r, 404, "malformed", "no such certificate");
    } else if (found->order->parsed.not_after <= time_now()) { /* 4.3 */
        acme_problem(q, r, 400, "malformed", "the certificate has expired: nobody may ask");
    } else {
        answer(q, r, found->order);
    }
}
