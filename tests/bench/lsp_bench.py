# SPDX-License-Identifier: Apache-2.0
"""Keystrokes into a big manifest: lsp_bench.py CERTBATCH [ITEMS [CSR-DIRECTORY]].

The time from sending didChange to having publishDiagnostics of that version, for 30 keystrokes
(each types or deletes one character of a comment's word in the last item), without CSR files and
with one per item (NNNNN.csr in CSR-DIRECTORY, made with openssl when there is none).
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from lsp_client import Client  # noqa: E402

certbatch = os.path.abspath(sys.argv[1])
items = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
KEYSTROKES = 30
HEAD = """certbatch: 1
name: lsp-bench
change: {ticket: CHG0000001, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}
policy: [private]
ca: local
defaults: {product: tls-server, validity: 30d, outputs: [pem]}
orders:
"""


def make_csrs(folder):
    os.mkdir(folder)
    for i in range(items):
        subprocess.run(
            ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", "/dev/null", "-subj", f"/CN=h{i}.corp.example.com", "-addext",
             f"subjectAltName=DNS:h{i}.corp.example.com", "-out", f"{folder}/{i:05}.csr"],
            check=True, stderr=subprocess.DEVNULL)


def measure(name, folder, rows):
    text = HEAD + "".join(rows) + "# "
    uri = "file://" + folder + "/bench.batch.yaml"
    client = Client(certbatch, cwd=folder)
    client.initialize()
    start = time.perf_counter()
    first = client.open(uri, text)
    opened = time.perf_counter() - start
    line, column = text.count("\n"), 2
    times = []
    for k in range(KEYSTROKES):
        version = k + 2
        start = time.perf_counter()
        client.change(uri, version, ("x", (line, column + k), (line, column + k)))
        found = client.diagnostics(uri)
        times.append((time.perf_counter() - start) * 1000)
        if client.published[-1].get("version") != version or found != first:
            sys.exit(f"lsp_bench: not the answer to keystroke {k}")
    code = client.finish()
    unread = [d["message"] for d in first if d["severity"] == 1]
    if unread:  # a refused manifest would be fast for the wrong reason
        sys.exit(f"lsp_bench: {name}: {len(unread)} errors, such as: {unread[0]}")
    print(f"lsp keystroke, {items} items {name}: median {statistics.median(times):.1f} ms, "
          f"max {max(times):.1f} ms (target < 50 ms), opening {opened * 1000:.0f} ms, "
          f"{len(first)} findings, exit {code}", flush=True)


with tempfile.TemporaryDirectory() as work:
    measure("without CSR files", work,
            [f"  - {{id: h{i}, key: ec-p256, common_name: h{i}.corp.example.com, san: [h{i}.corp.example.com]}}\n"
             for i in range(items)])
    csrs = os.path.join(work, "csrs")
    if len(sys.argv) > 3:
        shutil.copytree(sys.argv[3], csrs)  # a link would be refused: nothing outside is read
    else:
        make_csrs(csrs)
    measure("with a P-256 CSR each", work, [f"  - {{id: h{i}, csr: csrs/{i:05}.csr}}\n" for i in range(items)])
