# SPDX-License-Identifier: Apache-2.0
"""Sectigo Certificate Manager, as history.py configures it: password headers, or a bearer token of
the Admin Operations API. See client_v1.py for what a client has to say."""
import history
from client_v1 import POLICY  # noqa: F401

PRODUCT = "plain"
ORGANIZATION = "4210"
CONFIG = """\
certbatch_config: 1
cas:
  sim:
    type: sectigo
    url: https://localhost:%(port)d/api
    customer_uri: Nordwind
    organization_id: "4210"
    auth: %(auth)s
    tls: {ca_file: ./tls.pem}
    products:
      plain: {code: "842", level: dv}
      approved: {code: "846", level: ov}
    limits: {in_flight: %(in_flight)d}
    enroll: {back_off_seconds: 1, max_attempts: 100}
    settle_seconds: %(settle)d
    timeouts: {connect_seconds: %(connect)d, request_seconds: %(request)d}
policy: [cabf-tls, sectigo, sim.policy.yaml]
"""


def secrets(place, other):
    place.access, place.client = history.word(), history.word()
    place.write("access.secret", place.access + "\n", 0o600)
    place.write("client.secret", place.client + "\n", 0o600)
    # the last is what the simulator gives as renewId, which renews an order without a password
    place.write("canaries", "\n".join((place.access, place.client, "gu03sW6WENt7GTvDTuOP", "")), 0o600)
    place.oauth = other
    args = ["--account", "batch-api", "--group", "Nordwind", "--organization", ORGANIZATION,
            "--access-key-file", place.path("access.secret")]
    return args + (["--oauth-client", "api-key-1", "--oauth-secret-file", place.path("client.secret")]
                   if place.oauth else [])


def config(place, values):
    auth = "{login: batch-api, password: {file: ./access.secret}}"
    if place.oauth:
        auth = ("{mode: oauth, token_url: 'https://localhost:%d/oauth/token', client_id: api-key-1, "
                "client_secret: {file: ./client.secret}}" % values["port"])
    return CONFIG % dict(values, auth=auth)
