# SPDX-License-Identifier: Apache-2.0
"""ACME of the simulator: it refuses what a real server refuses. The client here is another one than
the program's: openssl signs."""
import base64
import hashlib
import hmac
import json
import os
import subprocess

from sim_client import Sim, check

MAC = b"0123456789abcdef0123456789abcdef"


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout


class Key:
    def __init__(self, name):
        self.path = os.path.join(Sim.work, name)
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path)
        point = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-64:]
        self.jwk = {"crv": "P-256", "kty": "EC", "x": b64(point[:32]), "y": b64(point[32:])}
        canonical = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        self.thumbprint = b64(hashlib.sha256(canonical.encode()).digest())

    def sign(self, data):
        der = openssl("dgst", "-sha256", "-sign", self.path, data=data)
        n = der[3]
        r, s = der[4:4 + n], der[6 + n:]
        return b"".join(v.lstrip(b"\0").rjust(32, b"\0") for v in (r, s))

    def csr(self, *names):
        pem = openssl("req", "-new", "-key", self.path, "-subj", "/CN=" + names[0], "-addext",
                      "subjectAltName=" + ",".join("DNS:" + n for n in names), "-outform", "DER")
        return b64(pem)


class Client:
    def __init__(self, s, key):
        self.s, self.key, self.kid = s, key, None
        self.base = "http://127.0.0.1:%d/acme/" % s.port

    def nonce(self):
        return self.s.request("HEAD", "/acme/new-nonce")[0].getheader("Replay-Nonce")

    def post(self, path, payload=None, kid=True, key=None, signature=None, kind="application/jose+json", **header):
        key = key or self.key
        head = {"alg": "ES256", "nonce": self.nonce(), "url": self.base + path}
        head.update({"kid": self.kid} if kid and self.kid else {"jwk": key.jwk})
        head.update(header)
        head = {k: v for k, v in head.items() if v is not None}
        protected, body = b64(json.dumps(head)), b64("" if payload is None else json.dumps(payload))
        made = key.sign((protected + "." + body).encode()) if signature is None else signature
        jws = {"protected": protected, "payload": body, "signature": b64(made)}
        a, data = self.s.request("POST", "/acme/" + path, json.dumps(jws), {"Content-Type": kind})
        return a, json.loads(data) if data[:1] == b"{" else data

    def binding(self, mac=MAC, kid="1234567890"):
        protected = b64(json.dumps({"alg": "HS256", "kid": kid, "url": self.base + "new-account"}))
        payload = b64(json.dumps(self.key.jwk, sort_keys=True, separators=(",", ":")))
        made = hmac.new(mac, (protected + "." + payload).encode(), hashlib.sha256).digest()
        return {"protected": protected, "payload": payload, "signature": b64(made)}

    def register(self, **binding):
        a, body = self.post("new-account", {"termsOfServiceAgreed": True,
                                            "externalAccountBinding": self.binding(**binding)})
        self.kid = a.getheader("Location")
        return a, body


def refused(name, got, status, kind):
    a, body = got
    check("acme refused: " + name,
          a.status == status and body["type"] == "urn:ietf:params:acme:error:" + kind and
          a.getheader("Replay-Nonce"), (a.status, body))


def start(*options):
    mac = os.path.join(Sim.work, "mac")
    with open(mac, "w") as f:
        f.write(b64(MAC) + "\n")
    return Sim("--rate", "0", "--oauth-secret-file", mac, *options)


def signatures(s, k):
    refused("no account", k.post("new-account", {"onlyReturnExisting": True}), 400, "accountDoesNotExist")
    refused("no terms", k.post("new-account", {}), 403, "userActionRequired")
    refused("no binding", k.post("new-account", {"termsOfServiceAgreed": True}), 403, "externalAccountRequired")
    refused("another MAC", k.register(mac=b"x" * 32), 403, "unauthorized")
    refused("another key id", k.register(kid="2"), 403, "unauthorized")
    refused("unknown member", k.post("new-account", {"terms": True}), 400, "malformed")
    a, _ = k.register()
    check("acme: an account", a.status == 201 and k.kid)
    a, _ = Client(s, k.key).register()
    check("acme: the same key, the same account", a.status == 200 and a.getheader("Location") == k.kid)
    refused("DER for a signature", k.post("new-order", {}, signature=b"0" * 71), 400, "malformed")
    refused("a signature of another", k.post("new-order", {}, key=Key("other")), 400, "malformed")
    refused("a nonce of one's own", k.post("new-order", {}, nonce="abc"), 400, "badNonce")
    nonce = k.nonce()
    k.post("new-order", {}, nonce=nonce)
    refused("a nonce for the second time", k.post("new-order", {}, nonce=nonce), 400, "badNonce")
    refused("another address", k.post("new-order", {}, url=k.base + "revoke"), 403, "unauthorized")
    refused("another algorithm", k.post("new-order", {}, alg="RS256"), 400, "malformed")
    unknown = Client(s, k.key)
    unknown.kid = k.base + "account/9"
    refused("an unknown account", unknown.post("new-order", {}), 400, "accountDoesNotExist")
    refused("a key where an account is wanted", k.post("new-order", {}, kid=False), 400, "malformed")
    refused("both", k.post("new-order", {}, jwk=k.key.jwk), 400, "malformed")
    refused("JSON", k.post("new-order", {}, kind="application/json"), 400, "malformed")
    check("acme: 405", s.request("GET", "/acme/new-order")[0].status == 405)
    check("acme: 404", s.request("GET", "/acme/nothing")[0].status == 404)


def order(k, *names, **more):
    return k.post("new-order", dict({"identifiers": [{"type": "dns", "value": n} for n in names]}, **more))


def path_of(k, url):
    return url[len(k.base):]


def life(s, k, table):
    refused("no names", k.post("new-order", {"identifiers": []}), 400, "malformed")
    refused("a name twice", order(k, "a.example.com", "a.example.com"), 400, "malformed")
    refused("a member of nobody", order(k, "a.example.com", notAfter="2030-01-01T00:00:00Z"), 400, "malformed")
    refused("a profile of nobody", order(k, "a.example.com", profile="x"), 400, "invalidProfile")
    refused("a replacement of nothing", order(k, "a.example.com", replaces="AA.BB"), 400, "malformed")
    a, o = order(k, "a.example.com", "*.b.example.com")
    at = path_of(k, a.getheader("Location"))
    check("acme: an order is pending", a.status == 201 and o["status"] == "pending" and len(o["authorizations"]) == 2)
    leaf = Key("leaf")
    refused("not ready", k.post(at + "/finalize", {"csr": leaf.csr("a.example.com", "*.b.example.com")}), 403,
            "orderNotReady")
    refused("{} for an order", k.post(at, {}), 400, "malformed")
    for url in o["authorizations"]:
        _, z = k.post(path_of(k, url))
        kinds = {c["type"]: c for c in z["challenges"]}
        if z.get("wildcard"):
            check("acme: no http-01 for a wildcard", set(kinds) == {"dns-01"} and
                  z["identifier"]["value"] == "b.example.com", z)
        answer = kinds["dns-01"]["token"] + "." + k.key.thumbprint
        with open(table, "a") as f:
            f.write("_acme-challenge.%s %s\n" % (z["identifier"]["value"], b64(hashlib.sha256(answer.encode()).digest())))
        refused("a challenge without {}", k.post(path_of(k, kinds["dns-01"]["url"])), 400, "malformed")
        _, c = k.post(path_of(k, kinds["dns-01"]["url"]), {})
        check("acme: what is published is valid", c["status"] == "valid", c)
    for name, csr in (("another name", leaf.csr("a.example.com", "c.example.com")), ("a name less", leaf.csr("a.example.com")),
                      ("no DER", "AAAA"), ("padding", leaf.csr("a.example.com", "*.b.example.com") + "=")):
        refused("a CSR: " + name, k.post(at + "/finalize", {"csr": csr}), 400, "badCSR")
    check("acme: still ready", k.post(at)[1]["status"] == "ready")
    a, o = k.post(at + "/finalize", {"csr": leaf.csr("a.example.com", "*.b.example.com")})
    check("acme: finalized, in the ledger", a.status == 200 and len(s.ledger("order")) == 1, o)
    refused("finalized twice", k.post(at + "/finalize", {"csr": leaf.csr("a.example.com", "*.b.example.com")}), 403,
            "orderNotReady")
    a, pem = k.post(path_of(k, k.post(at)[1]["certificate"]))
    check("acme: a chain", a.getheader("Content-Type").startswith("application/pem-certificate-chain") and
          pem.count(b"BEGIN CERTIFICATE") == 2)
    a, o = order(k, "lost.example.com")
    _, z = k.post(path_of(k, o["authorizations"][0]))
    k.post(path_of(k, z["challenges"][0]["url"]), {})
    check("acme: what is not published is invalid, and so is the order",
          k.post(path_of(k, a.getheader("Location")))[1]["status"] == "invalid")
    return leaf, openssl("x509", "-outform", "DER", data=pem)


def endings(s, k, leaf, der):
    text = openssl("x509", "-inform", "DER", "-noout", "-serial", "-ext", "authorityKeyIdentifier", data=der).decode()
    serial = bytes.fromhex(text.split("serial=")[1].split()[0])
    serial = b"\0" + serial if serial[0] & 0x80 else serial
    keyid = bytes.fromhex(text.strip().splitlines()[-1].replace("keyid:", "").replace(":", "").strip())
    cert_id = b64(keyid) + "." + b64(serial)
    about = lambda text, method="GET": s.request(method, "/acme/renewal/" + text)[0].status
    check("acme: an unknown certificate", about(b64(keyid) + "." + b64(b"\x01" + serial)) == 404)
    for name, text in (("no period", b64(keyid)), ("three parts", cert_id + ".AA"), ("padding", cert_id + "="),
                       ("no serial", b64(keyid) + "."), ("no key", "." + b64(serial)), ("another alphabet", "+a.AA"),
                       ("a negative serial", b64(keyid) + "." + b64(b"\x87\x65")),
                       ("more octets than DER has", b64(keyid) + "." + b64(b"\0\x01"))):
        check("acme refused: a certificate named with " + name, about(text) == 400, about(text))
    check("acme refused: a POST for renewal information", about(cert_id, "POST") == 405)
    a, data = s.request("GET", "/acme/renewal/" + cert_id)
    check("acme: the ledger has it", len(s.ledger("renewal")) == 1 and a.getheader("Retry-After") == "21600")
    window = json.loads(data)["suggestedWindow"]
    check("acme: a window for the renewal", a.status == 200 and window["start"] < window["end"], data)
    a, o = order(k, "a.example.com", replaces=cert_id)
    check("acme: replaces", a.status == 201 and o["replaces"] == cert_id, o)
    refused("replaced twice", order(k, "a.example.com", replaces=cert_id), 409, "alreadyReplaced")
    stranger = Client(s, Key("stranger"))
    stranger.register()
    wanted = {"certificate": b64(der), "reason": 4}
    refused("another account", stranger.post("revoke", wanted), 403, "unauthorized")
    refused("another key", k.post("revoke", wanted, kid=False, key=Key("third")), 403, "unauthorized")
    refused("a reason", k.post("revoke", dict(wanted, reason=6)), 400, "badRevocationReason")
    a, _ = k.post("revoke", wanted, kid=False, key=leaf)
    check("acme: revoked by its own key", a.status == 200 and len(s.ledger("revoke")) == 1)
    refused("revoked already", k.post("revoke", wanted), 400, "alreadyRevoked")
    refused("another account's orders", k.post("account/1/orders"), 403, "unauthorized")


def all_of_it():
    table = os.path.join(Sim.work, "acme-table")
    open(table, "w").close()
    with start("--dcv", "table", "--dcv-table", table) as s:
        k = Client(s, Key("account"))
        signatures(s, k)
        leaf, der = life(s, k, table)
        endings(s, k, leaf, der)


parts = [all_of_it]
