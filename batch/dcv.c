/* SPDX-License-Identifier: Apache-2.0
 *
 * See dcv.h.
 */
#include "batch/dcv.h"

#include "batch/config.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <string.h>

enum {
    NAME_MAX_TEXT = 253,  /* RFC 1035, 2.3.4 without the dot at the end */
    VALUE_MAX_TEXT = 255, /* one character-string, RFC 1035, 3.3 */
    OUTPUT_MAX = 4096,
    OUTPUT_SHOWN = 200,
    GRACE_MS = 2000
};
#define MARK        "{0}"
#define HTTP        "http://"
#define VALUE_MARKS "-._=+/:,@"

static const struct kind {
    const char *word, *name;
    const char *path; /* of a file, before its name */
} kinds[] = {
    [DCV_KIND_TXT] = {"dns-01", "TXT record", NULL},
    [DCV_KIND_CNAME] = {"dns-cname", "CNAME record", NULL},
    [DCV_KIND_HTTP_01] = {"http-01", "file", "/.well-known/acme-challenge/"},
    [DCV_KIND_FILE] = {"http-file", "file", "/.well-known/pki-validation/"},
};
_Static_assert(NITEMS(kinds) == DCV_KIND__MAX, "a row for every kind");

const char *dcv_kind_word(enum dcv_kind kind)
{
    return kinds[kind].word;
}

const char *dcv_kind_name(enum dcv_kind kind)
{
    return kinds[kind].name;
}

bool dcv_settings(const struct ca_config *config, struct ca_dcv *out)
{
    *out = (struct ca_dcv){0};
    return config && config->type && (config->type->caps & CA_DCV) && config->type->dcv &&
           config->type->dcv(config, out);
}

const char *dcv_base(struct arena *a, const char *domain)
{
    char *base = str_lower(a, str_starts(domain, "*.") ? domain + 2 : domain);
    size_t n = strlen(base);
    if (n && base[n - 1] == '.') {
        base[n - 1] = '\0';
    }
    return base;
}

/* --- what is published --- */
static bool made_of(const char *s, const char *marks, size_t most)
{
    size_t n = 0;
    for (; s[n]; n++) {
        char c = ascii_lower(s[n]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !strchr(marks, c)) {
            return false;
        }
    }
    return n > 0 && n <= most;
}

static bool is_option(const char *s)
{
    return *s == '-'; /* to a program that gets it */
}

/* The digest of RFC 8555, 8.4: whatever base64url makes of it. */
static bool is_digest(const char *value)
{
    return strlen(value) == 43 && made_of(value, "-_", VALUE_MAX_TEXT);
}

/* RFC 8555, 8.3. The token goes into a path of a file system and has no dot and no slash. */
static bool is_http_01(const char *file, const char *value)
{
    return made_of(file, "-_", VALUE_MAX_TEXT) && str_starts(value, file) &&
           value[strlen(file)] == '.' && made_of(value, "-_.", 2 * VALUE_MAX_TEXT);
}

/* BR 3.2.2.4.18: a file with an ordinary name, which leads nowhere else and is not hidden. */
static bool is_plain_file(const char *file, const char *value)
{
    return made_of(file, "-_.", VALUE_MAX_TEXT) && *file != '.' && !is_option(file) &&
           made_of(value, VALUE_MARKS, VALUE_MAX_TEXT) && !is_option(value);
}

/* The kind of file that an address names for this domain; DCV_KIND__MAX: none. */
static enum dcv_kind file_kind(const char *base, const char *name, const char *value)
{
    const char *at = name + strlen(HTTP);
    const char *file = strrchr(name, '/') + 1;
    const size_t n = strlen(base);
    if (!made_of(base, "-._", NAME_MAX_TEXT) || is_option(base) || strncmp(at, base, n) != 0) {
        return DCV_KIND__MAX;
    }
    for (int k = 0; k < DCV_KIND__MAX; k++) {
        const char *path = kinds[k].path;
        if (path && str_starts(at + n, path) && at + n + strlen(path) == file) {
            const bool fits =
                k == DCV_KIND_HTTP_01 ? is_http_01(file, value) : is_plain_file(file, value);
            return fits ? (enum dcv_kind)k : DCV_KIND__MAX;
        }
    }
    return DCV_KIND__MAX;
}

static bool make_file(struct arena *a, const char *base, const struct dcv_told *told,
                      struct dcv_record *out, struct err *err)
{
    out->name = arena_strdup(a, told->name);
    out->value = arena_strdup(a, told->value);
    out->kind = file_kind(base, told->name, told->value);
    return out->kind != DCV_KIND__MAX ||
           err_set(err, ERR_CA, "the CA wants a file that is not published: %s",
                   str_vis_dup(a, told->name, strlen(told->name)));
}

static bool is_target(const char *value)
{
    return made_of(value, "-._", NAME_MAX_TEXT) && !is_option(value);
}

static bool is_text(const char *value)
{
    return made_of(value, VALUE_MARKS, VALUE_MAX_TEXT) && (!is_option(value) || is_digest(value));
}

bool dcv_record_make(struct arena *a, const char *record_template, const char *domain,
                     const struct dcv_told *told, struct dcv_record *out, struct err *err)
{
    const char *mark = strstr(record_template, MARK);
    const char *base = dcv_base(a, domain), *what = kinds[told->kind].name;
    *out = (struct dcv_record){.kind = told->kind, .domain = arena_strdup(a, domain)};
    if (told->name && str_starts(told->name, HTTP)) {
        return make_file(a, base, told, out, err);
    }
    out->name = told->name ? dcv_base(a, told->name)
                : mark ? arena_printf(a, "%.*s%s%s", (int)(mark - record_template), record_template,
                                      base, mark + strlen(MARK))
                       : record_template;
    out->value = arena_strdup(a, told->value);
    if (!made_of(base, "-._", NAME_MAX_TEXT) || !made_of(out->name, "-._", NAME_MAX_TEXT) ||
        is_option(base) || is_option(out->name)) {
        return err_set(err, ERR_CA, "no %s can have the name %s", what,
                       str_vis_dup(a, out->name, strlen(out->name)));
    }
    if (told->kind == DCV_KIND_CNAME ? !is_target(told->value) : !is_text(told->value)) {
        return err_set(err, ERR_CA, "the CA wants a %s that is not published: %s", what,
                       str_vis_dup(a, told->value, strlen(told->value)));
    }
    return true;
}

/* --- the hook --- */
static void make_environment(struct environment *e, struct arena *a, const struct dcv_hook *h)
{
    const struct kind *kind = &kinds[h->record->kind];
    const char *path = kind->path ? strchr(h->record->name + strlen(HTTP), '/') : NULL;
    const struct {
        const char *name, *value;
    } rows[] = {
        {"CERTBATCH_DCV_ACTION", h->action},
        {"CERTBATCH_DCV_TYPE", kind->word},
        {"CERTBATCH_DCV_DOMAIN", h->record->domain},
        {"CERTBATCH_DCV_RECORD_NAME", h->record->name},
        {"CERTBATCH_DCV_RECORD_VALUE", h->record->value},
        {"CERTBATCH_DCV_ORDER", h->order},
        {"CERTBATCH_DCV_ITEM", h->item},
        {"CERTBATCH_DCV_CA", h->ca},
        {"CERTBATCH_DCV_BATCH", h->batch},
    };
    environment_copy(e, a, h->environment);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        environment_add(e, a, rows[i].name, rows[i].value);
    }
    if (path) {
        environment_add(e, a, "CERTBATCH_DCV_PATH", path);
    }
    if (h->record->kind == DCV_KIND_HTTP_01) {
        environment_add(e, a, "CERTBATCH_DCV_TOKEN", strrchr(path, '/') + 1);
        environment_add(e, a, "CERTBATCH_DCV_KEY_AUTHORIZATION", h->record->value);
    }
}

static const char **make_argv(struct arena *a, const struct dcv_hook *h)
{
    const struct strings *hook = h->settings->hook;
    const char **argv = arena_array(a, hook->n + 4, sizeof *argv);
    memcpy(argv, hook->v, hook->n * sizeof *argv);
    argv[hook->n] = h->action;
    argv[hook->n + 1] = h->record->name;
    argv[hook->n + 2] = h->record->value;
    return argv;
}

/* The end of what it said is where programs say what is wrong. */
static void add_output(struct err *err, struct arena *a, const struct buf *out)
{
    size_t n = out->n;
    while (n && (out->p[n - 1] == '\n' || out->p[n - 1] == '\r' || out->p[n - 1] == ' ')) {
        n--;
    }
    size_t skip = n > OUTPUT_SHOWN ? n - OUTPUT_SHOWN : 0;
    if (n) {
        struct err whole = *err;
        err_set(err, whole.code, "%.400s: %s", whole.msg, str_vis_dup(a, out->p + skip, n - skip));
    }
}

void dcv_hook_run(void *job, unsigned worker UNUSED)
{
    struct dcv_hook *h = job;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(OUTPUT_MAX);
    struct environment e;
    make_environment(&e, &a, h);
    const struct process p = {.what = "dcv hook",
                              .argv = make_argv(&a, h),
                              .dir = h->dir,
                              .env = e.v,
                              .limit_ms = h->limit_ms,
                              .grace_ms = GRACE_MS,
                              .cancel = &h->cancel,
                              .out = &out,
                              .errors = true};
    err_clear(&h->err);
    h->ok = process_run(&p, &h->err) == PROCESS_OK;
    if (!h->ok) {
        add_output(&h->err, &a, &out);
    }
}

/* --- the journal --- */
bool dcv_is_record(const char *ev)
{
    return str_eq(ev, DCV_PRESENT) || str_eq(ev, DCV_CLEANUP);
}

static struct dcv_record *find(const struct item_record *item, const struct record *r)
{
    struct dcv_record *d = item->dcv;
    while (d && !(str_eq(d->name, r->record_name) && str_eq(d->value, r->record_value))) {
        d = d->next;
    }
    return d;
}

/* Older journals say no kind: there were TXT records and files of http-01. */
static bool kind_of(const struct record *r, enum dcv_kind *out)
{
    *out = str_starts(r->record_name, HTTP) ? DCV_KIND_HTTP_01 : DCV_KIND_TXT;
    for (int k = 0; r->record_type && k < DCV_KIND__MAX; k++) {
        if (str_eq(kinds[k].word, r->record_type)) {
            *out = (enum dcv_kind)k;
            return !kinds[k].path == !str_starts(r->record_name, HTTP);
        }
    }
    return !r->record_type;
}

static struct dcv_record *append(struct history *h, struct item_record *to, const struct record *r,
                                 enum dcv_kind kind)
{
    struct dcv_record *d = arena_alloc(&h->arena, sizeof *d);
    struct dcv_record **last = &to->dcv;
    *d = (struct dcv_record){.kind = kind,
                             .domain = arena_strdup(&h->arena, r->domain),
                             .name = arena_strdup(&h->arena, r->record_name),
                             .value = arena_strdup(&h->arena, r->record_value)};
    while (*last) {
        last = &(*last)->next;
    }
    *last = d;
    return d;
}

bool dcv_apply(struct history *h, struct item_record *to, const struct record *r, int64_t t,
               struct err *err)
{
    bool present = str_eq(r->ev, DCV_PRESENT);
    enum dcv_kind kind;
    if (!r->domain || !r->record_name || !r->record_value || !kind_of(r, &kind)) {
        return err_set(err, ERR_ENV, "a record \"%s\" of item %s without what was published", r->ev,
                       to->id);
    }
    struct dcv_record *d = find(to, r);
    if (present ? to->kind != ITEM_ORDER || !to->order_id : !d || !d->published) {
        return err_set(err, ERR_ENV, "item %s is %s: a record \"%s\" is impossible there", to->id,
                       state_name(to->state), r->ev);
    }
    if (present) {
        d = d ? d : append(h, to, r, kind);
        d->published = true;
        d->presented = t;
        d->removed = TIME_NONE;
    } else if (str_eq(r->reply_class, "done")) {
        d->published = false;
        d->removed = t;
    }
    return true;
}

size_t dcv_published(const struct history *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++) {
        for (const struct dcv_record *d = h->v[i].dcv; d; d = d->next) {
            n += d->published;
        }
    }
    return n;
}
