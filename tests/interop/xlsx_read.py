# SPDX-License-Identifier: Apache-2.0
"""A reader of spreadsheets made of zipfile and an XML parser: the sheets as rows of typed values."""
import datetime
import re
import xml.etree.ElementTree as ElementTree
import zipfile

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
EPOCH = datetime.datetime(1899, 12, 30, tzinfo=datetime.timezone.utc)


def column(reference):
    n = 0
    for letter in re.match("[A-Z]+", reference).group():
        n = n * 26 + ord(letter) - 64
    return n - 1


def unescape(text):
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m.group(1), 16)), text)


def date_styles(book):
    root = ElementTree.fromstring(book.read("xl/styles.xml"))
    formats = {f.get("numFmtId"): f.get("formatCode") for f in root.iter(MAIN + "numFmt")}
    cells = root.find(MAIN + "cellXfs")
    return {str(i) for i, xf in enumerate(cells) if "yy" in formats.get(xf.get("numFmtId"), "")}


def value(cell, dates):
    kind = cell.get("t")
    if kind == "inlineStr":
        return unescape("".join(t.text or "" for t in cell.iter(MAIN + "t")))
    number = cell.find(MAIN + "v").text
    if kind == "b":
        return number == "1"
    if cell.get("s") in dates:
        moment = EPOCH + datetime.timedelta(days=float(number))
        return (moment + datetime.timedelta(milliseconds=500)).replace(microsecond=0)
    return int(number) if float(number).is_integer() else float(number)


class Sheet:
    def __init__(self, xml, dates):
        root = ElementTree.fromstring(xml)
        pane = root.find(f"{MAIN}sheetViews/{MAIN}sheetView/{MAIN}pane")
        self.frozen = pane is not None and pane.get("ySplit") == "1" and pane.get("state") == "frozen"
        filters = root.find(MAIN + "autoFilter")
        self.filter = None if filters is None else filters.get("ref")
        self.formulas = sum(1 for _ in root.iter(MAIN + "f"))
        rows = []
        for row in root.find(MAIN + "sheetData"):
            rows.append({column(c.get("r")): value(c, dates) for c in row if len(c)})
        self.head = [rows[0][i] for i in sorted(rows[0])]
        self.rows = [{h: r.get(i) for i, h in enumerate(self.head)} for r in rows[1:]]


def read(path):
    """{name: Sheet} in the order of the workbook."""
    with zipfile.ZipFile(path) as book:
        assert book.testzip() is None
        for name in book.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(book.read(name))
        targets = {r.get("Id"): r.get("Target")
                   for r in ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))}
        dates = date_styles(book)
        root = ElementTree.fromstring(book.read("xl/workbook.xml"))
        return {s.get("name"): Sheet(book.read("xl/" + targets[s.get(REL + "id")]), dates)
                for s in root.find(MAIN + "sheets")}
