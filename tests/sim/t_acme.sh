#!/bin/bash
# Renewal information of ACME (RFC 9773) and the most orders of a run, from end to end: the program
# against the simulator. BUILD is the directory of a variant (default build/check).
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(cd "${BUILD:-$here/../../build/check}" && pwd) || exit 1
export BUILD HISTORY_API=acme
unset CERTBATCH_CONFIG
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
python3 "$here/t_acme.py" "$work"
