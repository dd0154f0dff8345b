#!/bin/sh
# A CA is distrusted: 200 certificates of CERTInext are replaced at two other CAs, an EST server and
# the embedded one, and the old ones revoked after, each only when its replacement is there. CERTInext
# and the EST server are two simulators. Needs ./certbatch and ./casim (make sim), python3 to count.
# Leaves everything in build/distrust-event.
set -eu
cd "$(dirname "$0")/../.."
certbatch=${CERTBATCH:-$PWD/certbatch}
casim=${CASIM:-$PWD/casim}
work=$PWD/build/distrust-event
rm -rf "$work"
mkdir -p "$work"
cp samples/distrust-event/*.yaml "$work"
cd "$work"
export CERTINEXT_ACCESS_KEY=EXAMPLE-ACCESS-KEY-0001
export EST_PASSWORD=EXAMPLE-EST-PASSWORD
export XDG_STATE_HOME="$work/pace"
trap 'touch "$work/quit"' EXIT

simulate() { # name, option...
  name=$1
  shift
  "$casim" --tls good --calm --rate 0 --validity-days 90 --ca-out "$name-root.pem" --port-file "$name.port" \
    --ledger "$name.ledger" --quit-file quit "$@" > /dev/null 2> "$name.log" &
}
simulate distrusted
simulate successor --est-labels tls
for name in distrusted successor; do
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    if [ -s "$name.port" ]; then break; fi
    sleep 0.1
  done
done
# free ports instead of those in the file
sed "s/:8443/:$(cat distrusted.port)/; s/:8444/:$(cat successor.port)/" certbatch.yaml > c && mv c certbatch.yaml

echo '== the estate: 200 certificates of the CA that will be distrusted'
"$certbatch" run -q 1-estate.batch.yaml
python3 - << 'PY'
import json, re
with open("estate-2026.state/report.json") as f:
    numbers = {i["id"]: i["order"] for i in json.load(f)["items"]}
for part in "ab":
    with open("2-move-%s.batch.yaml" % part) as f:
        text = f.read()
    with open("2-move-%s.batch.yaml" % part, "w") as f:
        f.write(re.sub('"@(host-[0-9]+)"', lambda m: '"%s"' % numbers[m[1]], text))
PY
echo '== what differs between the estate and the moves, hosts and revocations aside'
grep -v '^#\|^  - ' 1-estate.batch.yaml > was
for part in a b; do
  grep -v '^#\|^  - ' "2-move-$part.batch.yaml" | diff was - | grep '^[<>]' || true
done
echo '== the plan of the first hundred'
"$certbatch" plan 2-move-a.batch.yaml | tail -n 4
for part in a b; do
  echo "== moved and revoked, part $part"
  "$certbatch" run -q "2-move-$part.batch.yaml" --confirm 100
  "$certbatch" verify "estate-2026-move-$part-audit.tar.gz"
done
echo '== what the distrusted CA has now'
"$certbatch" inventory distrusted --format csv > inventory.csv

# The CAs' own books against the journals: nothing was revoked before its replacement was stored.
python3 - << 'PY'
import json, subprocess
def lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f]
old, new = lines("distrusted.ledger"), lines("successor.ledger")
ordered = {r["domain"] for r in old if r["kind"] == "order"}
revoked = {r["domain"] for r in old if r["kind"] == "revoke"}
at_est = {r["domain"] for r in new if r["kind"] == "order"}
print("distrusted CA: %d orders, %d revoked; EST: %d orders" % (len(ordered), len(revoked), len(at_est)))
assert len(ordered) == 200 and revoked == ordered and len(new) == len(at_est) == 100 and at_est < ordered
early = moved = 0
for part, root in (("a", "successor-root.pem"), ("b", "successor-ca/root.pem")):
    state = "estate-2026-move-%s.state" % part
    seq = {(r.get("item"), r["ev"]): r["seq"] for r in lines(state + "/journal.jsonl")}
    for item, ev in list(seq):
        if ev == "revoke-intent":
            moved += 1
            early += seq[item, ev] < seq[item.replace("old-", "host-"), "outputs"]
    with open(state + "/report.json") as f:
        items = json.load(f)["items"]
    assert {i["state"] for i in items} == {"issued", "revoked"} and len(items) == 200
    orders = [i["id"] for i in items if i["kind"] == "order"]
    done = subprocess.run(["openssl", "verify", "-CAfile", root, "-untrusted", "%s/items/%s/chain.pem" % (state, orders[0])]
                          + ["%s/items/%s/certificate.pem" % (state, i) for i in orders], stdout=subprocess.PIPE)
    assert done.returncode == 0 and done.stdout.count(b": OK") == 100, done.stdout
print("%d moved, all with certificates of another CA; revoked before that: %d" % (moved, early))
assert moved == 200 and early == 0
with open("inventory.csv") as f:
    rows = f.read().splitlines()[1:]
assert len(rows) == 200 and all("Certificate Revoked" in r for r in rows), rows[:2]
PY
