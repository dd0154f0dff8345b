/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of import. Nobody else includes this.
 */
#ifndef BATCH_IMPORT_PARTS_H
#define BATCH_IMPORT_PARTS_H

#include "batch/import.h"
#include "batch/import_clean.h"
#include "batch/import_dates.h"
#include "batch/manifest.h"
#include "formats/cert.h"

struct import_pair {
    const char *key, *value;
};

/* What will be written of one order or revocation. Text is the arena's. */
struct import_item {
    const char *file;
    uint32_t row;     /* or line; 0 = the whole file */
    size_t row_index; /* in im->rows, or SIZE_MAX */
    const char *id;   /* asked for, or NULL; unique after import_finish_items() */
    const char *base; /* what an id is made from when none is asked for */
    bool revoke;
    bool conflict;      /* another row orders the same name: neither is taken */
    const char *action; /* NULL: by what it replaces */
    const char *common_name;
    struct strlist san; /* typed: "dns:www.example.com" */
    const char *order, *serial, *certificate;
    const char *csr;      /* path */
    const char *csr_text; /* the request itself, to be written beside the manifest */
    const char *product, *ca, *key, *validity, *outputs, *reason, *comment, *smime_type;
    const char *friendly_name; /* of the PFX */
    struct import_pair subject[24];
    size_t nsubject;
    const struct cert *cert; /* names, subject and key are taken from it */
    struct strlist notes;    /* comments */
    struct strlist mends;    /* what was changed: comments too */
    struct strlist decide;   /* what a human has to decide: comments in capitals */
};

struct import_change {
    const char *file;
    const char *ticket, *type, *requested_by;
    struct strlist approved_by, notes;
    int64_t approved_at, start, end; /* TIME_NONE */
};

/* --- import_clean.c --- */
void clean_mend(struct clean *c, const char *what);
const char *clean_refuse(struct clean *c, const char *why); /* NULL */

/* --- import.c --- */
/* A new, zeroed item at the end; valid until the next. */
struct import_item *import_add(struct import *im);
void import_item_release(struct import_item *item);
void import_error(struct import *im, const char *file, uint32_t row, uint32_t column,
                  size_t row_index, const char *fmt, ...) PRINTF(6, 7);
void import_skipped(struct import *im, const char *why);
/* One file, or every file of a folder whose name ends so ("" = every one), to `take`. */
bool import_files(struct import *im, const char *ending,
                  bool (*take)(struct import *im, const char *path, struct span bytes,
                               struct err *err),
                  struct err *err) MUST_USE;
/* The path of an input file for the manifest; NULL when it lies outside of the manifest's folder.
 */
const char *import_path(struct import *im, const char *path);
/* "CN=www.example.com, O=Example" of a request file or cell into common_name and subject. */
bool import_subject(struct clean *c, const char *text, struct import_item *item) MUST_USE;
void import_subject_add(struct import_item *item, const char *key, const char *value);

/* --- readers, by kind of profile --- */
bool import_table(struct import *im, struct err *err) MUST_USE;
bool import_hosts(struct import *im, struct err *err) MUST_USE;
bool import_pem(struct import *im, struct err *err) MUST_USE;
bool import_inf(struct import *im, struct err *err) MUST_USE;
/* A ticket by its profile; NULL: the shipped change profile that knows the most headings. */
bool import_change(struct import *im, const char *path, const struct import_profile *profile,
                   struct err *err) MUST_USE;

/* --- import_rows.c --- */
/* CSV, XLSX or JSON, by the bytes. */
bool import_rows(struct import *im, const char *path, const struct import_profile *profile,
                 struct rows *out, struct err *err) MUST_USE;
/* Which column fills which field, and which are kept as notes. */
struct import_map {
    uint32_t field[IMPORT__MAX]; /* column, 0 = none */
    struct {
        uint32_t *v;
        size_t n, cap;
    } notes;
    size_t known, columns; /* fields that have a column; columns of the heading row */
};
bool import_map(struct import *im, const char *path, const struct import_profile *profile,
                const struct rows *rows, size_t *header, struct import_map *out,
                struct err *err) MUST_USE;
void import_map_release(struct import_map *map);
/* The column of a heading in that row; 0 = none. */
uint32_t import_column(const struct rows *rows, size_t header, const char *heading);
/* JSON records as a table: its keys are the headings. */
bool import_json(struct arena *a, const char *name, struct span text, struct rows *out,
                 struct err *err) MUST_USE;

/* --- import_finish.c --- */
/* Rows that are there twice, names ordered twice, ids. */
void import_finish_items(struct import *im);
/* The lines of an item behind its id, with or without comments (import_write.c). */
void import_put_item(struct buf *b, const struct import_item *item, bool comments, struct arena *a);

#endif
