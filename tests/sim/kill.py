# SPDX-License-Identifier: Apache-2.0
"""kill.py WORKDIR: the kill matrix against the simulated CA. A small batch is killed (strace injects
the signal) at an occurrence of a system call that makes something durable or that speaks to the CA,
or is told that the call failed; simcheck looks at what is there; then the same command runs until it
is done, somebody careful deciding what is in doubt, and simcheck looks again.

    KILL_SECONDS   time for a random sample of the points (default 60); 0: all points and the pairs
    KILL_PAIRS     pairs of kills, the run and the run after it (default 60)
    KILL_SEED      of the sample (default: the time; printed)
    KILL_JOBS      points at a time (default 3)
    KILL_ONLY      regular expression: only groups whose name matches
    HISTORY_API    which CA the client speaks to, and how: v1 (CERTInext, default), or NAME of a client_NAME.py
"""
import collections
import os
import random
import re
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from history import CLIENT, Place

ITEMS = 3
RUNS = 6
# What the sandbox of a run reads before it looks at its own files does not matter.
OWN = ("", "web.state", "web.state/journal.jsonl", "web.state/keys", "web.state/items", "web.state/items/a1",
       "web.state/items/a1/out", "web.state/passwords.csv", "web.state/policy", "web.state/lock")
WRITES, RENAMES = "write,pwrite64", "rename,renameat,renameat2"
GROUPS = [
    ("kill fdatasync", "fdatasync", "signal=KILL", False),
    ("kill fsync", "fsync", "signal=KILL", False),
    ("kill syncfs", "syncfs", "signal=KILL", False),
    ("kill rename", RENAMES, "signal=KILL", False),
    ("kill write", WRITES, "signal=KILL", True),
    ("kill open", "openat", "signal=KILL", True),
    ("kill mkdir", "mkdir,mkdirat", "signal=KILL", False),
    ("kill unlink", "unlink,unlinkat", "signal=KILL", False),
    ("kill spawn", "clone,clone3,fork,vfork", "signal=KILL", False),
    ("kill allocate", "ftruncate,fallocate", "signal=KILL", False),
    ("kill connect", "connect", "signal=KILL", False),
    ("kill send", "sendto,sendmsg", "signal=KILL", False),
    ("kill receive", "recvfrom,recvmsg", "signal=KILL", False),
    ("kill socket write", "write", "signal=KILL", False),
    ("kill socket read", "read", "signal=KILL", False),
    ("TERM fdatasync", "fdatasync", "signal=TERM", False),
    ("TERM rename", RENAMES, "signal=TERM", False),
    ("TERM send", "sendto,sendmsg", "signal=TERM", False),
    ("TERM receive", "recvfrom,recvmsg", "signal=TERM", False),
    ("EIO fdatasync", "fdatasync", "error=EIO", False),
    ("ENOSPC write", WRITES, "error=ENOSPC", True),
    ("ECONNREFUSED connect", "connect", "error=ECONNREFUSED", False),
    ("ECONNRESET send", "sendto,sendmsg", "error=ECONNRESET", False),
    ("ECONNRESET receive", "recvfrom,recvmsg", "error=ECONNRESET", False),
]
WEATHER = (None, "on POST order nth 2: accept close\n", "on POST order nth 1: accept status(502)\n")
WEATHER = getattr(CLIENT, "WEATHER", WEATHER)

OUTPUTS = ["pem", "pem, pfx", "{for: nginx}, {for: tomcat}"]

lock = threading.Lock()
tally = collections.Counter()
violations = []


def filters(place, own):
    return [w for name in OWN for w in ("-P", place.path(name).rstrip("/"))] if own else []


def traced(place, calls, injection, own, when):
    return place.run(strace=["-o", "/dev/null", "-e", "trace=" + calls, "-e",
                             "inject=%s:%s:when=%d" % (calls, injection, when), *filters(place, own)])


def make(base, index, revocation=not getattr(CLIENT, "NO_REVOCATION", False)):
    place = Place(base, items=ITEMS, in_flight=2, outputs=OUTPUTS[index % len(OUTPUTS)], settle=1,
                  scenario=WEATHER[index % len(WEATHER)], sim=())
    if revocation and index % 3 == 1:
        place.write("old.batch.yaml", place.text("web.batch.yaml").split("orders:")[0].replace(
            "name: web", "name: old") + "orders:\n  - {id: o1, common_name: o1.example.com, san: [o1.example.com]}\n")
        if place.run(batch="old") not in (0, 6):
            raise RuntimeError(place.log())
        if place.states("old") == {"o1": "issued"}:
            place.add_revocation(place.report("old")["items"][0]["order"])
    return place


def occurrences(work, only):
    """How often the busiest thread makes each call: that is how strace counts. One run each."""
    found = {}
    for i, (name, calls, _, own) in enumerate(GROUPS):
        found[name] = 0
        if not only.search(name):
            continue
        base = os.path.join(work, "count%d" % i)
        with make(base, 1) as place:
            trace = place.path("trace")
            place.run(strace=["-o", trace, "-e", "trace=" + calls, *filters(place, own)])
            with open(trace) as f:
                per = collections.Counter(line.split()[0] for line in f
                                          if not re.search(r"\+\+\+|---|<\.\.\.", line))
        shutil.rmtree(base, ignore_errors=True)
        found[name] = max(per.values(), default=0)
    return found


def look(place, done, when, problems):
    """What simcheck says, and what the client knows to look for."""
    good, said = place.check()
    if not good:
        problems.append(when + "\n".join(line for line in said.splitlines() if not line.startswith("ok ")))
    problems += [when + text for text in getattr(CLIENT, "left_behind", lambda *_: [])(place, done)]


def settle(place, name, problems):
    """Runs until all is done; then once more."""
    code = None
    for _ in range(RUNS):
        code = place.run()
        if code == 0:
            break
        missed, _ = place.operator() if code == 6 else (0, 0)
        if missed and not getattr(CLIENT, "CANNOT_FIND", False):
            problems.append("an order that the CA shows was not found")
    if code != 0:
        problems.append("still %s after %d runs: %s" % (code, RUNS, place.log()[-400:]))
    elif place.run() != 0:
        problems.append("not done when run again")
    look(place, True, "", problems)


def point(work, serial, name, hits):
    """hits: (calls, injection, own, when) for the run, and for the run after it."""
    base = os.path.join(work, "p%d" % serial)
    problems = []
    try:
        with make(base, serial) as place:
            for calls, injection, own, when in hits:
                code = traced(place, calls, injection, own, when)
                with lock:
                    tally["killed"] += code in (137, 143)
                if code not in (137, 143) and code > 128:
                    problems.append("ended with %d" % code)
                look(place, False, "right after: ", problems)
            settle(place, name, problems)
    except Exception as e:
        problems.append("%s: %s" % (type(e).__name__, e))
    with lock:
        tally["points"] += 1
        tally[name] += 1
        if problems:
            tally["bad " + name] += 1
            violations.append("%s (point %d, %s): %s" % (name, serial, hits, "; ".join(problems)))
    if not problems or not os.environ.get("KILL_KEEP"):
        shutil.rmtree(base, ignore_errors=True)


def pair(rng, counts):
    hits = []
    for _ in range(2):
        name, calls, injection, own = rng.choice([g for g in GROUPS if g[0].startswith("kill") and counts[g[0]]])
        hits.append((calls, injection, own, rng.randint(1, counts[name])))
    return ("pairs", hits)


def main():
    work = sys.argv[1]
    seconds = float(os.environ.get("KILL_SECONDS", "60"))
    seed = int(os.environ.get("KILL_SEED", str(int(time.time()))))
    only = re.compile(os.environ.get("KILL_ONLY", "."))
    rng = random.Random(seed)
    counts = occurrences(work, only)
    groups = [[(name, [(calls, injection, own, k)]) for k in range(1, counts[name] + 1)]
              for name, calls, injection, own in GROUPS]
    pairs = int(os.environ.get("KILL_PAIRS", "60"))
    groups.append([pair(rng, counts) for _ in range(pairs)])
    groups = [g for g in groups if g and only.search(g[0][0])]
    if seconds:  # one of each group, then the next of each
        for g in groups:
            rng.shuffle(g)
        turns = [(turn, g[turn]) for g in groups for turn in range(len(g))]
        points = [p for _, p in sorted(turns, key=lambda t: t[0])]
    else:
        points = [p for g in groups for p in g]
    end = time.monotonic() + (seconds or 1e9)
    queue = iter(list(enumerate(points)))

    def worker():
        while time.monotonic() < end:
            with lock:
                serial, (name, hits) = next(queue, (None, (None, None)))
            if serial is None:
                return
            point(work, serial, name, hits)

    with ThreadPoolExecutor(int(os.environ.get("KILL_JOBS", "3"))) as pool:
        for f in [pool.submit(worker) for _ in range(int(os.environ.get("KILL_JOBS", "3")))]:
            f.result()
    for text in violations:
        print("  " + text)
    for name in [g[0] for g in GROUPS] + ["pairs"]:
        if tally[name]:
            print("%s kill matrix, %s: %d of %d points, %d violated" % (
                "not ok" if tally["bad " + name] else "ok", name, tally[name], counts.get(name, pairs),
                tally["bad " + name]))
    print("%d points of %d (seed %d), %d runs killed, %d violated" % (
        tally["points"], len(points), seed, tally["killed"], len(violations)))
    return bool(violations) or not tally["points"]


if __name__ == "__main__":
    if not shutil.which("strace"):
        print("not ok kill matrix: strace is missing")
        sys.exit(1)
    sys.exit(main())
