/* SPDX-License-Identifier: Apache-2.0
 *
 * `schema` and `completion`: what the tables know, for editors, the man page and shells.
 */
#include "cmd/cmd.h"

#include "batch/import_profile.h"

/* Beside that of the configuration, which depends on the kinds of CA. */
static const struct {
    const char *name, *id;
    const struct schema *schema;
} schemas[] = {
    {"manifest", "urn:certbatch:schema:manifest:1", &manifest_schema},
    {"policy", policy_schema_id, &policy_schema},
    {"import", "urn:certbatch:schema:import:1", &import_profile_schema},
};

static bool schema_of(const char *what, bool roff, struct buf *out, struct err *err)
{
    struct jw j;
    jw_begin(&j, out, JW_PRETTY);
    if (str_eq(what, "config")) {
        if (roff) {
            config_schema_roff(out);
            return true;
        }
        config_schema_json(&j);
        return jw_finish(&j, err);
    }
    for (size_t i = 0; i < NITEMS(schemas); i++) {
        if (str_eq(schemas[i].name, what)) {
            if (roff) {
                schema_roff(out, schemas[i].schema);
                return true;
            }
            schema_json(&j, schemas[i].schema, schemas[i].id);
            return jw_finish(&j, err);
        }
    }
    return err_set(err, ERR_USAGE, "usage: certbatch schema manifest|policy|config|import");
}

int cmd_schema(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "schema");
    CLEANUP(buf_release) struct buf b = BUF_INIT(4u << 20);
    struct err err = ERR_INIT;
    if (!format) {
        return EXIT_USAGE;
    }
    if (!schema_of(o->operands.v[0], str_eq(format, "roff"), &b, &err)) {
        return cmd_fail(t, &err);
    }
    term_out(t, buf_span(&b));
    return EXIT_DONE;
}

static void completion_options(struct buf *b, const struct command *c)
{
    for (size_t i = 0; i < OPT__MAX; i++) {
        if ((c->options | OPT_COMMON) & 1ull << i) {
            buf_printf(b, " --%s", option_rows[i].name);
        }
    }
}

int cmd_completion(const struct options *o, struct term *t)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    if (!str_eq(o->operands.v[0], "bash")) {
        term_err(t, "certbatch: completion knows: bash");
        return EXIT_USAGE;
    }
    buf_puts(&b, "# bash completion for certbatch\n_certbatch() {\n"
                 "  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=\n"
                 "  if [ \"$COMP_CWORD\" = 1 ]; then\n    words='");
    for (size_t i = 0; i < commands_count; i++) {
        buf_printf(&b, "%s%s", i ? " " : "", commands[i].name);
    }
    buf_puts(&b, "'\n  else\n    case $command in\n");
    for (size_t i = 0; i < commands_count; i++) {
        buf_printf(&b, "    %s) words='", commands[i].name);
        completion_options(&b, &commands[i]);
        buf_puts(&b, "' ;;\n");
    }
    buf_puts(&b, "    esac\n  fi\n"
                 "  case $word in\n"
                 "  -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
                 "  *) if [ \"$COMP_CWORD\" = 1 ]; then\n"
                 "       COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                 "     else\n       COMPREPLY=($(compgen -f -- \"$word\"))\n     fi ;;\n"
                 "  esac\n}\ncomplete -o filenames -F _certbatch certbatch\n");
    term_out(t, buf_span(&b));
    return EXIT_DONE;
}
