#!/bin/sh
# Two builds of one tree in two directories give the same bytes.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for side in a b; do
  mkdir -p "$work/$side/tree$side"
  tar cf - Makefile cmd batch policy formats tests/tools tests/unit 2> /dev/null | tar xf - -C "$work/$side/tree$side"
  (cd "$work/$side/tree$side" && SOURCE_DATE_EPOCH=1700000000 make --no-print-directory -j"$(nproc)" all > /dev/null)
done
cmp "$work/a/treea/certbatch" "$work/b/treeb/certbatch"
if grep -rnE '__DATE__|__TIME__' cmd batch policy formats --include='*.[ch]'; then exit 1; fi
