#!/bin/bash
# Bulk revocation from end to end. At the embedded CA the proof is its CRL, read by openssl; at the
# simulator it is the ledger and the wire: a canary that fails, one whose run is killed while it is
# watched, revocations that wait for their time, what an inventory knows, and what a renewal
# replaced. CERTBATCH and CASIM are the programs. Prints one line per check.
set -u
cd "$(dirname "$0")/../.." || exit 1
certbatch=$(realpath "${CERTBATCH:-./certbatch}")
casim=$(realpath "${CASIM:-./casim}")
work=$(mktemp -d)
pid=''
run_pid=''
stop() {
  if [ -n "$run_pid" ]; then kill -9 "$run_pid" 2> /dev/null; wait "$run_pid" 2> /dev/null; fi
  if [ -n "$pid" ]; then kill "$pid" 2> /dev/null; wait "$pid" 2> /dev/null; fi
}
trap 'stop; rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state
unset CERTBATCH_CONFIG
bad=0
check() { # name command...
  local name=$1
  shift
  if "$@"; then echo "ok $name"; else echo "not ok $name"; bad=1; return 1; fi
}
is() { [ "$1" = "$2" ] || { echo "   is '$1', not '$2'"; return 1; }; }
says() { grep -qF -e "$2" "$1" || { echo "   $1 does not say '$2':"; sed 's/^/   /' "$1"; return 1; }; }
silent() { ! grep -qF -e "$2" "$1" || { echo "   $1 says '$2'"; return 1; }; }
run() { # options; sets code
  timeout 120 "$certbatch" run "$@" > out 2> err
  code=$?
}
head_of() { # name ca policies
  cat << MANIFEST
certbatch: 1
name: $1
ca: $2
policy: [$3]
change: {ticket: CHG0044001, requested_by: a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: 2026-11-20T10:00:00Z}
MANIFEST
}

# --- the embedded CA
mkdir "$work/local" && cd "$work/local" || exit 1
{
  head_of old local private
  echo 'defaults: {product: tls-server, key: ec-p256, validity: 30d, outputs: [pem]}'
  echo 'orders:'
  for i in a b c d; do echo "  - {id: $i, common_name: $i.corp.example.com, san: [$i.corp.example.com]}"; done
} > old.batch.yaml
run old.batch.yaml
check 'certificates to be revoked' is "$code" 0
for i in a b c d; do cp "old.state/items/$i/certificate.pem" "$i.pem"; done
serial() { openssl x509 -in "$1.pem" -noout -serial | cut -d= -f2; }
crl() { openssl crl -in local-ca/crl.pem -noout -text; }
on_crl() { crl | grep -c 'Serial Number:'; }
has_serial() { crl | grep -q "Serial Number: $(serial "$1")"; }
{
  head_of gone local private
  echo 'revocations:'
  for i in a b c d; do echo "  - {id: r$i, certificate: $i.pem, reason: cessationOfOperation}"; done
} > gone.batch.yaml

"$certbatch" plan gone.batch.yaml > plan.txt 2>&1
check 'the plan counts by reason' says plan.txt 'Revocations by reason: 4 cessationOfOperation.'

# killed while the canary is watched
"$certbatch" run gone.batch.yaml --first 1 --wait 120s > out 2> err &
run_pid=$!
for _ in $(seq 400); do
  grep -q '"ev":"revoked"' gone.state/journal.jsonl 2> /dev/null && break
  sleep 0.05
done
sleep 0.5
kill -9 "$run_pid"
wait "$run_pid" 2> /dev/null
run_pid=''
check 'killed in the watch: the CRL has the canary' has_serial a
check 'killed in the watch: the CRL has nobody else' is "$(on_crl)" 1
run gone.batch.yaml --first 1 --wait 1s
check 'resumed: exit code' is "$code" 0
check 'resumed: all four are on the CRL' is "$(on_crl)" 4
check 'resumed: the CRL says why' is "$(crl | grep -c 'Cessation Of Operation')" 4
check 'resumed: one canary' is "$(grep -c '"ev":"canary"' gone.state/journal.jsonl)" 1
check 'resumed: one watch came to its end' is "$(grep -c '"ev":"canary-passed"' gone.state/journal.jsonl)" 1
check 'the CRL is signed by the CA' sh -c "openssl crl -in local-ca/crl.pem -CAfile local-ca/issuing.pem -noout 2>&1 | grep -q 'verify OK'"
before=$(sha256sum < gone.state/journal.jsonl)
run gone.batch.yaml --first 1 --wait 120s
check 'done is done: exit code' is "$code" 0
check 'done is done: the journal' is "$(sha256sum < gone.state/journal.jsonl)" "$before"
run old.batch.yaml --first 1
check 'a canary without revocations: usage' is "$code" 2
run gone.batch.yaml --first 0
check 'a canary of nobody: usage' is "$code" 2

# what a renewal replaced, a batch of its own
run old.batch.yaml
{
  head_of new local private
  echo 'defaults: {product: tls-server, key: ec-p256, validity: 30d, outputs: [pem]}'
  echo 'orders:'
  echo '  - {id: e, common_name: e.corp.example.com, san: [e.corp.example.com]}'
} > first.batch.yaml
sed -i 's/^name: new/name: first/' first.batch.yaml
run first.batch.yaml
cp first.state/items/e/certificate.pem e.pem
{
  head_of new local private
  echo 'defaults: {product: tls-server, key: ec-p256, validity: 30d, outputs: [pem]}'
  echo 'orders:'
  echo '  - {id: e, action: renew, replaces: {certificate: e.pem}}'
} > new.batch.yaml
run new.batch.yaml
check 'a renewal' is "$code" 0
old=$(serial e)
cp new.state/items/e/certificate.pem e.pem # deployed: the file holds the new one now
"$certbatch" export new.batch.yaml --to revocations --soak 1h -o late.batch.yaml 2> err
check 'export: exit code' is $? 0
check 'export: the certificate that was replaced' says late.batch.yaml "serial: \"$old\""
check 'export: by which' says late.batch.yaml "replaced_by: \"$(serial e)\""
"$certbatch" lint late.batch.yaml > lint.txt 2>&1
check 'export: nobody has approved it yet' says lint.txt revoke.approval
sed -i 's/^change:.*/change: {ticket: CHG0044002, requested_by: a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: 2026-11-20T10:00:00Z}/' late.batch.yaml
"$certbatch" lint late.batch.yaml > lint.txt 2>&1
check 'export: then lint has nothing against it' is $? 0
"$certbatch" plan late.batch.yaml > plan.txt 2>&1
check 'the plan says until when it waits' says plan.txt 'waits until'
run late.batch.yaml --wait 0s
check 'before its time: exit code' is "$code" 5
check 'before its time: not on the CRL' is "$(on_crl)" 4
"$certbatch" export new.batch.yaml --to revocations --soak 0s -o soon.batch.yaml 2> err
sed -i 's/^change:.*/change: {ticket: CHG0044002, requested_by: a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: 2026-11-20T10:00:00Z}/; s/^name:.*/name: soon/' soon.batch.yaml
run soon.batch.yaml
check 'after its time: exit code' is "$code" 0
check 'after its time: on the CRL' sh -c "openssl crl -in local-ca/crl.pem -noout -text | grep -q 'Serial Number: $old'"
check 'after its time: the new one is not' sh -c "! openssl crl -in local-ca/crl.pem -noout -text | grep -q 'Serial Number: $(serial e)'"

# what an inventory knows; an export of CERTInext and the program's own
lower=$(serial a | tr 'A-F' 'a-f' | sed 's/../&:/g; s/:$//')
{
  printf '\xef\xbb\xbfCN / SAN Name,Certificate Location,Status,Tags,Serial Number\r\n'
  printf 'a.corp.example.com,a.corp.example.com:443,Deployed,"web,front",%s\r\n' "$lower"
  printf 'a.corp.example.com,192.0.2.11:8443,Deployed,,%s\r\n' "$lower"
  printf 'b.corp.example.com,,Revoked,,%s\r\n' "$(serial b)"
} > export.csv
"$certbatch" lint gone.batch.yaml --inventory export.csv --format json > lint.json 2> err
check 'inventory: in use, and where' says lint.json 'a.corp.example.com:443, 192.0.2.11:8443'
check 'inventory: only that one' is "$(grep -c revoke.target.in-use lint.json)" 1
check 'inventory: revoked already' says lint.json 'export.csv, row 4'
rm -rf gone.state
"$certbatch" plan gone.batch.yaml --inventory export.csv > plan.txt 2> err
check 'inventory: the plan names the places' says plan.txt 'in use: a.corp.example.com:443, 192.0.2.11:8443'
check 'inventory: the plan counts them' says plan.txt 'Still in use by the inventory: 1 of 4.'
"$certbatch" inventory local --format csv > own.csv 2> err
"$certbatch" lint gone.batch.yaml --inventory own.csv --format json > lint.json 2>&1
check 'inventory: of the CA itself' is "$(grep -c '"rule": *"revoke.target.already"' lint.json)" 4
printf 'name,colour\nx,red\n' > wrong.csv
"$certbatch" plan gone.batch.yaml --inventory wrong.csv > out 2> err
check 'inventory: none at all is refused' is $? 3
printf 'Serial Number,Location\n6.8A4E+31,x\n' > spoilt.csv
"$certbatch" plan gone.batch.yaml --inventory spoilt.csv > out 2> err
check 'inventory: a spoilt serial number is told' says err 'spoilt.csv:2:1: warning'

# reasons
{
  head_of mixed local private
  echo 'revocations:'
  echo '  - {id: ra, certificate: a.pem, reason: keyCompromise, incident: INC1}'
  echo '  - {id: rb, certificate: b.pem, reason: cessationOfOperation}'
} > mixed.batch.yaml
"$certbatch" plan mixed.batch.yaml > plan.txt 2> err
check 'reasons of two kinds: exit code' is $? 1
check 'reasons of two kinds: the less urgent is blocked' says plan.txt 'revoke.reason.mixed'
check 'reasons of two kinds: the urgent is not' says plan.txt 'Revocations by reason: 1 keyCompromise.'

# --- the simulator
mkdir "$work/sim" && cd "$work/sim" || exit 1
start_sim() { # options
  rm -f port
  "$casim" --calm --rate 0 --port-file port --ledger ledger --wire wire "$@" 2> sim.err > /dev/null &
  pid=$!
  for _ in $(seq 300); do [ -s port ] && return; sleep 0.02; done
  echo "not ok the simulator starts: $(cat sim.err)"
  exit 1
}
# the first revocation that arrives is refused; every other would be carried out
echo 'on POST revoke nth 1: reject(EMS-969,No)' > refuse.scn
start_sim --scenario refuse.scn
printf 'certbatch_policy: 1\nname: site\nrules: {name.special-use: disabled}\n' > site.policy.yaml
printf 'EXAMPLE-ACCESS-KEY-0001\n' > key && chmod 600 key
cat > certbatch.yaml << CONFIG
certbatch_config: 1
cas:
  sim:
    type: certinext
    api_url: http://127.0.0.1:$(cat port)/emSignHub-API/
    account_number: "1234567890"
    group_number: "2345678901"
    auth: {access_key: {file: key}}
    requestor: {name: PKI Automation, email: pki-admin@example.com, mobile_number: "5550100123"}
    signer: {name: Dana Sample, place: Austin, ip: 203.0.113.10}
    pickup: {first_seconds: 0, interval_seconds: 1}
    products: {one: {code: "842", level: dv}}
CONFIG
{
  head_of old sim 'cabf-tls, certinext, site.policy.yaml'
  echo 'defaults: {product: one, key: ec-p256, outputs: [pem]}'
  echo 'orders:'
  for i in a b c; do echo "  - {id: $i, common_name: $i.example.com, san: [$i.example.com]}"; done
} > old.batch.yaml
run old.batch.yaml
check 'simulator: certificates to be revoked' is "$code" 0
{
  head_of gone sim 'cabf-tls, certinext, site.policy.yaml'
  echo 'revocations:'
  for i in a b c; do
    order=$(/usr/bin/python3 -c 'import json,sys; print([i["order"] for i in json.load(open("old.state/report.json"))["items"] if i["id"] == sys.argv[1]][0])' $i)
    echo "  - {id: r$i, order: \"$order\", reason: cessationOfOperation, comment: retired}"
  done
} > gone.batch.yaml
revocations_of() { grep -c '"kind":"revoke"' "$1" || true; }
run gone.batch.yaml --first 1 --wait 1s
check 'a refused canary: exit code' is "$code" 4
check 'a refused canary: the summary says so' says err 'the canary held: ra is refused'
check 'a refused canary: and who was left' says err '2 revocations were not started'
check 'a refused canary: one request arrived' is "$(revocations_of wire)" 1
check 'a refused canary: nothing was revoked' is "$(revocations_of ledger)" 0
run gone.batch.yaml --first 1 --wait 1s --treat-pending-as-success
check 'again: exit code' is "$code" 4
check 'again: no request more' is "$(revocations_of wire)" 1
"$certbatch" resolve gone.state ra abandon --reason 'not ours' > out 2> err
run gone.batch.yaml --first 1 --wait 1s
check 'given up: the next goes first' is "$(grep -c '"ev":"canary"' gone.state/journal.jsonl)" 2
check 'given up: the others are revoked' is "$(revocations_of ledger)" 2
exit $bad
