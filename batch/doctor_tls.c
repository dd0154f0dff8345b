/* SPDX-License-Identifier: Apache-2.0
 *
 * Step 2 of `doctor`, the part about TLS: which certificate the other side shows, and what is wrong
 * with its names and dates. Whether it is trusted shows when the CA is asked.
 */
#include "batch/doctor_parts.h"

#include "formats/base/time.h"

#include <stdio.h>

enum { NAMES_SHOWN = 4, ENDS_SOON = 14 };

static const char *names_of(struct doctor *d, const struct cert *c)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    for (size_t i = 0; i < c->san.n && i < NAMES_SHOWN; i++) {
        buf_printf(&b, "%s%.100s", i ? ", " : "", c->san.v[i].text);
    }
    if (c->san.n > NAMES_SHOWN) {
        buf_printf(&b, " and %zu more", c->san.n - NAMES_SHOWN);
    }
    return b.n ? arena_strdup(&d->arena, buf_text(&b)) : "no name at all";
}

static void say_dates(struct doctor *d, struct doctor_result *r, const struct cert *c)
{
    char from[TIME_TEXT];
    char to[TIME_TEXT];
    const int64_t now = time_now();
    time_format(c->not_before, from);
    time_format(c->not_after, to);
    if (now > c->not_after) {
        doctor_say(d, r, DOCTOR_FAILED,
                   "tell the CA, which has to replace it; and see that this machine's clock is "
                   "right",
                   "TLS: the server's certificate has expired, at %s", to);
    } else if (now < c->not_before) {
        doctor_say(d, r, DOCTOR_FAILED, "see that this machine's clock is right",
                   "TLS: the server's certificate begins only at %s", from);
    } else if (c->not_after - now < ENDS_SOON * DAY_SECONDS) {
        doctor_say(d, r, DOCTOR_WARNING, "tell the CA, which has to replace it",
                   "TLS: the server's certificate ends soon, at %s", to);
    }
    d->tls_explained |= now > c->not_after || now < c->not_before;
}

static void say_certificate(struct doctor *d, struct doctor_result *r, const struct reach *x,
                            const struct reach_tls *tls)
{
    const struct cert *c = &tls->certificate;
    char end[TIME_TEXT];
    time_format_date(c->not_after, end);
    d->tls_issuer = dn_text(&d->arena, &c->issuer);
    doctor_say(d, r, DOCTOR_OK, NULL, "%s: a certificate for %s until %s, issued by %s",
               tls->protocol ? tls->protocol : "TLS", names_of(d, c), end, d->tls_issuer);
    if (!tls->names_host) {
        doctor_say(d, r, DOCTOR_FAILED,
                   "is the address spelt as the CA publishes it? does something in between answer "
                   "in its place?",
                   "TLS: the server's certificate is not one for %s", x->host);
        d->tls_explained = true;
    }
    say_dates(d, r, c);
}

void doctor_tls(struct doctor *d, struct doctor_result *r, const struct reach *x, int timeout_ms)
{
    struct reach_tls tls;
    const bool complete = reach_tls(x, timeout_ms, &d->arena, &tls);
    if (tls.has_certificate) {
        say_certificate(d, r, x, &tls);
    }
    if (!complete) {
        doctor_say(d, r, DOCTOR_FAILED,
                   "TLS 1.2 or 1.3 is needed: is this the port of the API, and is nothing in "
                   "between that cuts or speaks something older?",
                   "TLS: the handshake failed: %s", tls.why);
        d->tls_explained = true;
    }
}
