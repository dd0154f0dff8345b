#!/bin/sh
# The proof of one item: made from a signed audit bundle, checked by exactly the commands its own
# README.txt prints, silent about the other items, and changed file by file.
#
#   tests/interop/prove.sh       the program is $CERTBATCH, else ./certbatch
#
# Prints "ok ..." or "not ok ..." for every check; exit 1 when one failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
suite=prove
# shellcheck source=tests/tools/say.sh
. tests/tools/say.sh

cd "$T" || exit 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout audit.key -out audit.pem \
  -days 30 -subj '/O=Example Corp/CN=audit' -addext keyUsage=critical,digitalSignature 2>/dev/null
chmod 600 audit.key
cat >certbatch.yaml <<'YAML'
certbatch_config: 1
cas:
  lab: {type: local, directory: ./lab-ca}
signing: {certificate: audit.pem, key: {file: audit.key}}
YAML
{
  echo 'certbatch: 1'
  echo 'name: team'
  echo 'change: {ticket: CHG0000078, type: standard}'
  echo 'ca: lab'
  echo 'defaults: {key: ec-p256, validity: 90d, outputs: [pem]}'
  echo 'orders:'
  for i in a b c d e f g; do echo "  - {id: $i, common_name: host-$i.example.com}"; done
  echo '  - {id: wrong, common_name: wrong..example.com}'
} >team.batch.yaml
exits "seven items and a bad one" 4 '' "$CERTBATCH" run team.batch.yaml
A=team-audit.tar.gz

for i in a d g wrong; do
  exits "prove $i" 0 "team-$i-proof.tar.gz" "$CERTBATCH" prove "$A" "$i"
  exits "verify knows it" 0 'proof of one item, valid' "$CERTBATCH" verify --signer-ca audit.pem "team-$i-proof.tar.gz"
  rm -rf "team-$i-proof"
  ok "it unpacks" tar xzf "team-$i-proof.tar.gz"
  grep -rl "host-[^$i]\.example\.com" "team-$i-proof" >log
  [ ! -s log ]; say $? "it speaks of no other item"
  sed -n 's/^    //p' "team-$i-proof/README.txt" | grep -v 'certbatch verify' | sed 's#SIGNER-CA.pem#../../../audit.pem#' >commands
  (cd "team-$i-proof" && sh -e ../commands) >log 2>&1
  say $? "every command of its README.txt"
  lines=$(grep -c '^[0-9a-f]\{64\}$' log)
  pairs=$(grep '^[0-9a-f]\{64\}$' log | sort | uniq -c | awk '$1 == 2 { n++ } END { print n + 0 }')
  [ "$lines" = 4 ] && [ "$pairs" = 2 ]; say $? "its lines are pairwise the same"
done
cp team-a-proof.tar.gz first.tar.gz
"$CERTBATCH" prove "$A" a >/dev/null
ok "the same bytes again" cmp first.tar.gz team-a-proof.tar.gz
exits "no such item" 3 'has no item' "$CERTBATCH" prove "$A" nobody
exits "no id" 2 'no id' "$CERTBATCH" prove "$A" ../a
exits "no audit bundle" 1 'no whole audit bundle' "$CERTBATCH" prove team-delivery.tar.gz a

# --- somebody who changes a proof, manifests and all ---
pack() { # directory: its manifests made anew
  (cd "$1" && find data -type f | LC_ALL=C sort | while read -r f; do sha256sum "$f"; done >manifest-sha256.txt
    oxum=$(find data -type f -printf '%s\n' | awk '{ s += $1; n++ } END { printf "%d.%d", s, n }')
    sed -i "s/^Payload-Oxum: .*/Payload-Oxum: $oxum/" bag-info.txt
    sha256sum README.txt bag-info.txt bagit.txt manifest-sha256.txt >tagmanifest-sha256.txt)
  tar czf changed.tar.gz "$1"
}
P=team-d-proof
changed() { # title, words of the finding, command in the unpacked proof
  rm -rf "$P"
  tar xzf "$P.tar.gz"
  (cd "$P" && sh -c "$3") >log 2>&1
  pack "$P"
  exits "changed: $1" 1 "$2" "$CERTBATCH" verify --signer-ca audit.pem changed.tar.gz
}
rm -rf "$P" && tar xzf "$P.tar.gz" && pack "$P"
exits "packed again it is still good" 0 'valid' "$CERTBATCH" verify --signer-ca audit.pem changed.tar.gz
changed "another state in the record" 'Records-Merkle-Root' "sed -i 's/\"issued\"/\"failed\"/' data/record.json"
changed "another digest of what was planned" 'Items-Merkle-Root' "sed -i 's/\"digest\": \"0/&1/; t; s/\"digest\": \"./\"digest\": \"0/' data/proof.json"
changed "another place" 'Merkle-Root' "sed -i 's/\"index\": 3/\"index\": 2/' data/proof.json"
changed "another size" 'Merkle-Root' "sed -i 's/\"size\": 8/\"size\": 4/' data/proof.json"
changed "the other side of the path" 'Merkle-Root' "python3 -c 'import json; f=\"data/proof.json\"; p=json.load(open(f)); p[\"record\"][\"path\"].reverse(); json.dump(p, open(f, \"w\"))'"
changed "another item" 'different items' "sed -i 's/\"item\": \"d\"/\"item\": \"a\"/' data/proof.json"
changed "the certificate of another" 'not the certificate of record.json' "cp ../team-a-proof/data/certificate.pem data/certificate.pem"
changed "no certificate" 'certificate.pem cannot be read' "rm data/certificate.pem"
changed "another root" 'does not list this bag-info.txt' "sed -i 's/^Records-Merkle-Root: 0/&1/; t; s/^Records-Merkle-Root: ./Records-Merkle-Root: 0/' data/bundle/bag-info.txt"
changed "another root and tag manifest" 'tagmanifest-sha256.txt.p7s' "sed -i 's/Items-Count: 8/Items-Count: 9/' data/bundle/bag-info.txt; h=\$(sha256sum data/bundle/bag-info.txt | cut -c1-64); sed -i \"s/^.*  bag-info.txt\\\$/\$h  bag-info.txt/\" data/bundle/tagmanifest-sha256.txt"
changed "no signature" 'demands a signature' "rm data/bundle/tagmanifest-sha256.txt.p7s"
changed "no record" 'cannot be read' "rm data/record.json"
rm -rf "$P" && tar xzf "$P.tar.gz"
n=0
for f in $(cd "$P" && find . -type f | LC_ALL=C sort); do
  rm -rf copy && cp -r "$P" copy
  python3 -c 'import sys; f = sys.argv[1]; b = bytearray(open(f, "rb").read()); b[len(b) // 2] ^= 1; open(f, "wb").write(b)' "copy/$f"
  rm -rf "$P.was" && mv "$P" "$P.was" && mv copy "$P"
  tar czf changed.tar.gz "$P"
  rm -rf "$P" && mv "$P.was" "$P"
  timeout 60 "$CERTBATCH" verify changed.tar.gz >log 2>&1 && { echo "not ok a changed byte of $f"; bad=1; }
  n=$((n + 1))
done
[ $n -ge 13 ]; say $? "one changed byte in each of $n files is found"
exit $bad
