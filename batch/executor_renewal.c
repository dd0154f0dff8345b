/* SPDX-License-Identifier: Apache-2.0
 *
 * Before a renewal is ordered, its CA is asked when it wants it (STEP_RENEWAL), once a run and not
 * before the CA wants to be asked again. The answer goes on record. With RENEWAL_WAIT an order
 * whose time has not come is left where it is, before a key is made for it; the run stays for it no
 * longer than for anything that is pending. Whatever goes wrong is told, and the order goes on: the
 * CA's word is help, not a condition. Nobody may ask about a certificate that has expired (RFC
 * 9773, 4.3).
 */
#include "batch/executor.h"

#include "batch/renewal.h"
#include "formats/base/str.h"

static bool is_early(const struct work *w, int64_t chosen)
{
    return ca_renewal(w->ca->config) == RENEWAL_WAIT && chosen != TIME_NONE && chosen > time_now();
}

static bool record_word(struct work *w, const char *class, int64_t chosen, int64_t again,
                        const char *text)
{
    struct record r = {
        .ev = RECORD_RENEWAL, .reply_class = class, .item = w->item->id, RECORD_NONE};
    r.message = text;
    r.chosen = chosen;
    r.again = again;
    work_slot(w)->renewal_told = true;
    return work_record(w, &r);
}

bool executor_renewal_asks(const struct work *w)
{
    const struct item_record *r = w->record;
    const bool known = r->renewal_again != TIME_NONE && r->renewal_again > time_now();
    return !known && !work_slot(w)->renewal_known && w->item->order->replaces &&
           ca_renewal(w->ca->config) != RENEWAL_OFF;
}

/* An earlier run may have asked under another setting: what it wrote is no reason to wait. */
bool executor_renewal_holds(struct work *w)
{
    const struct item_record *r = w->record;
    if (executor_renewal_asks(w) || work_slot(w)->renewal_known || !is_early(w, r->renewal_time)) {
        return false;
    }
    work_slot(w)->renewal_known = true;
    if (str_eq(r->error_code, RENEWAL_CODE) ||
        record_word(w, RENEWAL_EARLY, r->renewal_time, r->renewal_again, r->renewal)) {
        work_until(w, r->renewal_time);
    } else {
        work_release(w);
    }
    return true;
}

/* Job: the files of the item, the old certificate among them, and no key. */
void work_look(struct work *w)
{
    (void)work_load(w);
}

void renewal_ask(struct work *w)
{
    const struct item_data *d = &w->data;
    if (d->has_prior && d->prior.not_after > time_now()) {
        work_ask(w, STEP_RENEWAL); /* or later, when there is a credential: then from the start */
    } else {
        work_slot(w)->renewal_known = true;
        work_submit(w, work_prepare);
    }
}

void renewal_unasked(struct work *w, const char *why)
{
    work_slot(w)->renewal_known = true;
    if (ca_renewal(w->ca->config) == RENEWAL_WAIT &&
        !record_word(w, RENEWAL_NONE, TIME_NONE, TIME_NONE, why)) {
        work_release(w);
    } else {
        work_submit(w, work_prepare);
    }
}

/* --- the answer --- */
static bool record_none(struct work *w, const char *why)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(2 * RECORD_TEXT);
    buf_printf(&text, "the CA does not say when it wants it renewed: %s", why);
    return record_word(w, RENEWAL_NONE, TIME_NONE, time_now() + RETRY_RENEWAL_SECONDS,
                       buf_text(&text));
}

/* Trouble that may be over in a moment (4.3.3). It is worth waiting for only where the answer
 * decides something. */
static bool is_passing(const struct work *w)
{
    return ca_renewal(w->ca->config) == RENEWAL_WAIT && w->answer.outcome != OUTCOME_ACCEPTED &&
           (w->reply.transport != OUTCOME_ACCEPTED || w->reply.http_status >= 500) &&
           !w->reply.lasting && work_slot(w)->renewal_tries < RETRY_RENEWAL;
}

/* No time after the end of the certificate is any good, whatever the CA says. */
bool renewal_record(struct work *w)
{
    const int64_t end = w->data.prior.not_after;
    struct ca_window v = w->answer.renewal;
    CLEANUP(buf_release) struct buf text = BUF_INIT(2 * RECORD_TEXT);
    if (is_passing(w)) {
        return true;
    }
    work_slot(w)->renewal_known = true;
    if (w->answer.outcome != OUTCOME_ACCEPTED || !v.id) {
        const char *why = answer_text(w);
        return record_none(w, why ? why : outcome_name(w->answer.outcome));
    }
    if (v.start >= end) {
        return record_none(w, "its window begins when the certificate has expired");
    }
    v.end = v.end < end ? v.end : end;
    const int64_t chosen = renewal_time(w->x->batch->manifest.name, w->item->id, &v);
    renewal_text(&w->answer.renewal, chosen, &text);
    return record_word(w, is_early(w, chosen) ? RENEWAL_EARLY : RENEWAL_TOLD, chosen,
                       time_now() + w->answer.again_seconds, buf_text(&text));
}

void renewal_act(struct work *w)
{
    struct item_slot *s = work_slot(w);
    if (!s->renewal_known) {
        uint32_t random;
        random_bytes(&random, sizeof random);
        work_again(w, retry_delay_ms(++s->renewal_tries, -1, random));
    } else if (str_eq(w->record->error_code, RENEWAL_CODE)) {
        work_until(w, w->record->renewal_time);
    } else {
        work_submit(w, work_prepare);
    }
}
