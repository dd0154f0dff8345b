/* SPDX-License-Identifier: Apache-2.0
 *
 * Revocation. Web enrolment has no page for it; certutil does it, in the hands of somebody with the
 * right "Issue and Manage Certificates". Either people get a script (mode script), or a command of
 * the user runs certutil where it can be run, say through ssh (mode command). Neither makes a
 * certificate revoked for us: only the CRL of the CA does (adcs_crl.c). Until then it is pending.
 *
 * To revoke the same serial number with the same reason twice changes nothing at the CA, so a
 * command that was cut short may be run again.
 */
#include "batch/ca/adcs.h"

#include "batch/config.h"
#include "formats/base/str.h"
#include "formats/crl.h"

#include <string.h>

enum { OUTPUT_SHOWN = 300, LINE_MAX_TEXT = 4096 };

/* What certutil takes as reason; 8 lifts a hold, which certutil calls -1 (its usage text). */
static const char *reason_text(struct arena *a, int reason)
{
    return reason == REASON_NONE              ? "0"
           : reason == REASON_REMOVE_FROM_CRL ? "-1"
                                              : arena_printf(a, "%d", reason);
}

static bool is_hex(const char *text)
{
    const size_t n = text ? strlen(text) : 0;
    return n && n <= 64 && strspn(text, "0123456789ABCDEFabcdef") == n;
}

/* Microsoft wants an even number of digits (ICertAdmin::RevokeCertificate). */
static const char *serial_text(struct arena *a, const char *serial)
{
    return arena_printf(a, "%s%s", strlen(serial) % 2 ? "0" : "", serial);
}

/* One argument with its marks filled in. */
static const char *fill(struct arena *a, const char *text, const char *config, const char *serial,
                        const char *reason)
{
    const struct {
        const char *mark, *value;
    } marks[] = {{"{config}", config}, {"{serial}", serial}, {"{reason}", reason}};
    CLEANUP(buf_release) struct buf b = BUF_INIT(LINE_MAX_TEXT);
    while (*text) {
        size_t i = 0;
        while (i < NITEMS(marks) && !str_starts(text, marks[i].mark)) {
            i++;
        }
        if (i < NITEMS(marks)) {
            buf_puts(&b, marks[i].value ? marks[i].value : "");
            text += strlen(marks[i].mark);
        } else {
            buf_putc(&b, *text++);
        }
    }
    return buf_failed(&b) ? NULL : arena_strdup(a, buf_text(&b));
}

static bool make_command(const struct adcs_config *own, const char *serial, const char *reason,
                         struct ca_request *out, struct err *err)
{
    const char **argv = arena_array(out->arena, own->command.n + 1, sizeof *argv);
    for (size_t i = 0; i < own->command.n; i++) {
        argv[i] = fill(out->arena, own->command.v[i], own->ca_config, serial, reason);
        if (!argv[i]) {
            return err_set(err, ERR_INPUT, "an argument of revocation.command is too long");
        }
    }
    out->way = WAY_COMMAND;
    out->argv = argv;
    return true;
}

bool adcs_ask_revoke(struct ca *ca, const struct ca_call *call, struct ca_request *out,
                     struct err *err)
{
    const struct adcs_config *own = ca->config->own;
    out->call = call;
    if (own->revocation_mode == ADCS_NOBODY) {
        return err_set(err, ERR_INPUT, "revocation.mode of the CA is none");
    }
    if (!is_hex(call->revoke->serial)) {
        return err_set(err, ERR_INPUT,
                       "certutil needs the serial number: name the certificate by "
                       "`serial:` or `certificate:`");
    }
    const char *serial = serial_text(out->arena, call->revoke->serial);
    const char *reason = reason_text(out->arena, call->revoke->reason);
    out->method = own->revocation_mode == ADCS_SCRIPT ? "OFFICER" : "COMMAND";
    out->url = arena_printf(out->arena, "certutil -config \"%s\" -revoke %s %s",
                            own->ca_config ? own->ca_config : "", serial, reason);
    out->way = WAY_PEOPLE;
    if (own->revocation_mode == ADCS_COMMAND && !make_command(own, serial, reason, out, err)) {
        return false;
    }
    request_digest(out);
    return true;
}

/* --- what the command said --- */
static const char *end_of(struct arena *a, const struct buf *said)
{
    size_t n = said->n;
    const char *text = buf_text(said);
    while (n && strchr(" \t\r\n", text[n - 1])) {
        n--;
    }
    const size_t skip = n > OUTPUT_SHOWN ? n - OUTPUT_SHOWN : 0;
    return arena_strndup(a, text + skip, n - skip);
}

/* "... command FAILED: 0x80070005 (WIN32: 5 ERROR_ACCESS_DENIED)" */
static const struct adcs_code *code_in(const char *text)
{
    uint8_t b[4];
    for (const char *p = strstr(text, "0x"); p; p = strstr(p + 2, "0x")) {
        if (strlen(p) >= 10 && hex_decode(p + 2, 8, b)) {
            const struct adcs_code *code = adcs_code_find(
                (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
            if (code) {
                return code;
            }
        }
    }
    return NULL;
}

static void hear_command(const struct ca_reply *reply, struct ca_result *out)
{
    const char *said = end_of(out->arena, &reply->body);
    if (strstr(buf_text(&reply->body), "command FAILED")) {
        const struct adcs_code *code = code_in(said);
        out->outcome = OUTCOME_REFUSED;
        out->code = code ? code->name : NULL;
        out->message = code ? arena_printf(out->arena, "certutil: %s: %s", code->advice, said)
                            : arena_printf(out->arena, "certutil: %s", said);
    } else if (reply->failed) {
        out->outcome = OUTCOME_UNKNOWN; /* it may have got through before it failed */
        out->message = arena_printf(out->arena, "the revocation command failed: %s", said);
    } else {
        out->outcome = OUTCOME_ACCEPTED;
        out->pending = true;
        out->message = "the command ran; it counts when the CRL of the CA shows it";
    }
}

void adcs_hear_revoke(const struct adcs_config *config, const struct ca_reply *reply,
                      struct ca_result *out)
{
    out->outcome = reply->transport;
    out->message = reply->transport_message;
    out->again_seconds = config->enroll.back_off_seconds;
    if (reply->transport != OUTCOME_ACCEPTED) {
        return;
    }
    if (config->revocation_mode == ADCS_SCRIPT) {
        out->pending = true;
        out->message = "an officer of the CA runs the script in revoke/ of the state directory; it "
                       "counts when the CRL of the CA shows it";
    } else {
        hear_command(reply, out);
    }
}

/* --- the script --- */
/* Into a comment or a quoted text of a script: what could end it, or mean something to cmd.exe or
 * PowerShell, becomes a blank. */
static void put_tame(struct buf *b, const char *text)
{
    for (size_t n = 0; text && *text && n < OUTPUT_SHOWN; text++, n++) {
        const unsigned char c = (unsigned char)*text;
        buf_putc(b, c < ' ' || c >= 0x7f || strchr("\"'`%!^&|<>()$;{}", c) ? ' ' : (char)c);
    }
}

struct script {
    const char *suffix, *head, *comment, *config, *call, *check, *end;
};
static const struct script scripts[] = {
    {".cmd",
     "@echo off\r\nrem Run on Windows, as somebody with the right \"Issue and Manage "
     "Certificates\".\r\nset failed=0\r\n",
     "rem ", "-config \"", "certutil ", "if errorlevel 1 set failed=1\r\n",
     "if %failed%==1 echo SOME REVOCATIONS FAILED: see above\r\nexit /b %failed%\r\n"},
    {".ps1",
     "# Run on Windows, as somebody with the right \"Issue and Manage Certificates\".\r\n"
     "$failed = 0\r\n",
     "# ", "-config '", "certutil ", "if ($LASTEXITCODE -ne 0) { $failed = 1 }\r\n",
     "if ($failed) { Write-Warning 'SOME REVOCATIONS FAILED: see above' }\r\nexit $failed\r\n"},
};

static void put_call(struct buf *b, const struct script *s, const struct adcs_config *own)
{
    buf_puts(b, s->call);
    if (own->ca_config) {
        buf_puts(b, s->config);
        buf_puts(b, own->ca_config); /* check_revocation(): nothing in it ends a quotation */
        buf_puts(b, strchr(s->config, '"') ? "\" " : "' ");
    }
}

static void put_script(struct buf *b, const struct script *s, const struct adcs_config *own,
                       const struct ca_by_hand *v, size_t n)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    buf_puts(b, s->head);
    for (size_t i = 0; i < n; i++) {
        buf_printf(b, "\r\n%s%s, %s", s->comment, v[i].item, revocation_reason_name(v[i].reason));
        if (v[i].ticket) {
            buf_puts(b, ", ");
            put_tame(b, v[i].ticket);
        }
        if (v[i].comment) {
            buf_puts(b, ": ");
            put_tame(b, v[i].comment);
        }
        buf_puts(b, "\r\n");
        put_call(b, s, own);
        buf_printf(b, "-revoke %s %s\r\n%s", serial_text(&a, v[i].serial),
                   reason_text(&a, v[i].reason), s->check);
    }
    buf_printf(b, "\r\n%spublish the CRL: before that nobody learns of it\r\n", s->comment);
    put_call(b, s, own);
    buf_printf(b, "-CRL\r\n%s%s", s->check, s->end);
}

const char *adcs_by_hand(const struct ca_config *config, const struct ca_by_hand *v, size_t n,
                         size_t i, struct buf *text)
{
    static const char *const names[] = {".cmd", ".ps1"};
    const struct adcs_config *own = config->own;
    if (own->revocation_mode != ADCS_SCRIPT || i >= NITEMS(scripts)) {
        return NULL;
    }
    put_script(text, &scripts[i], own, v, n);
    return names[i];
}
