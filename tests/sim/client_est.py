# SPDX-License-Identifier: Apache-2.0
"""An EST server, with a label and HTTP Basic. See client_v1.py."""
import base64

import history

PRODUCT = "tls"
BLIND = NO_REVOCATION = True
WEATHER = (None, "on POST order nth 2: accept close\n", "on POST order nth 1: pending(1)\n")
CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: est
    base_url: https://localhost:%(port)d
    auth: {username: estuser, password: {file: ./est.secret}}
    labels: [tls]
    tls: {ca_file: ./tls.pem}
    limits: {in_flight: %(in_flight)d, orders_per_second: 1000, burst: 10000}
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [private, sim.policy.yaml]
"""
POLICY = """\
certbatch_policy: 1
name: sim
rules:
  name.special-use: disabled
"""


def WRITE_OFF(number):
    """A request that the server works on has its digest as number; any other was answered once."""
    return bool(number) and len(number) != 64


def secrets(place, other):
    place.access = history.word()
    place.write("est.secret", place.access + "\n", 0o600)
    basic = base64.b64encode(b"estuser:" + place.access.encode()).decode()
    place.write("canaries", place.access + "\n" + basic + "\n", 0o600)
    return ["--est-password-file", place.path("est.secret"), "--est-labels", "tls"]


def config(place, values):
    return CONFIG % values
