# shellcheck shell=sh
# The beginning of a suite that prints "ok ..." or "not ok ..." for every check; it ends with
# `exit $bad`. Sourced from the root of the tree, `suite` set to its name:
#
#   CERTBATCH   the program, an absolute path (default ./certbatch)
#   T           a new directory, gone at the end; T/log: what the last check printed
#   ok TITLE COMMAND...              it succeeds
#   fails TITLE COMMAND...           it does not
#   exits TITLE CODE WORDS COMMAND...    it ends with CODE and prints WORDS (basic regular expression)
#   say STATUS TITLE                 0 is ok
CERTBATCH=${CERTBATCH:-./certbatch}
case $CERTBATCH in /*) ;; *) CERTBATCH=$PWD/$CERTBATCH ;; esac
[ -x "$CERTBATCH" ] || { echo "not ok no program at $CERTBATCH"; exit 1; }

T=$(mktemp -d "${TMPDIR:-/tmp}/cb-${suite:?}-XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
XDG_STATE_HOME=$T/xdg
export XDG_STATE_HOME
bad=0

say() {
  # shellcheck disable=SC2034 # the suite ends with it
  if [ "$1" = 0 ]; then echo "ok $2"; else
    echo "not ok $2"; sed 's/^/    /' "$T/log" | head -20; bad=1
  fi
}
ok() { title=$1; shift; timeout 120 "$@" > "$T/log" 2>&1; say $? "$title"; } # stdin passes through
fails() { title=$1; shift; timeout 120 "$@" > "$T/log" 2>&1; [ $? -ne 0 ]; say $? "$title"; }
exits() {
  title=$1 want=$2 words=$3; shift 3
  timeout 120 "$@" > "$T/log" 2>&1
  code=$?
  [ $code = "$want" ] && grep -q -- "$words" "$T/log"
  say $? "$title (exit $code)"
}
