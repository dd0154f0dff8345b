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
                          .clients = BUF_INIT(LIMIT_INPUT_BYTES)};
    t->priorities = "NORMAL";
    t->on = o->tls || o->tls_cert;
    if (!t->on) {
        return !o->client_ca || err_set(err, ERR_USAGE, "--client-ca needs --tls");
    }
    if (o->client_ca && !fs_read(o->client_ca, &t->clients, err)) {
        return false;
    }
    if (!MHD_is_feature_supported(MHD_FEATURE_TLS)) {
        return err_set(err, ERR_ENV, "this libmicrohttpd was built without TLS");
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

/* The library asks for a certificate and looks at none: that is ours. */
struct span sim_tls_client(struct MHD_Connection *c, struct arena *a)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info ? info->tls_session : NULL;
    unsigned n = 0, status = 0;
    const gnutls_datum_t *v = session ? gnutls_certificate_get_peers(session, &n) : NULL;
    if (!v || !n || gnutls_certificate_verify_peers2(session, &status) < 0 || status) {
        return (struct span){0};
    }
    return (struct span){arena_memdup(a, v[0].data, v[0].size), v[0].size};
}

void sim_tls_close(struct sim_tls *t)
{
    buf_release(&t->cert);
    buf_release(&t->clients);
    buf_wipe(&t->key);
}
