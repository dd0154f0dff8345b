# SPDX-License-Identifier: Apache-2.0
"""t_sim.py CASIM WORKDIR: every check of the simulator by a request it must refuse, its state
machine, and every fault by what a client sees of it."""
import copy
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sim_client as c
from sim_client import Sim, check, csr, meta, order

NO_RATE = ("--rate", "0")


def code(answer):
    m = answer["meta"]
    return m["status"], m["errorCode"], m["errorMessage"]


def refused(name, answer, want_code, words=""):
    status, got, message = code(answer)
    check("refused: " + name, status == "0" and got == want_code and words in message,
          code(answer))


def change(o, path, value):
    """A copy with one member set, or taken out (None)."""
    o = copy.deepcopy(o)
    *parents, last = path.split(".")
    at = o
    for p in parents:
        at = at.setdefault(p, {})
    if value is None:
        at.pop(last, None)
    else:
        at[last] = value
    return o


# --- checks before the call is looked at ---
def transport(s):
    check("405: GET", s.request("GET", c.V1 + "TrackOrder")[0].status == 405)
    check("404: unknown endpoint", s.raw("RenewOrder", {"meta": meta()})[0].status == 404)
    check("404: wrong case", s.raw("trackorder", {"meta": meta()})[0].status == 404)
    check("404: unknown path", s.request("GET", "/")[0].status == 404)
    js = {"Content-Type": "application/json"}
    for what, body, headers in (("no JSON", "{", js), ("not an object", "[]", js),
                                ("empty", "", js),
                                ("another type", json.dumps({"meta": meta()}),
                                 {"Content-Type": "text/plain"}),
                                ("member twice", '{"meta":{},"meta":{}}', js)):
        status = s.request("POST", c.V1 + "ValidateCredentials", body, headers)[0].status
        check("400: " + what, status == 400, status)


def envelope(s):
    def validate(m):
        return json.loads(s.raw("ValidateCredentials", {"meta": m})[1])

    check("taken: digest", code(validate(meta()))[0] == "1")
    ts = time.strftime("%Y-%m-%dT%H:%M:%S+05:30", time.gmtime(time.time() + 19800))
    check("taken: another offset", code(validate(meta(ts=ts)))[0] == "1")
    good = validate(meta(txn="abcDEF1234"))
    check("taken: letters in txn, echoed", good["meta"]["txn"] == "abcDEF1234", good)
    for member in ("ver", "ts", "txn", "accountNumber", "authKey"):
        m = meta()
        del m[member]
        refused("meta without " + member, validate(m), "EMS-901")
    refused("no meta", json.loads(s.raw("ValidateCredentials", {})[1]), "EMS-901")
    refused("ver 2.0", validate(meta(ver="2.0")), "EMS-901")
    refused("unknown member of meta", validate(meta(apiKey="x")), "EMS-901", "apiKey")
    refused("number for a string", validate(meta(accountNumber=1234567890)), "EMS-901")
    refused("txn of 9", validate(meta(txn="123456789")), "EMS-901")
    refused("txn of 51", validate(meta(txn="1" * 51)), "EMS-901")
    check("taken: txn of 50", code(validate(meta(txn="".join(random.choices("123", k=50)))))[0] == "1")
    refused("txn with a dash", validate(meta(txn="12345-67890")), "EMS-901")
    refused("ts with Z", validate(meta(ts=c.now()[:19] + "Z")), "EMS-901")
    refused("ts 301 s old", validate(meta(ts=c.now(-305))), "EMS-901", "window")
    refused("ts 301 s ahead", validate(meta(ts=c.now(305))), "EMS-901", "window")
    check("taken: ts 290 s old", code(validate(meta(ts=c.now(-290))))[0] == "1")
    refused("foreign account", validate(meta(accountNumber="1234567891")), "EMS-901")
    refused("digest of another key", validate(meta(authKey=c.digest(c.now(), "1" * 16, "x"))), "",
            "Invalid credentials")
    m = meta()
    m["ts"] = c.now(1)  # not what was hashed
    refused("digest of another ts", validate(m), "", "Invalid credentials")
    refused("digest in capitals", validate(meta(authKey=meta()["authKey"].upper())), "",
            "Invalid credentials")
    m = meta()
    validate(m)
    refused("txn again", validate(m), "EMS-901", "Duplicate transaction")
    status = s.raw("ValidateCredentials", {"meta": meta(authKey="")})[0].status
    check("401: no digest and no bearer", status == 401, status)


# --- orders ---
def order_fields(s):
    base = order()
    for path in ("productCode", "accountingModel", "saveAndHold", "emailNotifications",
                 "requestorInformation", "requestorInformation.requestorName",
                 "requestorInformation.requestorEmail", "requestorInformation.requestorIsdCode",
                 "requestorInformation.requestorMobileNumber", "subscriptionDetails",
                 "subscriptionDetails.validity", "subscriptionDetails.autoRenew",
                 "subscriptionDetails.renewCriteria", "certificateInformation",
                 "certificateInformation.domainName", "agreementDetails.signerName",
                 "agreementDetails.signerPlace", "agreementDetails.signerIP",
                 "agreementDetails.acceptAgreement"):
        refused("order without " + path, s.place(change(base, path, None)), "EMS-901", path)
    for path, value in (("accountingModel", "3"), ("saveAndHold", "2"),
                        ("subscriptionDetails.validity", "4"),
                        ("subscriptionDetails.renewCriteria", "31"),
                        ("agreementDetails.acceptAgreement", "0"),
                        ("requestorInformation.requestorIsdCode", "+1"),
                        ("saveAndHold", 0), ("csr", ""),
                        ("additionalInformation.tags", "batch"),
                        ("certificateInformation.additionalDomains", [1]),
                        ("certificateInformation.autoSecureWww", "0"),
                        ("certificateInformation.domain", "x.example.com"),
                        ("requesterInformation", {}), ("additionalInformation.remark", "x")):
        refused("order with %s %r" % (path, value), s.place(change(base, path, value)), "EMS-901")
    refused("no remarks", s.place(change(base, "additionalInformation.remarks", "")), "EMS-918")
    refused("no additionalInformation", s.place(change(base, "additionalInformation", None)),
            "EMS-918")
    refused("unknown product", s.place(change(base, "productCode", "9999")), "EMS-1162")
    refused("private product", s.place(change(base, "productCode", "149")), "EMS-1162")
    refused("foreign group", s.place(change(base, "delegationInformation.groupNumber", "1")),
            "EMS-1269")
    refused("unknown organization", s.place(change(
        base, "organizationDetails", {"preVetting": "1", "organizationNumber": "1"})), "EMS-1073")
    refused("vetted, no number", s.place(change(
        change(base, "productCode", "846"), "organizationDetails", {"preVetting": "1"})),
        "EMS-1073")
    for ip in ("127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1",
               "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1", "fe80::1", "fd00::1", "host", "1.2.3"):
        refused("signer " + ip, s.place(change(base, "agreementDetails.signerIP", ip)), "EMS-1091")
    for name in ("*.example.com", "example", "-a.example.com", "a..example.com", "a_b.example.com"):
        refused("DV for " + name,
                s.place(change(base, "certificateInformation.domainName", name)), "EMS-939")
    refused("wildcard product, plain name", s.place(change(base, "productCode", "843")), "EMS-939")
    for product in ("844", "848"):
        o = change(base, "productCode", product)
        o["organizationDetails"] = {"preVetting": "1", "organizationNumber": c.ORGANIZATION}
        refused("UCC %s without names" % product, s.place(o), "EMS-918", "additionalDomains")
    check("nothing of that is in the ledger", s.ledger() == [], s.ledger())


def vetting_fields(s):
    vetted = {"preVetting": "1", "organizationNumber": c.ORGANIZATION}
    address = {"locality": "Austin", "postalCode": "78701", "streetAddress": "100 Sample Street",
               "city": "Austin", "state": "Texas", "country": "US"}
    new = order(product="846")
    new["certificateInformation"].update(address)
    for member in address:
        refused("OV, not vetted, without " + member,
                s.place(change(new, "certificateInformation." + member, None)), "EMS-918", member)
    number = s.place(new)["orderDetails"]["orderNumber"]
    check("OV, not vetted: waits for people", s.track(number)["orderStatusId"] == "8",
          s.track(number))
    number = s.place(order(product="846", organizationDetails=vetted))["orderDetails"]["orderNumber"]
    subject = c.text(s.get(number)["certificateDetails"]["endEntityCertificate"], "-subject")
    check("OV: organization in the subject", "O = Example Corp" in subject, subject)
    person = {"name": "A", "email": c.MAIL, "isdCode": "1", "mobileNumber": "5", "designation": "D",
              "employeeID": "7"}
    ev = order(product="850", organizationDetails=vetted, contractSignerInfo=person,
               certificateApproverInfo=person)
    ev["certificateInformation"]["companyRegistrationNumber"] = "REG-000123"
    for path in ("contractSignerInfo", "certificateApproverInfo",
                 "certificateInformation.companyRegistrationNumber"):
        refused("EV without " + path, s.place(change(ev, path, None)), "EMS-918", path)
    refused("EV approver without employeeID",
            s.place(change(ev, "certificateApproverInfo.employeeID", None)), "EMS-901")
    refused("EV approver with empty name",
            s.place(change(ev, "certificateApproverInfo.name", "")), "EMS-918")
    number = s.place(ev)["orderDetails"]["orderNumber"]
    subject = c.text(s.get(number)["certificateDetails"]["endEntityCertificate"], "-subject")
    check("EV: jurisdiction in the subject", "jurisdictionC = US" in subject, subject)


def requests(s):
    for key in ("rsa:1024", "rsa:6144", "ec:P-521", "ed25519"):
        refused("key " + key, s.place(order(request=csr("www.example.com", key))), "",
                "Invalid key size")
    for key in ("rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384"):
        check("taken: key " + key,
              code(s.place(order(request=csr("www.example.com", key))))[0] == "1")
    good = csr("www.example.com")
    refused("no PEM", s.place(order(request="MIIC")), "EMS-939")
    lines = good.split("\n")
    lines[-3] = lines[-3][:-6] + ("AAAA" if lines[-3][-6:-2] != "AAAA" else "BBBB") + lines[-3][-2:]
    answer = s.place(order(request="\n".join(lines)))
    check("refused: broken signature", code(answer)[1] in ("EMS-922", "EMS-939"), code(answer))
    refused("CN of another domain", s.place(order(request=csr("other.example.com"))), "EMS-921")
    check("taken: CSR once", code(s.place(order(request=good)))[0] == "1")
    refused("CSR again", s.place(order(request=good)), "EMS-1099")


def names(s):
    o = order(product="844", request=csr("www.example.com", sans=("evil.example.org",)))
    o["certificateInformation"]["additionalDomains"] = ["api.example.com", "www.example.com"]
    number = s.place(o)["orderDetails"]["orderNumber"]
    got = s.get(number)["certificateDetails"]
    sans = c.text(got["endEntityCertificate"], "-ext", "subjectAltName")
    check("UCC: names of the order, not of the CSR",
          "DNS:www.example.com, DNS:api.example.com\n" in sans and "evil" not in sans, sans)
    path = os.path.join(Sim.work, "leaf.pem")
    with open(path, "w") as f:
        f.write(got["endEntityCertificate"])
    verified = subprocess.run(["openssl", "verify", "-CAfile", s.ca_file, path],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check("the chain verifies to --ca-out", verified.returncode == 0, verified.stdout)
    o = order("a.example.com")
    o["certificateInformation"]["additionalDomains"] = ["b.example.com"]
    number = s.place(o)["orderDetails"]["orderNumber"]
    sans = c.text(s.get(number)["certificateDetails"]["endEntityCertificate"], "-ext",
                  "subjectAltName")
    check("not UCC: one name", "DNS:a.example.com\n" in sans and "b.example" not in sans, sans)
    o = change(order("b.example.com"), "certificateInformation.autoSecureWWW", None)
    number = s.place(o)["orderDetails"]["orderNumber"]
    sans = c.text(s.get(number)["certificateDetails"]["endEntityCertificate"], "-ext",
                  "subjectAltName")
    check("autoSecureWWW left out adds www", "DNS:www.b.example.com" in sans, sans)
    number = s.place(order("*.example.com", "843"))["orderDetails"]["orderNumber"]
    check("wildcard", s.track(number)["certificateStatusId"] == "20")
    o = order(product="844")
    o["certificateInformation"]["additionalDomains"] = ["10.0.0.1"]
    number = s.place(o)["orderDetails"]["orderNumber"]
    check("an address among the names never passes", s.track(number)["certificateStatusId"] == "24")


def revoke(s, number, reason="4", **other):
    d = {"orderNumber": number, "requestorEmail": c.MAIL, "revokeReasonId": reason,
         "revokeRemarks": "superseded"}
    d.update(other)
    return s.call("RevokeOrder", revocationDetails={k: v for k, v in d.items() if v is not None})


def revocation(s):
    number = s.place(order())["orderDetails"]["orderNumber"]
    for reason in ("0", "2", "6", "8", "10", "x", "1 3"):
        refused("reason " + reason, revoke(s, number, reason), "", "Invalid Revoke Reason ID")
    refused("no reason", revoke(s, number, None), "EMS-969")
    refused("empty reason", revoke(s, number, ""), "EMS-969")
    refused("semicolon", revoke(s, number, revokeRemarks="a;b"), "", "Invalid Revoke Remarks")
    refused("unknown order", revoke(s, "6600000000"), "EMS-943")
    refused("unknown member", revoke(s, number, reasonId="4"), "EMS-901")
    for reason in ("1", "3", "4", "5", "9"):
        n = s.place(order())["orderDetails"]["orderNumber"]
        check("taken: reason " + reason, code(revoke(s, n, reason))[0] == "1")
        details = s.track(n)["revocationDetails"]
        check("reason %s is shown" % reason, details["revokeReasonId"] == reason and
              s.track(n)["certificateStatusId"] == "22", details)
        refused("second revocation", revoke(s, n, reason), "", "not in a revokable state")
    waiting = s.place(change(order(), "csr", None))["orderDetails"]["orderNumber"]
    refused("revocation before issue", revoke(s, waiting), "EMS-931")
    check("ledger has 5 revocations", len(s.ledger("revoke")) == 5, len(s.ledger("revoke")))


def later_parts(s):
    o = change(change(order(), "csr", None), "agreementDetails", None)
    number = s.place(o)["orderDetails"]["orderNumber"]
    check("no CSR: waits", s.track(number)["certificateStatusId"] == "1")

    def submit(request, n=number):
        return s.call("SubmitCSR", orderDetails={"orderNumber": n, "requestorEmail": c.MAIL,
                                                 "csr": request})
    refused("CSR for another name", submit(csr("x.example.com")), "EMS-921")
    refused("CSR for an unknown order", submit(csr("www.example.com"), "6600000000"), "EMS-943")
    check("taken: CSR later", code(submit(csr("www.example.com")))[0] == "1")
    refused("second CSR", submit(csr("www.example.com")), "EMS-1099")

    def agree(ip="203.0.113.10"):
        return s.call("AgreementAcceptance", agreementDetails={
            "requestorEmail": c.MAIL, "orderNumber": number, "acceptAgreement": "1",
            "signerName": "D", "signerPlace": "Austin", "signerIP": ip})
    refused("agreement from loopback", agree("127.0.0.1"), "EMS-1091")
    refused("certificate before agreement", s.get(number), "", "still being processed")
    check("taken: agreement", code(agree())[0] == "1")
    refused("second agreement", agree(), "EMS-1082")
    check("now issued", s.track(number)["certificateStatusId"] == "20")
    s.get(number)
    check("downloaded", s.track(number)["certificateStatusId"] == "9")

    def reject(n):
        return s.call("RejectOrder", orderDetails={"orderNumber": n, "rejectRemarks": "no"})
    refused("cancelling what is issued", reject(number), "EMS-956")
    waiting = s.place(change(order(), "csr", None))["orderDetails"]["orderNumber"]
    check("taken: cancel", code(reject(waiting))[0] == "1")
    t = s.track(waiting)
    check("cancelled", (t["orderStatusId"], t["certificateStatusId"]) == ("5", "13"), t)
    refused("cancelling twice", reject(waiting), "EMS-956")
    d = s.place(order(saveAndHold="1"))["orderDetails"]
    check("draft: no order number", d["orderNumber"] == "" and d["requestNumber"], d)
    refused("draft cannot be tracked", s.call(
        "TrackOrder", orderDetails={"orderNumber": d["requestNumber"]}), "EMS-943")
    a = s.call("RejectRequest", orderDetails={"requestNumber": d["requestNumber"],
                                              "rejectRemarks": "no"})
    check("taken: draft cancelled", code(a)[0] == "1", a)
    refused("unknown order", s.call("TrackOrder", orderDetails={"orderNumber": "6600000000"}),
            "EMS-943")
    refused("unknown member of TrackOrder", s.call(
        "TrackOrder", orderDetails={"orderNumber": number, "requestNumber": "1"}), "EMS-901")
    for name in ("GenerateOrderSMIME", "GenerateOrderSignature"):
        refused(name, s.call(name, orderDetails=order()), "EMS-939")
    refused("SubmitDocument", s.call("SubmitDocument"), "EMS-939")


def private_pki(s):
    o = {"productCode": "149", "saveAndHold": "1",
         "requestorInformation": order()["requestorInformation"],
         "certificateInformation": {"domainName": "app.corp.example", "state": "Texas",
                                    "countryCode": "US", "dnsType": "1", "additionalDomains": []},
         "additionalInformation": {"remarks": "r"}, "csr": csr("app.corp.example")}

    def place(order_details):
        return s.call("GenerateOrderPrivatePKI", orderDetails=order_details)
    refused("private PKI placed at once", place(change(o, "saveAndHold", "0")), "EMS-939")
    refused("private PKI without state",
            place(change(o, "certificateInformation.state", None)), "EMS-918")
    refused("public product as private", place(change(o, "productCode", "842")), "EMS-1162")
    check("taken: private PKI draft", code(place(o))[0] == "1")


def catalogue(s):
    a = s.call("GetProductDetails", productDetails={"groupNumber": c.GROUP})
    found = [p["productCode"] for g in a["productDetails"] for p in g["products"]]
    check("catalogue", "842" in found and "149" in found, found)
    a = s.call("GetProductDetails", productDetails={})
    check("catalogue without group is empty", a["productDetails"] == [], a)
    fields = {"groupNumber": c.GROUP, "categoryID": "3", "productCode": "842"}
    check("fields", code(s.call("GetFieldDetails", productDetails=fields))[0] == "1")
    fields["productCode"] = "1"
    refused("fields of an unknown product", s.call("GetFieldDetails", productDetails=fields),
            "EMS-1269")
    for name in ("GetGroupDetails", "GetGroupDetailsV2", "GetOrganizationDetails",
                 "GetDomainDetails"):
        check(name, code(s.call(name))[0] == "1")
    refused("unknown member of GetGroupDetails", s.call("GetGroupDetails", x={}), "EMS-901")


def paging():
    with Sim(*NO_RATE) as s:
        a = s.report(pageNumber="1")["orderDetails"]
        check("report of nothing", a["noOfPages"] == 0 and a["ordersArray"] == [], a)
        at = 0
        o = change(order(request="x"), "csr", None)
        connection = s.connect()
        for want in (1, 99, 100, 101, 501):
            while at < want:
                o["certificateInformation"]["domainName"] = "n%d.example.com" % at
                s.place(o, connection=connection)
                at += 1
            a = s.report(pageSize="100")["orderDetails"]
            pages = (want + 99) // 100
            check("report of %d" % want, a["totalNoOfResults"] == want and a["noOfPages"] == pages
                  and len(a["ordersArray"]) == min(want, 100), a["totalNoOfResults"])
            last = s.report(pageSize="100", pageNumber=str(pages))["orderDetails"]
            check("last page of %d" % want,
                  len(last["ordersArray"]) == (want - 1) % 100 + 1 and
                  last["ordersArray"][-1]["domainName"] == "n0.example.com")
        a = s.report(pageSize="100", pageNumber="7")["orderDetails"]
        check("page past the end is empty", a["ordersArray"] == [])
        a = s.report(pageSize="500")["orderDetails"]
        check("500 a page", len(a["ordersArray"]) == 500)
        refused("501 a page", s.report(pageSize="501"), "EMS-901")
        refused("page 0", s.report(pageNumber="0"), "EMS-901")
        refused("no date", s.report(orderDateFrom="yesterday"), "EMS-901")
        refused("unknown criterion", s.report(domain="x"), "EMS-901")
        a = s.report(domainName="n7.example.com")["orderDetails"]
        check("by domain", [r["domainName"] for r in a["ordersArray"]] == ["n7.example.com"])
        today = c.now()[:10]
        a = s.report(orderDateFrom=today, orderDateTill=today)["orderDetails"]
        check("by day", a["totalNoOfResults"] == 501)
        a = s.report(orderDateFrom=c.now(2 * 86400)[:10])["orderDetails"]
        check("from after tomorrow: none", a["totalNoOfResults"] == 0)
        a = s.report(orderStatusId="6")["orderDetails"]
        check("by state: none fulfilled", a["totalNoOfResults"] == 0)
        row = s.report(domainName="n7.example.com")["orderDetails"]["ordersArray"][0]
        check("row has the tags", row["tags"] == ["batch"], row)


def timed_states():
    with Sim(*NO_RATE, "--state-times", "400") as s:
        number = s.place(order())["orderDetails"]["orderNumber"]
        dcv = {"requestorEmail": c.MAIL, "orderNumber": number, "domainName": "www.example.com",
               "dcvMethod": "1"}
        start = time.monotonic()
        t = s.track(number)
        check("T1: no domains", t["domainVerification"] is None and t["orderStatusId"] == "2", t)
        refused("T2: challenge too early", s.call("GetDcv", dcvDetails=dcv), "EMS-956")
        time.sleep(max(0, 0.5 - (time.monotonic() - start)))
        t = s.track(number)
        shown = t["domainVerification"]
        check("then the domain is shown", shown and shown["www.example.com"]["dcvStatus"] == "0", t)
        time.sleep(max(0, 1.3 - (time.monotonic() - start)))
        t = s.track(number)
        check("approved without a certificate", t["certificateStatusId"] == "15", t)
        refused("certificate too early", s.get(number), "", "still being processed")
        time.sleep(max(0, 1.8 - (time.monotonic() - start)))
        check("issued", s.track(number)["certificateStatusId"] == "20")
    with Sim("--credits", "1") as s:
        s.place(order())
        refused("no credit left", s.place(order()), "EMS-1140")
    with Sim(scenario="on order: expired\n") as s:
        number = s.place(order())["orderDetails"]["orderNumber"]
        check("expired", s.track(number)["certificateStatusId"] == "12")


def domain_table():
    table = os.path.join(Sim.work, "txt")
    with Sim(*NO_RATE, "--dcv", "table", "--dcv-table", table) as s:
        number = s.place(order("*.example.com", "843"))["orderDetails"]["orderNumber"]
        dcv = {"requestorEmail": c.MAIL, "orderNumber": number, "domainName": "*.example.com",
               "dcvMethod": "1"}
        token = s.call("GetDcv", dcvDetails=dcv)["dcvDetails"]["token"]
        check("a token", len(token) == 32, token)
        for path, value, want in (("dcvMethod", "4", "EMS-901"), ("domainName", "x.org", "EMS-913"),
                                  ("orderNumber", "1", "EMS-943"), ("method", "1", "EMS-901")):
            refused("GetDcv %s %s" % (path, value),
                    s.call("GetDcv", dcvDetails=change(dcv, path, value)), want)
        refused("no record", s.call("VerifyDcv", dcvDetails=dcv), "EMS-913")
        for line in ("_emsign-validation.example.com WRONG", "example.com " + token,
                     "_emsign-validation.xexample.com " + token, "_x.example.org " + token):
            with open(table, "w") as f:
                f.write(line + "\n")
            refused("record " + line.split(" ")[0], s.call("VerifyDcv", dcvDetails=dcv), "EMS-913")
        with open(table, "w") as f:
            f.write("_emsign-validation.example.com %s\n" % token)
        check("taken: record", code(s.call("VerifyDcv", dcvDetails=dcv))[0] == "1")
        check("issued after validation", s.track(number)["certificateStatusId"] == "20")
        refused("verified already", s.call("VerifyDcv", dcvDetails=dcv), "EMS-1080")


def rate():
    with Sim("--rate", "3/10/1") as s:
        o = change(order(), "csr", None)
        for _ in range(3):
            s.place(o)
        refused("fourth order", s.place(o), "", "Inactive Account User.")
        check("reads go on", code(s.call("ValidateCredentials"))[0] == "1")
        check("ledger has three", len(s.ledger("order")) == 3)
    with Sim("--rate", "2/1/1") as s:
        s.place(o)
        s.place(o)
        refused("third order", s.place(o), "", "Inactive")
        refused("in the pause", s.place(o), "", "Inactive")
        time.sleep(1.1)
        check("after the pause", code(s.place(o))[0] == "1")
    with Sim() as s:
        good = sum(code(s.place(o))[0] == "1" for _ in range(17))
        check("16 in 10 s by default", good == 16, good)


def oauth():
    secret = os.path.join(Sim.work, "secret")
    with open(secret, "w") as f:
        f.write("s3cret\n")
    with Sim("--oauth-secret-file", secret, scenario="on token nth 6: token-ttl(0)\n") as s:
        status, t = s.token()
        check("token", status == 200 and t["token_type"] == "Bearer" and t["expires_in"] == 3600, t)
        check("401: secret", s.token(client_secret="x")[0] == 401)
        check("401: client", s.token(client_id="1")[0] == 401)
        check("400: grant", s.token(grant_type="password")[0] == 400)
        check("405: token by GET", s.request("GET", "/oauth/token")[0].status == 405)
        body = {"meta": meta(authKey="")}
        headers = {"Content-Type": "application/json",
                   "Authorization": "Bearer " + t["access_token"]}
        a, data = s.request("POST", c.V1 + "ValidateCredentials", json.dumps(body), headers)
        check("V1 with a bearer", a.status == 200 and json.loads(data)["meta"]["status"] == "1")
        headers["Authorization"] = "Bearer " + "0" * 64
        a, _ = s.request("POST", c.V1 + "ValidateCredentials",
                         json.dumps({"meta": meta(authKey="")}), headers)
        check("401: foreign bearer", a.status == 401)
        status, t = s.token()
        headers["Authorization"] = "Bearer " + t["access_token"]
        a, _ = s.request("POST", c.V1 + "ValidateCredentials",
                         json.dumps({"meta": meta(authKey="")}), headers)
        check("fault token-ttl(0)", t["expires_in"] == 0 and a.status == 401, t)
        with open(s.wire_file) as f:
            kept = f.read()
        check("wire.log has no secret", "s3cret" not in kept and t["access_token"] not in kept)
    with Sim() as s:
        check("403: OAuth is off", s.token()[0] == 403)


def records(s):
    m = meta()
    o = order()
    a = s.place(o, m=m)
    line = s.ledger("order")[-1]
    spki = subprocess.run(
        "openssl req -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256",
        shell=True, input=o["csr"].encode(), stdout=subprocess.PIPE).stdout.decode().split()[-1]
    check("ledger line", line["order"] == a["orderDetails"]["orderNumber"] and
          line["txn"] == m["txn"] and line["spki_sha256"] == spki and line["tags"] == ["batch"] and
          line["names"] == ["www.example.com"] and line["connection"] > 0, line)
    wire = s.wire()
    check("wire line", wire[-1]["txn"] == m["txn"] and wire[-1]["kind"] == "order" and
          wire[-1]["request_sha256"] == line["request_sha256"], wire[-1])
    with open(s.wire_file) as f:
        kept = f.read()
    check("wire.log: neither key nor authKey", c.KEY not in kept and m["authKey"] not in kept)
    numbers = {(w["connection"], w["sequence"]) for w in wire}
    check("wire.log: one line per request", len(numbers) == len(wire))


def refusals():
    with Sim(*NO_RATE) as s:
        for part in (transport, envelope, order_fields, vetting_fields, requests, names, revocation,
                     later_parts, private_pki, catalogue, records):
            part(s)


def bad_options():
    def run(*args):
        return subprocess.run([Sim.program, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=20)
    said = run("--help")
    check("--help", said.returncode == 0 and b"--scenario" in said.stdout)
    for api in (b"CERTInext API V1", b"CERTInext API V2", b"OAuth", b"DigiCert CertCentral", b"Sectigo",
                b"Entrust CA Gateway", b"AD CS", b"ACME", b"EST", b"emCA V4.0.17", b"emCA V4.2.4+"):
        check("--help names %s" % api.decode(), api in said.stdout, said.stdout)
    for args in (("--nope",), ("--port",), ("--rate", "x"), ("--state-times", "1,2"),
                 ("--dcv", "x"), ("--skew", "-1"), ("--port", "70000"), ("--tls", "x")):
        check("usage: " + " ".join(args), run(*args).returncode == 2, run(*args))
    path = os.path.join(Sim.work, "bad.scn")
    for line in ("on order: explode", "on order ok", "on nothing: ok", "on order nth x: ok",
                 "on order nth 0: ok", "on order:", "in order: ok", "seed x",
                 "on order: delay(x)", "on order: delay", "on order: reject(a)",
                 "on order conn old: ok", "on order item a: close-before-read", "on order: drip(1"):
        with open(path, "w") as f:
            f.write("seed 1\n" + line + "\n")
        got = run("--scenario", path)
        check("scenario: " + line, got.returncode == 1 and b"bad.scn:2" in got.stderr, got.stderr)
    with open(path, "w") as f:
        f.write("expect exit 0\n\n# nothing\n")
    quit_file = os.path.join(Sim.work, "quit")
    open(quit_file, "w").close()
    check("--quit-file", run("--scenario", path, "--quit-file", quit_file).returncode == 0)
    with open(path, "w") as f:
        f.write("900 13 One\n900 13 Two\n")
    check("products twice", run("--products", path).returncode == 1)


def main():
    Sim.program, Sim.work = sys.argv[1], sys.argv[2]
    import t_sim_acme
    import t_sim_emca
    import t_sim_faults
    import t_sim_v2
    parts = [bad_options, refusals, paging, timed_states, domain_table, rate, oauth,
             *t_sim_v2.parts, *t_sim_faults.parts, *t_sim_acme.parts, *t_sim_emca.parts]
    for part in parts:
        try:
            part()
        except Exception as e:  # a part that broke is one failure, not the end
            import traceback
            check(part.__name__, False, traceback.format_exc()[-600:] + repr(e))
    print("%d ok, %d not ok" % (c.ok_count, c.bad_count))
    return 1 if c.bad_count else 0


if __name__ == "__main__":
    sys.exit(main())
