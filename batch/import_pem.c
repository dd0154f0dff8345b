/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates and requests to renewals and orders: a file or all files of a folder, PEM or DER, by
 * what they are and not by their names. Certificates of CAs and private keys are passed over.
 */
#include "batch/import_parts.h"

#include "formats/base/fs.h"
#include "formats/base/time.h"
#include "formats/csr.h"
#include "formats/kind.h"

#include <string.h>

static void put_dates(struct import_item *item, const struct cert *cert, struct arena *a)
{
    char end[TIME_TEXT];
    time_format_date(cert->not_after, end);
    VEC_PUSH(&item->notes,
             arena_printf(a, "ends %s, was issued by %s", end, dn_text(a, &cert->issuer)));
}

/* The bytes outlive the file's buffer: certificates are views. */
static struct span keep(struct import *im, struct span bytes)
{
    return (struct span){arena_memdup(&im->arena, bytes.p, bytes.n), bytes.n};
}

static void take_cert(struct import *im, const char *path, const struct cert *cert, bool alone)
{
    const struct dn_attr *cn = dn_find(&cert->subject, "CN");
    if (cert->is_ca) {
        import_skipped(im, "it is the certificate of a CA");
        return;
    }
    struct import_item *item = import_add(im);
    item->file = path;
    item->row = cert->place.line;
    item->action = "renew";
    item->cert = cert;
    item->base = cn ? cn->text : cert->san.n ? cert->san.v[0].text : cert->serial_hex;
    /* a file with its chain in it does not say which of them is meant */
    item->certificate = alone ? import_path(im, path) : NULL;
    item->serial = item->certificate ? NULL : cert->serial_hex;
    item->product = im->profile.constants[IMPORT_PRODUCT];
    item->outputs = im->profile.constants[IMPORT_OUTPUTS];
    put_dates(item, cert, &im->arena);
}

static void take_certs(struct import *im, const char *path, struct span bytes)
{
    struct cert *certs = NULL;
    size_t n = 0;
    struct err err = ERR_INIT;
    if (!certs_read(&im->arena, path, keep(im, bytes), &certs, &n, &err)) {
        import_error(im, path, 0, 0, SIZE_MAX, "%s", err.msg);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        take_cert(im, path, &certs[i], n == 1);
    }
}

static void take_request(struct import *im, const char *path, struct span bytes)
{
    struct csr csr;
    csr_parse(&im->arena, keep(im, bytes), &csr);
    const char *relative = import_path(im, path);
    if (!csr.usable) {
        import_error(im, path, csr.nproblems ? csr.problems[0].line : 0, 0, SIZE_MAX, "%s",
                     csr.nproblems ? csr.problems[0].detail : "no certificate request");
        return;
    }
    if (!relative) {
        import_error(im, path, 0, 0, SIZE_MAX,
                     "a request has to lie in the manifest's folder or below: write the manifest "
                     "with -o above it");
        return;
    }
    const struct dn_attr *cn = dn_find(&csr.subject, "CN");
    struct import_item *item = import_add(im);
    item->file = path;
    item->row = csr.place.line;
    item->csr = relative;
    item->base = cn ? cn->text : csr.san.n ? csr.san.v[0].text : path_base(path);
    item->product = im->profile.constants[IMPORT_PRODUCT];
}

static bool take(struct import *im, const char *path, struct span bytes, struct err *err UNUSED)
{
    struct pem pem;
    enum input_kind kind = kind_of(bytes);
    if (kind == KIND_PEM && pem_parse(&im->arena, bytes, &pem)) {
        kind = KIND_PRIVATE_KEY; /* unless there is something else beside it */
        for (size_t i = 0; i < pem.n; i++) {
            const char *label = pem.v[i].label;
            kind = strstr(label, "REQUEST")                                 ? KIND_CSR
                   : strstr(label, "CERTIFICATE") || str_eq(label, "PKCS7") ? KIND_CERT
                                                                            : kind;
        }
    }
    if (kind == KIND_CSR) {
        take_request(im, path, bytes);
    } else if (kind == KIND_CERT || kind == KIND_PKCS7) {
        take_certs(im, path, bytes);
    } else if (fs_is_dir(im->options->input)) {
        import_skipped(im, "it is neither a certificate nor a request");
    } else {
        import_error(im, path, 0, 0, SIZE_MAX, "this is %s", kind_name(kind));
    }
    return true;
}

bool import_pem(struct import *im, struct err *err)
{
    return import_files(im, "", take, err);
}
