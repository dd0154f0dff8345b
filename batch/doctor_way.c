/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps 2 and 3 of `doctor`: name, port, TLS and proxy; then the credentials and both clocks. The
 * CA is asked once, by the step that finds out whether its credentials are good; what arrived tells
 * how far the way is open.
 */
#include "batch/doctor_parts.h"

#include "formats/base/time.h"

#include <string.h>

enum { CONNECT_SECONDS = 10, SKEW_NONE = 2, SKEW_WARNING = 60, SKEW_FAILED = 300 };

/* --- without a word: DNS and TCP --- */
static void say_reach(struct doctor *d, struct doctor_result *r, const struct reach *x)
{
    const char *who = x->proxy ? "the proxy " : "";
    static const char *const todo[] = {
        [REACH_UNKNOWN_HOST] = "check the name, and that this machine's resolver knows it",
        [REACH_NO_ANSWER] =
            "check address and port, and that no firewall is in between; is there a "
            "proxy that `proxy:` should name?"};
    if (x->stage == REACH_UNKNOWN_HOST) {
        doctor_say(d, r, DOCTOR_FAILED, todo[x->stage], "DNS: %s%s does not resolve: %s", who,
                   x->host, x->why);
        return;
    }
    doctor_say(d, r, DOCTOR_OK, NULL, "DNS: %s%s has %zu address%s", who, x->host, x->naddresses,
               x->naddresses == 1 ? "" : "es");
    if (x->stage == REACH_NO_ANSWER) {
        doctor_say(d, r, DOCTOR_FAILED, todo[x->stage], "TCP: port %s of %s%s (%s): %s", x->port,
                   who, x->host, x->address, x->why);
    } else {
        doctor_say(d, r, DOCTOR_OK, NULL, "TCP: port %s of %s%s (%s) answers", x->port, who,
                   x->host, x->address);
    }
}

static bool reach(struct doctor *d, struct doctor_result *r, const char *url)
{
    struct reach x;
    const int64_t asked = d->options.ca->common.timeouts.connect_seconds;
    const int timeout_ms = (int)(asked > 0 ? asked : CONNECT_SECONDS) * 1000;
    if (!reach_target(&x, d->options.ca, url)) {
        doctor_say(d, r, DOCTOR_WARNING, "write it as https://host/path",
                   "there is no host in the address %s", url);
        return true; /* the CA itself may still know what to make of it */
    }
    const bool connected = reach_try(&x, timeout_ms);
    say_reach(d, r, &x);
    if (connected && x.tls) {
        doctor_tls(d, r, &x, timeout_ms);
    }
    return connected;
}

/* Where tokens come from may be another host. */
static bool reach_all(struct doctor *d, struct doctor_result *r)
{
    const struct ca_config *ca = d->options.ca;
    const struct ynode *token = yaml_get(yaml_get(ca->node, "auth"), "token_url");
    bool ok = reach(d, r, ca_endpoint(ca));
    if (token && token->kind == YAML_SCALAR && !str_eq(token->text, ca_endpoint(ca))) {
        ok &= reach(d, r, token->text);
    }
    return ok;
}

/* --- one question --- */
/* The first round tries everything once; the second one as long as a run would. */
static bool open_ca(struct doctor *d)
{
    d->asker.tries = d->retesting ? 0 : 1;
    if (!d->open) {
        asker_close(&d->asker);
        err_clear(&d->open_err);
        d->asker = (struct asker){.stop = d->options.stop,
                                  .waiting = d->options.waiting,
                                  .waiting_ctx = d->options.waiting_ctx,
                                  .tries = d->retesting ? 0 : 1};
        d->open = asker_open(&d->asker, d->options.ca, d->options.config->dir, &d->open_err);
    }
    return d->open;
}

static void probe(struct doctor *d)
{
    err_clear(&d->probe_err);
    d->admitted = ask(&d->asker, &(struct ca_call){.step = STEP_PROBE}, NULL, NULL, &d->probe_err);
    d->reached = d->asker.reply.transport == OUTCOME_ACCEPTED;
}

/* What to do when nothing came back, by how far the way is open. */
static const char *no_reply_todo(struct doctor *d)
{
    const struct ca_reply *reply = &d->asker.reply;
    if (d->tls_explained) {
        return NULL; /* said already */
    }
    if (d->options.ca->common.proxy.host) {
        return "ask who runs the proxy whether it lets this machine through to the CA, and with "
               "which user; see proxy.host, proxy.port, proxy.username";
    }
    if (reply->lasting && d->tls_issuer) {
        return arena_printf(&d->arena,
                            "if %.200s is the CA's own issuer, put its root into tls.ca_file; if "
                            "not, something in between answers in the CA's place",
                            d->tls_issuer);
    }
    return reply->transport == OUTCOME_NOT_SENT
               ? "see what proxy or client certificate it wants: proxy, tls.client_certificate"
               : "try again; see timeouts, and whether something in between cuts connections";
}

static void say_reply(struct doctor *d, struct doctor_result *r)
{
    const struct asker *a = &d->asker;
    const bool embedded = d->options.ca->type->caps & CA_EMBEDDED;
    if (d->reached && !embedded) {
        doctor_say(d, r, DOCTOR_OK, NULL, "HTTP: a reply arrived (status %d)",
                   a->reply.http_status);
    } else if (d->reached) {
        doctor_say(d, r, DOCTOR_OK, NULL, "it is embedded in this program: no network is involved");
    } else {
        doctor_say(d, r, DOCTOR_FAILED, no_reply_todo(d), "%s", d->probe_err.msg);
    }
}

/* An embedded CA that is made when it is opened. */
static bool is_missing(struct doctor *d)
{
    const struct ca_config *ca = d->options.ca;
    const char *dir = d->options.config->dir ? d->options.config->dir : ".";
    return !d->open && (ca->type->caps & CA_EMBEDDED) && ca->type->issuer &&
           !ca->type->issuer(ca, dir, &d->arena);
}

void doctor_way(struct doctor *d, struct doctor_result *r)
{
    const bool embedded = d->options.ca->type->caps & CA_EMBEDDED;
    d->reached = d->admitted = d->tls_explained = false;
    d->tls_issuer = NULL;
    d->fresh = true;
    d->connected = embedded || reach_all(d, r);
    const bool missing = is_missing(d);
    if (!open_ca(d)) {
        doctor_say(d, r, DOCTOR_SKIPPED, NULL,
                   "not tried further: the CA cannot be opened, see step 3");
    } else if (d->connected) {
        probe(d);
        say_reply(d, r);
        if (missing) {
            doctor_say(d, r, DOCTOR_OK, NULL, "it did not exist yet: it was made just now");
        }
    }
}

/* --- credentials and clocks --- */
static void say_clock(struct doctor *d, struct doctor_result *r)
{
    const int64_t theirs = d->asker.reply.date;
    char text[TIME_TEXT];
    if (theirs == TIME_NONE) {
        if (!(d->options.ca->type->caps & CA_EMBEDDED)) {
            doctor_say(d, r, DOCTOR_OK, NULL, "the CA does not tell its time");
        }
        return;
    }
    const int64_t skew = time_now() - theirs;
    const int64_t size = skew < 0 ? -skew : skew;
    if (size <= SKEW_NONE) {
        doctor_say(d, r, DOCTOR_OK, NULL, "the clocks of this machine and of the CA agree");
        return;
    }
    duration_format(size, text);
    const enum doctor_status status = size > SKEW_FAILED    ? DOCTOR_FAILED
                                      : size > SKEW_WARNING ? DOCTOR_WARNING
                                                            : DOCTOR_OK;
    doctor_say(d, r, status,
               status == DOCTOR_OK ? NULL
                                   : "let this machine take its time from a time server: signed "
                                     "requests and tokens depend on it",
               "the clock of this machine is %s %s that of the CA", text,
               skew < 0 ? "behind" : "ahead of");
}

static void say_admission(struct doctor *d, struct doctor_result *r)
{
    static const char *const todo[OUTCOME__MAX] = {
        [OUTCOME_AUTH] = "has the key or token expired, been revoked or replaced? does the account "
                         "number belong to it? may the account use the API?",
        [OUTCOME_THROTTLED] =
            "wait some minutes; see limits.orders_per_second and who else uses the "
            "account",
        [OUTCOME_REFUSED] = "the CA answers but does not take this; see its message",
        [OUTCOME_UNKNOWN] = "is the address that of the API? something else may answer there"};
    const struct ca_result *answer = &d->asker.answer;
    const char *note = d->options.ca->type->probe_note;
    if (d->admitted && note) {
        doctor_say(d, r, DOCTOR_OK, NULL, "%s%s%s", answer->message ? answer->message : "",
                   answer->message ? "; " : "", note);
    } else if (d->admitted) {
        doctor_say(d, r, DOCTOR_OK, NULL, "the CA accepts them%s%s", answer->message ? ": " : "",
                   answer->message ? answer->message : "");
    } else {
        doctor_say(d, r, DOCTOR_FAILED, todo[answer->outcome], "%s", d->probe_err.msg);
    }
}

/* Asks by itself when it is taken a second time and the way was not. */
void doctor_credentials(struct doctor *d, struct doctor_result *r)
{
    if (!d->fresh && d->connected && open_ca(d)) {
        probe(d);
    }
    d->fresh = false;
    if (!d->open) {
        doctor_say_err(d, r, &d->open_err, NULL);
    } else if (!d->reached) {
        doctor_say(d, r, DOCTOR_SKIPPED, NULL, "not looked at: no reply came from the CA");
    } else {
        say_admission(d, r);
        say_clock(d, r);
    }
}
