#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Writes the certificates that renewals replace and revocations revoke: one CA of two sample CAs,
# leaves with fixed dates around 2026-11-21, the day on which rules are tested. Signatures are
# random, the meaning is not. Run in tests/samples.
import hashlib
from make import (EC, ECDSA, bits, dn, ext, genkey, integer, octets, oid, pem, save, san, seq, sign,
                  spki, tlv)

ORG = [("C", "US"), ("ST", "Texas"), ("L", "Austin"), ("O", "Example Corp")]
OV, DV = "2.23.140.1.2.2", "2.23.140.1.2.1"


def key_id(key):  # RFC 5280 4.2.1.2 (1): SHA-1 over the content of the BIT STRING
    return hashlib.sha1(spki(key)[-65:]).digest()


def certificate(serial, subject, key, begins, ends, issuer, issuer_key, exts):
    algorithm = seq(oid(ECDSA["sha256"]))
    aki = ext("2.5.29.35", seq(tlv(0x80, key_id(issuer_key))))
    tbs = seq(tlv(0xA0, integer(2)), integer(serial), algorithm, issuer,
              seq(*[tlv(0x17, t.encode()) for t in (begins, ends)]), subject, spki(key),
              tlv(0xA3, seq(aki, ext("2.5.29.14", octets(key_id(key))), *exts)))
    return pem(seq(tbs, algorithm, bits(sign(issuer_key, tbs, "sha256"))), "CERTIFICATE")


def make_ca(name, key, common_name):
    subject = dn(("C", "US"), ("O", "Sample CA"), ("CN", common_name))
    exts = [ext("2.5.29.19", seq(tlv(1, b"\xff")), True),
            ext("2.5.29.15", tlv(3, b"\x01\x06"), True)]
    save(name, certificate(1, subject, key, "200101000000Z", "400101000000Z", subject, key, exts))
    return subject


def main():
    def ec(name):
        return genkey(name, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    ca_key, other_key, own = ec("prior-ca.key"), ec("other.key"), ec("prior.key")
    ca = make_ca("prior-ca", ca_key, "Sample Issuing CA")
    make_ca("other-ca", other_key, "Other Issuing CA")
    serial = 0x1000000000000000

    def leaf(name, begins, ends, key=own, org=ORG, policy=OV, names=("www.example.com", )):
        nonlocal serial
        serial += 1
        subject = dn(*org, ("CN", names[0]))
        exts = [san(*names), ext("2.5.29.32", seq(seq(oid(policy)))),
                ext("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.1")))]
        save(name, certificate(serial, subject, key, begins, ends, ca, ca_key, exts))

    leaf("prior", "260601000000Z", "261218000000Z")
    leaf("prior-sibling", "260601000000Z", "261218000000Z", names=["api.example.com"])
    leaf("prior-same-key", "260601000000Z", "261218000000Z", key=EC)
    leaf("prior-dv", "260601000000Z", "261218000000Z", org=[], policy=DV)
    leaf("prior-two-names", "260601000000Z", "261218000000Z",
         names=["www.example.com", "api.example.com"])
    # 90 days and one second before the end at 2026-11-21T12:00:00Z, of 200 days; then exactly 90
    leaf("prior-early", "260804120001Z", "270219120001Z")
    leaf("prior-in-window", "260804120000Z", "270219120000Z")
    # of 100 days the window is 30
    leaf("prior-short-early", "260912120001Z", "261221120001Z")
    leaf("prior-short-in-window", "260912120000Z", "261221120000Z")
    leaf("prior-late", "260601000000Z", "261128120000Z")  # exactly 7 days left
    leaf("prior-not-late", "260601000000Z", "261128120001Z")
    leaf("prior-expired", "260601000000Z", "261121115959Z")


if __name__ == "__main__":
    main()
