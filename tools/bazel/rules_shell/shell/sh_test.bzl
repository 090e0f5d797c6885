"""rules_shell for Bazel 4.2, whose shell rules are still built in."""

sh_test = native.sh_test
