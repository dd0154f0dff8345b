# shellcheck shell=bash disable=SC2034,SC2154 # read by bench_ca.sh, and its
product=tls-server
term=90d
packs=private
floor_path=/cagw/v1/certificate-authorities
prepare() { # a client certificate that is its own root
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout client.key -out client.pem -days 2 \
    -subj /CN=tenant-1 2> /dev/null
  chmod 600 client.key
  casim_options=(--tls-client-ca client.pem)
  client_certificate=(client.pem client.key)
}
settings() {
  cat << YAML
    type: entrust
    url: https://127.0.0.1:$port/cagw
    ca_id: CA-1001
    tls: {ca_file: ca.pem, client_certificate: client.pem, client_key: {file: client.key}}
    products: {tls: {code: tls-server, level: private}}
YAML
}
