#!/bin/sh
# make analyze, second half (the build with gcc -fanalyzer was the first): cppcheck over all sources.
set -eu
cd "$(dirname "$0")/../.."
command -v cppcheck > /dev/null 2>&1 || { echo "cppcheck is not installed: skipped"; exit 0; }
cppcheck --quiet --std=c11 --enable=warning,portability --error-exitcode=2 --inline-suppr \
  --suppress=missingIncludeSystem -D_GNU_SOURCE -I. cmd batch policy formats
echo "cppcheck: nothing"
