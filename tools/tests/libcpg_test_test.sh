#!/bin/bash
# //conformance:libcpg_test judges the library that the environment names, with
# further arguments, and leaves test.xml and the certificate.
set -uo pipefail

case=DISPATCH-05/OneNonblocking/Joined/OneMessage/AllCallbacks/Undisturbed
library=$PWD/conformance/faults/unfaulted.so
export CPGCERT_LIBCPG=$library XML_OUTPUT_FILE=$TEST_TMPDIR/test.xml
export TEST_UNDECLARED_OUTPUTS_DIR=$TEST_TMPDIR/outputs
mkdir "$TEST_UNDECLARED_OUTPUTS_DIR" || exit 1

fail() {
  printf 'FAILED: %s\n--- output:\n%s\n' "$1" "$output"
  exit 1
}

# The way that README.md shows.
grep -q -e '--test_env=CPGCERT_LIBCPG=' README.md || exit 1

output=$(conformance/libcpg_test.sh "--only=$case" 2>&1) || fail 'not certified'
[[ $output = *"($(realpath "$library"))"* ]] || fail 'another library'
grep -q '<testcase ' "$XML_OUTPUT_FILE" || fail 'no test.xml'
for file in certificate.html certificate.json junit.xml; do
  [[ -s $TEST_UNDECLARED_OUTPUTS_DIR/$file ]] || fail "no $file"
done

output=$(CPGCERT_LIBCPG=/dev/null conformance/libcpg_test.sh 2>&1)
[[ $? = 2 && $output = *'/dev/null: not a regular file'* ]] ||
  fail 'judges what is no library'
echo PASSED
