#!/bin/sh
# Includes point strictly downward: cmd > batch > policy > formats > formats/base. Each third-party
# library is touched where the table says, nowhere else.
set -eu
cd "$(dirname "$0")/../.."
bad=0
say() { echo "layers: $*"; bad=1; }
rank() { case "$1" in cmd/*) echo 5 ;; batch/*) echo 4 ;; policy/*) echo 3 ;; formats/base/*) echo 1 ;; formats/*) echo 2 ;; *) echo 0 ;; esac; }
work=$(mktemp)
trap 'rm -f "$work"' EXIT
find cmd batch policy formats -name '*.[ch]' | sort > "$work"
while read -r f; do
  mine=$(rank "$f")
  for inc in $(sed -n 's/^#include "\(.*\)"/\1/p' "$f"); do
    theirs=$(rank "$inc")
    [ "$theirs" = 0 ] && say "$f includes \"$inc\" without its directory"
    [ "$theirs" -gt "$mine" ] && say "$f includes $inc: an upward arrow"
  done
done < "$work"
only() { # header pattern, allowed files (ERE)
  for f in $(grep -lE "^#include <($1)" -r cmd batch policy formats --include='*.[ch]' || true); do
    echo "$f" | grep -qE "^($2)$" || say "$f includes <$1>, allowed only in $2"
  done
}
only 'yaml\.h' 'formats/base/yaml\.c'
only 'pcre2\.h' 'policy/regex\.c'
only 'archive(_entry)?\.h' 'formats/archive[a-z_]*\.c|cmd/version\.c'
only 'curl/' 'batch/http_(attempt\.c|parts\.h)|cmd/version\.c'
only 'jansson\.h' 'formats/base/json_in\.h|cmd/version\.c'
only 'idn2\.h' 'policy/names\.c|cmd/version\.c'
only 'csv\.h' 'formats/csv_in\.c'
only 'expat\.h' 'formats/xml_in\.c|cmd/version\.c'
only 'libpsl\.h' 'policy/names\.c|cmd/version\.c'
only 'xlsxwriter\.h' 'formats/xlsx\.c|cmd/version\.c'
only 'openssl/' 'formats/[a-z0-9_]*\.[ch]|formats/base/(err|buf|sha|secret)\.c|policy/rules_key[a-z_]*\.c|cmd/(main|version)\.c|batch/reach_tls\.c'
exit $bad
