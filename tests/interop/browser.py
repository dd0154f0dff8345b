"""Chromium without a window, driven over its DevTools protocol with nothing but the standard library.

    with Browser() as b:
        b.open("file:///...")          # returns when the page was loaded
        b.run("document.title")        # the value of a JavaScript expression
        b.call("Page.reload")          # any method of the protocol
"""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


class Browser:
    def __init__(self, width=1280, height=900):
        self.size = (width, height)
        self.messages = []
        self.next_id = 0

    def __enter__(self):
        program = next((p for p in PROGRAMS if shutil.which(p)), None)
        if not program:
            raise FileNotFoundError("chromium is not installed")
        self.home = tempfile.mkdtemp(prefix="cb-browser-")
        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--user-data-dir=" + self.home, "--remote-debugging-port=0", "--window-size=%d,%d" % self.size, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._connect(time.monotonic() + 90)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def _connect(self, deadline):
        port_file = os.path.join(self.home, "DevToolsActivePort")
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError("chromium does not answer")
            try:
                with open(port_file, encoding="ascii") as f:
                    port = int(f.readline())
                with urllib.request.urlopen("http://127.0.0.1:%d/json/list" % port, timeout=30) as r:
                    pages = [p for p in json.load(r) if p["type"] == "page"]
                if pages:
                    break
            except (OSError, ValueError):
                pass
            time.sleep(0.1)
        path = "/" + pages[0]["webSocketDebuggerUrl"].split("/", 3)[3]
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.socket.settimeout(120)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n" % (path, port, key)).encode())
        self.input = self.socket.makefile("rb")
        if b" 101 " not in self.input.readline():
            raise ConnectionError("no WebSocket")
        while self.input.readline() not in (b"\r\n", b""):
            pass
        for domain in ("Page", "Runtime", "Network", "Log"):  # no more: others make pages slow
            self.call(domain + ".enable")

    # one frame of RFC 6455 each; what a client sends is masked
    def _send(self, text):
        data = text.encode()
        head = bytes([0x81]) + (bytes([0x80 | len(data)]) if len(data) < 126 else
                                struct.pack(">BH", 0x80 | 126, len(data)) if len(data) < 65536 else
                                struct.pack(">BQ", 0x80 | 127, len(data)))
        self.socket.sendall(head + b"\0\0\0\0" + data)

    def _receive(self):
        whole = b""
        while True:
            first, length = self.input.read(2)
            length &= 0x7F
            if length == 126:
                length = struct.unpack(">H", self.input.read(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.input.read(8))[0]
            data = self.input.read(length)
            if first & 0x0F in (0, 1):
                whole += data
                if first & 0x80:
                    return json.loads(whole)

    def call(self, method, **params):
        self.next_id += 1
        self._send(json.dumps({"id": self.next_id, "method": method, "params": params}))
        while True:
            message = self._receive()
            if message.get("id") == self.next_id:
                if "error" in message:
                    raise RuntimeError("%s: %s" % (method, message["error"]))
                return message["result"]
            self.messages.append(message)

    def wait(self, event):
        while True:
            for message in self.messages:
                if message.get("method") == event:
                    self.messages.remove(message)
                    return message["params"]
            self.messages.append(self._receive())

    def open(self, url):
        self.call("Page.navigate", url="about:blank")
        self.wait("Page.loadEventFired")
        self.messages = []
        self.call("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def run(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:600])
        return result["result"].get("value")

    def key(self, name, code):
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if name == "Enter" and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **text)

    def picture(self, path, whole=False):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]))
