/* SPDX-License-Identifier: Apache-2.0
 *
 * A finding is what a check says about an input: data, not an error. Every layer that looks at
 * input (strict YAML, schemas, CSR structure, policy rules) adds to one list, and nothing stops
 * at the first: one bad item never hides the findings of another.
 *
 * The list owns its strings (an arena). One list belongs to one thread; worker threads fill
 * their own and findings_move() joins them. findings_sort() puts them in reading order (file,
 * line, column, item, rule), which makes the output the same bytes for the same input.
 */
#ifndef FORMATS_BASE_FINDING_H
#define FORMATS_BASE_FINDING_H

#include "formats/base/arena.h"
#include "formats/base/buf.h"
#include "formats/base/err.h"

enum severity { SEV_DISABLED, SEV_INFO, SEV_WARNING, SEV_ERROR, SEV__MAX };
const char *severity_name(enum severity s); /* "disabled" "info" "warning" "error" */
bool severity_parse(const char *s, enum severity *out) MUST_USE;

/* A mend that is certain: replace [from, to) of the finding's file by `text` (empty = delete).
 * Lines and columns as in struct finding; `to` is the place behind the last character. */
struct edit {
    uint32_t line, column, end_line, end_column;
    const char *text;
};

struct finding {
    const char *rule; /* stable id, "key.rsa.min-bits" */
    enum severity severity;
    bool known;                    /* a baseline lists it: does not count */
    bool waived;                   /* a waiver covers it: reported, does not count */
    const char *waiver;            /* its id, or NULL */
    const char *justification;     /* why it is waived, until when, by which ticket; or NULL */
    bool firm;                     /* no comment and no baseline reaches it */
    const char *file;              /* as the user named it */
    uint32_t line, column;         /* 1-based, in characters; 0 = none */
    uint32_t end_line, end_column; /* behind what is meant; 0 = not known */
    int64_t offset;                /* byte offset in the DER, or -1 */
    const char *item;              /* item id, or NULL */
    const char *view;              /* "csr" "order" "effective", or NULL */
    const char *value;             /* escaped and capped (str_vis), or NULL */
    const char *message;           /* one sentence */
    const char *fix;               /* what to do, or NULL */
    const char *cite;              /* standard and section, or NULL */
    const struct edit *edit;       /* what --fix does, or NULL */
};

struct findings {
    struct finding *v;
    size_t n, cap;
    struct arena strings;
};
#define FINDINGS_INIT                                                                              \
    {                                                                                              \
        0                                                                                          \
    }

/* Copies every string of f; returns the stored finding (valid until the next add). */
struct finding *findings_add(struct findings *list, const struct finding *f);
/* Shape problems (YAML, schema): rule, severity, place, message. Errors are firm: what could not be
 * read was not judged, and no baseline may hide that. */
void findings_report(struct findings *list, const char *rule, enum severity severity,
                     struct pos pos, const char *fmt, ...) PRINTF(5, 6);
void findings_move(struct findings *to, struct findings *from);
void findings_sort(struct findings *list);
/* Neither waived nor known, at or above `least`. */
size_t findings_count(const struct findings *list, enum severity least) MUST_USE;
/* Has an error been added since the list had `from` entries? Waivers do not matter. */
bool findings_error_since(const struct findings *list, size_t from) MUST_USE;
size_t findings_waived(const struct findings *list) MUST_USE;
/* The message with value and item, where it does not say them itself. */
void finding_message(struct buf *out, const struct finding *f);
/* An identity that does not move when lines are added above: of rule, item and value (without a
 * value, of the message without its places), so that a service can tell an old finding from a new
 * one. 16 hexadecimal digits and NUL. */
enum { FINDING_ID = 17 };
void finding_identity(const struct finding *f, char id[FINDING_ID]);
void findings_release(struct findings *list);

#endif
