#!/bin/bash
# The test of the broken library fails, and says why.
#
# usage: broken_fails_readably_test.sh TEST
set -uo pipefail
unset XML_OUTPUT_FILE
output=$("./$1") && echo "the broken library passes: $output" && exit 1
for words in 'call: cpg_local_get' 'owed: ' 'came: ' 'reproduce: ' \
  'broken libcpg: NOT CERTIFIED'; do
  [[ $output = *"$words"* ]] ||
    { printf 'not said: %s\n%s\n' "$words" "$output" && exit 1; }
done
