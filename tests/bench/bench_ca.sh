#!/bin/bash
# Orders at a CA behind a network, as the simulator plays it: every request is answered after 100 ms.
# Beside it libcurl alone with as many requests (http_floor.c). Part of make bench.
#   BENCH_CA=certinext   a file of tests/bench/ca, which says:
#       prepare            files of the account, before the simulator starts; casim_options
#       settings           prints what stands under the CA in certbatch.yaml, `limits` excepted
#       product packs floor_path client_certificate
#   BENCH_ORDERS=2000    orders
#   BENCH_IN_FLIGHT=16   requests at a time; "shipped": as many as the connector allows by itself
# Usage: bench_ca.sh DIRECTORY (with the program `measure` in it) CERTBATCH CASIM
set -eu
out=$1
certbatch=$2
casim=$3
orders=${BENCH_ORDERS:-2000}
flight=${BENCH_IN_FLIGHT:-16}
latency=100
kind=${BENCH_CA:-certinext}
export XDG_STATE_HOME=$out/ca-state
here=$(cd "$(dirname "$0")" && pwd)
if [ "$flight" = shipped ]; then
  flight=$(sed -n 's/^ *\.in_flight = \([0-9]*\),$/\1/p' "$here/../../batch/ca/$kind.c")
fi
mkdir "$out/$kind"
cd "$out/$kind"
${CC:-gcc} -O2 -D_GNU_SOURCE -o "$out/http_floor" "$here/http_floor.c" -lcurl
"$out/floor" csrs "$orders" .

casim_options=()
client_certificate=() # of TLS: its file and that of its key
packs=cabf-tls
floor_path=/
prepare() { :; }
# shellcheck source=/dev/null
. "$here/ca/$kind.sh"
prepare
"$casim" "${casim_options[@]}" --port-file port --ca-out ca.pem --ledger ledger --wire wire --quit-file quit --tls good \
  --calm --rate 0 --latency "$latency" > /dev/null 2> sim.err &
trap 'touch "$out/$kind/quit"' EXIT
for _ in $(seq 100); do [ -s port ] && break || sleep 0.1; done
port=$(cat port)
printf 'EXAMPLE-ACCESS-KEY-0001\n' > key
chmod 600 key
{
  printf 'certbatch_config: 1\ncas:\n  shop:\n'
  settings
  echo "    limits: {in_flight: $flight, orders_per_second: 100000, burst: 100000, requests_per_second: 100000}"
} > certbatch.yaml
printf 'certbatch_policy: 1\nname: quiet\nextends: [%s]\nrules: {name.special-use: disabled, subject.cn.discouraged: disabled, key.debian-weak: disabled}\n' "$packs" > quiet.policy.yaml
{
  echo 'certbatch: 1'
  echo 'name: shop'
  echo 'change: {ticket: CHG0000001, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}'
  echo 'policy: [./quiet.policy.yaml]'
  echo 'ca: shop'
  echo "defaults: {product: \"${product:?}\"${term:+, validity: $term}, outputs: [pem]}"
  echo 'orders:'
  for f in *.csr; do echo "  - {id: h${f%.csr}, csr: $f}"; done
} > shop.batch.yaml
field() { tail -n 1 "$1" | awk -v c="$2" '{ print $c }'; }
calc() { awk "BEGIN { printf \"%.2f\", $1 }"; }
first=$(wc -l < wire)
"$out/measure" "$certbatch" run -q shop.batch.yaml > ours.out 2> ours.err || true
calls=$(($(wc -l < wire) - first))
sold=$(grep -c '"kind":"order"' ledger || true)
"$out/measure" "$out/http_floor" "https://127.0.0.1:$port$floor_path" ca.pem "$orders" "$calls" "$flight" \
  "${client_certificate[@]}" > floor.out 2> floor.err
ideal=$(calc "$calls * $latency / 1000 / $flight")
wall=$(field ours.err 1)
cpu=$(field ours.err 2)
floor=$(field floor.err 2)
echo "$kind: $orders orders, $flight in flight, $latency ms a call: $calls calls in $wall s, ideal $ideal s: ratio $(calc "$wall / $ideal") (target <= 1.15); libcurl alone $(field floor.err 1) s; ordered $sold, exit $(field ours.err 4)"
echo "  CPU of an order: $(calc "$cpu * 1000 / $orders") ms, of it libcurl and TLS $(calc "$floor * 1000 / $orders") ms: ours $(calc "($cpu - $floor) * 1000 / $orders") ms (target < 3), peak $(($(field ours.err 3) / 1024)) MiB"
: > wire
"$out/measure" "$certbatch" run -q shop.batch.yaml > again.out 2> again.err || true
echo "  the same command again: $(field again.err 1) s, $(wc -l < wire) requests, exit $(field again.err 4)"
