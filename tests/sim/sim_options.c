/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of casim: one table, from which --help is printed too.
 */
#include "formats/base/str.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_http.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct option {
    const char *name, *arg; /* arg NULL: a switch */
    size_t offset;
    const char *fallback, *help;
};
#define OPT(field) offsetof(struct sim_options, field)
static const struct option table[] = {
    {"--account", "N", OPT(account), "1234567890", "account number"},
    {"--access-key-file", "F", OPT(access_key_file), NULL,
     "access key; none: EXAMPLE-ACCESS-KEY-0001"},
    {"--oauth-client", "ID", OPT(oauth_client), "1234567890", "client id of OAuth"},
    {"--oauth-secret-file", "F", OPT(oauth_secret_file), NULL, "client secret; none: no OAuth"},
    {"--token-seconds", "N", OPT(token_seconds), "3600", "life of a bearer token"},
    {"--group", "N", OPT(group), "2345678901", "group number"},
    {"--organization", "N", OPT(organization), "3456789012", "pre-vetted organization"},
    {"--products", "F", OPT(products), NULL, "lines \"CODE TYPE-ID NAME\"; none: the sandbox's"},
    {"--credits", "N", OPT(credits), "1000000", "orders that can be paid"},
    {"--validity-days", "N", OPT(validity_days), "200", "term of certificates"},
    {"--dcv", "MODE", OPT(dcv), "auto", "auto: domains pass by themselves; table: --dcv-table"},
    {"--dcv-table", "F", OPT(dcv_table), NULL,
     "TXT records that exist: lines \"_label.domain VALUE\""},
    {"--state-times", "MS", OPT(state_times), "0", "T1,T2,T3,T4 or one for all"},
    {"--private-auto", NULL, OPT(private_auto), NULL, "private PKI orders need no approval"},
    {"--skew", "S", OPT(skew), "300", "how far a timestamp may be off"},
    {"--approval", "MODE", OPT(approval), "auto",
     "DigiCert: auto, or who the key is: person, user, orders-only"},
    {"--any-signer-ip", NULL, OPT(loopback_signer), NULL, "private signer addresses are fine"},
    {"--nonce-reject", "N", OPT(nonce_reject), "0",
     "ACME: of a hundred nonces, how many are refused"},
    {"--renewal", "MODE", OPT(renewal), "usual",
     "ACME: usual, past, future, beyond, backwards, soon, far or none"},
    {"--emca", "DIR", OPT(emca), NULL,
     "speak emCA too; secrets: emca-{password,emkey,aes}.secret, emca-signer.pem"},
    {"--emca-aes", "MODE", OPT(emca_aes), "ecb", "ecb, cbc-zero-iv or cbc-prefixed-iv"},
    {"--emca-address", "IP", OPT(emca_address), "127.0.0.1", "the one its user may come from"},
    {"--scenario", "F", OPT(scenario), NULL, "faults for requests; see --list"},
    {"--faulty", "SEED", OPT(faulty), NULL, "random faults from this seed (default: random seed)"},
    {"--calm", NULL, OPT(calm), NULL, "no random faults"},
    {"--latency", "MS", OPT(latency), "0", "before every request"},
    {"--rate", "N/S[/P]", OPT(rate), "16/10/30", "orders per seconds, pause; 0: no limit"},
    {"--ledger", "F", OPT(ledger), NULL, "JSON lines of what was accepted"},
    {"--wire", "F", OPT(wire), NULL, "JSON lines of every request"},
    {"--port-file", "F", OPT(port_file), NULL, "the port is written there"},
    {"--port", "N", OPT(port), NULL, "none: a free one"},
    {"--ca-out", "F", OPT(ca_out), NULL, "root and intermediate, PEM"},
    {"--quit-file", "F", OPT(quit_file), NULL, "ends when this file exists (or at SIGTERM)"},
    {"--tls-cert", "F", OPT(tls_cert), NULL, "serve TLS with this chain"},
    {"--tls-key", "F", OPT(tls_key), NULL, "and this key"},
    {"--tls-client-ca", "F", OPT(tls_client_ca), NULL,
     "clients must show a certificate of these (PEM); with --tls or --tls-cert"},
    {"--tls", "MODE", OPT(tls), NULL,
     "good|selfsigned|expired|wronghost|tls1.1|cut-handshake, by the CA itself"},
    {"--tls-client-optional", NULL, OPT(tls_client_optional), NULL,
     "with --tls-client-ca: clients may come without a certificate"},
    {"--est-user", "NAME", OPT(est_user), "estuser", "EST: user of HTTP Basic"},
    {"--est-password-file", "F", OPT(est_password_file), NULL,
     "EST: its password; none: EXAMPLE-EST-PASSWORD"},
    {"--est-labels", "WORDS", OPT(est_labels), NULL, "EST: labels that exist"},
    {"--est-wrap", NULL, OPT(est_wrap), NULL, "EST: answers in lines of 64 characters"},
    {"--list", NULL, OPT(list), NULL, "prints the faults"},
    {"--help", NULL, OPT(help), NULL, "prints this"},
};

static const char **field(struct sim_options *o, const struct option *opt)
{
    return (const char **)(void *)((char *)o + opt->offset);
}

static void print_help(void)
{
    const char *title, *path;
    (void)printf("usage: casim [OPTION]...\nA CA on the loopback interface. It speaks\n\n");
    for (size_t i = 0; (title = sim_dialect(i, &path)) != NULL; i++) {
        (void)printf("  %-32s %s\n", title, path);
    }
    (void)printf("\n");
    for (size_t i = 0; i < NITEMS(table); i++) {
        const struct option *t = &table[i];
        (void)printf("  %s %s%*s%s%s%s%s\n", t->name, t->arg ? t->arg : "",
                     (int)(28 - (int)strlen(t->name) - (int)strlen(t->arg ? t->arg : "")), "",
                     t->help, t->fallback ? " [" : "", t->fallback ? t->fallback : "",
                     t->fallback ? "]" : "");
    }
}

static void print_faults(void)
{
    for (size_t i = 0; i < fault_table_count; i++) {
        unsigned f = fault_table[i].flags;
        (void)printf("%-18s %-9s %s\n", fault_table[i].name,
                     f & FAULT_REPLACES ? "replaces"
                     : f & FAULT_SHAPES ? "shapes"
                     : f & FAULT_BENDS  ? "bends"
                     : f & FAULT_EARLY  ? "early"
                                        : "-",
                     fault_table[i].help);
    }
}

bool options_read(int argc, char **argv, struct sim_options *out, struct err *err)
{
    for (size_t i = 0; i < NITEMS(table); i++) {
        *field(out, &table[i]) = table[i].fallback;
    }
    for (int a = 1; a < argc; a++) {
        const struct option *found = NULL;
        for (size_t i = 0; i < NITEMS(table) && !found; i++) {
            found = str_eq(argv[a], table[i].name) ? &table[i] : NULL;
        }
        if (!found || (found->arg && a + 1 == argc)) {
            return err_set(err, ERR_USAGE, "%s: %s", argv[a],
                           found ? "needs a value" : "unknown option");
        }
        *field(out, found) = found->arg ? argv[++a] : "yes";
    }
    if (out->help) {
        print_help();
    } else if (out->list) {
        print_faults();
    }
    return !out->help && !out->list;
}
