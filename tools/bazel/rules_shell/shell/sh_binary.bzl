"""rules_shell for Bazel 4.2, whose shell rules are still built in."""

sh_binary = native.sh_binary
