#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Writes requests and manifests made to be slow into a directory: as many names as are read, names
# that are one long label list, internationalised names, many attributes, big moduli and exponents,
# patterns that backtrack. hostile.py DIR
import os, sys

out = sys.argv[1]


def tlv(tag, body):
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + \
        n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + size + body


def seq(*parts):
    return tlv(0x30, b"".join(parts))


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


EC = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e5"
                   "63a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33"
                   "576b315ececbb6406837bf51f5")  # the generator of P-256


def rsa(n, e):
    return seq(seq(bytes.fromhex("06092a864886f70d010101"), b"\x05\x00"),
               tlv(3, b"\0" + seq(integer(n), integer(e))))


def csr(names, spki=EC, attributes=()):
    cn = tlv(0x31, seq(bytes.fromhex("0603550403"), tlv(0x0C, b"www.example.com")))
    more = b"".join(tlv(0x31, seq(bytes.fromhex("060355040b"), tlv(0x0C, a))) for a in attributes)
    san = seq(bytes.fromhex("0603551d11"), tlv(4, seq(*[tlv(0x82, n) for n in names])))
    ask = tlv(0xA0, seq(bytes.fromhex("06092a864886f70d01090e"), tlv(0x31, seq(san))))
    return seq(seq(integer(0), tlv(0x30, cn + more), spki, ask),
               bytes.fromhex("300a06082a8648ce3d040302"),
               tlv(3, b"\0" + seq(integer(1 << 250), integer(1 << 250))))


def put(name, data):
    with open(os.path.join(out, name), "wb") as f:
        f.write(data)


put("names.csr", csr([b"%x.example.com" % i for i in range(1000)]))
put("same.csr", csr([b"a.example.com"] * 1000))
put("empty.csr", csr([b""] * 20000))
put("idn.csr", csr([b"xn--%x-tda.xn--bcher-kva.example" % i for i in range(1000)]))
put("labels.csr", csr([b"a." * 120 + b"example%d" % i for i in range(200)]))
put("wild.csr", csr([b"*.%x.co.uk" % i for i in range(1000)]))
put("subject.csr", csr([b"www.example.com"], attributes=[b"x" * 500] * 99))
put("rsa16384.csr", csr([b"www.example.com"], spki=rsa((1 << 16383) + 12345678901, 65537)))
put("exponent.csr", csr([b"www.example.com"], spki=rsa((1 << 4095) + 99, (1 << 4094) + 1)))
put("deep.csr", b"\x30\x80" * 30000)
put("pattern.batch.yaml", b"""certbatch: 1
name: pattern
policy: [./pattern.policy.yaml]
ca: local
orders:
  - {id: a, san: [%s.example.com], csr: names.csr}
""" % (b"a" * 60))
put("pattern.policy.yaml", b"""certbatch_policy: 1
name: pattern
extends: [private]
names: {dns: {allow: [{regex: '(a+)+b'}, {regex: '(a|aa)+c'}, {regex: '([a-z.]+)*!'}]}}
""")
