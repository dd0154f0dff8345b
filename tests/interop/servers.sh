#!/bin/bash
# Delivered folders in the servers they are for: nginx, Apache httpd, Tomcat and Jetty of Debian load the
# files and the snippet as they are (only directories and ports are changed), and openssl connects
# and compares what is served with report.json. Passwords come from passwords.cms, opened by an RSA
# and an EC recipient. Servers run on loopback, without privileges, and are ended here.
#
#   tests/interop/servers.sh        the program is $CERTBATCH, else ./certbatch
set -u
cd "$(dirname "$0")/../.." || exit 1
CERTBATCH=${CERTBATCH:-./certbatch}
case $CERTBATCH in /*) ;; *) CERTBATCH=$PWD/$CERTBATCH ;; esac
[ -x "$CERTBATCH" ] || { echo "not ok no program at $CERTBATCH"; exit 1; }

T=$(mktemp -d "${TMPDIR:-/tmp}/cb-servers-XXXXXX") || exit 1
export XDG_STATE_HOME=$T/xdg PATH=$PATH:/usr/sbin
servers=''
finish() {
  for pid in $servers; do kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null; done
  rm -rf "$T"
}
trap finish EXIT
bad=0
NAME=CHG0000043-servers
D=$T/$NAME-delivery

ok() { # title command...
  local title=$1
  shift
  if "$@" > "$T/log" 2>&1; then echo "ok $title"; else
    echo "not ok $title"
    sed 's/^/    /' "$T/log" | tail -n 20
    bad=1
  fi
}
no() { # title command... : it must fail
  local title=$1
  shift
  if "$@" > "$T/log" 2>&1; then echo "not ok $title"; bad=1; else echo "ok $title"; fi
}
have() { [ -e "$1" ] || command -v "$1" > /dev/null || { echo "# skipped: $1 is not installed ($2)"; return 1; }; }

# --- recipients and the batch
recipient() { # name usage options...
  local name=$1 usage=$2
  shift 2
  openssl req -x509 -nodes -keyout "$T/$name.key" -out "$T/$name.pem" -subj "/CN=$name" -days 30 \
    -addext "keyUsage=critical,$usage" "$@" 2> /dev/null
}
EC=(-newkey ec -pkeyopt ec_paramgen_curve:P-256)
recipient alice keyEncipherment -newkey rsa:2048
recipient bob keyAgreement "${EC[@]}"
recipient eve keyAgreement "${EC[@]}"
recipient signer digitalSignature "${EC[@]}"
openssl req -new -nodes "${EC[@]}" -keyout "$T/own.key" -out "$T/own.csr" -subj /CN=own.corp.example.com \
  -addext subjectAltName=DNS:own.corp.example.com 2> /dev/null
ALL='[{for: nginx}, {for: apache}, {for: tomcat}, {for: iis}, {for: jboss}, {for: jetty}, {for: weblogic}]'
manifest() { # recipients
  cat << YAML
certbatch: 1
name: $NAME
change: {ticket: CHG0000043, type: standard, requested_by: a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: 2026-11-20T09:00:00Z}
ca: local
delivery: {recipients: $1}
defaults: {product: tls-server, validity: 30d, outputs: $ALL}
orders:
  - {id: ec, key: ec-p256, common_name: ec.corp.example.com, san: [ec.corp.example.com, ec2.corp.example.com]}
  - {id: rsa, key: rsa-2048, common_name: rsa.corp.example.com, san: [rsa.corp.example.com]}
  - {id: own, csr: own.csr}
YAML
}
cd "$T" || exit 1
run() { timeout 120 "$CERTBATCH" "$@"; }

# --- recipients that cannot receive are refused before anything is made
manifest '[alice.pem, signer.pem]' > m.batch.yaml
no "a recipient who can only sign stops the run" run run m.batch.yaml
ok "the finding names rule and place" sh -c "'$CERTBATCH' lint m.batch.yaml | grep -q 'm.batch.yaml:5:.*keyAgreement \\[delivery.recipient\\]'"
ok "nothing was made" sh -c "! ls -d $NAME.state local-ca 2>/dev/null"
manifest '[alice.pem, bob.pem]' > m.batch.yaml
no "an expired recipient is an error" run lint --as-of 2099-01-01 m.batch.yaml
ok "it is said that he has expired" sh -c "'$CERTBATCH' lint --as-of 2099-01-01 m.batch.yaml | grep -q 'recipient has expired.*\[delivery.recipient\]'"
ok "run makes the bundles" run run m.batch.yaml

# --- passwords.cms
P=$NAME-passwords
ok "passwords are sealed, and no CSV lies there" sh -c "test -f $P.cms && ! test -e $P.csv"
cms() { openssl cms -decrypt -inform DER -in "$P.cms" "$@"; }
ok "openssl opens them with the RSA key" cms -inkey alice.key -out alice.csv
ok "openssl opens them with the EC key" cms -inkey bob.key -recip bob.pem -out bob.csv
ok "both read the same rows" sh -c "test -s alice.csv && cmp alice.csv bob.csv && head -1 alice.csv | grep -qx item,output,alias,password"
no "a stranger opens nothing" cms -inkey eve.key -out eve.csv
no "nor with a certificate of his own" cms -inkey eve.key -recip eve.pem -out eve.csv
openssl cms -cmsout -print -noout -inform DER -in "$P.cms" > structure 2>&1
for what in id-smime-ct-authEnvelopedData aes-256-gcm rsaesOaep mgf1 dhSinglePass-stdDH-sha256kdf-scheme; do
  ok "the envelope has $what" grep -q "$what" structure
done
ok "no SHA-1 in it" sh -c "! grep -qiE 'sha1[^0-9]|sha1\$' structure"
ok "open-passwords writes a private file" sh -c "'$CERTBATCH' open-passwords $P.cms --key alice.key -o opened.csv && cmp opened.csv alice.csv && test \$(stat -c %a opened.csv) = 600"
openssl pkey -in bob.key -aes256 -passout pass:bobs-secret -out bob.locked.key
ok "open-passwords opens an encrypted key" sh -c "BOB=bobs-secret '$CERTBATCH' open-passwords $P.cms --key bob.locked.key --password-env BOB --certificate bob.pem | cmp - alice.csv"
no "open-passwords with a wrong password of the key" env BOB=other "$CERTBATCH" open-passwords "$P.cms" --key bob.locked.key --password-env BOB
no "open-passwords for a stranger" run open-passwords "$P.cms" --key eve.key
cp "$P.cms" changed.cms && printf 'x' | dd of=changed.cms bs=1 seek=$(($(stat -c %s changed.cms) - 40)) conv=notrunc 2> /dev/null
no "a changed envelope does not open" run open-passwords changed.cms --key alice.key
recipient carol keyEncipherment -newkey rsa:2048
manifest '[carol.pem]' > m2.batch.yaml && cp m.batch.yaml keep.yaml && cp m2.batch.yaml m.batch.yaml
ok "another recipient: the same certificates" run run m.batch.yaml
ok "the new one opens them" cms -inkey carol.key -out carol.csv
ok "and the rows are the same" cmp carol.csv alice.csv
no "the old one does not" cms -inkey alice.key -out none.csv
cp keep.yaml m.batch.yaml && ok "back again" run run m.batch.yaml

# --- verify
tar xzf "$NAME-delivery.tar.gz" || exit 1
V=$NAME-delivery.tar.gz
ok "verify opens every key and key store" sh -c "'$CERTBATCH' verify --passwords alice.csv $V | grep -q '14 opened'"
ok "no password in the bundle" sh -c "for p in \$(tail -n +2 alice.csv | cut -d, -f4 | sort -u); do ! grep -rq \"\$p\" $NAME-delivery || exit 1; done"
forge() { # title rule command
  rm -rf t && mkdir t && cp -r "$NAME-delivery" t/ && (cd "t/$NAME-delivery" && sh -c "$3")
  tar -C t --sort=name -czf t.tar.gz "$NAME-delivery"
  run verify --passwords alice.csv t.tar.gz > out 2>&1
  if [ $? = 1 ] && grep -q "\\[$2\\]" out; then echo "ok found: $1 [$2]"; else
    echo "not ok found: $1 [$2]"
    sed 's/^/    /' out
    bad=1
  fi
}
forge "a snippet is gone" verify.complete "rm ec/nginx/site.conf.snippet"
forge "a file nobody knows" verify.bag "echo x > ec/nginx/extra.conf"
forge "a folder of no server" verify.bag "mkdir ec/lighttpd && cp ec/nginx/fullchain.pem ec/lighttpd/"
forge "the key store of another item" verify.keystore "cp rsa/tomcat/rsa.p12 ec/tomcat/ec.p12"
forge "the key of another item" verify.keystore "cp rsa/nginx/key.pem ec/nginx/key.pem"
forge "the chain of another item" verify.chain "cp rsa/apache/fullchain.pem ec/apache/"
forge "a p7b of another item" verify.chain "openssl crl2pkcs7 -nocrl -certfile ec/fullchain.pem -outform DER -out own/iis/own.p7b"
forge "a clear key in a folder" verify.secret "openssl pkey -in ../../own.key -out own/nginx/key.pem"

# --- the servers
password() { sed -n "s|^$1,$2,[^,]*,||p" alice.csv; }
sha256_of() { /usr/bin/python3 -c "import json,sys; print([i['sha256'] for i in json.load(open('$NAME.state/report.json'))['items'] if i['id'] == sys.argv[1]][0])" "$1"; }
mapfile -t PORTS < <(/usr/bin/python3 -c "
import socket
s = [socket.socket() for _ in range(9)]
for x in s: x.bind(('127.0.0.1', 0)); print(x.getsockname()[1])")
unprivileged=()
if [ "$(id -u)" = 0 ]; then
  unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
private() { # a directory for the account of the server
  if [ "$(id -u)" = 0 ]; then chown -R 65534:65534 "$@"; fi
  chmod -R go= "$@"
}
chmod 711 "$T"
start() { # log command... : in the background, its id in $server
  local log=$1
  shift
  "${unprivileged[@]}" "$@" > "$log" 2>&1 &
  server=$!
  servers="$servers $server"
}
listens() { # port log
  for _ in $(seq 150); do
    (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null && return 0
    kill -0 "$server" 2> /dev/null || break
    sleep 0.2
  done
  tail -n 20 "$2"
  return 1
}
stop() { kill "$server" && wait "$server" 2> /dev/null; true; }
# The chain is sent without its root, verifies from the root alone, and the certificate is the one
# of report.json.
serves() { # item port name
  sed -n '/BEGIN/h;/BEGIN/!H;/END/{x;h};${x;p}' "$D/$1/chain.pem" > "root-$1.pem"
  timeout 20 openssl s_client -connect "127.0.0.1:$2" -servername "$3" -verify_return_error -verify_hostname "$3" \
    -CAfile "root-$1.pem" -showcerts < /dev/null > served 2>&1 || { cat served; return 1; }
  grep -q 'Verify return code: 0' served || { cat served; return 1; }
  [ "$(grep -c 'BEGIN CERTIFICATE' served)" = 2 ] || { echo 'not two certificates'; return 1; }
  [ "$(openssl x509 -in served -outform DER | sha256sum | cut -d' ' -f1)" = "$(sha256_of "$1")" ]
}

if have nginx "loads the folder nginx"; then
  N=$T/nginx-run
  mkdir -p "$N/tmp"
  nginx_site() { # item port key-line
    mkdir -p "$N/$1" && cp "$D/$1/nginx/"* "$N/$1/"
    password "$1" nginx/key.pem > "$N/$1/password"
    sed "s|/etc/nginx/tls/|$N/|; s|listen 443|listen 127.0.0.1:$2|" "$D/$1/nginx/site.conf.snippet" > "$N/$1.conf"
  }
  nginx_site ec "${PORTS[0]}"
  nginx_site rsa "${PORTS[1]}"
  nginx_site own "${PORTS[2]}"
  cp own.key "$N/own/key.pem"
  cat > "$N/nginx.conf" << CONF
daemon off;
pid $N/pid;
error_log $N/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $N/tmp; proxy_temp_path $N/tmp; fastcgi_temp_path $N/tmp; uwsgi_temp_path $N/tmp; scgi_temp_path $N/tmp;
  include $N/ec.conf; include $N/rsa.conf; include $N/own.conf;
}
CONF
  private "$N"
  ok "nginx -t takes the snippets" "${unprivileged[@]}" nginx -t -q -c "$N/nginx.conf" -e "$N/error.log"
  start "$N/out" nginx -c "$N/nginx.conf" -e "$N/error.log"
  ok "nginx starts" listens "${PORTS[0]}" "$N/error.log"
  ok "nginx serves the EC certificate" serves ec "${PORTS[0]}" ec.corp.example.com
  ok "nginx serves it under its second name" serves ec "${PORTS[0]}" ec2.corp.example.com
  ok "nginx serves the RSA certificate" serves rsa "${PORTS[1]}" rsa.corp.example.com
  ok "nginx serves certificates only, with the owner's key" serves own "${PORTS[2]}" own.corp.example.com
  no "a wrong name is found by the client" serves ec "${PORTS[0]}" www.evil.example
  no "the root of another CA is found by the client" timeout 20 openssl s_client -connect "127.0.0.1:${PORTS[0]}" -verify_return_error -CAfile alice.pem
  stop
  echo wrong > "$N/ec/password"
  no "nginx refuses the key with a wrong password" "${unprivileged[@]}" nginx -t -q -c "$N/nginx.conf" -e "$N/error.log"
fi

MODULES=/usr/lib/apache2/modules
if have apache2 "loads the folder apache" && have "$MODULES/mod_ssl.so" "mod_ssl"; then
  A=$T/apache-run
  mkdir -p "$A"
  apache_site() { # item port
    mkdir -p "$A/$1" && cp "$D/$1/apache/"* "$A/$1/"
    password "$1" apache/key.pem > "$A/$1/password"
    sed "s|/etc/apache2/tls/|$A/|g; s|\*:443|127.0.0.1:$2|" "$D/$1/apache/site.conf.snippet" > "$A/$1.conf"
    # what the comment of the snippet says about the helper
    sed -n '/^# *case/,/^# *esac/s/^# *//p' "$A/$1.conf" > "$A/$1.helper"
  }
  apache_site ec "${PORTS[3]}"
  apache_site rsa "${PORTS[4]}"
  { echo '#!/bin/sh'; cat "$A/ec.helper" "$A/rsa.helper"; echo 'exit 1'; } > "$A/passphrase"
  cat > "$A/httpd.conf" << CONF
ServerRoot $A
PidFile $A/pid
ErrorLog $A/error.log
ServerName localhost
LoadModule mpm_event_module $MODULES/mod_mpm_event.so
LoadModule authz_core_module $MODULES/mod_authz_core.so
LoadModule socache_shmcb_module $MODULES/mod_socache_shmcb.so
LoadModule ssl_module $MODULES/mod_ssl.so
Listen 127.0.0.1:${PORTS[3]} https
Listen 127.0.0.1:${PORTS[4]} https
DefaultRuntimeDir $A
Include $A/ec.conf
Include $A/rsa.conf
CONF
  private "$A"
  chmod 700 "$A/passphrase"
  ok "apache2 -t takes the snippets" "${unprivileged[@]}" apache2 -t -f "$A/httpd.conf"
  start "$A/out" apache2 -DFOREGROUND -f "$A/httpd.conf"
  ok "apache2 starts" listens "${PORTS[3]}" "$A/error.log"
  ok "apache2 serves the EC certificate" serves ec "${PORTS[3]}" ec.corp.example.com
  ok "apache2 serves the RSA certificate" serves rsa "${PORTS[4]}" rsa.corp.example.com
  stop
fi

BOOT=/usr/share/tomcat10/bin/bootstrap.jar
if have java "runs Tomcat" && have "$BOOT" "Tomcat 10"; then
  C=$T/tomcat-run
  mkdir -p "$C/conf" "$C/logs" "$C/temp" "$C/webapps" "$C/work"
  printf 'common.loader="/usr/share/tomcat10/lib/*.jar"\n' > "$C/conf/catalina.properties"
  echo '<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="5.0"/>' > "$C/conf/web.xml"
  {
    echo '<Server port="-1" shutdown="NO"><Service name="Catalina">'
    sed "s|port=\"8443\"|address=\"127.0.0.1\" port=\"${PORTS[5]}\"|" "$D/ec/tomcat/server.xml.snippet"
    sed "s|port=\"8443\"|address=\"127.0.0.1\" port=\"${PORTS[6]}\"|" "$D/rsa/tomcat/server.xml.snippet"
    echo '<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine></Service></Server>'
  } > "$C/conf/server.xml"
  for id in ec rsa; do
    cp "$D/$id/tomcat/$id.p12" "$C/conf/"
    echo "tls.$id.password=$(password $id "tomcat/$id.p12")" >> "$C/conf/catalina.properties"
  done
  ok "the snippet of Tomcat is well formed" /usr/bin/python3 -c "import xml.dom.minidom as m; m.parse('$C/conf/server.xml')"
  private "$C"
  start "$C/logs/out" env HOME="$C" java -Dcatalina.home=/usr/share/tomcat10 -Dcatalina.base="$C" -Djava.io.tmpdir="$C/temp" \
    -cp "$BOOT:/usr/share/tomcat10/bin/tomcat-juli.jar" org.apache.catalina.startup.Bootstrap start
  ok "Tomcat starts" listens "${PORTS[6]}" "$C/logs/out"
  ok "Tomcat serves the EC certificate" serves ec "${PORTS[5]}" ec.corp.example.com
  ok "Tomcat serves the RSA certificate" serves rsa "${PORTS[6]}" rsa.corp.example.com
  stop
fi

START=/usr/share/jetty9/start.jar
if have java "runs Jetty" && have "$START" "Jetty 9.4"; then
  jetty() { # item port password-behind: a base directory of its own, with the snippet as start.d/ssl.ini
    J=$T/jetty-$1
    mkdir -p "$J/start.d" "$J/etc" "$J/tmp"
    cp "$D/$1/jetty/$1.p12" "$J/etc/"
    printf -- '--module=ssl\n--module=https\njetty.ssl.host=127.0.0.1\n' > "$J/start.d/ssl.ini"
    sed "s|jetty.ssl.port=8443|jetty.ssl.port=$2|; s|Password=\$|Password=$3|" "$D/$1/jetty/ssl.ini.snippet" >> "$J/start.d/ssl.ini"
    private "$J"
    start "$J/out" env HOME="$J" java -Djava.io.tmpdir="$J/tmp" -jar "$START" "jetty.home=${START%/*}" "jetty.base=$J"
  }
  started() { # its port is open before it has read the key store
    for _ in $(seq 150); do
      grep -q 'Server:main: Started' "$J/out" && return 0
      kill -0 "$server" 2> /dev/null || break
      sleep 0.2
    done
    grep 'Exception\|WARN' "$J/out"
    return 1
  }
  at=7
  for id in ec rsa; do
    jetty $id "${PORTS[$at]}" "$(password $id "jetty/$id.p12")"
    ok "Jetty starts with the key store of $id" started
    ok "Jetty serves the certificate of $id" serves $id "${PORTS[$at]}" $id.corp.example.com
    stop
    at=$((at + 1))
  done
  jetty ec "${PORTS[7]}" wrong
  no "Jetty refuses the key store with a wrong password" started
  kill "$server" 2> /dev/null
fi

# --- the check commands of the others, and what owners of keys are delivered
if have keytool "reads what Java servers load"; then
  store() { # item path type
    CB_PASS=$(password "$1" "$2") keytool -list -v -keystore "$D/$1/$2" -storetype "$3" -storepass:env CB_PASS > listed 2>&1 &&
      grep -q PrivateKeyEntry listed && grep -q "chain length: 2" listed
  }
  for id in ec rsa; do
    for s in tomcat jboss jetty; do ok "keytool: $id/$s" store $id "$s/$id.p12" PKCS12; done
    ok "keytool: $id/weblogic" store $id "weblogic/$id.jks" JKS
  done
  # the request is made in a key store; the delivered certificates join the key there
  export CB_PASS=store-password
  keytool -genkeypair -keyalg EC -groupname secp256r1 -alias site -dname CN=java.corp.example.com -keystore java.p12 -storetype PKCS12 -storepass:env CB_PASS 2> /dev/null
  keytool -certreq -alias site -keystore java.p12 -storepass:env CB_PASS -ext san=dns:java.corp.example.com -file java.csr 2> /dev/null
  manifest '[alice.pem]' | sed "s/^name: .*/name: java/; /^  - /d" > java.batch.yaml
  echo '  - {id: java, csr: java.csr, outputs: [{for: tomcat}]}' >> java.batch.yaml
  ok "a request of keytool is issued" run run java.batch.yaml
  tar xzf java-delivery.tar.gz
  ok "keytool takes the delivered certificates" keytool -importcert -noprompt -trustcacerts -alias site -keystore java.p12 -storepass:env CB_PASS -file java-delivery/java/tomcat/fullchain.pem
  ok "the entry has key and chain" sh -c "keytool -list -v -alias site -keystore java.p12 -storepass:env CB_PASS | grep -q 'chain length: 2'"
fi
iis() { # the PFX for Windows, by openssl
  openssl pkcs12 -in "$D/$1/iis/$1.p12" -passin "pass:$(password "$1" "iis/$1.p12")" -nodes 2> /dev/null | openssl pkey -pubout > pub &&
    openssl x509 -in "$D/$1/certificate.pem" -noout -pubkey | cmp - pub
}
for id in ec rsa; do ok "openssl: $id/iis" iis $id; done
ok "openssl: the p7b of an owner holds certificate and chain" sh -c "test \$(openssl pkcs7 -inform DER -in $D/own/iis/own.p7b -print_certs | grep -c BEGIN) = 2"
ok "no key where the owner has it" sh -c "! find $D/own -name '*.p12' -o -name '*.jks' -o -name 'key*' | grep ."
exit $bad
