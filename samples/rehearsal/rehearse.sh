#!/bin/sh
# A batch for CERTInext, carried out at the simulator in bad weather, and what the simulator says it
# sold. Needs ./certbatch and ./casim (make sim). Leaves everything in build/rehearsal.
set -eu
cd "$(dirname "$0")/../.."
certbatch=${CERTBATCH:-$PWD/certbatch}
casim=${CASIM:-$PWD/casim}
work=$PWD/build/rehearsal
rm -rf "$work"
mkdir -p "$work"
cp samples/rehearsal/*.yaml samples/rehearsal/weather.scn "$work"
cd "$work"
export CERTINEXT_ACCESS_KEY=EXAMPLE-ACCESS-KEY-0001
export XDG_STATE_HOME="$work/pace"
trap 'touch "$work/quit"' EXIT

"$casim" --tls good --ca-out simulator-ca.pem --port-file port --ledger ledger.jsonl --quit-file quit \
  --scenario weather.scn --validity-days 199 2> casim.log &
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  if [ -s port ]; then break; fi
  sleep 0.1
done
# a free port instead of the one in the file
sed "s/:8443/:$(cat port)/" certbatch.yaml > c && mv c certbatch.yaml

echo '== the batch: one order is lost and found again, of one nobody knows whether it was taken'
"$certbatch" run CHG0050001.batch.yaml || echo "exit $?"
sold() { grep -c '"kind":"order"' ledger.jsonl; }
echo "== the simulator sold $(sold) orders; its operator looks, finds none for api, and says so"
"$certbatch" resolve CHG0050001.state api reorder --reason 'not in the list of orders of the CA'
"$certbatch" run CHG0050001.batch.yaml
echo "== the simulator sold $(sold) orders"
"$certbatch" verify CHG0050001-audit.tar.gz
[ "$(sold)" = 4 ]
