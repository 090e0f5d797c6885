#!/bin/bash
# What tools/setup says and returns, without installing anything.
set -uo pipefail

fail() {
  printf 'FAILED: %s\n--- output:\n%s\n' "$1" "$output"
  exit 1
}

# expect STATUS ARGUMENT...: runs tools/setup; leaves what it printed in $output.
expect() {
  local wanted=$1 status
  shift
  output=$(tools/setup "$@" 2>&1 </dev/null)
  status=$?
  [[ $status = "$wanted" ]] || fail "setup $*: status $status, not $wanted"
}

contains() { [[ $output == *"$1"* ]] || fail "does not say '$1'"; }

expect 0 --help
contains 'usage: tools/setup'

expect 0 --list
contains $'\ncorosync\n'
[[ $(wc -l <<<"$output") -gt 15 ]] || fail 'too few packages'
[[ $output != *chromium* ]] || fail 'certify needs no browser'

expect 0 --check --list
contains $'\ncorosync\n'
contains $'\nchromium\n'

expect 2 --no-such-option
contains "unknown argument '--no-such-option'"

# Another system: says what is needed, installs nothing.
export CPGCERT_OS_RELEASE=$TEST_TMPDIR/os-release
for other in 'ID=ubuntu\nVERSION_ID="24.04"' 'ID=debian\nVERSION_ID="13"' ''; do
  printf '%b\n' "$other" >"$CPGCERT_OS_RELEASE"
  expect 2
  contains 'not Debian 12: nothing was installed'
  contains 'clang-19              19.1'
done
rm "$CPGCERT_OS_RELEASE"
expect 2
contains 'not Debian 12'

# Nothing missing: silent, and well under a second.
printf 'ID=debian\nVERSION_ID="12"\n' >"$CPGCERT_OS_RELEASE"
expect 0 --dry-run
[[ $output != *'needs '* ]] || fail 'a package is missing on this machine'
fastest_ms=999999
for _ in 1 2 3; do  # The machine may be busy with other tests.
  start=${EPOCHREALTIME/./}
  expect 0
  elapsed_ms=$(((${EPOCHREALTIME/./} - start) / 1000))
  ((elapsed_ms >= fastest_ms)) || fastest_ms=$elapsed_ms
done
((fastest_ms < 1000)) || fail "took $fastest_ms ms"

# Something missing.
mkdir -p "$TEST_TMPDIR/copy/tools"
cp tools/setup tools/common.sh tools/packages.txt "$TEST_TMPDIR/copy/tools"
cd "$TEST_TMPDIR/copy" || exit 1
printf 'no-such-package  1.0  for this test\n' >>tools/packages.txt
expect 0 --dry-run
contains 'needs 1 Debian packages that are not installed: no-such-package'
echo PASSED
