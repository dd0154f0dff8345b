# SPDX-License-Identifier: Apache-2.0
"""DigiCert CertCentral, names proven by CNAME records that a hook publishes: the simulator issues
nothing before it has seen the record. See client_v1.py; kill.py asks left_behind()."""
import os
import shutil

import client_digicert as digicert
import history

PRODUCT, POLICY = digicert.PRODUCT, digicert.POLICY
NO_REVOCATION = True
HOOK = """\
#!/bin/sh
echo "$1 $2 $3" >> hook.log
exec ./records.sh "$@"
"""


def secrets(place, other):
    place.write("hook.sh", HOOK, 0o755)
    place.write("records.txt", "")
    shutil.copy(os.path.join(history.HERE, "..", "..", "samples", "dcv", "records.sh"), place.base)
    return digicert.secrets(place, other) + ["--dcv", "table", "--dcv-table", place.path("records.txt")]


def config(place, values):
    dcv = ("    dcv_method: dns-cname-token\n"
           "    dcv: {enabled: true, hook: [./hook.sh], propagation_delay_seconds: 0}\n")
    return digicert.config(place, values).replace("policy: [", dcv + "policy: [")


def left_behind(place, done):
    """What is wrong with what was published. Whatever is there must be known to the journal, so that the
    next run removes it; when all is done, nothing is there, and every publication was followed by a removal."""
    records = place.text("records.txt").splitlines()
    known = {(r["record_name"], r["record_value"]) for r in place.journal() if r["ev"] == "dcv-present"}
    said = ["%s, which no journal knows" % line for line in records
            if tuple(line.replace(" CNAME ", " ").split(" ")) not in known]
    if not done:
        return said
    last = {}
    try:
        for line in place.text("hook.log").splitlines():
            action, what = line.split(" ", 1)
            last[what] = action
    except OSError:
        said.append("no hook was called")
    said += ["left behind: " + line for line in records]
    return said + ["published and never removed: " + what for what, action in last.items() if action != "cleanup"]
