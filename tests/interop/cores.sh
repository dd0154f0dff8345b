#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A run that crashes leaves no core file: private keys and passwords are in its memory. The control
# is a program that knows no better, killed the same way: it must leave one, or this proves nothing.
set -eu
certbatch=$(realpath "${CERTBATCH:-./certbatch}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ulimit -c unlimited
/usr/bin/python3 - "$certbatch" << 'EOP'
import glob
import os
import signal
import subprocess
import sys
import time

failed = 0


def check(name, ok):
    global failed
    failed += not ok
    print("%s cores: %s" % ("ok" if ok else "not ok", name))


def crash(child, number):
    """Whether the kernel says that memory was dumped; how the child ended."""
    if child.poll() is not None:
        return False, False  # it had ended before
    os.kill(child.pid, number)
    status = os.waitpid(child.pid, 0)[1]
    child.returncode = 1  # collected here
    return os.WCOREDUMP(status), os.WIFSIGNALED(status) and os.WTERMSIG(status) == number


def run():
    """A run that has made keys: none of its memory counts before that."""
    child = subprocess.Popen([sys.argv[1], "run", "-q", "c.batch.yaml"], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    there = len(glob.glob("c.state/keys/*"))
    while len(glob.glob("c.state/keys/*")) <= there and child.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    return child


with open("c.batch.yaml", "w") as f:
    f.write("certbatch: 1\nname: c\nchange: {ticket: CHG0000001, requested_by: me@example.com, "
            "approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}\npolicy: [private]\nca: local\ndefaults: {product: tls-server, key: rsa-3072, "
            "validity: 30d, outputs: [{pfx: {profile: modern}}]}\norders:\n")
    f.writelines("  - {id: h%03d, common_name: h%03d.corp.example.com, san: [h%03d.corp.example.com]}\n" % (i, i, i)
                 for i in range(40))
check("a program that does nothing about it leaves one (the control)",
      crash(subprocess.Popen(["sleep", "60"]), signal.SIGSEGV) == (True, True))
for core in glob.glob("core*"):
    os.unlink(core)
for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT, signal.SIGBUS):
    dumped, died = crash(run(), number)
    check("%s in the middle of a run ends it" % number.name, died)
    check("%s: the kernel dumped nothing" % number.name, not dumped and not glob.glob("core*"))
end = subprocess.run([sys.argv[1], "run", "-q", "c.batch.yaml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
check("the batch goes on afterwards", end.returncode == 0)
if end.returncode:
    print(end.stderr.decode()[-800:])
sys.exit(failed != 0)
EOP
