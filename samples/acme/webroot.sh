#!/bin/sh
# Hook for http-01 (RFC 8555, 8.3): one file a token below the document root of a web server.
#   CERTBATCH_HOOK_WEBROOT   that directory, default ./webroot beside the configuration
# Called as: webroot.sh present|cleanup ADDRESS CONTENT; the token comes in the environment and holds
# letters, digits, "-" and "_" only.
set -eu
root=${CERTBATCH_HOOK_WEBROOT:-webroot}
[ "${CERTBATCH_DCV_TYPE:?}" = http-01 ] || { echo "this hook is for http-01" >&2; exit 2; }
file=$root$CERTBATCH_DCV_PATH
case ${1:?} in
  present)
    mkdir -p "$(dirname "$file")"
    printf '%s' "$CERTBATCH_DCV_KEY_AUTHORIZATION" > "$file.new"
    mv "$file.new" "$file"
    ;;
  cleanup) rm -f "$file" "$file.new" ;;
esac
