#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A timestamping authority for tests: HTTP on a free loopback port, answers by `openssl ts -reply`.

    tsa.py DIR      DIR holds tsa.cnf, tsa.pem, tsa.key, tsa-ca.pem

Writes DIR/port when it listens and adds a line to DIR/asked for every request. What it does is
read from DIR/mode each time: good, refuse, status (HTTP 503), garbage, html, replay (its first
answer again), slow.
"""
import http.server
import os
import subprocess
import sys
import time

work = sys.argv[1]


def path(name):
    return os.path.join(work, name)


def mode():
    try:
        with open(path("mode"), encoding="ascii") as f:
            return f.read().strip()
    except FileNotFoundError:
        return "good"


def stamp(query):
    with open(path("query.tsq"), "wb") as f:
        f.write(query)
    subprocess.run(
        ["openssl", "ts", "-reply", "-config", path("tsa.cnf"), "-queryfile", path("query.tsq"),
         "-signer", path("tsa.pem"), "-inkey", path("tsa.key"), "-chain", path("tsa-ca.pem"),
         "-out", path("reply.tsr")],
        check=True, stderr=subprocess.DEVNULL)
    with open(path("reply.tsr"), "rb") as f:
        return f.read()


class Authority(http.server.BaseHTTPRequestHandler):
    first = None

    def do_POST(self):  # noqa: N802, the name is the library's
        query = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers.get("Content-Type")
        with open(path("asked"), "a", encoding="ascii") as f:
            f.write(f"{kind} {len(query)}\n")
        what = mode()
        status, content, body = 200, "application/timestamp-reply", b""
        if what == "slow":
            time.sleep(8)
        if what == "status":
            status = 503
        elif what == "garbage":
            body = b"\x30\x03\x02\x01\x00garbage"
        elif what == "html":
            content, body = "text/html", b"<html>sign in</html>"
        elif what == "refuse":
            body = refusal()
        elif what == "replay" and Authority.first:
            body = Authority.first
        else:
            body = stamp(query)
            Authority.first = Authority.first or body
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def refusal():
    """TimeStampResp {PKIStatusInfo {rejection, ["no stamps today"]}}, RFC 3161 2.4.2."""
    text = b"no stamps today"
    utf8 = bytes([0x0C, len(text)]) + text
    texts = bytes([0x30, len(utf8)]) + utf8
    info = bytes([0x02, 0x01, 0x02]) + texts
    status = bytes([0x30, len(info)]) + info
    return bytes([0x30, len(status)]) + status


server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
with open(path("port.new"), "w", encoding="ascii") as out:
    out.write(str(server.server_port))
os.rename(path("port.new"), path("port"))
server.serve_forever()
