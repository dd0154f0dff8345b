# SPDX-License-Identifier: Apache-2.0
"""Checks the JSON Schemas that certbatch prints: see schema.sh."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import yaml
from jsonschema import Draft202012Validator

CERTBATCH = os.path.abspath(sys.argv[1])
failed = 0


def check(ok, what):
    global failed
    failed += not ok
    print(("ok " if ok else "not ok ") + what)


class Strict(yaml.SafeLoader):
    """Plain scalars as certbatch types them: true, false, JSON numbers, else text."""


Strict.yaml_implicit_resolvers = {}
Strict.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))
Strict.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^(?:0|[1-9][0-9]*)$"),
                             list("0123456789"))
Strict.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^(?:0|[1-9][0-9]*)\.[0-9]+$"),
                             list("0123456789"))
Strict.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])


def load(text):
    return yaml.load(text, Loader=Strict)


def children(node):
    """The schemas below a schema. Under "properties" the keys are names of the user's, not keywords."""
    for key, sub in node.items():
        if key in ("properties", "$defs"):
            yield from ((key + "." + name, one) for name, one in sub.items())
        elif isinstance(sub, dict):
            yield key, sub
        elif isinstance(sub, list):
            yield from ((key, entry) for entry in sub if isinstance(entry, dict))


def described(node, path, missing):
    for name, sub in node.get("properties", {}).items():
        if not sub.get("description"):
            missing.append(path + "." + name)
    for key, sub in children(node):
        if key != "allOf":  # fragments of free-form values; the description above says what they are
            described(sub, path + "." + key, missing)


def closed(node, path, loose):
    if node.get("type") == "object" and "properties" in node and \
            node.get("additionalProperties") is not False:
        loose.append(path)
    for key, sub in children(node):
        closed(sub, path + "." + key, loose)


validators = {}
for kind in ("manifest", "policy", "config"):
    text = subprocess.run([CERTBATCH, "schema", kind], capture_output=True, check=True).stdout
    schema = json.loads(text)
    try:
        Draft202012Validator.check_schema(schema)
        problem = ""
    except Exception as e:  # whatever is wrong is the message
        problem = ": " + str(e).splitlines()[0]
    check(not problem, "%s is a JSON Schema 2020-12%s" % (kind, problem))
    check(schema["$schema"].endswith("/draft/2020-12/schema") and "$id" in schema,
          kind + " names its dialect and id")
    missing, loose = [], []
    described(schema, kind, missing)
    closed(schema, kind, loose)
    check(not missing, "%s describes every key %s" % (kind, missing[:3] or ""))
    check(not loose, "%s allows no unknown key %s" % (kind, loose[:3] or ""))
    validators[kind] = Draft202012Validator(schema)


def kind_of(document):
    for key, kind in (("certbatch", "manifest"), ("certbatch_policy", "policy"),
                      ("certbatch_config", "config")):
        if isinstance(document, dict) and key in document:
            return kind
    return None


def first_error(kind, document):
    e = next(validators[kind].iter_errors(document), None)
    return "" if e is None else "%s: %s" % (list(e.absolute_path), e.message[:120])


samples = 0
for path in sorted(glob.glob("samples/**/*.yaml", recursive=True)
                   + glob.glob("policy/packs/*.yaml")):
    with open(path, encoding="utf-8") as f:
        try:
            document = load(f.read())
        except yaml.YAMLError:
            continue  # a sample of what is refused
    kind = kind_of(document)
    if kind and "bad" not in path and "broken" not in path:
        error = first_error(kind, document)
        check(not error, "%s is a valid %s %s" % (path, kind, error))
        samples += 1
check(samples > 0, "there are samples")

MANIFEST = "certbatch: 1\nname: t1\n"
ORDER = MANIFEST + "orders:\n  - id: a\n    common_name: x.example\n"
GOOD = [
    ORDER,
    ORDER + "    outputs: [pem, {pfx: {profile: windows-2016, password: {env: P}}}, {jks: {}}]\n",
    ORDER + "    validity: 199d\n    order_date: 2026-12-01T10:00:00+01:00\n",
    ORDER + "    san: [\"*.example.com\"]\n    subject: {country: NO}\n    product: \"0842\"\n",
    ORDER + "    key_file: k\n    key_password: {command: [pass, show, k]}\n",
    MANIFEST + "policy: cabf-tls\nrevocations:\n  - {id: r, serial: 0A1B, reason: superseded}\n",
    MANIFEST + "revocations:\n  - {id: r, serial: dec:2587, reason: key-compromise}\n"
               "  - {id: s, serial: \"0x0A\", reason: 4}\n  - {id: t, serial: 0B, reason: \"4\"}\n",
    MANIFEST + "orders:\n  - {id: a, action: renew, replaces: {order: \"1\"}}\n",
    MANIFEST + "change: {type: normal, window: {start: 2026-11-21, end: 2026-11-22}}\norders: []\n",
]
BAD = [
    "name: t1\norders: []\n",
    "certbatch: 2\nname: t1\norders: []\n",
    "certbatch: \"1\"\nname: t1\norders: []\n",
    "certbatch: 1\nname: ../t1\norders: []\n",
    MANIFEST + "order: []\n",
    ORDER + "    comon_name: y\n",
    ORDER + "    key: rsa-1024\n",
    ORDER + "    key: ec-p256\n    csr: a.csr\n",
    ORDER + "    outputs: [der]\n",
    ORDER + "    outputs: [{pem: {}, jks: {}}]\n",
    ORDER + "    outputs: []\n",
    ORDER + "    outputs: [{pfx: {iterations: 0}}]\n",
    ORDER + "    outputs: [{pfx: {password: hunter2}}]\n",
    ORDER + "    key_password: hunter2\n",
    ORDER + "    key_password: {env: A, file: b}\n",
    ORDER + "    key_password: {command: []}\n",
    ORDER + "    validity: 1 year\n",
    ORDER + "    validity: 007d\n",
    ORDER + "    order_date: 2026-12-01T10:00:00\n",
    ORDER + "    reuse_key: yes\n",
    ORDER + "    replaces: {}\n",
    ORDER + "    replaces: {order: \"1\", serial: \"2\"}\n",
    ORDER + "    san: x.example\n",
    ORDER + "    san: []\n",
    ORDER + "    common_name2: x\n",
    MANIFEST + "orders:\n  - {common_name: x}\n",
    MANIFEST + "revocations:\n  - {id: r}\n",
    MANIFEST + "revocations:\n  - {id: r, serial: \"1\", order: \"2\"}\n",
    MANIFEST + "revocations:\n  - {id: r, serial: \"1\", reason: because}\n",
    MANIFEST + "revocations:\n  - {id: r, serial: \"1\", reason: 7}\n",
    MANIFEST + "revocations:\n  - {id: r, serial: \"dec:0A\", reason: 4}\n",
    MANIFEST + "orders: []\nchange: {window: {start: 2026-11-21}}\n",
    MANIFEST + "orders: []\npolicy_sha256: abc\n",
]
CONFIG = "certbatch_config: 1\n"
CONFIG_GOOD = [
    CONFIG,
    CONFIG + "cas: {lab: {type: local, directory: ./lab-ca, limits: {orders_per_second: 0.6}}}\n",
    CONFIG + "signing: {certificate: a.pem, key: {file: a.key}}\npolicy: [x]\n",
    CONFIG + "timestamp: {url: https://tsa.example/, ca_file: t.pem}\npaths: {allow_outside: true}\n",
    CONFIG + "cas: {lab: {type: local, proxy: {host: p, port: 3128, password: {env: P}}}}\n",
]
CONFIG_BAD = [
    "cas: {}\n",
    CONFIG + "cas: {lab: {directory: x}}\n",
    CONFIG + "cas: {lab: {type: nothing}}\n",
    CONFIG + "cas: {lab: {type: local, verify: false}}\n",
    CONFIG + "cas: {\"a/b\": {type: local}}\n",
    CONFIG + "cas: {lab: {type: local, proxy: {host: p, port: 65536}}}\n",
    CONFIG + "cas: {lab: {type: local, proxy: {host: p, port: 1, password: hunter2}}}\n",
    CONFIG + "cas: {lab: {type: local, tls: {truststore: {file: x, type: pem}}}}\n",
    CONFIG + "signing: {certificate: a.pem}\n",
    CONFIG + "timestamp: {url: tsa.example}\n",
]


def refused_by_certbatch(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    run = subprocess.run([CERTBATCH, "lint", "--format", "json", path], capture_output=True,
                         cwd=directory, check=False)
    rules = [x["rule"] for file in json.loads(run.stdout)["files"] for x in file["findings"]
             if x["severity"] == "error"]
    shape = [r for r in rules if r in ("manifest.schema", "manifest.secret.inline",
                                       "manifest.timezone", "config.schema",
                                       "revoke.reason.known", "revoke.serial.format")]
    return bool(shape)


with tempfile.TemporaryDirectory() as directory:
    for kind, name, texts, good in (("manifest", "t.batch.yaml", GOOD, True),
                                    ("manifest", "t.batch.yaml", BAD, False),
                                    ("config", "certbatch.yaml", CONFIG_GOOD, True),
                                    ("config", "certbatch.yaml", CONFIG_BAD, False)):
        for text in texts:
            label = "%s %s: %s" % ("good" if good else "bad", kind, json.dumps(text)[-60:])
            error = first_error(kind, load(text))
            check(bool(error) != good, "schema, %s %s" % (label, error if good else ""))
            check(refused_by_certbatch(directory, name, text) != good, "certbatch, " + label)

sys.exit(1 if failed else 0)
