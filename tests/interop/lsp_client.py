# SPDX-License-Identifier: Apache-2.0
"""A small LSP client over pipes, for tests: frames, requests, notifications, edits."""
import json
import os
import select
import subprocess
import time


def frame(message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def read_frame(pending):
    """(message, rest) or (None, pending) when more octets are needed."""
    header, blank, rest = pending.partition(b"\r\n\r\n")
    if not blank:
        return None, pending
    fields = dict(line.split(b": ", 1) for line in header.split(b"\r\n"))
    n = int(fields[b"Content-Length"])
    if len(rest) < n:
        return None, pending
    return json.loads(rest[:n]), rest[n:]


class Client:
    def __init__(self, certbatch, *options, cwd=None):
        self.process = subprocess.Popen(
            [certbatch, "lsp", *options], cwd=cwd,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pending = b""
        self.next_id = 0
        self.published = []  # every publishDiagnostics, in order

    def write(self, octets):
        try:
            self.process.stdin.write(octets)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the exit code tells

    def send(self, message):
        self.write(frame(message))

    def notify(self, method, params=None):
        self.send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def receive(self, seconds=20):
        """The next message; None at the end of the server's output."""
        deadline = time.monotonic() + seconds
        while True:
            message, self.pending = read_frame(self.pending)
            if message is not None:
                if message.get("method") == "textDocument/publishDiagnostics":
                    self.published.append(message["params"])
                return message
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError("the server says nothing")
            octets = os.read(self.process.stdout.fileno(), 1 << 20)
            if not octets:
                return None
            self.pending += octets

    def answer(self, request_id):
        while True:
            message = self.receive()
            if message is None or ("method" not in message and message.get("id") == request_id):
                return message

    def request(self, method, params=None):
        self.next_id += 1
        self.send({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params or {}})
        return self.answer(self.next_id)

    def initialize(self, encodings=None):
        capabilities = {"general": {"positionEncodings": encodings}} if encodings else {}
        reply = self.request("initialize", {"processId": None, "rootUri": None,
                                            "capabilities": capabilities})
        self.notify("initialized")
        return reply["result"]

    def open(self, uri, text, language="yaml"):
        self.notify("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": language, "version": 1, "text": text}})
        return self.diagnostics(uri)

    def change(self, uri, version, *changes):
        """Each change: (text,) or (text, (line, char), (line, char))."""
        content = []
        for text, *places in changes:
            one = {"text": text}
            if places:
                one["range"] = {"start": place(places[0]), "end": place(places[1])}
            content.append(one)
        self.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": version}, "contentChanges": content})

    def diagnostics(self, uri):
        """Waits for what is published next about uri."""
        while True:
            message = self.receive()
            if message is None:
                return None
            params = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == uri:
                return params["diagnostics"]

    def finish(self, polite=True, seconds=20):
        """Exit code. Polite: shutdown and exit; else only the end of input."""
        if polite:
            self.request("shutdown")
            self.notify("exit")
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        return code


def place(p):
    return {"line": p[0], "character": p[1]}
