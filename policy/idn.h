/* SPDX-License-Identifier: Apache-2.0
 *
 * Internationalised names, label by label: what stands behind an A-label and what IDNA 2008
 * (RFC 5890 to 5893) says about it. idn.* asks about DNS names, email.domain about mail domains.
 * Names are given as name_fact.norm. Pure functions.
 */
#ifndef POLICY_IDN_H
#define POLICY_IDN_H

#include "policy/host.h"
#include "policy/regex.h"

/* Some label is an A-label or has characters outside ASCII. Cheap: almost no name does. */
bool idn_is(const char *name) MUST_USE;
bool idn_is_ascii(const char *s, size_t n) MUST_USE;
/* "--" in the third and fourth place (RFC 5890 section 2.3.1), but no A-label. */
bool idn_is_reserved(struct text label) MUST_USE;

struct idn_label {
    struct text written;
    bool alabel;      /* begins with "xn--" */
    const char *text; /* U-label in UTF-8; NULL when there is none */
    size_t n;
};
/* The next label of *rest that is an A-label or not ASCII; too long ones are left out. */
bool idn_next(struct arena *a, struct text *rest, struct idn_label *out);

/* REGEX_YES: the label is no good and *why says so, safe to print. REGEX_BROKEN: the question could
 * not be asked. */
typedef enum regex_result idn_question(struct arena *a, const struct idn_label *label,
                                       const char **why);
idn_question idn_bad_punycode, idn_bad_nfc, idn_bad_code_point, idn_bad_context, idn_bad_combining,
    idn_bad_script;
/* The first answer that is an error anywhere (and, with reserved, that reserved labels are one);
 * for hosts that are no DNS names of the certificate. NULL when there is none. */
const char *idn_problem(struct arena *a, struct text name, bool reserved);
/* The Bidi rule counts for every label of a name that has a right-to-left one. *which gets the
 * label that breaks it. */
enum regex_result idn_bad_bidi(struct arena *a, const char *name, const char **which,
                               const char **why);

#endif
