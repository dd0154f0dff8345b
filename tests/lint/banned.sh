#!/bin/sh
# Calls that have one home, or none.
set -eu
cd "$(dirname "$0")/../.."
bad=0
ban() { # what, why, allowed files (ERE)
  hits=$(grep -nE "(^|[^A-Za-z0-9_>.])($1) *\(" -r cmd batch policy formats --include='*.c' | grep -vE "^($3):" || true)
  [ -z "$hits" ] || { echo "$hits" | sed "s|^|banned: |; s|\$|   [$2]|"; bad=1; }
}
none='-'
ban 'strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|strtok_r|gets' 'use buf or arena' $none
ban 'gmtime|localtime|ctime|asctime|mktime|localtime_r' 'formats/base/time.h' $none
ban 'atoi|atol|atoll|strtol|strtoul|strtoll|strtoull|strtod|scanf|sscanf' 'str_u64 and friends' 'formats/base/schema[a-z_]*\.c'
ban 'malloc|calloc|realloc' 'arena, buf or xmalloc' 'formats/base/mem\.c'
ban 'mktemp|tmpnam|tempnam|mkstemp|system|popen' 'never' $none
ban 'getenv|secure_getenv' 'one home for the environment' 'batch/secret\.c|batch/config\.c|cmd/main\.c|cmd/term\.c'
ban 'fopen|creat' 'formats/base/fs.h' $none
ban 'curl_easy_setopt' 'batch/http.c' 'batch/http\.c'
ban 'exit' 'return to main' 'cmd/main\.c'
grep -nE '\b(TODO|FIXME|XXX|HACK)\b' -r cmd batch policy formats --include='*.[ch]' && bad=1
exit $bad
