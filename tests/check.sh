#!/bin/bash
# make check: gates, unit tests, golden cases, interop, crash tests, sanitizers. Every step runs, a
# failing one does not hide the next; the last line counts what was executed.
#
#   CHECK_FAST=1   leaves out sanitizer builds and the long kill matrix (for the edit loop)
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
jobs=$(nproc)
logs=$root/build/check-logs
mkdir -p "$logs"
export XDG_STATE_HOME=$root/build/check-state # not the user's
rm -rf "$XDG_STATE_HOME"
passed=0
failed=0
failures=''

count() { # passed failed name
  passed=$((passed + $1))
  failed=$((failed + $2))
  if [ "$2" -gt 0 ]; then failures="$failures $3"; fi
  printf '%-34s %5d passed, %d failed\n' "$3" "$1" "$2"
}
# one step that passes or fails as a whole
step() { # name command...
  local name=$1 log
  shift
  log=$(log_of "$name")
  if "$@" > "$log" 2>&1; then count 1 0 "$name"; else count 0 1 "$name"; tail -n 25 "$log"; fi
}
log_of() { echo "$logs/$(echo "$1" | tr ' /' '__').log"; }
# all unit test programs of a variant, some at a time, each with a state home of its own
units() { # variant
  local program programs=()
  for program in build/"$1"/tests/unit/t_*; do
    case $program in *.d) continue ;; esac
    programs+=("$program")
  done
  printf '%s\n' "${programs[@]}" | xargs -P "$jobs" -I{} bash -c '
    log=$2/unit_$3_$(basename "$1").log
    XDG_STATE_HOME=$XDG_STATE_HOME/$(basename "$1") timeout 600 "$1" > "$log" 2>&1
    echo $? > "$log.rc"' - {} "$logs" "$1"
  for program in "${programs[@]}"; do unit "$1" "$program"; done
}
# a cmocka program that ran: its own closing lines are counted
unit() { # variant program
  local name log p f rc
  name="unit $1 $(basename "$2")"
  log=$(log_of "$name")
  rc=$(cat "$log.rc")
  p=$(grep -cE '^\[ +OK \]' "$log")
  f=$(grep -E '^\[ +(FAILED|ERROR) +\] [A-Za-z_0-9]+$' "$log" | sort -u | wc -l)
  if [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
  count "$p" "$f" "$name"
  if [ "$f" -gt 0 ]; then grep -vE '^\[ +(RUN|OK)' "$log" | tail -n 25; fi
}
# a script that prints "ok ..." and "not ok ..." lines
lines() { # name command...
  local name=$1 log p f rc
  shift
  log=$(log_of "$name")
  timeout 1500 "$@" > "$log" 2>&1
  rc=$?
  p=$(grep -cE '^ok( |$)' "$log")
  f=$(grep -cE '^not ok( |$)' "$log")
  if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
  if [ $rc -eq 0 ] && [ "$p" -eq 0 ]; then f=1; echo "no check ran" >> "$log"; fi
  count "$p" "$f" "$name"
  if [ "$f" -gt 0 ]; then grep -vE '^ok ' "$log" | tail -n 25; fi
}

echo '--- build'
step 'build check' make --no-print-directory VARIANT=check -j"$jobs" unit
CERTBATCH=$root/build/check/certbatch
export CERTBATCH

echo '--- gates'
for gate in tests/lint/layers.sh tests/lint/size.sh tests/lint/banned.sh tests/lint/format.sh tests/lint/docs.sh \
  tests/lint/scripts.sh tests/lint/reproducible.sh tests/lint/hardening.sh; do
  step "$gate" sh "$gate"
done

echo '--- unit'
units check

echo '--- golden'
lines 'golden' sh tests/golden/run.sh

echo '--- interop'
for script in tests/interop/*.sh; do
  lines "$script" bash "$script"
done

echo '--- simulator'
step 'build casim' make --no-print-directory VARIANT=check -j"$jobs" build/check/tests/sim/casim
lines 'tests/sim/t_sim.sh' env CASIM="$root/build/check/tests/sim/casim" bash tests/sim/t_sim.sh
lines 'tests/sim/t_commands.sh' env CASIM="$root/build/check/tests/sim/casim" bash tests/sim/t_commands.sh
step 'build simcheck' make --no-print-directory VARIANT=check -j"$jobs" history
lines 'simcheck' bash tests/sim/history.sh check
lines 'scenarios' bash tests/sim/history.sh scenario
lines 'kill matrix at the simulator' env KILL_SECONDS="${KILL_SECONDS:-25}" bash tests/sim/history.sh kill
lines 'scenarios, ACME' env HISTORY_API=acme bash tests/sim/history.sh scenario tests/scenario/acme/*.scn \
  tests/scenario/{calm,pending,throttle-seconds,weather,wrong-certificate,wrong-issuer,wrong-key}.scn
lines 'kill matrix, ACME' env HISTORY_API=acme KILL_SECONDS=6 KILL_PAIRS=4 bash tests/sim/history.sh kill
lines 'kill matrix, API V2' env HISTORY_API=v2 KILL_SECONDS="${KILL_SECONDS:-12}" KILL_PAIRS=10 \
  bash tests/sim/history.sh kill
step 'rehearsal (samples)' env CASIM="$root/build/check/tests/sim/casim" sh samples/rehearsal/rehearse.sh
lines 'tests/sim/t_revoke.sh' env CASIM="$root/build/check/tests/sim/casim" bash tests/sim/t_revoke.sh
lines 'tests/sim/t_dcv.sh' env CASIM="$root/build/check/tests/sim/casim" bash tests/sim/t_dcv.sh

echo '--- corpora'
lines 'tests/corpora/agreement.sh' bash tests/corpora/agreement.sh
sed -n '/^corpus /,$p' "$logs/tests_corpora_agreement.sh.log"

echo '--- crash'
lines 'tests/crash/kill.sh' env CRASH_POINTS="${CRASH_POINTS:-3}" CRASH_PAIRS="${CRASH_PAIRS:-6}" \
  bash tests/crash/kill.sh

if [ -z "${CHECK_FAST:-}" ]; then
  echo '--- sanitizers'
  step 'build asan' make --no-print-directory VARIANT=asan -j"$jobs" unit
  export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
  units asan
  lines 'golden asan' env CERTBATCH="$root/build/asan/certbatch" sh tests/golden/run.sh
  step 'build casim asan' make --no-print-directory VARIANT=asan -j"$jobs" build/asan/tests/sim/casim
  lines 'tests/sim/t_sim.sh asan' env CASIM="$root/build/asan/tests/sim/casim" bash tests/sim/t_sim.sh
  lines 'tests/sim/t_commands.sh asan' env CASIM="$root/build/asan/tests/sim/casim" \
    CERTBATCH="$root/build/asan/certbatch" bash tests/sim/t_commands.sh
  lines 'valgrind' bash tests/tools/valgrind.sh
  step 'fuzz corpus replay' sh tests/fuzz/fuzz.sh replay
fi

echo '--- release'
step 'build release' make --no-print-directory -j"$jobs" all
lines 'golden release' env CERTBATCH="$root/certbatch" sh tests/golden/run.sh
step 'make demo (samples)' sh samples/demo.sh

echo
if [ -n "$failures" ]; then echo "failed:$failures"; fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
