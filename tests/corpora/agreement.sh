#!/bin/bash
# The agreement table: what certbatch says about other projects' test files beside what they say.
set -u
cd "$(dirname "$0")/../.." || exit 1
certbatch=${CERTBATCH:-./certbatch}
rules=$(dirname "$certbatch")/tests/unit/t_rules
[ -x "$rules" ] || rules=build/release/tests/unit/t_rules
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$rules" > "$log" 2>&1
/usr/bin/python3 tests/corpora/agreement.py "$certbatch" "$log"
