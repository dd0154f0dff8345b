/* SPDX-License-Identifier: Apache-2.0
 *
 * Schema tables: one `static const` table per mapping of a YAML file. The same table validates
 * the tree and fills a C struct, gives the defaults, prints the JSON Schema of `certbatch schema`
 * and the reference section of the man page. There is no second description of a key anywhere.
 *
 *     static const struct field change_fields[] = {
 *         {.name = "ticket", .kind = FIELD_STRING, .offset = offsetof(struct change, ticket),
 *          .pattern = "[A-Z]+[0-9]+", .help = "number of the change ticket"},
 *         ...
 *     };
 *     const struct schema change_schema = {"change", "the change this batch belongs to",
 *         change_fields, NITEMS(change_fields), sizeof(struct change),
 *         offsetof(struct change, node)};
 *
 * Target types by kind (`offset` points to it in the struct being filled):
 *   FIELD_STRING     const char *       text as written
 *   FIELD_NAME       const char *       as STRING and name_is_safe()
 *   FIELD_PATH       const char *       as STRING; relative to the file, checked by the reader
 *   FIELD_INT        int64_t            [1-9][0-9]*|0, min..max
 *   FIELD_BOOL       bool               true | false only
 *   FIELD_WORD       int                one of `words`; the stored value is words[i].value
 *   FIELD_DURATION   int64_t            seconds ("199d", "10m")
 *   FIELD_TIME       int64_t            RFC 3339 with a zone, or a date (midnight UTC)
 *   FIELD_DATE       int64_t            a date
 *   FIELD_DECIMAL    double             "0.6"
 *   FIELD_STRINGS    struct strings     sequence of scalars
 *   FIELD_OBJECT     T                  embedded struct of `sub`; with offset 0 and a `sub` whose
 *                                       offsets are those of the outer struct it is a mere group
 *                                       of keys
 *   FIELD_OBJECT_PTR T *                arena struct of `sub`; NULL when absent
 *   FIELD_OBJECTS    struct objects     sequence of `sub`
 *   FIELD_NAMED      struct objects     mapping name -> `sub`; the name goes to the struct's
 *                                       first member (const char *)
 *   FIELD_SECRET     struct secret_ref  {env:} | {file:} | {command: []}; a literal is refused
 *   FIELD_NODE       const struct ynode *  kept as it is (offset NO_OFFSET: not kept); `custom`
 *                                       (if any) validates it and gets the struct that is being
 *                                       filled; `json_schema` describes it
 *
 * Text kinds take plain and quoted scalars alike; INT, BOOL and DECIMAL only plain ones, so that
 * the JSON Schema and this reader agree. A key without a value (`key:`) is a problem everywhere.
 * A plain scalar that YAML 1.1 tools read as another type is a warning (rules->implicit) in text
 * kinds. A time without zone is reported under manifest.timezone, a literal where a secret
 * belongs under manifest.secret.inline; no message ever shows such a literal.
 * A member of type `const struct ynode *` at schema.node_offset (if not NO_OFFSET) receives the
 * mapping itself, so that rules can point at the line of a key.
 *
 * Absent optional keys get `fallback` (text of a scalar kind, parsed as if written) or stay zero;
 * int64_t kinds without fallback become TIME_NONE for TIME/DATE and 0 else.
 */
#ifndef FORMATS_BASE_SCHEMA_H
#define FORMATS_BASE_SCHEMA_H

#include "formats/base/json.h"
#include "formats/base/yaml.h"

enum field_kind {
    FIELD_STRING,
    FIELD_NAME,
    FIELD_PATH,
    FIELD_INT,
    FIELD_BOOL,
    FIELD_WORD,
    FIELD_DURATION,
    FIELD_TIME,
    FIELD_DATE,
    FIELD_DECIMAL,
    FIELD_STRINGS,
    FIELD_OBJECT,
    FIELD_OBJECT_PTR,
    FIELD_OBJECTS,
    FIELD_NAMED,
    FIELD_SECRET,
    FIELD_NODE,
    FIELD__MAX
};

enum {
    FIELD_REQUIRED = 1,
    FIELD_NONEMPTY = 2,       /* text, STRINGS, OBJECTS, NAMED */
    FIELD_SCALAR_OR_LIST = 4, /* STRINGS: one scalar too */
    FIELD_ONE_OF = 8,         /* exactly one of the keys so marked must be there */
    FIELD_NOT_BOTH = 16,      /* at most one of the keys so marked may be there */
};

struct word {
    const char *text;
    int value;
    const char *help;
};

struct strings {
    const char **v;
    const struct ynode **at; /* where each was written */
    size_t n;
};

struct objects {
    void *v; /* array of n structs of sub->size */
    size_t n;
};

/* Where a secret comes from; read by batch/secret.c when it is needed, never stored. */
enum secret_kind { SECRET_NONE, SECRET_ENV, SECRET_FILE, SECRET_COMMAND };
struct secret_ref {
    enum secret_kind kind;
    const char *name; /* of the variable or file */
    struct strings command;
    const struct ynode *at;
};

struct schema;
struct schema_ctx; /* file, rules, arena, findings: passed to custom validators */

struct field {
    const char *name;
    enum field_kind kind;
    unsigned flags;
    size_t offset;
    const struct schema *sub;
    const struct word *words; /* closed by {0} */
    /* WORD: further spellings of the same values, taken but not advertised; or NULL */
    const struct word *spellings;
    const char *rule; /* id under which a wrong value is reported; NULL = rules->schema */
    const char *fallback;
    const char *pattern; /* for JSON Schema and message; checked by `check` */
    int64_t min, max;    /* INT and DURATION; max 0 = none */
    /* extra validation of a scalar (STRINGS: of each, NAMED: of the names): true, or *why set to
     * a reason that follows the name of the key: "must be ..." */
    bool (*check)(const char *text, const char **why);
    /* FIELD_NODE; target is the struct being filled */
    void (*custom)(struct schema_ctx *ctx, const struct ynode *node, void *target);
    const char *json_schema;                           /* fragment, JSON text */
    void (*json)(struct jw *j, const struct field *f); /* or: writes members into an open object */
    const char *help;                                  /* one line; end with no full stop */
};

/* A row for text that must not be empty, named like the member it fills; more_flags or 0. */
#define FIELD_TEXT(type, member, more_flags, text)                                                 \
    {                                                                                              \
        .name = #member, .kind = FIELD_STRING, .flags = (more_flags) | FIELD_NONEMPTY,             \
        .offset = offsetof(struct type, member), .help = text                                      \
    }

#define NO_OFFSET ((size_t)-1)
struct schema {
    const char *name;
    const char *help;
    const struct field *fields;
    size_t nfields; /* at most 64 */
    size_t size;
    size_t node_offset; /* of `const struct ynode *node`, or NO_OFFSET */
};

struct schema_ctx {
    const char *file;
    const struct shape_rules *rules;
    struct arena *arena;
    struct findings *findings;
};

/* Validates `node` against `schema` and fills `target` (zeroed first). All problems are reported;
 * true when none was an error. */
bool schema_read(struct schema_ctx *ctx, const struct schema *schema, const struct ynode *node,
                 void *target) MUST_USE;
/* For custom validators: reports at a node under rules->schema. */
void schema_problem(struct schema_ctx *ctx, const struct ynode *at, const char *fmt, ...)
    PRINTF(3, 4);

/* Every secret that a filled struct refers to, with the path of its key ("auth.access_key"). */
void schema_secrets(const struct schema *schema, const void *filled,
                    void (*fn)(void *ctx, const char *path, const struct secret_ref *ref),
                    void *ctx);

/* The key of `schema` that a mistyped one was meant to be, or NULL. */
const char *schema_suggest(const struct schema *schema, const char *key) MUST_USE;
/* The word that a mistyped one was meant to be, or NULL. */
const char *word_suggest(const struct word *words, const char *text) MUST_USE;

/* JSON Schema 2020-12 of the whole file shape, additionalProperties false everywhere. */
void schema_json(struct jw *j, const struct schema *schema, const char *id);
/* Its parts, for a schema put together from several tables: "$schema" and "$id"; the members
 * type, properties, required ... of one mapping (into an open object); "$defs", which has to
 * follow at the end of the outermost object. */
void schema_json_head(struct jw *j, const char *id, const char *title, const char *help);
void schema_json_members(struct jw *j, const struct schema *const *schemas, size_t n);
void schema_json_field(struct jw *j, const struct field *f);
void schema_json_defs(struct jw *j);
/* Reference: one roff `.TP` block per key, dotted paths, nested; for the man page. */
void schema_roff(struct buf *out, const struct schema *schema);
void schema_roff_under(struct buf *out, const struct schema *schema, const char *prefix);

#endif
