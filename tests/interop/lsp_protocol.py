# SPDX-License-Identifier: Apache-2.0
"""The protocol itself, octet by octet: lsp_protocol.py CERTBATCH. Prints ok and not ok lines."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lsp_client import Client, frame  # noqa: E402

CERTBATCH = sys.argv[1]
AS_OF = ("--as-of", "2026-11-21")
HEAD = """certbatch: 1
name: lsp
policy: [private]
change: {ticket: CHG0031337, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}
ca: local
orders:
"""
ROW = '  - {comment: "\U0001F600\u00e9\U0001F680", id: one, san: ["www.corp.internal."]}\n'
GOOD = HEAD + '  - {id: one, san: ["www.corp.internal"]}\n'
URI = "file:///nowhere/a.batch.yaml"
bad = 0


def check(name, holds, seen=None):
    global bad
    print(("ok " if holds else "not ok ") + name + ("" if holds else f": {seen!r}"), flush=True)
    bad |= not holds


def utf16(text):
    return len(text.encode("utf-16-le")) // 2


def codes(diagnostics):
    return sorted({d["code"] for d in diagnostics or []})


def server(encodings=None):
    c = Client(CERTBATCH, *AS_OF)
    c.hello = c.initialize(encodings)
    return c


def dotted(diagnostics):
    return [d for d in diagnostics or [] if d["code"] == "dns.trailing-dot"]


def encodings():
    for offered, want, width in ((None, "utf-16", utf16), (["utf-8"], "utf-16", utf16),
                                 (["utf-8", "utf-32"], "utf-32", len)):
        c = server(offered)
        check(f"offered {offered}: {want}", c.hello["capabilities"]["positionEncoding"] == want, c.hello)
        d = dotted(c.open(URI, HEAD + ROW))
        row = ROW.rstrip("\n")
        start, end = row.index('"www'), row.index(']')
        wanted = {"start": {"line": 6, "character": width(row[:start])},
                  "end": {"line": 6, "character": width(row[:end])}}
        check(f"{want}: a finding behind an emoji", len(d) == 1 and d[0]["range"] == wanted, d)
        check(f"{want}: severity, code, source", len(d) == 1 and d[0]["severity"] == 1
              and d[0]["source"] == "certbatch", d)
        # delete the dot by its place
        dot = width(row[:row.index('."')])
        c.change(URI, 2, ("", (6, dot), (6, dot + 1)))
        d = c.diagnostics(URI)
        check(f"{want}: deleting the dot mends it", d is not None and not dotted(d), d)
        check(f"{want}: the version is told", c.published[-1].get("version") == 2, c.published[-1])
        # replace the first emoji, a pair of surrogates in UTF-16, by nothing, then bring the dot back
        at = width(row[:row.index("\U0001F600")])
        gone = width("\U0001F600")
        c.change(URI, 3, ("", (6, at), (6, at + gone)), (".", (6, dot - gone), (6, dot - gone)))
        d = dotted(c.diagnostics(URI))
        check(f"{want}: edits across an emoji", len(d) == 1 and d[0]["range"]["start"] ==
              {"line": 6, "character": wanted["start"]["character"] - gone}, d)
        check(f"{want}: exit 0", c.finish() == 0)


def crlf():
    c = server()
    text = (HEAD + ROW).replace("\n", "\r\n")
    d = dotted(c.open(URI, text))
    check("CRLF: line and column", len(d) == 1 and d[0]["range"]["start"] ==
          {"line": 6, "character": utf16(ROW[:ROW.index('"www')])}, d)
    # a place behind the end of a line is its end: the CR stays
    c.change(URI, 2, (" # note", (6, 9999), (6, 9999)))
    d = c.diagnostics(URI)
    check("CRLF: an insertion behind the end of a line", len(dotted(d)) == 1 and len(codes(d)) == 1, d)
    c.change(URI, 3, ("", (5, 7), (6, 0)))  # joins two lines: the YAML is broken
    d = c.diagnostics(URI)
    check("CRLF: a deleted line end", d and not dotted(d), d)
    c.change(URI, 4, ("\r\n", (5, 7), (5, 7)))
    check("CRLF: and back", len(dotted(c.diagnostics(URI))) == 1, c.published[-1])
    check("CRLF: exit 0", c.finish() == 0)


def changes():
    c = server()
    check("clean: an empty list", c.open(URI, GOOD) == [], c.published)
    c.change(URI, 2, (HEAD + ROW,))
    check("a change of the full text", len(dotted(c.diagnostics(URI))) == 1, c.published[-1])
    c.change(URI, 3, ("x",), (GOOD,), ("# \U0001F600\n", (0, 0), (0, 0)), (GOOD,))
    check("several changes in one notification", c.diagnostics(URI) == [], c.published[-1])
    c.change(URI, 4, ("z", (6, 5), (2, 1)))
    reply = c.request("textDocument/hover", hover(0, 0))
    check("an end before its start is left out", "error" not in reply
          and c.published[-1]["diagnostics"] == [], c.published[-1])
    c.change(URI, 5, (HEAD + ROW, (0, 0), (4000000000, 0)))
    check("a place far behind the end is the end", len(dotted(wait(c, 5))) == 1, c.published[-1])
    c.change(URI, 6, ("",))
    check("a document of 0 octets", codes(wait(c, 6)) != [], c.published[-1])
    c.change(URI, 7, (GOOD, (0, 0), (0, 0)))
    check("and text again", wait(c, 7) == [], c.published[-1])
    c.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    check("saving judges again", c.diagnostics(URI) == [], c.published[-1])
    c.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    check("closing empties the list", c.diagnostics(URI) == [] and "version" not in c.published[-1],
          c.published[-1])
    reply = c.request("textDocument/hover", hover(0, 0))
    check("a closed document is not open", reply["error"]["code"] == -32803, reply)
    check("exit 0 after all this", c.finish() == 0)
    c = server()
    for name in ("a.batch.yaml", "a.policy.yaml", "certbatch.yaml", "a.csr", "a.pem"):
        d = c.open("file:///nowhere/" + name, "# " + "x" * (33 << 20))
        check(f"33 MiB of {name}: refused, and not as empty", len(d) == 1 and "no YAML" not in d[0]["message"], d)
    check("exit 0 after too much", c.finish() == 0)
    c = server()
    d = c.open(URI, "")
    check("opening 0 octets", codes(d) != [], d)
    check("exit 0 with an empty document", c.finish() == 0)


def hover(line, character, uri=URI):
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


def wait(c, version):
    while True:
        d = c.diagnostics(URI)
        if d is None or c.published[-1].get("version") == version:
            return d


def errors():
    c = Client(CERTBATCH, *AS_OF)
    reply = c.request("textDocument/hover", hover(0, 0))
    check("a request before initialize: -32002", reply["error"]["code"] == -32002, reply)
    c.notify("textDocument/didOpen", {"textDocument": {"uri": URI, "version": 1, "text": "x"}})
    c.initialize()
    check("a notification before initialize is dropped", c.published == [], c.published)
    reply = c.request("no/such")
    check("an unknown method: -32601", reply["error"]["code"] == -32601, reply)
    c.notify("$/no/such")
    reply = c.request("initialize")
    check("initialize twice: -32600", reply["error"]["code"] == -32600, reply)
    for name, text, code in (("broken JSON", b'{"a":', -32700), ("no octets", b"", -32700),
                             ("not UTF-8", b'{"method":"\xff"}', -32700),
                             ("a key twice", b'{"id":1,"id":2}', -32700),
                             ("deep nesting", b"[" * 100000, -32700),
                             ("an array", b"[]", -32600), ("an empty object", b"{}", -32600),
                             ("a number as method", b'{"method":7}', -32600)):
        c.write(frame(text))
        reply = c.answer(None)
        check(f"{name}: {code}", reply and reply["error"]["code"] == code and reply["id"] is None, reply)
    c.send({"jsonrpc": "2.0", "id": "a\u00e9\"", "method": "textDocument/hover", "params": [1]})
    reply = c.answer("a\u00e9\"")
    check("an id that is a string; params that are a list", reply["error"]["code"] == -32803, reply)
    c.send({"jsonrpc": "2.0", "id": 77, "result": None})  # an answer we never asked for
    c.write(frame(b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":'
                  b'{"uri":"file:///n/a.batch.yaml","version":1,"text":"a\\u0000b"}}}'))
    reply = c.request("textDocument/hover", hover(0, 0))
    check("a NUL in a document does not end the server", reply is not None, reply)
    c.request("shutdown")
    reply = c.request("textDocument/hover", hover(0, 0))
    check("a request after shutdown: -32600", reply["error"]["code"] == -32600, reply)
    c.notify("exit")
    check("exit 0 after errors", c.finish(polite=False) == 0)


def frames():
    for name, octets in (("no Content-Length", b"Content-Type: x\r\n\r\n{}"),
                         ("absurd length", b"Content-Length: 99999999999999999999999\r\n\r\n{}"),
                         ("length above the limit", b"Content-Length: 67108865\r\n\r\n{}"),
                         ("negative length", b"Content-Length: -5\r\n\r\n{}"),
                         ("hexadecimal length", b"Content-Length: 0x2\r\n\r\n{}"),
                         ("empty length", b"Content-Length:\r\n\r\n{}"),
                         ("no end of the header", b"a" * 5000), ("only an empty line", b"\r\n\r\n"),
                         ("octets that are none", bytes(range(256)) * 20)):
        c = server()
        c.write(octets)
        code = c.finish(polite=False)
        check(f"{name}: ends with 1", code == 1, code)
    for name, octets in (("in a header", b"Content-Le"), ("in a body", b"Content-Length: 50\r\n\r\n{"),
                         ("of input", b"")):
        c = server()
        c.write(octets)
        code = c.finish(polite=False)
        check(f"the end {name} without shutdown: 1", code == 1, code)
    c = server()
    c.notify("exit")
    check("exit without shutdown: 1", c.finish(polite=False) == 1)
    c = server()
    c.process.stdout.close()  # the client is gone: no signal may kill us
    c.notify("textDocument/didOpen", {"textDocument": {"uri": URI, "version": 1, "text": GOOD}})
    code = c.process.wait(20)
    check("a client that reads no more: 1", code == 1, code)
    c.process.stdin.close()
    c.process.stderr.close()


def streams():
    c = server()
    c.open(URI, GOOD)
    many = b""
    for v in range(2, 202):
        many += frame({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
            "textDocument": {"uri": URI, "version": v},
            "contentChanges": [{"text": GOOD if v % 2 else HEAD + ROW}]}})
    many += frame({"jsonrpc": "2.0", "id": 900, "method": "textDocument/hover",
                   "params": hover(6, utf16(ROW[:ROW.index('www')]))})
    c.write(many)
    reply = c.answer(900)
    check("many messages in one write: the last counts", c.published[-1]["version"] == 201, c.published[-1])
    check("many messages: not one judgement each", len(c.published) < 100, len(c.published))
    check("hover answers for the last text", reply["result"] is None, reply)
    for octet in frame({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
            "textDocument": {"uri": URI, "version": 300}, "contentChanges": [{"text": HEAD + ROW}]}}):
        c.write(bytes([octet]))
    check("one octet at a time", len(dotted(wait(c, 300))) == 1, c.published[-1])
    body = json.dumps({"jsonrpc": "2.0", "id": 901, "method": "textDocument/hover",
                       "params": hover(6, utf16(ROW[:ROW.index('www')]))}).encode()
    c.write(b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:  %d\r\n\r\n"
            % len(body) + body)
    reply = c.answer(901)
    check("two header lines, another case; hover explains",
          "dns.trailing-dot" in ((reply["result"] or {}).get("contents") or {}).get("value", ""), reply)
    check("exit 0 after streams", c.finish() == 0)


def uris():
    with tempfile.TemporaryDirectory() as d:
        folder = os.path.join(d, "a b\u00e9%")
        os.mkdir(folder)
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", "/dev/null", "-subj", "/CN=www.corp.internal", "-addext",
                        "subjectAltName=DNS:www.corp.internal", "-out", os.path.join(folder, "w.csr")],
                       check=True, stderr=subprocess.DEVNULL)
        text = HEAD + "  - {id: one, csr: w.csr}\n"
        c = server()
        uri = "file://" + d + "/a%20b%C3%A9%25/m.batch.yaml"
        found = c.open(uri, text)
        check("a file: URI with escapes: the CSR beside it is found", found == [], found)
        uri = "file://localhost" + d + "/a%20b%C3%A9%25/n.batch.yaml"
        found = c.open(uri, text)
        check("a file: URI with a host", found == [], found)
        uri = "untitled:Untitled-1.batch.yaml"
        found = c.open(uri, HEAD + ROW)
        check("another scheme is judged too", len(dotted(found)) == 1, found)
        uri = "file:///x%zz%4/%00/m.batch.yaml"
        found = c.open(uri, HEAD + ROW)
        check("broken escapes", len(dotted(found)) == 1, found)
        for odd in ("file://", "file:", "", "%"):
            found = c.open(odd, HEAD + ROW)
            check(f"an odd URI '{odd}'", len(dotted(found)) == 1, found)
        found = c.open("file:///no-such-folder/m.batch.yaml", text)
        check("a folder that is not there: the CSR is missing, at the item that names it",
              any("No such file" in d["message"] and d["range"]["start"]["line"] == 6 for d in found), found)
        evil = "file:///n/%1B%5B31m/m.batch.yaml"
        c.open(evil, GOOD)
        c.change(evil, 2, ("z", (6, 5), (2, 1)))
        c.request("shutdown")
        c.notify("exit")
        said = c.process.stderr.read()
        check("a path in a complaint is escaped", b"does not fit" in said and b"\x1b" not in said, said)
        check("exit 0 after URIs", c.finish(polite=False) == 0)


for part in (encodings, crlf, changes, errors, frames, streams, uris):
    try:
        part()
    except Exception as e:  # a lost server is a failed check, not the end of the others
        check(f"{part.__name__} came to its end", False, e)
sys.exit(bad)
