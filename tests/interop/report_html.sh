#!/bin/bash
# report.html and report.pdf, row by row against report.json, and the page in a headless Chromium.
#
#   tests/interop/report_html.sh        the program is $CERTBATCH, else ./certbatch
#
# Prints "ok ..." or "not ok ..." for every check; exit 1 when one failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
CERTBATCH=${CERTBATCH:-./certbatch}
case $CERTBATCH in /*) ;; *) CERTBATCH=$PWD/$CERTBATCH ;; esac
for tool in "$CERTBATCH" chromium pdftotext; do
  command -v "$tool" > /dev/null || { echo "not ok $tool is not installed"; exit 1; }
done
T=$(mktemp -d "${TMPDIR:-/tmp}/cb-report-XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
bad=0
ok() { # title, command...
  local title=$1
  shift
  if "$@" > "$T/log" 2>&1; then echo "ok $title"; else
    echo "not ok $title"; sed 's/^/    /' "$T/log" | head -20; bad=1
  fi
}
write() { # state directory-of-reports
  mkdir -p "$2" &&
    for f in json csv html pdf; do "$CERTBATCH" report "$1" --format $f -o "$2/report.$f" || return 1; done
}

/usr/bin/python3 tests/interop/report_state.py "$T/state" 240 || { echo "not ok no state"; exit 1; }
ok "report writes every format" write "$T/state" "$T/one"
ok "again: the same bytes" sh -c "$(declare -f write); CERTBATCH='$CERTBATCH'; write '$T/state' '$T/two' && diff -r '$T/one' '$T/two'"
ok "the default is the page" sh -c "'$CERTBATCH' report '$T/state' | cmp - '$T/one/report.html'"
ok "json is that of status" sh -c "'$CERTBATCH' status '$T/state' --format json | cmp - '$T/one/report.json'"
ok "a file is complete or absent" sh -c "! '$CERTBATCH' report '$T/state' -o '$T/nowhere/x.html' && ! ls '$T'/.cb-tmp-* 2> /dev/null"

cat > "$T/m.batch.yaml" << 'YAML'
certbatch: 1
name: real
change: {ticket: CHG0000042, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T09:00:00Z}
policy: [private]
ca: local
defaults: {key: ec-p256, validity: 30d, outputs: [pem]}
orders:
  - {id: web, common_name: web.corp.example.com, san: [web.corp.example.com]}
YAML
ok "a run puts the same reports into its audit bag" sh -c "cd '$T' && '$CERTBATCH' run -q m.batch.yaml && tar xzf real-audit.tar.gz &&
  for f in json csv html pdf; do '$CERTBATCH' report real.state --format \$f | cmp - real-audit/data/report.\$f || exit 1; done"
ok "its journal head is what sha256sum says" sh -c "cd '$T' &&
  grep -q \"\$(tail -n 1 real-audit/data/journal.jsonl | tr -d '\\n' | sha256sum | cut -d' ' -f1)\" real-audit/data/report.html"
/usr/bin/python3 tests/interop/report_html.py "$T/one" || bad=1

/usr/bin/python3 tests/interop/report_state.py "$T/good" 3 plain
ok "a good batch: said in one sentence, nothing to do" sh -c "
  '$CERTBATCH' report '$T/good' > '$T/good.html' && grep -q 'All 3 items are in their final good state' '$T/good.html' &&
  grep -q 'Nothing: every item is done' '$T/good.html'"
exit $bad
