#!/bin/sh
# Calls that have one home, or none. Comments are cut away before looking.
set -eu
cd "$(dirname "$0")/../.."
bad=0
code=$(mktemp -d)
trap 'rm -rf "$code"' EXIT
find cmd batch policy formats -name '*.c' | while read -r f; do
  mkdir -p "$code/$(dirname "$f")"
  # block comments only: the code has no others
  awk '{ line = $0; out = ""
    while (1) {
      if (inside) { e = index(line, "*/"); if (!e) break; line = substr(line, e + 2); inside = 0 }
      b = index(line, "/*"); if (!b) { out = out line; break }
      out = out substr(line, 1, b - 1); line = substr(line, b + 2); inside = 1
    }
    print out }' "$f" > "$code/$f"
done
ban() { # what, why, allowed files (ERE)
  hits=$(cd "$code" && grep -nE "(^|[^A-Za-z0-9_>.\"])($1) *\(" -r . --include='*.c' | sed 's|^\./||' | grep -vE "^($3):" || true)
  [ -z "$hits" ] || { echo "$hits" | sed "s|^|banned: |; s|\$|   [$2]|"; bad=1; }
}
none='-'
ban 'strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|strtok_r|gets' 'use buf or arena' "$none"
ban 'gmtime|localtime|ctime|asctime|mktime|localtime_r' 'formats/base/time.h' "$none"
ban 'atoi|atol|atoll|strtol|strtoul|strtoll|strtoull|scanf|sscanf' 'str_u64 and friends' "$none"
ban 'malloc|calloc|realloc' 'arena, buf or xmalloc' 'formats/base/mem\.c'
ban 'mktemp|tmpnam|tempnam|mkstemp|system|popen' 'never' "$none"
ban 'getenv|secure_getenv' 'one home for the environment' 'batch/secret\.c|batch/config\.c|batch/budget\.c|cmd/main\.c|cmd/term\.c'
ban 'fopen|creat' 'formats/base/fs.h' "$none"
ban 'curl_easy_setopt' 'batch/http.c' 'batch/http(_peer|_reply)?\.c'
ban 'exit' 'return to main' 'cmd/main\.c'
if grep -nE '\b(TODO|FIXME|XXX|HACK)\b' -r cmd batch policy formats --include='*.[ch]'; then bad=1; fi
exit $bad
