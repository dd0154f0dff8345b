/* SPDX-License-Identifier: Apache-2.0
 *
 * See options.h.
 */
#include "cmd/options.h"

#include "formats/base/finding.h"
#include "formats/base/time.h"

#include <string.h>

#define AT(member) offsetof(struct options, member)
const struct option_row option_rows[OPT__MAX] = {
    [OPT_CONFIG] = {"config", 0, KIND_TEXT, AT(config), "FILE",
                    "configuration (default: $CERTBATCH_CONFIG, ./certbatch.yaml, XDG)"},
    [OPT_STATE] = {"state", 0, KIND_TEXT, AT(state), "DIR",
                   "state directory (default: <name>.state beside the manifest)"},
    [OPT_OUT] = {"output", 'o', KIND_TEXT, AT(out), "PATH",
                 "where bundles go (run, bundle); elsewhere the file to write"},
    [OPT_JOBS] = {"jobs", 'j', KIND_COUNT, AT(jobs), "N", "worker threads (default: one per CPU)"},
    [OPT_POLICY] = {"policy", 0, KIND_LIST, AT(policies), "P",
                    "judge by this pack or policy file too; repeatable"},
    [OPT_PROFILE] = {"profile", 0, KIND_TEXT, AT(profile), "NAME",
                     "policy profile of items that name none; how to read a file (import)"},
    [OPT_INVENTORY] = {"inventory", 0, KIND_LIST, AT(inventories), "FILE",
                       "CSV or XLSX that says which certificates are in use where; repeatable"},
    [OPT_AS_OF] = {"as-of", 0, KIND_DATE, AT(as_of), "DATE",
                   "judge as if everything were ordered on this day"},
    [OPT_FORMAT] = {"format", 0, KIND_TEXT, AT(format), "F", "output format"},
    [OPT_FILTER] = {"filter", 0, KIND_LIST, AT(filters), "FILTER",
                    "only items like state=issued, not_after<2027-03-01, common_name~api; "
                    "repeatable: all must hold"},
    [OPT_COLUMNS] = {"columns", 0, KIND_TEXT, AT(columns), "LIST",
                     "these fields in this order, like id,state,not_after"},
    [OPT_SEVERITY] = {"severity", 0, KIND_SEVERITY, AT(severity), "S",
                      "least severity that fails: info, warning, error (default error)"},
    [OPT_WAIT] = {"wait", 0, KIND_DURATION, AT(wait), "DURATION",
                  "how long to stay for pending items, and to watch (default 10m)"},
    [OPT_CONFIRM] = {"confirm", 0, KIND_COUNT, AT(confirm), "N",
                     "the number of revocations, needed when there are many"},
    [OPT_FIRST] = {"first", 0, KIND_COUNT, AT(first), "N",
                   "revoke so many, watch for the time of --wait, then revoke the others"},
    [OPT_PLAN_DIGEST] = {"plan-digest", 0, KIND_TEXT, AT(plan_digest), "SHA256",
                         "run only the plan with this digest"},
    [OPT_SIMULATE] = {"simulate", 0, KIND_FLAG, AT(simulate), NULL,
                      "send everything to a local twin of each CA"},
    [OPT_DETAILED_EXITCODE] = {"detailed-exitcode", 0, KIND_FLAG, AT(detailed_exitcode), NULL,
                               "plan: exit 0 for nothing to do, 10 for changes"},
    [OPT_PENDING_SUCCESS] = {"treat-pending-as-success", 0, KIND_FLAG, AT(pending_is_success), NULL,
                             "exit 0 instead of 5 when items are pending"},
    [OPT_REASON] = {"reason", 0, KIND_TEXT, AT(reason), "TEXT",
                    "why: it is kept with the item, the order or the run"},
    [OPT_OVERRIDE_WINDOW] = {"override-window", 0, KIND_FLAG, AT(override_window), NULL,
                             "act outside the change window; needs --reason, every report says so"},
    [OPT_APPROVAL] = {"approval", 0, KIND_LIST, AT(approvals), "FILE",
                      "a signed approval of the plan; repeatable (default: PLAN.json.*.p7s)"},
    [OPT_CERTIFICATE] = {"certificate", 0, KIND_TEXT, AT(certificate), "FILE",
                         "certificate of who signs, and its chain"},
    [OPT_KEY] = {"key", 0, KIND_TEXT, AT(key), "FILE", "its private key"},
    [OPT_PASSWORD_FILE] = {"password-file", 0, KIND_TEXT, AT(password_file), "F",
                           "file that holds the password of a key or key store"},
    [OPT_PASSWORD_ENV] = {"password-env", 0, KIND_TEXT, AT(password_env), "NAME",
                          "environment variable that holds it"},
    [OPT_PASSWORDS] = {"passwords", 0, KIND_TEXT, AT(passwords), "CSV",
                       "the passwords file of a delivery bundle: key stores are opened too"},
    [OPT_SIGNER_CA] = {"signer-ca", 0, KIND_TEXT, AT(signer_ca), "F",
                       "PEM of who may sign: demands a signature that leads there"},
    [OPT_TSA_CA] = {"tsa-ca", 0, KIND_TEXT, AT(tsa_ca), "F",
                    "PEM of who may timestamp: demands a timestamp that leads there"},
    [OPT_APPROVER_CA] = {"approver-ca", 0, KIND_TEXT, AT(approver_ca), "F",
                         "PEM of who may approve: demands approvals that lead there"},
    [OPT_PACK] = {"pack", 0, KIND_TEXT, AT(pack), "P", "only the rules this pack sets"},
    [OPT_BASELINE] = {"baseline", 0, KIND_TEXT, AT(baseline), "FILE",
                      "findings this file knows do not count"},
    [OPT_WRITE_BASELINE] = {"write-baseline", 0, KIND_TEXT, AT(write_baseline), "FILE",
                            "write the findings of this run as a baseline"},
    [OPT_FIX] = {"fix", 0, KIND_FLAG, AT(fix), NULL,
                 "mend in the file what has one certain mend; nothing else is touched"},
    [OPT_FORECAST] = {"forecast", 0, KIND_FLAG, AT(forecast), NULL,
                      "also judge on every coming date at which a rule changes"},
    [OPT_SINCE] = {"since", 0, KIND_DATE, AT(since), "DATE",
                   "only orders from this day on (and from the day before: the CA's days may "
                   "begin earlier)"},
    [OPT_IGNORE_EXPIRED] = {"ignore-expired", 0, KIND_FLAG, AT(ignore_expired), NULL,
                            "leave out what has expired"},
    [OPT_EXPIRING] = {"expiring", 0, KIND_DURATION, AT(expiring), "DURATION",
                      "only certificates that end within this time, like 30d"},
    [OPT_AS_MANIFEST] = {"as-manifest", 0, KIND_FLAG, AT(as_manifest), NULL,
                         "write a manifest that renews them"},
    [OPT_CSR] = {"csr", 0, KIND_TEXT, AT(csr), "FILE", "judge this request by the CA's rules"},
    [OPT_ESCALATION] = {"escalation", 0, KIND_TEXT, AT(escalation), "FILE",
                        "write what the CA's support needs to know; no secret is in it"},
    [OPT_CA] = {"ca", 0, KIND_TEXT, AT(ca), "NAME", "the CA that the manifest names"},
    [OPT_TICKET] = {"ticket", 0, KIND_TEXT, AT(ticket), "FILE",
                    "export of the change the manifest belongs to: CSV, XLSX or JSON"},
    [OPT_TICKET_TZ] = {"ticket-tz", 0, KIND_TEXT, AT(ticket_tz), "ZONE",
                       "zone of its times, like Europe/Berlin, +02:00 or UTC"},
    [OPT_PARTIAL] = {"partial", 0, KIND_FLAG, AT(partial), NULL,
                     "write the manifest of the good rows although others are bad"},
    [OPT_LIST_PROFILES] = {"list-profiles", 0, KIND_FLAG, AT(list_profiles), NULL,
                           "the profiles that are shipped"},
    [OPT_SHOW] = {"show", 0, KIND_FLAG, AT(show), NULL,
                  "print the profile, as a start for a new one"},
    [OPT_TO] = {"to", 0, KIND_TEXT, AT(to), "FORMAT",
                "what to write: servicenow-xlsx, revocations"},
    [OPT_SOAK] = {"soak", 0, KIND_DURATION, AT(soak), "DURATION",
                  "how long what was replaced stays after its replacement was issued (default 7d)"},
    [OPT_COLOR] = {"color", 0, KIND_COLOR, AT(color), "WHEN", "auto, always or never"},
    [OPT_NO_COLOR] = {"no-color", 0, KIND_NEVER, AT(color), NULL, "same as --color never"},
    [OPT_QUIET] = {"quiet", 'q', KIND_FLAG, AT(quiet), NULL, "only results and errors"},
    [OPT_VERBOSE] = {"verbose", 'v', KIND_FLAG, AT(verbose), NULL, "say more, citations included"},
    [OPT_DEBUG] = {"debug", 0, KIND_FLAG, AT(debug), NULL, "say what is done, for bug reports"},
    [OPT_HELP] = {"help", 'h', KIND_FLAG, AT(help), NULL, "this text"},
    [OPT_VERSION] = {"version", 0, KIND_FLAG, AT(version), NULL,
                     "versions of program and libraries"},
};
_Static_assert(OPT__MAX <= 64, "option masks are 64 bits");

void options_init(struct options *o)
{
    *o = (struct options){.as_of = TIME_NONE,
                          .since = TIME_NONE,
                          .wait = 600,
                          .confirm = -1,
                          .soak = 7 * DAY_SECONDS,
                          .first = -1,
                          .severity = SEV_ERROR};
}

void options_release(struct options *o)
{
    strlist_release(&o->policies);
    strlist_release(&o->inventories);
    strlist_release(&o->approvals);
    strlist_release(&o->operands);
    strlist_release(&o->filters);
}

static bool set_number(const struct option_row *row, const char *text, void *target,
                       struct err *err)
{
    uint64_t n;
    if (!str_u64(text, &n) || n > 1000000) {
        return err_set(err, ERR_USAGE, "--%s takes a number, not '%.40s'", row->name, text);
    }
    *(int64_t *)target = (int64_t)n;
    return true;
}

static bool set_word(const struct option_row *row, const char *text, void *target, struct err *err)
{
    static const char *const colors[] = {
        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    if (row->kind == KIND_SEVERITY) {
        enum severity s;
        if (!severity_parse(text, &s) || s == SEV_DISABLED) {
            return err_set(err, ERR_USAGE, "--%s is info, warning or error", row->name);
        }
        *(int *)target = (int)s;
        return true;
    }
    for (size_t i = 0; i < NITEMS(colors); i++) {
        if (str_eq(text, colors[i])) {
            *(int *)target = (int)i;
            return true;
        }
    }
    return err_set(err, ERR_USAGE, "--%s is auto, always or never", row->name);
}

static bool set_value(const struct option_row *row, const char *text, struct options *o,
                      struct err *err)
{
    void *target = (char *)o + row->offset;
    switch (row->kind) {
    case KIND_FLAG:
        *(bool *)target = true;
        return true;
    case KIND_NEVER:
        *(int *)target = COLOR_NEVER;
        return true;
    case KIND_TEXT:
        *(const char **)target = text;
        return true;
    case KIND_LIST:
        VEC_PUSH((struct strlist *)target, text);
        return true;
    case KIND_COUNT:
        return set_number(row, text, target, err);
    case KIND_DURATION:
        return duration_parse(text, target) ||
               err_set(err, ERR_USAGE, "--%s takes a duration like 90s, 10m or 2h", row->name);
    case KIND_DATE:
        return time_parse_any(text, target) ||
               err_set(err, ERR_USAGE, "--%s takes a date like 2027-03-15", row->name);
    case KIND_SEVERITY:
    case KIND_COLOR:
        return set_word(row, text, target, err);
    }
    return false;
}

static const struct option_row *find_row(const char *name, size_t n, char letter)
{
    for (size_t i = 0; i < OPT__MAX; i++) {
        const struct option_row *row = &option_rows[i];
        bool same = name ? strlen(row->name) == n && strncmp(row->name, name, n) == 0
                         : row->letter && row->letter == letter;
        if (same) {
            return row;
        }
    }
    return NULL;
}

/* One option word; *used says whether the next word was taken as its argument. */
static bool parse_one(struct options *o, uint64_t allowed, const char *word, const char *next,
                      bool *used, struct err *err)
{
    bool is_long = word[1] == '-';
    const char *name = word + 2;
    const char *equals = is_long ? strchr(word, '=') : NULL;
    size_t n = is_long ? (equals ? (size_t)(equals - name) : strlen(name)) : 0;
    const struct option_row *row = find_row(is_long ? name : NULL, n, word[1]);
    const char *value = equals ? equals + 1 : !is_long && word[2] ? word + 2 : NULL;
    *used = false;
    if (!row || !(allowed & 1ull << (row - option_rows))) {
        err_set(err, ERR_USAGE, "%s option %.60s", row ? "this command has no" : "unknown", word);
        err_hint(err, "see: certbatch help");
        return false;
    }
    if (!row->arg) {
        return (!value || err_set(err, ERR_USAGE, "--%s takes no value", row->name)) &&
               set_value(row, NULL, o, err);
    }
    if (!value) {
        if (!next) {
            return err_set(err, ERR_USAGE, "--%s needs %s", row->name, row->arg);
        }
        value = next;
        *used = true;
    }
    return set_value(row, value, o, err);
}

bool options_parse(struct options *o, uint64_t allowed, int argc, char **argv, struct err *err)
{
    bool operands_only = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (operands_only || word[0] != '-' || !word[1]) {
            VEC_PUSH(&o->operands, word);
        } else if (str_eq(word, "--")) {
            operands_only = true;
        } else {
            bool used;
            if (!parse_one(o, allowed, word, i + 1 < argc ? argv[i + 1] : NULL, &used, err)) {
                return false;
            }
            i += used;
        }
    }
    return true;
}

void options_usage(struct buf *out, uint64_t allowed)
{
    for (size_t i = 0; i < OPT__MAX; i++) {
        const struct option_row *row = &option_rows[i];
        if (!(allowed & 1ull << i)) {
            continue;
        }
        size_t start = out->n;
        buf_puts(out, "  ");
        if (row->letter) {
            buf_printf(out, "-%c, ", row->letter);
        }
        buf_printf(out, "--%s%s%s", row->name, row->arg ? " " : "", row->arg ? row->arg : "");
        do {
            buf_putc(out, ' ');
        } while (out->n - start < 30);
        buf_printf(out, "%s\n", row->help);
    }
}
