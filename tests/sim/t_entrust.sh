#!/bin/bash
# Entrust CA Gateway from end to end: what the simulator refuses as the real gateway does, and the
# commands of the program against it. BUILD is the directory of a variant (default build/check).
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=$(cd "${BUILD:-$here/../../build/check}" && pwd) || exit 1
export BUILD HISTORY_API=entrust
unset CERTBATCH_CONFIG
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
python3 "$here/t_entrust.py" "$work"
