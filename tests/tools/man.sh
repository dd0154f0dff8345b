#!/bin/sh
# The man page: prose by hand, the parts between `.\" BEGIN x` and `.\" END x` from the tables.
#   man.sh PAGE      prints the page as the tables want it
#   man.sh --write   rewrites cmd/certbatch.1
set -eu
certbatch=${CERTBATCH:-./certbatch}
page=cmd/certbatch.1
[ "${1:-}" = --write ] || page=${1:-$page}
out=$(mktemp)
trap 'rm -f "$out"' EXIT

part() {
  case $1 in
  commands)
    "$certbatch" help --format roff commands ;;
  options)
    "$certbatch" help --format roff options ;;
  exit-codes)
    "$certbatch" help --format roff exit-codes ;;
  manifest | policy | config | import)
    "$certbatch" schema --format roff "$1" ;;
  esac
}
while IFS= read -r line; do
  case $line in
  '.\" BEGIN '*)
    printf '%s\n' "$line"
    part "${line#'.\" BEGIN '}"
    skip=yes ;;
  '.\" END '*)
    printf '%s\n' "$line"
    skip= ;;
  *)
    [ -n "${skip:-}" ] || printf '%s\n' "$line" ;;
  esac
done < "$page" > "$out"
if [ "${1:-}" = --write ]; then cp "$out" "$page"; else cat "$out"; fi
