#!/bin/bash
# Sectigo SCM: what the simulator refuses as the real one does, and the program at it from end to end:
# approval, renewal, reissue, revocation, commands, the three credentials. One line per check.
# CERTBATCH and CASIM are the programs, by default ./certbatch and ./casim. Needs python3 and openssl;
# binds loopback only.
set -eu
cd "$(dirname "$0")/../.."
casim=${CASIM:-./casim}
certbatch=${CERTBATCH:-./certbatch}
[ -x "$casim" ] || { echo "not ok $casim is missing: make sim"; exit 1; }
work=$(mktemp -d)
end() {
  # every simulator that was started and did not end by itself
  if [ -f "$work/pids" ]; then
    while read -r pid; do kill "$pid" 2> /dev/null || true; done < "$work/pids"
  fi
  rm -rf "$work"
}
trap end EXIT
/usr/bin/python3 tests/sim/t_sectigo.py "$(realpath "$casim")" "$(realpath "$certbatch")" "$work" "$@"
