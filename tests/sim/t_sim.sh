#!/bin/bash
# The simulator against requests that it must take, refuse or break: one line per check. CASIM is
# the program (make sim), by default ./casim. Needs python3 and openssl, no network.
set -eu
cd "$(dirname "$0")/../.."
casim=${CASIM:-./casim}
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
/usr/bin/python3 tests/sim/t_sim.py "$casim" "$work"
