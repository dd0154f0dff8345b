#!/bin/sh
# Shell scripts are clean for shellcheck.
set -eu
cd "$(dirname "$0")/../.."
find tests samples -name '*.sh' -not -path 'tests/corpora/*' | sort | xargs shellcheck -S warning
