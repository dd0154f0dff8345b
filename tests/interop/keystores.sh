#!/bin/bash
# Key stores against other people's tools: OpenSSL, Java's keytool (every JDK that is installed),
# GnuTLS certtool, NSS pk12util and pyjks read what we write; we read what keytool writes.
# A tool that is missing is skipped and said so.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
store=Store-pass-1
key=Key-pass-22
failed=0

check() { # description command...
  local what=$1
  shift
  if "$@" > "$work/log" 2>&1; then echo "ok $what"; else
    echo "not ok $what"
    sed 's/^/# /' "$work/log" | tail -n 5
    failed=1
  fi
}
have() {
  if command -v "$1" > /dev/null; then return 0; fi
  echo "# skipped: $1 is not installed"
  return 1
}

# --- our side
tool=$work/keystore_tool
library=$(dirname "${CERTBATCH:-build/check/certbatch}")/libcertbatch.a
if [ -f "$library" ]; then sources=$library; else sources=$(ls formats/*.c formats/base/*.c); fi
# shellcheck disable=SC2086,SC2046
${CC:-cc} -std=c11 -D_GNU_SOURCE -DOPENSSL_API_COMPAT=30000 -DOPENSSL_NO_DEPRECATED -O1 -w -I. \
  -o "$tool" tests/interop/keystore_tool.c $sources \
  $(pkg-config --cflags --libs libcrypto yaml-0.1 libarchive jansson libidn2 libpsl xlsxwriter) -lpthread || {
  echo 'not ok the writer compiles'
  exit 1
}
"$tool" write "$work" $store $key || {
  echo 'not ok the writer runs'
  exit 1
}
public() { openssl pkey "$@" -pubout -outform DER 2> /dev/null | sha256sum | cut -d' ' -f1; }
declare -A want
for kind in rsa ec ed; do want[$kind]=$(public -in "$work/$kind.key"); done

# --- OpenSSL
pfx_info() { # file pattern...
  local out
  out=$(openssl pkcs12 -in "$1" -passin pass:$store -info -noout 2>&1) || return 1
  shift
  for pattern in "$@"; do
    if ! grep -q "$pattern" <<< "$out"; then
      echo "no \"$pattern\" in: $out"
      return 1
    fi
  done
}
pfx_key() { # file kind: the key inside is the key
  test "$(openssl pkcs12 -in "$1" -passin pass:$store -nodes -nocerts 2> /dev/null | public)" = "${want[$2]}"
}
pfx_certs() { test "$(openssl pkcs12 -in "$1" -passin pass:$store -nokeys 2> /dev/null | grep -c BEGIN)" = 3; }
encrypted_key() { test "$(public -in "$work/$1.encrypted.key" -passin pass:$key)" = "${want[$1]}"; }
for kind in rsa ec ed; do
  f=$work/$kind-modern.p12
  check "openssl: $kind modern is PBES2 AES-256 with a SHA-256 MAC" pfx_info "$f" \
    'MAC: sha256, Iteration 10000' 'salt length: 8' \
    'Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256' \
    'Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256'
  check "openssl: $kind modern holds the key" pfx_key "$f" $kind
  check "openssl: $kind modern holds 3 certificates" pfx_certs "$f"
  f=$work/$kind-compat.p12
  check "openssl: $kind compat is 3DES with a SHA-1 MAC" pfx_info "$f" \
    'MAC: sha1, Iteration 2048' 'Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048'
  check "openssl: $kind compat holds the key" pfx_key "$f" $kind
  check "openssl: $kind encrypted PEM" encrypted_key $kind
done

# --- GnuTLS
certtool_reads() {
  certtool --p12-info --inder --infile "$1" --password $store > "$work/out" 2>&1 &&
    test "$(grep -c 'BEGIN CERTIFICATE' "$work/out")" = 3 && grep -q 'BEGIN .*PRIVATE KEY' "$work/out"
}
if have certtool; then
  for f in rsa-modern rsa-compat ec-modern ec-compat ed-modern ed-compat; do
    check "certtool: $f" certtool_reads "$work/$f.p12"
  done
fi

# --- NSS; it does not import Ed25519
nss_reads() {
  rm -rf "$work/nss" && mkdir "$work/nss" &&
    certutil -N -d "sql:$work/nss" --empty-password && pk12util -i "$work/$1.p12" -d "sql:$work/nss" -W $store &&
    certutil -K -d "sql:$work/nss" | grep -q "${1%-*}"
}
if have pk12util && have certutil; then
  for f in rsa-modern rsa-compat ec-modern ec-compat; do check "pk12util: $f" nss_reads $f; done
fi

# --- pyjks
pyjks_reads() {
  /usr/bin/python3 - "$work/all.jks" $store $key "$work" << 'PY'
import subprocess, sys, jks
path, store, key, work = sys.argv[1:]
k = jks.KeyStore.load(path, store, try_decrypt_keys=False)
assert sorted(k.private_keys) == ['ec', 'ed', 'rsa'], k.private_keys
for alias, entry in k.private_keys.items():
    entry.decrypt(key)
    assert len(entry.cert_chain) == 3
    der = subprocess.run(['openssl', 'pkey', '-in', f'{work}/{alias}.key', '-outform', 'DER'],
                         capture_output=True, check=True).stdout
    pem = subprocess.run(['openssl', 'pkey', '-inform', 'DER', '-outform', 'DER'],
                         input=entry.pkey_pkcs8, capture_output=True, check=True).stdout
    assert der == pem
PY
}
check 'pyjks: all keys of a JKS with another key password' pyjks_reads

# --- Java
export JAVA_TOOL_OPTIONS='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto'
jks_list() { # keytool
  local out
  out=$("$1" -list -v -keystore "$work/all.jks" -storepass $store 2> "$work/err") || { cat "$work/err"; return 1; }
  grep -q 'Keystore type: JKS' <<< "$out" && grep -q 'contains 3 entries' <<< "$out" &&
    test "$(grep -c 'Entry type: PrivateKeyEntry' <<< "$out")" = 3 &&
    test "$(grep -c 'Certificate chain length: 3' <<< "$out")" = 3 &&
    test "$(grep '^Owner:' <<< "$out" | head -n 3 | tr '\n' '|')" = \
      'Owner: CN=www.example.com|Owner: CN=Test Issuing CA|Owner: CN=Test Root|'
}
lists() { # keytool file type pattern
  "$1" -list -keystore "$2" -storetype "$3" -storepass $store 2>&1 | grep -q "$4"
}
jks_to_p12() { # kind: out of our JKS with its own key password, into PKCS#12, into OpenSSL
  keytool -importkeystore -srckeystore "$work/all.jks" -srcstoretype JKS -srcstorepass $store \
    -srckeypass $key -srcalias "$1" -destkeystore "$work/$1.out.p12" -deststoretype PKCS12 \
    -deststorepass $store -destkeypass $store -noprompt &&
    test "$(openssl pkcs12 -in "$work/$1.out.p12" -passin pass:$store -nodes -nocerts | public)" = "${want[$1]}"
}
p12_to_jks() { # kind: out of our PFX into a JKS of Java's, into our reader
  keytool -importkeystore -srckeystore "$work/$1-modern.p12" -srcstoretype PKCS12 -srcstorepass $store \
    -destkeystore "$work/java.jks" -deststoretype JKS -deststorepass $store -destkeypass $key \
    -srcalias "$1" -destalias "$1" -noprompt &&
    "$tool" show "$work/java.jks" $store $key | grep -qx "$1 key ${want[$1]} 3"
}
java_p12() { # what Java 17 writes, into our reader
  "$tool" show "$work/rsa.out.p12" $store $store | grep -qx "rsa key ${want[rsa]} 3"
}
wrong_key_password() { "$tool" show "$work/java.jks" $store $store | grep -q '^rsa key - 3$'; }
if have keytool; then
  for jdk in $(readlink -f "$(command -v keytool)" /usr/lib/jvm/*/bin/keytool | sort -u); do
    name=$(basename "$(dirname "$(dirname "$jdk")")")
    check "keytool ($name): lists a JKS" jks_list "$jdk"
    check "keytool ($name): lists ec modern" lists "$jdk" "$work/ec-modern.p12" PKCS12 PrivateKeyEntry
    check "keytool ($name): lists rsa compat" lists "$jdk" "$work/rsa-compat.p12" PKCS12 PrivateKeyEntry
    check "keytool ($name): trusts the root of a PFX" lists "$jdk" "$work/corp-root-modern.p12" PKCS12 \
      'corp-root.*trustedCertEntry'
  done
  check 'keytool: trusts the root of a JKS' lists keytool "$work/trust.jks" JKS 'corp-root.*trustedCertEntry'
  for kind in rsa ec ed; do check "keytool: $kind out of a JKS by its key password" jks_to_p12 $kind; done
  for kind in rsa ec ed; do check "keytool: $kind out of a PFX into a JKS that we read" p12_to_jks $kind; done
  check 'we read what Java writes as PKCS12' java_p12
  check 'we see a wrong key password in a JKS of Java' wrong_key_password
fi
exit $failed
