#!/bin/sh
# Fuzz targets tests/fuzz/fz_*.c.
#   fuzz.sh [SECONDS]   libFuzzer with ASan, SECONDS each (default 60), corpora as seeds
#   fuzz.sh replay      every seed and fixed mutations of it, once, no engine needed
set -eu
cd "$(dirname "$0")/../.."
packages='libcrypto libcurl yaml-0.1 libarchive libpcre2-8 jansson libidn2 libpsl expat xlsxwriter'
seeds() { # target
  case $1 in
  fz_manifest) find samples tests/golden -name '*.batch.yaml' ;;
  fz_yaml) find samples tests/golden tests/corpora/yaml -name '*.yaml' ;;
  fz_policy) find samples policy/packs tests/golden -name '*.yaml' ;;
  fz_csr | fz_rules) find tests/corpora samples \( -path '*/csr/*' -o -name '*.csr' \) -type f ;;
  fz_cert) find tests/corpora samples -type f \( -name '*.pem' -o -name '*.crt' -o -name '*.der' \) ;;
  fz_keystore) find tests/corpora -type f \( -name '*.jks' -o -name '*.p12' -o -name '*.pfx' -o -name '*.key' \) ;;
  fz_lsp) find tests/fuzz/seeds -name '*.lsp' ;;
  fz_journal) find tests/fuzz/seeds -name '*.jsonl' ;;
  fz_csv_in) find samples/import -type f ;;
  fz_xlsx_in) find tests/fuzz/seeds -name '*.xlsx' ;;
  fz_pattern) find tests/fuzz/seeds -name '*.pattern' ;;
  esac | sort
}
if [ "${1:-}" = replay ]; then
  make --no-print-directory VARIANT=asan build/asan/libcertbatch.a
  for source in tests/fuzz/fz_*.c; do
    name=$(basename "$source" .c)
    make --no-print-directory VARIANT=asan "build/asan/tests/fuzz/$name"
    printf '%s: ' "$name"
    seeds "$name" | tr "\n" "\000" | xargs -0 timeout 600 "build/asan/tests/fuzz/$name"
  done
  exit 0
fi
seconds=${1:-60}
mkdir -p build/fuzz/gen
sh tests/tools/embed.sh policy/policy.h policy_packs policy/packs/*.yaml > build/fuzz/gen/packs.c
sh tests/tools/embed.sh batch/import_profile.h import_profiles batch/profiles/*.yaml > build/fuzz/gen/profiles.c
# shellcheck disable=SC2046,SC2086
for source in tests/fuzz/fz_*.c; do
  name=$(basename "$source" .c)
  clang -std=c11 -D_GNU_SOURCE -DPCRE2_CODE_UNIT_WIDTH=8 -DCERTBATCH_VERSION='"fuzz"' -I. -O1 -g \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined $(pkg-config --cflags $packages) \
    -o "build/fuzz/$name" "$source" build/fuzz/gen/packs.c build/fuzz/gen/profiles.c \
    $(find formats policy batch cmd -name '*.c' ! -path cmd/main.c) $(pkg-config --libs $packages) -lcsv -lpthread
  mkdir -p "build/fuzz/corpus-$name"
  seeds "$name" | while read -r f; do cp -n "$f" "build/fuzz/corpus-$name/$(echo "$f" | tr / _)"; done
  echo "== $name, $seconds s"
  "build/fuzz/$name" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix=build/fuzz/ "build/fuzz/corpus-$name" 2>&1 |
    tail -n 8
done
