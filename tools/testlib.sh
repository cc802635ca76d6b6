# Steps of tests that are counted together: sourced by tools/test and .ci/run, from the root.
#
# A step runs a command with its output in a log; the command's own count is taken from that log. What ends
# without a count, or with a code that its count does not explain, is one failure.
PASSED=0
FAILED=0
FAILED_STEPS=()
LOGS=$(mktemp -d)
trap 'rm -rf "$LOGS"' EXIT

# add PASSED FAILED
add() {
  PASSED=$((PASSED + $1))
  FAILED=$((FAILED + $2))
}

# step NAME COMMAND…: the command may set STEP_PASSED and STEP_FAILED; otherwise its exit code is one test.
# Returns 1 when anything failed.
step() {
  local name=$1 start=$SECONDS code=0
  shift
  STEP_PASSED='' STEP_FAILED=0
  LOG=$LOGS/$(echo "$name" | tr -c 'a-z0-9\n' '-').log
  echo "== $name"
  "$@" || code=$?
  if [ "$code" -eq 75 ] && [ -z "$STEP_PASSED" ]; then
    echo "   $name: not there yet"
    return
  fi
  if [ -z "$STEP_PASSED" ]; then
    STEP_PASSED=$((code == 0))
  fi
  if [ "$code" -ne 0 ] && [ "$STEP_FAILED" -eq 0 ]; then
    STEP_FAILED=1
  fi
  add "$STEP_PASSED" "$STEP_FAILED"
  [ "$STEP_FAILED" -eq 0 ] || FAILED_STEPS+=("$name")
  echo "   $name: $STEP_PASSED passed, $STEP_FAILED failed ($((SECONDS - start)) s)"
  [ "$STEP_FAILED" -eq 0 ]
}

# quiet COMMAND…: shows the output only of what fails.
quiet() {
  "$@" >"$LOG" 2>&1 && return 0
  local code=$?
  grep -avE '^\[[0-9]+/[0-9]+\] ' "$LOG" | tail -n "${LOG_LINES:-80}"
  return "$code"
}

# unit_tests BUILDDIR [meson test arguments…]: counts the cmocka tests inside the programs.
unit_tests() {
  local dir=$1 code=0 counts
  shift
  rm -f "$dir/meson-logs/testlog.json"
  meson test -C "$dir" --no-rebuild --num-processes 2 "$@" >"$LOG" 2>&1 || code=$?
  counts=$(tools/count-meson "$dir" 2>/dev/null) || { tail -n 40 "$LOG"; return 1; }
  echo "$counts" | sed '$d'
  read -r STEP_PASSED STEP_FAILED <<<"$(echo "$counts" | tail -n 1)"
  return "$code"
}

# node_tests PATH COMMAND…: counts a runner whose last line is `N passed, N failed`, or that ends as Node's own does
# (`pass N`, `fail N`). Not there yet without PATH.
node_tests() {
  local path=$1 code=0 last
  shift
  [ -e "$path" ] || return 75
  "$@" >"$LOG" 2>&1 || code=$?
  last=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$LOG" | tail -n 1)
  if [ -z "$last" ]; then
    last=$(sed -nE 's/^(#|ℹ) (pass|fail) ([0-9]+)$/\3/p' "$LOG" | tail -n 2 | paste -sd' ' | sed -nE 's/^([0-9]+) ([0-9]+)$/\1 passed, \2 failed/p')
  fi
  if [ -n "$last" ]; then
    STEP_PASSED=${last%% passed*}
    STEP_FAILED=$(sed -E 's/.* passed, ([0-9]+) failed.*/\1/' <<<"$last")
  fi
  if [ "$code" -ne 0 ] || [ "$STEP_FAILED" -ne 0 ]; then
    tail -n "${LOG_LINES:-150}" "$LOG"
  fi
  return "$code"
}

# server_tests BUILDDIR SUITE: a suite of tests/ against the program of that folder; not there yet without `serve`.
server_tests() {
  "$1/parley" help serve >/dev/null 2>&1 || return 75
  PARLEY_BIN="$PWD/$1/parley" PARLEY_ROOT="$PWD" node_tests "tests/$2" node tests/run.mjs "$2"
}

# browser_tests BUILDDIR [PART…]: the run in a real browser, of all or of the files whose names have a PART in them; not
# there yet without the page.
browser_tests() {
  local dir=$1
  shift
  "$dir/parley" help serve >/dev/null 2>&1 && [ -f web/build.mjs ] || return 75
  PARLEY_BIN="$PWD/$dir/parley" PARLEY_ROOT="$PWD" node_tests tests/browser/run.mjs node tests/browser/run.mjs "$@"
}

# finish: the last line, and the exit code.
finish() {
  [ ${#FAILED_STEPS[@]} -eq 0 ] || echo "failed: ${FAILED_STEPS[*]}"
  echo "$PASSED passed, $FAILED failed"
  [ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
}
