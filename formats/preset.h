/* SPDX-License-Identifier: Apache-2.0
 *
 * Presets: what a server loads, as one table. A row says which output the server reads (PEM files
 * or a key store, and the PFX profile of its age), and holds the configuration snippet that goes
 * beside it: where the files go, how the password gets to the server, the directives, and the
 * commands that check the result. Passwords never stand in a snippet.
 *
 * Each row has a second snippet for an item whose private key is elsewhere (a CSR was given): then
 * only certificates are delivered, and the snippet says how they join the key.
 *
 *     const struct preset *p = preset_find("tomcat");
 *     preset_snippet(p, true, &values, &out)
 *
 * Sources: nginx ngx_http_ssl_module, Apache mod_ssl, Tomcat "SSL/TLS Configuration How-To",
 * WildFly Elytron Security Guide, Jetty Operations Guide (KeyStore), WebLogic Server MBean
 * Reference, Microsoft PKI module (Import-PfxCertificate) and certreq. Text only, no I/O; thread
 * safe.
 */
#ifndef FORMATS_PRESET_H
#define FORMATS_PRESET_H

#include "formats/cert.h"

/* What is delivered of an item without its key. */
enum preset_bare { BARE_FULLCHAIN, BARE_P7B };

struct preset {
    const char *name; /* the word in manifests; the folder in the bundle */
    const char *help;
    const char *output;  /* "pem" "pfx" "jks", as in manifests */
    const char *profile; /* of a PFX; NULL else */
    bool java;           /* its key store is read by Java */
    enum preset_bare bare;
    const char *snippet;            /* file name */
    const char *keyed, *certs_only; /* templates: @ID@ @HOST@ @NAMES@ @FILE@ @ALIAS@ */
};
extern const struct preset presets[];
extern const size_t presets_count;
const struct preset *preset_find(const char *name); /* NULL: no such server */

/* What is filled in. The names come from the certificate itself. */
struct preset_values {
    const char *id;
    const char *file;  /* of the key store or certificates */
    const char *alias; /* of the entry; preset_alias_ok() */
    const struct cert *leaf;
};
/* An alias that can stand in every snippet as it is: letters, digits, ". _ -" and inner blanks. */
bool preset_alias_ok(const char *alias) MUST_USE;
/* keyed false: the one for certificates only. The text ends in a newline; check buf_failed(). */
void preset_snippet(const struct preset *p, bool keyed, const struct preset_values *v,
                    struct buf *out);

#endif
