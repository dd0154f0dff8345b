/* SPDX-License-Identifier: Apache-2.0
 *
 * The command table, and what all commands share: help, failure, formats.
 */
#include "cmd/cmd.h"

#include <limits.h>
#include <string.h>

#define JUDGING (OPT(CONFIG) | OPT(POLICY) | OPT(PROFILE) | OPT(AS_OF) | OPT(JOBS))

const struct command commands[] = {
    {"lint", "FILE|DIR...", "check manifests, policies, configs, CSRs, certificates; offline",
     "text json sarif junit github gitlab tap",
     JUDGING | OPT(FORMAT) | OPT(SEVERITY) | OPT(BASELINE) | OPT(WRITE_BASELINE) | OPT(FIX) |
         OPT(FORECAST) | OPT(INVENTORY),
     1, UINT_MAX, cmd_lint, false},
    {"rules", "", "the rule catalogue", "text json", OPT(PACK) | OPT(FORMAT) | OPT(POLICY), 0, 0,
     cmd_rules, false},
    {"explain", "RULE", "one rule: why, a bad and a good sample, citation", NULL, 0, 1, 1,
     cmd_explain, false},
    {"policy", "show|test POLICY | diff OLD NEW MANIFEST...",
     "a resolved policy with its digest; its own samples; whose verdict changes between two",
     "text json", OPT(PROFILE) | OPT(CONFIG) | OPT(AS_OF) | OPT(JOBS) | OPT(FORMAT), 2, UINT_MAX,
     cmd_policy, false},
    {"plan", "MANIFEST", "what would be ordered, renewed, revoked, kept", "text json",
     JUDGING | OPT(INVENTORY) | OPT(STATE) | OPT(OUT) | OPT(FORMAT) | OPT(DETAILED_EXITCODE) |
         OPT(SIMULATE),
     1, 1, cmd_plan, false},
    {"approve", "PLAN.json", "sign a plan: the approval that a policy may demand of a run", NULL,
     OPT(CERTIFICATE) | OPT(KEY) | OPT(PASSWORD_FILE) | OPT(PASSWORD_ENV) | OPT(OUT), 1, 1,
     cmd_approve, false},
    {"run", "MANIFEST|PLAN.json", "execute; the same command resumes an unfinished run", NULL,
     JUDGING | OPT(INVENTORY) | OPT(STATE) | OPT(OUT) | OPT(WAIT) | OPT(CONFIRM) | OPT(FIRST) |
         OPT(PLAN_DIGEST) | OPT(SIMULATE) | OPT(PENDING_SUCCESS) | OPT(APPROVAL) |
         OPT(OVERRIDE_WINDOW) | OPT(REASON),
     1, 1, cmd_run, false},
    {"status", "STATE", "the items of a state directory", "table csv json xlsx",
     OPT(FORMAT) | OPT(FILTER) | OPT(COLUMNS) | OPT(OUT), 1, 1, cmd_status, false},
    {"report", "STATE", "the report of a state, to read, to file or as data",
     "html pdf json csv xlsx junit sarif close-notes", OPT(FORMAT) | OPT(OUT), 1, 1, cmd_report,
     false},
    {"resolve", "STATE ITEM adopt:ID|reorder|abandon", "the operator's word on an unknown outcome",
     NULL, OPT(REASON), 3, 3, cmd_resolve, false},
    {"bundle", "STATE", "make the bundles again from the state", NULL, OPT(CONFIG) | OPT(OUT), 1, 1,
     cmd_bundle, false},
    {"verify", "BUNDLE", "check a delivery or audit bundle", "text json",
     OPT(FORMAT) | OPT(PASSWORDS) | OPT(SIGNER_CA) | OPT(TSA_CA) | OPT(APPROVER_CA), 1, 1,
     cmd_verify, false},
    {"prove", "BUNDLE ITEM", "one item of an audit bundle with its proof, without the others", NULL,
     OPT(OUT), 2, 2, cmd_prove, false},
    {"open-passwords", "FILE.cms", "the passwords of a delivery, for one of its recipients", NULL,
     OPT(KEY) | OPT(CERTIFICATE) | OPT(OUT) | OPT(PASSWORD_FILE) | OPT(PASSWORD_ENV), 1, 1,
     cmd_open_passwords, false},
    {"inspect", "FILE...", "show a CSR, certificate, key, PFX, JKS, PKCS#7, CRL", "text json",
     OPT(FORMAT) | OPT(PASSWORD_FILE) | OPT(PASSWORD_ENV), 1, UINT_MAX, cmd_inspect, false},
    {"products", "CA", "what a CA sells, and what manifests call it", "table csv json",
     OPT(CONFIG) | OPT(FORMAT), 1, 1, cmd_products, false},
    {"inventory", "CA", "what a CA has issued; as a manifest of renewals", "table csv json xlsx",
     OPT(CONFIG) | OPT(FORMAT) | OPT(SINCE) | OPT(IGNORE_EXPIRED) | OPT(EXPIRING) |
         OPT(AS_MANIFEST) | OPT(OUT),
     1, 1, cmd_inventory, false},
    {"import", "FILE|DIR", "tickets and inventories of other programs to a manifest", NULL,
     OPT(PROFILE) | OPT(OUT) | OPT(CA) | OPT(TICKET) | OPT(TICKET_TZ) | OPT(PARTIAL) |
         OPT(LIST_PROFILES) | OPT(SHOW),
     0, 1, cmd_import, false},
    {"export", "STATE|MANIFEST",
     "what was issued, as other programs take it; what it replaced, to be revoked", NULL,
     OPT(TO) | OPT(OUT) | OPT(SOAK), 1, 1, cmd_export, false},
    {"cancel", "CA ORDER...", "drop orders that are not issued yet", NULL,
     OPT(CONFIG) | OPT(REASON), 2, UINT_MAX, cmd_cancel, false},
    {"doctor", "CA [MANIFEST]", "step by step, why a CA does not work and what to do", "text json",
     JUDGING | OPT(FORMAT) | OPT(STATE) | OPT(CSR) | OPT(ESCALATION), 1, 2, cmd_doctor, false},
    {"schema", "manifest|policy|config|import", "JSON Schema for editors", "json roff", OPT(FORMAT),
     1, 1, cmd_schema, false},
    {"lsp", "", "language server on stdin and stdout: diagnostics, hover, mends", NULL, JUDGING, 0,
     0, cmd_lsp, false},
    {"completion", "bash", "shell completion, for sourcing", NULL, 0, 1, 1, cmd_completion, false},
    {"help", "[COMMAND|exit-codes]", "this text, or that of one command", "text roff", OPT(FORMAT),
     0, 1, cmd_help, false},
    {"version", "", "versions of program and libraries", NULL, 0, 0, 0, cmd_version, false},
};
const size_t commands_count = NITEMS(commands);

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < NITEMS(commands); i++) {
        if (str_eq(commands[i].name, name)) {
            return &commands[i];
        }
    }
    return NULL;
}

int cmd_fail(struct term *t, const struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(8192);
    char text[4096];
    term_paint(&b, t->err_color, PAINT_RED, "certbatch:");
    err_format(err, text, sizeof text);
    buf_printf(&b, " %s\n", text);
    term_write_err(t, buf_span(&b));
    return exit_for_error(err->code);
}

/* The word of a blank-separated list at *p, moved past it; false at the end. */
static bool next_word(const char **p, char word[static 32])
{
    size_t n = strcspn(*p, " ");
    n = n < 31 ? n : 31;
    memcpy(word, *p, n);
    word[n] = '\0';
    *p += n + ((*p)[n] == ' ');
    return n > 0;
}

const char *cmd_format(const struct options *o, struct term *t, const char *command)
{
    static char word[32];
    const struct command *c = command_find(command);
    const char *formats = c && c->formats ? c->formats : "";
    for (const char *p = formats; next_word(&p, word);) {
        if (!o->format || str_eq(word, o->format)) {
            return word;
        }
    }
    term_err(t, "certbatch: --format %.40s: %s knows: %s", o->format, command, formats);
    return NULL;
}

static void help_overview(struct buf *b)
{
    buf_puts(b, "certbatch: bulk certificate orders and revocations from YAML manifests\n\n"
                "usage: certbatch COMMAND [OPTIONS] OPERANDS\n\n");
    for (size_t i = 0; i < NITEMS(commands); i++) {
        if (!commands[i].hidden) {
            buf_printf(b, "  %-14s %s\n", commands[i].name, commands[i].summary);
        }
    }
    buf_puts(b, "\nStart with:  certbatch lint MANIFEST    certbatch run MANIFEST\n"
                "More:        certbatch help COMMAND     man certbatch\n");
}

static void help_command(struct buf *b, const struct command *c)
{
    buf_printf(b, "usage: certbatch %s [OPTIONS] %s\n\n%s\n\n", c->name, c->operands, c->summary);
    if (c->formats) {
        buf_printf(b, "formats (--format): %s\n\n", c->formats);
    }
    options_usage(b, c->options | OPT_COMMON);
}

static void help_exit_codes(struct buf *b)
{
    for (size_t i = 0; i < exit_rows_count; i++) {
        buf_printf(b, "%3d  %s\n", exit_rows[i].code, exit_rows[i].meaning);
    }
}

int cmd_help(const struct options *o, struct term *t)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1u << 20);
    const char *topic = o->operands.n ? o->operands.v[0] : NULL;
    const struct command *c = topic ? command_find(topic) : NULL;
    if (!topic) {
        help_overview(&b);
    } else if (str_eq(o->format, "roff")) {
        help_roff(&b, topic);
    } else if (str_eq(topic, "exit-codes")) {
        help_exit_codes(&b);
    } else if (c) {
        help_command(&b, c);
    } else {
        term_err(t, "certbatch: no command %.60s", topic);
        return EXIT_USAGE;
    }
    term_out(t, buf_span(&b));
    return EXIT_DONE;
}
