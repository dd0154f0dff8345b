# SPDX-License-Identifier: Apache-2.0
"""emCA by EST, at the EST server of the simulator. See client_v1.py and client_est.py."""
from client_est import BLIND, NO_REVOCATION, POLICY, PRODUCT, WEATHER, WRITE_OFF, secrets  # noqa: F401

CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: emca
    version: V4.2.3
    dialect: est
    base_url: https://localhost:%(port)d
    username: estuser
    password: {file: ./est.secret}
    issuing_ca: Simulator Issuing CA
    est_labels: [tls]
    tls: {ca_file: ./tls.pem}
    limits: {in_flight: %(in_flight)d, orders_per_second: 1000, burst: 10000}
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [private, sim.policy.yaml]
"""


def config(place, values):
    return CONFIG % values
