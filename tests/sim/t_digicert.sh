#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# DigiCert CertCentral as the simulator plays it, and certbatch against it: t_digicert.py says what.
# CASIM and CERTBATCH are the programs. Needs python3 and openssl, no network.
set -eu
cd "$(dirname "$0")/../.."
casim=$(realpath "${CASIM:-./casim}")
certbatch=$(realpath "${CERTBATCH:-./certbatch}")
work=$(mktemp -d)
end() {
  # every simulator that was started and did not end by itself
  if [ -f "$work/pids" ]; then
    while read -r pid; do kill "$pid" 2> /dev/null || true; done < "$work/pids"
  fi
  rm -rf "$work"
}
trap end EXIT
/usr/bin/python3 tests/sim/t_digicert.py "$casim" "$certbatch" "$work"
