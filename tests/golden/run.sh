#!/bin/sh
# Golden cases: tests/golden/<case>/ holds the input files, `cmd` (one shell line run inside a fresh
# copy, with certbatch on PATH), expect.out, expect.err, expect.exit. GOLDEN_UPDATE=1 rewrites what
# is expected: look at the diff before you keep it.
#
# Only the program's version is replaced in what was printed; cases pin dates with --as-of.
set -eu
cd "$(dirname "$0")"
here=$PWD
certbatch=${CERTBATCH:-$here/../../certbatch}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$certbatch" "$work/bin/certbatch"
PATH=$work/bin:$PATH
export PATH
SAMPLES=$here/../../samples # for cases that take the samples as they are
export SAMPLES
unset CERTBATCH_CONFIG
bad=0
for case in */; do
  case=${case%/}
  [ -f "$case/cmd" ] || continue
  rm -rf "$work/t"
  cp -r "$case" "$work/t"
  rm -f "$work"/t/expect.*
  set +e
  (cd "$work/t" && sh ./cmd > "$work/out" 2> "$work/err" < /dev/null)
  code=$?
  set -e
  echo "$code" > "$work/exit"
  for stream in out err exit; do
    sed -i 's/certbatch [0-9][0-9.]*$/certbatch VERSION/; s/"version": "[0-9.]*"/"version": "VERSION"/' "$work/$stream"
    [ -n "${GOLDEN_UPDATE:-}" ] && cp "$work/$stream" "$case/expect.$stream"
  done
  if cmp -s "$work/out" "$case/expect.out" && cmp -s "$work/err" "$case/expect.err" &&
    cmp -s "$work/exit" "$case/expect.exit"; then
    echo "ok $case"
  else
    echo "not ok $case"
    for stream in out err exit; do diff -u "$case/expect.$stream" "$work/$stream" || true; done
    bad=1
  fi
done
exit $bad
