#!/bin/sh
# Every C file is as clang-format leaves it.
set -eu
cd "$(dirname "$0")/../.."
find cmd batch policy formats tests -name '*.[ch]' -not -path 'tests/corpora/*' | sort |
  xargs clang-format --dry-run -Werror
