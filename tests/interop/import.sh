#!/bin/bash
# Imports of every shipped profile, read back by lint; workbooks made by python3
# (compressed, shared strings) and workbooks made to do harm; what was issued goes back to ServiceNow.
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
certbatch=${CERTBATCH:-$root/certbatch}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/xdg
unset CERTBATCH_CONFIG
bad=0
ok() { echo "ok $1"; }
not_ok() { echo "not ok $1"; bad=1; }
check() { # name, command...
  local name=$1
  shift
  if "$@" > "$work/log" 2>&1; then ok "$name"; else not_ok "$name"; tail -n 8 "$work/log"; fi
}
cp -r samples/import "$work/in"
cd "$work/in" || exit 1

# what is made passes lint as it is
makes() { # profile, input, further options
  local profile=$1 input=$2
  shift 2
  timeout 60 "$certbatch" import --profile "$profile" "$input" -o out.batch.yaml "$@" > "$work/log" 2>&1 &&
    timeout 60 "$certbatch" lint --as-of 2026-11-21 out.batch.yaml >> "$work/log" 2>&1 && return 0
  cat "$work/log"
  return 1
}
check 'certinext-inventory' makes certinext-inventory certinext.csv
check 'keyfactor, UTF-16' makes keyfactor keyfactor.csv
check 'sectigo-bulk' makes sectigo-bulk sectigo.csv
check 'a profile of a file' makes ./sectigo.profile.yaml sectigo.csv
check 'digicert-batch' makes digicert-batch digicert.csv
check 'servicenow-certificates' makes servicenow-certificates servicenow-certificates.csv
check 'hosts' makes hosts hosts.txt
check 'certreq-inf' makes certreq-inf web.inf
check 'pem' makes pem www.pem
check 'smime-users' makes smime-users smime.csv
check 'a folder of certificates and requests' makes pem .
check 'ServiceNow ticket, CSV' makes hosts hosts.txt --ticket CHG0031337.csv --ticket-tz UTC
check 'ServiceNow ticket, JSON with UTC in it' makes hosts hosts.txt --ticket CHG0031337.json
check 'Jira ticket' makes hosts hosts.txt --ticket jira.csv --ticket-tz UTC
same() { # the window of the three tickets is the same
  grep -h '  window:' t1 t2 t3 | sort -u | grep -cx '  window: {start: 2026-11-21T22:00:00Z, end: 2026-11-22T04:00:00Z}' | grep -qx 1
}
"$certbatch" import --profile hosts hosts.txt -q --ticket CHG0031337.csv --ticket-tz UTC > t1
"$certbatch" import --profile hosts hosts.txt -q --ticket CHG0031337.json > t2
"$certbatch" import --profile hosts hosts.txt -q --ticket jira.csv --ticket-tz UTC > t3
check 'one window from three exports' same
exits() { # code, words in stderr, command...
  local want=$1 words=$2
  shift 2
  timeout 60 "$@" > "$work/out" 2> "$work/err"
  [ $? = "$want" ] && grep -q "$words" "$work/err" && return 0
  cat "$work/err"
  return 1
}
check 'a ticket without zone is refused' exits 3 'without zone' \
  "$certbatch" import --profile hosts hosts.txt --ticket CHG0031337.csv
check 'a zone of the tz database' sh -c "\"$certbatch\" import --profile hosts hosts.txt -q \
  --ticket CHG0031337.csv --ticket-tz America/New_York | grep -q 'start: 2026-11-22T03:00:00Z'"
change_alone() {
  timeout 60 "$certbatch" import --profile servicenow-change CHG0031337.json -o change.batch.yaml -q
  timeout 60 "$certbatch" lint --as-of 2026-11-21 --format json change.batch.yaml > change.json
  /usr/bin/python3 -c 'import json; f = json.load(open("change.json"))["files"][0]["findings"]
assert [x["rule"] for x in f] == ["batch.empty"], f'
}
check 'a change alone lacks orders and nothing else' change_alone

# strict and partial
check 'bad rows: nothing is written' exits 1 'no manifest was written' \
  "$certbatch" import --profile certinext-inventory damaged.csv -o d.batch.yaml
check 'no manifest' test ! -e d.batch.yaml
check 'the bad rows as they were, and why' /usr/bin/python3 - << 'PY'
import csv
rows = list(csv.reader(open("d-errors.csv", newline="")))
assert rows[0] == ["Common Name", "Serial Number", "Expires On", "Errors"], rows[0]
assert [r[0] for r in rows[1:]] == ["www1.example.com", "www2.example.com", "www3.example.com", "www5 example"]
assert rows[1][1] == "1.23457E+20" and "lost digits" in rows[1][3]
assert "ambiguous" in rows[3][3]
PY
check 'good rows with --partial' exits 4 'good rows only' \
  "$certbatch" import --profile certinext-inventory damaged.csv -o d.batch.yaml --partial
check 'they pass lint' "$certbatch" lint --as-of 2026-11-21 d.batch.yaml
check 'the file that is read is not overwritten' exits 2 'choose another' \
  "$certbatch" import --profile certinext-inventory d-errors.csv -o d.batch.yaml
check 'headings nobody knows' exits 3 'no heading' "$certbatch" import --profile keyfactor smime.csv
check 'no such profile' exits 2 'no import profile' "$certbatch" import --profile nothing smime.csv
check 'every profile can be shown' sh -c "
  \"$certbatch\" import --list-profiles | while read -r name _; do
    \"$certbatch\" import --profile \"\$name\" --show > \"\$name.yaml\" && grep -q \"^name: \$name\" \"\$name.yaml\" || exit 1
  done && [ \"\$(ls \"$root\"/batch/profiles | wc -l)\" = \"\$(\"$certbatch\" import --list-profiles | wc -l)\" ]"

# every column of a list of CERTInext comes through: as a field, a comment or a filter
check 'every column of CERTInext' /usr/bin/python3 - "$certbatch" << 'PY'
import csv, subprocess, sys
head = next(csv.reader(open("certinext.csv", encoding="utf-8-sig", newline="")))
assert len(head) == 23
row = {h: f"value-{i}" for i, h in enumerate(head)}
row.update({"CN / SAN Name": "www.example.com", "Order ID": "661", "Serial Number": "0A1B", "Expires On": "05-Feb-2027",
            "Issued On": "06-Feb-2026", "Status": "Deployed"})
with open("all.csv", "w", newline="") as f:
    w = csv.DictWriter(f, head); w.writeheader(); w.writerow(row)
r = subprocess.run([sys.argv[1], "import", "--profile", "certinext-inventory", "all.csv"], capture_output=True, text=True, timeout=60)
assert r.returncode == 0 and "does not know" not in r.stderr, r.stderr
row.update({"Expires On": "2027-02-05", "Issued On": "2026-02-06"})
del row["Serial Number"]  # the order number says the same
for h, v in row.items():
    assert v in r.stdout, (h, v)
PY

printf 'Common Name,Serial Number\na.example.com,4711\nb.example.com,0A1B2C3D4E5F6071\n' > short.csv
check 'a short serial number is for somebody to look at' sh -c "
  [ \"\$(\"$certbatch\" import --profile certinext-inventory short.csv -q | grep -c 'CHECK THE SERIAL NUMBER')\" = 1 ]"

# a workbook as spreadsheets write it, and its CSV twin, give one manifest
cat > xlsx.py << 'PY'
import sys, zipfile
from xml.sax.saxutils import escape

TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

def name(c):
    s = ""
    while c:
        c, r = divmod(c - 1, 26)
        s = chr(65 + r) + s
    return s

def book(path, sheet, strings="", extra=(), workbook=None, compress=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compress) as z:
        z.writestr("[Content_Types].xml", TYPES)
        z.writestr("xl/workbook.xml", workbook or
            f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>'
            '<sheet name="certs" sheetId="1" r:id="rId1"/></sheets></workbook>')
        z.writestr("xl/_rels/workbook.xml.rels",
            f'<Relationships><Relationship Id="rId1" Type="{REL}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{REL}/sharedStrings" Target="sharedStrings.xml"/>'
            f'<Relationship Id="rId3" Type="{REL}/styles" Target="styles.xml"/></Relationships>')
        z.writestr("xl/styles.xml", f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>')
        z.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{strings}</sst>')
        z.writestr("xl/worksheets/sheet1.xml", sheet)
        for n, d in extra:
            z.writestr(n, d)

def sheet_of(rows):
    """Text as shared strings, (days,) as a date, numbers as they are; empty cells are left out."""
    texts, out = [], []
    for r, row in enumerate(rows, 1):
        cells = []
        for c, v in enumerate(row, 1):
            at = f"{name(c)}{r}"
            if v == "":
                continue
            if isinstance(v, tuple):
                cells.append(f'<c r="{at}" s="1"><v>{v[0]}</v></c>')
            elif isinstance(v, (int, float)):
                cells.append(f'<c r="{at}"><v>{v!r}</v></c>')
            else:
                if v not in texts:
                    texts.append(v)
                cells.append(f'<c r="{at}" t="s"><v>{texts.index(v)}</v></c>')
        out.append(f'<row r="{r}">{"".join(cells)}</row>')
    body = f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{MAIN}"><sheetData>{"".join(out)}</sheetData></worksheet>'
    return body, "".join(f'<si><t xml:space="preserve">{escape(t)}</t></si>' for t in texts)
PY
check 'XLSX and CSV give one manifest' /usr/bin/python3 - "$certbatch" << 'PY'
import csv, datetime, subprocess, sys
sys.path.insert(0, ".")
from xlsx import book, sheet_of
rows = list(csv.reader(open("certinext.csv", encoding="utf-8-sig", newline="")))
dates = [i for i, h in enumerate(rows[0]) if h in ("Expires On", "Issued On")]
def cell(r, i, v):
    if r and i in dates and v:
        d = datetime.datetime.strptime(v, "%d-%b-%Y")
        return ((d - datetime.datetime(1899, 12, 30)).days,)
    return v
book("certinext.xlsx", *sheet_of([[cell(r, i, v) for i, v in enumerate(row)] for r, row in enumerate(rows)]))
def made(f):
    r = subprocess.run([sys.argv[1], "import", "--profile", "certinext-inventory", f, "-q"], capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr
    return r.stdout.replace("certinext.xlsx", "certinext.csv")
assert made("certinext.csv") == made("certinext.xlsx")
PY
check 'numbers of a spreadsheet are refused where digits are lost' /usr/bin/python3 - "$certbatch" << 'PY'
import subprocess, sys
sys.path.insert(0, ".")
from xlsx import book, sheet_of
book("numbers.xlsx", *sheet_of([["Common Name", "Serial Number", "Expires On"], ["a.example.com", 1.2345678901234501e20, (46346,)],
                                ["b.example.com", 1234567890123456789, (46346,)], ["c.example.com", 4711, 46346]]))
r = subprocess.run([sys.argv[1], "import", "--profile", "certinext-inventory", "numbers.xlsx"], capture_output=True, text=True, timeout=60)
assert r.returncode == 1, r.stderr
for place in ("numbers.xlsx:2:2:", "numbers.xlsx:3:2:", "numbers.xlsx:4:3:"):
    assert place in r.stderr, r.stderr
PY
check 'hostile workbooks' /usr/bin/python3 - "$certbatch" << 'PY'
import resource, subprocess, sys, zipfile
sys.path.insert(0, ".")
from xlsx import book, sheet_of, MAIN, REL
good, strings = sheet_of([["Common Name"], ["www.example.com"]])
cases = {}
def case(why, *a, **k):
    f = f"hostile{len(cases)}.xlsx"
    book(f, *a, **k)
    cases[f] = why
case("document type", '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>', strings)
case("document type", '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>', strings)
case("times its size", good, "<si><t>" + "a" * (64 << 20) + "</t></si>")
case("times its size", good, strings, extra=[("xl/media/bomb.xml", "\0" * (300 << 20))])
case("more than 4096 parts", good, strings, extra=[(f"xl/media/{i}.xml", "") for i in range(4200)])
case("more rows", good.replace('<row r="2">', '<row r="999999">').replace("A2", "A999999"), strings)
case("no sheet is visible", good, strings, workbook="<workbook/>")
case("not well-formed", good[:-20], strings)
case("does not have", good, "")
with zipfile.ZipFile("missing.xlsx", "w") as z:
    z.writestr("xl/workbook.xml", f'<workbook xmlns:r="{REL}"><sheets><sheet name="a" r:id="rId1"/></sheets></workbook>')
cases["missing.xlsx"] = "no part xl/_rels"
data = open("certinext.xlsx", "rb").read()
open("cut.xlsx", "wb").write(data[: len(data) // 2])
cases["cut.xlsx"] = "whole zip"
def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
for f, why in cases.items():
    r = subprocess.run([sys.argv[1], "import", "--profile", "certinext-inventory", f], capture_output=True, text=True, timeout=60, preexec_fn=limit)
    assert r.returncode == 3 and why in r.stderr, (f, why, r.returncode, r.stderr)
PY
check 'a workbook of openpyxl' /usr/bin/python3 - "$certbatch" << 'PY'
import datetime, subprocess, sys
import openpyxl
b = openpyxl.Workbook(); s = b.active
s.append(["Common Name", "Serial Number", "Expires On"])
s.append(["www.example.com", "0A1B2C", datetime.datetime(2027, 2, 5)])
b.save("openpyxl.xlsx")
r = subprocess.run([sys.argv[1], "import", "--profile", "certinext-inventory", "openpyxl.xlsx"], capture_output=True, text=True, timeout=60)
assert r.returncode == 0 and '"0A1B2C"' in r.stdout and "ends 2027-02-05" in r.stdout, r.stderr
PY

# orders that were imported run: keys, certificates, one PFX for each person
run_smime() {
  timeout 60 "$certbatch" import --profile smime-users smime.csv -o smime.batch.yaml -q &&
    timeout 120 "$certbatch" run smime.batch.yaml > "$work/run.log" 2>&1 || { cat "$work/run.log"; return 1; }
  n=$(tar tzf smime-delivery.tar.gz | grep -c '\.p12$')
  [ "$n" = 2 ]
}
check 'S/MIME users become one PFX each' run_smime

# what was issued goes back: openssl says the same of each certificate as the workbook
check 'export to ServiceNow' /usr/bin/python3 - "$certbatch" << 'PY'
import glob, re, subprocess, sys, zipfile
import xml.etree.ElementTree as E
subprocess.run([sys.argv[1], "export", "smime.state", "--to", "servicenow-xlsx", "-o", "sn.xlsx"], check=True, timeout=60)
z = zipfile.ZipFile("sn.xlsx")
n = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
texts = []
if "xl/sharedStrings.xml" in z.namelist():
    texts = ["".join(t.text or "" for t in si.iter("{%s}t" % n["m"])) for si in E.fromstring(z.read("xl/sharedStrings.xml")).findall("m:si", n)]
rows = []
for row in E.fromstring(z.read("xl/worksheets/sheet1.xml")).iter("{%s}row" % n["m"]):
    cells = {}
    for c in row.findall("m:c", n):
        v = c.find("m:v", n)
        t = c.get("t")
        cells[re.match("[A-Z]+", c.get("r")).group()] = (texts[int(v.text)] if t == "s" else "".join(x.text or "" for x in c.iter("{%s}t" % n["m"])) if t == "inlineStr" else v.text) if len(c) else ""
    rows.append(cells)
assert len(rows[0]) == 23 and len(rows) == 3, rows
by_name = {r["C"]: r for r in rows[1:]}
for pem in glob.glob("smime.state/items/*/certificate.pem"):
    def ossl(*a, f=pem):
        return subprocess.run(["openssl", "x509", "-noout", "-in", f, *a], capture_output=True, text=True, check=True).stdout.strip()
    r = by_name[re.search("CN *= *([^,]+)", ossl("-subject")).group(1)]
    assert r["A"].replace(" ", "") == ossl("-fingerprint", "-sha256").split("=")[1].replace(":", "").lower()
    assert r["N"].replace(" ", "").upper().lstrip("0") == ossl("-serial").split("=")[1].lstrip("0")
    end = int(subprocess.run(["date", "-u", "-d", ossl("-enddate").split("=")[1], "+%s"], capture_output=True, text=True).stdout)
    assert float(r["J"]) == end * 1000
    chain = open(pem.replace("certificate", "chain")).read()
    blocks = re.findall("-----BEGIN.*?END CERTIFICATE-----", chain, re.S)
    for column, block in (("E", blocks[0]), ("H", blocks[-1])):
        open("one.pem", "w").write(block)
        assert r[column].replace(" ", "") == ossl("-fingerprint", "-sha256", f="one.pem").split("=")[1].replace(":", "").lower()
PY
exit $bad
