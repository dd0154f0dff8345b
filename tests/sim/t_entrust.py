# SPDX-License-Identifier: Apache-2.0
"""t_entrust.py WORKDIR: Entrust CA Gateway. First a client of its own against the simulator: who is
let in, and what is refused. Then the program: doctor, products, orders, hold, release, revocation and
inventory."""
import base64
import http.client
import json
import os
import ssl
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client_entrust
from history import CERTBATCH, Place
from sim_client import check

import sim_client

ROOT = "/cagw/v1/certificate-authorities"
work = sys.argv[1]


class Gateway:
    """The API by hand, with the client certificate of a place or none."""

    def __init__(self, place, who="client"):
        context = ssl.create_default_context(cafile=place.path("ca.pem"))
        if who:
            context.load_cert_chain(place.path(who + ".pem"), place.path(who + ".secret"))
        self.to = http.client.HTTPSConnection("localhost", place.port, context=context, timeout=20)

    def call(self, method, path, body=None):
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        self.to.request(method, ROOT + path, text, {"Content-Type": "application/json"} if text else {})
        a = self.to.getresponse()
        data = a.read()
        return a.status, json.loads(data) if data else None

    def enroll(self, body, ca="CA-1001"):
        return self.call("POST", "/%s/enrollments" % ca, body)


def csr(key="ec:P-256", cn="www.example.com"):
    alg, name = key.split(":")
    kind = ["ec", "-pkeyopt", "ec_paramgen_curve:" + name] if alg == "ec" else ["rsa:" + name]
    done = subprocess.run(["openssl", "req", "-new", "-newkey", *kind, "-nodes", "-keyout", "/dev/null",
                           "-outform", "DER", "-subj", "/CN=" + cn], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True)
    return base64.b64encode(done.stdout).decode()


def body(details=None, **other):
    b = {"profileId": "tls-server", "requiredFormat": {"format": "X509"}, "csr": CSR,
         "subjectAltNames": [{"type": "dNSName", "value": "www.example.com"}], "includeCa": True,
         "optionalCertificateRequestDetails": dict(
             {"subjectDn": "CN=www.example.com,O=Acme\\, Inc.", "validityPeriod": "P90D"}, **(details or {}))}
    b.update(other)
    return {k: v for k, v in b.items() if v is not None}


def refused(name, got, status, code="cagw-4000"):
    check("refused: " + name, got[0] == status and got[1]["type"] == "ErrorResponse" and
          got[1]["error"]["code"] == code, got)


def another(place, name, cn):
    key, cert = place.path(name + ".secret"), place.path(name + ".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=" + cn], check=True,
                   stderr=subprocess.DEVNULL)
    return cert


def who_is_let_in(place):
    for name in ("", "stranger"):
        try:
            got = Gateway(place, name).call("GET", "")
        except (OSError, http.client.HTTPException) as e:
            got = e
        check("TLS: %s client certificate is refused by a handshake" % ("a foreign" if name else "no"),
              isinstance(got, Exception), got)
    refused("a certificate that nobody knows", Gateway(place, "nobody").call("GET", ""), 403, "cagw-4003")
    reader = Gateway(place, "reader")
    check("a reader reads", reader.call("GET", "/CA-1001/profiles")[0] == 200)
    refused("a reader that enrols", reader.enroll(body()), 403, "cagw-4003")


def refusals(g):
    refused("unknown CA", g.enroll(body(), "CA-9"), 404, "cagw-4018")
    refused("unknown profile", g.enroll(body(profileId="x")), 404, "cagw-4019")
    refused("no JSON", g.enroll("{"), 400)
    refused("PEM armour", g.enroll(body(csr="-----BEGIN CERTIFICATE REQUEST-----\n" + CSR)), 400)
    refused("CSR in lines", g.enroll(body(csr=CSR[:64] + "\n" + CSR[64:])), 400)
    refused("CSR cut short", g.enroll(body(csr=CSR[:64])), 400)
    refused("no CSR", g.enroll(body(csr=None)), 400)
    refused("key", g.enroll(body(csr=csr("ec:P-521"))), 400)
    refused("unknown member", g.enroll(body(productId="x")), 400)
    refused("unknown detail", g.enroll(body({"subject": "CN=x"})), 400)
    refused("text for a boolean", g.enroll(body(includeCa="true")), 400)
    refused("null", g.enroll(dict(body(), renewal=None)), 400)
    refused("format", g.enroll(body(requiredFormat={"format": "DER"})), 400)
    refused("type of a name", g.enroll(body(subjectAltNames=[{"type": "dns", "value": "a.example.com"}])), 400)
    refused("no name", g.enroll(body(subjectAltNames=[])), 400)
    refused("no subject", g.enroll(body({"subjectDn": ""})), 400)
    refused("subject", g.enroll(body({"subjectDn": "CN=a,b"})), 400)
    for period in ("90d", "P", "P90", "PT", "P1D2Y", "P399D"):
        refused("validity " + period, g.enroll(body({"validityPeriod": period})), 400)
    refused("extras of a tenant", g.enroll(body({"performPOP": False})), 403, "cagw-4003")
    refused("property", g.enroll(body(profileId="device", csr=csr())), 400)
    refused("variable", g.enroll(body(profileId="web-ov"), "SECTIGO-1"), 400)
    refused("names of a CSR at PKIaaS", g.enroll(body({"useSANFromCSR": True}, profileId="web-1y"), "acme~pki-7"), 400)
    refused("renewal elsewhere", g.enroll(body(renewal=True)), 400)
    variables = [{"type": "cn", "value": "www.example.com"}, {"type": "o", "value": "Acme"}]
    refused("renewal of nothing", g.enroll(body(
        profileId="web-ov", subjectVariables=variables, renewal=True,
        properties={"RenewalSerialNumber": "00"}), "SECTIGO-1"), 404, "cagw-5000")
    refused("feed without a date", g.call("GET", "/CA-1001/certificate-events"), 400)
    refused("body of a GET", g.call("GET", "/CA-1001", {}), 400)
    refused("no such certificate", g.call("GET", "/CA-1001/certificates/00"), 404, "cagw-4020")
    refused("no such subject", g.call("GET", "/CA-1001/subjects/CN%3Dx"), 404, "cagw-4021")


def action(g, serial, kind, again=False, **other):
    a = dict({"type": kind}, **other)
    if again:
        a["succeedIfAlreadyInRequestedState"] = True
    return g.call("POST", "/CA-1001/certificates/%s/actions" % serial, {"action": a})


def life(place, g):
    status, got = g.enroll(body(requiredFormat={"format": "PEM"}))
    e = got["enrollment"]
    serial = e["serialNumber"]
    check("issued", status == 200 and e["status"] == "ACCEPTED" and e["body"].startswith("-----BEGIN") and
          len(e["chain"]) == 2, got)
    check("the ledger has it", [r["serial"] for r in place.ledger("order")] == [serial], place.ledger())
    dn = urllib.parse.quote("CN=www.example.com,O=Acme\\, Inc.", safe="")
    got = g.call("GET", "/CA-1001/subjects/" + dn)[1]
    check("found by its subject", got["subject"]["certificates"] == [{"serialNumber": serial}], got)
    state = lambda: g.call("GET", "/CA-1001/certificates/" + serial)[1]["certificate"]["status"]
    refused("release of what is not on hold", action(g, serial, "UnholdAction"), 400, "cagw-4022")
    refused("no reason", action(g, serial, "RevokeAction"), 400)
    refused("reason", action(g, serial, "RevokeAction", reason="stolen"), 400)
    refused("reason of a release", action(g, serial, "UnholdAction", reason="superseded"), 400)
    refused("issueCrl as a boolean", action(g, serial, "RevokeAction", reason="superseded", issueCrl=True), 400)
    refused("action", action(g, serial, "SuspendAction"), 400)
    got = action(g, serial, "HoldAction", reason="certificateHold")
    check("held", got[1]["action"]["status"] == "COMPLETED" and state() == "held", got)
    check("released", action(g, serial, "UnholdAction")[0] == 200 and state() == "normal")
    check("revoked", action(g, serial, "RevokeAction", reason="superseded")[0] == 200 and state() == "revoked")
    refused("revoked twice", action(g, serial, "RevokeAction", reason="superseded"), 400, "cagw-4022")
    check("revoked twice, and that is fine",
          action(g, serial, "RevokeAction", True, reason="superseded")[1]["action"]["status"] == "COMPLETED")
    refused("hold of what is revoked", action(g, serial, "HoldAction", True), 400, "cagw-4022")
    got = g.call("GET", "/CA-1001/certificate-events?startDate=2020-01-01T00:00:00.00Z")[1]
    check("the feed has it all", [x["action"] for x in got["events"]] == ["issued", "held", "unheld", "revoked"], got)
    kinds = [r["kind"] for r in place.ledger()]
    check("the ledger too", kinds == ["order", "hold", "unhold", "revoke"], kinds)


def certbatch(place, *args):
    done = subprocess.run([CERTBATCH, *args], cwd=place.base, env=place.environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    text = done.stdout.decode()
    place.said = getattr(place, "said", "") + text
    return done.returncode, text


def change(place, name, rows):
    head = place.text("web.batch.yaml").split("defaults:")[0].replace("name: web", "name: " + name)
    place.write(name + ".batch.yaml", head + "revocations:\n" + "".join(
        "  - {id: %s, serial: \"%s\", reason: %s, comment: incident}\n" % row for row in rows))
    return place.run(batch=name)


def commands(place):
    code, text = certbatch(place, "doctor", "sim")
    check("doctor", code == 0 and "CA CA-1001: Issuing CA 1, com.entrust.SecurityManager" in text, text)
    code, text = certbatch(place, "products", "sim")
    check("products", code == 0 and "tls-server" in text and "tracking.requesterName" in text, text)
    check("orders", place.run() == 0, place.log())
    rows = place.report()["items"]
    serials = {r["id"]: r["serial"] for r in rows}
    check("each order is known by its serial number", all(r["order"] == r["serial"].lower() for r in rows), rows)
    check("one call an order", len(place.wire()) - len(place.wire("catalogue")) == len(rows), place.wire())
    hold = [("h1", serials["a1"], "certificateHold"), ("h2", serials["a2"], "certificateHold")]
    revoke = [("r3", serials["a3"], "superseded")]
    check("hold", change(place, "hold", hold) == 0, place.log())
    check("revocation", change(place, "old", revoke) == 0, place.log())
    check("held, revoked", [r["kind"] for r in place.ledger()][-3:] == ["hold", "hold", "revoke"] and
          len(place.ledger("revoke")) == 1, place.ledger())
    check("release", change(place, "release", [("h1", serials["a1"], "removeFromCRL")]) == 0, place.log())
    check("released", len(place.ledger("unhold")) == 1, place.ledger())
    calls = len(place.wire("revoke"))
    check("what is released, held or revoked already is done", change(place, "again", [
        ("h1", serials["a1"], "removeFromCRL"), hold[1]]) == 0 and change(place, "older", revoke) == 0 and
          len(place.wire("revoke")) == calls, place.log())
    check("no release of what is revoked", change(place, "late", [("r3", serials["a3"], "removeFromCRL")]) == 4 and
          "revoked for good" in place.log(), place.log())
    code, text = certbatch(place, "inventory", "sim", "--format", "csv")
    lines = {line.split(",")[0]: line for line in text.splitlines() if "example.com" in line}
    check("inventory", code == 0 and len(lines) == 60 and sum("revoked" in v for v in lines.values()) == 1 and
          sum("held" in v for v in lines.values()) == 1, text)
    good, said = place.check()
    check("simcheck", good, said)


def mistakes(place):
    """What a person sees who got the settings wrong."""
    right = place.text("certbatch.yaml")
    place.write("certbatch.yaml", right.replace("CA-1001", "CA-9"))
    code, text = certbatch(place, "doctor", "sim")
    check("doctor: unknown CA", code != 0 and "it has: CA-1001 (Issuing CA 1" in " ".join(text.split()), text)
    place.write("certbatch.yaml", right.replace("    ca_id: CA-1001\n", ""))
    code, text = certbatch(place, "doctor", "sim")
    check("doctor: no CA", "SECTIGO-1 (Sectigo OV, com.Sectigo); choose one as ca_id" in " ".join(text.split()), text)
    start = right.index("      client_keystore")
    place.write("certbatch.yaml", right[:start] + right[right.index("\n", start) + 1:])
    code, text = certbatch(place, "doctor", "sim")
    check("doctor: no client certificate", code != 0, text)
    place.write("certbatch.yaml", right)
    with open(place.path("canaries")) as f:
        check("no secret was printed", not any(word in place.said for word in f.read().split()))


def main():
    global CSR
    CSR = csr()
    trusted = os.path.join(work, "trusted.pem")

    # several clients that are known: the file of their roots is what the simulator is given
    real = client_entrust.identity

    def several(place, cn="tenant-7"):
        certs = [real(place, cn), another(place, "nobody", "whoever"), another(place, "reader", "reader-1")]
        with open(trusted, "w") as f:
            for c in certs:
                with open(c) as one:
                    f.write(one.read())
        another(place, "stranger", "tenant-8")
        return trusted

    client_entrust.identity = several
    with Place(os.path.join(work, "gateway")) as p:
        who_is_let_in(p)
        g = Gateway(p)
        refusals(g)
        check("nothing of that is in the ledger", p.ledger() == [], p.ledger())
        life(p, g)
    client_entrust.identity = real
    with Place(os.path.join(work, "commands"), items=60) as p:
        commands(p)
        mistakes(p)
    return sim_client.bad_count != 0


if __name__ == "__main__":
    sys.exit(main())
