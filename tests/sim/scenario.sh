#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every scenario of tests/scenario against the program, and the negative tests of simcheck. BUILD is
# the directory of a variant (default build/check); what failed stays in SCENARIO_WORK, if that is
# set. One line per scenario and mutation: ok NAME, not ok NAME.
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(cd "${BUILD:-$here/../../build/check}" && pwd)
export BUILD
unset CERTBATCH CERTBATCH_CONFIG
work=${SCENARIO_WORK:-$(mktemp -d)}
mkdir -p "$work/mutations"
[ -n "${SCENARIO_WORK:-}" ] || trap 'rm -rf "$work"' EXIT
umask 077
bad=0
python3 "$here/t_check.py" "$work/mutations" || bad=1
python3 "$here/scenario.py" "$work" "$@" || bad=1
exit $bad
