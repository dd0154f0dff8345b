# SPDX-License-Identifier: Apache-2.0
"""V2 of the simulator: refusals, the order's life, certificate forms, report, revocation."""
import json
import os

import sim_client as c
from sim_client import Sim, check, csr

ORDERS = "ssl-certificates"


def body(domain="www.example.com", variant="dv", request=None, **other):
    b = {"productVariant": variant, "emailNotifications": "0",
         "requestor": {"name": "PKI Automation", "email": c.MAIL, "phone": "+15550100123"},
         "certificate": {"domain": domain, "autoSecureWww": False},
         "subscription": {"validityYears": 1, "autoRenew": False, "renewBeforeDays": 30},
         "agreement": {"signerName": "Dana Sample", "signerPlace": "Austin",
                       "signerIp": "203.0.113.10", "accepted": True},
         "groupNumber": c.GROUP, "remarks": "Batch CHG0012345", "tags": ["batch"],
         "csr": request or csr(domain)}
    b.update(other)
    return {k: v for k, v in b.items() if v is not None}


class Client:
    def __init__(self, s):
        self.s, self.token = s, s.token()[1]["access_token"]

    def call(self, method, path, b=None, **kw):
        a, data = self.s.v2(method, path, self.token, b, **kw)
        kind = a.getheader("Content-Type") or ""
        return a.status, json.loads(data) if "json" in kind else data, a

    def place(self, b, **kw):
        return self.call("POST", ORDERS, b, **kw)


def refused(name, got, status, code=""):
    problem = got[1]
    check("v2 refused: " + name,
          got[0] == status and got[2].getheader("Content-Type") == "application/problem+json" and
          problem["status"] == status and code in problem["detail"], got[:2])


def secret_option():
    path = os.path.join(Sim.work, "v2secret")
    with open(path, "w") as f:
        f.write("s3cret\n")
    return ("--rate", "0", "--oauth-secret-file", path)


def refusals(s, k):
    a, _ = s.v2("GET", "auth/me", "0" * 64)
    check("v2 401", a.status == 401)
    status, me, a = k.call("GET", "auth/me")
    check("v2 auth/me", me == {"accountNumber": c.ACCOUNT, "authType": "oauth2"} and
          a.getheader("X-API-Version") == "2.0.0", me)
    check("v2 404", k.call("GET", "nothing")[0] == 404)
    check("v2 405", k.call("DELETE", ORDERS + "/1")[0] == 405)
    refused("unknown order", k.call("GET", ORDERS + "/6600000000"), 404, "EMS-943")
    refused("unknown member", k.place(body(csrPem="x")), 400, "csrPem")
    refused("number for a boolean", k.place(body(
        certificate={"domain": "www.example.com", "autoSecureWww": 0})), 400)
    refused("unknown variant", k.place(body(variant="dv-ssl")), 400)
    refused("no requestor", k.place(body(requestor=None)), 400, "requestor")
    refused("no signerPlace", k.place(body(
        agreement={"signerName": "D", "accepted": True})), 400, "signerPlace")
    refused("phone", k.place(body(
        requestor={"name": "A", "email": c.MAIL, "phone": "5550100123"})), 400, "E.164")
    refused("no remarks", k.place(body(remarks=None)), 422, "EMS-918")
    refused("OV without organization", k.place(body(variant="ov")), 422, "EMS-1180")
    refused("organization", k.place(body(
        variant="ov", organization={"organizationNumber": "1", "preVetted": True})), 422, "EMS-1073")
    refused("signer", k.place(body(agreement=dict(
        body()["agreement"], signerIp="127.0.0.1"))), 422, "EMS-1091")
    refused("UCC without names", k.place(body(variant="dv-ucc")), 422, "EMS-918")
    refused("code of another variant", k.place(body(), X_Product_Code="846"), 422, "EMS-1162")
    refused("unknown code", k.place(body(), X_Product_Code="9"), 422, "EMS-1162")
    refused("key", k.place(body(request=csr("www.example.com", "ec:P-521"))), 422,
            "Invalid key size")
    refused("CN", k.place(body(request=csr("x.example.com"))), 422, "EMS-921")
    refused("body of a GET", k.call("GET", "auth/me", {}), 400)
    check("v2: nothing of that is in the ledger", s.ledger() == [])


def life(s, k):
    request = csr("www.example.com")
    status, got, _ = k.place(body(request=request), X_Product_Code="842", Idempotency_Key="u-1")
    check("v2 placed", status == 201 and len(got["orderId"]) == 10, got)
    check("v2 ledger has the key", s.ledger("order")[-1]["client_key"] == "u-1")
    path = ORDERS + "/" + got["orderId"]
    refused("CSR again", k.place(body(request=request)), 422, "EMS-1099")
    status, t, _ = k.call("GET", path)
    check("v2 issued", t["status"] == "issued" and t["certificateState"] == "Certificate Generated",
          t)
    check("v2: V1 sees it", s.track(got["orderId"])["certificateStatusId"] == "20")
    status, cert, _ = k.call("GET", path + "/certificate")
    serial = int(c.text(cert["certificatePem"], "-serial").strip().split("=")[1], 16)
    check("v2 certificate", cert["serialNumber"] == str(serial) and
          "Issuing" in c.text(cert["chainPem"][0], "-subject"), cert["serialNumber"])
    status, pem, _ = k.call("GET", path + "/certificate", accept="application/x-pem-file")
    check("v2 PEM", status == 200 and pem.count(b"BEGIN CERT") == 3)
    status, der, _ = k.call("GET", path + "/certificate", accept="application/pkix-cert")
    check("v2 DER", status == 200 and der[:1] == b"\x30")
    refused("PKCS#7", k.call("GET", path + "/certificate", accept="application/pkcs7-mime"), 406)
    status, _, _ = k.call("POST", path + "/reissue", {"mode": "rekey",
                                                      "csr": csr("www.example.com")})
    status2, other, _ = k.call("GET", path + "/certificate")
    check("v2 rekey", status == 200 and other["certificatePem"] != cert["certificatePem"])
    refused("cancel of what is issued", k.call("POST", path + "/cancel", {"reason": "x"}), 422)
    for word in ("unspecified", "ca-compromise", "certificate-hold", "aa-compromise"):
        refused("reason " + word, k.call("POST", path + "/revoke", {"reason": word}), 422,
                "Invalid Revoke Reason ID")
    refused("reason in camel case", k.call("POST", path + "/revoke", {"reason": "keyCompromise"}),
            400)
    refused("no reason", k.call("POST", path + "/revoke", {"note": "x"}), 400)
    refused("semicolon", k.call("POST", path + "/revoke", {"reason": "superseded", "note": "a;b"}),
            422, "Invalid Revoke Remarks")
    check("v2 revoked", k.call("POST", path + "/revoke",
                               {"reason": "superseded", "note": "x"})[0] == 204)
    t = k.call("GET", path)[1]
    check("v2 shows it", t["status"] == "revoked" and t["revocation"]["reason"] == "superseded", t)
    refused("second revocation", k.call("POST", path + "/revoke", {"reason": "superseded"}), 422,
            "EMS-931")


def parts_later(s, k):
    path = ORDERS + "/" + k.place(body(agreement=None))[1]["orderId"]
    check("v2 pending-agreement", k.call("GET", path)[1]["status"] == "pending-agreement")
    refused("certificate too early", k.call("GET", path + "/certificate"), 422, "still being")
    refused("revocation too early", k.call("POST", path + "/revoke", {"reason": "superseded"}), 422,
            "EMS-931")
    signed = {"agreement": {"signerName": "D", "signerPlace": "A", "accepted": True}}
    check("v2 agreement", k.call("POST", path + "/agreement", signed)[0] == 204)
    refused("second agreement", k.call("POST", path + "/agreement", signed), 422, "EMS-1082")
    b = body()
    del b["csr"]
    path = ORDERS + "/" + k.place(b)[1]["orderId"]
    check("v2 pending-csr", k.call("GET", path)[1]["status"] == "pending-csr")
    refused("CN later", k.call("PUT", path + "/csr", {"csr": csr("x.example.com")}), 422, "EMS-921")
    check("v2 CSR later", k.call("PUT", path + "/csr", {"csr": csr("www.example.com"),
                                                        "attested": False})[0] == 204)
    refused("second CSR", k.call("PUT", path + "/csr", {"csr": csr("www.example.com")}), 422,
            "EMS-1099")
    path = ORDERS + "/" + k.place(b)[1]["orderId"]
    check("v2 cancel", k.call("POST", path + "/cancel", {"reason": "x"})[0] == 204 and
          k.call("GET", path)[1]["status"] == "cancelled")
    refused("cancel twice", k.call("POST", path + "/cancel", {"reason": "x"}), 422)
    b = body(variant="ov", organization={"organizationNumber": c.ORGANIZATION})
    path = ORDERS + "/" + k.place(b)[1]["orderId"]
    check("v2 vetting", k.call("GET", path)[1]["status"] == "pending-organization-verification")


def report(s, k):
    while len(s.ledger("order")) < 101:
        b = body(request="x")
        del b["csr"]
        k.place(b)
    first = k.call("GET", "reports/orders?page=1&size=500")[1]
    check("v2 report", (first["totalElements"], first["totalPages"], len(first["content"]),
                        first["size"]) == (101, 2, 100, 100))
    last, past = (k.call("GET", "reports/orders?page=%d" % n)[1] for n in (2, 9))
    check("v2 past the end: the last page", last == past and len(last["content"]) == 1)
    check("v2 page 0 is page 1", k.call("GET", "reports/orders?page=0")[1] == first)
    got = k.call("GET", "reports/orders?status=revoked")[1]["content"]
    check("v2 by status", len(got) == 1 and got[0]["certificateStatus"] == "Certificate Revoked")
    refused("status pending-dcv", k.call("GET", "reports/orders?status=pending-dcv"), 422)
    refused("date", k.call("GET", "reports/orders?from=x"), 400)
    for path in ("catalog/products", "groups", "organizations", "domains",
                 "organizations/" + c.ORGANIZATION):
        check("v2 " + path, k.call("GET", path)[0] == 200)
    refused("organization", k.call("GET", "organizations/1"), 404)


def v2():
    with Sim(*secret_option()) as s:
        k = Client(s)
        for part in (refusals, life, parts_later, report):
            part(s, k)


def v2_validation():
    table = os.path.join(Sim.work, "v2txt")
    with Sim(*secret_option(), "--dcv", "table", "--dcv-table", table) as s:
        k = Client(s)
        path = ORDERS + "/" + k.place(body())[1]["orderId"]
        check("v2 pending-dcv", k.call("GET", path)[1]["status"] == "pending-dcv")
        token = k.call("GET", path + "/dcv?domain=www.example.com")[1]["token"]
        refused("challenge of another domain", k.call("GET", path + "/dcv?domain=x.org"), 404)
        verify = {"domain": "www.example.com", "method": "dns-txt"}
        refused("no record", k.call("POST", path + "/dcv/verify", verify), 422)
        refused("method", k.call("POST", path + "/dcv/verify", dict(verify, method="dns")), 400)
        with open(table, "w") as f:
            f.write("_emudhra-challenge.www.example.com %s\n" % token)
        got = k.call("POST", path + "/dcv/verify", verify)
        check("v2 verified", got[1]["overallStatus"] == "VERIFIED", got)
        refused("verified already", k.call("POST", path + "/dcv/verify", verify), 422, "EMS-1080")
        check("v2 issued after it", k.call("GET", path)[1]["status"] == "issued")


def v2_faults():
    with Sim(*secret_option(), "--state-times", "0,0,0,60000") as s:
        k = Client(s)
        path = ORDERS + "/" + k.place(body())[1]["orderId"]
        t = k.call("GET", path)[1]
        check("v2 trap: issued without a certificate", t["status"] == "issued" and
              t["certificateState"] == "Approved by System", t)
        refused("nothing to download", k.call("GET", path + "/certificate"), 422)
    with Sim(*secret_option()[2:], "--rate", "1/10/1") as s:
        k = Client(s)
        k.place(body())
        got = k.place(body())
        refused("rate", got, 429)
        check("v2 Retry-After", got[2].getheader("Retry-After") == "1")
    scenario = ("on get nth 1: chain-shuffle\non validate nth 2: 401-after(1)\n"
                "on PUT csr: reject(EMS-939,Something went Wrong)\n")
    with Sim(*secret_option(), scenario=scenario) as s:
        k = Client(s)
        path = ORDERS + "/" + k.place(body())[1]["orderId"]
        got = k.call("GET", path + "/certificate")[1]["chainPem"]
        check("v2 chain, root first", "Root" in c.text(got[0], "-subject"))
        refused("reject", k.call("PUT", path + "/csr", {"csr": "x"}), 422, "EMS-939: Something")
        seen = [k.call("GET", "auth/me")[0] for _ in range(3)]
        check("v2 401-after forgets the token", seen == [200, 401, 401], seen)


def v2_private():
    with Sim(*secret_option(), "--private-auto") as s:
        k = Client(s)
        b = {"variant": "intranet-ssl", "hostname": "app.corp.example",
             "additionalHosts": ["app2.corp.example"], "emailNotifications": "0",
             "subscription": {"validityYears": 1},
             "requestor": {"name": "PKI Automation", "email": c.MAIL, "phone": "+15550100123"},
             "technicalPointOfContact": {"name": "PKI Automation"}, "groupNumber": c.GROUP}
        post = lambda body, **kw: k.call("POST", "private-pki-certificates", body, **kw)
        refused("private: CSR in the order", post(dict(b, csr=csr("app.corp.example"))), 400, "csr")
        refused("private: variant", post(dict(b, variant="dv")), 400)
        refused("private: code of another family", post(b, X_Product_Code="842"), 422, "EMS-1162")
        status, got, _ = post(b, X_Product_Code="149", X_Request_ID="attempt-1")
        check("v2 private placed", status == 201 and got["status"] == "pending-csr", got)
        check("v2 ledger has the name of the attempt",
              s.ledger("order")[-1]["client_key"] == "attempt-1")
        path = "private-pki-certificates/" + got["orderId"]
        refused("private: not of the other family", k.call("GET", ORDERS + "/" + got["orderId"]),
                404, "EMS-943")
        check("v2 private CSR", k.call("PUT", path + "/csr", {
            "csr": csr("app.corp.example"), "attested": False})[0] == 204)
        check("v2 private issued", k.call("GET", path)[1]["status"] == "issued")
        check("v2 private certificate", "BEGIN" in k.call("GET", path + "/certificate")[1][
            "certificatePem"])
        check("v2 private revoked", k.call("POST", path + "/revoke", {
            "reason": "superseded"})[0] == 204)
        dv = k.place(body())[1]["orderId"]
        refused("public order in the private family",
                k.call("GET", "private-pki-certificates/" + dv), 404, "EMS-943")
    with Sim(*secret_option()) as s:
        k = Client(s)
        refused("private: wants an approver", k.call("POST", "private-pki-certificates", {
            "variant": "intranet-ssl", "hostname": "a.example",
            "requestor": {"name": "A", "email": c.MAIL}}), 422, "EMS-939")


parts = [v2, v2_validation, v2_faults, v2_private]
