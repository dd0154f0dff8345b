# SPDX-License-Identifier: Apache-2.0
"""CERTInext, V2: as V1, with a token and no access key. See client_v1.py."""
import client_v1
from client_v1 import POLICY, PRODUCT, config, secrets  # noqa: F401

client_v1.API, client_v1.ROOT, client_v1.OAUTH_ONLY = "v2", "", True
