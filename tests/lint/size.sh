#!/bin/sh
# Files at most 600 lines, functions at most 100 (60 is the aim; tables are exempt: they are data).
set -eu
cd "$(dirname "$0")/../.."
find cmd batch policy formats tests -name '*.[ch]' | sort | xargs awk '
  FNR == 1 { if (file && lines > 600) { print "size: " file " has " lines " lines"; bad = 1 } file = FILENAME; start = 0 }
  { lines = FNR }
  /^[a-z].*= *\{ *$/ { table = 1 }
  /^\{/ { start = FNR }
  /^\}/ { if (start && FNR - start > 100) { print "size: " FILENAME ":" start ": function of " FNR - start " lines"; bad = 1 } start = 0; table = 0 }
  END { if (lines > 600) { print "size: " file " has " lines " lines"; bad = 1 } exit bad }'
