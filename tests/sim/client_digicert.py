# SPDX-License-Identifier: Apache-2.0
"""DigiCert CertCentral. See client_v1.py."""
import history

PRODUCT = "ssl_dv_geotrust_flex"
CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: digicert
    base_url: https://localhost:%(port)d/services/v2
    api_key: {file: ./access.secret}
    organization_id: "3456789012"
    container_id: "2345678901"
    server_platform_id: 45
    order_validity: {years: 1}
    payment_type: balance
    skip_approval: %(skip)s
    approve_requests: %(approve)s
    tls: {ca_file: ./tls.pem}
    limits: {in_flight: %(in_flight)d, orders_per_second: 1000, burst: 10000, requests_per_second: 1000}
    enroll: {back_off_seconds: 1, max_back_off_seconds: 4, max_attempts: 100}
    settle_seconds: %(settle)d
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [cabf-tls, digicert, sim.policy.yaml]
"""
POLICY = """\
certbatch_policy: 1
name: sim
rules:
  name.special-use: disabled
  product.environment: disabled
"""


def secrets(place, other):
    """`with oauth`, the second way: no administrator's key; requests are approved one by one."""
    place.access, place.other = history.word(), other
    place.write("access.secret", place.access + "\n", 0o600)
    place.write("canaries", place.access + "\n", 0o600)
    return ["--access-key-file", place.path("access.secret")]


def config(place, values):
    return CONFIG % dict(values, skip="false" if place.other else "true",
                         approve="true" if place.other else "false")
