/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict YAML to a tree of nodes with positions. The only user of libyaml is yaml.c.
 *
 * Accepted: one UTF-8 document of mappings, sequences and scalars. Refused, each with its line
 * and column: anchors, aliases, merge keys, tags, duplicate keys, a second document, tabs, NUL
 * and other control characters, bidi controls, more than LIMIT_YAML_* bytes, depth, nodes or
 * scalar length (libyaml 0.2.5 itself limits none of these). libyaml columns count characters
 * from 0; ours count from 1. A BOM is skipped.
 *
 * A scalar is text: nothing here knows booleans or numbers. The schema (schema.h) decides types,
 * so a country NO stays Norway and a product code 0842 keeps its zero. `plain` tells an unquoted
 * scalar, for the advice to quote what YAML 1.1 tools would read as another type.
 *
 * The tree lives in the arena given; text is NUL terminated and never contains a NUL.
 */
#ifndef FORMATS_BASE_YAML_H
#define FORMATS_BASE_YAML_H

#include "formats/base/arena.h"
#include "formats/base/buf.h"
#include "formats/base/finding.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct ynode {
    struct ynode *next;  /* next sibling */
    struct ynode *first; /* first child of a sequence or mapping, in file order */
    const char *key;     /* when the parent is a mapping */
    const char *text;    /* of a scalar */
    uint32_t line, column;
    uint32_t end_line, end_column; /* behind its last character; of a block mapping or sequence
                                      where the next token begins */
    uint32_t key_line, key_column;
    uint32_t count;     /* children */
    uint16_t key_width; /* columns of the key as written; 0 = not on one line, or longer */
    uint8_t kind;       /* enum yaml_kind */
    bool plain;
};

/* The rule ids under which problems of a kind of file are reported. */
struct shape_rules {
    const char *strict;   /* "manifest.yaml.strict": not the YAML we read */
    const char *schema;   /* "manifest.schema": unknown key, wrong type, missing key */
    const char *implicit; /* "manifest.yaml.implicit": plain scalar that looks like another type */
};
extern const struct shape_rules shape_manifest, shape_policy, shape_config;

/* Rule ids that any kind of file can break. */
extern const char rule_secret_inline[]; /* "manifest.secret.inline" */
extern const char rule_timezone[];      /* "manifest.timezone" */

/* Parses text. Problems go to `findings` (severity error); *root is NULL when there is no usable
 * tree. An empty document is a problem. True when a tree came out without an error; with false
 * and a tree (duplicate keys, tags, anchors) a reader goes on, to report all problems in one
 * pass. */
bool yaml_parse(const char *file, struct span text, const struct shape_rules *rules,
                struct arena *arena, struct findings *findings, struct ynode **root) MUST_USE;

/* The value of `key` in a mapping, or NULL. node may be NULL. */
const struct ynode *yaml_get(const struct ynode *node, const char *key);
/* Of the value. The end of a mapping or sequence is given when it lies on the line of its
 * beginning: that of a block one is where the next token begins, which says nothing. */
struct pos yaml_pos(const char *file, const struct ynode *node);
struct pos yaml_key_pos(const char *file, const struct ynode *node); /* of its key */
/* What yaml_parse() does first: only characters that every editor shows and counts alike. */
bool yaml_check_text(const char *file, struct span text, const struct shape_rules *rules,
                     struct findings *findings) MUST_USE;
const char *yaml_char_refused(uint32_t code_point) MUST_USE; /* what is wrong with it, or NULL */
/* Text as a double-quoted scalar on one line, which yaml_parse() and every other YAML tool read as
 * that very text; malformed bytes and what yaml_char_refused() refuses become U+FFFD. */
void yaml_put_text(struct buf *out, const char *text);
/* Would a YAML 1.1 tool read this plain scalar as something else than a string? */
bool yaml_looks_typed(const char *text) MUST_USE;

#endif
