# SPDX-License-Identifier: Apache-2.0
"""Progress of a run on a pseudo terminal, through a small model of a screen: see reports.sh."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time

MANIFEST = """certbatch: 1
name: %s
change: {ticket: CHG0000003, requested_by: me@example.com, approved_by: [you@example.com], approved_at: 2026-11-20T10:00:00Z}
defaults: {product: tls-server, key: rsa-2048, validity: 30d, outputs: [pem]}
orders:
"""
ITEMS = 12
MARK = "a line that was there before"


class Screen:
    """What the sequences of progress do: carriage return, line feed, up, erase line, erase below."""

    def __init__(self, columns):
        self.columns, self.rows, self.at, self.column, self.widest, self.seen = columns, [""], 0, 0, 0, []

    def feed(self, text):
        for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
            self.token(token)

    def token(self, token):
        if token == "\r":
            self.column = 0
        elif token == "\n":
            self.at += 1
            self.column = 0
            self.rows += [""] * (self.at + 1 - len(self.rows))
        elif token.endswith("A") and token.startswith("\x1b"):
            self.at = max(0, self.at - int(token[2:-1] or 1))
        elif token.endswith("K"):
            self.rows[self.at] = self.rows[self.at][:self.column]
        elif token.endswith("J"):
            self.seen.append("\n".join(self.rows))
            self.rows[self.at] = self.rows[self.at][:self.column]
            del self.rows[self.at + 1:]
        elif not token.startswith("\x1b"):
            row = self.rows[self.at]
            self.rows[self.at] = row[:self.column].ljust(self.column) + token + row[self.column + len(token):]
            self.column += len(token)
            self.widest = max(self.widest, self.column)


def watch(argv, cwd, columns=100, rows=24, environment=None, resize=None):
    """Runs argv on a terminal: its exit code and everything it wrote there."""
    pid, fd = pty.fork()
    if pid == 0:
        signal.alarm(120)
        os.chdir(cwd)
        for name in ("CI", "PRE_COMMIT", "NO_COLOR", "LC_ALL", "LC_CTYPE"):
            os.environ.pop(name, None)
        os.environ.update({"TERM": "xterm", "LANG": "C.UTF-8", **(environment or {})})
        time.sleep(0.2)  # until the size is set
        os.execv(argv[0], argv)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    out = b""
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
        if resize and b"\x1b[J" in out:
            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, resize, 0, 0))
            resize = None
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    return code, out.decode().replace("\r\n", "\n\r")


def manifest(work, name):
    with open(os.path.join(work, name + ".batch.yaml"), "w", encoding="utf-8") as f:
        f.write(MANIFEST % name)
        for i in range(ITEMS):
            f.write(f"  - {{id: i{i}, ca: {'lab' if i % 2 else 'lab2'}, common_name: i{i}.corp.example.com}}\n")
    return name + ".batch.yaml"


def main(certbatch, work, check):
    def run(name, **options):
        return watch([certbatch, "run", manifest(work, name)], work, **options)

    code, out = run("lanes")
    screen = Screen(100)
    screen.feed(MARK + "\n\r" + out)
    frames = [f for f in screen.seen if "in flight" in f]
    lanes = [f for f in frames if re.search(r"^lab2 ", f, re.M) and re.search(r"^lab ", f, re.M)]
    check(code == 0 and frames and lanes, "a run on a terminal shows a lane for each CA", out[-300:])
    check(lanes and re.search(rf"^all .*\d+/{ITEMS}\b", lanes[-1], re.M) and re.search(r"^lab2? .*\d+/6\b", lanes[-1], re.M),
          "lanes count done and total", lanes[-1:])
    check(all(f.startswith(MARK) for f in screen.seen), "what was on the screen before stays")
    final = "\n".join(screen.rows)
    check("in flight" not in final and "issued" in final and re.search(rf"items +{ITEMS}$", final, re.M),
          "progress is gone at the end and the summary stands", final)
    check("\x1b[3" in out and "\u2501" in "".join(screen.seen) + "\u2501", "colours are used on a terminal")

    for columns in (20, 40, 60):
        code, out = run(f"narrow{columns}", columns=columns)
        screen = Screen(columns)
        screen.feed("".join(out.split("\x1b[J")[i] + "\x1b[J" for i in range(out.count("\x1b[J"))))
        check(code == 0 and 0 < screen.widest < columns, f"lines fit a terminal of {columns} columns", screen.widest)
    code, out = run("resized", columns=120, resize=50)
    screen = Screen(50)
    screen.feed("\x1b[J".join(out.split("\x1b[J")[6:-1]))
    check(code == 0 and screen.widest < 50, "lines follow a terminal that becomes narrower", screen.widest)
    code, out = run("low", rows=3)
    screen = Screen(100)
    screen.feed(out)
    check(code == 0 and not any(re.search("^lab2 ", f, re.M) for f in screen.seen), "a low terminal shows one line")

    code, out = run("plain", environment={"NO_COLOR": "1", "LANG": "C"})
    check(code == 0 and "in flight" in out and not re.search(r"\x1b\[\d+m", out), "NO_COLOR: progress without colours")
    check("\u2500" not in out and "....." in out, "a locale without UTF-8 gets plain characters")
    for name in ("CI", "PRE_COMMIT"):
        code, out = run(name.lower(), environment={name: "true"})
        check(code == 0 and "\x1b" not in out and "in flight" not in out, f"nothing moves under {name}", out[:200])
    done = subprocess.run([certbatch, "run", manifest(work, "pipe")], cwd=work, capture_output=True, check=False, timeout=120)
    check(done.returncode == 0 and done.stderr == b"", "nothing is said where there is no terminal", done.stderr)
