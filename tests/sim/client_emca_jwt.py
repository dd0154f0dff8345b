# SPDX-License-Identifier: Apache-2.0
"""emCA with tokens, by the template of an endpoint map. See client_v1.py and client_emca.py."""
import os

import history
from client_emca import POLICY, PRODUCT, secrets, subject  # noqa: F401

CANNOT_FIND = True  # a lost answer is the operator's
MAP = os.path.join(history.HERE, "..", "..", "samples", "emca", "emca-v5.map.yaml")
CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: emca
    version: V4.2.4+
    base_url: https://localhost:%(port)d
    username: batch-api
    password: {file: ./emca-password.secret}
    client_id: 0b1f2c3d-client
    issuing_ca: Simulator Issuing CA
    subscriber_id: "1001"
    endpoint_map: ./emca.map.yaml
    accept_unverified_map: true
    enroll: {back_off_seconds: 1, max_attempts: 20}
    tls: {ca_file: ./tls.pem}
    limits: {in_flight: %(in_flight)d, orders_per_second: 1000, burst: 10000}
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [private, sim.policy.yaml]
"""


def config(place, values):
    with open(MAP) as f:
        place.write("emca.map.yaml", f.read())
    return CONFIG % values
