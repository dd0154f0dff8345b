# shellcheck shell=bash disable=SC2034,SC2154 # read by bench_ca.sh, and its
product=ssl_dv_geotrust_flex
packs='cabf-tls, digicert'
floor_path=/services/v2/user/me
settings() {
  cat << YAML
    type: digicert
    base_url: https://127.0.0.1:$port
    api_key: {file: key}
    order_validity: {years: 1}
    skip_approval: true
    tls: {ca_file: ca.pem}
YAML
}
