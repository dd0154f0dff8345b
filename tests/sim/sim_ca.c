/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_ca.h.
 */
#include "tests/sim/sim_ca.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <arpa/inet.h>
#include <string.h>

enum { SERIAL = 16, CA_DAYS = 3650 };

static void new_serial(uint8_t serial[SERIAL])
{
    random_bytes(serial, SERIAL);
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, always 16 octets */
}

static bool make(struct sim_ca *ca, const struct issue_profile *profile, const char *cn,
                 const struct sim_issuer *by, struct sim_issuer *out, struct err *err)
{
    uint8_t serial[SERIAL];
    CLEANUP(buf_release) struct buf name = BUF_INIT(LIMIT_CERT_BYTES);
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CERT_BYTES);
    const struct dn_value dn[] = {{"C", "US"}, {"O", "certbatch simulator"}, {"CN", cn}};
    const struct x509_names names = {.subject = dn, .nsubject = NITEMS(dn)};
    out->key = (struct key)KEY_INIT;
    if (!key_generate(KEY_EC_P256, &out->key, err) || !x509_put_dn(&name, &names, err)) {
        return false;
    }
    new_serial(serial);
    int64_t now = time_now() - DAY_SECONDS;
    const struct issue_parts parts = {.profile = profile,
                                      .serial = {serial, SERIAL},
                                      .subject = buf_span(&name),
                                      .spki = buf_span(&out->key.spki),
                                      .not_before = now,
                                      .not_after = now + (int64_t)CA_DAYS * DAY_SECONDS};
    if (!issue_certificate(by ? &by->key : &out->key, by ? &by->cert : NULL, &parts, &der, err)) {
        return false;
    }
    struct span copy = {arena_memdup(&ca->arena, der.p, der.n), der.n};
    return cert_parse(&ca->arena, copy, &out->cert, err);
}

bool sim_ca_open(struct sim_ca *ca, struct err *err)
{
    struct sim_issuer other = {.key = KEY_INIT};
    bool ok = make(ca, &issue_root, "Simulator Root CA", NULL, &ca->root, err) &&
              make(ca, &issue_issuing, "Simulator Issuing CA", &ca->root, &ca->issuing, err) &&
              make(ca, &issue_root, "Simulator Root CA", NULL, &other, err) &&
              make(ca, &issue_issuing, "Simulator Issuing CA", &other, &ca->stranger, err);
    key_release(&other.key);
    return ok;
}

static enum gn_type name_type(const char *name)
{
    uint8_t octets[16];
    const bool address =
        inet_pton(AF_INET, name, octets) == 1 || inet_pton(AF_INET6, name, octets) == 1;
    return strchr(name, '@') ? GN_EMAIL : address ? GN_IP : GN_DNS;
}

bool sim_ca_issue(const struct sim_ca *ca, const struct sim_leaf *leaf, struct buf *out,
                  struct err *err)
{
    uint8_t serial[SERIAL];
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf name = BUF_INIT(LIMIT_CERT_BYTES);
    CLEANUP(buf_release) struct buf san = BUF_INIT(LIMIT_CERT_BYTES);
    struct san_value *values = arena_array(&a, leaf->nnames + 1, sizeof *values);
    for (size_t i = 0; i < leaf->nnames; i++) {
        values[i] = (struct san_value){name_type(leaf->names[i]), leaf->names[i]};
    }
    const struct x509_names names = {leaf->subject, leaf->nsubject, values, leaf->nnames};
    if (!x509_put_dn(&name, &names, err) || !x509_put_san(&san, &names, err)) {
        return false;
    }
    new_serial(serial);
    const struct issue_parts parts = {.profile = leaf->profile ? leaf->profile : &issue_tls_server,
                                      .serial = {serial, SERIAL},
                                      .subject = buf_span(&name),
                                      .spki = leaf->spki,
                                      .san = buf_span(&san),
                                      .not_before = leaf->not_before,
                                      .not_after = leaf->not_after};
    const struct sim_issuer *by = leaf->stranger ? &ca->stranger : &ca->issuing;
    return issue_certificate(&by->key, &by->cert, &parts, out, err);
}

void sim_ca_release(struct sim_ca *ca)
{
    key_release(&ca->root.key);
    key_release(&ca->issuing.key);
    key_release(&ca->stranger.key);
    arena_release(&ca->arena);
}

char *serial_decimal(struct arena *a, struct span serial)
{
    char digits[64];
    uint8_t left[20];
    size_t at = sizeof digits - 1, n = serial.n <= sizeof left ? serial.n : sizeof left;
    memcpy(left, serial.p, n);
    digits[at] = '\0';
    for (bool more = true; more && at > 0;) { /* long division by ten */
        unsigned rest = 0;
        more = false;
        for (size_t i = 0; i < n; i++) {
            rest = rest * 256 + left[i];
            left[i] = (uint8_t)(rest / 10);
            rest %= 10;
            more = more || left[i];
        }
        digits[--at] = (char)('0' + rest);
    }
    return arena_strdup(a, digits + at);
}
