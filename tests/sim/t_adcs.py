# SPDX-License-Identifier: Apache-2.0
"""t_adcs.py WORKDIR: see t_adcs.sh."""
import base64
import json
import os
import re
import ssl
import subprocess
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from history import CERTBATCH, Place

WORK = sys.argv[1]
failed = 0
SCRIPT = re.compile(r"revocation: \{.*\}")


def check(name, good, why=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + "AD CS: " + name, flush=True)
    if not good:
        print("  " + str(why)[-1200:].replace("\n", "\n  "), flush=True)


class Web:
    """A client of its own, which does not speak as ours does."""

    def __init__(self, place):
        self.place, self.base = place, "https://localhost:%d" % place.port
        self.roots = ssl.create_default_context(cafile=place.path("ca.pem"))

    def ask(self, path, fields=None, login=True, **headers):
        key = "svc-enroll:" + (self.place.access if login else "wrong")
        headers.setdefault("User-Agent", "Mozilla/5.0")
        headers["Authorization"] = "Basic " + base64.b64encode(key.encode()).decode()
        data = urllib.parse.urlencode(fields).encode() if isinstance(fields, dict) else fields
        request = urllib.request.Request(self.base + path, data, headers)
        try:
            with urllib.request.urlopen(request, context=self.roots) as a:
                return a.status, a.headers.get("Content-Type"), a.read()
        except urllib.error.HTTPError as e:
            return e.code, e.headers.get_all("WWW-Authenticate"), e.read()

    def officer(self, what):
        return self.ask("/officer/" + what, b"", X_Officer="", **{"X-Officer": self.place.access})


def csr(name="www.example.com", key=("-newkey", "rsa:2048")):
    done = subprocess.run(["openssl", "req", "-new", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=" + name, "-addext",
                           "subjectAltName=DNS:" + name, *key], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode()


def form(request=None, attributes="CertificateTemplate:WebServer\r\n", **other):
    f = {"Mode": "newreq", "CertRequest": request or csr(), "CertAttrib": attributes, "TargetStoreFlags": "0",
         "SaveCert": "yes", "FriendlyType": "Saved-Request Certificate"}
    f.update(other)
    return {k: v for k, v in f.items() if v is not None}


def strictness(p):
    w = Web(p)
    status, offered, _ = w.ask("/certsrv/", login=False)
    check("simulator: 401 without a login, and what is offered",
          status == 401 and [o.split()[0] for o in offered] == ["Negotiate", "NTLM", "Basic"], offered)
    post = "/certsrv/certfnsh.asp"
    for name, fields, word in (
            ("no template", form(attributes=""), b"0x80094801"),
            ("an unknown template", form(attributes="CertificateTemplate:Web Server\r\n"), b"0x80094800"),
            ("a template of others", form(attributes="CertificateTemplate:Restricted\r\n"), b"0x80094012"),
            ("attributes that are no lines", form(attributes="CertificateTemplate:WebServer"), b"0x80070057"),
            ("no CSR", form(request="hello"), b"0x8009310b"),
            ("a short key", form(request=csr(key=("-newkey", "rsa:1024"))), b"0x80094811"),
            ("another mode", form(Mode="chkpnd"), b"0x80070057"),
            ("a field too few", form(SaveCert=None), b"0x80070057"),
            ("a field too many", form(Extra="1"), b"0x80070057")):
        page = w.ask(post, fields)[2]
        check("simulator refuses " + name, word in page and b"certnew.cer?" not in page, page)
    plus = urllib.parse.urlencode(form()).replace("%2B", "+").encode()
    page = w.ask(post, plus)[2]
    check("simulator refuses a CSR whose + was not escaped", b"+" not in plus or b"0x8009310b" in page, page)
    check("simulator: nothing was taken of all that", not p.ledger("order") or b"+" not in plus, p.ledger())
    page = w.ask(post, form(), **{"User-Agent": "curl/8"})[2].decode()
    check("simulator: a text browser gets four links", page.count("&amp;Enc=") == 4, page)
    number = re.search(r"ReqID=(\d+)&amp;", page).group(1)
    kind, body = w.ask("/certsrv/certnew.p7b?ReqID=%s&Enc=b64" % number)[1:]
    check("simulator: PKCS#7 in the armour of a certificate",
          kind == "application/x-pkcs7-certificates" and body.startswith(b"-----BEGIN CERTIFICATE-----"), body)
    check("simulator: an unknown number", b"0x80094004" in w.ask("/certsrv/certnew.p7b?ReqID=9&Enc=bin")[2])


def certbatch(p, *arguments):
    done = subprocess.run([CERTBATCH, *arguments], cwd=p.base, env=p.environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode(errors="replace")


def change(p, was, becomes):
    text = p.text("certbatch.yaml")
    new = was.sub(becomes, text) if hasattr(was, "sub") else text.replace(was, becomes)
    assert new != text, was
    p.write("certbatch.yaml", new)


def script(p):
    """An officer gets a file, does what it says, and only the CRL ends the matter."""
    change(p, SCRIPT, "revocation: {mode: script}")
    p.write("old.batch.yaml", p.text("web.batch.yaml").replace("name: web", "name: old"))
    code = p.run(batch="old")
    serials = [i["serial"] for i in p.report("old")["items"]]
    head = p.text("web.batch.yaml").split("defaults:")[0]
    p.write("gone.batch.yaml", head.replace("name: web", "name: gone") + "revocations:\n" + "".join(
        "  - {id: r%d, serial: \"%s\", reason: %s, comment: \"it's over & done\"}\n" % (i, s, r)
        for i, (s, r) in enumerate(zip(serials, ("superseded", "cessationOfOperation")))))
    code = p.run(batch="gone")
    check("script: revocations stay pending", code == 5 and set(p.states("gone").values()) == {"pending"}, p.log())
    check("script: the run says where it is", "gone.state/revoke" in p.log(), p.log())
    lines = p.text("gone.state", "revoke", "sim.cmd").splitlines()
    calls = [x for x in lines if x.startswith("certutil ")]
    check("script: one call each, then the CRL", len(calls) == 3 and calls[2].endswith(" -CRL") and all(
        "-revoke %s " % s in "".join(calls[:2]) for s in serials), calls)
    check("script: PowerShell, too", p.text("gone.state", "revoke", "sim.ps1").count("certutil -config '") == 3)
    with tarfile.open(p.path("gone-audit.tar.gz")) as bag:
        names = [n.split("/", 1)[1] for n in bag.getnames()]
    check("script: it is in the audit bundle, which verifies",
          {"data/revoke/sim.cmd", "data/revoke/sim.ps1"} <= set(names) and
          certbatch(p, "verify", "gone-audit.tar.gz")[0] == 0, names)
    w = Web(p)
    for call in calls[:2]:
        serial, reason = call.split(" -revoke ")[1].split()
        check("script: certutil takes %s" % reason, w.officer("revoke?serial=%s&reason=%s" % (serial, reason))[0] == 200)
    code = p.run(batch="gone")
    check("script: revoked, but no CRL says so: still pending", code == 5, p.log())
    w.officer("publish?delta=1")
    code = p.run(batch="gone")
    check("script: the delta CRL shows them: revoked",
          code == 0 and set(p.states("gone").values()) == {"revoked"}, p.log())
    good, said = p.check()
    check("script: every promise kept", good, said)


def standalone(p):
    change(p, "/certsrv", "/alone/certsrv")
    change(p, "enterprise", "standalone")
    code = p.run()
    check("standalone: pending", code == 5 and set(p.states().values()) == {"pending"}, p.log())
    numbers = {i["id"]: i["order"] for i in p.report()["items"]}
    w = Web(p)
    w.officer("issue?id=" + numbers["a1"])
    w.officer("deny?id=" + numbers["a2"])
    code = p.run()
    check("standalone: one is approved, one denied", code == 4 and p.states() == {"a1": "issued", "a2": "refused"},
          p.log())
    check("standalone: the denial is explained", "an officer denied" in json.dumps(p.report()), p.report())


def languages(p):
    for language, more in (("de", ""), ("fr", ""), ("ja", ""),
                           ("ru", "    locale_patterns: {pending: '\\x{e7}\\x{e0}\\x{ef}\\x{f0}.{1,8}: (\\d+)'}\n")):
        text = p.text("certbatch.yaml")
        change(p, "/certsrv", "/%s/certsrv" % language)
        if more:
            change(p, "    tls:", more + "    tls:")
        p.write(language + ".batch.yaml", p.text("web.batch.yaml").replace("name: web", "name: " + language).replace(
            ".web.", ".%s." % language).replace("product: WebServer", "product: Approval"))
        code = p.run(batch=language)
        numbers = [i["order"] for i in p.report(language)["items"]]
        for number in numbers:
            Web(p).officer("issue?id=%s" % number)
        again = p.run(batch=language)
        check("pages in %s: pending, approved, issued" % language, (code, again) == (5, 0), p.log())
        p.write(language + "2.batch.yaml", p.text("web.batch.yaml").replace("name: web", "name: %s2" % language).replace(
            "product: WebServer", "product: Nope"))
        code = p.run(batch=language + "2")
        check("pages in %s: denied, and why" % language,
              code == 4 and "CERTSRV_E_UNSUPPORTED_CERT_TYPE" in json.dumps(p.report(language + "2")), p.log())
        p.write("certbatch.yaml", text)


def commands(p):
    code, said = certbatch(p, "products", "sim")
    check("products: the templates", code == 0 and all(t in said for t in ("WebServer", "Approval", "Machine")), said)
    code, said = certbatch(p, "doctor", "sim")
    check("doctor: all is well", code == 0 and "web enrolment cannot revoke" in said, said)
    code, said = certbatch(p, "inventory", "sim")
    check("inventory: says that there is none", code != 0 and "sim" in said, said)
    p.write("access.secret", "wrong\n", 0o600)
    code, said = certbatch(p, "doctor", "sim")
    check("doctor: a wrong password is told as such", code != 0 and "401" in said, said)
    code = p.run()
    check("run: a wrong password ends the run, nothing is ordered",
          code == 8 and not p.ledger("order") and "401" in p.log(), p.log())


for story in (strictness, script, standalone, languages, commands):
    with Place(os.path.join(WORK, story.__name__), items=2) as place:
        try:
            story(place)
        except Exception as e:
            check(story.__name__ + " goes through", False, "%s: %s" % (type(e).__name__, e))
sys.exit(failed != 0)
