#!/bin/sh
# Two builds of one tree in two directories, this one and another, give the same bytes.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2> /dev/null || echo 0)
export SOURCE_DATE_EPOCH
make --no-print-directory -j"$(nproc)" all > /dev/null
mkdir "$work/elsewhere"
tar cf - Makefile cmd batch policy formats tests/tools tests/unit 2> /dev/null | tar xf - -C "$work/elsewhere"
(cd "$work/elsewhere" && make --no-print-directory -j"$(nproc)" all > /dev/null)
cmp certbatch "$work/elsewhere/certbatch"
if grep -rnE '__DATE__|__TIME__' cmd batch policy formats --include='*.[ch]'; then exit 1; fi
