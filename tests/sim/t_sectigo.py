# SPDX-License-Identifier: Apache-2.0
"""t_sectigo.py CASIM CERTBATCH WORKDIR: the simulator's Sectigo Certificate Manager against requests
that it must take or refuse, then the program at it from end to end, with password headers, bearer
tokens and, behind a TLS server that wants one, a client certificate of a key store."""
import csv
import io
import json
import os
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sim_client as c
from sim_client import Sim, check, csr

program = work = None
PASSWORD = "scm-password-61c0f2"
SECRET = "scm-client-secret-9ad1"
OPTIONS = ("--account", "batch-api", "--group", "Nordwind", "--organization", "4210", "--rate", "0",
           "--oauth-client", "key-1")
shown = []  # everything that was printed or written for people


def path(*names):
    return os.path.join(work, *names)


def write(name, text, mode=0o600):
    with open(os.open(path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as f:
        f.write(text)


def sim(*options, **kw):
    return Sim(*OPTIONS, "--access-key-file", path("password"), "--oauth-secret-file", path("secret"),
               *options, **kw)


# --- the simulator alone ---
HEADERS = {"login": "batch-api", "password": PASSWORD, "customerUri": "Nordwind"}


def call(s, method, where, body=None, headers=None, kind="application/json;charset=UTF-8"):
    h = dict(HEADERS if headers is None else headers)
    if body is not None:
        h["Content-Type"] = kind
        body = body if isinstance(body, str) else json.dumps(body)
    a, data = s.request(method, where if where.startswith("/") else "/api/" + where, body, h)
    return a.status, json.loads(data) if "json" in (a.getheader("Content-Type") or "") else data, a


def order(**other):
    b = {"orgId": 4210, "csr": csr("www.example.com"), "subjAltNames": "www.example.com,b.example.com",
         "certType": 842, "term": 90, "comments": "x"}
    b.update(other)
    return {k: v for k, v in b.items() if v is not None}


def refused(name, got, status, code=None):
    check("scm refuses: " + name, got[0] == status and
          (code is None or (isinstance(got[1], dict) and got[1]["code"] == code)), got[:2])


def credentials(s):
    refused("no login", call(s, "GET", "ssl/v1/types", headers={}), 401, -16)
    refused("another customer", call(s, "GET", "ssl/v1/types", headers=dict(HEADERS, customerUri="x")), 401, -16)
    refused("wrong password", call(s, "GET", "ssl/v1/types", headers=dict(HEADERS, password="x")), 401, -970)
    refused("password beside a certificate", call(s, "GET", "/private/api/ssl/v1/types"), 401)
    refused("wrong token", call(s, "GET", "ssl/v1/types", headers={"Authorization": "Bearer x"}), 401)
    refused("unknown path", call(s, "GET", "ssl/v9/types"), 404)


def orders(s):
    post = lambda **kw: call(s, "POST", "ssl/v1/enroll", order(**kw))
    refused("names as a list", post(subjAltNames=["a.example.com"]), 400, -1002)
    refused("unknown member", post(validity=1), 400, -1002)
    refused("text for a number", post(term="90"), 400, -1002)
    refused("no JSON", call(s, "POST", "ssl/v1/enroll", "{"), 400, -1002)
    refused("content type", call(s, "POST", "ssl/v1/enroll", order(), kind="text/plain"), 415)
    refused("no organization", post(orgId=None), 400, -7)
    refused("another organization", post(orgId=1), 400, -1023)
    refused("text around the CSR", post(csr="Data: x\n" + csr("a.example.com")), 400, -9)
    refused("no CSR", post(csr="AAAA"), 400, -10)
    refused("small key", post(csr=csr("a.example.com", "rsa:1024")), 400, -13)
    refused("other key", post(csr=csr("a.example.com", "ed25519")), 400, -11)
    refused("profile", post(certType=1), 400, -111)
    refused("term", post(term=91), 400, -36)
    refused("comments", post(comments="x" * 1025), 400, -64)
    refused("custom field", post(customFields=[{"name": "x", "value": "y"}]), 400, -135)
    refused("mandatory custom field", post(certType=850), 400, -62)
    refused("domain that is not validated", post(subjAltNames="www.corp.test"), 400, -107)
    check("scm: nothing was taken", s.ledger() == [])
    status, got, _ = post()
    check("scm takes an order", status == 200 and got["sslId"] > 0 and len(got["renewId"]) == 20, got)
    return got["sslId"]


def life(s):
    n = orders(s)
    details = call(s, "GET", "ssl/v1/%d" % n)[1]
    check("scm: dates are American unless asked for", details["requested"][2] == "/" and
          call(s, "GET", "ssl/v1/%d?dateFormat=iso_hms" % n)[1]["requested"].endswith("000Z"), details)
    for where in ("%d?format=x509", "%d/x509", "%d"):
        status, pem, a = call(s, "GET", "ssl/v1/collect/" + where % n)
        parts = [p + "-----END CERTIFICATE-----" for p in pem.decode().split("-----END CERTIFICATE-----")[:3]]
        check("scm collects " + where, status == 200 and a.getheader("Content-Type") == "application/octet-stream" and
              "Root" in c.text(parts[0], "-subject") and "www.example.com" in c.text(parts[2], "-subject"), pem[:80])
    check("scm: the names are those of the order", "b.example.com" in c.text(parts[2], "-ext", "subjectAltName"))
    refused("format", call(s, "GET", "ssl/v1/collect/%d?format=jks" % n), 400, -126)
    refused("unknown order", call(s, "GET", "ssl/v1/collect/5?format=x509"), 404, -5101)
    refused("decline of an issued order", call(s, "POST", "ssl/v1/decline/%d" % n, {"message": "x"}), 400, -1112)
    serial = call(s, "GET", "ssl/v1/%d" % n)[1]["serialNumber"]
    rows = call(s, "GET", "ssl/v1?serialNumber=" + serial)
    check("scm lists by serial number", [r["sslId"] for r in rows[1]] == [n] and
          rows[2].getheader("X-Total-Count") == "1", rows[1])
    revoke = lambda **kw: call(s, "POST", "ssl/v1/revoke/%d" % n, kw)
    refused("reason as text", revoke(reasonCode="4", reason="x"), 400, -1002)
    refused("reason that it has not", revoke(reasonCode=9, reason="x"), 400, -1601)
    refused("no reason in words", revoke(reasonCode=4, reason=""), 400, -7)
    check("scm revokes", revoke(reasonCode=4, reason="x")[0] == 204)
    refused("revoked twice", revoke(reasonCode=4, reason="x"), 400, -159)
    refused("collect of what is revoked", call(s, "GET", "ssl/v1/collect/%d?format=x509" % n), 400, -110)
    refused("renewal of what is revoked", call(s, "POST", "ssl/v1/renewById/%d" % n, {}), 400, -105)
    n = call(s, "POST", "ssl/v1/enroll", order(certType=846))[1]["sslId"]
    refused("collect before approval", call(s, "GET", "ssl/v1/collect/%d?format=x509" % n), 400, -183)
    check("scm waits for approval", call(s, "GET", "ssl/v1/%d" % n)[1]["status"] == "Requested")
    refused("revocation before issuance", call(s, "POST", "ssl/v1/revoke/%d" % n, {"reasonCode": 4, "reason": "x"}),
            400, -102)
    check("scm approves", call(s, "POST", "ssl/v1/approve/%d" % n, {"message": "x"})[0] == 204 and
          call(s, "GET", "ssl/v1/%d" % n)[1]["status"] == "Issued")
    refused("report backwards", call(s, "POST", "report/v1/ssl-certificates", {
        "certificateDateAttribute": 4, "from": "2026-01-02", "to": "2026-01-01"}), 400, -1601)


def simulator():
    with sim() as s:
        credentials(s)
        life(s)


# --- the program ---
def certbatch(*args, want=0):
    e = {k: v for k, v in os.environ.items() if not k.startswith("CERTBATCH")}
    p = subprocess.run([program, *args], cwd=work, env=e, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=90)
    out, err = p.stdout.decode(), p.stderr.decode()
    shown.append(out + err)
    if want is not None and p.returncode != want:
        check("certbatch " + " ".join(args), False, "%d: %s %s" % (p.returncode, out[-400:], err[-400:]))
    return p.returncode, out, err


def config(url, auth="{login: batch-api, password: {file: ./password}}", more=""):
    write("certbatch.yaml", """certbatch_config: 1
cas:
  scm:
    type: sectigo
    url: %s
    customer_uri: Nordwind
    organization_id: "4210"
    auth: %s
    enroll: {back_off_seconds: 0, max_attempts: 2}
    products: {dv: {code: "842", level: dv}, ov: {code: "846", level: ov}}
%spolicy: [cabf-tls, sectigo, quiet.policy.yaml]
""" % (url, auth, more))
    write("quiet.policy.yaml", "certbatch_policy: 1\nname: quiet\nrules: {name.special-use: disabled, "
          "san.www-twin: disabled}\n")


def batch(name, orders_="", revocations="", product="dv"):
    text = """certbatch: 1
name: %s
ca: scm
change: {ticket: CHG0000001, type: standard, requested_by: ops@example.com, approved_by: [lead@example.com],
         approved_at: 2026-01-20T10:00:00Z}
defaults: {product: %s, key: ec-p256, validity: 199d, outputs: [pem]}
""" % (name, product)
    text += ("orders:\n" + orders_ if orders_ else "") + ("revocations:\n" + revocations if revocations else "")
    write(name + ".batch.yaml", text)


def item(name, more=""):
    return "  - {id: %s, common_name: %s.example.com, san: [%s.example.com], comment: why%s}\n" % (
        name, name, name, more)


def run(name, want=0):
    code, out, err = certbatch("run", "-q", name + ".batch.yaml", want=want)
    with open(path(name + ".state", "report.json")) as f:
        text = f.read()
    shown.append(text)
    return {i["id"]: i for i in json.loads(text)["items"]}, out + err


def approvals(s):
    batch("ov", item("a") + item("b"), product="ov")
    got, said = run("ov", want=5)
    check("an order that waits for approval is pending", {i["state"] for i in got.values()} == {"pending"}, (got, said))
    code, out, err = certbatch("cancel", "scm", got["b"]["order"], "--reason", "not wanted")
    check("cancel declines it", out == got["b"]["order"] + " cancelled\n" and
          [r["order"] for r in s.ledger("cancel")] == [got["b"]["order"]], (out, err))
    config("http://127.0.0.1:%d/api" % s.port, more="    approve: true\n")
    got, said = run("ov", want=4)
    check("approve: true approves, a declined order is refused",
          (got["a"]["state"], got["b"]["state"]) == ("issued", "refused"), (got, said))
    code, out, err = certbatch("cancel", "scm", got["a"]["order"], "--reason", "too late", want=None)
    check("what is issued is not cancelled", code != 0 and "-1112" in err, err)
    config("http://127.0.0.1:%d/api" % s.port)


def renewals(s):
    batch("first", item("w") + item("x"))
    first, _ = run("first")
    numbers = {k: v["order"] for k, v in first.items()}
    batch("again", item("w", ", action: renew, replaces: {order: \"%s\"}" % numbers["w"]) +
          item("x", ", action: reissue, replaces: {order: \"%s\"}" % numbers["x"]))
    again, said = run("again")
    check("a renewal by number is an order of its own", again["w"]["state"] == "issued" and
          again["w"]["order"] != numbers["w"], (again["w"], said))
    check("a reissue stays in its order", again["x"]["state"] == "issued" and
          again["x"]["order"] == numbers["x"] and len(s.ledger("reissue")) == 1, (again["x"], said))
    check("it has the new key", first["x"]["spki_sha256"] != again["x"]["spki_sha256"], again["x"])
    batch("gone", revocations="  - {id: one, order: \"%s\", reason: superseded, comment: replaced}\n"
          "  - {id: two, serial: \"%s\", reason: affiliationChanged, comment: sold}\n" %
          (numbers["w"], again["x"]["serial"]))
    gone, said = run("gone")
    check("revoked by order and by serial number", {i["state"] for i in gone.values()} == {"revoked"} and
          sorted(r["reason"] for r in s.ledger("revoke")) == ["3", "4"], (gone, said))
    return numbers


def commands(s, numbers):
    code, out, err = certbatch("products", "scm", "--format", "csv")
    rows = {r["code"]: r for r in csv.DictReader(io.StringIO(out))}
    check("products", rows["842"]["term"] == "90d 199d 365d" and "EC P-256 P-384" in rows["842"]["category"], out)
    code, out, err = certbatch("inventory", "scm", "--format", "json")
    rows = {r["order"]: r for r in json.loads(out)["orders"]}
    check("inventory", rows[numbers["w"]]["status"] == "Revoked" and len(rows) == len(s.ledger("order")), out[:600])
    reports = len([1 for w in s.wire() if w["kind"] == "report"])
    check("inventory asks window by window", reports >= 20, reports)
    code, out, err = certbatch("inventory", "scm", "--since", "2026-01-01", "--format", "csv")
    check("inventory --since", len(list(csv.DictReader(io.StringIO(out)))) == len(s.ledger("order")), out)
    code, out, err = certbatch("doctor", "scm")
    check("doctor", "CA scm: works" in out, out + err)
    write("password", "wrong-one-5512\n")
    code, out, err = certbatch("doctor", "scm", want=8)
    check("doctor: wrong password", "-970" in out and "auth.password" in out, out + err)
    write("password", PASSWORD + "\n")


def by_password():
    with sim() as s:
        config("http://127.0.0.1:%d/api" % s.port)
        approvals(s)
        commands(s, renewals(s))


def by_token():
    with sim() as s:
        config("http://127.0.0.1:%d" % s.port, "{mode: oauth, client_id: key-1, client_secret: {file: ./secret}, "
               "token_url: 'http://127.0.0.1:%d/oauth/token'}" % s.port)
        batch("token", item("t"))
        got, said = run("token")
        check("Admin Operations API: issued", got["t"]["state"] == "issued", (got, said))
        batch("untoken", revocations="  - {id: one, order: \"%s\", reason: superseded, comment: x}\n" % got["t"]["order"])
        got, said = run("untoken")
        check("Admin Operations API: revoked, with the reason as text", got["one"]["state"] == "revoked", (got, said))


# --- the client certificate ---
def openssl(*args):
    subprocess.run(["openssl", *args], check=True, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def pair(name, subject, *more):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-keyout", name + ".key", "-out", name + ".crt", "-subj", subject, *more)


class Gate:
    """Stands in front of the simulator: TLS 1.2 or later, and nobody without the client certificate."""

    def __init__(self, to):
        self.to, self.seen, self.refused = to, [], 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path("server.crt"), path("server.key"))
        self.context.load_verify_locations(path("client.crt"))
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                raw, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(raw,), daemon=True).start()

    def serve(self, raw):
        try:
            front = self.context.wrap_socket(raw, server_side=True)
        except OSError:
            self.refused += 1
            return
        self.seen.append(dict(x[0] for x in front.getpeercert()["subject"])["commonName"])
        back = socket.create_connection(("127.0.0.1", self.to))
        threading.Thread(target=self.pump, args=(back, front), daemon=True).start()
        self.pump(front, back)

    def pump(self, a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


STORE = ("    tls: {truststore: {file: trust.p12, type: pkcs12, password: {file: ./store}},\n"
         "          client_keystore: {file: client.p12, type: pkcs12, alias: %s, password: {file: ./store}}}\n")


def by_certificate():
    pair("server", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    pair("client", "/CN=SCM API administrator")
    write("store", "store-password-77\n")
    openssl("pkcs12", "-export", "-inkey", "client.key", "-in", "client.crt", "-name", "scm-client",
            "-passout", "file:store", "-out", "client.p12")
    openssl("pkcs12", "-export", "-nokeys", "-in", "server.crt", "-passout", "file:store", "-out", "trust.p12")
    login = "{mode: certificate, login: batch-api}"
    with sim() as s:
        gate = Gate(s.port)
        config("https://localhost:%d/api" % gate.port, login, STORE % "scm-client")
        batch("mtls", item("m"))
        got, said = run("mtls")
        check("client certificate of a key store: issued", got["m"]["state"] == "issued", (got, said))
        check("its certificate was shown", gate.seen and set(gate.seen) == {"SCM API administrator"}, gate.seen)
        paths = {w["path"].split("/")[1] for w in s.wire()}
        check("every request went below /private", paths == {"private"}, paths)
        gate.server.close()


def nothing_told():
    text = "".join(shown)
    for name, secret in (("password", PASSWORD), ("client secret", SECRET), ("store password", "store-password-77"),
                         ("renewId", "gu03sW6WENt7GTvDTuOP"), ("wrong password", "wrong-one-5512")):
        check("not shown: " + name, secret not in text)


def main():
    global program, work
    Sim.program, program, work = sys.argv[1:4]
    Sim.work = work
    write("password", PASSWORD + "\n")
    write("secret", SECRET + "\n")
    os.environ["XDG_STATE_HOME"] = path("xdg")
    for part in (simulator, by_password, by_token, by_certificate, nothing_told):
        try:
            part()
        except Exception:  # a part that broke is one failure, not the end
            import traceback
            check(part.__name__, False, traceback.format_exc()[-1500:])
    print("%d ok, %d not ok" % (c.ok_count, c.bad_count))
    return 1 if c.bad_count else 0


if __name__ == "__main__":
    sys.exit(main())
