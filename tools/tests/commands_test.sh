#!/bin/bash
# ./certify and ./check with a stand-in for Bazel: working directory, arguments,
# exit statuses, and what a person sees when something is wrong.
set -uo pipefail

top=$TEST_TMPDIR/a\ checkout
mkdir -p "$top/tools/example_vendor" "$TEST_TMPDIR/bin" "$TEST_TMPDIR/elsewhere" || exit 1
cp certify check "$top"
cp tools/common.sh tools/count_tests tools/prebuilt "$top/tools"
export HOME=$TEST_TMPDIR/home PATH=$TEST_TMPDIR/bin:$PATH
mkdir -p "$HOME"

fail() {
  printf 'FAILED: %s\n--- output:\n%s\n' "$1" "$output"
  exit 1
}

# script PATH: an executable with the body that stands on stdin.
script() {
  { echo '#!/bin/bash' && cat; } >"$1"
  chmod +x "$1"
}

# expect STATUS COMMAND...: leaves what COMMAND printed in $output.
expect() {
  local wanted=$1 status
  shift
  output=$("$@" 2>&1 </dev/null)
  status=$?
  [[ $status = "$wanted" ]] || fail "$*: status $status, not $wanted"
}

contains() { [[ $output == *"$1"* ]] || fail "does not say '$1'"; }
last_line_is() { [[ ${output##*$'\n'} = "$1" ]] || fail "last line not '$1'"; }

script "$top/tools/setup" <<<'exit "${SETUP_STATUS:-0}"'
script "$top/tools/lint" <<<'exit "${LINT_STATUS:-0}"'
script "$TEST_TMPDIR/bin/bazel" <<'END'
[[ $PWD = *'a checkout' || $PWD = *'a checkout/tools/example_vendor' ]] || exit 9
for argument; do
  case $argument in
    --build_event_json_file=*) cp "$EVENTS" "${argument#*=}" ;;
    # What is there instead of this project: all of it, with a certify.
    --override_repository=cpgcert=*)
      "${argument##*=}/cli/built" && [[ -e ${argument##*=}/tools/setup ]] ||
        exit 9
      echo 'with the certify that is built' >&2
      ;;
  esac
done
echo 'error: the compiler says no'
exit "${BAZEL_STATUS:-0}"
END
mkdir -p "$top/bazel-bin/cli"
script "$top/bazel-bin/cli/certify" <<'END'
printf '<%s>' "$PWD" "$CPGCERT_ROOT" "$@"
exit "${CERTIFY_STATUS:-0}"
END

# certify: the caller's directory and arguments, the program's status.
cd "$TEST_TMPDIR/elsewhere" || exit 1
for status in 0 1 2; do
  CERTIFY_STATUS=$status expect "$status" "$top/certify" --out 'a b' ''
  contains "<$PWD><$top><--out><a b><>"
  [[ $output != *'compiler'* ]] || fail 'a good build is not quiet'
done
BAZEL_STATUS=1 expect 2 "$top/certify"
contains 'error: the compiler says no'
contains 'cannot build //cli:certify'
SETUP_STATUS=2 expect 2 "$top/certify"
HOME=/proc/nobody expect 2 "$top/certify"
contains 'cannot write /proc/nobody/.cache'
expect 2 env -u HOME "$top/certify"
contains 'HOME is not set'

# check: the last line and the status.
export EVENTS=$TEST_TMPDIR/events.json
cat >"$TEST_TMPDIR/test.xml" <<<'<testsuites><testcase/></testsuites>'
cat >"$EVENTS" <<END
{"id":{"testResult":{"label":"//a:b"}},"testResult":{"status":"PASSED",
"testActionOutput":[{"name":"test.xml","uri":"file://$TEST_TMPDIR/test.xml"}]}}
END
sed -i ':join; N; s/\n//; t join' "$EVENTS"
expect 0 "$top/check"
contains 'with the certify that is built'
last_line_is '2 passed, 0 failed'
expect 0 "$top/check" --vendor
[[ $output != *'with the certify'* ]] || fail 'not built from source'
last_line_is '2 passed, 0 failed'
LINT_STATUS=1 expect 1 "$top/check"
last_line_is '2 passed, 1 failed'
BAZEL_STATUS=1 expect 1 "$top/check"
last_line_is '2 passed, 1 failed'
mv "$top/bazel-bin" "$top/elsewhere"
expect 1 "$top/check"
contains 'build //cli:certify first'
mv "$top/elsewhere" "$top/bazel-bin"
LINT_STATUS=1 expect 1 "$top/check" --only-lint
expect 0 "$top/check" --only-lint
expect 0 "$top/check" --help
contains 'usage: ./check'
expect 2 "$top/check" --no-such-option
SETUP_STATUS=2 expect 2 "$top/check"
echo PASSED
