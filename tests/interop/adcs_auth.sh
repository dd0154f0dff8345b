#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Logins of the AD CS connector at implementations that are not ours: Kerberos by a KDC of MIT and Apache's
# mod_auth_gssapi, NTLMv2 by Samba's ntlm_auth. Behind them is the simulated CA (tests/sim/sim_adcs.h), which counts what
# it was asked for. All on the loopback interface, from private files, without root. See adcs_auth.py.
set -u
cd "$(dirname "$0")/../.." || exit 1
CERTBATCH=${CERTBATCH:-$PWD/build/check/certbatch}
CASIM=${CASIM:-$PWD/build/check/tests/sim/casim}
export CERTBATCH CASIM
PATH=$PATH:/usr/sbin:/sbin
unset KRB5CCNAME KRB5_CONFIG KRB5_CLIENT_KTNAME CERTBATCH_CONFIG
for tool in ntlm_auth krb5kdc kadmin.local kdb5_util kinit apache2; do
  if ! command -v "$tool" > /dev/null; then
    echo "# skipped: logins of AD CS: no package with $tool (tests/tools/deps.sh)"
    exit 0
  fi
done
if ! [ -e /usr/lib/apache2/modules/mod_auth_gssapi.so ]; then
  echo "# skipped: logins of AD CS: no package libapache2-mod-auth-gssapi (tests/tools/deps.sh)"
  exit 0
fi
[ -x "$CASIM" ] || make --no-print-directory VARIANT=check "$CASIM" > /dev/null || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 tests/interop/adcs_auth.py "$work"
