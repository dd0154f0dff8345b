#!/bin/sh
# Hook for `dcv:`: records in a plain file, one "NAME VALUE" a line for a TXT record and a file, one
# "NAME CNAME TARGET" for a CNAME record, for whatever makes a zone of it.
# Called as: records.sh present|cleanup NAME VALUE.
#   CERTBATCH_HOOK_RECORDS   the file, default records.txt beside the configuration
# Several of these run at the same time: the file is changed under a lock and replaced whole.
set -eu
action=${1:?} name=${2:?} value=${3:?}
if [ "${CERTBATCH_DCV_TYPE:-}" = dns-cname ]; then value="CNAME $value"; fi
file=${CERTBATCH_HOOK_RECORDS:-records.txt}
exec 9> "$file.lock"
flock 9
touch "$file"
{
  grep -Fvx "$name $value" "$file" || true
  if [ "$action" = present ]; then echo "$name $value"; fi
} > "$file.new"
mv "$file.new" "$file"
# where the zone is served from a file, this is the place to reload it: rndc reload ZONE
