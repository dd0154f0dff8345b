# SPDX-License-Identifier: Apache-2.0
"""scenario.py WORKDIR [FILE.scn...]: runs every scenario against the real program.

A scenario file is read twice: `on ...` lines by the simulator (sim_scenario.h), `with ...` and
`expect ...` lines here. One file, one story; the comment at its top tells which failure it is.

    with items 3             orders a1..a3 (default 2), names aN.web.example.com
    with in_flight 1         of the CA's limits (default 4); also: settle, connect, request (seconds of
                             the configuration, which pass 20 times as fast as on the wall)
    with sim --rate 3/1/2    options of the simulator
    with run --wait 30s      options of each run
    with tls expired         the server certificate (default good)
    with oauth               bearer tokens instead of the access key
    with outage after 3 for 2s      the line is cut at the third connection, for so many real seconds
    with outage after 3 until run 2
    with revocation          one order is placed by a batch of its own before, this batch revokes it
    with env NAME=VALUE
    with operator            before each further run unknown items are decided as the ledger says
    expect exit 6 0          exit codes of the runs; so many runs are made, and one more after a 0
    expect end 0             as many runs as it takes, eight at most, until one ends with it
    expect all issued        states in the last report; item a1 issued
    expect ledger order 2    lines of the ledger, of the wire log: wire order 2, wire order >= 2
    expect says TEXT         in what a run printed, in a report or a journal
    expect rss 64            MiB at most
    expect absent FILE       in the place of the run

After the last run simcheck must find every promise kept.
"""
import os
import re
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from history import Place

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = os.path.join(HERE, "..", "scenario")
RUNS = 8
NUMBERS = ("items", "in_flight", "settle", "connect", "request", "hurry")


class Story:
    def __init__(self, path):
        self.name = os.path.splitext(os.path.basename(path))[0]
        with open(path) as f:
            self.text = f.read()
        self.place, self.options, self.wants = {}, [], []
        self.exits, self.end = [], None
        self.outage, self.revocation, self.operator = None, False, False
        for number, line in enumerate(self.text.splitlines(), 1):
            words = line.split("#")[0].split()
            if words and words[0] in ("with", "expect"):
                try:
                    (self.read_with if words[0] == "with" else self.read_expect)(words[1:])
                except (IndexError, ValueError, KeyError):
                    raise SystemExit("%s:%d: not understood: %s" % (path, number, line))

    def read_with(self, w):
        if w[0] in NUMBERS:
            self.place[w[0]] = int(w[1])
        elif w[0] == "tls":
            self.place["tls"] = w[1]
        elif w[0] == "sim":
            self.place["sim"] = tuple(self.place.get("sim", ())) + tuple(w[1:])
        elif w[0] == "oauth":
            self.place["oauth"] = True
        elif w[0] == "run":
            self.options += w[1:]
        elif w[0] == "env":
            self.place.setdefault("env", {}).update([w[1].split("=", 1)])
        elif w[0] == "revocation":
            self.revocation = True
        elif w[0] == "operator":
            self.operator = True
        elif w[0] == "outage":
            self.place["relay"] = True
            self.outage = (int(w[2]), float(w[4].rstrip("s")) if w[3] == "for" else None,
                           int(w[5]) if w[3] == "until" else None)
        else:
            raise KeyError(w[0])

    def read_expect(self, w):
        if w[0] == "exit":
            self.exits = [int(x) for x in w[1:]]
        elif w[0] == "end":
            self.end = int(w[1])
        elif w[0] in ("all", "item", "ledger", "wire", "says", "rss", "absent"):
            self.wants.append(w)
        else:
            raise KeyError(w[0])

    # --- running ---
    def tell(self, base):
        problems = []
        with Place(base, scenario=self.text, budget=90.0, **self.place) as p:
            self.prepare(p, problems)
            codes = []
            while len(codes) < len(self.exits) or (self.end is not None and len(codes) < RUNS and
                                                   codes[-1:] != [self.end]):
                self.before(p, len(codes) + 1)
                codes.append(p.run(*self.options))
            if codes[-1] == 0:
                again = p.run(*self.options)
                if again != 0:
                    problems.append("a run after the end ended with %d" % again)
            if codes[:len(self.exits)] != self.exits or (self.end is not None and codes[-1] != self.end):
                problems.append("exit codes %s, not %s: %s" % (codes, self.exits or self.end, p.log()[-600:]))
            for want in self.wants:
                self.compare(p, want, problems)
            good, said = p.check()
            if not good:
                problems.append("simcheck: " + "\n".join(
                    line for line in said.splitlines() if not line.startswith("ok ")))
        return problems

    def prepare(self, p, problems):
        if self.revocation:
            head = p.text("web.batch.yaml").split("orders:")[0].replace("name: web", "name: old")
            p.write("old.batch.yaml", head + "orders:\n  - {id: o1, common_name: o1.example.com, "
                    "san: [o1.example.com]}\n")
            code = p.run(batch="old")
            if code != 0:
                problems.append("the batch before ended with %d: %s" % (code, p.log()))
                return
            p.add_revocation(p.report("old")["items"][0]["order"])
        if self.outage:
            p.relay.after = p.relay.count + self.outage[0]
            p.relay.seconds = self.outage[1]

    def before(self, p, n):
        if self.outage and self.outage[2] == n:
            p.relay.heal()
        if self.operator and n > 1:
            p.operator()

    # --- looking ---
    def compare(self, p, w, problems):
        def wrong(text):
            problems.append("expect %s: %s" % (" ".join(w), text))
        try:
            states = p.states()
        except (OSError, ValueError):
            states = {}
        if w[0] == "all" and (not states or {s for i, s in states.items() if i != "old"} != {w[1]}):
            wrong(states)
        elif w[0] == "item" and states.get(w[1]) != w[2]:
            wrong(states)
        elif w[0] in ("ledger", "wire"):
            rows = p.ledger(w[1]) if w[0] == "ledger" else p.wire(w[1])
            n = len([r for r in rows if r["kind"] != "order" or r.get("domain") != "o1.example.com"])
            if w[0] == "wire" and w[1] == "order" and self.revocation:
                n -= 1
            ok = n >= int(w[3]) if w[2] == ">=" else n <= int(w[3]) if w[2] == "<=" else n == int(w[2])
            if not ok:
                wrong(n)
        elif w[0] == "says":
            text = "".join(p.log(i) for i in range(1, p.runs + 1))
            for name in ("report.json", "journal.jsonl"):
                try:
                    text += p.text("web.state", name)
                except OSError:
                    pass
            if " ".join(w[1:]) not in text:
                wrong(text[-400:])
        elif w[0] == "rss" and p.rss > int(w[1]):
            wrong("%d MiB" % p.rss)
        elif w[0] == "absent" and os.path.exists(p.path(w[1])):
            wrong("it is there")


def run_one(path, work):
    story = Story(path)
    if not story.exits and story.end is None:
        return story.name, ["it expects nothing"], 0.0, ""
    base = os.path.join(work, story.name)
    begun = time.monotonic()
    try:
        problems = story.tell(base)
    except Exception as e:  # a scenario that cannot be carried out is a failed one
        problems = ["%s: %s" % (type(e).__name__, e)]
    if not problems:
        shutil.rmtree(base, ignore_errors=True)
    title = re.sub(r"^# *", "", story.text.splitlines()[0])
    return story.name, problems, time.monotonic() - begun, title


def main():
    work = sys.argv[1]
    files = sys.argv[2:] or sorted(os.path.join(SCENARIOS, f) for f in os.listdir(SCENARIOS) if f.endswith(".scn"))
    bad = 0
    with ThreadPoolExecutor(int(os.environ.get("SCENARIO_JOBS", "4"))) as pool:
        for name, problems, took, title in pool.map(lambda f: run_one(f, work), files):
            if problems:
                bad += 1
                print("not ok %s (%.1f s)\n    %s" % (name, took, "\n    ".join(problems)), flush=True)
            else:
                print("ok %s: %s (%.1f s)" % (name, title, took), flush=True)
    print("%d scenarios, %d failed" % (len(files), bad))
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
