# Shared by the scripts of this project: messages, and an environment in which
# Bazel can run. Sourced, not run. Needs `root`, the directory of the checkout.
# shellcheck shell=bash disable=SC2154

# say TEXT: one line for the person, on stderr.
say() { printf 'cpgcert: %s\n' "$*" >&2; }

# die TEXT: says it and ends with status 2, "could not judge".
die() {
  say "$@"
  exit 2
}

# usage: prints the comment at the head of the running script.
usage() { sed -n '2,/^[^#]/ { s/^# \{0,1\}//p }' "$0"; }

# prepare_bazel: Bazel keeps what it builds in ~/.cache.
prepare_bazel() {
  [[ -n ${HOME:-} ]] || die "HOME is not set; Bazel keeps what it builds" \
    "in \$HOME/.cache: set HOME to a directory that you can write"
  mkdir -p "$HOME/.cache" 2>/dev/null
  [[ -w $HOME/.cache ]] ||
    die "cannot write $HOME/.cache, where Bazel keeps what it builds:" \
      "set HOME to a directory that you can write"
  export USER=${USER:-$(id -un 2>/dev/null || id -u)}

  # A checkout that was renamed or copied keeps a link that //... would follow.
  local link
  for link in "$root"/bazel-*; do
    case ${link##*/} in
      bazel-bin | bazel-out | bazel-testlogs | "bazel-${root##*/}") ;;
      *) [[ ! -L $link ]] || rm -f "$link" ;;
    esac
  done
}
