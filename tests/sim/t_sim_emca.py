# SPDX-License-Identifier: Apache-2.0
"""emCA in the simulator, asked by a client made of the openssl program alone (enc, cms): what it takes, and
what it refuses in the documented order of its checks; then the token API."""
import base64
import json
import os
import subprocess

import sim_client as c
from sim_client import Sim, check, csr

REST = "/emCAServices/rest/"
PASSWORD, EMKEY = "sesame-0001", "0f1e2d3c4b5a69788796a5b4c3d2e1f001020304"
KEY = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"


def run(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def write(name, text):
    path = os.path.join(Sim.work, "emca", name)
    with open(path, "w") as f:
        f.write(text)
    return path


def setup():
    os.makedirs(os.path.join(Sim.work, "emca"), exist_ok=True)
    for name, text in (("password", PASSWORD), ("emkey", EMKEY), ("aes", KEY)):
        write("emca-%s.secret" % name, text + "\n")
    for who in ("signer", "other"):
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.path.join(Sim.work, "emca", who + ".key"),
            "-out", os.path.join(Sim.work, "emca", "emca-%s.pem" % who), "-subj", "/CN=batch-api")
    return ("--rate", "0", "--emca", os.path.join(Sim.work, "emca"))


def der64(request):
    return "".join(line for line in request.splitlines() if "-" not in line)


class Client:
    def __init__(self, s, cipher="-aes-256-ecb", iv=None, prefix=b""):
        self.s, self.cipher, self.iv, self.prefix = s, cipher, iv, prefix

    def sign(self, content, who="signer"):
        d = os.path.join(Sim.work, "emca")
        der = run("cms", "-sign", "-nodetach", "-binary", "-nosmimecap", "-md", "sha256", "-outform", "DER", "-signer",
                  os.path.join(d, "emca-%s.pem" % who), "-inkey", os.path.join(d, who + ".key"),
                  data=content.encode())
        return base64.b64encode(der).decode()

    def call(self, method, content, em_key=EMKEY, user="batch-api", key=KEY, who="signer", **members):
        inner = dict(userName="batch-api", password=PASSWORD, signature=self.sign(content, who))
        inner.update(members)
        inner = {k: v for k, v in inner.items() if v is not None}
        iv = ["-iv", self.iv] if self.iv else []
        hidden = self.prefix + run("enc", self.cipher, "-K", key, *iv, data=json.dumps(inner).encode())
        outer = {"requestData": base64.b64encode(hidden).decode(), "userName": user}
        headers = {"Content-Type": "application/json"}
        if em_key:
            headers["emKey"] = em_key
        a, data = self.s.request("POST", REST + method, json.dumps(outer), headers)
        return json.loads(data) if a.status == 200 else a.status

    def create(self, request, app="app-1", method="createCertificate", **other):
        members = dict(profileName="tls-server", subscriberId="1001", applicationId=app)
        members.update(other)
        return self.call(method, der64(request), **members)


def refused(name, got, words):
    check("emca refused: " + name, got["status"] == "failure" and words in got["result"] and got["requestId"] is None,
          got)


def refusals(s, k):
    request = csr("www.example.com", sans=["www.example.com"])
    refused("emKey", k.create(request, em_key="x"), "Invalid emKey")
    refused("no emKey", k.create(request, em_key=None), "Invalid emKey")
    refused("another key", k.create(request, key="00" * 32), "Unable to decrypt")
    refused("password", k.create(request, password="x"), "Invalid user name or password")
    refused("user", k.create(request, user="somebody"), "Invalid user name or password")
    refused("another signer", k.create(request, who="other"), "Signature verification failed")
    refused("profile", k.create(request, profileName="nothing"), "Invalid Certificate Profile name")
    refused("number for a name", k.create(request, profileName="7"), "Invalid Certificate Profile name")
    refused("subscriber", k.create(request, subscriberId="1"), "Invalid subscriber")
    refused("member missing", k.create(request, applicationId=None), "applicationId")
    refused("member unknown", k.create(request, csr="x"), "csr")
    refused("type", k.create(request, applicationId=7), "applicationId")
    refused("validity by name", k.create(request, validity="1:0:0:0"), "validity")
    refused("validity", k.create(request, method="createCertificateById", profileName=None, profileID="7",
                                 validity="199d"), "Invalid validity")
    whole = der64(request)
    refused("CSR", k.create(whole[:-40] + "A" * 10 + whole[-30:]), "Invalid certificate signing request")
    check("emca 404", k.call("nothing", "x") == 404)
    check("emca: nothing was placed", s.ledger("order") == [], s.ledger())


def life(s, k):
    request = csr("www.example.com", sans=["www.example.com", "b.example.com"])
    got = k.create(request, "app-2")
    check("emca issues", got["status"].lower() == "success" and got["requestId"] is None, got)
    pem = "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % "\n".join(
        got["result"][i:i + 64] for i in range(0, len(got["result"]), 64))
    said = c.text(pem, "-issuer", "-serial", "-ext", "subjectAltName")
    check("emca: names of the CSR", "DNS:www.example.com, DNS:b.example.com" in said and
          "Simulator Issuing CA" in said, said)
    check("emca replays", k.create(csr("other.example.com"), "app-2")["result"] == got["result"])
    check("emca: one order", [r["order"] for r in s.ledger("order")] == ["app-2"], s.ledger())
    bag = k.create(request, "app-2", "createCertificateP7B")["result"]
    listed = run("pkcs7", "-inform", "DER", "-print_certs", "-noout", data=base64.b64decode(bag)).decode()
    check("emca: PKCS#7 has the chain", listed.count("subject=") == 3, listed)
    waits = k.create(request, "app-3", profileName="tls-manual")
    check("emca: manual authorization", waits["status"].lower() == "success" and waits["requestId"] and
          "authorization" in waits["result"], waits)
    serial = said.split("serial=")[1].split()[0].lower()
    check("emca: by serial number", k.call("getCertificate", serial)["result"] == got["result"])
    refused("serial", k.call("getCertificate", "00"), "not found")
    refused("revokeMode 8", k.call("revoke", serial, remarks="x", revokeMode=8), "Invalid revoke mode")
    refused("revokeMode 6 by revoke", k.call("revoke", serial, remarks="x", revokeMode=6), "Invalid revoke mode")
    refused("revokeMode text", k.call("revoke", serial, remarks="x", revokeMode="4"), "revokeMode")
    check("emca suspends", k.call("suspend", serial, remarks="x", revokeMode=6)["status"].lower() == "success")
    check("emca revokes", k.call("revoke", serial, remarks="x", revokeMode=4)["status"].lower() == "success")
    refused("twice", k.call("revoke", serial, remarks="x", revokeMode=4), "already revoked")
    _, der = s.request("GET", "/emca/issuing.crl")
    shown = run("crl", "-inform", "DER", "-text", "-noout", data=der).decode()
    check("emca: in the CRL", serial.upper() in shown and "Superseded" in shown, shown)
    check("emca ledger of revocations", [r["reason"] for r in s.ledger("revoke")] == ["6", "4"], s.ledger("revoke"))
    check("emca profiles", [p["profileID"] for p in k.call("getCertificateProfileList", "x")["result"]] == ["7", "8"])
    check("emca probe", k.call("getProfileInfoByProfileName", "tls-server",
                               profileName="tls-server")["result"]["profileID"] == "7")
    refused("probe", k.call("getProfileInfoByProfileName", "x", profileName="x"), "Invalid Certificate Profile")
    check("emca: no secret in wire.log", PASSWORD not in open(s.wire_file).read())


def tokens(s):
    def ask(method, path, body=None, **headers):
        h = {k.replace("_", "-"): v for k, v in headers.items()}
        a, data = s.request(method, path, json.dumps(body) if body else None,
                            dict({"Content-Type": "application/json", "X-Nonce": os.urandom(16).hex()}, **h))
        return a.status, json.loads(data)
    login = {"username": "batch-api", "password": PASSWORD, "clientId": "0b1f2c3d-client", "validityInMins": 20}
    check("emca token: wrong password", ask("POST", "/auth/token", dict(login, password="x"))[0] == 401)
    check("emca token: wrong type", ask("POST", "/auth/token", dict(login, validityInMins="20"))[0] == 400)
    check("emca token: no nonce", ask("POST", "/auth/token", login, X_Nonce="")[0] == 400)
    status, got = ask("POST", "/auth/token", login)
    check("emca token", status == 200 and got["token"], got)
    bearer = "Bearer " + got["token"]
    check("emca token is asked for", ask("GET", REST + "getProfiles", Authorization="Bearer x")[0] == 401)
    once = os.urandom(16).hex()
    check("emca nonce", ask("GET", REST + "getProfiles", Authorization=bearer, X_Nonce=once)[0] == 200)
    check("emca nonce, again", ask("GET", REST + "getProfiles", Authorization=bearer, X_Nonce=once)[0] == 400)
    body = {"appCode": "batch-api", "applicationId": "x1", "profile": "7", "subscriberId": "1001",
            "issuingCA": "Simulator Issuing CA", "csr": der64(csr("t.example.com", sans=["t.example.com"]))}
    path = REST + "createCertificates"
    check("emca order: unknown member", ask("POST", path, dict(body, x=1), Authorization=bearer)[0] == 400)
    check("emca order: another CA", ask("POST", path, dict(body, issuingCA="x"), Authorization=bearer)[0] == 422)
    body["applicationId"] = "x2"
    status, got = ask("POST", path, body, Authorization=bearer)
    check("emca order", status == 200 and got["status"] == "success" and got["result"]["certificate"], got)
    check("emca order, again", ask("POST", path, body, Authorization=bearer)[0] == 422)
    number = got["result"]["requestId"]
    status, again = ask("GET", REST + "getCertificate/" + number, Authorization=bearer)
    check("emca order is shown", status == 200 and again["result"]["certificate"] == got["result"]["certificate"])
    check("emca order unknown", ask("GET", REST + "getCertificate/1", Authorization=bearer)[0] == 404)


def emca():
    options = setup()
    with Sim(*options) as s:
        refusals(s, Client(s))
    with Sim(*options) as s:
        life(s, Client(s))
        tokens(s)
    with Sim("--emca-address", "192.0.2.1", *options) as s:
        refused("address", Client(s).call("getCertificateProfileList", "x"), "IP address is not registered")
    for mode, k in (("cbc-zero-iv", dict(cipher="-aes-256-cbc", iv="00" * 16)),
                    ("cbc-prefixed-iv", dict(cipher="-aes-256-cbc", iv="5a" * 16, prefix=b"\x5a" * 16))):
        with Sim("--emca-aes", mode, *options) as s:
            got = Client(s, **k).call("getCertificateProfileList", "x")
            check("emca " + mode, got["status"].lower() == "success", got)
    with Sim(scenario="") as s:
        a, _ = s.request("POST", REST + "createCertificate", "{}")
        check("emca is off by default", a.status == 404)


parts = [emca]
