#!/bin/sh
# Hook for `dcv:`: a TXT or CNAME record by DNS UPDATE (RFC 2136), with nsupdate of BIND.
#
#     hook: [./nsupdate.sh]
#
# Called as: nsupdate.sh present|cleanup NAME VALUE. Where and how comes from the environment of
# certbatch, which passes CERTBATCH_HOOK_* on:
#   CERTBATCH_HOOK_SERVER    primary server of the zone; none: the one the SOA record names
#   CERTBATCH_HOOK_KEYFILE   TSIG key (tsig-keygen), readable by this user only; none: GSS-TSIG
#   CERTBATCH_HOOK_TTL       seconds, default 60
# One value is added or deleted, never the whole name: another order may be proven under it.
set -eu
action=${1:?} name=${2:?} value=${3:?}
ttl=${CERTBATCH_HOOK_TTL:-60}
case ${CERTBATCH_DCV_TYPE:-dns-01} in
  dns-01) record="IN TXT \"$value\"" ;;
  dns-cname) record="IN CNAME $value." ;;
  *) echo "this hook publishes records, not $CERTBATCH_DCV_TYPE" >&2 && exit 2 ;;
esac
case $action in
  present) update="update add $name. $ttl $record" ;;
  cleanup) update="update delete $name. $record" ;;
  *) exit 0 ;; # what a later version may want to tell
esac
if [ -n "${CERTBATCH_HOOK_KEYFILE:-}" ]; then
  set -- -k "$CERTBATCH_HOOK_KEYFILE"
else
  set -- -g
fi
{
  if [ -n "${CERTBATCH_HOOK_SERVER:-}" ]; then echo "server $CERTBATCH_HOOK_SERVER"; fi
  echo "$update"
  echo send
} | nsupdate -t 20 "$@"
