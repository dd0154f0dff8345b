#!/bin/bash
# Domain control validation from end to end: certbatch, a hook of the samples that keeps records in a
# file, and the simulator, which issues nothing before it has seen there what the method wants.
# CERTBATCH and CASIM are the programs. Prints one line per check.
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
certbatch=$(realpath "${CERTBATCH:-./certbatch}")
casim=$(realpath "${CASIM:-./casim}")
work=$(mktemp -d)
pid=''
stop_sim() {
  if [ -n "$pid" ]; then kill "$pid" 2> /dev/null; wait "$pid" 2> /dev/null; fi
  pid=''
}
trap 'stop_sim; rm -rf "$work"' EXIT
: > "$work/records.txt"
export XDG_STATE_HOME=$work/state # not the pace of the user's own orders
bad=0
check() { # name command...
  local name=$1
  shift
  if "$@"; then echo "ok $name"; else echo "not ok $name"; bad=1; return 1; fi
}
is() { [ "$1" = "$2" ] || { echo "   is '$1', not '$2'"; return 1; }; }

start_sim() { # options
  rm -f "$work/port"
  "$casim" --calm --rate 0 --dcv table --dcv-table "$work/records.txt" --port-file "$work/port" \
    --ledger "$work/ledger" --wire "$work/wire" "$@" 2> "$work/sim.err" > /dev/null &
  pid=$!
  for _ in $(seq 300); do [ -s "$work/port" ] && return; sleep 0.02; done
  echo "not ok the simulator starts: $(cat "$work/sim.err")"
  exit 1
}

# batch: a directory with configuration, manifest and the hook; the hook of the samples, logged
batch() { # name dcv-settings products and orders on stdin
  mkdir "$work/$1" && cd "$work/$1" || exit 1
  cp "$root/samples/dcv/records.sh" "$root/samples/dcv/site.policy.yaml" .
  cat > hook.sh << 'HOOK'
#!/bin/sh
echo "$1 $2 $3" >> calls
exec ./records.sh "$@"
HOOK
  chmod 755 hook.sh
  printf 'EXAMPLE-ACCESS-KEY-0001\n' > key && chmod 600 key
  cat > certbatch.yaml << CONFIG
certbatch_config: 1
cas:
  sim:
    type: certinext
    api_url: http://127.0.0.1:$(cat "$work/port")/emSignHub-API/
    account_number: "1234567890"
    group_number: "2345678901"
    auth: {access_key: {file: key}}
    requestor: {name: PKI Automation, email: pki-admin@example.com, mobile_number: "5550100123"}
    signer: {name: Dana Sample, place: Austin, ip: 203.0.113.10}
    pickup: {first_seconds: 0, interval_seconds: 1}
    products:
      one: {code: "842", level: dv}
      wildcard: {code: "843", level: dv, wildcard: true}
      several: {code: "844", level: dv, multi: true}
    dcv: {enabled: true, hook: [./hook.sh], propagation_delay_seconds: 0$2}
policy: [cabf-tls, certinext, site.policy.yaml]
CONFIG
  {
    cat << MANIFEST
certbatch: 1
name: b
ca: sim
change: {ticket: CHG0043001, requested_by: a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: 2026-11-20T10:00:00Z}
defaults: {key: ec-p256, outputs: [pem]}
orders:
MANIFEST
    cat
  } > b.batch.yaml
}
run() { # options
  CERTBATCH_HOOK_RECORDS=$work/records.txt "$certbatch" run b.batch.yaml "$@" > out 2> err
  code=$?
}
calls() { touch calls; grep -c "^$1 " calls; }
journal() { grep -c "\"ev\":\"$1\"" b.state/journal.jsonl; }

# --- everything is proven: one name, several, a wildcard beside its base ---
start_sim --state-times 0,300,0,0
batch proven '' << 'ORDERS'
  - {id: one, product: one, common_name: one.example.com, san: [one.example.com]}
  - {id: wild, product: wildcard, common_name: "*.apps.example.com", san: ["*.apps.example.com"]}
  - {id: many, product: several, common_name: shop.example.com, san: [shop.example.com, api.example.com, apps.example.com]}
ORDERS
run
check 'proven: exit 0' is "$code" 0 || head -n 20 out err
check 'proven: five names, five records' is "$(calls present)" 5
check 'proven: every record is removed' is "$(calls cleanup)" 5
check 'proven: nothing is left in the file' is "$(cat "$work/records.txt")" ''
check 'proven: the journal says when' is "$(journal dcv-present) $(journal dcv-cleanup)" '5 5'
check 'proven: the name is made by the template' grep -q '^present _emsign-validation.apps.example.com ' calls
check 'proven: too early is asked again' grep -q EMS-956 "$work/wire"
check 'proven: three orders were paid' is "$(grep -c '"kind":"order"' "$work/ledger")" 3
"$certbatch" verify b-audit.tar.gz > verify.out 2>&1
check 'proven: the audit bundle verifies' is "$?" 0
check 'proven: the report tells the names' is "$(grep -c '"record": "_emsign-validation' b.state/report.json)" 5
run
check 'proven: run again, nothing happens' is "$code $(calls present)" '0 5'

# --- without the record no certificate ---
cd "$root" || exit 1
batch unproven ', wait_for_issuance_seconds: 0' << 'ORDERS'
  - {id: one, product: one, common_name: two.example.com, san: [two.example.com]}
ORDERS
sed -i 's/enabled: true/enabled: false/' certbatch.yaml
run --wait 1s
check 'no hook: pending, exit 5' is "$code $(calls present)" '5 0'
sed -i 's/enabled: false/enabled: true/' certbatch.yaml
sed -i 's|^exec .*|exit 7|' hook.sh
run
check 'failed hook: exit 4' is "$code" 4
check 'failed hook: cleaned up after' is "$(calls present) $(calls cleanup)" '1 1'
check 'failed hook: the code is told' grep -q 'exit code 7' out err
check 'failed hook: the removal failed too, and is kept in mind' is "$(grep -c '"class":"failed"' b.state/journal.jsonl)" 1
sed -i 's|^exit 7|exec ./records.sh "$@"|' hook.sh
run
check 'the next run removes, proves, is issued: exit 0' is "$code" 0 || head -n 20 out err
check 'the next run orders nothing' is "$(grep -c '"kind":"order"' "$work/ledger")" 4
check 'the next run begins with the removal' is "$(sed -n 3p calls | cut -d' ' -f1)" cleanup

# --- killed while a record is published ---
cd "$root" || exit 1
batch killed ', wait_for_issuance_seconds: 60' << 'ORDERS'
  - {id: one, product: one, common_name: three.example.com, san: [three.example.com]}
ORDERS
sed -i 's/propagation_delay_seconds: 0/propagation_delay_seconds: 600/' certbatch.yaml
CERTBATCH_HOOK_RECORDS=$work/records.txt "$certbatch" run b.batch.yaml > out 2> err &
child=$!
for _ in $(seq 500); do grep -q three "$work/records.txt" && break; sleep 0.02; done
kill -KILL $child
wait $child 2> /dev/null
check 'killed: the record is still there' grep -q three.example.com "$work/records.txt"
sed -i 's/propagation_delay_seconds: 600/propagation_delay_seconds: 0/' certbatch.yaml
run
check 'killed: the next run finishes: exit 0' is "$code" 0 || head -n 20 out err
check 'killed: nothing is left' is "$(cat "$work/records.txt")" ''
check 'killed: as many removals as publications' is "$(calls present) $(calls cleanup)" '2 2'

# --- interrupted while a record is published ---
cd "$root" || exit 1
batch interrupted '' << 'ORDERS'
  - {id: one, product: one, common_name: four.example.com, san: [four.example.com]}
ORDERS
sed -i 's/propagation_delay_seconds: 0/propagation_delay_seconds: 600/' certbatch.yaml
CERTBATCH_HOOK_RECORDS=$work/records.txt "$certbatch" run b.batch.yaml > out 2> err &
child=$!
for _ in $(seq 500); do grep -q four "$work/records.txt" && break; sleep 0.02; done
kill -TERM $child
wait $child
check 'interrupted: exit 143' is "$?" 143
check 'interrupted: nothing is left' is "$(cat "$work/records.txt")" ''
check 'interrupted: the journal says so' is "$(journal dcv-present) $(journal dcv-cleanup)" '1 1'
stop_sim

# --- the same over the other API ---
(umask 077 && echo 'EXAMPLE-CLIENT-SECRET-1' > "$work/secret")
start_sim --state-times 0,300,0,0 --oauth-client 1234567890 --oauth-secret-file "$work/secret"
batch v2 '' << 'ORDERS'
  - {id: many, product: several, common_name: v2.example.com, san: [v2.example.com, "www.v2.example.com"]}
ORDERS
at=http://127.0.0.1:$(cat "$work/port")
sed -i "s|api_url:.*|api: v2\n    api_url: $at/|; s|auth:.*|auth: {mode: oauth, token_url: \"$at/oauth/token\", client_secret: {file: $work/secret}}|" certbatch.yaml
run
check 'v2: exit 0' is "$code" 0 || head -n 20 out err
check 'v2: two names, two records, none left' is "$(calls present) $(calls cleanup)$(cat "$work/records.txt")" '2 2'
check 'v2: the CA was asked to look' grep -q '/dcv/verify' "$work/wire"
stop_sim

# --- DigiCert: every method, under the name and with the value that it wants ---
method() { # name dcv_method san more-settings
  cd "$root" || exit 1
  batch "$1" '' << ORDERS
  - {id: one, product: ssl_basic, common_name: $1.example.com, san: [$1.example.com$3], validity: 1y}
ORDERS
  cat > certbatch.yaml << CONFIG
certbatch_config: 1
cas:
  sim:
    type: digicert
    base_url: http://127.0.0.1:$(cat "$work/port")
    api_key: {file: key}
    organization_id: "3456789012"
    container_id: "2345678901"
    skip_approval: true
    enroll: {back_off_seconds: 0, max_back_off_seconds: 1, max_attempts: $5}
    settle_seconds: 0
    dcv_method: $2
$4
policy: [cabf-tls, digicert, site.policy.yaml]
CONFIG
  sed -i '/^exec/i echo "$CERTBATCH_DCV_TYPE ${CERTBATCH_DCV_PATH:--} ${CERTBATCH_DCV_TOKEN:--}" >> types' hook.sh
}
dcv='    dcv: {enabled: true, hook: [./hook.sh], propagation_delay_seconds: 0, wait_for_issuance_seconds: 5}'
proven() { # name type published
  cd "$work/$1" || exit 1
  check "$1: exit 0" is "$(cat code)" 0 || head -n 20 out err
  check "$1: published and removed" is "$(calls present) $(calls cleanup)" '2 2'
  check "$1: what the hook is told" is "$(sort -u types)" "$2"
  check "$1: the name" grep -q "^present $3 " calls
  check "$1: the report tells the type" is "$(grep -c "\"type\": \"${2%% *}\"" b.state/report.json)" 2
}
start_sim --approval person
method txt dns-txt-token ', "*.apps.example.com"' "$dcv" 30
method cname dns-cname-token ', "*.apps.example.com"' "$dcv" 30
method file http-token ', www.file.example.com' "$dcv" 30
method named http-token-dynamic ', www.named.example.com' "$dcv" 30
runs='' # at the same time: two of them prove *.apps.example.com, each by its own kind of record
for name in txt cname file named; do
  (cd "$work/$name" && run && echo "$code" > code) &
  runs="$runs $!"
done
# shellcheck disable=SC2086 # numbers
wait $runs
proven txt 'dns-01 - -' apps.example.com
proven cname 'dns-cname - -' _dnsauth.apps.example.com
check 'cname: the target' grep -q '^present _dnsauth.cname.example.com [^ ]*.dcv.digicert.com$' calls
proven file 'http-file /.well-known/pki-validation/fileauth.txt -' http://www.file.example.com/.well-known/pki-validation/fileauth.txt
order=$(sed -n 's/.*"order":"\([0-9]*\)".*/\1/p' "$work/named/b.state/journal.jsonl" | head -n 1)
proven named "http-file /.well-known/pki-validation/$order.txt -" "http://named.example.com/.well-known/pki-validation/$order.txt"
check 'all: nothing is left' is "$(cat "$work/records.txt")" ''
method wild http-token ', "*.wild.example.com"' "$dcv" 30
run
check 'wild: a file proves no wildcard, nothing is sent' is "$code $(grep -c wild.example.com "$work/ledger")" '1 0' || head -n 20 out err
method mail email '' '' 2
run --wait 4s
check 'mail: pending, exit 5, nothing published' is "$code $(calls present)" '5 0'
"$certbatch" status b.state > status.out 2>&1
check 'mail: told who is waited for' grep -q 'somebody answers the mail that DigiCert sent about mail.example.com' out err status.out b.state/report.json

# a hook that publishes a TXT record where a CNAME is wanted proves nothing
method wrong dns-cname-token '' "${dcv/propagation_delay_seconds: 0/propagation_delay_seconds: 0, timeout_minutes: 1}" 30
sed -i '/^exec/i unset CERTBATCH_DCV_TYPE' hook.sh
CERTBATCH_HOOK_RECORDS=$work/records.txt "$certbatch" run b.batch.yaml > out 2> err &
child=$!
for _ in $(seq 500); do [ "$(grep -c 'check-dcv.*invalid_dns_cname' "$work/wire")" -ge 2 ] && break; sleep 0.02; done
check 'wrong type: refused by the check' grep -q 'invalid_dns_cname' "$work/wire"
kill -TERM $child
wait $child
check 'wrong type: not issued, and cleaned up' is "$? $(journal issued)$(cat "$work/records.txt")" '143 0'

# killed while a CNAME is published: the next run removes it as what it is
method crash dns-cname-token '' "${dcv/propagation_delay_seconds: 0/propagation_delay_seconds: 600}" 30
CERTBATCH_HOOK_RECORDS=$work/records.txt "$certbatch" run b.batch.yaml > out 2> err &
child=$!
for _ in $(seq 500); do grep -q crash "$work/records.txt" && break; sleep 0.02; done
kill -KILL $child
wait $child 2> /dev/null
check 'crash: the record is still there' grep -q '^_dnsauth.crash.example.com CNAME ' "$work/records.txt"
sed -i 's/propagation_delay_seconds: 600/propagation_delay_seconds: 0/' certbatch.yaml
run
check 'crash: the next run finishes: exit 0' is "$code" 0 || head -n 20 out err
check 'crash: removed as a CNAME, nothing is left' is "$(sort -u types) $(cat "$work/records.txt")" 'dns-cname - - '
stop_sim

# --- the sample that publishes files ---
export CERTBATCH_DCV_TYPE=http-file CERTBATCH_DCV_DOMAIN=a.example CERTBATCH_DCV_PATH=/.well-known/pki-validation/fileauth.txt
mkdir -p "$work/www/a.example"
file=$work/www/a.example$CERTBATCH_DCV_PATH
CERTBATCH_HOOK_WEBROOT=$work/www "$root/samples/acme/webroot.sh" present http://a.example/x TOKEN
check 'webroot.sh: below the root of its host' is "$(cat "$file")" TOKEN
CERTBATCH_HOOK_WEBROOT=$work/www "$root/samples/acme/webroot.sh" cleanup http://a.example/x OTHER
check 'webroot.sh: what another order published stays' is "$(cat "$file")" TOKEN
CERTBATCH_HOOK_WEBROOT=$work/www "$root/samples/acme/webroot.sh" cleanup http://a.example/x TOKEN
check 'webroot.sh: removed' is "$(find "$work/www" -type f)" ''
unset CERTBATCH_DCV_TYPE CERTBATCH_DCV_DOMAIN CERTBATCH_DCV_PATH

# --- the sample that speaks RFC 2136, with nsupdate replaced by something that shows its input ---
mkdir "$work/bin"
printf '#!/bin/sh\necho "args $*"\ncat\n' > "$work/bin/nsupdate"
chmod 755 "$work/bin/nsupdate"
said=$(PATH=$work/bin:$PATH CERTBATCH_HOOK_SERVER=ns1.example.com CERTBATCH_HOOK_KEYFILE=/k \
  "$root/samples/dcv/nsupdate.sh" present _x.example.com TOKEN)
check 'nsupdate.sh: adds one value' is "$said" 'args -t 20 -k /k
server ns1.example.com
update add _x.example.com. 60 IN TXT "TOKEN"
send'
said=$(PATH=$work/bin:$PATH CERTBATCH_DCV_TYPE=dns-cname "$root/samples/dcv/nsupdate.sh" present _x.example.com t.dcv.digicert.com)
check 'nsupdate.sh: adds a CNAME' is "$said" 'args -t 20 -g
update add _x.example.com. 60 IN CNAME t.dcv.digicert.com.
send'
PATH=$work/bin:$PATH CERTBATCH_DCV_TYPE=http-file "$root/samples/dcv/nsupdate.sh" present http://x.example.com/f TOKEN > /dev/null 2>&1
check 'nsupdate.sh: no files' is "$?" 2
said=$(PATH=$work/bin:$PATH "$root/samples/dcv/nsupdate.sh" cleanup _x.example.com TOKEN)
check 'nsupdate.sh: removes that value' is "$said" 'args -t 20 -g
update delete _x.example.com. IN TXT "TOKEN"
send'
exit $bad
