/* SPDX-License-Identifier: Apache-2.0
 *
 * Trust stores and client certificates: every kind of file, against a server that demands them, and
 * what is said when one of them cannot be used.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_tls_fixture.h"

#define BODY     "{\"n\":1}"
#define PASSWORD "Canary-Of-The-Store-4410"
#define TRUST    "    tls:\n      ca_file: root.pem\n"

static struct pki pki;
static struct made issuing, leaf; /* a client whose issuer the server does not have */

static int make_pki(void **state)
{
    (void)state;
    pki_make(&pki);
    make(&issuing, &(struct making){.subject = "Issuing", .issuer = &pki.root, .ca = true});
    make(&leaf, &(struct making){.subject = "deep client", .issuer = &issuing, .client = true});
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    made_release(&issuing);
    made_release(&leaf);
    pki_release(&pki);
    return 0;
}

/* --- files --- */
static struct secret secret_of(const char *text)
{
    struct secret s = SECRET_INIT;
    secret_set(&s, text, strlen(text));
    return s;
}

/* The client with its chain, or (key NULL) a trusted root. */
static struct keystore_entry entry_of(const char *alias, const struct made *m,
                                      const struct span *chain, size_t nchain, bool with_key,
                                      const struct secret *password)
{
    return (struct keystore_entry){.alias = alias,
                                   .key = with_key ? &m->key : NULL,
                                   .leaf = buf_span(&m->der),
                                   .chain = chain,
                                   .nchain = nchain,
                                   .password = password,
                                   .created = time_now()};
}

static void write_pfx(struct link *l, const char *name, const struct keystore_entry *e)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_wipe) struct buf out = BUF_INIT(1 << 20);
    if (!pfx_write(e, pfx_profile_find("modern"), 1000, &out, &err)) {
        fail_msg("%s", err.msg);
    }
    link_file(l, name, buf_span(&out));
}

static void write_jks(struct link *l, const char *name, const struct keystore_entry *e, size_t n)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_wipe) struct buf out = BUF_INIT(1 << 20);
    if (!jks_write(e, n, e->password, &out, &err)) {
        fail_msg("%s", err.msg);
    }
    link_file(l, name, buf_span(&out));
}

/* As `openssl pkcs12 -export -nokeys` makes it: no mark of trust on the certificate. */
static void write_plain_pfx(struct link *l, const char *name, const struct made *m)
{
    unsigned char *der = NULL;
    STACK_OF(X509) *certs = sk_X509_new_null();
    assert_true(sk_X509_push(certs, m->x) > 0);
    PKCS12 *p = PKCS12_create(PASSWORD, NULL, NULL, NULL, certs, 0, 0, 1000, 1000, 0);
    const int n = p ? i2d_PKCS12(p, &der) : -1;
    assert_true(n > 0);
    link_file(l, name, (struct span){der, (size_t)n});
    OPENSSL_free(der);
    PKCS12_free(p);
    sk_X509_free(certs);
}

static void write_files(struct link *l)
{
    CLEANUP(secret_release) struct secret password = secret_of(PASSWORD);
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    const struct span chain = buf_span(&issuing.der);
    const struct keystore_entry client = entry_of("client", &leaf, &chain, 1, true, &password);
    const struct keystore_entry root = entry_of("root", &pki.root, NULL, 0, false, &password);
    const struct keystore_entry stranger =
        entry_of("other", &pki.other_root, NULL, 0, false, &password);
    const struct keystore_entry two[] = {client,
                                         entry_of("plain", &pki.client, NULL, 0, true, &password)};
    link_cert(l, "root.pem", &pki.root);
    link_cert(l, "other.pem", &pki.other_root);
    cert_pem(&pem, buf_span(&leaf.der));
    cert_pem(&pem, buf_span(&issuing.der));
    link_file(l, "client.pem", buf_span(&pem));
    link_key(l, "client.key", &leaf);
    link_key(l, "wrong.key", &pki.client);
    write_pfx(l, "client.p12", &client);
    write_jks(l, "client.jks", &client, 1);
    write_jks(l, "two.jks", two, 2);
    write_pfx(l, "root.p12", &root);
    write_plain_pfx(l, "plain.p12", &pki.root);
    write_jks(l, "root.jks", &root, 1);
    write_jks(l, "other.jks", &stranger, 1);
    link_text(l, "password", PASSWORD "\n");
    link_text(l, "bad-password", "Canary-Of-Another\n");
    link_text(l, "garbage", "this is no certificate, no key and no store\n");
}

static void link_trust(struct link *l, const char *keys)
{
    link_begin(l);
    write_files(l);
    link_configure(l, keys);
}

/* --- the server --- */
static atomic_uint known; /* connections whose client proved to be "deep client" */

static void talk_who(struct conn *c)
{
    X509 *x = SSL_get1_peer_certificate(c->ssl);
    char cn[64] = "";
    if (x) {
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn, sizeof cn);
        X509_free(x);
    }
    while (conn_request(c)) {
        atomic_fetch_add(&known, strcmp(cn, "deep client") == 0);
        if (!conn_ok(c, "{}")) {
            return;
        }
    }
}

struct trust_row {
    const char *name, *keys;
    bool demand; /* the server wants a client certificate */
    int version; /* highest of the server, 0 = any */
    enum outcome outcome;
    const char *words; /* of the message; NULL = fine */
};

static bool check_row(const struct trust_row *row)
{
    struct server s;
    struct link l;
    SSL_CTX *tls = tls_server(&pki.server);
    if (row->demand) {
        tls_demand(tls, &pki.root);
    }
    assert_int_equal(SSL_CTX_set_max_proto_version(tls, row->version), 1);
    server_start(&s, talk_who, tls);
    link_trust(&l, row->keys);
    atomic_store(&known, 0);
    const struct letter *x =
        link_send(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "https"), BODY));
    bool ok = fate_is(row->name, x, row->outcome, row->outcome == OUTCOME_NOT_SENT, row->words);
    ok &= !strstr(letter_message(x), "Canary");
    link_close(&l);
    server_stop(&s);
    ok &= (s.posts == 1) == (row->outcome == OUTCOME_ACCEPTED);
    ok &= !(row->demand && row->outcome == OUTCOME_ACCEPTED) || atomic_load(&known) == 1;
    server_release(&s);
    SSL_CTX_free(tls);
    return ok;
}

static void check_rows(const struct trust_row *rows, size_t n)
{
    size_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        bad += !check_row(&rows[i]);
    }
    assert_int_equal(bad, 0);
}

#define STORE(file)      "file: " file ", password: {file: password}"
#define KEYSTORE(file)   TRUST "      client_keystore: {" STORE(file) "}\n"
#define TRUSTSTORE(file) "    tls:\n      truststore: {" STORE(file) "}\n"
#define PEM(cert, key)                                                                             \
    TRUST "      client_certificate: " cert "\n      client_key: {file: " key "}\n"

static void test_identities(void **state)
{
    (void)state;
    static const struct trust_row rows[] = {
        {"PEM", PEM("client.pem", "client.key"), true, 0, OUTCOME_ACCEPTED, NULL},
        {"PEM, TLS 1.2", PEM("client.pem", "client.key"), true, TLS1_2_VERSION, OUTCOME_ACCEPTED,
         NULL},
        {"PKCS#12", KEYSTORE("client.p12"), true, 0, OUTCOME_ACCEPTED, NULL},
        {"PKCS#12, type said", KEYSTORE("client.p12, type: pkcs12"), true, 0, OUTCOME_ACCEPTED,
         NULL},
        {"JKS", KEYSTORE("client.jks"), true, 0, OUTCOME_ACCEPTED, NULL},
        {"JKS, alias", KEYSTORE("two.jks, alias: client"), true, 0, OUTCOME_ACCEPTED, NULL},
        {"not asked for", KEYSTORE("client.jks"), false, 0, OUTCOME_ACCEPTED, NULL},
        {"none, TLS 1.2", TRUST, true, TLS1_2_VERSION, OUTCOME_NOT_SENT, "client certificate"},
    };
    check_rows(rows, NITEMS(rows));
}

/* In TLS 1.3 the client is done before the server has looked at its certificate: the refusal meets
 * the request on its way. Whether an octet had left by then is a race; that it was not taken for an
 * answer, and did not arrive, is not. */
static void test_no_identity_tls13(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    SSL_CTX *tls = tls_server(&pki.server);
    tls_demand(tls, &pki.root);
    server_start(&s, talk_who, tls);
    link_trust(&l, TRUST);
    const struct letter *x =
        link_send(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "https"), BODY));
    assert_int_not_equal(x->reply.transport, OUTCOME_ACCEPTED);
    assert_true(x->reply.transport == OUTCOME_UNKNOWN || x->reply.transport == OUTCOME_NOT_SENT);
    assert_true(letter_message(x)[0]);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, 0);
    server_release(&s);
    SSL_CTX_free(tls);
}

static void test_trust_stores(void **state)
{
    (void)state;
    static const struct trust_row rows[] = {
        {"PEM", TRUST, false, 0, OUTCOME_ACCEPTED, NULL},
        {"PKCS#12", TRUSTSTORE("root.p12"), false, 0, OUTCOME_ACCEPTED, NULL},
        {"PKCS#12 without marks", TRUSTSTORE("plain.p12"), false, 0, OUTCOME_ACCEPTED, NULL},
        {"JKS", TRUSTSTORE("root.jks"), false, 0, OUTCOME_ACCEPTED, NULL},
        {"JKS without password", "    tls:\n      truststore: {file: root.jks}\n", false, 0,
         OUTCOME_ACCEPTED, NULL},
        {"both", "    tls:\n      ca_file: other.pem\n      truststore: {" STORE("root.jks") "}\n",
         false, 0, OUTCOME_ACCEPTED, NULL},
        {"of another", TRUSTSTORE("other.jks"), false, 0, OUTCOME_NOT_SENT, "is not trusted"},
        {"of another, PEM", "    tls: {ca_file: other.pem}\n", false, 0, OUTCOME_NOT_SENT,
         "is not trusted"},
        {"a certificate of a key is no root", TRUSTSTORE("client.jks"), false, 0, OUTCOME_NOT_SENT,
         "no trusted certificate"},
    };
    check_rows(rows, NITEMS(rows));
}

/* What the configuration names and what cannot be used: each by its setting, before anything is
 * connected to. */
static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *words;
    } rows[] = {
        {"    tls: {ca_file: gone.pem}\n", "CA lab: tls.ca_file"},
        {"    tls: {ca_file: garbage}\n", "tls.ca_file"},
        {"    tls: {ca_file: client.key}\n", "tls.ca_file"},
        {"    tls: {truststore: {file: gone.jks}}\n", "tls.truststore"},
        {"    tls: {truststore: {file: garbage}}\n", "tls.truststore"},
        {"    tls: {truststore: {file: root.jks, password: {file: bad-password}}}\n",
         "tls.truststore"},
        {"    tls: {truststore: {file: root.p12, password: {file: bad-password}}}\n",
         "tls.truststore"},
        {"    tls: {truststore: {file: root.jks, password: {file: gone}}}\n", "tls.truststore"},
        {"    tls: {truststore: {" STORE("root.jks, type: pkcs12") "}}\n",
         "root.jks is a jks store, the configuration says pkcs12"},
        {KEYSTORE("gone.p12"), "tls.client_keystore"},
        {KEYSTORE("garbage"), "tls.client_keystore"},
        {KEYSTORE("root.p12"), "0 entries with a key"},
        {KEYSTORE("two.jks"), "2 entries with a key"},
        {KEYSTORE("two.jks, alias: nobody"), "0 entries with a key and the alias nobody"},
        {TRUST "      client_keystore: {file: client.jks, password: {file: bad-password}}\n",
         "tls.client_keystore"},
        {TRUST "      client_keystore: {file: client.p12, password: {file: bad-password}}\n",
         "tls.client_keystore"},
        {TRUST "      client_keystore: {file: client.p12}\n", "tls.client_keystore"},
        {TRUST "      client_keystore: {file: client.jks}\n", "tls.client_keystore"},
        {PEM("gone.pem", "client.key"), "tls.client_certificate"},
        {PEM("garbage", "client.key"), "tls.client_certificate"},
        {PEM("client.pem", "gone.key"), "tls.client_key"},
        {PEM("client.pem", "garbage"), "tls.client_key"},
        {PEM("client.pem", "wrong.key"), "does not belong"},
        {TRUST "      client_certificate: client.pem\n", "tls.client_key is missing"},
        {TRUST "      client_key: {file: client.key}\n", "tls.client_certificate is missing"},
        {PEM("client.pem", "client.key") "      client_keystore: {" STORE("client.jks") "}\n",
         "tls.client_keystore and tls.client_certificate"},
    };
    struct server s;
    size_t bad = 0;
    server_start(&s, talk_who, NULL);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct link l;
        char keys[512];
        (void)snprintf(keys, sizeof keys, "%s    timeouts: {connect_seconds: 1}\n", rows[i].keys);
        link_trust(&l, keys);
        const char *url = server_url(&l, &s, "https");
        for (int again = 0; again < 2; again++) {
            const struct letter *x = link_send(&l, letter_post(&l, STEP_ORDER, url, BODY));
            bad += !fate_is(rows[i].keys, x, OUTCOME_NOT_SENT, true, rows[i].words);
            bad += strstr(letter_message(x), "Canary") != NULL;
        }
        link_close(&l);
    }
    server_stop(&s);
    assert_int_equal(s.accepts, 0);
    server_release(&s);
    assert_int_equal(bad, 0);
}

/* --- one identity is not another's --- */
/* Connections and sessions that a CA made with its certificate are there when another CA, which has
 * none, asks the same server. */
static void test_identity_is_not_shared(void **state)
{
    (void)state;
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < NITEMS(versions); i++) {
        struct server s;
        struct link l, other;
        SSL_CTX *tls = tls_server(&pki.server);
        tls_demand(tls, &pki.root);
        assert_int_equal(SSL_CTX_set_max_proto_version(tls, versions[i]), 1);
        server_start(&s, talk_who, tls);
        link_trust(&l, KEYSTORE("client.p12"));
        link_trust(&other, TRUST);
        wire_free(other.wire);
        other.wire = l.wire;
        const char *url = server_url(&l, &s, "https");
        for (int n = 0; n < 2; n++) {
            assert_true(fate_is("known", link_send(&l, letter_get(&l, url)), OUTCOME_ACCEPTED,
                                false, NULL));
            const struct letter *x = link_send(&other, letter_get(&other, url));
            assert_int_not_equal(x->reply.transport, OUTCOME_ACCEPTED);
        }
        other.wire = NULL;
        link_close(&l);
        link_close(&other);
        server_stop(&s);
        assert_int_equal(s.requests, 2);
        server_release(&s);
        SSL_CTX_free(tls);
    }
}

/* Files are read once: a key that is rotated away under a run does not break it. */
static void test_files_are_read_once(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    SSL_CTX *tls = tls_server(&pki.server);
    tls_demand(tls, &pki.root);
    server_start(&s, talk_who, tls);
    link_trust(&l, PEM("client.pem", "client.key"));
    for (int n = 0; n < 2; n++) {
        const struct letter *x =
            link_send(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "https"), BODY));
        assert_true(fate_is("sent", x, OUTCOME_ACCEPTED, false, NULL));
        fs_remove_tree_at(-1, l.dir);
    }
    link_close(&l);
    server_stop(&s);
    server_release(&s);
    SSL_CTX_free(tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_no_identity_tls13),
        cmocka_unit_test(test_trust_stores),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_identity_is_not_shared),
        cmocka_unit_test(test_files_are_read_once),
    };
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
