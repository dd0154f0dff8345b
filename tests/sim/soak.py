# SPDX-License-Identifier: Apache-2.0
"""soak.py WORKDIR: random batches, random faults, random kills, two runs at once, until the time is
over; simcheck looks at every history. Prints figures; a violation keeps its place and its seed.

    SOAK_MINUTES   default 30         SOAK_SEED   default: the time; printed
    SOAK_JOBS      default 3          one history:  SOAK_ROUND=SEED soak.py WORKDIR
"""
import collections
import os
import random
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from history import Place

RUNS = 14
# (weight, rule, final codes it may end with beside 0, hides orders from searches)
RULES = [
    (4, "on POST order %(when)s: accept close", (), False),
    (3, "on POST order %(when)s: accept rst", (), False),
    (3, "on POST order %(when)s: accept status(%(status)d)", (), False),
    (2, "on POST order %(when)s: accept garbage(%(n)d)", (), False),
    (2, "on POST order %(when)s: truncate(%(n)d)", (), False),
    (2, "on POST order %(when)s: half-close", (), False),
    (2, "on POST order %(when)s: accept empty", (), False),
    (2, "on POST order %(when)s: accept redirect(https://localhost:1/)", (), False),
    (2, "on POST order %(when)s: close", (), False),
    (1, "on POST order %(when)s: close-before-read", (), False),
    (2, "on POST order %(when)s: status(%(status)d)", (), False),
    (3, "on POST order %(when)s: throttle", (), False),
    (2, "on POST order %(when)s: throttle(%(s)d)", (), False),
    (1, "on POST order %(when)s: throttle-date(%(s)d)", (), False),
    (2, "on POST order %(when)s: pending(%(s)d)", (), False),
    (1, "on POST order nth %(k)d: reject(EMS-921,no)", (4,), False),
    (1, "on POST order nth %(k)d: wrong-key", (4,), False),
    (1, "on POST order nth %(k)d: wrong-name(swap)", (4,), False),
    (1, "on POST order nth %(k)d: wrong-issuer", (4,), False),
    (1, "on POST order nth %(k)d: cancelled", (4,), False),
    (1, "on POST order nth %(k)d: dup-order", (), True),
    (1, "on POST order nth %(k)d: accept dup-order close", (), True),
    (2, "on POST track %(when)s: status(%(status)d)", (), False),
    (2, "on POST track %(when)s: close", (), False),
    (1, "on POST track %(when)s: garbage(%(n)d)", (), False),
    (2, "on POST get %(when)s: truncate(%(n)d)", (), False),
    (1, "on POST get %(when)s: rst", (), False),
    (1, "on POST get nth %(k)d: chain-shuffle", (), False),
    (2, "on POST report %(when)s: status(%(status)d)", (), False),
    (2, "on POST report %(when)s: close", (), False),
    (2, "on POST report %(when)s: throttle", (), False),
    (1, "on POST report nth %(k)d: stale-list(60000)", (), True),
    (1, "on POST report: stale-list(300)", (), True),
    (2, "on POST revoke nth %(k)d: accept close", (), False),
    (1, "on POST revoke nth %(k)d: close", (), False),
    (1, "on POST revoke nth %(k)d: status(%(status)d)", (), False),
    (1, "on POST token %(when)s: status(503)", (), False),
    (1, "on any every %(far)d: delay(%(ms)d)", (), False),
    (1, "on any every %(far)d: 401-after(0)", (8,), False),
]

lock = threading.Lock()
figures, faults, violations = collections.Counter(), collections.Counter(), []


class Round:
    def __init__(self, work, seed):
        self.rng, self.seed = random.Random(seed), seed
        self.base = os.path.join(work, "round-%d" % seed)
        rng = self.rng
        rules = rng.choices(RULES, [r[0] for r in RULES], k=rng.choice((0, 1, 2, 3, 5, 8)))
        self.final = {0}.union(*(r[2] for r in rules))
        self.hides = any(r[3] for r in rules)
        self.items = rng.choice((1, 2, 3, 5, 8, 13, 25, 40))
        self.text = "seed %d\n" % seed + "".join(r[1] % self.values() + "\n" for r in rules)
        self.oauth = rng.random() < 0.3
        self.problems, self.local = [], collections.Counter()
        sim = ["--faulty", str(seed)] if rng.random() < 0.25 else []
        sim += ["--state-times", str(rng.choice((10, 60)))] if rng.random() < 0.3 else []
        sim += ["--rate", rng.choice(("5/1/1", "16/2/1", "0"))]
        self.place = Place(self.base, items=self.items, scenario=self.text, sim=sim, oauth=self.oauth,
                           in_flight=rng.choice((1, 2, 4, 8)), settle=rng.choice((1, 5)),
                           relay=rng.random() < 0.2, outputs=rng.choice(("pem", "pem, pfx", "pem, pfx, jks")),
                           budget=120.0)

    def values(self):
        rng = self.rng
        k = rng.randint(1, 6)
        return dict(k=k, when=rng.choice(("nth %d" % k, "every %d" % rng.randint(3, 9))), n=rng.randint(1, 300),
                    s=rng.randint(1, 9), status=rng.choice((500, 502, 503, 504)), ms=rng.randint(1, 200),
                    far=rng.randint(7, 30))

    # --- runs ---
    def one_run(self):
        """A run, perhaps killed, perhaps with another beside it; its exit code."""
        place, rng = self.place, self.rng
        kill = rng.random() < 0.55
        other = rng.random() < 0.15
        if place.relay and rng.random() < 0.4:
            place.relay.heal()
            place.relay.after, place.relay.seconds = place.relay.count + rng.randint(1, 20), rng.random()
        runs = [place.start("--wait", "4m") for _ in range(1 + other)]
        if kill:
            time.sleep(rng.random() ** 2 * 2)
            for p in runs:
                os.kill(p.pid, signal.SIGKILL)  # not yet waited for, so the number is still its own
        codes = [place.wait(p) for p in runs]
        self.local["kills"] += codes.count(137)
        self.local["runs"] += len(runs)
        self.local["two at once"] += other
        if kill and rng.random() < 0.3:
            self.look("after a kill")
        return min(codes) if other else codes[0]

    def person(self):
        missed, absent = self.place.operator()
        self.local["in doubt, none at the CA"] += absent
        self.local["in doubt, hidden at the CA"] += missed
        if missed and not self.hides and not self.unsearchable():
            self.problems.append("%d orders that the CA shows were not found" % missed)

    def unsearchable(self):
        """Searches that failed too often are left for the next run."""
        reports = [r for r in self.place.wire() if r["kind"] in ("report", "track")]
        return any(r["outcome"] != "ok" or r["status"] != 200 for r in reports) or self.place.relay is not None

    def look(self, when):
        good, said = self.place.check()
        self.local["checked"] += 1
        if not good:
            self.problems.append(when + ": " + "\n".join(
                line for line in said.splitlines() if not line.startswith("ok ")))

    def go(self):
        place = self.place
        code = None
        for n in range(RUNS):
            if n == 4:  # enough of it
                self.rng.random = lambda: 0.99
                if place.relay:
                    place.relay.after = None
                    place.relay.heal()
            code = self.one_run()
            if code == 6:
                self.person()
            if n >= 3 and code in self.final:
                break
        if code not in self.final:
            self.problems.append("after %d runs still %s: %s" % (RUNS, code, place.log()[-300:]))
        self.look("at the end")

    def finish(self):
        place = self.place
        try:
            self.go()
        except Exception as e:
            self.problems.append("%s: %s" % (type(e).__name__, e))
        if place.close() != 0:
            self.problems.append("the simulator ended badly: " + place.text("casim.err")[-200:])
        with lock:
            figures.update(self.local)
            figures["batches"] += 1
            figures["items"] += self.items
            figures["orders accepted"] += len(place.ledger("order"))
            figures["order requests"] += len(place.wire("order"))
            faults.update(r["outcome"] for r in place.wire() if r["outcome"] != "ok")
            if self.problems:
                violations.append("seed %d, kept in %s:\n    %s" % (
                    self.seed, self.base, "\n    ".join(self.problems)))
                print("violated, seed %d: %s" % (self.seed, self.problems[0][:700]), flush=True)
        if not self.problems:
            shutil.rmtree(self.base, ignore_errors=True)


def main():
    work = sys.argv[1]
    if "SOAK_ROUND" in os.environ:
        one = Round(work, int(os.environ["SOAK_ROUND"]))
        print(one.text)
        one.finish()
        return bool(violations)
    seed = int(os.environ.get("SOAK_SEED", str(int(time.time()))))
    begun = time.monotonic()
    end = begun + 60 * float(os.environ.get("SOAK_MINUTES", "30"))
    seeds = iter(range(seed, seed + 10**9))
    print("seed %d" % seed, flush=True)

    def worker():
        while time.monotonic() < end:
            with lock:
                mine = next(seeds)
            try:
                Round(work, mine).finish()
            except Exception as e:
                with lock:
                    violations.append("seed %d: %s: %s" % (mine, type(e).__name__, e))

    threads = [threading.Thread(target=worker) for _ in range(int(os.environ.get("SOAK_JOBS", "3")))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for text in violations:
        print(text)
    print("soak of %.1f minutes" % ((time.monotonic() - begun) / 60))
    for name, n in sorted(figures.items()):
        print("  %-28s %6d" % (name, n))
    print("  faults: " + ", ".join("%s %d" % f for f in sorted(faults.items(), key=lambda f: -f[1])))
    print("%s soak: %d batches, %d violated" % ("not ok" if violations else "ok", figures["batches"],
                                               len(violations)))
    return bool(violations) or not figures["batches"]


if __name__ == "__main__":
    sys.exit(main())
