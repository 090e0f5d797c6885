"""CcInfo for Bazel 4.2, in which it is built in."""

load(":built_in.bzl", "built_in_cc_info")

CcInfo = built_in_cc_info
