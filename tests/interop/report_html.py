#!/usr/bin/python3
"""report.html and report.pdf of one state against its report.json, and the page in Chromium.

    report_html.py DIR        DIR has report.json, report.html, report.pdf of the same state

Prints "ok ..." or "not ok ..." for every check. With REPORT_PICTURES=DIR screenshots are kept there.
"""
import html.parser
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser  # noqa: E402

directory = os.path.abspath(sys.argv[1])
path = lambda name: os.path.join(directory, name)
report = json.load(open(path("report.json"), encoding="utf-8"))
page = open(path("report.html"), encoding="utf-8").read()
bad = 0


def check(title, fine, detail=""):
    global bad
    print(("ok " if fine else "not ok ") + title)
    if not fine:
        bad = 1
        if detail:
            print("    " + str(detail)[:1200].replace("\n", "\n    "))


def visible(text):
    """Foreign text as the program shows it."""
    out = ""
    for c in text or "":
        n = ord(c)
        if c == "\\":
            out += "\\\\"
        elif n < 0x20 or n == 0x7F:
            out += "\\x%02x" % n
        elif 0x80 <= n < 0xA0 or n in (0x61C, 0x200E, 0x200F) or 0x202A <= n <= 0x202E or 0x2066 <= n <= 0x2069:
            out += "\\u{%04x}" % n
        else:
            out += c
    return out


# --- report.html, read as a program would ---
class Rows(html.parser.HTMLParser):
    """Rows of the table of items: cells, and of the folded part name -> list of texts."""

    def __init__(self):
        super().__init__()
        self.rows, self.row, self.name, self.stack, self.tags, self.lines = [], None, None, [], set(), ""

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        if tag == "tr" and attrs.get("class", "").startswith("s-"):
            self.row = {"state": attrs["class"][2:], "id": attrs["id"][2:], "cells": [], "facts": {}}
            self.rows.append(self.row)
        if self.row is None:
            return
        if tag == "p" and attrs.get("class") == "lines":
            self.stack.append(("lines", None))
        elif tag == "p" and attrs.get("class") == "finding":
            self.row["facts"].setdefault("Findings", []).append("")
            self.stack.append(("fact", "Findings"))
        elif tag in ("th", "td") and attrs.get("class") != "more":
            self.row["cells"].append("")
            self.stack.append(("cell", None))
        elif tag == "dt":
            self.name = ""
            self.stack.append(("name", None))
        elif tag == "dd":
            self.row["facts"].setdefault(self.name, []).append("")
            self.stack.append(("fact", self.name))

    def handle_endtag(self, tag):
        if self.row is None:
            return
        if tag == "p" and self.stack and self.stack[-1][0] == "lines":
            for line in self.lines.splitlines():
                name, _, value = line.partition("\t")
                self.row["facts"].setdefault(name, []).append(value)
            self.lines = ""
            self.stack.pop()
        elif tag in ("th", "td", "dt", "dd", "p") and self.stack:
            self.stack.pop()
        if tag == "tr":
            self.row = None

    def handle_data(self, data):
        if self.row is None or not self.stack:
            return
        kind, name = self.stack[-1]
        if kind == "lines":
            self.lines += data
        elif kind == "cell":
            self.row["cells"][-1] += data
        elif kind == "name":
            self.name += data
        else:
            self.row["facts"][name][-1] += data


def expected_cells(item):
    return [item["id"], item["state"], visible(item["action"]), visible(item["ca"]), visible(item["product"]),
            visible(item["common_name"]), (item["not_after"] or "")[:10], visible(item["serial"])]


def expected_facts(item):
    facts = {"Attempts": [str(item["attempts"])]}
    plain = {"Issuer": "issuer", "Valid from": "not_before", "Valid until": "not_after", "Order": "order",
             "Certificate SHA-256": "sha256", "Key SHA-256": "spki_sha256"}
    for name, key in plain.items():
        if item[key]:
            facts[name] = [visible(item[key])]
    if item["san"]:
        facts["Names"] = [visible(" ".join(item["san"]))]
    if item["outputs"]:
        facts["File"] = [visible(o["path"]) + " SHA-256 " + o["sha256"] for o in item["outputs"]]
    if item["error"]:
        label = "Pending" if item["state"] == "pending" else "Error"
        facts[label] = [": ".join(visible(item["error"][k]) for k in ("code", "message") if item["error"][k])]
    return facts


def compare_html():
    rows = Rows()
    rows.feed(page)
    check("html: as many rows as items", len(rows.rows) == len(report["items"]) > 0, (len(rows.rows), len(report["items"])))
    cells = facts = findings = []
    for row, item in zip(rows.rows, report["items"]):
        if row["id"] != item["id"] or row["state"] != item["state"] or row["cells"] != expected_cells(item):
            cells = cells + [(row["cells"], expected_cells(item))]
        said = dict(row["facts"])
        notes = " ".join(said.pop("Findings", [""]))
        if said != expected_facts(item):
            facts = facts + [(said, expected_facts(item))]
        at = 0
        for f in item["findings"]:
            text = f["severity"] + f["rule"] + " " + visible(f["message"])
            found = notes.find(text, at)
            if found < 0 or (f.get("waiver") and "Accepted by " + visible(f["waiver"]) not in notes[found:]):
                findings = findings + [(item["id"], text, notes)]
            at = max(found, 0) + 1
        if not item["findings"] and notes:
            findings = findings + [(item["id"], notes)]
    check("html: every cell says what report.json says", not cells, cells[:2])
    check("html: every folded fact too", not facts, facts[:2])
    check("html: every finding too", not findings, findings[:2])
    check("html: nothing foreign became an element", rows.tags <= KNOWN, rows.tags - KNOWN)
    counted = dict(re.findall(r"<dt>([a-z-]+)</dt><dd>(\d+)</dd>", page))
    check("html: the counts of every state", counted == {k: str(v) for k, v in report["counts"].items()}, counted)
    total = sum(v for k, v in report["counts"].items() if k != "items")
    check("html: they add up", total == report["counts"]["items"] == len(report["items"]))


KNOWN = set("""html head meta title style body div a header p b h1 time nav main section h2 h3 svg rect i dl dt dd span ul li
details summary g text line table caption thead tr th tbody td code input label output footer script""".split())


# --- report.pdf: words with their places ---
COLUMNS = [42, 124, 172, 206, 268, 320, 432, 480]


def pdf_rows():
    """Rows of the table of items. A word at the left edge begins one (or goes on with a long id); the
    others belong to the row they are beside or below, over the end of a page too."""
    text = subprocess.run(["pdftotext", "-bbox", path("report.pdf"), "-"], check=True, capture_output=True).stdout
    space = "{http://www.w3.org/1999/xhtml}"
    rows, inside = [], False
    for sheet in xml.etree.ElementTree.fromstring(text).iter(space + "page"):
        words = [[float(w.get(k)) for k in ("yMin", "yMax", "xMin")] + [w.text or ""] for w in sheet.iter(space + "word")]
        heads = [w for w in words if w[2] < 43 and w[1] - w[0] > 12 and 60 < w[0] < 790]
        begin = [w[0] for w in heads if w[3] == "Items"]
        end = [w[0] for w in heads if w[3] != "Items"]
        top = begin[0] + 12 if begin else 83 if inside else 900
        inside = inside or bool(begin)
        after = [y for y in end if y > top]
        bottom = after[0] if after else 790
        inside = inside and not after
        words = [w for w in words if top < w[0] < bottom]
        starts = []
        for y in sorted(w[0] for w in words if w[2] < 43):
            if not starts or y - starts[-1] > 11:
                starts.append(y)
        here = [{"cells": [""] * len(COLUMNS), "all": ""} for _ in starts]
        for low, high, x, word in sorted(words, key=lambda w: (round(w[0]), w[2])):
            at = sum(1 for y in starts if y <= (low + high) / 2) - 1
            row = here[at] if at >= 0 else rows[-1]
            row["all"] += word
            row["cells"][max(i for i, left in enumerate(COLUMNS) if x >= left - 0.6)] += word
        rows += here
    return rows


def squeezed(text):
    return re.sub(r"\s", "", text or "")


def spelt(text):
    """Characters that the fonts lack are spelt out."""
    return "".join("\\u{%04x}" % ord(c) if 0x590 <= ord(c) <= 0x109F or ord(c) >= 0x2E80 else c for c in visible(text))


def compare_pdf():
    rows = [r for r in pdf_rows() if r["cells"][0] != "Item"]
    check("pdf: as many rows as items", len(rows) == len(report["items"]), (len(rows), len(report["items"])))
    wrong, notes = [], []
    for row, item in zip(rows, report["items"]):
        want = [squeezed(spelt(c)) for c in
                [item["id"], item["state"], item["action"], item["ca"], item["product"], item["common_name"],
                 (item["not_after"] or "")[:10], item["serial"]]]
        got = [squeezed(c) for c in row["cells"]]
        # below the first line the columns hold error and findings
        if got[0] != want[0] or not all(g.startswith(w) for g, w in zip(got, want)):
            wrong.append((got, want))
        parts = [squeezed(spelt(item["error"][k])) for k in ("code", "message") if item["error"] and item["error"][k]]
        parts += [squeezed("%s[%s]%s" % (f["severity"], f["rule"], spelt(f["message"]))) for f in item["findings"]]
        if not all(p in squeezed(row["all"]) for p in parts):
            notes.append((row["all"], parts))
    check("pdf: every cell says what report.json says", not wrong, wrong[:3])
    check("pdf: every error and finding too", not notes, notes[:3])
    text = subprocess.run(["pdftotext", "-layout", path("report.pdf"), "-"], check=True, capture_output=True, text=True)
    check("pdf: poppler has nothing to complain about", text.stderr == "", text.stderr)
    numbers = [int(n) for n in re.findall(r"page (\d+) of \d+", text.stdout)]
    total = set(re.findall(r"page \d+ of (\d+)", text.stdout))
    check("pdf: pages are numbered", numbers == list(range(1, len(numbers) + 1)) and total == {str(len(numbers))}, (numbers, total))
    head = text.stdout.count(report["batch"])
    check("pdf: batch and ticket on every page", head >= len(numbers) and text.stdout.count(report["change"]["ticket"]) >= len(numbers))
    first = text.stdout.split("What to do")[0]
    counts = re.findall(r"\b\d+\b", first.split("needs attention")[-1])[1:]
    want = [str(v) for v in report["counts"].values()]
    check("pdf: the counts of every state", sorted(counts) == sorted(want), (counts, want))
    info = subprocess.run(["pdfinfo", "-isodates", path("report.pdf")], check=True, capture_output=True, text=True).stdout
    check("pdf: its date is the end of the run", report["ended"][:19] in info, info)
    check("pdf: A4", "(A4)" in info, info)
    fonts = subprocess.run(["pdffonts", path("report.pdf")], check=True, capture_output=True, text=True).stdout.splitlines()[2:]
    check("pdf: every font is embedded, with its map to text", fonts and all(re.search(r" yes yes yes ", f) for f in fonts), fonts)


# --- the page in a browser ---
VISIBLE = "Array.from(document.querySelectorAll('#rows tbody tr')).filter(r => getComputedStyle(r).display !== 'none')"
CONTRAST = r"""
(() => {
  const parse = (c) => c.match(/[\d.]+/g).map(Number);
  const light = (c) => { const f = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]); };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const low = new Set();
  for (const d of document.querySelectorAll('#rows details')) { d.open = d.closest('tr').rowIndex < 40; }
  for (const e of document.body.querySelectorAll('*')) {
    if (e.closest('script, title, .unseen, .skip, [hidden], .show')) continue;
    if (!Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const svg = e.namespaceURI.endsWith('svg');
    const a = light(parse(svg ? getComputedStyle(e).fill : getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.add(e.tagName + '.' + (e.getAttribute('class') || '') + ' ' + ratio.toFixed(2));
  }
  return Array.from(low);
})()
"""


def errors(browser):
    return [m for m in browser.messages if m.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown")]


def without_script(b, url):
    b.call("Emulation.setScriptExecutionDisabled", value=True)
    b.open(url)
    items = len(report["items"])
    check("without script: every item is there", b.run(VISIBLE + ".length") == items)
    check("without script: no control that does nothing", b.run("document.getElementById('search').hidden") is True)
    for state in ("refused", "issued"):
        b.run("document.getElementById('show-%s').click()" % state)
        check("without script: choosing \"%s\" shows these items" % state,
              b.run(VISIBLE + ".length") == report["counts"][state] > 0, b.run(VISIBLE + ".length"))
    b.run("document.getElementById('show-all').focus()")
    b.key("ArrowRight", 39)
    first = b.run("document.querySelector('.show:checked').value")
    check("without script: the keyboard chooses too", b.run(VISIBLE + ".length") == report["counts"][first], first)
    b.run("document.querySelector('#rows summary').click()")
    check("without script: details open", b.run("document.querySelector('#rows details').open") is True)
    b.call("Emulation.setScriptExecutionDisabled", value=False)


def type_text(b, text):
    b.run("document.querySelector('#search input').focus(); document.querySelector('#search input').select()")
    b.call("Input.insertText", text=text)


def with_script(b, url):
    b.open(url)
    items = report["items"]
    check("with script: nothing is refused or broken", not errors(b), errors(b))
    asked = [m["params"]["request"]["url"] for m in b.messages if m.get("method") == "Network.requestWillBeSent"]
    check("with script: nothing is fetched", all(u.startswith("file://") for u in asked) and len(asked) <= 1, asked)
    wanted = [i for i in items if "payments" in json.dumps(i)]
    type_text(b, "payments")
    check("with script: search shows what has the word", b.run(VISIBLE + ".length") == len(wanted) > 0,
          (b.run(VISIBLE + ".length"), len(wanted)))
    check("with script: the number shown is told", b.run("document.querySelector('#search output').textContent")
          == "%d of %d shown" % (len(wanted), len(items)))
    type_text(b, "<script>alert")
    odd = [i for i in items if "<script>alert" in json.dumps(i)]
    check("with script: markup in a name is text", b.run(VISIBLE + ".length") == len(odd) > 0, len(odd))
    ids = "Array.from(document.querySelectorAll('#rows tbody tr')).map(r => r.id.slice(2))"
    for click, order in ((1, "ascending"), (2, "descending")):
        b.run("document.querySelector('[data-sort=until] button').focus()")
        b.key("Enter", 13)
        got = b.run("Array.from(document.querySelectorAll('#rows tbody tr')).map(r => r.cells[6].textContent)")
        check("with script: sorts by date, %s" % order, got == sorted(got, reverse=click == 2) and len(set(got)) > 3, got[:9])
        check("with script: says so (aria-sort)", b.run("document.querySelector('[data-sort=until]').getAttribute('aria-sort')") == order)
    check("with script: sorting loses no item", sorted(b.run(ids)) == sorted(i["id"] for i in items))
    check("with script: what is shown stands in the address", "sort=-until" in b.run("location.hash"), b.run("location.hash"))
    b.open(url)
    far = items[-3]["id"]
    b.run("location.hash = '#i-%s'" % far)
    b.run("new Promise((done) => setTimeout(done, 300))")
    top = b.run("document.getElementById('i-%s').getBoundingClientRect().top" % far)
    seen = b.run("innerHeight")
    check("with script: a link to a far item brings it into view", 0 <= top < seen, (top, seen))
    b.open(url + "#i-" + items[150]["id"])
    b.run("new Promise((done) => setTimeout(done, 300))")
    top = b.run("document.getElementById('i-%s').getBoundingClientRect().top" % items[150]["id"])
    check("with script: so does an address", 0 <= top < seen, (top, seen))
    type_text(b, "<script>alert")
    groups = b.run("Array.from(document.querySelectorAll('#rows tbody')).map(g => g.rows.length)")
    check("with script: groups stay as large as they were", groups == [100] * (len(items) // 100) + [len(items) % 100], groups)
    high = "document.getElementById('rows').getBoundingClientRect().height"
    n = b.run(VISIBLE + ".length")
    check("with script: groups of rows that are not shown leave no room", b.run(high) < 400 + 200 * n, (b.run(high), n))
    b.open(url + "#show=refused&q=ems-912&sort=-id")
    got = b.run(VISIBLE + ".map(r => r.id.slice(2))")
    want = sorted((i["id"] for i in items if i["state"] == "refused"), reverse=True)
    check("with script: an address shows the same again", got == want and want, (got, want))
    b.run("const s = document.createElement('script'); s.textContent = 'window.bad = 1'; document.body.append(s)")
    check("the policy stops a script that is not ours", b.run("typeof window.bad") == "undefined")
    b.run("const d = document.createElement('div'); d.innerHTML = '<p id=x style=\"color: red\">x</p><img id=y src=\"data:image/gif;base64,R0lGODlhAQABAAAAACw=\">'; document.body.append(d)")
    check("the policy stops an inline style", b.run("getComputedStyle(document.getElementById('x')).color") != "rgb(255, 0, 0)")


def looks(b, url):
    pictures = os.environ.get("REPORT_PICTURES")
    for scheme in ("light", "dark"):
        b.call("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}])
        b.open(url)
        low = b.run(CONTRAST)
        check("%s: every text has a contrast of 4.5 or more" % scheme, low == [], low)
        if pictures:
            b.picture(os.path.join(pictures, scheme + ".png"))
    dark = b.run("getComputedStyle(document.body).backgroundColor")
    b.call("Emulation.setEmulatedMedia", media="print", features=[])
    b.open(url)
    check("print: white paper", b.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)" != dark)
    check("print: no controls", b.run("getComputedStyle(document.querySelector('nav')).display") == "none")
    b.call("Emulation.setEmulatedMedia", media="", features=[])
    for width in (360, 768, 1280):
        b.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)
        b.open(url)
        b.run("for (const d of document.querySelectorAll('details')) d.open = true; 1")
        wide = b.run("document.scrollingElement.scrollWidth")
        check("%d pixels: nothing sticks out" % width, wide <= width, wide)
        if pictures:
            b.picture(os.path.join(pictures, "%d.png" % width))
    b.call("Emulation.clearDeviceMetricsOverride")


def accessible(b, url):
    b.call("Accessibility.enable")
    b.open(url)
    # groups of rows off the screen are styled, laid out and read only when they come into it
    def tree(to):
        b.run("document.documentElement.style.scrollBehavior = 'auto'; %s.scrollIntoView()" % to)
        b.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return b.call("Accessibility.getFullAXTree")["nodes"]
    role = lambda n: n.get("role", {}).get("value")
    name = lambda n: n.get("name", {}).get("value")
    nodes = tree("document.querySelector('#rows tbody:last-child tr:last-child')")
    last = [name(n) for n in nodes if role(n) == "rowheader" and not n.get("ignored")]
    nodes = tree("document.getElementById('rows')")
    roles = [role(n) for n in nodes if not n.get("ignored")]
    check("accessibility: a column header a column", roles.count("columnheader") >= 9, roles.count("columnheader"))
    heads = [name(n) for n in nodes if role(n) == "rowheader" and not n.get("ignored")]
    ids = [i["id"] for i in report["items"]]
    check("accessibility: the number of rows is told, groups are there", roles.count("rowgroup") >= 1 + (len(ids) + 99) // 100
          and b.run("document.getElementById('rows').ariaRowCount") == str(len(ids) + 1), roles.count("rowgroup"))
    check("accessibility: a row an item of the group on the screen", roles.count("row") > 100, roles.count("row"))
    check("accessibility: so is the last one when it comes into view", ids[-1] in last, last[-5:])
    check("accessibility: its header is read aloud as the item", set(ids[:5]) <= set(heads), (ids[:5], heads))
    empty = [role(n) for n in nodes if role(n) in ("link", "button", "radio", "searchbox", "table", "image", "img", "heading", "region")
             and not n.get("ignored") and not name(n)]
    check("accessibility: every control, table, picture and part has a name", not empty, empty)
    check("accessibility: one main part, one title", roles.count("main") == 1 and b.run("document.querySelectorAll('h1').length") == 1)


compare_html()
compare_pdf()
url = "file://" + path("report.html")
with Browser() as browser:
    without_script(browser, url)
    with_script(browser, url)
    looks(browser, url)
    accessible(browser, url)
sys.exit(bad)
