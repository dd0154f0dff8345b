# SPDX-License-Identifier: Apache-2.0
"""t_digicert.py CASIM CERTBATCH WORKDIR: CertCentral as the simulator plays it. First that it refuses
what the real one refuses, then the commands and the kinds of order from end to end."""
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sim_client as c
from sim_client import Sim, check, csr

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = "/services/v2/"
KEY = "EXAMPLE-ACCESS-KEY-0001"
ORDERS = "order/certificate/"
work = program = None


# --- the dialect ---
class Api:
    def __init__(self, s, key=KEY):
        self.s, self.key = s, key

    def __call__(self, method, path, body=None, **headers):
        h = {"X-DC-DEVKEY": self.key, "Accept": "application/json"}
        if body is not None:
            h["Content-Type"] = "application/json"
        h.update({k.replace("_", "-"): v for k, v in headers.items()})
        a, data = self.s.request(method, ROOT + path, None if body is None else json.dumps(body), h)
        kind = a.getheader("Content-Type") or ""
        return a.status, json.loads(data) if "json" in kind and data else data


def order(name="www.example.com", request=None, **other):
    b = {"certificate": {"common_name": name, "dns_names": [name], "csr": request or csr(name),
                         "signature_hash": "sha256", "server_platform": {"id": 45}},
         "organization": {"id": int(c.ORGANIZATION)}, "container": {"id": int(c.GROUP)},
         "order_validity": {"years": 1}, "payment_method": "balance", "skip_approval": True,
         "comments": "t"}
    b["certificate"].update(other.pop("certificate", {}))
    b.update(other)
    b["certificate"] = {k: v for k, v in b["certificate"].items() if v is not None}
    return {k: v for k, v in b.items() if v is not None}


def refused(name, got, status, code):
    check("refused: " + name, got[0] == status and isinstance(got[1], dict) and
          any(code in e["code"] + e["message"] for e in got[1]["errors"]), got)


def refusals(s, k):
    place = lambda b, product="ssl_basic": k("POST", ORDERS + product, b)
    refused("key", Api(s, "wrong")("GET", "user/me"), 403, "access_denied_invalid_key")
    refused("route", k("GET", "nothing"), 404, "not_found|route")
    refused("method", k("DELETE", ORDERS + "1"), 404, "not_found|route")
    refused("product", place(order(), "ssl_none"), 404, "not_found|product")
    got = place({"certificate": {"dns_names": []}})
    refused("all that is missing at once", got, 400, "required_param:organization.id")
    check("refused: each of them", len(got[1]["errors"]) == 5, got)
    refused("no JSON", k("POST", ORDERS + "ssl_basic", None), 400, "bad_request_format")
    refused("unknown member", place(order(organisation={"id": 1})), 400, "unknown member organisation")
    refused("number as text", place(order(organization={"id": c.ORGANIZATION})), 400, "wrong type")
    refused("boolean as text", place(order(skip_approval="1")), 400, "wrong type")
    refused("null", place(order(container={"id": None})), 400, "wrong type")
    refused("hash", place(order(certificate={"signature_hash": "md5"})), 400, "signature_hash")
    refused("SHA-1 in public", place(order(certificate={"signature_hash": "sha1"})), 400, "invalid_value")
    refused("organization", place(order(organization={"id": 1})), 400, "invalid_value:organization.id")
    refused("division", place(order(container={"id": 1})), 400, "invalid_value:container.id")
    refused("payment", place(order(payment_method="cash")), 400, "payment_method")
    refused("four years", place(order(order_validity={"years": 4})), 400, "invalid_value:validity_years")
    refused("two terms", place(order(order_validity={"years": 1, "days": 9})), 400, "invalid_value")
    refused("certificate longer than the order", place(order(
        order_validity={"days": 30}, certificate={"cert_validity": {"days": 31}})), 400, "cert_validity_exceeds")
    refused("CSR", place(order(request="-----BEGIN CERTIFICATE REQUEST-----AAAA-----END CERTIFICATE REQUEST-----")),
            400, "csr_invalid_cannot_parse")
    refused("key size", place(order(request=csr("www.example.com", "rsa:1024"))), 400, "csr_invalid_key_size")
    refused("curve", place(order(request=csr("www.example.com", "ec:P-521"))), 400, "csr_invalid_key_size")
    refused("EV wildcard", place(order("*.example.com"), "ssl_ev_basic"), 400, "invalid_value")
    refused("two names for one", place(order(certificate={"dns_names": ["a.example.com"]}), "ssl_plus"), 400,
            "invalid_value")
    refused("custom field", place(order(custom_fields=[{"metadata_id": "1", "value": "x"}])), 400, "wrong type")
    refused("contact", place(order(organization={"id": int(c.ORGANIZATION), "contacts": [
        {"contact_type": "boss"}]})), 400, "contact_type")
    refused("an order", k("GET", ORDERS + "1"), 404, "not_found|order")
    refused("a certificate", k("GET", "certificate/1/chain"), 404, "not_found|certificate")
    check("refused: Accept", k("GET", "user/me", Accept="text/csv")[0] == 406)
    check("nothing of that is in the ledger", s.ledger() == [])


def life(s, k):
    request = csr("www.example.com")
    status, got = k("POST", ORDERS + "ssl_basic", order(request=request.replace("\n", "")))
    check("placed", status == 201 and len(got["certificate_chain"]) == 3, got)
    check("the chain has CRLF", "\r\n" in got["certificate_chain"][0]["pem"])
    path, certificate = ORDERS + str(got["id"]), "certificate/%d" % got["certificate_id"]
    info = k("GET", path)[1]
    check("info", info["status"] == "issued" and info["certificate"]["csr"] == request.replace("\n", ""), info)
    check("by serial number", k("GET", ORDERS + info["certificate"]["serial_number"])[1]["id"] == got["id"])
    check("chain", k("GET", certificate + "/chain")[1]["intermediates"] == got["certificate_chain"])
    refused("cancel of what is issued", k("PUT", path + "/status", {"status": "canceled", "note": "x"}), 400, "")
    refused("CANCELED", k("PUT", path + "/status", {"status": "CANCELED", "note": "x"}), 400, "status")
    refused("no note", k("PUT", path + "/status", {"status": "canceled"}), 400, "note")
    refused("reissue without platform", k("POST", path + "/reissue", {"certificate": {
        "common_name": "www.example.com", "csr": csr("www.example.com"), "signature_hash": "sha256"}}), 400,
        "required_param:certificate.server_platform")
    part = {"certificate": dict(order()["certificate"], csr=csr("www.example.com")), "skip_approval": True}
    status, again = k("POST", path + "/reissue", part)
    check("reissue", status == 201 and again["id"] == got["id"] and
          again["certificate_id"] != got["certificate_id"], again)
    check("the order shows the new certificate", k("GET", path)[1]["certificate"]["id"] == again["certificate_id"])
    refused("word of a reason", k("PUT", certificate + "/revoke", {"revocation_reason": "superceded"}), 400, "")
    refused("hold", k("PUT", certificate + "/revoke", {"revocation_reason": "certificateHold"}), 400, "")
    check("revoked", k("PUT", certificate + "/revoke", {"revocation_reason": "superseded",
                                                        "skip_approval": True}) == (204, b""))
    refused("revoked already", k("PUT", certificate + "/revoke", {}), 400, "invalid_status")
    check("the order is issued still", k("GET", path)[1]["status"] == "issued")
    states = [x["status"] for x in k("GET", path + "/reissue")[1]["certificates"]]
    check("the list tells", states == ["revoked", "approved"], states)
    check("order revoked", k("PUT", path + "/revoke", {"skip_approval": True})[0] in (204, 400))
    empty = k("GET", "order/certificate?filters%5Bcommon_name%5D=none.example.com")[1]
    check("no hit, no list", "orders" not in empty and empty["page"]["total"] == 0, empty)
    refused("limit", k("GET", "order/certificate?limit=1001"), 400, "invalid_value")


def approval(s, k):
    status, got = k("POST", ORDERS + "ssl_basic", order(skip_approval=None))
    path, request = ORDERS + str(got["id"]), "request/%s/status" % got["requests"][0]["id"]
    check("needs approval", "certificate_id" not in got and k("GET", path)[1]["status"] == "needs_approval", got)
    refused("word", k("PUT", request, {"status": "yes"}), 400, "status")
    check("approved", k("PUT", request, {"status": "approved"})[0] == 204 and
          k("GET", path)[1]["status"] == "issued")
    refused("approved twice", k("PUT", request, {"status": "approved"}), 400, "request_already_processed")
    check("with skip_approval", "certificate_chain" in k("POST", ORDERS + "ssl_basic", order())[1])


def dialect():
    with Sim("--rate", "0") as s:
        refusals(s, Api(s))
        life(s, Api(s))
    with Sim("--rate", "0", "--approval", "person") as s:
        approval(s, Api(s))
    with Sim("--rate", "2/10/1") as s:
        k = Api(s)
        seen = [k("GET", "user/me")[0] for _ in range(3)]
        check("every request counts", seen == [200, 200, 429], seen)
        refused("limit", k("GET", "user/me"), 429, "request_limit_exceeded")


# --- the program ---
CONFIG = """certbatch_config: 1
cas:
  dc:
    type: digicert
    base_url: http://127.0.0.1:%d
    api_key: {file: key}
    organization_id: "%s"
    container_id: "%s"
    order_validity: {years: 1}
    page_size: 3
    limits: {orders_per_second: 1000, burst: 1000, requests_per_second: 1000}
    enroll: {back_off_seconds: 1, max_attempts: 3}
    settle_seconds: 0
%spolicy: [cabf-tls, digicert, site.policy.yaml]
"""
SITE = """certbatch_policy: 1
name: site
rules: {name.special-use: disabled, product.deprecated: disabled}
"""
BATCH = """certbatch: 1
name: %s
change: {ticket: CHG0000001, type: standard, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-01-20T10:00:00Z}
ca: dc
defaults: {product: ssl_dv_geotrust_flex, key: ec-p256, outputs: [pem]}
"""


class Home:
    def __init__(self, s, more="    skip_approval: true\n", key=KEY):
        self.dir = os.path.join(work, "h%d" % s.port)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.write("key", key + "\n")
        os.chmod(self.path("key"), 0o600)
        self.write("certbatch.yaml", CONFIG % (s.port, c.ORGANIZATION, c.GROUP, more))
        self.write("site.policy.yaml", SITE)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def __call__(self, *args, **env):
        e = {k: v for k, v in os.environ.items() if not k.startswith("CERTBATCH")}
        e.update(XDG_STATE_HOME=self.path("xdg"), **env)
        p = subprocess.run([program, *args], cwd=self.dir, env=e, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=120)
        out = p.stdout.decode()
        check("no secret in %s" % args[0], KEY not in out, out)
        return p.returncode, out

    def batch(self, name, text, *args, **env):
        self.write(name + ".batch.yaml", BATCH % name + text)
        code, out = self("run", *args, name + ".batch.yaml", **env)
        return code, out

    def items(self, name):
        with open(self.path(name + ".state", "report.json")) as f:
            return {i["id"]: i for i in json.load(f)["items"]}


def commands():
    with Sim("--rate", "0") as s:
        h = Home(s)
        code, out = h("doctor", "dc")
        check("doctor", code == 0, out)
        code, out = h("products", "dc")
        check("products", code == 0 and "ssl_ev_basic" in out and "3y" in out, out)
        names = ["a%d.example.com" % i for i in range(5)]
        code, out = h.batch("five", "orders:\n" + "".join(
            "  - {id: %s, common_name: %s, san: [%s, x.%s]}\n" % (n[:2], n, n, n) for n in names))
        check("five orders", code == 0, out)
        kinds = [w["kind"] for w in s.wire() if w["kind"] not in ("validate", "catalogue")]
        check("one request an order", kinds == ["order"] * 5, kinds)
        code, out = h("inventory", "dc", "--format", "json")
        check("inventory of two pages", code == 0 and all(n in out for n in names), out)
        pages = [w for w in s.wire() if w["kind"] == "report"]
        check("pages of three", len(pages) == 2, pages)
    with Sim("--rate", "0", "--approval", "orders-only") as s:
        code, out = Home(s)("doctor", "dc")
        check("doctor: a key for orders only", code == 0, out)
        code, out = Home(s, key="wrong")("doctor", "dc")
        check("doctor: a wrong key", code == 8 and "invalid_key" in out, out)
    with Sim("--rate", "0", "--approval", "person") as s:
        h = Home(s, "")
        code, out = h.batch("wait", "orders:\n  - {id: a, common_name: a.example.com, san: [a.example.com]}\n",
                            "--wait", "2s")
        number = s.ledger("order")[0]["order"]
        check("waits for an approver", code == 5 and "approver" in out, out)
        code, out = h("cancel", "dc", number, "--reason", "not needed")
        check("cancel", code == 0 and [r["order"] for r in s.ledger("cancel")] == [number], out)
        code, out = h("cancel", "dc", number, "--reason", "not needed")
        check("cancel twice", code != 0 and "cannot be canceled" in out, out)
        code, out = h("run", "wait.batch.yaml")
        check("a cancelled order is refused", code == 4 and h.items("wait")["a"]["state"] == "refused", out)


def siblings():
    with Sim("--rate", "0") as s:
        h = Home(s)
        one = "  - {id: %s, common_name: w.example.com, san: [w.example.com]%s}\n"
        code, out = h.batch("first", "orders:\n" + one % ("w", ""))
        first = h.items("first")["w"]
        check("first certificate", code == 0, out)
        number = first["order"]
        code, out = h.batch("again", "orders:\n" + one % (
            "r", ", action: reissue, replaces: {order: \"%s\"}" % number) + one % (
            "d", ", action: reissue, replaces: {order: \"%s\"}, fields: {duplicate: true}" % number))
        again = h.items("again")
        check("reissue and duplicate stay in the order", code == 0 and
              [i["order"] for i in again.values()] == [number] * 2 and len(s.ledger("order")) == 1, out)
        serials = {i["serial"] for i in again.values()} | {first["serial"]}
        check("three certificates", len(serials) == 3, serials)
        revoke = "revocations:\n  - {id: x, order: \"%s\", serial: %s, reason: superseded}\n"
        code, out = h.batch("away", "revocations:\n  - {id: x, serial: \"%s\", reason: superseded}\n" % first["serial"])
        check("a certificate is revoked by its serial number", code == 0 and
              h.items("away")["x"]["state"] == "revoked", out)
        check("by one call", re.search(r"certificate/%s/revoke" % first["serial"], str(s.wire())))
        code, out = h.batch("away2", "revocations:\n  - {id: x, serial: \"%s\", reason: superseded}\n" % first["serial"])
        check("revoked already: nothing is sent", code == 0 and len(s.ledger("revoke")) == 1, out)
        code, out = h.batch("all", "revocations:\n  - {id: x, order: \"%s\", reason: keyCompromise}\n" % number)
        check("the order with all of its certificates", code == 0 and len(s.ledger("revoke")) == 2, out)
        code, out = h.batch("hold", "revocations:\n  - {id: x, order: \"%s\", reason: certificateHold}\n" % number)
        check("a reason without a word is no other", code != 0 and len(s.ledger("revoke")) == 2, out)


def lost_siblings():
    with Sim("--rate", "0", scenario="on POST order nth 2: accept close\non POST order nth 3: close\n") as s:
        h = Home(s)
        one = "orders:\n  - {id: w, common_name: w.example.com, san: [w.example.com]%s}\n"
        h.batch("first", one % "")
        again = ", action: reissue, replaces: {order: \"%s\"}" % h.items("first")["w"]["order"]
        code, out = h.batch("taken", one % again)
        check("a reissue whose reply was lost is found in its order", code == 0 and
              len(s.ledger("reissue")) == 1, out)
        code, out = h.batch("lost", one % again)
        check("one that is not there is in doubt", code == 6 and len(s.ledger("reissue")) == 1, out)


def approved_siblings():
    with Sim("--rate", "0", "--approval", "person") as s:
        h = Home(s, "    approve_requests: true\n")
        one = "orders:\n  - {id: w, common_name: w.example.com, san: [w.example.com]%s}\n"
        code, out = h.batch("first", one % "")
        number = h.items("first")["w"]["order"]
        code2, out2 = h.batch("again", one % (", action: reissue, replaces: {order: \"%s\"}" % number))
        code3, out3 = h.batch("gone", "revocations:\n  - {id: x, serial: \"%s\", reason: superseded}\n" %
                              h.items("again")["w"]["serial"])
        check("an order, its reissue and a revocation are approved", (code, code2, code3) == (0, 0, 0),
              (code, code2, code3, out2[-700:], out3[-700:]))
        check("each once", len([w for w in s.wire() if w["path"].startswith(ROOT + "request/")]) == 3)


def methods():
    """A check finds what the method of the order wants, where it wants it, or nothing."""
    records = os.path.join(work, "methods")

    def publish(*lines):
        with open(records, "w") as f:
            f.writelines(line + "\n" for line in lines)

    with Sim("--rate", "0", "--dcv", "table", "--dcv-table", records) as s:
        k = Api(s)
        publish()
        pki = "http://www.example.com/.well-known/pki-validation/"
        for method, wanted, code in (
                ("dns-txt-token", "www.example.com %s", "invalid_dns_txt"),
                ("dns-cname-token", "_dnsauth.www.example.com CNAME %s.dcv.digicert.com", "invalid_dns_cname"),
                ("http-token", pki + "fileauth.txt %s", "file_random_value_not_found"),
                ("http-token-dynamic", None, "file_random_value_not_found")):
            status, got = k("POST", ORDERS + "ssl_basic", order(dcv_method=method, certificate={
                "dns_names": ["www.example.com"]}))
            check(method + ": placed, open", status == 201 and [d["name"] for d in got["domains"]] == [
                "www.example.com"], got)
            path = ORDERS + str(got["id"])
            check(method + ": the order tells it", k("GET", path)[1]["dcv_method"] == method)
            value = k("PUT", path + "/dcv-random-value", None)[1]
            token = value["dcv_random_value"]
            check(method + ": one value, twice asked", token == got["dcv_random_value"], value)
            check(method + ": an address", ("http_token_url" in value) == (method == "http-token-dynamic"), value)
            wanted = wanted or value["http_token_url"] + " %s"
            refused(method + ": nothing is there", k("PUT", path + "/check-dcv", None), 400, code)
            publish(wanted % "another", token, "www.example.com TXT " + token, wanted % token + "x")
            refused(method + ": something else is", k("PUT", path + "/check-dcv", None), 400, code)
            publish(wanted % token)
            status, got = k("PUT", path + "/check-dcv", None)
            check(method + ": found", status == 200 and got["dcv_status"] == "valid", got)
            check(method + ": issued", k("GET", path)[1]["status"] == "issued")
            refused(method + ": no second time", k("PUT", path + "/check-dcv", None), 400, "invalid_status")
        status, got = k("POST", ORDERS + "ssl_basic", order(dcv_method=None))
        path = ORDERS + str(got["id"])
        check("mail unless said", k("GET", path)[1]["dcv_method"] == "email" and "dcv_random_value" not in got, got)
        refused("mail has no value", k("PUT", path + "/dcv-random-value", None), 400, "invalid_dcv_method")
        refused("mail is not looked at", k("PUT", path + "/check-dcv", None), 400, "invalid_dcv_method")
        refused("a file for a wildcard", k("POST", ORDERS + "ssl_basic", order(
            "*.example.com", dcv_method="http-token")), 400, "invalid_dcv_method")
        refused("a named file for DV", k("POST", ORDERS + "ssl_dv_geotrust_flex", order(
            dcv_method="http-token-dynamic")), 400, "invalid_dcv_method")
        refused("a method that is none", k("POST", ORDERS + "ssl_basic", order(dcv_method="dns")), 400, "dcv_method")


def validation():
    records = os.path.join(work, "records")
    open(records, "w").close()
    with Sim("--rate", "0", "--dcv", "table", "--dcv-table", records) as s:
        h = Home(s, "    dcv: {enabled: true, hook: [./records.sh], propagation_delay_seconds: 0}\n")
        shutil.copy(os.path.join(HERE, "..", "..", "samples", "dcv", "records.sh"), h.dir)
        code, out = h.batch("proven", "orders:\n  - {id: a, common_name: a.example.com, san: [a.example.com, "
                            "b.example.com]}\n", CERTBATCH_HOOK_RECORDS=records)
        check("names are proven by TXT records", code == 0 and h.items("proven")["a"]["state"] == "issued", out)
        with open(records) as f:
            check("records are removed", f.read() == "")
        with open(h.path("proven.state", "journal.jsonl")) as f:
            events = [json.loads(line)["ev"] for line in f]
        check("two names, two records", events.count("dcv-present") == events.count("dcv-cleanup") == 2, events)


MAIL_SITE = """certbatch_policy: 1
name: site
extends: [cabf-smime, digicert]
rules: {name.special-use: disabled, email.public-provider: disabled}
"""
MAIL_BATCH = """certbatch: 1
name: %s
policy: [./mail.policy.yaml]
change: {ticket: CHG0000001, type: standard, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-01-20T10:00:00Z}
ca: dc
defaults: {key: rsa-2048, outputs: [pem]}
orders:
"""
PERSON = """  - id: dana
    product: secure_email_sponsor
    san: ["email:dana@example.com"]
    common_name: %s
    subject: {given_name: Dana, surname: Sample, organization: Example Corp, organization_identifier: "NTRUS-1234567", country: US, state: Texas, locality: Austin}
    smime: {type: sponsor, generation: multipurpose, use: %s}
    fields: {common_name_indicator: %s%s}
"""


def mail_order(product="mailbox", **other):
    b = order(request=csr("dana@example.com"))
    b["certificate"] = {"emails": ["dana@example.com"], "csr": csr("dana@example.com"), "signature_hash": "sha256",
                        "profile_type": "strict", "usage_designation": {"primary_usage": "signing"}}
    if product != "mailbox":
        b["certificate"]["common_name_indicator"] = "email_address"
    if product == "sponsor":
        b["certificate"]["individual"] = {"first_name": "Dana", "last_name": "Sample"}
    b["certificate"].update(other.pop("certificate", {}))
    b["certificate"] = {k: v for k, v in b["certificate"].items() if v is not None}
    b.update(other)
    return {k: v for k, v in b.items() if v is not None}


def mail_refusals(s, k):
    place = lambda product, **other: k("POST", ORDERS + "secure_email_" + product, mail_order(product, **other))
    bad = lambda name, code, product="mailbox", **other: refused("mail: " + name, place(product, **other), 400, code)
    bad("no mailbox", "required_param:certificate.emails", certificate={"emails": None})
    bad("an empty list", "invalid_value:certificate.emails", certificate={"emails": []})
    bad("a host", "invalid_value:certificate.emails", certificate={"emails": ["www.example.com"]})
    bad("no usage", "required_param:certificate.usage_designation", certificate={"usage_designation": None})
    bad("a usage that is none", "primary_usage", certificate={"usage_designation": {"primary_usage": "both"}})
    bad("the profile that ended", "profile_type", certificate={"profile_type": "legacy"})
    bad("a server's name", "invalid_value:certificate.dns_names", certificate={"dns_names": ["a.example.com"]})
    bad("a server's platform", "invalid_value:certificate.server_platform", certificate={"server_platform": {"id": 45}})
    bad("a server's validation", "invalid_value:dcv_method", dcv_method="dns-txt-token")
    bad("nobody", "required_param:certificate.individual", "sponsor", certificate={"individual": None})
    bad("half a name", "invalid_value:certificate.individual", "sponsor", certificate={"individual": {
        "first_name": "Dana"}})
    bad("a pseudonym that is not there", "common_name_indicator", "sponsor", certificate={
        "common_name_indicator": "pseudonym"})
    bad("no indicator", "required_param:certificate.common_name_indicator", "organization",
        certificate={"common_name_indicator": None})
    bad("no organization", "required_param:organization.id", "organization", organization=None)
    refused("a server with a mailbox", k("POST", ORDERS + "ssl_basic", order(certificate={
        "emails": ["dana@example.com"]})), 400, "invalid_value:certificate.emails")
    check("mail: nothing of that is in the ledger", s.ledger() == [])
    got = place("sponsor", certificate={"common_name_indicator": "pseudonym", "individual": {"pseudonym": "The Analyst"}})
    check("mail: a pseudonym will do", got[0] == 201, got)
    got = place("mailbox", organization=None)
    info = k("GET", ORDERS + str(got[1]["id"]))[1]
    check("mail: of nobody", got[0] == 201 and info["organization"] == [] and
          info["certificate"]["emails"] == ["dana@example.com"], info)


def text_of(h, name, item):
    return subprocess.run(["openssl", "x509", "-noout", "-text", "-in", h.path(
        name + ".state", "items", item, "certificate.pem")], stdout=subprocess.PIPE, check=True).stdout.decode()


def mail():
    """Certificates for mailboxes: what the order says is what openssl reads in the certificate."""
    with Sim("--rate", "0") as s:
        mail_refusals(s, Api(s))
    with Sim("--rate", "0") as s:
        h = Home(s, "    dcv_method: dns-txt-token\n    skip_approval: true\n")
        h.write("mail.policy.yaml", MAIL_SITE)
        h.write("three.batch.yaml", MAIL_BATCH % "three" + PERSON % (
            "Dana Sample", "signing", "given_name_surname", ", include_given_name_surname: true") +
                "  - {id: box, product: secure_email_mailbox, san: ['email:info@example.com', 'email:sales@example.com'],"
                " smime: {type: mailbox, generation: strict, use: encryption}}\n"
                "  - {id: firm, product: secure_email_organization, san: ['email:firm@example.com'], "
                "smime: {type: organization, generation: multipurpose, use: dual},"
                " fields: {common_name_indicator: organization_name},"
                " subject: {organization: Example Corp, organization_identifier: NTRUS-1234567, country: US}}\n")
        code, out = h("run", "three.batch.yaml")
        check("mail: ordered and issued", code == 0 and len(s.ledger("order")) == 3, out)
        dana, box, firm = (text_of(h, "three", i) for i in ("dana", "box", "firm"))
        check("mail: for mail and nothing else", all("E-mail Protection" in t and "Web Server" not in t
                                                     for t in (dana, box, firm)))
        check("mail: a person", "CN = Dana Sample" in dana and "GN = Dana" in dana and "SN = Sample" in dana, dana)
        check("mail: mailboxes", "email:info@example.com, email:sales@example.com" in box and "O = " not in re.search("Subject:.*", box).group(), box)
        check("mail: a firm", "CN = Example Corp" in firm, firm)
        usage = [re.search(r"Key Usage: critical\s+(.*)", t).group(1) for t in (dana, box, firm)]
        check("mail: usages", usage == ["Digital Signature", "Key Encipherment", "Digital Signature, Key Encipherment"],
              usage)
        h.write("gone.batch.yaml", MAIL_BATCH.replace("orders:", "revocations:") % "gone" +
                "  - {id: x, serial: \"%s\", reason: superseded}\n" % h.items("three")["box"]["serial"])
        code, out = h("run", "gone.batch.yaml")
        check("mail: revoked", code == 0 and len(s.ledger("revoke")) == 1, out)
    with Sim("--rate", "0", "--dcv", "table") as s:
        h = Home(s, "    dcv: {enabled: true, hook: [./hook-that-is-not-there], propagation_delay_seconds: 0}\n")
        h.write("mail.policy.yaml", MAIL_SITE)
        h.write("open.batch.yaml", MAIL_BATCH % "open" + "  - {id: box, product: secure_email_mailbox, san: ["
                "'email:info@example.com'], smime: {type: mailbox, generation: strict, use: signing}}\n")
        code, out = h("run", "--wait", "2s", "open.batch.yaml")
        check("mail: waits for whoever reads the mailbox, no hook is called", code == 5 and
              "answers the mail" in out and "hook" not in out, out)
    # lists show the common name that CertCentral made, which need not be the one that was expected
    for common_name, indicator, wanted in (("Dana Sample", "given_name_surname", "issued"),
                                           ("Dana Sample", "email_address", "mismatch"),
                                           ("dana@example.com", "given_name_surname", "mismatch")):
        with Sim("--rate", "0", scenario="on POST order nth 1: accept close\n") as s:
            h = Home(s)
            h.write("mail.policy.yaml", MAIL_SITE)
            h.write("lost.batch.yaml", MAIL_BATCH % "lost" + PERSON % (common_name, "dual", indicator, ""))
            code, out = h("lint", "lost.batch.yaml")
            check("mail: lint knows what the common name will be", (code == 0) == (wanted == "issued"), out)
            h.write("mail.policy.yaml", MAIL_SITE.replace("rules: {", "rules: {digicert.smime: warning, "))
            code, out = h("run", "lost.batch.yaml")
            state = h.items("lost")["dana"]["state"]
            check("mail: %s as %s: a lost order is found and not paid again" % (common_name, indicator),
                  len(s.ledger("order")) == 1 and state == wanted, out + state + str(s.ledger("order")))


def main():
    global work, program
    Sim.program, program, work = sys.argv[1:4]
    Sim.work = work
    parts = (dialect, commands, siblings, lost_siblings, approved_siblings, methods, validation, mail)
    for part in parts if len(sys.argv) < 5 else [p for p in parts if p.__name__ in sys.argv]:
        try:
            part()
        except Exception as e:  # the rest shall run
            check("%s runs" % part.__name__, False, "%s: %s" % (type(e).__name__, e))
    print("%d checks, %d failed" % (c.ok_count + c.bad_count, c.bad_count))
    return c.bad_count != 0


if __name__ == "__main__":
    sys.exit(main())
