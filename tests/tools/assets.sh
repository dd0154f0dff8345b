#!/bin/sh
# Puts files into the program as they are: assets.sh NAME=FILE... > assets.c
# Each becomes `const unsigned char NAME[]` (a NUL follows) and `const size_t NAME_size`. The assembler
# reads the files, so the bytes are theirs and a font costs no compile time.
set -eu
printf '%s\n' '/* made by tests/tools/assets.sh */' '__asm__(".section .rodata\n"'
for pair in "$@"; do
  name=${pair%%=*}
  file=${pair#*=}
  [ -r "$file" ] || { echo "assets.sh: cannot read $file" >&2; exit 1; }
  size=$(($(wc -c < "$file")))
  printf '    "%s\\n"\n' '.balign 16' ".globl $name" ".type $name, @object" \
    "$name: .incbin '$file'" '.byte 0' ".size $name, $((size + 1))" '.balign 8' \
    ".globl ${name}_size" "${name}_size: .quad $size"
done | sed "s/'/\\\\\"/g"
printf '%s\n' '    ".previous\n");'
