#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Writes the requests, keys and lists of tests/samples: one request for each rule that is about a
# request, broken in exactly the way the rule is about. The DER is put together here, because no
# tool writes most of it; openssl makes keys and signatures. Keys and signatures are random, so
# running this again gives other bytes with the same meaning. Run in tests/samples.
#   make.py CORPORA    directory with badkeys/ (for keys that cannot be generated)
import base64, hashlib, os, re, subprocess, sys, tempfile

CORPORA = sys.argv[1] if len(sys.argv) > 1 else "../corpora"


def run(*args, data=None):
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, check=True).stdout


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        size = bytes([n])
    else:
        size = n.to_bytes((n.bit_length() + 7) // 8, "big")
        size = bytes([0x80 | len(size)]) + size
    return bytes([tag]) + size + body


def seq(*p): return tlv(0x30, *p)
def set_(*p): return tlv(0x31, *p)
def bits(b, unused=0): return tlv(3, bytes([unused]), b)
def octets(b): return tlv(4, b)
def utf8(s): return tlv(12, s if isinstance(s, bytes) else s.encode())
def null(): return b"\x05\x00"


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(text):
    arcs = [int(x) for x in text.split(".")]
    out = bytes([arcs[0] * 40 + arcs[1]])
    for a in arcs[2:]:
        part = [a & 127]
        while a > 127:
            a >>= 7
            part.insert(0, a & 127 | 128)
        out += bytes(part)
    return tlv(6, out)


OIDS = {"CN": "2.5.4.3", "C": "2.5.4.6", "ST": "2.5.4.8", "L": "2.5.4.7", "O": "2.5.4.10",
        "OU": "2.5.4.11", "DC": "0.9.2342.19200300.100.1.25", "email": "1.2.840.113549.1.9.1"}
TAGS = {"C": 0x13, "DC": 0x16, "email": 0x16}


def attr(name, value, tag=None):
    raw = value if isinstance(value, bytes) else value.encode()
    return seq(oid(OIDS.get(name, name)), tlv(tag or TAGS.get(name, 12), raw))


def dn(*attrs): return seq(*[set_(attr(*a)) for a in attrs])


def dns(*names): return seq(*[tlv(0x82, n if isinstance(n, bytes) else n.encode()) for n in names])


def ext(name, value, critical=None):
    flag = b"" if critical is None else tlv(1, b"\xff" if critical else b"\0")
    return seq(oid(name), flag, octets(value))


def san(*names, critical=None): return ext("2.5.29.17", dns(*names), critical)


EXT_REQ, MS_REQ = "1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"
CHALLENGE, UNSTRUCTURED = "1.2.840.113549.1.9.7", "1.2.840.113549.1.9.2"
def attribute(name, *values): return seq(oid(name), set_(*values))
def extensions(*exts, name=EXT_REQ): return attribute(name, seq(*exts))


def genkey(path, *args):
    if not os.path.exists(path):
        run("openssl", "genpkey", "-quiet", "-out", path, *args)
    os.chmod(path, 0o600)
    return path


def spki(key): return run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER")


def file_spki(name):
    text = open(os.path.join(CORPORA, name), errors="replace").read()
    m = re.search(r"-----BEGIN ((?:RSA )?PUBLIC KEY)-----(.*?)-----END", text, re.S)
    der = base64.b64decode("".join(m.group(2).split()))
    return seq(RSA_ID, bits(der)) if m.group(1).startswith("RSA") else der


RSA_ID = seq(oid("1.2.840.113549.1.1.1"), null())
ECDSA = {"sha1": "1.2.840.10045.4.1", "sha224": "1.2.840.10045.4.3.1",
         "sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3"}
RSA_SHA256 = seq(oid("1.2.840.113549.1.1.11"), null())
EC, RSA = "good.key", "good-rsa.key"


def sign(key, data, digest, *opts):
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        return run("openssl", "dgst", "-" + digest, "-sign", key, *opts, f.name)


WWW = ("CN", "www.example.com")
SAN = [extensions(san("www.example.com"))]


def csr(subject=dn(WWW), attributes=SAN, key=EC, pub=None, digest="sha256", algorithm=None,
        signature=None, version=0, unused=0, opts=()):
    pub = pub or spki(key)
    attrs = b"" if attributes is None else tlv(0xA0, *attributes)
    info = seq(integer(version), subject, pub, attrs)
    if algorithm is None:
        algorithm = RSA_SHA256 if key == RSA else seq(oid(ECDSA[digest]))
    if signature is None:
        signature = sign(key, info, digest, *opts)
    return seq(info, algorithm, bits(signature, unused))


def pem(der, label="CERTIFICATE REQUEST", width=64):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + width] for i in range(0, len(text), width)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, "\n".join(lines), label)


def save(name, der):
    with open(name + ".pem", "w") as f:
        f.write(der if isinstance(der, str) else pem(der))


def rsa_spki(n, e=65537, raw=None):
    return seq(RSA_ID, bits(raw or seq(integer(n), integer(e))))


def rsa_csr(n, e=65537, raw=None):
    return csr(pub=rsa_spki(n, e, raw), algorithm=RSA_SHA256, signature=bytes(256))


def prime(size):
    return int(run("openssl", "prime", "-generate", "-bits", str(size), "-hex").decode(), 16)


def is_prime(n):
    return b"is prime" in run("openssl", "prime", "-hex", "%x" % n)


def next_prime(n):
    n += 2
    while not is_prime(n):
        n += 2
    return n


def main():
    genkey(EC, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    genkey("other.key", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    genkey(RSA, "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    corp = [("C", "US"), ("ST", "Texas"), ("L", "Austin"), ("O", "Example Corp"), WWW]

    # --- requests without a fault ---
    save("good", csr())
    save("good-nocn", csr(seq(), [extensions(san("www.example.com", critical=True))]))
    save("good-rsa", csr(key=RSA))
    save("good-subject", csr(dn(*corp)))
    save("good-dc", csr(dn(("DC", "com"), ("DC", "example"), WWW)))

    def pss(salt):
        sha = seq(oid("2.16.840.1.101.3.4.2.1"), null())
        mgf = seq(oid("1.2.840.113549.1.1.8"), sha)
        return seq(oid("1.2.840.113549.1.1.10"), seq(tlv(0xA0, sha), tlv(0xA1, mgf),
                                                     tlv(0xA2, integer(salt))))

    def pss_csr(salt):
        return csr(key=RSA, algorithm=pss(salt),
                   opts=("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:%d" % salt,
                         "-sigopt", "rsa_mgf1_md:sha256"))
    save("good-pss", pss_csr(32))

    # --- csr.* ---
    good = csr()
    cert = run("openssl", "req", "-x509", "-new", "-key", EC, "-subj", "/CN=www.example.com",
               "-days", "30").decode()
    text = pem(good)
    save("csr.input.kind", cert)
    save("csr.pem.label", pem(good, "X509 REQUEST"))
    save("csr.pem.armor", text.replace("-----END CERTIFICATE REQUEST-----\n", ""))
    save("csr.pem.lax", pem(good, width=76))
    save("csr.pem.count", text + pem(csr(key=RSA)))
    save("csr.pem.private-key", text + open("other.key").read())
    save("csr.size", csr(attributes=SAN + [attribute(UNSTRUCTURED, tlv(0x16, b"a" * 17000))]))
    save("csr.der.parse", seq(integer(0), utf8("not a request")))
    save("csr.der.trailing", good + b"\0")
    body = good[4:]
    save("csr.der.strict", b"\x30\x83" + len(body).to_bytes(3, "big") + body)
    deep = null()
    for _ in range(40):
        deep = seq(deep)
    save("csr.der.depth", csr(attributes=SAN + [attribute(UNSTRUCTURED, deep)]))
    save("csr.version", csr(version=2))
    save("csr.attributes.missing", csr(attributes=None))
    one = attribute(UNSTRUCTURED, tlv(0x16, b"one"))
    two = attribute(UNSTRUCTURED, tlv(0x16, b"two"))
    save("csr.attr.duplicate", csr(attributes=SAN + [one, two]))
    save("csr.attr.single-value", csr(attributes=SAN + [attribute(CHALLENGE, utf8("a"), utf8("b"))]))
    save("csr.attr.empty-set", csr(attributes=SAN + [attribute(UNSTRUCTURED)]))
    save("csr.attr.extension-conflict",
         csr(attributes=SAN + [extensions(san("api.example.com"), name=MS_REQ)]))
    save("csr.attr.unknown", csr(attributes=SAN + [attribute("1.3.6.1.4.1.99999.1", utf8("x"))]))
    save("csr.attr.challenge-password", csr(attributes=SAN + [attribute(CHALLENGE, utf8("a secret"))]))
    client = seq(integer(5), utf8("host.corp.example"), utf8("CORP\\user"), utf8("certreq"))
    save("csr.attr.client-info", csr(attributes=SAN + [attribute("1.3.6.1.4.1.311.21.20", client)]))
    save("csr.ext.duplicate", csr(attributes=[extensions(san("www.example.com"), san("b.example.com"))]))
    save("csr.ext.decode", csr(attributes=[extensions(ext("2.5.29.17", b"\x01\x02\x03"))]))
    save("csr.ext.empty", csr(attributes=[extensions(ext("2.5.29.17", seq()))]))
    save("csr.ext.critical-default", csr(attributes=[extensions(san("www.example.com", critical=False))]))

    # --- sig.* ---
    save("sig.verify", csr(signature=sign("other.key", b"something else", "sha256")))
    save("sig.alg.allowed", csr(digest="sha224"))
    save("sig.alg.weak", csr(digest="sha1"))
    save("sig.alg.key-mismatch", csr(algorithm=RSA_SHA256))
    save("sig.alg.encoding", csr(algorithm=seq(oid(ECDSA["sha256"]), null())))
    save("sig.alg.curve-hash", csr(digest="sha384"))
    save("sig.pss.parameters", pss_csr(20))
    save("sig.bitstring", csr(signature=seq(integer(5), tlv(2, b"\x85"))))

    # --- key.* ---
    save("key.spki.decode", rsa_csr(0, raw=utf8("no key")))
    p, q, r = prime(1024), prime(1024), prime(1024)
    save("key.rsa.min-bits", rsa_csr(prime(512) * prime(512)))
    save("key.rsa.max-bits", rsa_csr(prime(2080) * prime(2080)))
    n2047 = p * q
    while n2047.bit_length() != 2047:
        n2047 = prime(1023) * prime(1024)
    save("key.rsa.multiple-of-8", rsa_csr(n2047))
    n = p * q
    save("key.rsa.negative", rsa_csr(0, raw=seq(tlv(2, n.to_bytes(256, "big")), integer(65537))))
    save("key.rsa.exponent.odd", rsa_csr(n, 65536))
    save("key.rsa.exponent.range", rsa_csr(n, 3))
    save("key.rsa.exponent.oversize", rsa_csr(n, n + 2))
    save("key.rsa.modulus.odd", rsa_csr(n + 1))
    save("key.rsa.modulus.small-factor", rsa_csr(751 * prime(2039)))
    save("key.rsa.modulus.perfect-power", rsa_csr(p * p))
    save("key.rsa.modulus.prime", rsa_csr(prime(2048)))
    save("key.rsa.fermat", rsa_csr(p * next_prime(p)))
    save("key.rsa.roca", csr(pub=file_spki("badkeys/rsa-roca.key"), algorithm=RSA_SHA256,
                             signature=bytes(256)))
    save("shared-prime-a", rsa_csr(p * q))
    save("shared-prime-b", rsa_csr(p * r))
    point = spki(EC)[-65:]
    ec_id = oid("1.2.840.10045.2.1")
    p256 = oid("1.2.840.10045.3.1.7")
    no_null = seq(seq(oid("1.2.840.113549.1.1.1")), bits(seq(integer(n), integer(65537))))
    save("key.rsa.spki-encoding", csr(pub=no_null, algorithm=RSA_SHA256, signature=bytes(256)))
    save("key.ec.named-curve", csr(pub=file_spki("badkeys/ecdsa-explicit-pub.key")))
    save("key.ec.spki-encoding", csr(pub=seq(seq(ec_id, p256, null()), bits(point))))
    with tempfile.TemporaryDirectory() as d:
        k1 = genkey(d + "/k1", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1")
        save("key.ec.curve", csr(key=k1))
        k2 = genkey(d + "/k2", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
        with open("prior-p384.pem", "w") as f:
            f.write(run("openssl", "req", "-x509", "-new", "-key", k2, "-subj",
                        "/CN=www.example.com", "-days", "90", "-addext",
                        "subjectAltName=DNS:www.example.com").decode())
        k3 = genkey(d + "/k3", "-genparam", "-algorithm", "DSA", "-pkeyopt",
                    "dsa_paramgen_bits:2048", "-pkeyopt", "dsa_paramgen_q_bits:256")
        run("openssl", "genpkey", "-quiet", "-paramfile", k3, "-out", d + "/k4")
        save("key.dsa", csr(key=d + "/k4", algorithm=seq(oid("2.16.840.1.101.3.4.3.2"))))
        k5 = genkey(d + "/k5", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        weak = spki(k5)
        save("key.debian-weak", csr(key=k5, algorithm=RSA_SHA256))
        modulus = run("openssl", "rsa", "-in", k5, "-noout", "-modulus")
        with open("key.debian-weak.txt", "w") as f:
            f.write("# a made-up list in the format of openssl-blacklist\n")
            f.write("00000000000000000000\n%s\n" % hashlib.sha1(modulus).hexdigest()[20:])
    save("key.ec.point", csr(pub=seq(seq(ec_id, p256), bits(point[:-1] + bytes([point[-1] ^ 1])))))
    small = bytes([2 + (point[-1] & 1)]) + point[1:33]
    save("key.ec.compressed", csr(pub=seq(seq(ec_id, p256), bits(small))))
    save("key.pqc", csr(pub=file_spki("badkeys/mldsa44.key")))
    save("key.known-public", csr(pub=file_spki("badkeys/ed25519-rfc-example.key"),
                                 algorithm=seq(oid("1.3.101.112")), signature=bytes(64)))
    save("key.blocklist", csr(key="other.key"))
    with open("key.blocklist.txt", "w") as f:
        f.write("# SPKI SHA-256;reason;date;ticket\n%s;keyCompromise;2026-10-01;INC0012345\n"
                % hashlib.sha256(spki("other.key")).hexdigest())

    # --- subject.* ---
    save("subject.attr.allowed", csr(dn(WWW, ("1.3.6.1.4.1.99999.2", "x"))))
    save("subject.attr.duplicate", csr(dn(("O", "Example Corp"), ("O", "Other Corp"), WWW)))
    save("subject.rdn.multi-value", csr(seq(set_(attr("L", "Austin"), attr("O", "Example Corp")),
                                            set_(attr(*WWW)))))
    save("subject.rdn.order", csr(dn(WWW, ("O", "Example Corp"), ("C", "US"))))
    save("subject.string.type", csr(dn(("O", "Example Corp", 0x14), WWW)))
    save("subject.string.invalid", csr(dn(("O", "Example * Corp", 0x13), WWW)))
    save("subject.empty-value", csr(dn(("O", ""), WWW)))
    save("subject.control-characters", csr(dn(("O", "Example\x07Corp"), WWW)))
    save("subject.invisible", csr(dn(("O", "Example\u200bCorp"), WWW)))
    save("subject.cn.in-san", csr(dn(("CN", "api.example.com"))))
    save("subject.cn.multiple", csr(dn(WWW, ("CN", "api.example.com"))))
    save("subject.ou.forbidden", csr(dn(("C", "US"), ("O", "Example Corp"), ("OU", "IT"), WWW)))
    save("subject.email.tls", csr(dn(WWW, ("email", "admin@example.com"))))
    save("subject.dc.sequence", csr(dn(("DC", "com"), WWW, ("DC", "example"))))
    save("subject.empty-without-san", csr(seq(), []))

    # --- san.* ---
    save("san.required", csr(attributes=[]))
    save("san.empty-name", csr(attributes=[extensions(san("www.example.com", ""))]))
    save("san.string.ia5", csr(attributes=[extensions(san("www.example.com", "m\u00fcnchen.example.com"))]))
    save("san.critical", csr(attributes=[extensions(san("www.example.com", critical=True))]))


if __name__ == "__main__":
    main()
