"""rules_cc for Bazel 4.2, whose C++ rules are still built in.

BUILD files that load from here read the same under later versions of Bazel
with the real rules_cc.
"""

cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
objc_library = native.objc_library
