/* SPDX-License-Identifier: Apache-2.0
 *
 * See regex.h. The option set is what makes a pattern mean the whole value and nothing else:
 * without ENDANCHORED a pattern allows more than meant ("a|ab" would stop at "a"), without
 * DOLLAR_ENDONLY "^[a-z]+$" matches "abc\n". No JIT: it ignores the depth and heap limits.
 */
#include "policy/regex.h"

#include "formats/base/limits.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

struct regex {
    pcre2_code *code;
    pcre2_match_context *limits;
};

static const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED | PCRE2_ENDANCHORED |
                                PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;

static const uint32_t search_options =
    PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;

static pcre2_code *compile(const char *pattern, uint32_t how, int *code, size_t *offset)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context) {
        oom(0);
    }
    pcre2_set_max_pattern_length(context, LIMIT_REGEX_PATTERN);
    pcre2_set_parens_nest_limit(context, LIMIT_REGEX_PARENS);
    pcre2_code *out =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, how, code, offset, context);
    pcre2_compile_context_free(context);
    return out;
}

static struct regex *make(const char *pattern, uint32_t how, uint32_t steps, struct pos pos,
                          struct err *err)
{
    int code = 0;
    size_t offset = 0;
    pcre2_code *compiled = compile(pattern, how, &code, &offset);
    if (!compiled) {
        PCRE2_UCHAR why[160];
        pcre2_get_error_message(code, why, sizeof why);
        err_at(err, ERR_INPUT, pos, "the pattern does not compile: %s, at character %zu",
               (const char *)why, offset + 1);
        if (pattern[0] == '*') {
            err_hint(err, "a name with a leading star is a glob: write {glob: \"*.example.com\"}");
        }
        return NULL;
    }
    struct regex *r = xcalloc(1, sizeof *r);
    r->code = compiled;
    r->limits = pcre2_match_context_create(NULL);
    if (!r->limits) {
        oom(0);
    }
    pcre2_set_match_limit(r->limits, steps);
    pcre2_set_depth_limit(r->limits, LIMIT_REGEX_DEPTH);
    pcre2_set_heap_limit(r->limits, LIMIT_REGEX_HEAP_KIB);
    return r;
}

struct regex *regex_compile(const char *pattern, struct pos pos, struct err *err)
{
    return make(pattern, options, LIMIT_REGEX_MATCH, pos, err);
}

struct regex *regex_compile_search(const char *pattern, struct pos pos, struct err *err)
{
    return make(pattern, search_options, LIMIT_REGEX_PAGE, pos, err);
}

/* Static text for what pcre2_match() may answer besides a match. */
static const char *match_problem(int code)
{
    switch (code) {
    case PCRE2_ERROR_MATCHLIMIT:
        return "the pattern needs more than the allowed matching steps";
    case PCRE2_ERROR_DEPTHLIMIT:
        return "the pattern backtracks deeper than allowed";
    case PCRE2_ERROR_HEAPLIMIT:
        return "the pattern needs more memory than allowed";
    case PCRE2_ERROR_RECURSELOOP:
        return "the pattern recurses without consuming anything";
    default:
        return code <= PCRE2_ERROR_UTF8_ERR1 && code >= PCRE2_ERROR_UTF8_ERR21
                   ? "the value is not valid UTF-8"
                   : "the pattern could not be applied";
    }
}

enum regex_result regex_match(const struct regex *r, const char *text, size_t n, const char **why)
{
    if (n > LIMIT_REGEX_SUBJECT) {
        *why = "the value is longer than a pattern may be applied to";
        return REGEX_BROKEN;
    }
    /* One pair: only whether it matched is asked. */
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (!data) {
        oom(0);
    }
    const int code = pcre2_match(r->code, (PCRE2_SPTR)text, n, 0, 0, data, r->limits);
    pcre2_match_data_free(data);
    if (code >= 0) {
        return REGEX_YES;
    }
    if (code == PCRE2_ERROR_NOMATCH) {
        return REGEX_NO;
    }
    *why = match_problem(code);
    return REGEX_BROKEN;
}

/* The first group took nothing, or there is none: the whole match. */
static struct span group_of(const char *text, const size_t *at, int pairs)
{
    const size_t i = pairs > 1 && at[2] != PCRE2_UNSET ? 2 : 0;
    return (struct span){(const uint8_t *)text + at[i], at[i + 1] - at[i]};
}

enum regex_result regex_search(const struct regex *r, const char *text, size_t n,
                               struct span *group, const char **why)
{
    if (n > LIMIT_REGEX_PAGE) {
        *why = "the page is longer than a pattern may be applied to";
        return REGEX_BROKEN;
    }
    pcre2_match_data *data = pcre2_match_data_create(2, NULL);
    if (!data) {
        oom(0);
    }
    const int code = pcre2_match(r->code, (PCRE2_SPTR)text, n, 0, 0, data, r->limits);
    if (code >= 0) { /* 0: more groups than two; the first two are there */
        *group = group_of(text, pcre2_get_ovector_pointer(data), code ? code : 2);
    } else if (code != PCRE2_ERROR_NOMATCH) {
        *why = match_problem(code);
    }
    pcre2_match_data_free(data);
    return code >= 0 ? REGEX_YES : code == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_BROKEN;
}

void regex_free(struct regex *r)
{
    if (r) {
        pcre2_code_free(r->code);
        pcre2_match_context_free(r->limits);
        free(r);
    }
}
