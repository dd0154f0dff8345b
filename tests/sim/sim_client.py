# SPDX-License-Identifier: Apache-2.0
"""What the tests of the simulator share: starting one, and a V1 and V2 client of their own."""
import datetime
import hashlib
import http.client
import json
import os
import random
import subprocess
import time
import urllib.parse

KEY = "EXAMPLE-ACCESS-KEY-0001"
ACCOUNT, GROUP, ORGANIZATION = "1234567890", "2345678901", "3456789012"
MAIL = "pki-admin@example.com"
V1 = "/emSignHub-API/"
V2 = "/api/certinext/v2/"

ok_count = 0
bad_count = 0


def check(name, good, detail=""):
    global ok_count, bad_count
    if good:
        ok_count += 1
        print("ok " + name, flush=True)
    else:
        bad_count += 1
        print("not ok %s: %s" % (name, str(detail)[:400]), flush=True)
    return good


def digest(ts, txn, key=KEY):
    return hashlib.sha256((key + ts + txn).encode()).hexdigest()


def now(offset=0):
    t = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset)
    return t.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def new_txn():
    return str(random.randrange(10**15, 10**16))


def meta(**other):
    m = {"ver": "1.0", "ts": now(), "txn": new_txn(), "accountNumber": ACCOUNT}
    m.update(other)
    if "authKey" not in m:
        m["authKey"] = digest(str(m["ts"]), str(m["txn"]))
    return m


class Sim:
    """A running simulator; a with-block ends it and looks at its exit status."""

    count = 0
    program = work = None

    def __init__(self, *options, scenario=None, calm=True):
        Sim.count += 1
        base = os.path.join(Sim.work, "s%d" % Sim.count)
        self.port_file, self.ledger_file, self.wire_file, self.ca_file = (
            base + e for e in (".port", ".ledger", ".wire", ".ca"))
        args = [Sim.program, "--port-file", self.port_file, "--ledger", self.ledger_file,
                "--wire", self.wire_file, "--ca-out", self.ca_file, *options]
        if scenario is not None:
            with open(base + ".scn", "w") as f:
                f.write(scenario)
            args += ["--scenario", base + ".scn"]
        elif calm:
            args.append("--calm")
        self.err_file = base + ".err"
        with open(self.err_file, "w") as err:
            self.process = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=err)
        with open(os.path.join(Sim.work, "pids"), "a") as f:
            f.write("%d\n" % self.process.pid)
        for _ in range(300):
            if os.path.exists(self.port_file) or self.process.poll() is not None:
                break
            time.sleep(0.02)
        with open(self.port_file) as f:
            self.port = int(f.read())

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        rc = self.process.wait(20)
        if rc != 0:
            with open(self.err_file) as f:
                check("the simulator ends with status 0", False, "%d %s" % (rc, f.read()))

    def lines(self, path):
        with open(path) as f:
            return [json.loads(line) for line in f]

    def ledger(self, kind=None):
        return [line for line in self.lines(self.ledger_file) if kind in (None, line["kind"])]

    def wire(self):
        return self.lines(self.wire_file)

    def connect(self, timeout=10):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, connection=None, timeout=10):
        c = connection or self.connect(timeout)
        c.request(method, path, body, headers or {})
        answer = c.getresponse()
        data = answer.read()
        if not connection:
            c.close()
        return answer, data

    def raw(self, name, body, **kw):
        return self.request("POST", V1 + name, json.dumps(body),
                            {"Content-Type": "application/json"}, **kw)

    def call(self, name, m=None, connection=None, timeout=10, **blocks):
        """The whole answer of a V1 call."""
        answer, data = self.raw(name, dict(meta=m or meta(), **blocks), connection=connection,
                                timeout=timeout)
        if answer.status != 200:
            raise RuntimeError("HTTP %d %r" % (answer.status, data[:80]))
        return json.loads(data)

    def place(self, o, **kw):
        return self.call("GenerateOrderSSL", orderDetails=o, **kw)

    def track(self, number):
        return self.call("TrackOrder", orderDetails={"orderNumber": number})["orderDetails"]

    def get(self, number):
        return self.call("GetCertificate",
                         orderDetails={"orderNumber": number, "requestorEmail": MAIL})

    def report(self, **criteria):
        return self.call("GetOrderReport", searchCriteria=criteria)

    def token(self, **fields):
        form = {"grant_type": "client_credentials", "client_id": ACCOUNT, "client_secret": "s3cret"}
        form.update(fields)
        answer, data = self.request("POST", "/oauth/token", urllib.parse.urlencode(form),
                                    {"Content-Type": "application/x-www-form-urlencoded"})
        return answer.status, json.loads(data) if data else {}

    def v2(self, method, path, token, body=None, accept="application/json", **headers):
        h = {"Authorization": "Bearer " + token, "Accept": accept}
        h.update({k.replace("_", "-"): v for k, v in headers.items()})
        if body is not None:
            h["Content-Type"] = "application/json"
            body = json.dumps(body)
        return self.request(method, V2 + path, body, h)


def csr(cn, key="ec:P-256", sans=()):
    """A PEM request with a new key."""
    kind, _, size = key.partition(":")
    args = ["openssl", "req", "-new", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=" + cn]
    if kind == "ec":
        args += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + size]
    elif kind == "rsa":
        args += ["-newkey", "rsa:" + size]
    else:
        args += ["-newkey", kind]
    if sans:
        args += ["-addext", "subjectAltName=" + ",".join("DNS:" + s for s in sans)]
    return subprocess.run(args, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode()


def order(domain="www.example.com", product="842", request=None, **other):
    o = {
        "productCode": product, "accountingModel": "2", "saveAndHold": "0",
        "emailNotifications": "0",
        "delegationInformation": {"groupNumber": GROUP},
        "requestorInformation": {"requestorName": "PKI Automation", "requestorIsdCode": "1",
                                 "requestorMobileNumber": "5550100123", "requestorEmail": MAIL},
        "subscriptionDetails": {"validity": "1", "autoRenew": "0", "renewCriteria": "30"},
        "certificateInformation": {"domainName": domain, "autoSecureWWW": "0"},
        "technicalPointOfContact": {"tpcName": "PKI Automation", "tpcEmail": MAIL,
                                    "tpcIsdCode": "1", "tpcMobileNumber": "5550100123"},
        "csr": request if request is not None else csr(domain),
        "agreementDetails": {"acceptAgreement": "1", "signerName": "Dana Sample",
                             "signerPlace": "Austin", "signerIP": "203.0.113.10"},
        "additionalInformation": {"remarks": "Batch CHG0012345", "tags": ["batch"]},
    }
    o.update(other)
    return o


def text(pem, *what):
    """What openssl x509 says of a certificate."""
    return subprocess.run(["openssl", "x509", "-noout", *what], input=pem.encode(), check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout.decode()
