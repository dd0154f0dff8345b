#!/bin/sh
# Turns policy packs into one C file: embed.sh policy/packs/*.yaml > packs.c
# Bytes become numbers, so the text needs no escaping and the result is the same everywhere.
set -eu
echo '/* made by tests/tools/embed.sh from policy/packs */'
echo '#include "policy/policy.h"'
i=0
for f in "$@"; do
  echo "static const unsigned char pack_${i}[] = {"
  od -An -v -tu1 "$f" | sed 's/  */,/g; s/^,//; s/$/,/'
  echo '0};'
  i=$((i + 1))
done
echo 'const struct pack policy_packs[] = {'
i=0
for f in "$@"; do
  name=$(basename "$f" .yaml)
  echo "    {\"$name\", (const char *)pack_$i, sizeof pack_$i - 1},"
  i=$((i + 1))
done
echo '};'
echo "const size_t policy_packs_count = $i;"
