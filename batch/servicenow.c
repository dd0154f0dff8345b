/* SPDX-License-Identifier: Apache-2.0
 *
 * See servicenow.h.
 */
#include "batch/servicenow.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <string.h>

/* Column by column: heading, width, and what stands in it. */
struct view {
    struct arena *a;
    const struct cert *cert, *issuer, *root; /* issuer and root may be NULL */
    bool revoked;
};
typedef const char *cell_fn(const struct view *v);

static const char *spaced(struct arena *a, struct span bytes)
{
    char *out = arena_alloc(a, bytes.n * 3 + 1);
    for (size_t i = 0; i < bytes.n; i++) {
        out[i * 3] = "0123456789abcdef"[bytes.p[i] >> 4];
        out[i * 3 + 1] = "0123456789abcdef"[bytes.p[i] & 15];
        out[i * 3 + 2] = i + 1 < bytes.n ? ' ' : '\0';
    }
    return out;
}

static const char *fingerprint_of(const struct view *v, const struct cert *c)
{
    return c ? spaced(v->a, (struct span){c->sha256, sizeof c->sha256}) : NULL;
}

static const char *fingerprint(const struct view *v)
{
    return fingerprint_of(v, v->cert);
}

static const char *issuer(const struct view *v)
{
    return fingerprint_of(v, v->issuer);
}

static const char *root_issuer(const struct view *v)
{
    return fingerprint_of(v, v->root);
}

static const char *algorithm(const struct view *v UNUSED)
{
    return "SHA-256";
}

static const char *attribute(const struct dn *dn, const char *name)
{
    const struct dn_attr *attr = dn_find(dn, name);
    return attr ? attr->text : NULL;
}

static const char *common_name(const struct view *v)
{
    const char *cn = attribute(&v->cert->subject, "CN");
    return cn ? cn : v->cert->san.n ? v->cert->san.v[0].text : NULL;
}

static const char *subject(const struct view *v)
{
    return dn_text(v->a, &v->cert->subject);
}

static const char *issuer_name(const struct view *v)
{
    const char *cn = attribute(&v->cert->issuer, "CN");
    return cn ? cn : dn_text(v->a, &v->cert->issuer);
}

static const char *issuer_subject(const struct view *v)
{
    return dn_text(v->a, &v->cert->issuer);
}

static const char *milliseconds(struct arena *a, int64_t t)
{
    return arena_printf(a, "%lld", (long long)t * 1000);
}

static const char *valid_from(const struct view *v)
{
    return milliseconds(v->a, v->cert->not_before);
}

static const char *valid_to(const struct view *v)
{
    return milliseconds(v->a, v->cert->not_after);
}

static const char *state(const struct view *v)
{
    return v->revoked ? "revoked" : "issued";
}

/* "rsa-sha256" to the name that Java has for it, which is what the upload's sample shows. */
static const char *signature(const struct view *v)
{
    static const char *const names[][2] = {
        {"rsa-sha256", "SHA256WITHRSA"},     {"rsa-sha384", "SHA384WITHRSA"},
        {"rsa-sha512", "SHA512WITHRSA"},     {"rsa-sha1", "SHA1WITHRSA"},
        {"ecdsa-sha256", "SHA256WITHECDSA"}, {"ecdsa-sha384", "SHA384WITHECDSA"},
        {"ecdsa-sha512", "SHA512WITHECDSA"}, {"ed25519", "ED25519"}};
    const char *token = sigalg_token(v->cert->sig_algorithm);
    for (size_t i = 0; i < NITEMS(names); i++) {
        if (str_eq(names[i][0], token)) {
            return names[i][1];
        }
    }
    return str_starts(token, "rsa-pss") ? "RSASSA-PSS" : token;
}

static const char *key_size(const struct view *v)
{
    return arena_printf(v->a, "%u", v->cert->key.bits);
}

static const char *serial(const struct view *v)
{
    return spaced(v->a, v->cert->serial);
}

static const char *names(const struct view *v)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_CERT_BYTES * 2);
    for (size_t i = 0; i < v->cert->san.n; i++) {
        buf_printf(&b, "%s%s", i ? "," : "", v->cert->san.v[i].text);
    }
    return arena_strdup(v->a, buf_text(&b));
}

#define SUBJECT(function, name)                                                                    \
    static const char *function(const struct view *v)                                              \
    {                                                                                              \
        return attribute(&v->cert->subject, name);                                                 \
    }
SUBJECT(country, "C")
SUBJECT(province, "ST")
SUBJECT(locality, "L")
SUBJECT(organization, "O")
SUBJECT(unit, "OU")

static const char *mailbox(const struct view *v)
{
    for (size_t i = 0; i < v->cert->san.n; i++) {
        if (v->cert->san.v[i].type == GN_EMAIL) {
            return v->cert->san.v[i].text;
        }
    }
    return attribute(&v->cert->subject, "emailAddress");
}

static const char *version(const struct view *v)
{
    return arena_printf(v->a, "%d", v->cert->version);
}

static const char *is_ca(const struct view *v)
{
    return v->cert->is_ca ? "TRUE" : "FALSE";
}

/* clang-format off */
const struct xlsx_column servicenow_columns[] = {
    {"fingerprint", 60}, {"fingerprint_algorithm", 12}, {"subject_common_name", 32},
    {"subject_distinguished_name", 48}, {"issuer", 60}, {"issuer_common_name", 32},
    {"issuer_distinguished_name", 48}, {"root_issuer", 60}, {"valid_from", 16}, {"valid_to", 16},
    {"state", 10}, {"signature_algorithm", 20}, {"key_size", 10}, {"serial_number", 48},
    {"subject_alternative_name", 48}, {"subject_country", 10}, {"subject_state", 16},
    {"subject_locality", 16}, {"subject_organization", 24}, {"subject_organizational_unit", 24},
    {"subject_email", 32}, {"version", 8}, {"is_ca", 8}};
/* clang-format on */
static const struct {
    cell_fn *text;
    bool number;
} cell_rows[] = {
    {fingerprint, false}, {algorithm, false},   {common_name, false},    {subject, false},
    {issuer, false},      {issuer_name, false}, {issuer_subject, false}, {root_issuer, false},
    {valid_from, true},   {valid_to, true},     {state, false},          {signature, false},
    {key_size, true},     {serial, false},      {names, false},          {country, false},
    {province, false},    {locality, false},    {organization, false},   {unit, false},
    {mailbox, false},     {version, true},      {is_ca, false},
};
_Static_assert(NITEMS(cell_rows) == SERVICENOW_COLUMNS, "a cell for every column");

void servicenow_cells(struct arena *a, const struct cert *cert, const struct cert *chain, size_t n,
                      bool revoked, const char *cells[SERVICENOW_COLUMNS])
{
    const bool alone = cert_self_issued(cert);
    const struct cert *top = n ? &chain[n - 1] : NULL;
    const struct view v = {.a = a,
                           .cert = cert,
                           .issuer = alone ? cert
                                     : n   ? &chain[0]
                                           : NULL,
                           .root = alone                          ? cert
                                   : top && cert_self_issued(top) ? top
                                                                  : NULL,
                           .revoked = revoked};
    for (size_t i = 0; i < SERVICENOW_COLUMNS; i++) {
        cells[i] = cell_rows[i].text(&v);
    }
}

/* --- a state --- */
struct run {
    const struct statedir *s;
    const struct history *h;
    servicenow_fn *fn;
    void *ctx;
    struct servicenow_totals *totals;
    struct xlsx *file;
    size_t rows;
    int64_t created;
};

static bool read_pem(int dir, const char *name, struct arena *a, struct cert **out, size_t *n,
                     struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    *n = 0;
    if (!fs_exists_at(dir, name)) {
        return true;
    }
    if (!fs_read_at(dir, name, &text, err)) {
        return false;
    }
    const struct span kept = {arena_memdup(a, buf_text(&text), text.n), text.n};
    return certs_read(a, name, kept, out, n, err);
}

static bool was_revoked(const struct history *h, const char *serial)
{
    for (size_t i = 0; i < h->n; i++) {
        if (h->v[i].kind == ITEM_REVOCATION && h->v[i].state == STATE_REVOKED &&
            str_eq(h->v[i].serial, serial)) {
            return true;
        }
    }
    return false;
}

static bool end_file(struct run *r, struct err *err)
{
    r->rows = 0;
    return !r->file || r->fn(r->ctx, ++r->totals->files, &r->file, err);
}

static void put_row(struct run *r, const char *const cells[SERVICENOW_COLUMNS])
{
    if (!r->file) {
        r->file = xlsx_new(r->created);
        xlsx_sheet(r->file, "Certificates", servicenow_columns, SERVICENOW_COLUMNS);
    }
    for (size_t i = 0; i < SERVICENOW_COLUMNS; i++) {
        uint64_t number;
        if (cell_rows[i].number && cells[i] && str_u64(cells[i], &number)) {
            xlsx_number(r->file, (int64_t)number);
        } else {
            xlsx_text(r->file, cells[i]);
        }
    }
    xlsx_row(r->file);
    r->rows++;
}

static bool put_item(struct run *r, const struct item_record *item, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(closep) int dir = statedir_item(r->s, item->id, false, err);
    struct cert *certs = NULL;
    struct cert *chain = NULL;
    size_t n;
    size_t nchain;
    size_t used = 0;
    const char *cells[SERVICENOW_COLUMNS];
    if (dir < 0 || !read_pem(dir, "certificate.pem", &a, &certs, &n, err) ||
        !read_pem(dir, "chain.pem", &a, &chain, &nchain, err)) {
        return false;
    }
    if (n != 1 || !str_eq(hex_dup(&a, certs->sha256, sizeof certs->sha256), item->sha256)) {
        return err_set(err, ERR_ENV,
                       "item %s: certificate.pem is not the certificate of the journal", item->id);
    }
    (void)chain_order(certs, chain, nchain, &used);
    servicenow_cells(&a, certs, chain, used, was_revoked(r->h, item->serial), cells);
    r->totals->certificates++;
    r->totals->without_root += !cells[7];
    put_row(r, cells);
    return r->rows < SERVICENOW_ROWS || end_file(r, err);
}

bool servicenow_export(const struct statedir *s, const struct history *h, servicenow_fn *fn,
                       void *ctx, struct servicenow_totals *totals, struct err *err)
{
    struct run r = {.s = s, .h = h, .fn = fn, .ctx = ctx, .totals = totals};
    *totals = (struct servicenow_totals){0};
    if (!h->closed || !time_parse(h->closed, &r.created)) {
        r.created = time_now();
    }
    bool ok = true;
    for (size_t i = 0; ok && i < h->n; i++) {
        const struct item_record *item = &h->v[i];
        if (item->kind == ITEM_ORDER && item->sha256[0] &&
            (item->state == STATE_ISSUED || item->state == STATE_CERTIFIED)) {
            ok = put_item(&r, item, err);
        }
    }
    ok = ok && end_file(&r, err);
    xlsx_abandon(&r.file);
    return ok;
}
