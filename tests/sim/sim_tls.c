/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_tls.h. "good" is issued by the simulator's own root, which --ca-out writes.
 */
#include "tests/sim/sim_tls.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <gnutls/gnutls.h>

static bool make(struct sim_tls *t, struct sim *s, const char *mode, struct err *err)
{
    static const char *const ours[] = {"localhost", "127.0.0.1"}, *const other[] = {
                                                                      "www.example.net"};
    struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CERT_BYTES);
    bool wrong_host = str_eq(mode, "wronghost"), expired = str_eq(mode, "expired");
    const struct dn_value subject = {"CN", wrong_host ? other[0] : ours[0]};
    int64_t now = time_now();
    struct sim_leaf leaf = {.subject = &subject,
                            .nsubject = 1,
                            .names = wrong_host ? other : ours,
                            .nnames = wrong_host ? NITEMS(other) : NITEMS(ours),
                            .not_before = now - 2 * DAY_SECONDS,
                            .not_after = now + (expired ? -1 : 30) * DAY_SECONDS,
                            /* signed by a stranger: nobody's trust anchor */
                            .stranger = str_eq(mode, "selfsigned")};
    bool ok = key_generate(KEY_EC_P256, &key, err);
    leaf.spki = buf_span(&key.spki);
    ok = ok && sim_ca_issue(&s->ca, &leaf, &der, err);
    if (ok) {
        cert_pem(&t->cert, buf_span(&der));
        cert_pem(&t->cert, (leaf.stranger ? &s->ca.stranger : &s->ca.issuing)->cert.der);
        key_pem(&key, &t->key);
    }
    key_release(&key);
    return ok;
}

bool sim_tls_open(struct sim_tls *t, struct sim *s, struct err *err)
{
    const struct sim_options *o = &s->options;
    *t = (struct sim_tls){.cert = BUF_INIT(LIMIT_INPUT_BYTES),
                          .key = BUF_INIT(LIMIT_INPUT_BYTES),
                          .client_ca = BUF_INIT(LIMIT_INPUT_BYTES)};
    t->priorities = "NORMAL";
    t->on = o->tls || o->tls_cert;
    if (!t->on) {
        return true;
    }
    if (!MHD_is_feature_supported(MHD_FEATURE_TLS)) {
        return err_set(err, ERR_ENV, "this libmicrohttpd was built without TLS");
    }
    if (o->tls_client_ca && !fs_read(o->tls_client_ca, &t->client_ca, err)) {
        return false;
    }
    if (o->tls_cert) {
        return o->tls_key ? fs_read(o->tls_cert, &t->cert, err) && fs_read(o->tls_key, &t->key, err)
                          : err_set(err, ERR_USAGE, "--tls-cert needs --tls-key");
    }
    if (!str_has_word("good selfsigned expired wronghost tls1.1 cut-handshake", o->tls)) {
        return err_set(err, ERR_USAGE, "--tls %s: unknown", o->tls);
    }
    if (str_eq(o->tls, "tls1.1")) {
        t->priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT";
    }
    t->cut = str_eq(o->tls, "cut-handshake");
    return make(t, s, o->tls, err);
}

enum MHD_Result sim_tls_cut(void *cls, const struct sockaddr *addr, socklen_t n)
{
    (void)cls, (void)addr, (void)n;
    return MHD_NO;
}

/* --- client certificates --- */
static gnutls_session_t session_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info ? info->tls_session : NULL;
}

static int verify(gnutls_session_t session)
{
    unsigned status = 0;
    return gnutls_certificate_verify_peers3(session, NULL, &status) == 0 && status == 0 ? 0 : -1;
}

/* The library only asks for a certificate and lets a client without one pass. */
void sim_tls_demand(struct MHD_Connection *c)
{
    gnutls_session_t session = session_of(c);
    if (session) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_function(session, verify);
    }
}

const char *sim_tls_client(struct MHD_Connection *c, struct arena *a)
{
    struct err err = ERR_INIT;
    struct cert cert;
    unsigned n = 0;
    gnutls_session_t session = session_of(c);
    const gnutls_datum_t *shown = session ? gnutls_certificate_get_peers(session, &n) : NULL;
    if (!shown || !n) {
        return NULL;
    }
    const struct span der = {arena_memdup(a, shown->data, shown->size), shown->size};
    return cert_parse(a, der, &cert, &err) ? dn_text(a, &cert.subject) : NULL;
}

void sim_tls_close(struct sim_tls *t)
{
    buf_release(&t->cert);
    buf_release(&t->client_ca);
    buf_wipe(&t->key);
}
