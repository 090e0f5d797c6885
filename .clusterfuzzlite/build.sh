#!/bin/bash
# Builds every fuzz target into $OUT, as ClusterFuzzLite and OSS-Fuzz call it: in
# the root of the project, with $CC, $CFLAGS, $CXXFLAGS, $LIB_FUZZING_ENGINE,
# $OUT, $WORK and $SANITIZER. The library that is fuzzed is the reference, built
# with the same flags. fuzz/oss_fuzz/gate says whether the result is of use.
#
# $BAZEL_EXTRA_BUILD_FLAGS: more of them.
set -euo pipefail
BAZEL=/usr/bin/bazel  # beside it, the image has one that downloads another
startup=("--output_user_root=$WORK/bazel")
# The last words of a flag that is given twice count. The C++ libraries of the
# distribution are of libstdc++, whatever $CXXFLAGS says.
flags=(
  --experimental_convenience_symlinks=ignore
  --spawn_strategy=standalone
  "--repo_env=CC=$CC"
  --//fuzz/oss_fuzz:instrumentation=given
  "--define=LIB_FUZZING_ENGINE=$LIB_FUZZING_ENGINE"
  --linkopt=-fuse-ld=lld
  --per_file_copt=^//@-Wno-error
)
for flag in $CFLAGS; do
  flags+=("--conlyopt=$flag")
done
for flag in $CXXFLAGS; do
  [[ $flag == -stdlib=* ]] || flags+=("--cxxopt=$flag" "--linkopt=$flag")
done
case $SANITIZER in
  undefined) flags+=(--linkopt=-fsanitize-link-c++-runtime) ;;
  coverage) flags+=("--copt=-fcoverage-compilation-dir=$PWD") ;;
esac
read -ra more <<<"${BAZEL_EXTRA_BUILD_FLAGS-}"
flags+=("${more[@]}")

bazel() {
  "$BAZEL" "${startup[@]}" "$@"
}

mapfile -t packages < <(bazel query 'kind(oss_fuzz_package, //fuzz:all)')
((${#packages[@]} > 0))
bazel build "${flags[@]}" "${packages[@]}"
built=$(bazel info "--repo_env=CC=$CC" bazel-bin)
for package in "${packages[@]}"; do
  tar --extract --no-same-owner --directory="$OUT" \
    --file="$built/fuzz/${package#//fuzz:}.tar"
done
bazel shutdown
