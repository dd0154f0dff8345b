# SPDX-License-Identifier: Apache-2.0
"""Reads every format of `certbatch lint` as its consumer would: see lint_formats.sh."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ElementTree

from jsonschema import Draft4Validator

CERTBATCH = os.path.abspath(sys.argv[1])
SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sarif",
                      "sarif-schema-2.1.0.json")
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "lint-formats")
FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "tap")
failed = 0


def check(ok, what):
    global failed
    failed += not ok
    print(("ok " if ok else "not ok ") + what)


def lint(cwd, *args, stdin=None):
    run = subprocess.run([CERTBATCH, "lint", "--as-of", "2026-11-21", *args], cwd=cwd,
                         capture_output=True, check=False, input=stdin)
    return run.returncode, run.stdout


# A name that breaks every format that does not escape: XML, YAML, JSON, workflow commands, URIs.
NAME = "sub d/\u00e9 <a>&\"'%,#;:1.batch.yaml"
OTHER = "other.batch.yaml"
HEAD = """certbatch: 1
name: n
change: {ticket: CHG0000001, requested_by: me@example.com, approved_by: [you@example.com],
         approved_at: 2026-11-20T10:00:00Z}
policy: [./p.policy.yaml]
ca: local
defaults: {product: tls-server, key: ec-p256, validity: 30d, outputs: [pem]}
orders:
"""


def prepare(top):
    for name in (NAME, OTHER):
        path = os.path.join(top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(os.path.join(GOLDEN, "a,b 100%.batch.yaml"), path)
        shutil.copy(os.path.join(GOLDEN, "p.policy.yaml"), os.path.dirname(path))
    with open(os.path.join(top, "many.batch.yaml"), "w", encoding="utf-8") as f:
        f.write(HEAD)
        for i in range(200):
            f.write("  - {id: i%d, common_name: h%d.example.com, san: [h%d.example.com, "
                    "\"h..%d.example\"]}\n" % (i, i, i, i))
    with open(os.path.join(top, "bad.batch.yaml"), "w", encoding="utf-8") as f:
        f.write(HEAD.replace("p.policy", "none.policy") + "  - {id: a, common_name: a.example}\n")


def findings_of(top, *files):
    return [dict(x, operand=f["path"])
            for f in json.loads(lint(top, "--format", "json", *files)[1])["files"]
            for x in f["findings"]]


def check_sarif(top, files):
    with open(SCHEMA, encoding="utf-8") as f:
        validator = Draft4Validator(json.load(f))
    code, text = lint(top, "--format", "sarif", *files)
    log = json.loads(text)
    errors = ["%s: %s" % (list(e.absolute_path), e.message[:100])
              for e in validator.iter_errors(log)]
    check(not errors, "sarif: valid against the schema of OASIS %s" % errors[:2])
    broken = json.loads(text)
    broken["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    check(not validator.is_valid(broken), "sarif: the schema is one that refuses")
    run = log["runs"][0]
    want = findings_of(top, *files)
    check(len(run["results"]) == len(want) > 0, "sarif: as many results as findings")
    rules = run["tool"]["driver"]["rules"]
    check(sorted({x["rule"] for x in want}) == [r["id"] for r in rules],
          "sarif: the rules that fired, once, sorted")
    check(all(r["shortDescription"]["text"] and r["help"]["text"] and
              0 < len(r["fullDescription"]["text"]) <= 1024 for r in rules),
          "sarif: every rule says what GitHub wants to know")
    ok = {"index": True, "place": True, "uri": True, "state": True}
    for got, x in zip(run["results"], want):
        place = got["locations"][0]["physicalLocation"]
        region = place["region"]
        ok["index"] &= rules[got["ruleIndex"]]["id"] == got["ruleId"] == x["rule"]
        ok["place"] &= region["startLine"] == max(x["line"], 1) and \
            region.get("startColumn", 0) == x["column"] and \
            region.get("endColumn") == x.get("end_column")
        uri = place["artifactLocation"]["uri"]
        path = urllib.parse.unquote(uri)
        ok["uri"] &= re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri) is not None and \
            os.path.normpath(x["file"]) == path and os.path.exists(os.path.join(top, path))
        ok["state"] &= ("suppressions" in got) == ("waiver" in x)
    check(ok["index"], "sarif: ruleIndex points at the rule")
    check(ok["place"], "sarif: regions are those of the findings")
    check(ok["uri"], "sarif: URIs decode to the files")
    check(ok["state"] and any("suppressions" in r for r in run["results"]),
          "sarif: what is waived is suppressed")
    kinds = {s["kind"] for r in run["results"] for s in r.get("suppressions", ())}
    check(kinds == {"external", "inSource"}, "sarif: a comment is not a waiver")
    mends = [c for r in run["results"] for x in r.get("fixes", ())
             for c in x["artifactChanges"][0]["replacements"]]
    check([c["insertedContent"]["text"] for c in mends] == ["e2.corp.example.com"] * 2,
          "sarif: what --fix would do is there %s" % mends[:1])
    prints = [(r["ruleId"], r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
               r["partialFingerprints"]["primaryLocationLineHash"]) for r in run["results"]]
    check(len(set(prints)) == len(prints), "sarif: no two results have one fingerprint")
    quiet = json.loads(lint(top, "-q", "--format", "sarif", *files)[1])["runs"][0]["results"]
    check(len(quiet) == len([x for x in want if "waiver" not in x]) and
          not any("suppressions" in r for r in quiet), "sarif: -q leaves out what is waived")
    check(run["invocations"][0]["executionSuccessful"] is True and code == 1,
          "sarif: a run that could look at everything")
    code, text = lint(top, "--format", "sarif", "bad.batch.yaml")
    log = json.loads(text)
    check(validator.is_valid(log) and code == 3 and
          log["runs"][0]["invocations"][0]["executionSuccessful"] is False and
          "policy" in json.dumps(log["runs"][0]["invocations"]),
          "sarif: a policy that cannot be loaded is told")


def fingerprints(top, name):
    results = json.loads(lint(top, "--format", "sarif", name)[1])["runs"][0]["results"]
    sarif = [(r["ruleId"], r["partialFingerprints"]["primaryLocationLineHash"]) for r in results]
    gitlab = [r["fingerprint"] for r in json.loads(lint(top, "--format", "gitlab", name)[1])]
    return sorted(sarif), sorted(gitlab)


def check_stable(top):
    before = fingerprints(top, OTHER)
    path = os.path.join(top, OTHER)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write("# one\n# two\n" + text)
    check(fingerprints(top, OTHER) == before and before[0],
          "fingerprints do not move with the lines")
    check(fingerprints(top, "./" + OTHER) == before, "nor with another spelling of the path")
    check(fingerprints(top, path) == before, "nor with an absolute path")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    duplicates = findings_of(top, OTHER, OTHER)
    _, gitlab = lint(top, "--format", "gitlab", OTHER, OTHER)
    prints = [x["fingerprint"] for x in json.loads(gitlab)]
    check(len(prints) == len(set(prints)) == len([x for x in duplicates if "waiver" not in x]),
          "gitlab: every fingerprint is there once")


def check_gitlab(top, files):
    report = json.loads(lint(top, "--format", "gitlab", *files)[1])
    want = [x for x in findings_of(top, *files) if "waiver" not in x]
    check(len(report) == len(want) > 0, "gitlab: what counts and nothing else")
    check(all(x["severity"] in ("info", "minor", "major", "critical", "blocker") and
              x["description"] and x["check_name"] and x["location"]["lines"]["begin"] >= 1 and
              re.fullmatch("[0-9a-f]{64}", x["fingerprint"]) for x in report), "gitlab: the shape")
    check(all(not x["location"]["path"].startswith(("./", "/")) and
              os.path.exists(os.path.join(top, x["location"]["path"])) for x in report),
          "gitlab: relative paths without ./")


COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def decode(text):
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def check_github(top, files):
    text = lint(top, "--format", "github", *files)[1].decode("utf-8")
    want = [x for x in findings_of(top, *files) if "waiver" not in x]
    lines = text.split("\n")
    check(lines.pop() == "" and len(lines) == len(want), "github: one line for a finding")
    ok = {"parse": True, "file": True, "message": True, "line": True}
    levels = {"error": "error", "warning": "warning", "info": "notice"}
    for line, x in zip(lines, want):
        m = COMMAND.fullmatch(line)
        ok["parse"] &= m is not None
        if not m:
            continue
        properties = {k: decode(v) for k, v in (p.split("=", 1) for p in m.group(2).split(","))}
        ok["file"] &= properties["file"] == os.path.normpath(x["file"])
        ok["line"] &= properties.get("line") == str(x["line"]) and \
            properties["title"] == x["rule"] and m.group(1) == levels[x["severity"]]
        ok["message"] &= decode(m.group(3)).startswith(x["message"])
    check(ok["parse"], "github: every line is one command")
    check(ok["file"], "github: hostile file names survive")
    check(ok["line"], "github: line, title and level")
    check(ok["message"], "github: messages survive")
    check(not any(line.startswith("::error file=x") for line in lines),
          "github: a name cannot give commands")
    run = subprocess.run([CERTBATCH, "lint", "--as-of", "2026-11-21", "--format", "github",
                          "many.batch.yaml"], cwd=top, capture_output=True, check=False)
    check(b"shows 10 of these 200 errors" in run.stderr, "github: what will not be shown is told")


def check_junit(top, files):
    text = lint(top, "--format", "junit", *files)[1]
    root = ElementTree.fromstring(text)
    check(root.tag == "testsuites" and len(root) == len(files), "junit: a suite for a file")
    ok = True
    for node in [root, *root]:
        cases = list(node.iter("testcase"))
        for attribute, tag in (("failures", "failure"), ("errors", "error"),
                               ("skipped", "skipped")):
            ok &= int(node.get(attribute)) == sum(c.find(tag) is not None for c in cases)
        ok &= int(node.get("tests")) == len(cases)
    check(ok, "junit: the counts are those of the cases")
    check([s.get("name") for s in root] == list(files), "junit: hostile file names survive")
    suite = {c.get("name"): c for c in root[0]}
    check(list(suite) == ["(file)", "fine", "wide", "commands", "markup", "mend", "shape",
                           "secret"],
          "junit: a case for the file and for each item, in order")
    check(len(suite["fine"]) == 0, "junit: an item without a finding passed")
    check(suite["shape"].find("skipped") is not None, "junit: what was not judged did not pass")
    failure = suite["markup"].find("failure")
    check('<a href="x">]]>.example.com' in failure.text and "wildcard.allowed" not in failure.text,
          "junit: text survives, what is waived fails nothing")
    check("W-1" in suite["markup"].find("system-out").text, "junit: what is waived is told")
    strict = ElementTree.fromstring(lint(top, "--severity", "warning", "--format", "junit",
                                         *files)[1])
    check("wildcard.base-missing" in strict[0].find("*[@name='markup']").find("failure").text and
          "wildcard.base-missing" not in failure.text, "junit: --severity decides what fails")
    bad = ElementTree.fromstring(lint(top, "--format", "junit", "bad.batch.yaml")[1])
    check(bad.get("errors") == "1" and bad[0][0].find("error") is not None,
          "junit: a policy that cannot be loaded is an error")


def check_tap(top, files):
    path = os.path.join(top, "out.tap")
    with open(path, "wb") as f:
        f.write(lint(top, "--format", "tap", *files)[1])
    script = """use TAP::Parser; my $p = TAP::Parser->new({source => $ARGV[0]}); my $bad = 0;
my @failed; my $yaml = 0; my $skipped = 0;
while (my $r = $p->next) {
  $bad++ if $r->is_unknown;
  $yaml += @{$r->data->{findings}} if $r->is_yaml;
  $skipped++ if $r->is_test && $r->has_skip;
  $bad++ if $r->is_test && $r->has_todo;
}
print join(' ', $p->version, scalar($p->parse_errors), $bad, $p->tests_run, scalar($p->failed),
           $skipped, $yaml), "\\n";"""
    run = subprocess.run(["perl", "-e", script, path], capture_output=True, check=False, text=True)
    version, errors, bad, tests, failures, skipped, found = run.stdout.split()
    root = ElementTree.fromstring(lint(top, "--format", "junit", *files)[1])
    want = [x for x in findings_of(top, *files) if "waiver" not in x and x["severity"] == "error"]
    check((version, errors, bad) == ("13", "0", "0"), "tap: TAP::Parser reads all of it")
    check((tests, failures, skipped) ==
          (root.get("tests"), root.get("failures"), root.get("skipped")),
          "tap: the same tests as junit")
    check(int(found) == len(want), "tap: every failing finding has its YAML")


with tempfile.TemporaryDirectory() as directory:
    top_dir = os.path.realpath(directory)
    prepare(top_dir)
    both = (NAME, OTHER)
    check_sarif(top_dir, both)
    check_stable(top_dir)
    check_gitlab(top_dir, both)
    check_github(top_dir, both)
    check_junit(top_dir, both)
    check_tap(top_dir, both)
    for fmt in FORMATS:
        args = ("--format", fmt, *both, "many.batch.yaml")
        first = lint(top_dir, "-j", "1", *args)
        check(first == lint(top_dir, "-j", "1", *args) == lint(top_dir, "-j", "2", *args) and
              first[0] == 1, fmt + ": the same bytes again, with one worker and with two")
        with open("/dev/full", "wb") as full:
            run = subprocess.run([CERTBATCH, "lint", *args], cwd=top_dir, stdout=full,
                                 stderr=subprocess.PIPE, check=False)
        check(run.returncode == 7 and b"standard output" in run.stderr,
              fmt + ": a report that could not be written is exit 7")
    with open(os.path.join(top_dir, OTHER), "rb") as f:
        stdin = f.read()
    by_name = lint(top_dir, "--format", "github", OTHER)
    by_pipe = lint(top_dir, "--format", "github", "-", stdin=stdin)
    renamed = by_name[1].replace(OTHER.encode(), b"-")
    check(sorted(by_pipe[1].splitlines()) == sorted(renamed.splitlines()) and
          by_pipe[0] == by_name[0] == 1, "standard input is judged like the file")

sys.exit(1 if failed else 0)
