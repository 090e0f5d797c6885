#!/bin/bash
# Records seeds for the fuzz targets: what the services of the suite's cases
# send, corosync and the scripted one. Keeps those that this machine's libcpg
# passes, and of these the few that reach something in the reference or in the
# target's oracle that no other seed reaches, as
# corpus/TARGET/seeds/recorded_DIGEST.
#
# usage: bazel run //fuzz:record_seeds [-- CASES...]
#
# CASES are globs for ./certify --only. Exit status: 0 recorded, 1 nothing new,
# 2 could not record.
set -euo pipefail
library=$(realpath "$1") folder=$(realpath "$2")
shift 2
targets=(event_decoder reply_decoder)
cases=("$@")
if ((${#cases[@]} == 0)); then
  cases=('CONF-0*' 'ITER-0*' 'JOIN-0*' 'LEAVE-0*' 'LOCAL-0*' 'MCAST-0[12]*'
    'MEMB-0*' 'PART-0*' 'TOTEM-0*')
fi
root=${BUILD_WORKSPACE_DIRECTORY:?is set by bazel run}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CPGCERT_RECORDINGS=$work/recordings
for target in "${targets[@]}"; do
  mkdir -p "$CPGCERT_RECORDINGS/$target"
done
# Cases run as other users of their namespaces.
chmod -R 777 "$work"
for glob in "${cases[@]}"; do
  # The verdicts are another matter.
  "$root/certify" --libcpg "$library" --profile api --only "$glob" \
    --out "$work/report" >"$work/log" 2>&1 || true
done

new=0
for target in "${targets[@]}"; do
  recorded=$CPGCERT_RECORDINGS/$target
  out=$work/$target
  # What a large message has in it, a small one has, too.
  find "$recorded" -type f -size +8k -delete
  if [[ -z $(ls "$recorded") ]]; then
    tail -n 20 "$work/log" >&2
    echo "record_seeds: nothing for $target" >&2
    exit 2
  fi
  mkdir "$out" "$out/seeds" "$out/passed"
  { "$folder/$target" "$recorded" || true; } | sed -n 's/^pass *//p' |
    xargs --no-run-if-empty cp --target-directory="$out/passed"
  tar --extract --directory="$out" --file="$folder/${target}_oss_fuzz.tar"
  python3 -m zipfile -e "$out/${target}_seed_corpus.zip" "$out/before"
  find "$out/before" -type f -exec cp --target-directory="$out/seeds" {} +
  "$out/$target" -set_cover_merge=1 -max_len=1048576 "$out/seeds" \
    "$out/passed" >"$out/log" 2>&1 || {
    tail -n 20 "$out/log" >&2
    exit 2
  }
  mkdir -p "$root/corpus/$target/seeds"
  kept=0
  for file in "$out/seeds"/*; do
    name=$(basename "$file")
    [[ -z $(find "$out/before" -name "$name") ]] || continue
    cp "$file" "$root/corpus/$target/seeds/recorded_${name:0:8}"
    kept=$((kept + 1))
  done
  echo "$target: $(find "$recorded" -type f | wc -l) recordings," \
    "$(find "$out/passed" -type f | wc -l) pass, $kept kept"
  new=$((new + kept))
done
((new > 0))
