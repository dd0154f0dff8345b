#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Writes the requests of tests/samples for the rules ext.* and smime.*, with the tools of make.py
# and its keys, which must be there. Run in tests/samples.
import hashlib

from make import (EC, ECDSA, RSA, RSA_ID, RSA_SHA256, bits, csr, dn, ext, extensions, genkey,
                  integer, null, octets, oid, san, save, seq, spki, tlv)

EKU = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2", "code": "1.3.6.1.5.5.7.3.3",
       "email": "1.3.6.1.5.5.7.3.4"}


def named_bits(*numbers):
    value = sum(1 << (15 - n) for n in numbers).to_bytes(2, "big").rstrip(b"\0")
    unused = (8 - (max(numbers) + 1) % 8) % 8 if numbers else 0
    return bits(value, unused)


def ku(*numbers, critical=True): return ext("2.5.29.15", named_bits(*numbers), critical)
def eku(*names, critical=None): return ext("2.5.29.37", seq(*[oid(EKU.get(n, n)) for n in names]), critical)
def true(): return tlv(1, b"\xff")
def bmp(text): return tlv(0x1E, text.encode("utf-16-be"))
def email(*names): return ext("2.5.29.17", seq(*[tlv(0x81, n.encode()) for n in names]))
def asks(*exts, **rest): return csr(attributes=[extensions(san("www.example.com"), *exts)], **rest)


DS, NR, KE, DE, KA, CERT, CRL = range(7)


def main():
    point = spki(EC)[-65:]
    basic = ext("2.5.29.19", seq(), True)
    ski = ext("2.5.29.14", octets(hashlib.sha1(point).digest()))
    save("good-usage", asks(basic, ku(DS), eku("server"), ski))
    save("good-usage-rsa", asks(ku(DS, KE), eku("server"), key=RSA))

    # --- ext.* ---
    save("ext.allowed", asks(ext("1.3.6.1.4.1.99999.3", null())))
    save("ext.unknown-critical", asks(ext("1.3.6.1.4.1.99999.3", null(), True)))
    save("ext.bc.ca", asks(ext("2.5.29.19", seq(true()), True)))
    save("ext.bc.pathlen", asks(ext("2.5.29.19", seq(integer(0)), True)))
    save("ext.ku.ca-bits", asks(ku(DS, CERT, CRL)))
    save("ext.ku.rsa", asks(ku(DS, KE, KA), key=RSA))
    save("ext.ku.ec", asks(ku(DS, KE)))
    save("ext.ku.encoding", asks(ext("2.5.29.15", bits(b"\x80", 0), True)))
    save("ext.ku.critical", asks(ku(DS, critical=None)))
    save("ext.eku.required", asks(eku("client")))
    save("ext.eku.forbidden", asks(eku("server", "code")))
    save("ext.eku.client-auth", asks(eku("server", "client")))
    save("ext.eku.critical", asks(eku("server", critical=True)))
    save("ext.ku-eku.consistent", asks(ku(NR), eku("server")))
    save("ext.name-constraints",
         asks(ext("2.5.29.30", seq(tlv(0xA0, seq(tlv(0x82, b"example.com")))), True)))
    save("ext.policies", asks(ext("2.5.29.32", seq(seq(oid("2.23.140.1.2.1"))))))
    save("ext.tls-feature", asks(ext("1.3.6.1.5.5.7.1.24", seq(integer(5)))))
    save("ext.ct-poison", asks(ext("1.3.6.1.4.1.11129.2.4.3", null(), True)))
    save("ext.ocsp-nocheck", asks(ext("1.3.6.1.5.5.7.48.1.5", null())))
    save("ext.netscape", asks(ext("2.16.840.1.113730.1.1", bits(b"\x40", 6))))
    save("ext.ski", asks(ext("2.5.29.14", octets(b"\1" * 20))))
    save("ext.aki", asks(ext("2.5.29.35", seq(tlv(0x80, b"\1" * 20)))))
    save("ext.ms-template",
         asks(ext("1.3.6.1.4.1.311.20.2", bmp("CorpWeb")),
              ext("1.3.6.1.4.1.311.21.7", seq(oid("1.3.6.1.4.1.311.21.8.1.2.3"), integer(100)))))

    # --- smime.* ---
    person = dn(("GN", "Ada"), ("SN", "Keller"), ("CN", "Ada Keller"))
    def mail(*exts, subject=person, names=("ada@example.com",), **rest):
        return csr(subject, [extensions(email(*names), *exts)], **rest)
    save("good-smime", mail(ku(DS, KA), eku("email")))
    save("smime.eku", mail(eku("email", "server")))
    save("smime.ku", mail(ku(DS, KE), eku("email")))
    save("smime.ski-sda", mail(ext("2.5.29.9", seq(seq(oid("1.3.6.1.5.5.7.9.4"),
                                                       tlv(0x31, tlv(0x13, b"US")))))))
    save("smime.email.repeated",
         csr(dn(("CN", "ada@example.com"), ("email", "ada.keller@example.com")),
             [extensions(email("ada@example.com"))]))
    save("smime.email.single",
         csr(dn(("email", "ada@example.com"), ("email", "ada.keller@example.com")),
             [extensions(email("ada@example.com", "ada.keller@example.com"))]))


main()
