#!/bin/sh
# Documents against tables: the man page's generated parts, exit codes and commands in the README,
# a header comment in every public header, samples and explain text for every rule.
set -eu
cd "$(dirname "$0")/../.."
certbatch=${CERTBATCH:-./certbatch}
bad=0
say() { echo "docs: $*"; bad=1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

CERTBATCH=$certbatch sh tests/tools/man.sh cmd/certbatch.1 > "$work/man"
cmp -s "$work/man" cmd/certbatch.1 || say "cmd/certbatch.1 differs from the tables: sh tests/tools/man.sh --write"
mandoc -Tlint -Wwarning cmd/certbatch.1 > "$work/mandoc" 2>&1 || { cat "$work/mandoc"; say "mandoc complains"; }

"$certbatch" help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' | while read -r command; do
  grep -q "certbatch $command" README.md || echo "$command"
done > "$work/missing"
[ -s "$work/missing" ] && say "README.md does not mention: $(tr '\n' ' ' < "$work/missing")"
"$certbatch" help exit-codes | while read -r code _; do
  grep -qE "^\| *$code *\|" README.md || echo "$code"
done > "$work/codes"
[ -s "$work/codes" ] && say "README.md lacks exit codes: $(tr '\n' ' ' < "$work/codes")"

for h in formats/base/*.h formats/*.h policy/*.h batch/*.h cmd/*.h; do
  sed -n 1p "$h" | grep -q 'SPDX-License-Identifier: Apache-2.0' || say "$h has no licence line"
  sed -n 3p "$h" | grep -q '^ \* ..*' || say "$h does not start with what it is for"
done
for c in formats/base/*.c formats/*.c policy/*.c batch/*.c batch/ca/*.c cmd/*.c; do
  sed -n 3p "$c" | grep -q '^ \* ..*' || say "$c does not start with what it is for"
done

"$certbatch" rules --format json > "$work/rules.json"
/usr/bin/python3 - "$work/rules.json" << 'PY' || bad=1
import json, sys
rules = json.load(open(sys.argv[1]))
bad = 0
for r in rules:
    for key in ("id", "title", "why", "fix", "cite", "bad", "good"):
        if not r.get(key):
            print(f"docs: rule {r.get('id')} has no {key}")
            bad = 1
sys.exit(bad)
PY
exit $bad
