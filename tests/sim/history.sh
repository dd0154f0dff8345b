#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# history.sh check|scenario|kill|soak [ARGUMENT...]: histories of the program at the simulator, each
# looked at by simcheck. `check` are the negative tests of simcheck itself; scenario.py, kill.py and
# soak.py say what the others do and which variables they read. What failed stays in HISTORY_WORK,
# if that is set. Lines "ok ..." and "not ok ...".
#
#   BUILD   directory of a variant (default build/check)
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(cd "${BUILD:-$here/../../build/check}" && pwd) || exit 1
export BUILD
unset CERTBATCH CERTBATCH_CONFIG
what=${1:?check, scenario, kill or soak}
shift
work=${HISTORY_WORK:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${HISTORY_WORK:-}" ] || trap 'rm -rf "$work"' EXIT
umask 077
case $what in
  check) python3 "$here/t_check.py" "$work" "$@" ;;
  scenario) python3 "$here/scenario.py" "$work" "$@" ;;
  kill) python3 "$here/kill.py" "$work" "$@" ;;
  soak) python3 "$here/soak.py" "$work" "$@" ;;
  *) echo "not ok history: $what" && exit 2 ;;
esac
