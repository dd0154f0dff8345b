#!/bin/sh
# Turns YAML files into one C file: embed.sh HEADER ARRAY FILE... > array.c, where HEADER declares
# `struct pack ARRAY[]` and ARRAY_count. Bytes become numbers, so the text needs no escaping and the
# result is the same everywhere.
set -eu
header=$1
array=$2
shift 2
echo "/* made by tests/tools/embed.sh */"
echo "#include \"$header\""
i=0
for f in "$@"; do
  echo "static const unsigned char pack_${i}[] = {"
  od -An -v -tu1 "$f" | sed 's/  */,/g; s/^,//; s/$/,/'
  echo '0};'
  i=$((i + 1))
done
echo "const struct pack ${array}[] = {"
i=0
for f in "$@"; do
  name=$(basename "$f" .yaml)
  echo "    {\"$name\", (const char *)pack_$i, sizeof pack_$i - 1},"
  i=$((i + 1))
done
echo '};'
echo "const size_t ${array}_count = $i;"
