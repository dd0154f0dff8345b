# SPDX-License-Identifier: Apache-2.0
"""Reads every report of a run as its reader would: see reports.sh."""
import csv
import datetime
import hashlib
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ElementTree

from jsonschema import Draft4Validator

import reports_terminal
import xlsx_read

CERTBATCH = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, "sarif", "sarif-schema-2.1.0.json")
failed = 0


def check(ok, what, more=""):
    global failed
    failed += not ok
    print(("ok " if ok else "not ok ") + what + ("" if ok or not more else f": {more}"))


CONFIG = """certbatch_config: 1
cas:
  lab: {type: local, directory: ./lab}
  lab2: {type: local, directory: ./lab2}
"""
CHANGE = """change: {ticket: CHG0000002, requested_by: me@example.com,
         approved_by: [you@example.com, "=2+5+cmd"], approved_at: 2026-11-20T10:00:00Z}
ca: lab
defaults: {product: tls-server, key: ec-p256, validity: 30d, outputs: [pem]}
"""
OLD = "certbatch: 1\nname: old\n" + CHANGE + """orders:
  - {id: old, common_name: old.corp.example.com, san: [old.corp.example.com]}
"""
POLICY = """certbatch_policy: 1
name: all
extends: [private]
waivers:
  - {id: W-2026-001, rules: [export.jks.legacy], match: {item: web}, reason: "=cmd|' /C calc'!A0", ticket: CHG0041999,
     approver: a.keller, created: TODAY, expires: LATER}
"""
TODAY = datetime.date.today()
POLICY = POLICY.replace("TODAY", str(TODAY)).replace("LATER", str(TODAY + datetime.timedelta(days=90)))
BATCH = "certbatch: 1\nname: all\npolicy: [./all.policy.yaml]\n" + CHANGE + """orders:
  - {id: web, common_name: web.corp.example.com, san: [web.corp.example.com, "ip:192.0.2.7", old.corp.example.com], outputs: [pem, pfx, jks],
     replaces: {certificate: old.state/items/old/certificate.pem}, action: reissue}
  - {id: api, ca: lab2, common_name: api.corp.example.com, san: [api.corp.example.com, "API2.corp.example.com"]}
  - {id: formula, common_name: "=HYPERLINK(\\"http://x.example\\",\\"y\\")"}
  - {id: plus, common_name: "+1 <b>&amp;</b>"}
  - {id: long, common_name: long.corp.example.com, san: [long.corp.example.com], validity: 9000d}
  - {id: nopass, common_name: nopass.corp.example.com, san: [nopass.corp.example.com],
     outputs: [{pfx: {password: {env: CERTBATCH_TEST_NOT_SET}}}]}
revocations:
  - {id: old-web, certificate: old.state/items/old/certificate.pem, reason: superseded,
     comment: "replaced <now> & \\"then\\"", after: web}
  - {id: gone, serial: "0A1B2C3D", reason: superseded}
  - {id: dependent, serial: "0A1B2C3E", reason: superseded, after: long}
"""
STATES = {"web": "issued", "api": "issued", "formula": "issued", "plus": "issued", "long": "skipped", "nopass": "failed",
          "old-web": "revoked", "gone": "refused", "dependent": "skipped"}
GOOD = ("issued", "revoked", "kept")


def run(*args, cwd=None, binary=False):
    done = subprocess.run([CERTBATCH, *args], cwd=cwd, capture_output=True, check=False, timeout=120)
    out = done.stdout if binary else done.stdout.decode()
    return done.returncode, out, done.stderr.decode()


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)


def flat(item, report):
    """The row that CSV and XLSX must have for an item of report.json."""
    error = item["error"] or {"code": None, "message": None}
    row = {k: item[k] for k in ("id", "kind", "action", "ca", "product", "state", "order", "serial", "sha256",
                                "spki_sha256", "common_name", "issuer", "not_before", "not_after", "attempts")}
    row["san"] = " ".join(item["san"])
    row["error_code"] = error["code"]
    row["error_message"] = error["message"]
    row["findings"] = len(item["findings"])
    row["outputs"] = " ".join(o["path"] for o in item["outputs"])
    row["approvals"] = ""
    row["exceptions"] = " | ".join("%(time)s: %(what)s; by %(user)s: %(reason)s" % e for e in report["exceptions"])
    return row


def first_difference(want, got):
    for key, value in want.items():
        if got.get(key) != value:
            return f"{want['id']}.{key}: {got.get(key)!r}, want {value!r}"
    return "" if set(want) == set(got) else f"columns {sorted(set(want) ^ set(got))}"


def compare_csv(report, text):
    rows = list(csv.DictReader(io.StringIO(text)))
    wrong = "" if len(rows) == len(report["items"]) else f"{len(rows)} rows"
    for item, row in zip(report["items"], rows):
        want = {k: "" if v is None else str(v) for k, v in flat(item, report).items()}
        want = {k: "'" + v if v[:1] in tuple("=+-@\t\r") and v else v for k, v in want.items()}
        wrong = wrong or first_difference(want, row)
    check(not wrong, "report.csv says row by row what report.json says", wrong)
    check(all(not cell.startswith(tuple("=+-@")) for row in rows for cell in row.values() if cell),
          "no cell of report.csv begins like a formula")
    names = {r["id"]: r["common_name"] for r in rows}
    check(names["formula"].startswith("'=HYPERLINK(") and names["plus"].startswith("'+1"),
          "a name that is a formula is text in report.csv", names)


def compare_items(report, sheet, what):
    wrong = "" if len(sheet.rows) == len(report["items"]) else f"{len(sheet.rows)} rows"
    for item, row in zip(report["items"], sheet.rows):
        want = {k: v if v != "" else None for k, v in flat(item, report).items()}
        for key in ("not_before", "not_after"):
            want[key] = moment(want[key]) if want[key] else None
        wrong = wrong or first_difference(want, row)
    check(not wrong, what, wrong)


def compare_xlsx(report, path):
    book = xlsx_read.read(path)
    check(list(book) == ["Summary", "Items", "Findings"], "report.xlsx has three sheets", list(book))
    items, findings = book["Items"], book["Findings"]
    compare_items(report, items, "report.xlsx says row by row what report.json says, dates as dates, numbers as numbers")
    check(all(s.frozen and s.filter for s in book.values()), "every sheet has a frozen header and filters")
    check(items.filter == f"A1:V{len(items.rows) + 1}", "the filter spans all rows and columns", items.filter)
    check(not any(s.formulas for s in book.values()), "no cell of report.xlsx is a formula")
    names = {r["id"]: r["common_name"] for r in items.rows}
    check(names["formula"] == '=HYPERLINK("http://x.example","y")', "a name that is a formula is whole and text")
    want = sorted((i["id"], f["rule"], f["severity"], f["message"], f["value"], f["line"], f["column"])
                  for i in report["items"] for f in i["findings"])
    got = sorted((r["item"], r["rule"], r["severity"], r["message"], r["value"], r["line"], r["column"])
                 for r in findings.rows if r["item"])
    check(want == got and want, "sheet Findings has the findings of report.json", f"{want} {got}")
    waived = [r for r in findings.rows if r["waiver"]]
    check([w["waiver"] for w in waived] == ["W-2026-001"] and "=cmd|" in waived[0]["justification"],
          "a waived finding has its waiver and why", waived)
    summary = {r["fact"]: r["value"] for r in book["Summary"].rows}
    check(all(summary[k] == v for k, v in report["counts"].items()), "sheet Summary has the counts of report.json")
    check(summary["change.ticket"] == "CHG0000002" and isinstance(summary["started"], datetime.datetime),
          "sheet Summary tells the change and when", summary)


def compare_junit(report, text):
    root = ElementTree.fromstring(text)
    suite = root.find("testsuite")
    cases = {c.get("name"): c for c in suite.iter("testcase")}
    check(list(cases) == [i["id"] for i in report["items"]], "junit.xml has a test for every item, in order")
    wrong = []
    for item in report["items"]:
        case = cases[item["id"]]
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        verdicts = [e.tag for e in case if e.tag in ("failure", "error", "skipped")]
        want = [] if item["state"] in GOOD else ["failure"]
        facts = {k: item[k] for k in ("action", "ca", "product", "state", "order", "serial", "sha256", "not_after")}
        if verdicts != want or properties != {k: v for k, v in facts.items() if v}:
            wrong.append((item["id"], verdicts, properties))
        out = case.findtext("system-out") or ""
        if [f["rule"] for f in item["findings"]] != re.findall(r"\[([a-z0-9.-]+)\](?: by .*)?$", out, re.M):
            wrong.append((item["id"], out))
        if want and item["error"]["message"] not in case.find("failure").get("message"):
            wrong.append((item["id"], case.find("failure").attrib))
    check(not wrong, "junit.xml says row by row what report.json says", wrong)
    bad = sum(i["state"] not in GOOD for i in report["items"])
    for node in (root, suite):
        check((node.get("tests"), node.get("failures"), node.get("errors"), node.get("skipped")) ==
              (str(len(cases)), str(bad), "0", "0"), f"the counts of <{node.tag}> are those of the items", node.attrib)


def compare_sarif(report, text, data):
    log = json.loads(text)
    with open(SCHEMA, encoding="utf-8") as schema:
        problems = list(Draft4Validator(json.load(schema)).iter_errors(log))
    check(not problems, "findings.sarif is valid SARIF 2.1.0", problems[:1])
    results = log["runs"][0]["results"]
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    want, got = [], []
    for item in report["items"]:
        want += [(item["id"], f["rule"], f["severity"], max(f["line"], 1), bool(f.get("waiver")))
                 for f in item["findings"]]
    level = {"error": "error", "warning": "warning", "note": "info"}
    wrong = []
    for r in results:
        place = r["locations"][0]["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        if rules[r["ruleIndex"]]["id"] != r["ruleId"] or not os.path.exists(os.path.join(data, uri)):
            wrong.append((r["ruleId"], uri))
        if r.get("properties", {}).get("item"):
            got.append((r["properties"]["item"], r["ruleId"], level[r["level"]], place["region"]["startLine"],
                        "suppressions" in r))
    check(sorted(want) == sorted(got) and want, "findings.sarif has the findings of report.json", f"{want} {got}")
    check(not wrong, "each location is a file of the bag, each rule is described", wrong)
    prints = [r["partialFingerprints"]["primaryLocationLineHash"] for r in results]
    check(len(set(prints)) == len(prints), "fingerprints tell the findings apart")
    with open(os.path.join(data, "manifest.yaml"), encoding="utf-8") as manifest:
        lines = manifest.read().split("\n")
    regions = [(r, r["locations"][0]["physicalLocation"]["region"]) for r in results if "'9000d'" in r["message"]["text"]]
    check(regions and all(lines[g["startLine"] - 1][g["startColumn"] - 1:].startswith("9000d") for _, g in regions),
          "a region is where the value stands in the manifest", regions)


def mends(report, data):
    """What to do about an item that policy stopped is said where the reader is told so."""
    with open(os.path.join(data, "findings.json"), encoding="utf-8") as f:
        fixes = {(g.get("item"), g["rule"]): g.get("fix") for file in json.load(f)["files"] for g in file["findings"]}
    want = [fixes[(i["id"], i["error"]["code"])] for i in report["items"]
            if i["state"] == "skipped" and (i["id"], i["error"]["code"]) in fixes]
    with open(os.path.join(data, "report.html"), encoding="utf-8") as f:
        todo = f.read().split('<section id="trouble"')[1].split("</section>")[0]
    check(want and all("To do: %s." % html.escape(w) in todo for w in want), "report.html tells how to mend what was skipped", want)
    pdf = subprocess.run(["pdftotext", "-layout", os.path.join(data, "report.pdf"), "-"], capture_output=True, check=True)
    text = " ".join(pdf.stdout.decode().split())
    check(all("To do: %s." % w in text for w in want), "report.pdf does so too", want)


def compare_notes(report, text):
    counts = report["counts"]
    good = sum(counts[s] for s in GOOD)
    check(f"CHG0000002: {good} of {counts['items']} items done" in text, "close notes begin with ticket and count", text)
    check(all(re.search(rf"\b{counts[s]} {s}\b", text) for s in counts if s != "items" and counts[s]),
          "close notes count every state that occurs", text)
    check(len(text) <= 4000, "close notes fit the field of a ticket")
    check("W-2026-001" in text and "export.jks.legacy" in text, "close notes tell the waiver", text)
    check("all-delivery.tar.gz" in text and "all-audit.tar.gz" in text, "close notes name the bundles")


def openssl(path, *options):
    done = subprocess.run(["openssl", "x509", "-noout", "-in", path, *options], capture_output=True, check=True)
    return done.stdout.decode().strip()


def compare_records(report, data):
    wrong = []
    for item in report["items"]:
        folder = os.path.join(data, "items", item["id"])
        with open(os.path.join(folder, "record.json"), encoding="utf-8") as f:
            record = json.load(f)
        if record["item"] != item:
            wrong.append((item["id"], "item"))
        if item["state"] != "issued":
            continue
        leaf = os.path.join(folder, "certificate.pem")
        print_of = openssl(leaf, "-fingerprint", "-sha256").split("=")[1].replace(":", "").lower()
        if record["certificate"]["sha256"] != print_of or record["certificate"]["serial"] != openssl(leaf, "-serial")[7:]:
            wrong.append((item["id"], "certificate"))
        with open(os.path.join(folder, "request.csr"), "rb") as f:
            if record["request"]["sha256"] != hashlib.sha256(f.read()).hexdigest():
                wrong.append((item["id"], "request"))
        intents = [e for e in record["journal"] if e["ev"] == "intent"]
        if len(intents) != item["attempts"] or not all(len(e["request_sha256"]) == len(e["clearance"]) == 64
                                                       for e in intents):
            wrong.append((item["id"], "intents"))
        if len(record["chain"]) != 2 or record["request"]["key_origin"] != "generated":
            wrong.append((item["id"], "chain"))
    check(not wrong, "record.json agrees with report.json, openssl and the files beside it", wrong)
    with open(os.path.join(data, "items", "web", "record.json"), encoding="utf-8") as f:
        web = json.load(f)
    with open(CERTBATCH, "rb") as f:
        program = hashlib.sha256(f.read()).hexdigest()
    runs = web["runs"]
    check(len(runs) == 1 and runs[0]["program_sha256"] == program and runs[0]["host"] and runs[0]["user"] and
          runs[0]["clock"] in ("synchronized", "not synchronized", "unknown"),
          "the run is told with host, account, clock and the digest of the program", runs)
    check(web["asked"]["replaces"] == {"certificate": "old.state/items/old/certificate.pem"} and
          [(r["id"], r["state"]) for r in web["revocations"]] == [("old-web", "revoked")],
          "the replaced certificate and its revocation are told", web["revocations"])
    check([w["waiver"] for w in web["exceptions"]["waivers"]] == ["W-2026-001"], "a waiver is an exception",
          web["exceptions"])
    with open(os.path.join(data, "items", "old-web", "record.json"), encoding="utf-8") as f:
        old = json.load(f)
    old = old["asked"]
    check(old["reason"] == "superseded" and old["comment"] == 'replaced <now> & "then"' and old["after"] == "web",
          "a revocation has reason and comment", old)


# --- status ---

def status(work, *args, rc=(0, 4)):
    code, out, err = run("status", "all.state", *args, cwd=work)
    if code not in rc:
        check(False, f"status {args}", f"{code} {err}")
    return out


def filters(report, work):
    days = sorted(i["not_after"] for i in report["items"] if i["not_after"])
    day = days[0][:10]
    after = (moment(days[0]) + datetime.timedelta(days=1)).strftime("%Y-%m-%d")

    def ids(*filters_, columns="id"):
        args = [a for f in filters_ for a in ("--filter", f)]
        rows = csv.DictReader(io.StringIO(status(work, "--format", "csv", "--columns", columns, *args)))
        return [r["id"] for r in rows]

    def want(test):
        return [i["id"] for i in report["items"] if test(i)]

    def end(i):
        return i["not_after"] or ""

    cases = [
        (("state=issued",), lambda i: i["state"] == "issued"),
        (("STATE".lower() + " = Issued",), lambda i: i["state"] == "issued"),
        (("state!=issued",), lambda i: i["state"] != "issued"),
        (("common_name~CORP",), lambda i: "corp" in (i["common_name"] or "")),
        (("common_name!~corp",), lambda i: "corp" not in (i["common_name"] or "")),
        (("san=api.corp.example.com",), lambda i: "dns:api.corp.example.com" in i["san"]),
        (("san=ip:192.0.2.7",), lambda i: "ip:192.0.2.7" in i["san"]),
        ((f"not_after<{day}",), lambda i: end(i) and end(i)[:10] < day),
        ((f"not_after<={day}",), lambda i: end(i) and end(i)[:10] <= day),
        ((f"not_after>={day}",), lambda i: end(i)[:10] >= day),
        ((f"not_after>{day}",), lambda i: end(i)[:10] > day),
        ((f"not_after={day}",), lambda i: end(i)[:10] == day),
        ((f"not_after<{after}",), lambda i: end(i) and end(i) < after),
        ((f"not_after<{days[0]}",), lambda i: end(i) and end(i) < days[0]),
        ((f"not_after={days[0]}",), lambda i: end(i) == days[0]),
        (("not_after<31d",), lambda i: bool(end(i))),
        (("not_after<1d",), lambda i: False),
        (("not_after=",), lambda i: not end(i)),
        (("error_code=",), lambda i: i["error"] is None),
        (("error_code=PASSWORD",), lambda i: i["error"] and i["error"]["code"] == "password"),
        (("findings>0",), lambda i: i["findings"]),
        (("attempts>=1", "kind=revocation"), lambda i: i["attempts"] >= 1 and i["kind"] == "revocation"),
        (("id>long",), lambda i: i["id"] > "long"),
    ]
    wrong = [(f, ids(*f), want(t)) for f, t in cases if ids(*f) != want(t)]
    check(not wrong, f"{len(cases)} filters pass the items that Python picks from report.json", wrong)
    for bad, words in (("foo=1", "id kind action ca"), ("state=isued", "issued revoked kept"), ("state<issued", "no order"),
                       ("not_after<tomorrow", "2027-03-01"), ("attempts=x", "no number"), ("nonsense", "FIELD"),
                       ("san<a", "several names")):
        code, out, err = run("status", "all.state", "--filter", bad, cwd=work)
        check(code == 2 and not out and words in err, f"--filter {bad} is a mistake that is explained", f"{code} {err}")
    code, out, err = run("status", "all.state", "--columns", "id,nope", cwd=work)
    check(code == 2 and "error_message" in err, "an unknown column is a mistake that lists the columns", err)


def formats(report, work):
    check(json.loads(status(work, "--format", "json")) == report, "status --format json is report.json")
    part = json.loads(status(work, "--format", "json", "--filter", "state=issued"))
    check(part["items"] == [i for i in report["items"] if i["state"] == "issued"] and
          part["counts"]["items"] == part["counts"]["issued"] == len(part["items"]),
          "filtered JSON keeps its shape and counts what is shown")
    chosen = json.loads(status(work, "--format", "json", "--columns", "state,id,attempts,san,error_code"))
    check(chosen["items"] == [{"state": f["state"], "id": f["id"], "attempts": f["attempts"], "san": i["san"],
                               "error_code": f["error_code"]} for i in report["items"] for f in [flat(i, report)]],
          "chosen columns of JSON keep their types")
    compare_csv(report, status(work, "--format", "csv"))
    table = status(work, "--columns", "state,id", "--filter", "state=revoked").splitlines()
    check([r.split() for r in table] == [["STATE", "ITEM"], ["revoked", "old-web"]], "a table has the columns asked for",
          table)
    code, _, err = run("status", "all.state", "--format", "xlsx", "-o", "s.xlsx", cwd=work)
    compare_items(report, xlsx_read.read(os.path.join(work, "s.xlsx"))["Items"], "status --format xlsx is report.xlsx")
    code, out, err = run("status", "all.state", "--format", "xlsx", "--filter", "state=issued", "--columns",
                         "id,not_after", cwd=work, binary=True)
    sheet = xlsx_read.read(io.BytesIO(out))["Items"]
    check(code == 4 and sheet.rows == [{"id": i["id"], "not_after": moment(i["not_after"])} for i in report["items"]
                                       if i["state"] == "issued"], "filters and columns hold for xlsx too", err)
    code, out, err = run("inventory", "lab", "--config", "certbatch.yaml", "--format", "xlsx", "-o", "i.xlsx", cwd=work)
    orders = xlsx_read.read(os.path.join(work, "i.xlsx"))["Orders"].rows
    as_json = json.loads(run("inventory", "lab", "--config", "certbatch.yaml", "--format", "json", cwd=work)[1])["orders"]
    plain = [{k: moment(v) if v and k in ("ordered", "not_after") else v for k, v in o.items()} for o in as_json]
    check(code == 0 and orders == plain and orders, "inventory --format xlsx says what its JSON says", f"{orders} {plain}")
    check(any(o["revoked"] is True for o in orders), "booleans are booleans")


def bag(work):
    out = os.path.join(work, "look")
    shutil.rmtree(out, ignore_errors=True)
    with tarfile.open(os.path.join(work, "all-audit.tar.gz")) as archive:
        archive.extractall(out)
    return os.path.join(out, "all-audit", "data")


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        return f.read()


def main():
    work = tempfile.mkdtemp(prefix="certbatch-reports-")
    os.environ["XDG_STATE_HOME"] = os.path.join(work, "pace")
    try:
        for name, text in (("certbatch.yaml", CONFIG), ("old.batch.yaml", OLD), ("all.policy.yaml", POLICY),
                           ("all.batch.yaml", BATCH)):
            with open(os.path.join(work, name), "w", encoding="utf-8") as f:
                f.write(text)
        code, _, err = run("run", "old.batch.yaml", cwd=work)
        check(code == 0, "the certificate that is replaced is issued", err)
        code, out, err = run("run", "all.batch.yaml", cwd=work)
        if code != 4:
            check(False, "the batch runs", f"{code} {out} {err}")
        data = bag(work)
        report = json.loads(read(os.path.join(data, "report.json")))
        got = {i["id"]: i["state"] for i in report["items"]}
        check(code == 4 and got == STATES, "the batch ends in the states that are wanted", f"{code} {got} {err}")
        compare_csv(report, read(os.path.join(data, "report.csv")))
        compare_xlsx(report, os.path.join(data, "report.xlsx"))
        compare_junit(report, read(os.path.join(data, "junit.xml")))
        mends(report, data)
        compare_sarif(report, read(os.path.join(data, "findings.sarif")), data)
        compare_notes(report, read(os.path.join(data, "close-notes.txt")))
        compare_records(report, data)
        code, out, err = run("verify", "all-audit.tar.gz", cwd=work)
        check(code == 0, "verify finds the bundle whole", out + err)
        with open(os.path.join(work, "all-audit.tar.gz"), "rb") as f:
            before = f.read()
        time.sleep(2.1)  # a zip counts two seconds
        code, out, err = run("bundle", "all.state", "-o", ".", cwd=work)
        with open(os.path.join(work, "all-audit.tar.gz"), "rb") as f:
            check(code == 0 and f.read() == before, "the audit bundle is the same bytes at another time", err)
        filters(report, work)
        formats(report, work)
        reports_terminal.main(CERTBATCH, work, check)
    finally:
        shutil.rmtree(work)
    sys.exit(failed > 0)


main()
