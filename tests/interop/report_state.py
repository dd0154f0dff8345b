#!/usr/bin/env python3
"""A state directory as a large, eventful batch leaves it, for tests of reports.

    report_state.py DIR ITEMS [plain]

Every state occurs, two CAs and several products, findings of each severity, waivers and comments
that accept some, decisions of an operator, TXT records, and text that wants to break out of a page:
markup, quotes, backslashes, bidi controls, names of many scripts. `plain` leaves only good items.
The same arguments give the same bytes. Nothing is a certificate: reports are made from the journal.
"""
import datetime
import hashlib
import json
import os
import sys

directory, count = sys.argv[1], int(sys.argv[2])
plain = len(sys.argv) > 3
SHA = lambda text: hashlib.sha256(text.encode()).hexdigest()
NAMES = ["www", "api", "shop", "mail", "vpn", "payments", "git", "login", "static", "grafana"]
FOREIGN = ["B\u00fccher & S\u00f6hne", "\u041c\u043e\u0441\u043a\u0432\u0430", "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1",
           "\u682a\u5f0f\u4f1a\u793e \u6771\u4eac", "\u05e9\u05dc\u05d5\u05dd", "<script>alert(1)</script>",
           "a\"b'c\\d</td>", "gpj\u202egnp.exe"]
STATES = ["issued"] * 14 + ["revoked", "kept", "pending", "refused", "failed", "mismatch", "unknown",
                            "skipped", "not-started", "issued"]
PRODUCTS = ["ov-ucc", "dv", "ev", "tls-server"]
START = datetime.datetime(2026, 11, 21, 22, 0, 3)
moment = lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ")

manifest = """certbatch: 1
name: CHG0031337-web
change:
  ticket: CHG0031337
  type: normal
  requested_by: a.singh@example.com
  approved_by: [m.ortiz@example.com, "j.d'Arc <cab@example.com>"]
  approved_at: 2026-11-20T10:00:00Z
  window: {start: 2026-11-21T22:00:00Z, end: 2026-11-22T04:00:00Z}
"""

os.makedirs(directory, mode=0o700)
for sub in ("items", "keys", "policy"):
    os.mkdir(os.path.join(directory, sub), 0o700)


def store(name, data):
    path = os.path.join(directory, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as f:
        f.write(data)


lines = []
prev, seq, now = "0" * 64, 0, START


def record(ev, item=None, **fields):
    global prev, seq, now
    seq += 1
    now += datetime.timedelta(milliseconds=7)
    r = {"v": 1, "seq": seq, "t": now.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (now.microsecond // 1000), "ev": ev}
    if item:
        r["item"] = item
    r.update({k: v for k, v in fields.items() if v is not None})
    r["prev"] = prev
    body = json.dumps(r, ensure_ascii=False, separators=(",", ":"))[:-1]
    line = body + ',"sum":"%s"}' % SHA(body)
    prev = SHA(line)
    lines.append(line)


items = []
for i in range(count):
    state = "issued" if plain else STATES[i % len(STATES)]
    base = NAMES[i % len(NAMES)]
    name = FOREIGN[i % len(FOREIGN)] if i % 9 == 4 and not plain else "%s%d.example.com" % (base, i)
    items.append({"id": "%s-%05d" % (base, i), "state": state, "cn": name, "i": i,
                  "ca": "certinext-prod" if i % 4 else "lab", "product": PRODUCTS[i * i % len(PRODUCTS)],
                  "san": ["dns:%s%d.example.com" % (base, i)] + ["dns:alt%d-%d.example.com" % (k, i) for k in range(i % 5)]})

record("open", batch="CHG0031337-web", manifest_sha256=SHA(manifest), policy_sha256=SHA("policy"),
       version="0.1.0", host="build", user="ops (1000)", pid=4711)
record("plan", digest=SHA("plan"), items=count)
for it in items:
    revoke = it["state"] == "revoked"
    record("item", it["id"], kind="revocation" if revoke else "order", action="revoke" if revoke else "keep"
           if it["state"] == "kept" else "new", ca=it["ca"], product=it["product"], common_name=it["cn"],
           san=it["san"], digest=SHA(it["id"]))


def order(it, upto):
    spki = SHA("key" + it["id"])
    order_id = "66%08d" % it["i"]
    end = datetime.datetime(2026, 12, 5, 23, 59, 59) + datetime.timedelta(days=(it["i"] * 37) % 380)
    steps = [
        ("keygen", dict(key="generated", spki_sha256=spki)),
        ("intent", dict(action="new", ca=it["ca"], product=it["product"], spki_sha256=spki,
                        request_sha256=SHA("csr" + it["id"]), client_key=SHA(it["id"])[:32], attempt=1 + it["i"] % 3)),
        ("reply", {"class": "accepted", "order": order_id}),
        ("cert", dict(sha256=SHA("cert" + it["id"]), serial=SHA("serial" + it["id"])[:32].upper(),
                      issuer="C=US, O=Example \"CA\" & Co, CN=Example OV TLS CA G1",
                      not_before=moment(START), not_after=moment(end))),
        ("outputs", dict(outputs=[{"path": "key.pem", "sha256": SHA("f" + it["id"])},
                                  {"path": it["id"] + ".p12", "sha256": SHA("g" + it["id"])}]))]
    for ev, fields in steps[:upto]:
        record(ev, it["id"], **fields)


for it in items:
    i, s = it["id"], it["state"]
    if s == "issued":
        if it["i"] % 50 == 3 and not plain:
            order(it, 2)
            record("reply", i, **{"class": "unknown", "message": "the connection ended before the answer"})
            record("unknown", i, code="unknown", message="nobody can say")
            record("resolved", i, **{"class": "adopt", "order": "66%08d" % it["i"]}, reason="seen in the portal \u2192 <b>adopted</b>",
                   user="m.ortiz (1001)")
            record("cert", i, sha256=SHA("cert" + i), serial="0A1B", issuer="CN=x", not_before=moment(START),
                   not_after="2027-03-01T00:00:00Z")
            record("outputs", i, outputs=[])
        else:
            order(it, 5)
    elif s == "revoked":
        record("revoke-intent", i, ca=it["ca"], serial="0A%02X" % (it["i"] % 256), reason="superseded", attempt=1)
        record("revoked", i)
    elif s == "kept":
        record("keep", i)
    elif s == "pending":
        order(it, 2)
        record("reply", i, **{"class": "pending", "order": "77%08d" % it["i"]})
        record("reply", i, **{"class": "pending", "message": "an approver has to look at it"})
    elif s == "refused":
        order(it, 2)
        record("reply", i, **{"class": "refused"}, code="EMS-912", message="Organization \"Example & Co\" is not validated for <OV> \u202eorders")
    elif s == "failed":
        order(it, 3)
        record("failed", i, code="timeout", message="the CA did not issue within 10 minutes")
    elif s == "mismatch":
        order(it, 3)
        record("mismatch", i, code="names", message="the certificate lacks dns:" + it["san"][0][4:])
    elif s == "unknown":
        order(it, 2)
        record("reply", i, **{"class": "unknown", "message": "the connection ended before the answer"})
        record("unknown", i, code="unknown", message="the CA's list does not answer")
    elif s == "skipped":
        record("skip", i, code="san.pattern.allow", message="the policy allows no such name")
record("close", items=count)
store("journal.jsonl", "\n".join(lines) + "\n")
store("manifest.yaml", manifest)
store("policy/00-private.yaml", "certbatch_policy: 1\nname: x\n")

findings = []
for it in items:
    n = it["i"]
    base = {"item": it["id"], "line": 12 + n, "column": 5, "value": it["cn"], "file": "web.batch.yaml"}
    if it["state"] == "skipped":
        findings.append({"rule": "san.pattern.allow", "severity": "error", "message": "the policy allows no such name",
                         "cite": "company policy 3.2", "fix": "ask for the name to be allowed", **base})
    if n % 7 == 2 and not plain:
        findings.append({"rule": "subject.cn.discouraged", "severity": "warning", "message": "the common name is <deprecated> & discouraged",
                         "cite": "BR 7.1.4.3", **base})
    if n % 11 == 3 and not plain:
        findings.append({"rule": "san.zones.max", "severity": "error", "message": "names of three zones", "cite": None,
                         "waiver": "W-2026-014", "justification": "shared storefront, CHG0041999, until 2027-01-31", **base})
    if n % 13 == 5 and not plain:
        findings.append({"rule": "key.rsa.min-bits", "severity": "info", "message": "2048 bits end in 2030", "cite": "SP 800-57",
                         "waiver": "line 12", "justification": "old balancer, until 2027-03-31", **base})
if not plain:
    findings.append({"rule": "change.window.length", "severity": "warning", "message": "the window is longer than 4 hours", "item": None,
                     "line": 9, "column": 3, "value": None, "cite": None, "file": "web.batch.yaml"})
store("findings.json", json.dumps({"tool": "certbatch", "files": [{"path": "web.batch.yaml", "kind": "manifest", "findings": findings}],
                                   "summary": {}}, indent=1))
