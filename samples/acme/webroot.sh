#!/bin/sh
# Hook for files that prove control of a host: http-01 (ACME; RFC 8555, 8.3) and http-file (DigiCert,
# http-token), one file below the document root of a web server.
#   CERTBATCH_HOOK_WEBROOT   that directory, default ./webroot beside the configuration; if it has a
#                            directory named like the host, that is the document root of the host
# Called as: webroot.sh present|cleanup ADDRESS CONTENT; certbatch lets nothing through that would lead
# out of /.well-known. http-file has one name for all orders: only what is ours is removed.
set -eu
action=${1:?} content=${3:?}
root=${CERTBATCH_HOOK_WEBROOT:-webroot}
case ${CERTBATCH_DCV_TYPE:?} in
  http-01 | http-file) ;;
  *) echo "this hook publishes files, not $CERTBATCH_DCV_TYPE" >&2 && exit 2 ;;
esac
if [ -d "$root/${CERTBATCH_DCV_DOMAIN:?}" ]; then root=$root/$CERTBATCH_DCV_DOMAIN; fi
file=$root${CERTBATCH_DCV_PATH:?}
case $action in
  present)
    mkdir -p "$(dirname "$file")"
    printf '%s' "$content" > "$file.new"
    mv "$file.new" "$file"
    ;;
  cleanup)
    if [ -f "$file" ] && [ "$(cat "$file")" = "$content" ]; then rm -f "$file"; fi
    ;;
esac
