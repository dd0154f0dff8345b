#!/bin/bash
# EST from both sides. The test server (casim) against a client that is not ours: strongSwan's `pki
# --est` and `--estca` enrol, wait for an officer, re-enrol; curl and openssl look at what it refuses.
# Then certbatch at the same server: products, doctor, a batch, the renewal of its own client
# certificate; and the same as an emCA that is asked by EST. strongSwan cannot read Base64 in lines, so its answers come in one.
#
#   tests/interop/est.sh        CERTBATCH, CASIM: the programs (build/check)
#
# Prints "ok ..." or "not ok ..." for every check; exit 1 when one failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
ROOT=$PWD
CASIM=${CASIM:-$ROOT/build/check/tests/sim/casim}
CERTBATCH=${CERTBATCH:-$ROOT/build/check/certbatch}
case $CERTBATCH in /*) ;; *) CERTBATCH=$ROOT/$CERTBATCH ;; esac
[ -x "$CASIM" ] || make --no-print-directory VARIANT=check build/check/tests/sim/casim > /dev/null || exit 1
[ -x "$CERTBATCH" ] || { echo "not ok no program at $CERTBATCH"; exit 1; }

T=$(mktemp -d "${TMPDIR:-/tmp}/cb-est-XXXXXX") || exit 1
export XDG_STATE_HOME=$T/xdg
trap 'touch "$T"/quit; wait; rm -rf "$T"' EXIT
cd "$T" || exit 1
umask 077
bad=0
say() { # ok?, title
  if [ "$1" = 0 ]; then echo "ok $2"; else
    echo "not ok $2"; sed 's/^/    /' "$T/log" | head -20; bad=1
  fi
}
ok() { title=$1; shift; timeout 60 "$@" > "$T/log" 2>&1; say $? "$title"; }
fails() { title=$1; shift; timeout 60 "$@" > "$T/log" 2>&1; [ $? -ne 0 ]; say $? "$title"; }
has() { title=$1 words=$2 file=$3; [ "$file" = log ] || cp "$file" log; grep -q -- "$words" "$file"; say $? "$title"; }
orders() { grep -c '"kind":"order"' ledger; }

printf 'on POST order nth 1: pending(1)\n' > scenario
"$CASIM" --tls good --ca-out ca.pem --tls-client-ca ca.pem --tls-client-optional --port-file port --ledger ledger --wire wire \
  --scenario scenario --est-labels 'tls' --validity-days 90 --rate 0 --quit-file quit 2> casim.err &
for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
[ -s port ] || { echo "not ok the test server does not start"; cat casim.err; exit 1; }
PORT=$(cat port)
URL=https://localhost:$PORT
EST=$URL/.well-known/est
: > ledger

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2> /dev/null; }
csr() { # key name form file
  openssl req -new -key "$1" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -outform "$3" -out "$4"
}
key a.key && csr a.key a.example.com DER a.der && openssl base64 -A -in a.der -out a.b64

# --- strongSwan as the client ---
if command -v pki > /dev/null 2>&1; then
  key b.key && csr b.key a.example.com DER b.der && csr b.key b.example.com DER c.der
  ok 'strongSwan reads the CA certificates' pki --estca --url "$URL" --cacert ca.pem --caout got.pem --outform pem --force
  openssl x509 -in ca.pem -outform DER -out root.der
  cat got*.pem > all.pem 2> /dev/null
  ok 'they are those of the server' sh -c 'openssl crl2pkcs7 -nocrl -certfile all.pem | openssl pkcs7 -print_certs |
    grep -q "Simulator Root CA"'
  enrol() { # out, pki options...
    out=$1; shift
    pki --est --url "$URL" --cacert ca.pem --interval 1 --maxpolltime 20 --outform pem "$@" > "$out"
  }
  export -f enrol; export URL
  ok 'strongSwan enrols: 202, then the certificate' bash -c \
    'enrol a.pem --in a.der --userpass estuser:EXAMPLE-EST-PASSWORD'
  ok 'its certificate verifies' openssl verify -CAfile ca.pem a.pem
  has 'the server said 202 in between' '"status":202' wire
  [ "$(orders)" = 1 ]; say $? 'one order was placed for it'
  fails 'a wrong password enrols nobody' bash -c 'enrol x.pem --in c.der --userpass estuser:wrong && [ -s x.pem ]'
  ok 'strongSwan re-enrols with the old certificate' bash -c 'enrol b.pem --in b.der --cert a.pem --key a.key'
  ok 'the new certificate verifies' openssl verify -CAfile ca.pem b.pem
  has 'it went to /simplereenroll' '"path":"/.well-known/est/simplereenroll"' wire
  fails 'other names are no re-enrolment' bash -c 'enrol x.pem --in c.der --cert b.pem --key b.key && [ -s x.pem ]'
  has 'the server says why' 'subject and names must be those of the current certificate' wire
  [ "$(orders)" = 2 ]; say $? 'nothing else was placed'
else
  echo 'ok strongSwan is not here (package strongswan-pki): not asked # skip'
fi

# --- what the server refuses, seen by curl ---
ask() { curl -sS --cacert ca.pem -o body -w '%{http_code} %{content_type}' "$@"; }
auth=(-u estuser:EXAMPLE-EST-PASSWORD)
type=(-H 'Content-Type: application/pkcs10')
status() { # title, expected beginning, curl options...
  title=$1 want=$2; shift 2
  got=$(ask "$@" 2>&1); { echo "$got"; cat body; } > log
  case $got in "$want"*) say 0 "$title" ;; *) say 1 "$title" ;; esac
}
before=$(orders)
status 'no credentials: 401' 401 "${type[@]}" --data-binary @a.b64 "$EST/simpleenroll"
status 'another content type: 415' 415 "${auth[@]}" -H 'Content-Type: text/plain' --data-binary @a.b64 "$EST/simpleenroll"
openssl req -inform DER -in a.der -out a.csr
status 'PEM armour: 400' 400 "${auth[@]}" "${type[@]}" --data-binary @a.csr "$EST/simpleenroll"
status 'DER: 400' 400 "${auth[@]}" "${type[@]}" --data-binary @a.der "$EST/simpleenroll"
python3 - << 'PY'
d = bytearray(open("a.der", "rb").read())
at = d.find(b"a.example.com")
d[at] = ord("z")  # the signature is no longer that of the request
open("bad.der", "wb").write(d)
PY
openssl base64 -A -in bad.der -out bad.b64
status 'a signature that is not right: 400' 400 "${auth[@]}" "${type[@]}" --data-binary @bad.b64 "$EST/simpleenroll"
openssl req -new -newkey rsa:1024 -nodes -keyout r.key -subj /CN=r.example.com -addext subjectAltName=DNS:r.example.com \
  -outform DER -out r.der 2> /dev/null && openssl base64 -A -in r.der -out r.b64
status 'a short key: 400' 400 "${auth[@]}" "${type[@]}" --data-binary @r.b64 "$EST/simpleenroll"
status 're-enrolment without a client certificate: 403' 403 "${auth[@]}" "${type[@]}" --data-binary @a.b64 "$EST/simplereenroll"
status 'a label that is not there: 404' 404 "${auth[@]}" "${type[@]}" --data-binary @a.b64 "$EST/nope/simpleenroll"
status 'serverkeygen: 404' 404 "${auth[@]}" "${type[@]}" --data-binary @a.b64 "$EST/serverkeygen"
status 'GET of an enrolment: 405' 405 "${auth[@]}" "$EST/simpleenroll"
[ "$(orders)" = "$before" ]; say $? 'nothing of it was placed'
key d.key && csr d.key d.example.com DER d.der && openssl base64 -in d.der -out d.b64
status 'Base64 in lines is a request too' '200 application/pkcs7-mime' "${auth[@]}" "${type[@]}" --data-binary @d.b64 "$EST/tls/simpleenroll"
# a first order may be pending where strongSwan did not ask before
case $(cat body) in *officer*) sleep 1; ask "${auth[@]}" "${type[@]}" --data-binary @d.b64 "$EST/tls/simpleenroll" > /dev/null ;; esac
openssl base64 -d -A -in body -out d.p7b
ok 'openssl reads the answer' sh -c 'openssl pkcs7 -inform DER -in d.p7b -print_certs | grep -q "CN = d.example.com"'
status 'csrattrs need no credentials' '200 application/csrattrs' "$EST/csrattrs"
ok 'openssl reads them' sh -c 'openssl base64 -d -A -in body | openssl asn1parse -inform DER | grep -q challengePassword'

# --- certbatch as the client ---
printf 'EXAMPLE-EST-PASSWORD\n' > password
cat > certbatch.yaml << YAML
certbatch_config: 1
cas:
  devices:
    type: est
    base_url: $URL
    labels: [tls]
    auth: {username: estuser, password: {file: password}}
    tls: {ca_file: ca.pem}
  self:
    type: est
    base_url: $URL
    tls: {ca_file: ca.pem, client_certificate: d.pem, client_key: {file: d.key}}
policy: [quiet.policy.yaml, private]
YAML
printf 'certbatch_policy: 1\nname: quiet\nrules: {name.special-use: disabled}\n' > quiet.policy.yaml
openssl pkcs7 -inform DER -in d.p7b -print_certs 2> /dev/null | openssl x509 -out d.pem 2> /dev/null
cat > devices.batch.yaml << 'YAML'
certbatch: 1
name: devices
change: {ticket: CHG0000001, type: standard, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}
ca: devices
defaults: {key: ec-p256, outputs: [pem]}
orders:
  - {id: one, product: tls, common_name: one.example.com, san: [one.example.com]}
  - {id: two, common_name: two.example.com, san: [two.example.com, "ip:192.0.2.7"]}
  - {id: self, ca: self, action: renew, replaces: {certificate: d.pem}, common_name: d.example.com, san: [d.example.com]}
YAML
ok 'certbatch lists the labels' sh -c '"$0" products devices | grep "^tls .*challengePassword, ec(p384)"' "$CERTBATCH"
ok 'doctor goes through' "$CERTBATCH" doctor devices
has 'it says what EST cannot show' 'EST shows only by an enrolment' log
has 'and that EST has no revocation' 'cannot be asked to revoke' log
: > wire
ok 'a batch of three' "$CERTBATCH" run devices.batch.yaml
has 'by the label' '"path":"/.well-known/est/tls/simpleenroll"' wire
has 'the own client certificate goes to /simplereenroll' '"path":"/.well-known/est/simplereenroll"' wire
ok 'its certificates verify' openssl verify -CAfile ca.pem devices.state/items/one/certificate.pem \
  devices.state/items/two/certificate.pem devices.state/items/self/certificate.pem
ok 'the chain came from /cacerts' grep -q 'BEGIN CERTIFICATE' devices.state/items/one/chain.pem
# A certificate that is shown once: that it was issued goes on record in one piece with it.
python3 - > log 2>&1 << 'PY'
import json
rows = [json.loads(line) for line in open("devices.state/journal.jsonl")]
replies = [i for i, r in enumerate(rows) if r["ev"] == "reply"]
assert len(replies) == 3, replies
for i in replies:
    assert rows[i]["class"] == "accepted" and rows[i + 1]["ev"] == "cert" and rows[i + 1]["item"] == rows[i]["item"], rows[i:i + 2]
PY
say $? 'acceptance and certificate are one step of the journal'
cat > gone.batch.yaml << 'YAML'
certbatch: 1
name: gone
change: {ticket: CHG0000001, type: standard, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}
ca: devices
revocations:
  - {id: old, serial: 0A1B2C, reason: superseded, replaced_by: "0A1B2D"}
YAML
fails 'lint knows that EST cannot revoke' "$CERTBATCH" lint gone.batch.yaml
has 'by its rule' 'EST server takes no revocations' log

# --- the same server as an emCA (dialect est) ---
emca() { # name, version, further settings...
  printf '  %s: {type: emca, version: %s, dialect: est, base_url: "%s", tls: {ca_file: ca.pem%s}%s}\n' "$1" "$2" "$URL" "$3" "$4"
}
user=', username: estuser, password: {file: password}'
printf 'EXAMPLE-P12\n' > p12
openssl pkcs12 -export -inkey d.key -in d.pem -out d.p12 -passout file:p12
{
  printf 'certbatch_config: 1\npolicy: [quiet.policy.yaml, private]\ncas:\n'
  emca emca V4.2.3 '' "$user, issuing_ca: Simulator Issuing CA, est_labels: [tls]"
  emca by-certificate V4.2.4+ ', client_certificate: d.pem, client_key: {file: d.key}' ', issuing_ca: Simulator Issuing CA'
  emca by-keystore V4.2.4+ ', client_keystore: {file: d.p12, password: {file: p12}}' ', issuing_ca: Simulator Issuing CA'
  emca elsewhere V4.0.17 '' "$user, issuing_ca: Corp Issuing CA G2"
  emca by-root V4.2.3 '' "$user, issuing_ca: Simulator Root CA"
} > certbatch.yaml
sed -e 's/^name: .*/name: emca/' -e 's/^ca: .*/ca: emca/' -e 's/ca: self,/ca: by-certificate,/' devices.batch.yaml > emca.batch.yaml
echo '  - {id: four, ca: by-keystore, common_name: four.example.com, san: [four.example.com]}' >> emca.batch.yaml
ok 'emCA by EST: products are labels' sh -c '"$0" products emca | grep "^tls .*challengePassword"' "$CERTBATCH"
fails 'it has no inventory' "$CERTBATCH" inventory emca
has 'and says so' 'eMudhra emCA by EST has no list of orders' log
ok 'doctor goes through' "$CERTBATCH" doctor emca
has 'it tells where revocations go' 'revoke in emCA itself' log
: > wire
ok 'lint and plan find nothing' sh -c '"$0" lint emca.batch.yaml && "$0" plan emca.batch.yaml' "$CERTBATCH"
ok 'a batch of four, by password, certificate and key store' "$CERTBATCH" run emca.batch.yaml
has 'by the label' '"path":"/.well-known/est/tls/simpleenroll"' wire
has 'the client certificate goes to /simplereenroll' '"path":"/.well-known/est/simplereenroll"' wire
ok 'its certificates verify' openssl verify -CAfile ca.pem emca.state/items/one/certificate.pem \
  emca.state/items/two/certificate.pem emca.state/items/self/certificate.pem emca.state/items/four/certificate.pem
before=$(orders)
only() { sed -e '/id: self/d' -e "s/^name: .*/name: $1/" -e "s/^ca: .*/ca: $1/" devices.batch.yaml > "$1.batch.yaml"; }
only elsewhere
fails 'an issuing_ca that the server does not have' "$CERTBATCH" run elsewhere.batch.yaml
has 'is found out by its CA certificates' 'no CA of the name in issuing_ca, Corp Issuing CA G2, but Simulator' log
[ "$(orders)" = "$before" ]; say $? 'before anything is ordered'
only by-root
fails 'another CA of the server issues' "$CERTBATCH" run by-root.batch.yaml
has 'its certificate is a mismatch' 'mismatch' log
sed -e 's/^name: .*/name: emca-gone/' -e 's/^ca: .*/ca: emca/' gone.batch.yaml > emca-gone.batch.yaml
fails 'a revocation stops the plan' "$CERTBATCH" plan emca-gone.batch.yaml
has 'by the same rule' 'ca.capability: eMudhra emCA by EST takes no revocations' log
[ "$(orders)" = "$((before + 2))" ]; say $? 'and nothing else was placed'
exit $bad
