/* SPDX-License-Identifier: Apache-2.0
 *
 * See ask_ca.h.
 */
#include "cmd/ask_ca.h"

#include <string.h>
#include <unistd.h>

static bool unknown_ca(const struct config *c, const char *name, struct err *err)
{
    CLEANUP(buf_release) struct buf known = BUF_INIT(1024);
    CLEANUP(buf_release) struct buf shown = BUF_INIT(1024);
    for (size_t i = 0; i < c->ncas; i++) {
        buf_printf(&known, "%s%s", i ? ", " : "", c->cas[i].name);
    }
    str_vis(&shown, name, strlen(name), 64);
    return err_set(err, ERR_INPUT, "the configuration has no CA \"%s\"; known: %s",
                   buf_text(&shown), buf_text(&known));
}

int ask_ca_find(struct ask_ca *c, const struct options *o, struct term *t)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct err err = ERR_INIT;
    *c = (struct ask_ca){0};
    const bool read = config_read(&c->config, o->config, &findings, &err);
    findings_sort(&findings);
    cmd_print_findings(t, STDERR_FILENO, &findings, SEV_WARNING, o->verbose);
    c->ca = read ? config_ca(&c->config, o->operands.v[0]) : NULL;
    if (!read || (!c->ca && !unknown_ca(&c->config, o->operands.v[0], &err))) {
        return cmd_fail(t, &err);
    }
    return EXIT_DONE;
}

void ask_ca_waiting(void *ctx, int64_t ms, const char *why)
{
    term_progress(ctx, "waiting %.1f s: %s", (double)ms / 1000.0, why);
}

static bool may_ask(const struct ca_config *ca, unsigned capability, const char *what,
                    struct err *err)
{
    if (!ca->common.enabled) {
        err_set(err, ERR_INPUT, "CA %s is disabled in the configuration", ca->name);
        err_hint(err, "set enabled: true; nothing is sent to it before");
        return false;
    }
    if (!ca->type->ops) {
        return err_set(err, ERR_INPUT,
                       "CA %s: this version only checks orders for %s and cannot "
                       "ask it for its %s",
                       ca->name, ca->type->title, what);
    }
    return (ca->type->caps & capability) ||
           err_set(err, ERR_INPUT, "CA %s: %s has no %s that could be asked for", ca->name,
                   ca->type->title, what);
}

int ask_ca_open(struct ask_ca *c, struct term *t, unsigned capability, const char *what)
{
    struct err err = ERR_INIT;
    c->open = true;
    c->asker = (struct asker){.stop = &cmd_stop, .waiting = ask_ca_waiting, .waiting_ctx = t};
    return may_ask(c->ca, capability, what, &err) &&
                   asker_open(&c->asker, c->ca, c->config.dir, &err)
               ? EXIT_DONE
               : cmd_fail(t, &err);
}

void ask_ca_close(struct ask_ca *c)
{
    if (c->open) {
        asker_close(&c->asker);
    }
    config_release(&c->config);
}

int ask_ca_fail(struct term *t, const struct err *err)
{
    struct err shown = *err;
    if (err->code == ERR_CA && !err->hint && !cmd_stop) {
        err_hint(&shown, "`certbatch doctor` with the same CA says step by step where it fails");
    }
    const int code = cmd_fail(t, &shown);
    return !cmd_stop ? code : cmd_stop_signal == SIGINT ? EXIT_INTERRUPTED : EXIT_TERMINATED;
}
