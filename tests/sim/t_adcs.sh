#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# AD CS end to end at the simulated CA: what the simulator refuses, an officer's script from the state directory to the
# CRL, a standalone CA, pages in other languages, the commands that look. CASIM, CERTBATCH: the programs. One line a
# check. See t_adcs.py.
set -u
cd "$(dirname "$0")/../.." || exit 1
CASIM=$(realpath "${CASIM:-build/check/tests/sim/casim}")
CERTBATCH=$(realpath "${CERTBATCH:-build/check/certbatch}")
export CASIM CERTBATCH HISTORY_API=adcs
unset CERTBATCH_CONFIG
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
python3 tests/sim/t_adcs.py "$work"
