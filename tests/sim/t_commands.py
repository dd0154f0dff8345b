# SPDX-License-Identifier: Apache-2.0
"""t_commands.py CASIM CERTBATCH WORKDIR [-v]: products, inventory and doctor from end to end. Every
way a CA can fail must say what was seen and what to do, with its exit code, and show no secret."""
import concurrent.futures
import contextlib
import csv
import http.client
import http.server
import io
import json
import os
import socket
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sim_client as c
from sim_client import Sim, check

program = work = servers = None
verbose = "-v" in sys.argv
CANARY = "canary-9d1f5c77a0"  # a wrong key, a proxy password: nowhere to be seen
OAUTH = "client-secret-4be01c22"
made = []  # (what, text) of every output and file, for the last check
waiting = []  # cases of doctor that are under way: most of their time is a pause
pool = concurrent.futures.ThreadPoolExecutor(8)


class Answer:
    def __init__(self, p):
        self.code, self.out, self.err = p.returncode, p.stdout.decode(), p.stderr.decode()

    def __repr__(self):
        return "%d %s %s" % (self.code, self.out[-1500:], self.err[-500:])


def certbatch(*args, key=c.KEY, cwd=None):
    e = {k: v for k, v in os.environ.items()
         if not k.startswith("CERTBATCH") and k.lower() not in ("http_proxy", "https_proxy")}
    e.update(CERTINEXT_ACCESS_KEY=key or "", PROXY_PASSWORD=CANARY)
    if key is None:
        del e["CERTINEXT_ACCESS_KEY"]
    p = subprocess.run([program, *args], cwd=cwd or work, env=e, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=60)
    a = Answer(p)
    made.extend([(args, a.out), (args, a.err)])
    if verbose:
        print("$ certbatch %s -> %d\n%s%s" % (" ".join(args), a.code, a.out, a.err))
    return a


def path(name):
    return os.path.join(work, name)


def write(name, text):
    with open(path(name), "w") as f:
        f.write(text)


def read(name):
    with open(path(name)) as f:
        text = f.read()
    made.append(((name,), text))
    return text


KEYED = "{mode: access_key, access_key: {env: CERTINEXT_ACCESS_KEY}}"


def config(s, more="", host="127.0.0.1", scheme="http", port=None, account=c.ACCOUNT,
           where="/emSignHub-API/", auth=KEYED):
    write("certbatch.yaml", """certbatch_config: 1
cas:
  hub:
    type: certinext
    api_url: %s://%s:%d%s
    account_number: "%s"
    group_number: "%s"
    organization_number: "%s"
    auth: %s
    requestor: {name: PKI Automation, email: %s, isd_code: "1", mobile_number: "5550100123"}
    signer: {name: Dana Sample, place: Austin, ip: 203.0.113.10}
    limits: {orders_per_second: 1000, burst: 10000}
%s  lab: {type: local, directory: ./lab-ca}
""" % (scheme, host, port or s.port, where, account, c.GROUP, c.ORGANIZATION, auth, c.MAIL,
       more))


BATCH = """certbatch: 1
name: %s
change: {ticket: CHG0000001, type: standard, requested_by: me@example.com}
ca: %s
defaults: {product: "%s", key: ec-p256, outputs: [pem]%s}
orders:
"""


def batch(name, ca, product, names, more=""):
    write(name + ".batch.yaml", BATCH % (name, ca, product, more) +
          "".join("  - {id: %s, common_name: %s, san: [%s]}\n" % (n.split(".")[0], n, n)
                  for n in names))


def steps(a):
    return {s["id"]: s for s in json.loads(a.out)["steps"]}


def doctor(name, want, step, words, *more, todo=True, key=c.KEY):
    """The failing step says all words, with something to do; the exit code is `want`. Runs in a
    directory of its own, at the same time as others; settle() looks at what it said."""
    own = path("case%d" % len(waiting))
    os.mkdir(own)
    for f in os.listdir(work):
        if f.endswith((".yaml", ".pem", ".ca")):
            shutil.copy(path(f), own)
    a = pool.submit(certbatch, "doctor", "hub", "--format", "json", *more, key=key, cwd=own)
    waiting.append((name, want, step, words, todo, a))
    return a


def settle():
    for name, want, step, words, todo, future in waiting:
        a = future.result()
        lines = steps(a)[step]["lines"] if a.out else []
        said = [line for line in lines if line["status"] == "failed"]
        text = " ".join(line["seen"] for line in said)
        check("doctor: " + name, a.code == want and said and all(w in text for w in words) and
              (not todo or any(line["todo"] for line in said)),
              (a.code, lines, a.err))


# --- the embedded CA ---
def local_products():
    a = certbatch("products", "lab")
    check("local: products", a.code == 0 and "tls-server" in a.out, a)
    check("local: empty columns are not shown", "PRICE" not in a.out, a)
    rows = list(csv.DictReader(io.StringIO(certbatch("products", "lab", "--format", "csv").out)))
    check("local: products as CSV", rows[0]["code"] == "tls-server" and "price" in rows[0], rows)
    j = json.loads(certbatch("products", "lab", "--format", "json").out)
    check("local: products as JSON", j["ca"] == "lab" and j["products"][0]["term"] == "825d", j)


def local_inventory():
    batch("soon", "lab", "tls-server", ["web.corp.example.com"], ", validity: 20d")
    batch("late", "lab", "tls-server", ["api.corp.example.com"], ", validity: 90d")
    for name in ("soon", "late"):
        a = certbatch("run", "-q", name + ".batch.yaml")
        check("local: run " + name, a.code == 0, a)
    a = certbatch("inventory", "lab")
    check("local: inventory", a.code == 0 and "web.corp" in a.out and "api.corp" in a.out, a)
    check("local: counts", "2 of 2 orders shown; 2 live" in a.err, a)
    rows = list(csv.DictReader(io.StringIO(
        certbatch("inventory", "lab", "--format", "csv", "--expiring", "30d").out)))
    check("local: --expiring", [r["common_name"] for r in rows] == ["web.corp.example.com"], rows)
    j = json.loads(certbatch("inventory", "lab", "--format", "json", "--since", "2099-01-01").out)
    check("local: --since", j["orders"] == [] and j["since"] == "2099-01-01T00:00:00Z", j)


def renewals(ca, expiring=None, name="again"):
    extra = ("--expiring", expiring) if expiring else ()
    a = certbatch("inventory", ca, *extra, "--as-manifest", "-o", name + ".batch.yaml")
    check(ca + ": manifest of renewals", a.code == 0 and a.out == "", a)
    a = certbatch("lint", name + ".batch.yaml")
    check(ca + ": it passes lint", a.code == 0, a)
    return read(name + ".batch.yaml")


def local_renewals():
    text = renewals("lab", "30d")
    check("local: only what expires", "web.corp" in text and "api.corp" not in text, text)
    a = certbatch("plan", "again.batch.yaml")
    check("local: it is planned as a renewal", a.code == 0 and "1 to renew" in a.out, a)
    a = certbatch("run", "-q", "again.batch.yaml")
    check("local: it runs", a.code == 0, a)
    text = renewals("lab", "30d", "twice")
    check("local: renewed already, it says", "renewed already?" in text, text)
    a = certbatch("inventory", "lab", "--expiring", "1d", "--as-manifest", "-o", "none.batch.yaml")
    check("local: nothing to renew, no file", a.code == 0 and "nothing to renew" in a.err and
          not os.path.exists(path("none.batch.yaml")), a)


def local_doctor():
    a = certbatch("doctor", "lab", "soon.batch.yaml", "--state", "soon.state")
    check("local: doctor", a.code == 0 and a.out.rstrip().endswith("CA lab: works"), a)
    check("local: eight steps", [l[0] for l in a.out.splitlines() if l[:1].isdigit()] ==
          list("12345678"), a)
    a = certbatch("doctor", "lab", "--state", "none.state", "--format", "json")
    s = steps(a)["journal"]
    check("local: no state directory", a.code == 3 and s["status"] == "failed" and
          "none.state" in s["lines"][0]["seen"] and s["lines"][0]["todo"], a)


# --- usage and input ---
def mistakes():
    a = certbatch("doctor", "hbu")
    check("unknown CA", a.code == 3 and "hbu" in a.err and "hub, lab" in a.err, a)
    write("other.yaml", "certbatch_config: 1\ncas:\n  ad: {type: adcs, base_url: "
          "\"https://127.0.0.1:%d/certsrv\"}\n" % closed_port())
    for command, what, ca in (("inventory", "list of orders", "ad"),):
        a = certbatch(command, ca, "--config", "other.yaml")
        check(command + ": a CA that cannot be asked", a.code == 3 and what in a.err, a)
    for command in ("products", "inventory", "doctor"):
        with open("/dev/full", "w") as full:
            p = subprocess.run([program, command, "lab"], cwd=work, stdout=full,
                               stderr=subprocess.PIPE, timeout=60)
        check(command + ": output that cannot be written", p.returncode == 7, p)
    a = certbatch("doctor", "lab", "--escalation", "no/such/file.txt")
    check("escalation that cannot be written", a.code in (3, 7) and "no/such" in a.err, a)
    a = certbatch("inventory", "hub", "--as-manifest", "--format", "csv")
    check("usage: a manifest has no format", a.code == 2, a)
    check("usage: format", certbatch("products", "hub", "--format", "xml").code == 2)
    check("usage: no CA", certbatch("inventory").code == 2)
    a = certbatch("inventory", "lab", "--format", "csv", "-o", "no/such/dir.csv")
    check("output that cannot be written", a.code in (3, 7) and "no/such" in a.err, a)


# --- the simulator, well ---
def good():
    s = servers.enter_context(Sim("--rate", "0"))
    config(s)
    rows = list(csv.DictReader(io.StringIO(
        certbatch("products", "hub", "--format", "csv").out)))
    check("hub: products", {"842", "850"} <= {r["code"] for r in rows}, rows)
    check("hub: doctor", certbatch("doctor", "hub").code == 0)
    batch("b", "hub", "842", ["www.example.com", "api.example.com"])
    a = certbatch("run", "-q", "b.batch.yaml", "--wait", "30s")
    check("hub: run", a.code == 0, a)
    j = json.loads(certbatch("inventory", "hub", "--format", "json").out)
    check("hub: inventory", j["counts"]["live"] == 2 and
          {o["common_name"] for o in j["orders"]} == {"www.example.com", "api.example.com"}, j)
    text = renewals("hub", None, "hub-again")
    check("hub: names of the certificates", text.count("dns:") == 2 and
          "CHECK THE NAMES" not in text, text)
    a = certbatch("doctor", "hub", "b.batch.yaml", "--state", "b.state", "--escalation", "e.txt")
    text = read("e.txt")
    check("hub: escalation", a.code == 0 and "www.example.com" in text and
          "842 (DV SSL Certificate 1 Year)" in text and "ec-p256" in text, text)
    refusals(s)


def refusals(s):
    config(s)
    doctor("wrong access key", 8, "credentials", ("Invalid credentials",), key=CANARY)
    a = certbatch("inventory", "hub", key=CANARY)
    check("inventory: wrong access key", a.code == 8 and "credentials" in a.err and
          "certbatch doctor" in a.err, a)
    doctor("no access key", 3, "configuration", ("CERTINEXT_ACCESS_KEY",), key=None)
    a = certbatch("doctor", "hub", "--escalation", "wrong.txt", key=CANARY)
    text = read("wrong.txt")
    check("escalation of an error", a.code == 8 and
          "Error              CA hub does not accept the credentials: Invalid" in text and
          "Endpoint           http://127.0.0.1" in text, text)
    config(s, "    default_product: ov-nowhere\n")
    doctor("unknown product", 1, "products", ("ov-nowhere", "not in the CA's catalogue"))
    config(s, account="1111111111")
    doctor("wrong account number", 8, "credentials", ("credentials",))
    config(s, where="/elsewhere/emSignHub-API/")
    doctor("wrong path", 8, "credentials", ("404", "api_url"))
    config(s, "    enabled: false\n")
    doctor("switched off", 1, "configuration", ("enabled: false",))
    check("products: switched off", certbatch("products", "hub").code == 3)
    config(s)
    request = c.csr("www.example.com", "ec:secp521r1")
    write("r.pem", request)
    doctor("a key the CA does not take", 1, "csr", ("ec-p521",), "--csr", "r.pem")
    write("broken.batch.yaml", BATCH % ("broken", "hub", "842", "") + "  - {id: a}\n")
    doctor("a manifest with mistakes", 1, "csr", ("broken.batch.yaml:", "needs 'common_name'"),
           "broken.batch.yaml", todo=False)


# --- orders that are no longer wanted ---
def cancelling():
    s = servers.enter_context(Sim("--rate", "0", scenario="on POST order: pending(99)\n"))
    config(s)
    batch("unwanted", "hub", "842", ["unwanted.example.com"])
    a = certbatch("run", "-q", "unwanted.batch.yaml", "--wait", "1s")
    check("cancel: an order that waits", a.code == 5, a)
    number = s.ledger("order")[0]["order"]
    a = certbatch("cancel", "hub", number)
    check("cancel: no reason", a.code == 2 and "--reason" in a.err, a)
    a = certbatch("cancel", "hub", "1\n2", "--reason", "x")
    check("cancel: no number", a.code == 2, a)
    a = certbatch("cancel", "lab", number, "--reason", "x")
    check("cancel: a CA without", a.code == 3 and "way to cancel" in a.err, a)
    a = certbatch("cancel", "hub", "9999999999", number, "--reason", "not needed; CHG0000002")
    check("cancel: the others are tried too", a.code == 8 and a.out == number + " cancelled\n" and
          "9999999999" in a.err and len(s.ledger("cancel")) == 1, a)
    a = certbatch("cancel", "hub", number, "--reason", "again")
    check("cancel: not twice", a.code == 8 and len(s.ledger("cancel")) == 1, a)
    a = certbatch("run", "-q", "unwanted.batch.yaml", "--wait", "20s")
    check("cancel: the batch finds it out", a.code == 4 and len(s.ledger("order")) == 1, a)
    s = servers.enter_context(Sim("--rate", "0", scenario="on POST cancel: close\n"))
    config(s)
    a = certbatch("cancel", "hub", number, "--reason", "x")
    check("cancel: a lost answer is not asked for again", a.code == 8 and
          sum("RejectOrder" in line["path"] for line in s.wire()) == 1, a)


# --- the way there ---
def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def way():
    silent = servers.enter_context(socket.socket())
    silent.bind(("127.0.0.1", 0))
    silent.listen(64)
    config(None, "    timeouts: {connect_seconds: 1, request_seconds: 1}\n",
           port=silent.getsockname()[1])
    doctor("no answer", 8, "way", ("no whole reply in time",))
    config(None, port=closed_port())
    doctor("CA down", 8, "way", ("TCP", "Connection refused"))
    config(None, scheme="https", host="ca.invalid", port=443)
    doctor("no such name", 8, "way", ("DNS", "ca.invalid"))
    config(None, "    proxy: {host: 127.0.0.1, port: %d}\n" % closed_port(), scheme="https",
           host="ca.invalid", port=443)
    doctor("proxy down", 8, "way", ("the proxy 127.0.0.1", "Connection refused"))


class Refusing(http.server.BaseHTTPRequestHandler):
    """A proxy that lets nobody through."""

    def do_CONNECT(self):
        self.send_response(407, "Proxy Authentication Required")
        self.send_header("Proxy-Authenticate", "Basic realm=proxy")
        self.end_headers()

    def log_message(self, *args):
        pass


class Skewed(http.server.BaseHTTPRequestHandler):
    """Passes on to the simulator; its clock is 400 s behind."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        h = http.client.HTTPConnection("127.0.0.1", self.server.to, timeout=10)
        h.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = h.getresponse()
        data = answer.read()
        h.close()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() - 400)

    def log_message(self, *args):
        pass


class Server:
    def __init__(self, handler, to=None):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.to = to
        self.port = self.http.server_address[1]
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join(10)


def between():
    p = servers.enter_context(Server(Refusing))
    config(None, "    proxy: {host: 127.0.0.1, port: %d, username: svc, "
           "password: {env: PROXY_PASSWORD}}\n" % p.port, scheme="https", host="ca.invalid", port=443)
    doctor("proxy refuses", 8, "way", ("407",))
    s = servers.enter_context(Sim("--rate", "0"))
    config(servers.enter_context(Server(Skewed, s.port)))
    doctor("skewed clock", 8, "credentials", ("clock", "ahead of that of the CA"))


def oauth():
    write("secret", OAUTH + "\n")
    s = servers.enter_context(Sim("--rate", "0", "--oauth-secret-file", path("secret")))
    url = "http://127.0.0.1:%d/oauth/token" % s.port
    login = "{mode: oauth, token_url: \"%s\", client_id: \"" + c.ACCOUNT + \
        "\", client_secret: {env: CERTINEXT_ACCESS_KEY}}"
    config(s, auth=login % url)
    a = certbatch("doctor", "hub", key=OAUTH)
    check("doctor: OAuth", a.code == 0 and "the CA accepts them" in a.out, a)
    doctor("wrong client secret", 8, "credentials", ("gave no access token",), key=CANARY)
    config(s, auth=login % ("http://127.0.0.1:%d/oauth/token" % closed_port()))
    doctor("no token endpoint", 8, "way", ("TCP", "Connection refused"), key=OAUTH)


def tls(mode, words, trusted=True):
    s = servers.enter_context(Sim("--rate", "0", "--tls", mode))
    more = "    tls: {ca_file: %s}\n" % os.path.basename(s.ca_file) if trusted else ""
    config(s, more, scheme="https")
    return doctor("TLS " + mode, 8, "way", words) if words else None


def tls_all():
    tls("good", None)
    a = certbatch("doctor", "hub")
    check("doctor: TLS good", a.code == 0 and "a certificate for localhost" in a.out, a)
    tls("wronghost", ("not one for 127.0.0.1", "no alternative certificate subject name"))
    a = certbatch("doctor", "hub")
    check("doctor: as text", a.code == 8 and "a certificate for www.example.net until" in a.out and
          a.out.rstrip().endswith("CA hub: failed: way there"), a)
    check("doctor: no line is wide", all(len(line) <= 100 for line in a.out.splitlines()), a)
    tls("expired", ("has expired",))
    tls("selfsigned", ("is not trusted",), trusted=False)


def secrets():
    """At the end: looks at everything that was printed and written."""
    class Parrot(Skewed):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            data = json.dumps({"meta": {"status": "0", "errorCode": "EMS-1", "errorMessage":
                               "key %s of %s" % (CANARY, json.loads(body)["meta"]["authKey"])}})
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data.encode())
    with Server(Parrot) as p:
        config(p)
        texts = [certbatch("doctor", "hub", "--escalation", "parrot.txt", key=CANARY)]
        texts += [certbatch(x, "hub", key=CANARY) for x in ("products", "inventory")]
        all_text = read("parrot.txt") + "".join(t.out + t.err for t in texts)
        check("a CA that repeats the key", "EMS-1" in all_text and CANARY not in all_text, all_text)
    bad = [where for where, text in made if CANARY in text or c.KEY in text or OAUTH in text]
    check("no secret in any output or file (%d)" % len(made), made and not bad, bad)


def main():
    global program, work, servers
    Sim.program, program, work = sys.argv[1:4]
    Sim.work = work
    config(None, port=1)
    with contextlib.ExitStack() as servers:
        # the slow ones first: they go on while others are looked at
        for part in (way, between, oauth, tls_all, local_products, local_inventory, local_renewals,
                     local_doctor, mistakes, cancelling, good, settle, secrets):
            try:
                part()
            except Exception as e:  # a part that broke is one failure, not the end
                import traceback
                check(part.__name__, False, traceback.format_exc()[-600:] + repr(e))
    print("%d ok, %d not ok" % (c.ok_count, c.bad_count))
    return 1 if c.bad_count else 0


if __name__ == "__main__":
    sys.exit(main())
