# SPDX-License-Identifier: Apache-2.0
"""t_check.py WORKDIR: simcheck itself is tested with falsified histories. Two true ones are recorded
(everything issued and revoked; an order in doubt), then each row of the table changes one thing in a
copy, and exactly the promises that it breaks must be reported."""
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from history import Place, SIMCHECK, digest

work = sys.argv[1]
failed = 0


# --- a history in pieces ---
class Copy:
    def __init__(self, base):
        self.base = base

    def path(self, *names):
        return os.path.join(self.base, *names)

    def rows(self, name):
        with open(self.path(name)) as f:
            return [json.loads(line) for line in f]

    def put(self, name, rows):
        with open(self.path(name), "w") as f:
            f.writelines(json.dumps(r, separators=(",", ":")) + "\n" for r in rows)

    def edit(self, name, change):
        rows = self.rows(name)
        rows = change(rows) or rows
        self.put(name, rows)

    def journal(self, change, audit=False):
        """Changed and chained again, as somebody who knows the format would; the copy of it in the
        audit bundle goes unless `audit`."""
        name = "web.state/journal.jsonl"
        rows = self.rows(name)
        rows = change(rows) or rows
        if not audit:
            os.unlink(self.path("web-audit.tar.gz"))
            for r in rows:
                r.pop("audit_sha256", None)
            self.edit("runs.jsonl", lambda all: [dict(r, audit=None) for r in all])
        before, out = "0" * 64, b""
        for n, r in enumerate(rows, 1):
            r.pop("sum", None)
            r.pop("prev", None)
            r["seq"] = n
            r["prev"] = before
            body = json.dumps(r, separators=(",", ":"), ensure_ascii=False).encode()[:-1]
            line = body + b',"sum":"' + hashlib.sha256(body).hexdigest().encode() + b'"}'
            before = hashlib.sha256(line).hexdigest()
            out += line + b"\n"
        self.bytes(name, out)

    def text(self, name, change):
        with open(self.path(name)) as f:
            text = f.read()
        changed = change(text)
        assert changed != text, name
        with open(self.path(name), "w") as f:
            f.write(changed)

    def bytes(self, name, data, mode=0o600):
        with open(self.path(name), "wb") as f:
            f.write(data)
        os.chmod(self.path(name), mode)

    def report(self, change):
        name = "web.state/report.json"
        with open(self.path(name)) as f:
            r = json.load(f)
        change(r)
        with open(self.path(name), "w") as f:
            json.dump(r, f)

    def canary(self):
        with open(self.path("canaries")) as f:
            return f.readline().strip()


def first(rows, **want):
    return next(r for r in rows if all(r.get(k) == v for k, v in want.items()))


def without(rows, **want):
    row = first(rows, **want)
    return [r for r in rows if r is not row]


def swap(a, b):
    shutil.copy(a, a + ".secret")
    shutil.copy(b, a)
    shutil.move(a + ".secret", b)


# --- what somebody could falsify; each changes a Copy ---
OURS = {"kind": "order", "domain": "a1.web.example.com"}


def attempt(row, name, **other):
    """The same by another attempt, under whichever name the ledger of this API has it."""
    return dict(row, **{k: name for k in ("txn", "client_key") if row.get(k)}, **other)


def second_order(c):
    c.edit("ledger.jsonl", lambda rows: rows + [attempt(first(rows, **OURS), "f" * 32, order="1111111111")])


def resolved_second_order(c, n):
    c.edit("ledger.jsonl", lambda rows: rows + [attempt(first(rows, **OURS), ("%d" % i) * 32,
                                                        order="111111111%d" % i) for i in range(n)])
    numbers = {"ev": "found", "item": "a1", "order": "1111111110", "t": "2026-01-01T00:00:00.000Z", "v": 1}

    def change(rows):
        at = rows.index(first(rows, ev="reply", item="a1"))
        rows[at:at] = [dict(numbers, ev="resolved", **{"class": "reorder"}), numbers,
                       dict(numbers, order="1111111111")]
    c.journal(change)


def sent_twice(kind):
    return lambda c: c.edit("wire.jsonl", lambda rows: rows + [first(rows, kind=kind)])


def revoked_twice(c):
    c.edit("ledger.jsonl", lambda rows: rows + [attempt(first(rows, kind="revoke"), "e" * 32)])


def stranger(c):
    c.edit("ledger.jsonl", lambda rows: rows + [attempt(first(rows, kind="order"), "d" * 32,
                                                        order="2222222222", spki_sha256="0" * 64)])


def no_intent(c):
    c.journal(lambda rows: without(rows, ev="intent", item="a1"))


def late_intent(c):
    c.journal(lambda rows: first(rows, ev="intent", item="a1").update(t="2099-01-01T00:00:00.000Z"))


def forgotten_number(c):
    def change(rows):
        first(rows, ev="reply", item="a1").pop("order")
    c.journal(change)
    c.report(lambda r: first(r["items"], id="a1").update(order=None))


def other_key(c):
    swap(c.path("web.state/keys/a1.pem"), c.path("web.state/keys/a2.pem"))


def swapped_certificates(c):
    swap(c.path("web.state/items/a1/certificate.pem"), c.path("web.state/items/a2/certificate.pem"))


def own_certificate(c):
    """Ours by key and names, signed by nobody the CA knows; the journal says it is the one."""
    path = c.path("web.state/items/a1/certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-key", c.path("web.state/keys/a1.pem"), "-subj",
                    "/C=US/O=certbatch simulator/CN=Simulator Issuing CA", "-addext",
                    "subjectAltName=DNS:a1.web.example.com", "-days", "30", "-out", path], check=True,
                   stderr=subprocess.DEVNULL)
    os.chmod(path, 0o600)
    der = subprocess.run(["openssl", "x509", "-in", path, "-outform", "DER"], stdout=subprocess.PIPE).stdout
    sha = hashlib.sha256(der).hexdigest()
    c.journal(lambda rows: first(rows, ev="cert", item="a1").update(sha256=sha))
    c.report(lambda r: first(r["items"], id="a1").update(sha256=sha))


def other_names(c):
    c.journal(lambda rows: first(rows, ev="item", item="a1").update(san=["dns:a1.web.example.com",
                                                                        "dns:more.example.com"]))


def other_order(c):
    """The journal has the orders of a1 and a2 the wrong way round, and so has the report."""
    pair = {}

    def change(rows):
        a, b = first(rows, ev="reply", item="a1"), first(rows, ev="reply", item="a2")
        a["order"], b["order"] = b["order"], a["order"]
        pair.update(a1=a["order"], a2=b["order"])
    c.journal(change)
    c.report(lambda r: [first(r["items"], id=i).update(order=n) for i, n in pair.items()])


def other_store(kind, recorded):
    def change(c):
        names = [c.path("web.state/items/%s/out/%s.%s" % (i, i, kind)) for i in ("a1", "a2")]
        shutil.copy(names[1], names[0])
        with open(c.path("web.state/passwords.csv")) as f:
            password = re.search(r"^a2,a2\.%s,.*,(.*)$" % kind, f.read(), re.M).group(1)
        c.text("web.state/passwords.csv", lambda t: re.sub(r"(?m)^(a1,a1\.%s,.*,).*$" % kind,
                                                           lambda m: m.group(1) + password, t))
        if recorded:
            sha = digest(names[0])
            c.journal(lambda all: [first(r["outputs"], path="a1." + kind).update(sha256=sha)
                                   for r in all if r["ev"] == "outputs" and r["item"] == "a1"] and None)
    return change


def cut(name, keep):
    def change(c):
        with open(c.path(name), "rb") as f:
            data = f.read()
        c.bytes(name, data[:int(len(data) * keep)])
    return change


def repacked(kind, entry):
    """A bundle made again around one entry: entry(name, data) gives new data, None drops it."""
    def change(c):
        name = "web-%s.tar.gz" % kind
        out = io.BytesIO()
        with tarfile.open(c.path(name)) as old, tarfile.open(fileobj=out, mode="w") as new:
            for info in old:
                data = old.extractfile(info).read() if info.isfile() else b""
                data = entry(info.name, data) if info.isfile() else data
                if data is not None:
                    info.size = len(data)
                    new.addfile(info, io.BytesIO(data))
        c.bytes(name, gzip.compress(out.getvalue()))
        sha = digest(c.path(name))
        c.edit("runs.jsonl", lambda rows: [dict(r, **{kind: sha}) for r in rows])
        c.journal(lambda rows: [r.update({kind + "_sha256": sha}) for r in rows if r["ev"] == "bundle"] and None,
                  audit=True)
    return change


def bag_of_lies(name, data):
    return data.replace(b"Issuing", b"Nothing") if name.endswith("/report.json") else data


def without_certificate(name, data):
    return None if name.endswith("/a1/certificate.pem") else data


def leak(name, mode=0o600):
    def change(c):
        with open(c.path(name), "a") as f:
            f.write("the access key is %s\n" % c.canary())
    return change


def leak_in_journal(c):
    c.journal(lambda rows: first(rows, ev="reply", item="a1").update(message="with " + c.canary()))


def leak_in_bundle(c):
    canary = c.canary().encode()
    repacked("delivery", lambda n, d: d + canary if n.endswith("/a1/chain.pem") else d)(c)


def leak_password(c):
    with open(c.path("web.state/passwords.csv")) as f:
        password = f.read().splitlines()[1].rsplit(",", 1)[1]
    with open(c.path("run-1.log"), "a") as f:
        f.write(password + "\n")


def leak_key(c):
    with open(c.path("web.state/keys/a1.pem")) as f:
        line = f.read().splitlines()[2]
    c.bytes("web.state/items/a1/notes", line.encode())


def mode(name, bits):
    return lambda c: os.chmod(c.path(name), bits)


def exit_code(code, run=-1):
    return lambda c: c.edit("runs.jsonl", lambda rows: rows[run].update(exit=code))


def took_long(c):
    c.edit("runs.jsonl", lambda rows: rows[0].update(end="2099-01-01T00:00:00.000Z"))


def sent_again(c):
    begin, txn = c.rows("runs.jsonl")[-1]["begin"], first(c.rows("ledger.jsonl"), **OURS)["txn"]
    c.edit("wire.jsonl", lambda rows: rows + [dict(first(rows, txn=txn), kind="cancel", time=begin)])


def other_bundle(c):
    c.edit("runs.jsonl", lambda rows: rows[-1].update(delivery="0" * 64))


def miscounted(c):
    c.report(lambda r: r["counts"].update(issued=r["counts"]["issued"] + 1))


def not_listed(c):
    def change(r):
        r["items"] = [i for i in r["items"] if i["id"] != "a1"]
        r["counts"]["issued"] -= 1
        r["counts"]["items"] -= 1
    c.report(change)


def called(state):
    def change(r):
        first(r["items"], id="a1")["state"] = state
        r["counts"]["issued"] -= 1
        r["counts"][state] += 1
    return lambda c: c.report(change)


def never_ordered(kind):
    return lambda c: c.edit("ledger.jsonl", lambda rows: without(rows, kind=kind))


def other_certificate_told(c):
    c.report(lambda r: first(r["items"], id="a1").update(sha256="0" * 64))


def other_bytes(c):
    c.edit("wire.jsonl", lambda rows: first(rows, kind="order").update(sent_sha256="0" * 64))


def error_ordered(c):
    path = c.path("web.state/findings.json")
    with open(path) as f:
        t = json.load(f)
    t["files"].append({"path": "web.batch.yaml", "findings": [
        {"rule": "key.type.allowed", "severity": "error", "item": "a1", "message": "x"}]})
    with open(path, "w") as f:
        json.dump(t, f)


def raw_journal(change):
    def whole(c):
        name = "web.state/journal.jsonl"
        with open(c.path(name), "rb") as f:
            rows = f.read().splitlines(keepends=True)
        c.bytes(name, b"".join(change(rows)))
    return whole


def a_letter(rows):
    rows[3] = rows[3].replace(b'"digest":"', b'"digest":"0', 1)
    return rows


def two_lines(rows):
    rows[1], rows[2] = rows[2], rows[1]
    return rows


def no_key_told(c):
    c.report(lambda r: first(r["items"], id="a1").update(spki_sha256=None))


def called_refused(c):
    c.journal(lambda rows: [r.update({"class": "refused"}) or r.update(ev="reply") for r in rows
                            if r["ev"] in ("reply", "unknown") and r["item"] == "a1"] and None)

    def change(r):
        first(r["items"], id="a1")["state"] = "refused"
        r["counts"]["unknown"] -= 1
        r["counts"]["refused"] += 1
    c.report(change)
    exit_code(4)(c)


def other_file(name, recorded):
    """What a server loads is the one of a2, under the name of a1; `recorded` as what was made."""
    def change(c):
        def stored(item):  # equal bytes lie under the first of their names
            rows = first(c.rows("web.state/journal.jsonl"), ev="outputs", item=item)["outputs"]
            sha = first(rows, path=name.replace("ID", item))["sha256"]
            return c.path("web.state/items/%s/out/%s" % (item, first(rows, sha256=sha)["path"].replace("/", "+")))
        if not recorded:
            shutil.copy(stored("a2"), stored("a1"))
            return
        path = name.replace("ID", "a1")
        to = c.path("web.state/items/a1/out/" + path.replace("/", "+"))
        shutil.copy(stored("a2"), to)
        c.journal(lambda all: [first(r["outputs"], path=path).update(sha256=digest(to))
                               for r in all if r["ev"] == "outputs" and r["item"] == "a1"] and None)
    return change


def wrong_order(c):
    """The certificates of a chain the other way round."""
    path = c.path("web.state/items/a1/out/nginx+fullchain.pem")
    with open(path) as f:
        certs = re.findall(r"-----BEGIN.*?-----END CERTIFICATE-----\n", f.read(), re.S)
    assert len(certs) > 1
    c.bytes("web.state/items/a1/out/nginx+fullchain.pem", "".join(reversed(certs)).encode())


def of_other_item(name, data):
    return data.replace(b"a1.web", b"a2.web") if name.endswith("/a1/nginx/site.conf.snippet") else data


def without_chain(name, data):
    return None if name.endswith("/a1/nginx/fullchain.pem") else data


# name, history, change, exactly these promises are broken
A, B = "done", "doubt"
OUTPUTS = "pem, pfx, jks, {for: nginx}, {for: tomcat}, {for: iis}, {for: weblogic}"
MUTATIONS = [
    ("nothing", A, lambda c: None, ""),
    ("nothing, with a doubt", B, lambda c: None, ""),
    ("a second order for the key of an item", A, second_order, "I1 I2"),
    ("more orders than the operator asked for", A, lambda c: resolved_second_order(c, 2), "I1"),
    ("as many as the operator asked for", A, lambda c: resolved_second_order(c, 1), ""),
    ("an order sent twice", A, sent_twice("order"), "I1"),
    ("a revocation sent twice", A, sent_twice("revoke"), "I1"),
    ("revoked twice", A, revoked_twice, "I1"),
    ("an order no journal knows", A, stranger, "I2"),
    ("a number the journal forgot", A, forgotten_number, "I2 I8"),
    ("a key removed", A, lambda c: os.unlink(c.path("web.state/keys/a1.pem")), "I2"),
    ("a key cut in half", A, cut("web.state/keys/a1.pem", 0.5), "I2"),
    ("two keys swapped", A, other_key, "I2"),
    ("in doubt, and the report does not tell the key", B, no_key_told, "I2"),
    ("accepted, and called refused", B, called_refused, "I2"),
    ("two certificates swapped", A, swapped_certificates, "I3"),
    ("a certificate of a stranger", A, own_certificate, "I3"),
    ("a certificate without a name that was ordered", A, other_names, "I3"),
    ("the order of another key", A, other_order, "I2 I3"),
    ("a certificate removed", A, lambda c: os.unlink(c.path("web.state/items/a1/certificate.pem")), "I3"),
    ("another PFX, recorded", A, other_store("p12", True), "I3 I4"),
    ("another JKS, recorded", A, other_store("jks", True), "I3 I4"),
    ("another PFX", A, other_store("p12", False), "I3 I4"),
    ("the key of another item for a server", A, other_file("nginx/key.pem", False), "I3 I4"),
    ("the chain of another item for a server, recorded", A, other_file("nginx/fullchain.pem", True), "I3 I4"),
    ("the key store of another item for a server, recorded", A, other_file("tomcat/ID.p12", True), "I3 I4"),
    ("the JKS of another item for a server, recorded", A, other_file("weblogic/ID.jks", True), "I3 I4"),
    ("the settings of another item for a server, recorded", A, other_file("iis/import.ps1.snippet", True), "I3 I4"),
    ("a chain in the wrong order", A, wrong_order, "I3 I4"),
    ("a file for a server removed", A, lambda c: os.unlink(c.path("web.state/items/a1/out/nginx+site.conf.snippet")),
     "I3 I4"),
    ("the password of a server lost", A, lambda c: c.text(
        "web.state/passwords.csv", lambda t: re.sub(r"(?m)^a1,tomcat/.*\n", "", t)), "I3"),
    ("a delivery bundle with the settings of another item", A, repacked("delivery", of_other_item), "I4"),
    ("a delivery bundle without the chain for a server", A, repacked("delivery", without_chain), "I4"),
    ("a key store removed", A, lambda c: os.unlink(c.path("web.state/items/a1/out/a1.p12")), "I3 I4"),
    ("a password lost", A, lambda c: c.text("web.state/passwords.csv", lambda t: re.sub(r"(?m)^a1,key.pem.*\n", "", t)),
     "I3"),
    ("a delivery bundle cut", A, cut("web-delivery.tar.gz", 0.7), "I4"),
    ("an audit bundle cut", A, cut("web-audit.tar.gz", 0.7), "I4"),
    ("an audit bundle that does not add up", A, repacked("audit", bag_of_lies), "I4"),
    ("a delivery bundle without a certificate", A, repacked("delivery", without_certificate), "I4"),
    ("a bundle that was not recorded", A, lambda c: shutil.copy(c.path("web-audit.tar.gz"),
                                                                c.path("web-delivery.tar.gz")), "I4"),
    ("a report cut", A, cut("web.state/report.json", 0.5), "I4"),
    ("a temporary left over", A, lambda c: c.bytes("web.state/items/.cb-tmp-1", b""), "I4"),
    ("the access key in what a run printed", A, leak("run-1.log"), "I5"),
    ("the access key in the state directory", A, leak("web.state/plan.json"), "I5"),
    ("the access key in the log of the wire", A, lambda c: c.edit(
        "wire.jsonl", lambda rows: first(rows, kind="order").update(note=c.canary())), "I5"),
    ("the access key in the journal", A, leak_in_journal, "I5"),
    ("the access key in a bundle", A, leak_in_bundle, "I5"),
    ("a password in what a run printed", A, leak_password, "I5"),
    ("a line of a key in a file", A, leak_key, "I5"),
    ("a key that others may read", A, mode("web.state/keys/a1.pem", 0o640), "I5"),
    ("a state directory that others may enter", A, mode("web.state", 0o755), "I5"),
    ("passwords that others may read", A, mode("web-passwords.csv", 0o604), "I5"),
    ("an exit code that is not documented", A, exit_code(139, 0), "I6"),
    ("a run that took too long", A, took_long, "I6"),
    ("something sent after all was done", A, sent_again, "I7"),
    ("another bundle after all was done", A, other_bundle, "I7"),
    ("counts that do not add up", A, miscounted, "I8"),
    ("an item that is not reported", A, not_listed, "I8"),
    ("issued, and called pending", A, called("pending"), "I8"),
    ("issued, and called failed", A, called("failed"), "I8"),
    ("a wrong exit code", A, exit_code(5), "I8"),
    ("an exit code that hides a doubt", B, exit_code(0), "I8"),
    ("a CA given up although all is done", A, exit_code(8), "I8"),
    ("issued, and the CA has no such order", A, never_ordered("order"), "I8"),
    ("revoked, and the CA knows nothing of it", A, never_ordered("revoke"), "I8"),
    ("another certificate in the report", A, other_certificate_told, "I8"),
    ("an order without an intent", A, no_intent, "I9"),
    ("an intent after the order", A, late_intent, "I9"),
    ("other bytes than were cleared", A, other_bytes, "I9"),
    ("an item with an error was ordered", A, error_ordered, "I9"),
    ("a letter changed in the journal", A, raw_journal(a_letter), "I4 I10"),
    ("two lines of the journal swapped", A, raw_journal(two_lines), "I4 I10"),
    ("a line of the journal removed", A, raw_journal(lambda rows: rows[:1] + rows[2:]), "I4 I10"),
    ("the last line of the journal removed", A, raw_journal(lambda rows: rows[:-1]), "I10"),
    ("the last line of the journal cut", A, raw_journal(lambda rows: rows[:-1] + [rows[-1][:-9]]), "I10"),
    ("a line appended to the journal", A, raw_journal(lambda rows: rows + [b"{}\n"]), "I10"),
]


# --- true histories ---
def record():
    global failed
    with Place(os.path.join(work, A), items=2, outputs=OUTPUTS) as p:
        p.write("old.batch.yaml", p.text("web.batch.yaml").replace("name: web", "name: old")
                .split("orders:")[0] + "orders:\n  - {id: o1, common_name: o1.example.com, san: [o1.example.com]}\n")
        codes = [p.run(batch="old")]
        p.add_revocation(p.report("old")["items"][0]["order"])
        codes += [p.run(), p.run()]
    with Place(os.path.join(work, B), items=2, scenario="on POST order item a1.web.example.com: accept close\n"
               "on report: stale-list(600000)\n") as p:
        codes += [p.run(), p.run()]
    if codes != [0, 0, 0, 6, 6]:
        failed += 1
        print("not ok recording: exit codes", codes)


def violated_of(base):
    done = subprocess.run([SIMCHECK, base], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode(errors="replace")
    found = sorted(set(re.findall(r"^violated (I\d+) ", text, re.M)), key=lambda i: int(i[1:]))
    kept = re.findall(r"^ok (I\d+) ", text, re.M)
    whole = len(found) + len(kept) == 10 and done.returncode == (1 if found else 0)
    return " ".join(found) if whole else "it does not say", text


def main():
    global failed
    record()
    seen = set()
    for name, history, change, want in MUTATIONS:
        base = os.path.join(work, "copy")
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(os.path.join(work, history), base)
        change(Copy(base))
        got, text = violated_of(base)
        seen |= set(want.split())
        if got == want:
            print("ok mutation: %s: %s" % (name, want or "nothing is reported"))
        else:
            failed += 1
            print("not ok mutation: %s: %s, not %s\n%s" % (name, got or "nothing", want or "nothing", text))
    if len(seen) != 10:
        failed += 1
        print("not ok: no mutation for some promise:", seen)
    print("%d mutations, %d not found" % (len(MUTATIONS), failed))
    return failed != 0


sys.exit(main())
