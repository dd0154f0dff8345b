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

count() { # passed failed name [seconds]
  passed=$((passed + $1))
  failed=$((failed + $2))
  if [ "$2" -gt 0 ]; then failures="$failures $3"; fi
  printf '%-34s %5d passed, %d failed%s\n' "$3" "$1" "$2" "${4:+, $4 s}"
}
# one step that passes or fails as a whole
step() { # name command...
  local name=$1 log
  shift
  log=$(log_of "$name")
  local begin=$SECONDS
  if "$@" > "$log" 2>&1; then
    count 1 0 "$name" $((SECONDS - begin))
  else
    count 0 1 "$name" $((SECONDS - begin))
    tail -n 25 "$log"
  fi
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
# A script that prints "ok ..." and "not ok ..." lines. later() notes it down, together() runs what was
# noted, some at a time, each with a state home of its own; lines() is one by itself. A line "# skipped: ..."
# says that a tool is not there which tests/tools/deps.sh installs: it fails, else nobody sees that a proof is
# missing.
noted=()
later() { # name command...
  local name=$1
  shift
  noted+=("$name" "$(printf '%q ' "$@")")
}
together() {
  local i
  for ((i = 0; i < ${#noted[@]}; i += 2)); do
    printf '%s\0' "$(log_of "${noted[i]}")" "${noted[i + 1]}"
  done | xargs -0 -n 2 -P "$jobs" bash -c '
    begin=$SECONDS
    XDG_STATE_HOME=$XDG_STATE_HOME/$(basename "$1" .log) timeout 1500 bash -c "$2" > "$1" 2>&1
    echo $? > "$1.rc"
    echo $((SECONDS - begin)) > "$1.seconds"' -
  for ((i = 0; i < ${#noted[@]}; i += 2)); do
    ended "${noted[i]}"
  done
  noted=()
}
lines() { # name command...
  later "$@"
  together
}
ended() { # name
  local log p f rc
  log=$(log_of "$1")
  rc=$(cat "$log.rc")
  p=$(grep -cE '^ok( |$)' "$log")
  f=$(grep -cE '^not ok( |$)' "$log")
  if [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
  f=$((f + $(grep -c '# skipped:' "$log")))
  if [ "$rc" -eq 0 ] && [ "$p" -eq 0 ] && [ "$f" -eq 0 ]; then f=1; echo "no check ran" >> "$log"; fi
  count "$p" "$f" "$1" "$(cat "$log.seconds")"
  if [ "$f" -gt 0 ]; then grep -vE '^ok ' "$log" | tail -n 25; fi
}

echo '--- build'
step 'build check' make --no-print-directory VARIANT=check -j"$jobs" unit
step 'build simulator' make --no-print-directory VARIANT=check -j"$jobs" history
CERTBATCH=$root/build/check/certbatch
casim=$root/build/check/tests/sim/casim
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
  later "$script" bash "$script"
done
together

echo '--- simulator'
for script in tests/sim/t_*.sh; do
  later "$script" env CASIM="$casim" bash "$script"
done
together
step 'rehearsal (samples)' env CASIM="$casim" sh samples/rehearsal/rehearse.sh
step 'a CA is distrusted (samples)' env CASIM="$casim" sh samples/distrust-event/event.sh
lines 'simcheck' bash tests/sim/history.sh check
lines 'scenarios' bash tests/sim/history.sh scenario
later 'kill matrix' env KILL_SECONDS="${KILL_SECONDS:-25}" bash tests/sim/history.sh kill
# the other clients (tests/sim/client_NAME.py): some scenarios, and a sample of the kill matrix
client() { # name seconds scenario...
  local name=$1 seconds=$2
  shift 2
  later "scenarios, $name" env HISTORY_API="$name" bash tests/sim/history.sh scenario "$@"
  # what every client has in common is in the matrix above: here it is the way to the CA
  later "kill matrix, $name" env HISTORY_API="$name" KILL_SECONDS="${KILL_SECONDS:-$seconds}" KILL_PAIRS=4 \
    KILL_ONLY='kill fdatasync|kill allocate|kill send|kill receive|pairs' bash tests/sim/history.sh kill
}
of() { printf 'tests/scenario/%s.scn\n' "$@"; }
later 'kill matrix, v2' env HISTORY_API=v2 KILL_SECONDS="${KILL_SECONDS:-12}" KILL_PAIRS=10 bash tests/sim/history.sh kill
# shellcheck disable=SC2046 # names without blanks
client est 6 tests/scenario/est/*.scn $(of calm fault-before lost-before-read)
client sectigo 6 tests/scenario/sectigo/*.scn
# shellcheck disable=SC2046
client entrust 6 tests/scenario/entrust/*.scn $(of reply-lost-fresh garbage-order lost-before revoke-lost throttle-words wrong-key)
# shellcheck disable=SC2046
client emca 6 tests/scenario/emca/*.scn $(of calm outage revoke-lost throttle-seconds)
client digicert 6 tests/scenario/digicert/*.scn
# orders whose names a hook proves: what was published is always removed
later 'kill matrix, dcv' env HISTORY_API=dcv KILL_SECONDS="${KILL_SECONDS:-6}" KILL_PAIRS=4 \
  KILL_ONLY='kill fdatasync|kill spawn|kill send|TERM fdatasync' bash tests/sim/history.sh kill
client adcs 6 tests/scenario/adcs/*.scn
# shellcheck disable=SC2046
client acme 6 tests/scenario/acme/*.scn $(of calm pending throttle-seconds weather wrong-certificate wrong-issuer wrong-key)
# shellcheck disable=SC2046
client emca_est 3 $(of calm est/declined est/lost est/lost-pending est/no-cacerts est/outage est/password est/pending \
  est/pending-lost est/refused est/wrong)
# shellcheck disable=SC2046
later 'scenarios, emca_jwt' env HISTORY_API=emca_jwt bash tests/sim/history.sh scenario tests/scenario/emca_jwt/*.scn \
  $(of token-expires revoke-lost-before)
later 'tests/corpora/agreement.sh' bash tests/corpora/agreement.sh
later 'tests/crash/kill.sh' env CRASH_POINTS="${CRASH_POINTS:-3}" CRASH_PAIRS="${CRASH_PAIRS:-6}" \
  bash tests/crash/kill.sh
together
sed -n '/^corpus /,$p' "$logs/tests_corpora_agreement.sh.log"

if [ -z "${CHECK_FAST:-}" ]; then
  echo '--- sanitizers'
  step 'build asan' make --no-print-directory VARIANT=asan -j"$jobs" unit
  export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
  units asan
  step 'build casim asan' make --no-print-directory VARIANT=asan -j"$jobs" build/asan/tests/sim/casim
  later 'golden asan' env CERTBATCH="$root/build/asan/certbatch" sh tests/golden/run.sh
  later 'tests/sim/t_sim.sh asan' env CASIM="$root/build/asan/tests/sim/casim" bash tests/sim/t_sim.sh
  later 'tests/sim/t_commands.sh asan' env CASIM="$root/build/asan/tests/sim/casim" \
    CERTBATCH="$root/build/asan/certbatch" bash tests/sim/t_commands.sh
  later 'valgrind' bash tests/tools/valgrind.sh
  together
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
