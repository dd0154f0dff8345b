#!/bin/sh
# Installs what is missing: deps.sh PKG-CONFIG-NAME...
# As root or with sudo through apt; otherwise says exactly what is missing and stops.
set -eu

# pkg-config name, header or command, and the Debian package that has it
table='
libcrypto libssl-dev
libssl libssl-dev
libcurl libcurl4-openssl-dev
yaml-0.1 libyaml-dev
libarchive libarchive-dev
libpcre2-8 libpcre2-dev
jansson libjansson-dev
libidn2 libidn2-dev
libpsl libpsl-dev
expat libexpat1-dev
csv.h libcsv-dev
xlsxwriter libxlsxwriter-dev
cairo libcairo2-dev
freetype2 libfreetype-dev
cmocka libcmocka-dev
zlib zlib1g-dev
libssl libssl-dev
libmicrohttpd libmicrohttpd-dev
gnutls libgnutls28-dev
'
tools='
gcc gcc
make make
pkg-config pkg-config
openssl openssl
'
# pebble is the ACME CA that is not ours (tests/interop/acme_pebble.sh), bsdtar the second reader of bundles;
# nginx, apache2, Tomcat and Jetty load what is delivered for them (tests/interop/servers.sh); apache2, Samba
# and a KDC take the logins of AD CS (tests/interop/adcs_auth.sh)
test_tools='
keytool default-jre-headless
certtool gnutls-bin
pk12util libnss3-tools
strace strace
valgrind valgrind
shellcheck shellcheck
mandoc mandoc
clang-format clang-format
clang clang
pre-commit pre-commit
nvim neovim
script bsdutils
chromium chromium
pdftotext poppler-utils
nginx nginx-light
apache2 apache2-bin
pki strongswan-pki libstrongswan-standard-plugins
curl curl
pebble pebble
bsdtar libarchive-tools
ntlm_auth winbind
krb5kdc krb5-kdc
kadmin.local krb5-admin-server
kinit krb5-user
'
PATH=$PATH:/usr/sbin # servers are there
missing=''
want() { case " $missing " in *" $1 "*) ;; *) missing="$missing $1" ;; esac; }
# The exit status must not depend on which row comes last: `set -e` would end the script silently.
lookup() { echo "$table" | awk -v name="$1" '$1 == name { print $2 }'; }
found=$(mktemp)
trap 'rm -f "$found"' EXIT

testing=no
echo "$tools" | { while read -r tool package; do
    if [ -n "$tool" ] && ! command -v "$tool" > /dev/null 2>&1; then echo "$package"; fi
  done; } > "$found"
for name in "$@"; do
  [ "$name" = cmocka ] && testing=yes
  case $name in
  *.h) # a library without a description for pkg-config
    [ -f "/usr/include/$name" ] || lookup "$name" >> "$found"
    continue ;;
  esac
  if ! command -v pkg-config > /dev/null 2>&1 || ! pkg-config --exists "$name"; then
    lookup "$name" >> "$found"
  fi
done
# fonts that go into the program
[ -r "${FONTS:-/usr/share/fonts/truetype/dejavu}/DejaVuSans.ttf" ] || echo fonts-dejavu-core >> "$found"
if [ "$testing" = yes ]; then
  echo "$test_tools" | while read -r tool package; do
    if [ -n "$tool" ] && ! command -v "$tool" > /dev/null 2>&1; then echo "$package"; fi
  done >> "$found"
  /usr/bin/python3 -c 'import jsonschema, yaml' 2> /dev/null ||
    echo "python3-jsonschema python3-yaml" >> "$found"
  /usr/bin/python3 -c 'import jks' 2> /dev/null || echo python3-pyjks >> "$found"
  /usr/bin/python3 -c 'import openpyxl' 2> /dev/null || echo python3-openpyxl >> "$found"
  # a module of apache2
  [ -e /usr/lib/apache2/modules/mod_auth_gssapi.so ] || echo libapache2-mod-auth-gssapi >> "$found"
  # Java programs without a command of their own
  [ -e /usr/share/tomcat10/bin/bootstrap.jar ] || echo tomcat10-common >> "$found"
  [ -e /usr/share/jetty9/start.jar ] || echo jetty9 >> "$found"
  if command -v clang > /dev/null 2>&1 || grep -q '^clang$' "$found"; then
    echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n){return p && n ? 0 : 0;}' |
      clang -fsanitize=fuzzer -x c - -o /dev/null 2> /dev/null ||
      echo libclang-rt-14-dev >> "$found"
  fi
fi
while read -r line; do for p in $line; do want "$p"; done; done < "$found"
[ -z "$missing" ] && exit 0

if ! command -v apt-get > /dev/null 2>&1; then
  echo "missing packages (Debian names):$missing" >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  as=''
elif command -v sudo > /dev/null 2>&1 && sudo -n true 2> /dev/null; then
  as=sudo
else
  echo "missing packages:$missing" >&2
  echo "install them with:  sudo apt-get install$missing" >&2
  exit 1
fi
echo "installing:$missing"
$as apt-get update -q > /dev/null
# shellcheck disable=SC2086
$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing > /dev/null
