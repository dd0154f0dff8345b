#!/bin/sh
# Change rules at run time: approvals made by certbatch and by openssl, counted by run and verify;
# the window and its override.
#
#   tests/interop/approve.sh     the program is $CERTBATCH, else ./certbatch
#
# Prints "ok ..." or "not ok ..." for every check; exit 1 when one failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
SCHEMA=$PWD/tests/interop/sarif/sarif-schema-2.1.0.json
suite=approve
# shellcheck source=tests/tools/say.sh
. tests/tools/say.sh
mkdir "$T/bin" && ln -s "$CERTBATCH" "$T/bin/CB"
cat >"$T/bin/approve" <<'SH'
#!/bin/sh
exec CB approve "$1" --certificate "$2.pem" --key "$2.key"
SH
# an approval made by stock openssl: plan, person, file
cat >"$T/bin/by_hand" <<'SH'
#!/bin/sh
exec openssl cms -sign -binary -cades -in "$1" -signer "$2.pem" -inkey "$2.key" -outform DER -out "$3"
SH
chmod +x "$T/bin/approve" "$T/bin/by_hand"
PATH=$T/bin:$PATH

# --- who approves ---
cd "$T" || exit 1
key() { # name algorithm option
  openssl genpkey -algorithm "$2" -pkeyopt "$3" -out "$1.key" 2>/dev/null && chmod 600 "$1.key"
}
EC='EC ec_paramgen_curve:P-256'
RSA='RSA rsa_keygen_bits:2048'
CA='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n'
ca() { # name
  # shellcheck disable=SC2086
  key "$1" $EC
  openssl req -new -key "$1.key" -subj "/O=Example Corp/CN=$1" -out "$1.csr"
  printf '%b' "$CA" >"$1.ext"
  openssl x509 -req -in "$1.csr" -signkey "$1.key" -days 3650 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}
certify() { # file key ca common-name mail [days]
  openssl req -new -key "$2.key" -subj "/O=Example Corp/CN=$4" -out "$1.csr"
  printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.36\nsubjectAltName=email:%s\n' "$5" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -set_serial "0x$(openssl rand -hex 12)" \
    -days "${6:-60}" -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}
person() { # name ca mail "algorithm option" [days]
  # shellcheck disable=SC2086
  key "$1" $4
  certify "$1" "$1" "$2" "$1" "$3" "${5:-60}"
}
ca approver-ca
ca other-ca
person ortiz approver-ca m.ortiz@example.com "$EC"
person keller approver-ca a.keller@example.com "$RSA"
person lee approver-ca s.lee@example.com 'EC ec_paramgen_curve:P-384'
person singh approver-ca a.singh@example.com "$EC"      # asked for the change
person nobody approver-ca x.nobody@example.com "$EC"    # believed, but not an approver
person stranger other-ca s.lee@example.com "$EC"        # says he is one
person expired approver-ca s.lee@example.com "$EC" 0    # valid for a moment
certify ortiz2 ortiz approver-ca 'S Lee' s.lee@example.com # her key under another name
cp ortiz.key ortiz2.key
# shellcheck disable=SC2086
key ortiz3 $EC
certify ortiz3 ortiz3 approver-ca ortiz3 m.ortiz@example.com # another key of hers
openssl pkcs8 -topk8 -in keller.key -passout pass:open-sesame -out keller-locked.key && chmod 600 keller-locked.key
printf 'open-sesame' >password && chmod 600 password

# --- the batch ---
cat >certbatch.yaml <<'YAML'
certbatch_config: 1
cas:
  lab: {type: local, directory: ./lab-ca}
policy: [site.policy.yaml]
YAML
cat >site.policy.yaml <<'YAML'
certbatch_policy: 1
name: site
extends: [private]
rules:
  batch.ticket.approval: disabled
  change.approvals.min:
    count: 2
    approvers: [m.ortiz@example.com, a.keller@example.com, s.lee@example.com]
    trusted: [approver-ca.pem]
profiles:
  easy: {rules: {change.approvals.min: {count: 0}}}
  hard: {rules: {change.approvals.min: {count: 3}}}
YAML
manifest() { # file name profile window extra-change
  cat >"$1" <<YAML
certbatch: 1
name: $2
change: {ticket: CHG0031337, type: normal, requested_by: a.singh@example.com$4}
ca: lab
orders:
  - {id: www, common_name: www.corp.example, outputs: [pem], profile: $3}
YAML
}
sed -i 's/^profiles:/profiles:\n  plain: {}/' site.policy.yaml
in_window=", window: {start: 2020-01-01T00:00:00Z, end: 2099-01-01T00:00:00Z}"
over=", window: {start: 2020-01-01T00:00:00Z, end: 2020-01-02T00:00:00Z}"
early=", window: {start: 2098-01-01T00:00:00Z, end: 2099-01-01T00:00:00Z}"

fresh() { # name profile window: a new batch with its plan
  rm -rf ./*.p7s ./*.state plan.json
  manifest b.yaml "$1" "$2" "$3"
  CB plan b.yaml -o plan.json >"$T/log" 2>&1
}

tells() { # batch what words: each of the eight reports has the words; its bag is unpacked in bag/
  for report in report.json report.html report.csv junit.xml findings.sarif; do
    grep -q -- "$3" "bag/$1-audit/data/$report"; say $? "$report tells of $2"
  done
  python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(*[z.read(n) for n in z.namelist()])' \
    "bag/$1-audit/data/report.xlsx" | grep -q -- "$3"; say $? "report.xlsx tells of $2"
  pdftotext -layout "bag/$1-audit/data/report.pdf" - | grep -q -- "$3"; say $? "report.pdf tells of $2"
  CB report --format close-notes "$1.state" | grep -q -- "$3"; say $? "the close notes tell of $2"
}

# --- demanded, and missing ---
fresh two plain "$in_window"
exits "a manifest does not run without approvals" 9 'certbatch plan -o PLAN.json' CB run b.yaml
[ ! -e two.state ]; say $? "and leaves no trace"
exits "nor does its plan" 9 'demands 2 signed approvals of the plan, 0 count' CB run plan.json
ok "a rehearsal needs none" CB run b.yaml --simulate
rm -rf two-simulate*
exits "the plan says what it needs" 0 'runs with 2 signed approvals' CB plan b.yaml
grep -q '"approvals": 2' plan.json; say $? "in its file too"

# --- approving ---
exits "approve shows the ticket" 0 'CHG0031337' approve plan.json ortiz
P=plan.json.m.ortiz@example.com.p7s
[ -s "$P" ]; say $? "and writes PLAN.SIGNER.p7s"
ok "stock openssl verifies it" openssl cms -verify -binary -inform DER -in "$P" -content plan.json \
  -CAfile approver-ca.pem -purpose any -out /dev/null
ok "as CAdES too" openssl cms -verify -binary -cades -inform DER -in "$P" -content plan.json \
  -CAfile approver-ca.pem -purpose any -out /dev/null
openssl cms -cmsout -print -inform DER -in "$P" >log 2>&1; grep -q signingTime log
say $? "it has a signing time"
exits "one of two is not enough" 9 'demands 2 signed approvals of the plan, 1 counts' CB run plan.json
exits "the requester cannot approve" 9 'requested this change' approve plan.json singh
exits "approve without a key" 2 'needs --certificate' CB approve plan.json --certificate ortiz.pem
exits "a key of somebody else" 3 'certbatch' CB approve plan.json --certificate ortiz.pem --key keller.key
exits "a changed plan is not approved" 9 'was changed after it was made' sh -c \
  "sed 's/www.corp.example/ww2.corp.example/' plan.json >changed.json; exec CB approve changed.json --certificate ortiz.pem --key ortiz.key"
exits "-o over another's approval" 9 'not an approval by this certificate' CB approve plan.json \
  --certificate keller.pem --key keller.key -o "$P"
ok "-o over one's own" CB approve plan.json --certificate ortiz.pem --key ortiz.key -o "$P"
by_hand plan.json keller plan.json.a.keller@example.com.p7s
cp plan.json.a.keller@example.com.p7s by-hand
certify keller-new keller approver-ca keller a.keller@example.com
exits "another certificate gets another name" 0 'a.keller@example.com-2.p7s' CB approve plan.json \
  --certificate keller-new.pem --key keller.key
cmp -s by-hand plan.json.a.keller@example.com.p7s; say $? "and what was there stays"
rm -f plan.json.a.keller*
exits "a locked key needs its password" 3 'certbatch' CB approve plan.json --certificate keller.pem --key keller-locked.key
ok "RSA key with a password file" CB approve plan.json --certificate keller.pem \
  --key keller-locked.key --password-file password

# --- counted ---
exits "2 of 3 distinct approvers" 0 'approved by a.keller@example.com, m.ortiz@example.com' CB run plan.json
python3 - "$T" <<'PY' >log 2>&1
import json, sys, hashlib
r = json.load(open("two.state/report.json"))
a = r["approvals"]
assert [x["approver"] for x in a] == ["a.keller@example.com", "m.ortiz@example.com"], a
assert all(x["signed_at"] and x["counted_at"] and len(x["certificate_sha256"]) == 64 for x in a)
assert r["exceptions"] == [] and r["change"]["ticket"] == "CHG0031337"
plan = hashlib.sha256(open("plan.json", "rb").read()).hexdigest()
assert plan == hashlib.sha256(open("two.state/plan.json", "rb").read()).hexdigest()
j = [json.loads(l) for l in open("two.state/journal.jsonl")]
ap = [x for x in j if x["ev"] == "approval"]
assert len(ap) == 2 and all(x["plan_sha256"] == plan for x in ap), ap
assert [x["ev"] for x in j].index("approval") < [x["ev"] for x in j].index("item")
PY
say $? "journal, report and plan.json of the state tell it"
ok "the bundle verifies" CB verify two-audit.tar.gz --approver-ca approver-ca.pem
exits "not by another CA" 1 'verify.approval' CB verify two-audit.tar.gz --approver-ca other-ca.pem
mkdir bag && tar -C bag -xzf two-audit.tar.gz
n=0
for f in bag/two-audit/data/approvals/*.p7s; do
  openssl cms -verify -binary -inform DER -in "$f" -content bag/two-audit/data/plan.json \
    -CAfile approver-ca.pem -purpose any -out /dev/null 2>log && n=$((n + 1))
done
[ $n = 2 ]; say $? "stock openssl verifies both in the bag"
tells two 'who approved first' a.keller@example.com
tells two 'who approved last' m.ortiz@example.com
/usr/bin/python3 - bag/two-audit/data "$SCHEMA" <<'PY' >log 2>&1
import csv, json, sys, xml.etree.ElementTree as tree
from jsonschema import Draft4Validator
data = sys.argv[1] + "/"
r = json.load(open(data + "report.json"))
line = "%(approver)s, signed %(signed_at)s, counted %(counted_at)s, certificate SHA-256 %(certificate_sha256)s"
lines = [line % a for a in r["approvals"]]
assert len(lines) == 2, lines
rows = list(csv.DictReader(open(data + "report.csv")))
assert len(rows) == len(r["items"]) and all(row["approvals"] == " | ".join(lines) for row in rows), rows
suite = tree.parse(data + "junit.xml").getroot().find("testsuite")
facts = [(p.get("name"), p.get("value")) for p in suite.find("properties")]
assert facts == [("approval", one) for one in lines], facts
log = json.load(open(data + "findings.sarif"))
problems = list(Draft4Validator(json.load(open(sys.argv[2]))).iter_errors(log))
assert not problems, problems[:1]
run = log["runs"][0]
assert run["properties"]["approvals"] == r["approvals"], run["properties"]
PY
say $? "report.csv, junit.xml and findings.sarif say of them what report.json says"
exits "the README of the bag says how" 0 'APPROVER-CA.pem' cat bag/two-audit/README.txt

# --- resume ---
sha256sum two.state/journal.jsonl two-audit.tar.gz >sums
rm -f ./*.p7s
ok "a finished batch runs again without approvals" CB run plan.json
ok "and changes nothing" sha256sum -c --quiet sums
ok "also by its manifest" CB run b.yaml
rm -rf two.state/approvals
exits "not when the state lost them" 9 'demands 2' CB run plan.json

# --- resume of a batch that was killed half way ---
sites() { # file first-name more: a batch of twelve, or one more, each with a key that takes a while
  manifest "$1" half plain "$in_window"
  sed -i '/^orders:/,$d' "$1"
  printf 'defaults: {key: rsa-4096, profile: plain, outputs: [pem]}\norders:\n' >>"$1"
  for i in "$2" 2 3 4 5 6 7 8 9 10 11 12 $3; do
    echo "  - {id: site$i, common_name: site$i.corp.example}" >>"$1"
  done
}
issued() { # so many of half.state, or more
  [ "$(grep -c '"ev":"outputs"' half.state/journal.jsonl 2>/dev/null)" -ge "$1" ] 2>/dev/null
}
begun() { # something was sent
  grep -q '"ev":"intent"' half.state/journal.jsonl 2>/dev/null
}
killed() { # until it leaves a half-done batch; a run may be too quick for the knife
  for _ in 1 2 3 4 5; do
    rm -rf half.state
    CB run plan.json -j 1 >"$T/log" 2>&1 &
    child=$!
    while kill -0 $child 2>/dev/null && ! begun; do sleep 0.02; done
    kill -KILL $child 2>/dev/null
    wait $child 2>/dev/null
    begun && ! issued 12 && return 0
  done
  return 1
}
rm -rf ./*.state plan.json ./*.p7s
sites b.yaml 1 ''
CB plan b.yaml -o plan.json >log 2>&1
by_hand plan.json ortiz plan.json.1.p7s; by_hand plan.json keller plan.json.2.p7s
killed; say $? "a run is killed between its first order and its last certificate"
mkdir given && mv ./*.p7s given
cp -a half.state half.killed
again() { # title code words edit command...: on the killed state, after an edit of it
  title=$1 code=$2 words=$3 edit=$4; shift 4
  rm -rf half.state && cp -a half.killed half.state
  sh -c "$edit"
  sha256sum half.state/journal.jsonl >sums
  exits "$title" "$code" "$words" "$@"
  sha256sum -c --quiet sums >"$T/log" 2>&1; say $? "and nothing is done"
}
again "resume looks at the approvals again: one is missing" 9 'of the plan, 1 counts: the approval of' \
  "rm \$(ls half.state/approvals/*.p7s | head -1)" CB run plan.json
again "one is of a stranger" 9 'of the plan, 1 counts: .*issuer' \
  "f=\$(ls half.state/approvals/*.p7s | head -1); openssl cms -sign -binary -cades -in plan.json -signer stranger.pem -inkey stranger.key -outform DER -out \$f" \
  CB run plan.json
again "both are gone, and new ones lie beside: of another plan" 9 'demands 2 signed approvals' \
  'rm -r half.state/approvals; cp by-hand plan.json.1.p7s' CB run plan.json
rm -f plan.json.1.p7s
sites b.yaml 1 13
again "a manifest changed after the approval, by its plan" 9 'plan' true CB run plan.json
again "by itself" 9 'demands 2 signed approvals' true CB run b.yaml
cp plan.json approved.json
CB plan b.yaml -o plan.json >log 2>&1
again "by a new plan that nobody approved" 9 'demands 2 signed approvals' true CB run plan.json
again "by a new plan with the approvals of the old one" 9 'not over the bytes of this plan' true \
  CB run plan.json --approval given/plan.json.1.p7s --approval given/plan.json.2.p7s
ok "and with approvals of its own it runs" sh -c 'cp -a half.killed/. half.state &&
  by_hand plan.json ortiz 1.p7s && by_hand plan.json keller 2.p7s && exec CB run plan.json --approval 1.p7s --approval 2.p7s'
sites b.yaml 1new ''
CB plan b.yaml -o plan.json >log 2>&1
by_hand plan.json ortiz plan.json.1.p7s; by_hand plan.json keller plan.json.2.p7s
again "nor may an order that was sent become another, approved or not" 3 'item site1 ' true CB run plan.json
rm -f plan.json.?.p7s
mv approved.json plan.json
sites b.yaml 1 ''
rm -rf half.state && mv half.killed half.state
ok "the same plan goes on with what was counted" CB run plan.json
python3 - <<'PY' >log 2>&1
import json
j = [json.loads(l) for l in open("half.state/journal.jsonl")]
of = lambda ev: sorted(x["item"] for x in j if x["ev"] == ev)
assert len(of("intent")) == len(set(of("intent"))) == 12, of("intent")
assert len([x for x in j if x["ev"] == "approval"]) == 2
assert [x["ev"] for x in j if x["ev"] in ("open", "resume")] == ["open", "resume"]
r = json.load(open("half.state/report.json"))
assert r["counts"]["issued"] == 12 and len(r["approvals"]) == 2, r["counts"]
PY
say $? "twelve orders once each, two approvals once each"
sites b.yaml 1 13
CB plan b.yaml -o plan.json >log 2>&1
grep -q '1 to order, 12 to keep' log; say $? "the plan of a batch that grew tells what is done"
digest=$(sed -n 's/^Digest //p' log)
ok "and runs with approvals of its own" sh -c 'by_hand plan.json ortiz plan.json.1.p7s &&
  by_hand plan.json keller plan.json.2.p7s && exec CB run plan.json --plan-digest '"$digest"
grep -c '"ev":"outputs"' half.state/journal.jsonl | grep -qx 13; say $? "thirteen certificates"
python3 -c 'import json; a = json.load(open("half.state/report.json"))["approvals"]; assert len(a) == 2, a' >log 2>&1
say $? "and the report has those two approvals and not four"
ok "its bundle verifies" CB verify half-audit.tar.gz --approver-ca approver-ca.pem
rm -rf given

# --- not counted: each with its reason ---
refused() { # title reason file-maker...
  title=$1 words=$2; shift 2
  fresh two plain "$in_window"
  by_hand plan.json ortiz plan.json.1.p7s 2>/dev/null
  "$@" >"$T/log" 2>&1
  exits "$title" 9 "$words" CB run plan.json
}
refused "the same approval twice" 'same key as' cp plan.json.1.p7s plan.json.2.p7s
refused "the same key in another certificate" 'same key as' by_hand plan.json ortiz2 plan.json.2.p7s
refused "the same person with another key" 'approved already by' by_hand plan.json ortiz3 plan.json.2.p7s
refused "the requester" 'requested the change' by_hand plan.json singh plan.json.2.p7s
refused "somebody the policy does not list" 'not one of the approvers' by_hand plan.json nobody plan.json.2.p7s
refused "a stranger under the name of an approver" 'self-signed\|local issuer\|issuer' by_hand plan.json stranger plan.json.2.p7s
sleep 2
refused "an expired certificate" 'expired' by_hand plan.json expired plan.json.2.p7s
cp plan.json other.json
fresh one plain "$in_window"; mv plan.json first.json
fresh two plain "$in_window"
by_hand plan.json ortiz plan.json.1.p7s; by_hand other.json keller plan.json.2.p7s
sed -i 's/"as_of": "[^"]*"/"as_of": "2026-01-01T00:00:00Z"/' plan.json
by_hand plan.json ortiz plan.json.1.p7s
exits "an approval of another plan" 9 'not over the bytes of this plan' CB run plan.json
refused "no signature at all" 'not a CMS signature' cp plan.json plan.json.2.p7s
refused "a signature that carries its content" 'not detached' openssl cms -sign -binary -nodetach -in plan.json \
  -signer keller.pem -inkey keller.key -outform DER -out plan.json.2.p7s
fresh two plain "$in_window"
by_hand plan.json ortiz plan.json.1.p7s; by_hand plan.json keller plan.json.2.p7s
sed -i 's/www.corp.example/ww2.corp.example/' plan.json
exits "a plan changed after its approval" 9 'was changed after it was made' CB run plan.json
fresh two plain "$in_window"
by_hand plan.json ortiz a.p7s; by_hand plan.json keller b.p7s; by_hand plan.json nobody c.p7s
exits "a named approval that does not count" 9 'not one of the approvers' CB run plan.json --approval a.p7s --approval b.p7s --approval c.p7s
exits "--approval of a manifest" 2 'of a plan file' CB run b.yaml --approval a.p7s
openssl cms -sign -binary -cades -in plan.json -signer keller.pem -inkey keller.key -outform PEM -out b.p7s
ok "named approvals, one of them PEM" CB run plan.json --approval a.p7s --approval b.p7s

# --- a manifest and its profiles cannot ask for less ---
fresh easy easy "$in_window"
by_hand plan.json ortiz plan.json.1.p7s
exits "a profile cannot ask for less" 9 'demands 2 signed approvals' CB run plan.json
fresh hard hard "$in_window"
by_hand plan.json ortiz plan.json.1.p7s; by_hand plan.json keller plan.json.2.p7s
exits "but for more" 9 'demands 3 signed approvals of the plan, 2 count' CB run plan.json
by_hand plan.json lee plan.json.3.p7s
ok "three of three" CB run plan.json
rm -f ./*.p7s; rm -rf ./*.state
manifest b.yaml low plain "$in_window"
printf 'certbatch_policy: 1\nname: low\nrules:\n  change.approvals.min: disabled\n' >low.policy.yaml
echo 'policy: [low.policy.yaml]' >>b.yaml
exits "no policy may disable the rule" 3 'its floor is error' CB run b.yaml
lower() { # title settings
  printf 'certbatch_policy: 1\nname: low\nrules:\n  change.approvals.min: %s\n' "$2" >low.policy.yaml
  exits "$1" 9 'demands 2 signed approvals' CB run b.yaml
}
lower "a policy of the manifest cannot lower the count" '{count: 0}'
lower "nor by a dated step" '{steps: [{from: 2020-01-01, count: 0}]}'
sed -i '/requested_by/s/, requested_by: [^,}]*//; /^policy:/d' b.yaml
exits "nor a manifest that hides who asked" 1 'change.approvals.min' CB lint b.yaml

# --- bundles that were changed ---
fresh bag plain "$in_window"
by_hand plan.json ortiz plan.json.1.p7s; by_hand plan.json keller plan.json.2.p7s
ok "a batch to be changed" CB run plan.json
tampered() { # title command in the bag
  rm -rf bag t.tar.gz; mkdir bag && tar -C bag -xzf bag-audit.tar.gz
  (cd bag/bag-audit && eval "$2" && find data -type f | LC_ALL=C sort | xargs sha256sum >manifest-sha256.txt &&
    find . -maxdepth 1 -type f ! -name 'tagmanifest*' ! -name 'seal*' -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >tagmanifest-sha256.txt)
  sed -i "/Payload-Oxum/d" bag/bag-audit/bag-info.txt
  (cd bag/bag-audit && find . -maxdepth 1 -type f ! -name 'tagmanifest*' -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >tagmanifest-sha256.txt)
  # the order of a bundle: journal first, an item's files together
  tar -C bag -czf t.tar.gz --sort=name bag-audit
  exits "$1" 1 "$3" CB verify t.tar.gz
}
tampered "an approval replaced by that of a stranger" \
  "f=\$(ls data/approvals/*.p7s | head -1); openssl cms -sign -binary -cades -in data/plan.json -signer ../../stranger.pem -inkey ../../stranger.key -outform DER -out \$f" 'verify.approval'
tampered "an approval with one byte changed" \
  "f=\$(ls data/approvals/*.p7s | head -1); python3 -c \"import sys; b=bytearray(open(sys.argv[1],'rb').read()); b[-3]^=1; open(sys.argv[1],'wb').write(b)\" \$f" 'verify.approval'
tampered "an approval taken out" "rm \$(ls data/approvals/*.p7s | head -1)" 'is missing'
tampered "an approval added" "cp \$(ls data/approvals/*.p7s | head -1) data/approvals/$(printf '%064d' 1).p7s" 'does not know'
tampered "the plan exchanged for one with another date" \
  "sed -i 's/\"as_of\": \"[^\"]*\"/\"as_of\": \"2026-01-01T00:00:00Z\"/' data/plan.json" 'not the bytes that were approved\|verify.approval'

# --- the window ---
sed -i 's/count: 2/count: 0/' site.policy.yaml
fresh free plain "$in_window"
by_hand plan.json stranger plan.json.1.p7s
exits "nobody is believed where nothing is demanded" 9 'whose approvals count' CB run plan.json --approval plan.json.1.p7s
ok "what lies beside such a plan is left alone" CB run plan.json
! grep -q approved "$T/log" && [ ! -e free.state/approvals ]; say $? "and no report speaks of it"
fresh late plain "$over"
exits "after the window" 9 'closed at 2020-01-02' CB run b.yaml
exits "an override needs a reason" 2 'needs --reason' CB run b.yaml --override-window
exits "a blank one is none" 2 'needs --reason' CB run b.yaml --override-window --reason ' '
exits "a reason without an override" 2 'reason for --override-window' CB run b.yaml --reason x
[ ! -e late.state ]; say $? "nothing was begun"
exits "with both it runs" 0 'EXCEPTION: the change window' CB run b.yaml --override-window --reason 'outage INC0009'
python3 - <<'PY' >log 2>&1
import json
r = json.load(open("late.state/report.json"))
e, = r["exceptions"]
assert e["kind"] == "window" and e["reason"] == "outage INC0009" and "(" in e["user"] and e["time"], e
assert "after" in e["what"] and r["counts"]["issued"] == 1, r
j = [json.loads(l) for l in open("late.state/journal.jsonl")]
o, = [x for x in j if x["ev"] == "override"]
assert o["reason"] == e["reason"] and o["user"] == e["user"] and o["what"] == e["what"]
PY
say $? "journal and report.json tell who, when, why and what"
rm -rf bag; mkdir bag && tar -C bag -xzf late-audit.tar.gz
tells late 'the override' 'outage INC0009'
exits "and so does verify" 0 'EXCEPTION .*outage INC0009' CB verify late-audit.tar.gz
ln -sf late-audit.tar.gz bag-audit.tar.gz
rm -rf bag; mkdir bag && tar -C bag -xzf late-audit.tar.gz && mv bag/late-audit bag/bag-audit
tar -C bag -czf bag-audit-2.tar.gz --sort=name bag-audit && mv bag-audit-2.tar.gz bag-audit.tar.gz
tampered "a report that hides the exception" \
  "python3 -c \"import json; r=json.load(open('data/report.json')); r['exceptions']=[]; json.dump(r,open('data/report.json','w'))\"" 'other exceptions'
fresh soon plain "$early"
exits "before the window" 9 'opens at 2098' CB run b.yaml
exits "overridden" 0 'the run began before it' CB run b.yaml --override-window --reason 'moved by CAB'
fresh in plain "$in_window"
exits "inside: free of its end, and on record" 0 'not bound to its end' CB run b.yaml --override-window --reason 'may take longer'
fresh none plain ''
exits "no window, nothing to override" 0 'issued' CB run b.yaml --override-window --reason 'no need'
! grep -q '"override"' none.state/journal.jsonl; say $? "and no exception"
sed -i 's/^rules:/rules:\n  batch.ticket.window: {override: false}/' site.policy.yaml
fresh never plain "$over"
exits "a policy that forbids the override" 9 'policy forbids' CB run b.yaml --override-window --reason 'please'
[ ! -e never.state ]; say $? "leaves no trace"

exit $bad
