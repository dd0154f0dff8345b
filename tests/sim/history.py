# SPDX-License-Identifier: Apache-2.0
"""A place where a batch meets the simulator: certbatch and casim on the loopback interface over
TLS, every run logged for simcheck. Shared by scenario.py, kill.py, soak.py and t_check.py.

    place = Place(directory, items=2, scenario="on POST order nth 1: accept close\n")
    place.run(); place.check()
"""
import datetime
import hashlib
import importlib
import json
import os
import random
import signal
import socket
import string
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", os.path.join(HERE, "..", "..", "build", "check"))
CERTBATCH = os.environ.get("CERTBATCH", os.path.join(BUILD, "certbatch"))
TESTS = os.path.join(BUILD, "tests", "sim")
CASIM = os.environ.get("CASIM", os.path.join(TESTS, "casim"))
SIMCHECK = os.environ.get("SIMCHECK", os.path.join(TESTS, "simcheck"))
HURRY = os.environ.get("HURRY_SO", os.path.join(TESTS, "hurry.so"))

# Which client of which CA: client_NAME.py beside this file says how it is configured.
API = os.environ.get("HISTORY_API", "v1")
CLIENT = importlib.import_module("client_" + API)

HEAD = """\
certbatch: 1
name: %s
ca: sim
change: {ticket: CHG0000001, type: standard, requested_by: ops@example.com, approved_by: [lead@example.com],
         approved_at: 2026-01-20T10:00:00Z}
defaults: {product: %s, key: ec-p256, validity: 199d, outputs: [%s]}
"""


def now():
    t = datetime.datetime.now(datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (t.microsecond // 1000)


def word(n=24):
    return "".join(random.SystemRandom().choices(string.ascii_letters + string.digits, k=n))


def digest(path):
    try:
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()
    except OSError:
        return None


def lines(path):
    try:
        with open(path) as f:
            return [json.loads(line) for line in f if line.endswith("\n")]
    except OSError:
        return []


class Relay:
    """Between client and simulator: a line that can be cut. Bytes pass as they are."""

    def __init__(self, port):
        self.to, self.count, self.after, self.seconds = port, 0, None, None
        self.port, self.server, self.open, self.lock = 0, None, set(), threading.RLock()
        self.heal()

    def heal(self):
        with self.lock:
            if self.server:
                return
            self.server = socket.socket()
            self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.server.bind(("127.0.0.1", self.port))
            self.server.listen(64)
            self.port = self.server.getsockname()[1]
            threading.Thread(target=self.accept, args=(self.server,), daemon=True).start()

    def accept(self, server):
        while True:
            try:
                a, _ = server.accept()
                b = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                return
            with self.lock:
                self.count += 1
                cut = self.after is not None and self.count >= self.after
                self.after = None if cut else self.after
                self.open |= {a, b}
            for x, y in ((a, b), (b, a)):
                threading.Thread(target=self.pump, args=(x, y), daemon=True).start()
            if cut:
                threading.Thread(target=self.outage, daemon=True).start()

    def pump(self, a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
        except OSError:
            pass
        self.end({a, b})

    def end(self, sockets):
        for s in sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Nobody is reached any more, until heal()."""
        with self.lock:
            if self.server:
                self.end({self.server} | self.open)
                self.server.close()
                self.server, self.open = None, set()

    def outage(self):
        seconds = self.seconds
        self.cut()
        if seconds is not None:
            time.sleep(seconds)
            self.heal()

    def close(self):
        with self.lock:
            self.after = self.seconds = None
        self.cut()


class Place:
    def __init__(self, base, items=2, scenario=None, sim=(), oauth=False, relay=False, tls="good",
                 batch="web", outputs="pem", in_flight=4, settle=5, connect=200, request=400, hurry=20,
                 budget=60.0, faulty=None, env=None):
        self.base, self.batch, self.budget, self.hurry = base, batch, budget, hurry
        self.runs, self.relay, self.rss, self.env = 0, None, 0, env or {}
        os.makedirs(base, mode=0o700, exist_ok=True)
        args = [CASIM, "--port-file", self.path("port"), "--ledger", self.path("ledger.jsonl"),
                "--wire", self.path("wire.jsonl"), "--ca-out", self.path("ca.pem"), "--tls", tls,
                "--validity-days", "199", *CLIENT.secrets(self, oauth)]
        if scenario is not None:
            self.write("scenario", scenario)
            args += ["--scenario", self.path("scenario")]
        if faulty is not None:
            args += ["--faulty", str(faulty)]
        elif scenario is None:
            args += ["--calm"]
        if "--rate" not in sim:
            args += ["--rate", "0"]
        with open(self.path("casim.err"), "w") as err:
            self.sim = subprocess.Popen(args + list(sim), stdout=subprocess.DEVNULL, stderr=err)
        for _ in range(500):
            if os.path.exists(self.path("port")) or self.sim.poll() is not None:
                break
            time.sleep(0.01)
        with open(self.path("port")) as f:
            port = int(f.read())
        self.port = port
        if relay:
            self.relay = Relay(port)
            port = self.relay.port
        # trust in the server is a thing of its own: a stranger's root is in no file of ours
        self.write("tls.pem", self.text("ca.pem"))
        self.write("certbatch.yaml", CLIENT.config(self, dict(port=port, in_flight=in_flight, settle=settle,
                                                              connect=connect, request=request)))
        self.write("sim.policy.yaml", CLIENT.POLICY)
        self.write(batch + ".batch.yaml", HEAD % (batch, CLIENT.PRODUCT, outputs) + "orders:\n" + "".join(
            "  - {id: a%d, common_name: %s, san: [%s]}\n" % (i, self.name(i), self.name(i))
            for i in range(1, items + 1)))

    def name(self, i):
        return "a%d.%s.example.com" % (i, self.batch)

    def path(self, *names):
        return os.path.join(self.base, *names)

    def write(self, name, text, mode=0o644):
        fd = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(fd, "w") as f:
            f.write(text)

    def text(self, *names):
        with open(self.path(*names)) as f:
            return f.read()

    def add_revocation(self, order, item="old"):
        """Before the first run: the batch also ends an order that is already there, of the batch `old`; REVOKE_BY
        of the client is "serial" when its CA knows certificates by that alone."""
        row = next(i for i in self.report("old")["items"] if i["order"] == order)
        by = getattr(CLIENT, "REVOKE_BY", "order")
        self.write(self.batch + ".batch.yaml", self.text(self.batch + ".batch.yaml") +
                   "revocations:\n  - {id: %s, %s: \"%s\", reason: superseded, comment: replaced}\n" %
                   (item, by, row[by]))

    # --- running ---
    def environment(self):
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.base, "LC_ALL": "C",
               "XDG_STATE_HOME": self.path("xdg"), "HURRY": str(self.hurry)}
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        env.update(self.env)
        return env

    def command(self, *options, batch=None, strace=()):
        tail = [CERTBATCH, "run", *options, (batch or self.batch) + ".batch.yaml"]
        if strace:
            return ["strace", "-f", "-qq", "-E", "LD_PRELOAD=" + HURRY, *strace, *tail]
        return tail

    def start(self, *options, batch=None, strace=(), output=None):
        env = self.environment()
        if not strace:
            env["LD_PRELOAD"] = HURRY
        self.runs += 1
        log = open(self.path(output or "run-%d.log" % self.runs), "wb")
        p = subprocess.Popen(self.command(*options, batch=batch, strace=strace), cwd=self.base, env=env,
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        p.begun, p.batch, p.number = now(), batch or self.batch, self.runs
        return p

    def wait(self, p, killed=False, limit=None):
        """Exit code as a shell tells it; the run is logged."""
        until = time.monotonic() + (limit or self.budget * 2)
        pid, status, usage = os.wait4(p.pid, os.WNOHANG)
        while not pid:
            if time.monotonic() > until:
                os.kill(p.pid, signal.SIGKILL)
            time.sleep(0.004)
            pid, status, usage = os.wait4(p.pid, os.WNOHANG)
        p.returncode = os.waitstatus_to_exitcode(status)
        code = 128 - p.returncode if p.returncode < 0 else p.returncode
        self.rss = max(self.rss, usage.ru_maxrss // 1024)
        row = {"batch": p.batch, "exit": code, "killed": killed or code == 137, "begin": p.begun, "end": now(),
               "budget_ms": int(self.budget * 1000), "log": "run-%d.log" % p.number,
               "delivery": digest(self.path(p.batch + "-delivery.tar.gz")),
               "audit": digest(self.path(p.batch + "-audit.tar.gz"))}
        with open(self.path("runs.jsonl"), "a") as f:
            f.write(json.dumps(row) + "\n")
        return code

    def run(self, *options, batch=None, strace=()):
        return self.wait(self.start(*options, batch=batch, strace=strace))

    def log(self, number=None):
        return self.text("run-%d.log" % (number or self.runs))

    def resolve(self, item, what, batch=None):
        env = self.environment()
        done = subprocess.run([CERTBATCH, "resolve", (batch or self.batch) + ".state", item, what, "--reason",
                               "the ledger was looked at"], cwd=self.base, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode(errors="replace")

    # --- what is there ---
    def report(self, batch=None):
        return json.loads(self.text((batch or self.batch) + ".state", "report.json"))

    def states(self, batch=None):
        return {i["id"]: i["state"] for i in self.report(batch)["items"]}

    def ledger(self, kind=None):
        return [r for r in lines(self.path("ledger.jsonl")) if kind in (None, r["kind"])]

    def wire(self, kind=None):
        return [r for r in lines(self.path("wire.jsonl")) if kind in (None, r["kind"])]

    def journal(self, batch=None):
        return lines(self.path((batch or self.batch) + ".state", "journal.jsonl"))

    def accepted(self, item, batch=None):
        """Numbers of the orders that the CA has for the item's public key or requests."""
        mine = [r for r in self.journal(batch) if r.get("item") == item]
        keys = {r["client_key"] for r in mine if "client_key" in r}
        return [r["order"] for r in self.ledger("order") if r["txn"] in keys]

    def operator(self, batch=None):
        """What a careful person does about unknown items: look at the CA, then adopt or order again.
        Returns (how many had an order that the program did not find, how many had none)."""
        missed = absent = 0
        try:
            states = self.states(batch)
        except (OSError, ValueError):
            return 0, 0
        for item, state in states.items():
            if state == "unknown":
                numbers = self.accepted(item, batch)
                missed += bool(numbers)
                absent += not numbers
                self.resolve(item, "adopt:" + numbers[0] if numbers else "reorder", batch)
        return missed, absent

    def check(self):
        """(all was kept, what simcheck says)"""
        done = subprocess.run([SIMCHECK, self.base], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode == 0, done.stdout.decode(errors="replace")

    def close(self):
        if self.relay:
            self.relay.close()
        if self.sim.poll() is None:
            self.sim.send_signal(signal.SIGTERM)
            try:
                self.sim.wait(20)
            except subprocess.TimeoutExpired:
                self.sim.kill()
                self.sim.wait()
        return self.sim.returncode

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()
