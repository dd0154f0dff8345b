/* SPDX-License-Identifier: Apache-2.0
 *
 * export.*: the key stores that will be written, judged by the `outputs` of an item before
 * anything is ordered.
 */
#include "policy/engine.h"

#include "formats/keystore.h"
#include "formats/preset.h"

#include <stdlib.h>
#include <string.h>

/* One entry of `outputs`: a word, a mapping from the word to options, or a server. A server counts
 * as the output it reads; where the list asks for that output itself, the server takes that one,
 * which is judged where it stands. */
struct output_view {
    const struct ynode *node, *options; /* options: NULL when there are none */
    const char *kind;
    const struct preset *server; /* or NULL */
};

static const char *word_of(const struct ynode *n)
{
    return n->kind == YAML_MAPPING && n->first ? n->first->key : n->text;
}

static bool has_own(const struct ynode *list, const char *kind)
{
    for (const struct ynode *n = list->first; n; n = n->next) {
        if (str_eq(word_of(n), kind)) {
            return true;
        }
    }
    return false;
}

static const struct preset *server_of(const struct ynode *n)
{
    const struct ynode *name = n->kind == YAML_MAPPING ? yaml_get(n, "for") : NULL;
    return name && name->kind == YAML_SCALAR ? preset_find(name->text) : NULL;
}

/* False for what is judged elsewhere or has no shape. */
static bool view_output(const struct ynode *list, const struct ynode *n, struct output_view *out)
{
    const struct preset *server = server_of(n);
    if (server) {
        *out = (struct output_view){.node = n, .kind = server->output, .server = server};
        return !has_own(list, server->output);
    }
    const bool with = n->kind == YAML_MAPPING && n->first;
    *out = (struct output_view){.node = n, .options = with ? n->first : NULL, .kind = word_of(n)};
    return out->kind != NULL;
}

static struct hit at_option(const struct rule_run *run, const struct output_view *o,
                            const char *key)
{
    const struct ynode *option = o->options ? yaml_get(o->options, key) : NULL;
    return (struct hit){.pos = yaml_pos(rule_facts(run)->s->file, option ? option : o->node),
                        .value = option && option->kind == YAML_SCALAR ? option->text
                                 : o->server                           ? o->server->name
                                                                       : o->kind};
}

static const struct pfx_profile *profile_of(const struct output_view *o)
{
    const char *written = o->options ? text_below(o->options, "profile") : NULL;
    const char *name = written ? written : o->server ? o->server->profile : NULL;
    return str_eq(o->kind, "pfx") ? pfx_profile_find(name ? name : "modern") : NULL;
}

/* --- readers --- */

/* What the readers of a store cannot load. Java knows EdDSA keys from version 15 on (JEP 339);
 * Windows and the macOS keychain know none. */
enum { JAVA_EDDSA = 15 };
static const struct {
    const char *kind, *profile; /* profile NULL = any */
    bool java;
    const char *reader;
} no_eddsa[] = {{"jks", NULL, true, "Java"},
                {"pfx", "java-8", true, "Java"},
                {"pfx", "windows-2016", false, "Windows"},
                {"pfx", "windows-2019", false, "Windows"},
                {"pfx", "macos", false, "macOS"}};

static const char *cannot_read(const struct rule_run *run, const struct output_view *o)
{
    const struct pfx_profile *profile = profile_of(o);
    const bool new_java = rule_int(run, 0) >= JAVA_EDDSA;
    if (o->server && o->server->java && !new_java) {
        return "Java";
    }
    for (size_t i = 0; i < NITEMS(no_eddsa); i++) {
        if (str_eq(no_eddsa[i].kind, o->kind) && !(no_eddsa[i].java && new_java) &&
            (!no_eddsa[i].profile || (profile && str_eq(no_eddsa[i].profile, profile->name)))) {
            return no_eddsa[i].reader;
        }
    }
    return NULL;
}

static void check_format(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct ynode *list = rule_field(run, "outputs");
    const bool eddsa = str_eq(f->key_token, "ed25519") || str_eq(f->key_token, "ed448");
    const bool no_key = f->s->csr_file && !f->s->key_file;
    struct output_view o;
    for (const struct ynode *n = list ? list->first : NULL; n; n = n->next) {
        if (!view_output(list, n, &o) || str_eq(o.kind, "pem")) {
            continue;
        }
        const char *reader = eddsa ? cannot_read(run, &o) : NULL;
        if (no_key && !o.server) {
            rule_hit(
                run, at_option(run, &o, ""),
                "a key store needs the private key, which stays with the owner of the request");
        } else if (reader && !no_key) {
            rule_hit(run, at_option(run, &o, "profile"), "%s cannot read an %s key from the store",
                     reader, f->key_token);
        }
    }
}

/* A server gets what there is: with a CSR that is the certificates. */
static void check_server(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct ynode *list = rule_field(run, "outputs");
    const bool no_key = f->s->csr_file && !f->s->key_file;
    for (const struct ynode *n = list ? list->first : NULL; no_key && n; n = n->next) {
        const struct preset *server = server_of(n);
        if (server) {
            const struct output_view o = {.node = n, .kind = server->output, .server = server};
            rule_hit(run, at_option(run, &o, ""),
                     "only certificates are delivered for %s: the key stays with the owner of the "
                     "request",
                     server->name);
        }
    }
}

/* --- JKS --- */

enum { ALIAS_MAX = 64 };

static const char *alias_problem(const char *alias)
{
    if (!alias[strspn(alias, " ")]) {
        return "is empty";
    }
    for (const char *c = alias; *c; c++) {
        if (*c < ' ' || *c > '~') {
            return "has a character that is not printable ASCII";
        }
    }
    return strlen(alias) > ALIAS_MAX ? "is longer than 64 characters" : NULL;
}

static void check_alias(struct rule_run *run)
{
    const struct ynode *list = rule_field(run, "outputs");
    struct output_view o;
    for (const struct ynode *n = list ? list->first : NULL; n; n = n->next) {
        const struct ynode *alias = view_output(list, n, &o) && str_eq(o.kind, "jks") && o.options
                                        ? yaml_get(o.options, "alias")
                                        : NULL;
        const char *why = alias && alias->kind == YAML_SCALAR ? alias_problem(alias->text) : NULL;
        if (why) {
            rule_hit(run, at_option(run, &o, "alias"), "the alias %s", why);
        }
    }
}

static void check_legacy(struct rule_run *run)
{
    const struct ynode *list = rule_field(run, "outputs");
    struct output_view o;
    for (const struct ynode *n = list ? list->first : NULL; n; n = n->next) {
        if (view_output(list, n, &o) && str_eq(o.kind, "jks")) {
            rule_hit(run, at_option(run, &o, ""), "the key store is a JKS");
        }
    }
}

/* --- PFX --- */

static void check_encryption(struct rule_run *run)
{
    const struct ynode *list = rule_field(run, "outputs");
    struct output_view o;
    for (const struct ynode *n = list ? list->first : NULL; n; n = n->next) {
        const struct pfx_profile *p = view_output(list, n, &o) ? profile_of(&o) : NULL;
        const char *written = p && o.options ? text_below(o.options, "iterations") : NULL;
        uint64_t rounds = p ? p->iterations : 0;
        if (!p || (written && !str_u64(written, &rounds))) {
            continue;
        }
        if (p->weak) {
            rule_hit(run, at_option(run, &o, "profile"),
                     "the profile %s encrypts with 3DES and has a SHA-1 MAC", p->name);
        }
        if (rounds < (uint64_t)rule_int(run, 0)) {
            rule_hit(run, at_option(run, &o, "iterations"),
                     "%llu iterations are fewer than the %lld asked for",
                     (unsigned long long)rounds, (long long)rule_int(run, 0));
        }
    }
}

/* --- passwords --- */

struct use {
    const char *secret; /* where it comes from */
    const struct batch_member *m;
    size_t nth;
};

static int compare_uses(const void *a, const void *b)
{
    const struct use *x = a;
    const struct use *y = b;
    const int by_secret = strcmp(x->secret, y->secret);
    return by_secret ? by_secret : (x->nth > y->nth) - (x->nth < y->nth);
}

/* "env:NAME", "file:PATH", "command:PROGRAM ARGUMENT": equal for equal sources. */
static const char *source_of(struct rule_run *run, const struct ynode *ref)
{
    enum { SOURCE_MAX = 1 << 16 };
    const struct ynode *from = ref && ref->kind == YAML_MAPPING ? ref->first : NULL;
    CLEANUP(buf_release) struct buf text = BUF_INIT(SOURCE_MAX);
    if (!from) {
        return NULL;
    }
    buf_printf(&text, "%s:%s", from->key, from->kind == YAML_SCALAR ? from->text : "");
    for (const struct ynode *word = from->kind == YAML_SEQUENCE ? from->first : NULL; word;
         word = word->next) {
        buf_printf(&text, "%s ", word->text ? word->text : "");
    }
    return buf_failed(&text) ? NULL : arena_strdup(rule_arena(run), buf_text(&text));
}

static const struct ynode *outputs_of(const struct rule_run *run, const struct batch_member *m)
{
    const struct ynode *own = yaml_get(m->node, "outputs");
    return own ? own : field_below(rule_root(run), "defaults.outputs");
}

static size_t collect(struct rule_run *run, struct use *uses)
{
    size_t n, count = 0;
    const struct batch_member *m = rule_members(run, &n);
    for (size_t i = 0; i < n; i++) {
        const struct ynode *list = m[i].kind == SUBJECT_ORDER ? outputs_of(run, &m[i]) : NULL;
        struct output_view o;
        for (const struct ynode *c = list ? list->first : NULL; c; c = c->next) {
            const struct ynode *ref =
                view_output(list, c, &o) && o.options ? yaml_get(o.options, "password") : NULL;
            const char *secret = source_of(run, ref);
            if (secret && uses) {
                uses[count] = (struct use){secret, &m[i], count};
            }
            count += secret != NULL;
        }
    }
    return count;
}

static void check_shared(struct rule_run *run)
{
    const size_t n = collect(run, NULL);
    struct use *uses = arena_array(rule_arena(run), n + 1, sizeof *uses);
    (void)collect(run, uses);
    if (n) {
        qsort(uses, n, sizeof *uses, compare_uses);
    }
    for (size_t first = 0, next; first < n; first = next) {
        for (next = first + 1; next < n && str_eq(uses[next].secret, uses[first].secret);) {
            next++;
        }
        const size_t most = (size_t)rule_int(run, 0);
        if (next - first > most) {
            rule_hit_member(run, uses[first + most].m, "outputs", uses[first].secret,
                            "one password protects %zu key stores, first that of %s", next - first,
                            uses[first].m->id);
        }
    }
}

/* clang-format off */
static const struct param format_params[] = {
    {.name = "java", .kind = PARAM_INT, .fallback = "8", .min = 8, .max = 99,
     .help = "oldest version of Java that will read the stores"},
};
static const struct param encryption_params[] = {
    {.name = "min-iterations", .kind = PARAM_INT, .fallback = "2048", .min = 1, .max = 300000,
     .help = "of the key derivation"},
};
static const struct param shared_params[] = {
    {.name = "n", .kind = PARAM_INT, .fallback = "1", .min = 1, .max = 50000,
     .help = "key stores that may have the same password"},
};
#define OUTPUTS(list) "{common_name: www.example.com, outputs: [" list "]}"
#define ORDER .scope = SCOPE_ALL, .needs = NEEDS_ORDER
/* clang-format on */

/* clang-format off */
const struct rule rules_export[] = {
    {.id = "export.format", .severity = SEV_ERROR, ORDER,
     .title = "key store that cannot be made or read",
     .why = "The certificate is paid for before anybody notices that the server cannot load it. "
            "A store needs the private key, and not every reader knows every kind of key.",
     .fix = "choose another output or another key; with a CSR name key_file or order pem only",
     .cite = "JEP 339", .check = check_format, RULE_PARAMS(format_params),
     .bad = "{common_name: www.example.com, key: ed25519, outputs: [jks]}",
     .good = "{common_name: www.example.com, key: ec-p256, outputs: [jks]}"},
    {.id = "export.jks.alias", .severity = SEV_ERROR, ORDER,
     .title = "alias that keytool cannot name",
     .why = "An alias that cannot be typed or is changed on the way leaves the entry unreachable.",
     .fix = "use up to 64 lower-case ASCII letters, digits and hyphens",
     .cite = "certbatch", .check = check_alias,
     .bad = OUTPUTS("{jks: {alias: m\u00fcnchen}}"), .good = OUTPUTS("{jks: {alias: muenchen}}")},
    {.id = "export.jks.legacy", .severity = SEV_WARNING, ORDER,
     .title = "JKS key store",
     .why = "The format protects keys by a home-made cipher and SHA-1; Java has preferred PKCS#12 "
            "since version 9 and reads it since version 1.4.",
     .fix = "order a pfx, which Java opens as a key store too",
     .cite = "JEP 229", .check = check_legacy,
     .bad = OUTPUTS("pem, jks"), .good = OUTPUTS("pem, pfx")},
    {.id = "export.pfx.encryption", .severity = SEV_WARNING, ORDER,
     .title = "PFX with old encryption",
     .why = "3DES, SHA-1 or a handful of iterations give the key to whoever copies the file and "
            "guesses the password.",
     .fix = "use the profile modern unless the reader is older than it",
     .cite = "RFC 7292, RFC 9579", .check = check_encryption, RULE_PARAMS(encryption_params),
     .bad = OUTPUTS("{pfx: {profile: windows-2016}}"),
     .good = OUTPUTS("{pfx: {profile: windows-2019}}")},
    {.id = "export.server.certificates", .severity = SEV_INFO, ORDER,
     .title = "server without its key",
     .why = "With a CSR the private key is not here: the folder of the server has certificates and "
            "a snippet that says how they join the key, but nothing that loads by itself.",
     .fix = "nothing, when the server made the request; else name key_file or let a key be made",
     .cite = "certbatch", .check = check_server,
     .bad = "{csr: good.pem, outputs: [{for: nginx}]}",
     .good = "{csr: good.pem, key_file: good.key, outputs: [{for: nginx}]}"},
    {.id = "export.password.shared", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_BATCH,
     .title = "one password for several key stores",
     .why = "Who may open one store can open all of them.",
     .fix = "leave the password out: each item gets one of its own",
     .cite = "certbatch", .check = check_shared, RULE_PARAMS(shared_params),
     .bad = "batch:defaults: {outputs: [{pfx: {password: {env: PFX_PASSWORD}}}]}\n"
            "orders: [{id: a, common_name: a.example.com}, {id: b, common_name: b.example.com}]",
     .good = "batch:orders: [{id: a, common_name: a.example.com, outputs: [{pfx: {password: {env: "
             "A}}}]}, {id: b, common_name: b.example.com, outputs: [{pfx: {password: {env: B}}}]}]"},
    {0}};
/* clang-format on */
