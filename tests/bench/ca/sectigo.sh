# shellcheck shell=bash disable=SC2034,SC2154 # read by bench_ca.sh, and its
product=842
packs='cabf-tls, sectigo'
floor_path=/api/ssl/v1/enroll
casim_options=(--organization 4210)
settings() {
  cat << YAML
    type: sectigo
    url: https://127.0.0.1:$port/api
    customer_uri: "2345678901"
    organization_id: "4210"
    auth: {login: "1234567890", password: {file: key}}
    term: 199
    enroll: {back_off_seconds: 1, max_attempts: 100}
    tls: {ca_file: ca.pem}
    products: {dv: {code: "842", level: dv}}
YAML
}
