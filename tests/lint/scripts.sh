#!/bin/sh
# Shell scripts are clean for shellcheck.
set -eu
cd "$(dirname "$0")/../.."
find tests samples -name '*.sh' -not -path 'tests/corpora/*' | sort | xargs shellcheck -x -S warning
# One that needs bash is never handed to sh: it would work where sh is bash, and nowhere else.
find tests samples -name '*.sh' -not -path 'tests/corpora/*' -print0 | xargs -0 grep -lE '^#!.*bash' | {
  bad=0
  while read -r script; do
    if grep -rnE "(^|[^a-z])sh (\./)?$script" Makefile README.md .ci tests samples; then
      echo "$script is written for bash and called with sh"
      bad=1
    fi
  done
  exit $bad
}
