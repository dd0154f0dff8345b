# SPDX-License-Identifier: Apache-2.0
"""t_acme.py WORKDIR: what a run makes of a CA's renewal information, by what the CA saw and what the
report says; and how many orders one run places."""
import datetime
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from history import CERTBATCH, Place
from sim_client import check

import sim_client

work = sys.argv[1]
DAY = datetime.timedelta(days=1)


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def setting(place, line):
    """One more line of the CA's settings."""
    text = place.text("certbatch.yaml")
    place.write("certbatch.yaml", text.replace("    type: acme\n", "    type: acme\n    %s\n" % line))


def renewal(place, name="new"):
    """A batch that renews what the first one ordered."""
    head = place.text("web.batch.yaml").split("orders:")[0].replace("name: web", "name: " + name)
    host = place.name(1)
    place.write(name + ".batch.yaml", head + "orders:\n  - {id: r1, action: renew, replaces: {certificate: "
                "web.state/items/a1/certificate.pem}, common_name: %s, san: [%s]}\n" % (host, host))
    return name


def certbatch(place, *args):
    done = subprocess.run([CERTBATCH, *args], cwd=place.base, env=place.environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.returncode, " ".join(done.stdout.decode().split())


def kept(what, place):
    good, said = place.check()
    check(what + ": simcheck", good, said)
    code, said = certbatch(place, "verify", "new-audit.tar.gz" if os.path.exists(place.path("new-audit.tar.gz"))
                           else "web-audit.tar.gz")
    check(what + ": the audit bundle verifies", code == 0, said)


def renewed(what, ari, mode="usual", scenario=None):
    """(exit code, place, item of the report): the certificate is there, and renewed once."""
    place = Place(os.path.join(work, what.replace(" ", "-").replace(":", "")), items=1, scenario=scenario,
                  sim=("--renewal", mode))
    if ari:
        setting(place, "ari: " + ari)
    check(what + ": a certificate to renew", place.run() == 0, place.log())
    code = place.run(batch=renewal(place))
    return code, place, place.report("new")["items"][0]


def inform():
    code, place, item = renewed("inform", None, "future")
    asked = place.wire("renewal")
    check("inform: asked once, by GET", [(r["method"], r["path"].count(".")) for r in asked] == [("GET", 1)], asked)
    check("inform: the CA answered", len(place.ledger("renewal")) == 1, place.ledger())
    check("inform: ordered all the same", code == 0 and len(place.ledger("order")) == 2, place.log())
    told = item["renewal"]
    at = moment(told["chosen"])
    now = datetime.datetime.utcnow()
    check("inform: the report names the moment", now + 0.9 * DAY < at < now + 2 * DAY, told)
    check("inform: told, with window and reason, escaped", "r1: the CA wants it renewed between " in place.log() and
          "chosen is " + told["chosen"] in place.log() and "why: https://ca.example/why\\x1b[31m" in place.log() and
          "\x1b" not in place.log(), place.log())
    code = place.run(batch=renewal(place, "again"))
    replies = [r.get("code") for r in place.journal("again") if r["ev"] == "reply"]
    check("inform: what is replaced already is ordered without saying so", code == 0 and
          replies == ["alreadyReplaced", None], replies)
    check("inform: another batch has a moment of its own",
          place.report("again")["items"][0]["renewal"]["chosen"] != told["chosen"])
    kept("inform", place)
    place.close()


def wait():
    code, place, item = renewed("wait", "wait", "future")
    check("wait: left, exit 5", code == 5 and len(place.ledger("order")) == 1, place.log())
    check("wait: not started, with the reason", item["state"] == "not-started" and
          item["error"]["code"] == "renewal.early" and item["renewal"]["chosen"] in item["error"]["message"], item)
    check("wait: says when to come back", "1 renewal waits for the time the CA wants: the first is due %s" %
          item["renewal"]["chosen"] in place.log(), place.log())
    check("wait: no key was made", not os.path.exists(place.path("new.state", "keys", "r1.pem")))
    before = place.text("new.state", "journal.jsonl")
    check("wait: run again, exit 5", place.run(batch="new") == 5, place.log())
    check("wait: not asked before its time, nothing written", len(place.wire("renewal")) == 1 and
          place.text("new.state", "journal.jsonl") == before)
    code, said = certbatch(place, "run", "--treat-pending-as-success", "new.batch.yaml")
    check("wait: waiting may be success", code == 0, said)
    kept("wait", place)
    setting(place, "max_orders_per_run: 1")  # a line of the settings changes nothing of it
    check("wait: still", place.run(batch="new") == 5)
    place.write("certbatch.yaml", place.text("certbatch.yaml").replace("ari: wait", "ari: inform"))
    check("wait: told only, it is ordered", place.run(batch="new") == 0 and len(place.ledger("order")) == 2, place.log())
    item = place.report("new")["items"][0]
    check("wait: and has no error", item["state"] == "issued" and not item["error"], item)
    kept("wait, then not", place)
    place.close()


def windows():
    for mode, words in (("past", "wants it renewed between"), ("backwards", "before it begins"),
                        ("beyond", "when the certificate has expired"), ("none", "offers no renewal information")):
        code, place, item = renewed("wait " + mode, "wait", mode)
        check("wait, %s: ordered now" % mode, code == 0 and item["state"] == "issued", place.log())
        check("wait, %s: told" % mode, words in place.log() and words in item["renewal"]["message"], place.log())
        check("wait, %s: asked" % mode, len(place.wire("renewal")) == (mode != "none"), place.wire("renewal"))
        kept("wait, " + mode, place)
        place.close()
    for mode, least, most in (("soon", 59, 61), ("far", 86399, 86401)):
        _, place, item = renewed("wait " + mode, "wait", mode)
        wrote = [r for r in place.journal("new") if r["ev"] == "renewal"][0]
        until = moment(wrote["again"]) - moment(wrote["t"][:19] + "Z")
        check("wait, %s: asked again in reason" % mode, least <= until.total_seconds() <= most, wrote)
        place.close()


def off():
    code, place, item = renewed("off", "\"off\"", "future")
    check("off: nobody is asked", code == 0 and place.wire("renewal") == [] and "renewal" not in item, place.log())
    place.run(batch=renewal(place, "again"))
    check("off: nobody is told what is replaced",
          not [r for r in place.journal("again") if r.get("code") == "alreadyReplaced"])
    place.close()


def trouble():
    for name, fault, passes in (("404", "status(404)", False), ("500", "status(500)", True),
                                ("garbage", "garbage(60)", False), ("html", "html", False), ("empty", "empty", False),
                                ("closed", "close", True), ("throttled", "throttle(900)", False),
                                ("not for us", "status(401)", False)):
        for ari in ("inform", "wait"):
            what = "%s, %s" % (ari, name)
            code, place, item = renewed(what, ari, "future", "on GET renewal: %s\n" % fault)
            check(what + ": ordered", code == 0 and item["state"] == "issued", place.log())
            check(what + ": told", "the CA does not say when it wants it renewed" in item["renewal"]["message"] and
                  item["renewal"]["message"] in place.log(), item)
            most = 3 if passes and ari == "wait" else 1
            check(what + ": asked often enough", most == 1 or len(place.wire("renewal")) >= most, place.wire("renewal"))
            kept(what, place)
            place.close()
    code, place, item = renewed("wait, once 500", "wait", "future", "on GET renewal nth 1: status(500)\n")
    check("wait, once 500: asked again, and waits", code == 5 and len(place.ledger("order")) == 1, place.log())
    place.close()


def killed():
    """Killed at each of the first syncs: whatever is on record by then, the next run comes to the same end."""
    for mode, code, orders in (("future", 5, 1), ("past", 0, 2)):
        for at in range(1, 9):
            with Place(os.path.join(work, "killed-%s-%d" % (mode, at)), items=1, sim=("--renewal", mode)) as place:
                setting(place, "ari: wait")
                place.run()
                strace = ("-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                          "inject=fdatasync:signal=KILL:when=%d" % at)
                first = place.run(batch=renewal(place), strace=strace)
                again = place.run(batch="new")
                check("killed at sync %d (%s): the same end" % (at, mode), first in (137, code) and again == code and
                      len(place.ledger("order")) == orders and len(place.wire("renewal")) <= 2, (first, place.log()))
                kept("killed at sync %d (%s)" % (at, mode), place)


def limit():
    with Place(os.path.join(work, "limit"), items=5) as place:
        setting(place, "max_orders_per_run: 2")
        for done, options in ((2, ()), (4, ("--treat-pending-as-success",))):
            code = place.run(*options)
            check("limit: %d ordered, exit 5, which is no success" % done, code == 5 and
                  len(place.ledger("order")) == done, place.log())
            check("limit: says how many are left, and what to do",
                  "left for the next run: %d order%s at sim (max_orders_per_run: 2)" % (5 - done, "s"[:4 - done]) in
                  place.log() and "run the same command again" in place.log(), place.log())
        check("limit: the third run orders the last", place.run() == 0 and len(place.ledger("order")) == 5, place.log())
        kept("limit", place)


def commands():
    for mode, words in (("usual", "offers renewal information"), ("none", "offers no renewal information")):
        with Place(os.path.join(work, "doctor-" + mode), items=1, sim=("--renewal", mode)) as place:
            said = certbatch(place, "doctor", "sim")[1]
            check("doctor: " + words, words in said, said)
            setting(place, "ari: perhaps")
            code, said = certbatch(place, "lint", "certbatch.yaml")
            check("lint: what ari may be", code == 1 and "inform" in said, said)


for part in (inform, wait, windows, off, trouble, killed, limit, commands):
    part()
sys.exit(sim_client.bad_count != 0)
