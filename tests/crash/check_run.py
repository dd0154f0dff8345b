#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what a finished run of tests/crash/batch.yaml left behind, from files alone.

    check_run.py DIR CERTBATCH     exit 0, or 1 with one line per violated invariant

I1 every order exactly once in the CA's own index, the revocation once    I3 key, certificate and
key stores belong together    I4 bundles complete, nothing temporary left    I5 modes of secrets
I8 the report adds up    I10 the journal's chain
"""
import hashlib
import json
import os
import subprocess
import sys
import tarfile

base, program = sys.argv[1], sys.argv[2]
state = os.path.join(base, 'crash.state')
orders = {'www': {'key.pem', 'www.p12', 'www.jks'}, 'api': {'key.pem'}, 'db': {'db.jks'}}
orders.update({f'm{i}': {'key.pem'} for i in range(1, 5)})
bad = []


def check(ok, text):
    if not ok:
        bad.append(text)


def out(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout


def journal():
    prev, seq, records = '0' * 64, 0, []
    with open(os.path.join(state, 'journal.jsonl'), 'rb') as f:
        data = f.read()
    check(data.endswith(b'\n'), 'I10 journal ends inside a line')
    for line in data.splitlines():
        seq += 1
        body, _, tail = line.rpartition(b',"sum":"')
        r = json.loads(line)
        check(tail[:64].decode() == hashlib.sha256(body).hexdigest(), f'I10 sum of line {seq}')
        check(r['prev'] == prev and r['seq'] == seq, f'I10 chain at line {seq}')
        prev = hashlib.sha256(line).hexdigest()
        records.append(r)
    ends = [r['ev'] for r in records[-2:]]
    check(records[0]['ev'] == 'open' and ends == ['close', 'bundle'],
          f'journal from open to close and bundle, not {ends}')
    intents = {}
    for r in records:
        if r['ev'] in ('intent', 'revoke-intent'):
            intents.setdefault(r['item'], []).append(r['client_key'])
    for item, keys in intents.items():
        check(len(keys) == len(set(keys)), f'a client key of {item} was used twice')
    return records


def index():
    issued, revoked = {}, {}
    with open(os.path.join(base, 'local-ca', 'index.jsonl'), 'rb') as f:
        for line in f:
            r = json.loads(line)
            if r['ev'] == 'issue':
                issued.setdefault(r['item'], []).append(r)
            elif r['ev'] == 'revoke':
                revoked.setdefault(r['serial'], []).append(r)
    for item in orders:
        check(len(issued.get(item, [])) == 1, f'I1 {item}: {len(issued.get(item, []))} certificates')
    old = issued['old'][0]['serial']
    check(len(revoked.get(old, [])) == 1, f'I1 old: revoked {len(revoked.get(old, []))} times')
    check(len(revoked) == 1, 'I1 something else was revoked')
    return issued


def report():
    with open(os.path.join(state, 'report.json')) as f:
        r = json.load(f)
    counts = r['counts']
    states = {i['id']: i['state'] for i in r['items']}
    check(sum(v for k, v in counts.items() if k != 'items') == len(orders) + 1,
          f'I8 counts {counts}')
    want = dict({item: 'issued' for item in orders}, old='revoked')
    check(states == want, f'I8 states {states}')


def passwords():
    rows = {}
    path = os.path.join(state, 'passwords.csv')
    check(os.stat(path).st_mode & 0o777 == 0o600, 'I5 mode of passwords.csv')
    with open(path) as f:
        lines = f.read().splitlines()
    check(lines[0] == 'item,output,alias,password', 'header of passwords.csv')
    check(len(lines) == len(set(lines)), 'a row of passwords.csv stands twice')
    for line in lines[1:]:
        item, output, _, password = line.split(',')
        check(rows.setdefault((item, output), password) == password, f'two passwords of {output}')
    return rows


def pairs(rows, issued):
    for item, outputs in orders.items():
        d = os.path.join(state, 'items', item)
        cert = os.path.join(d, 'certificate.pem')
        _, public = out('openssl', 'x509', '-in', cert, '-noout', '-pubkey')
        clear = os.path.join(state, 'keys', item + '.pem')
        check(os.stat(clear).st_mode & 0o777 == 0o600, f'I5 mode of the key of {item}')
        check(out('openssl', 'pkey', '-in', clear, '-pubout')[1] == public, f'I3 key of {item}')
        _, serial = out('openssl', 'x509', '-in', cert, '-noout', '-serial')
        serial = serial.decode().strip().split('=')[1].lower()
        check(serial == issued[item][0]['serial'], f'I3 {item} holds another certificate')
        check(set(os.listdir(os.path.join(d, 'out'))) == outputs, f'outputs of {item}')
        if 'key.pem' in outputs:
            code, got = out('openssl', 'pkey', '-in', os.path.join(d, 'out', 'key.pem'), '-passin',
                            'pass:' + rows[item, 'key.pem'], '-pubout')
            check(got == public, f'I3 key.pem of {item}')
    p12 = os.path.join(state, 'items', 'www', 'out', 'www.p12')
    code, text = out('openssl', 'pkcs12', '-in', p12, '-nodes', '-passin',
                     'pass:' + rows['www', 'www.p12'])
    check(code == 0 and b'PRIVATE KEY' in text, 'I3 www.p12 does not open')


def bundles():
    for name in ('audit', 'delivery'):
        path = os.path.join(base, f'crash-{name}.tar.gz')
        passwords_file = os.path.join(base, 'crash-passwords.csv')
        command = [program, 'verify', path]
        if name == 'delivery':
            command += ['--passwords', passwords_file]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        check(done.returncode == 0, f'I4 {name} bundle: {done.stdout.decode()[:300]}')
    with tarfile.open(os.path.join(base, 'crash-delivery.tar.gz')) as t:
        names = {n.split('/', 1)[1] for n in t.getnames() if '/' in n}
    for item, outputs in orders.items():
        for o in outputs | {'certificate.pem', 'chain.pem', 'fullchain.pem'}:
            check(any(n.endswith(f'{item}/{o}') or n == f'{item}/{o}' for n in names),
                  f'I4 {item}/{o} is not delivered')


def leftovers():
    for where, dirs, files in os.walk(base):
        for f in files:
            # beside the manifest other runs may be at work: an empty one is left to its maker
            if where == base and not os.path.getsize(os.path.join(where, f)):
                continue
            check(not f.startswith('.cb-tmp-'), f'I4 left over: {os.path.join(where, f)}')


try:
    records = journal()
    issued = index()
    report()
    pairs(passwords(), issued)
    bundles()
    leftovers()
except (OSError, KeyError, ValueError, IndexError) as e:
    bad.append(f'{type(e).__name__}: {e}')
for text in bad:
    print(text)
sys.exit(1 if bad else 0)
