"""rules_java for Bazel 4.2, as far as its own @bazel_tools asks for it."""

java_import = native.java_import
java_runtime = native.java_runtime
java_toolchain = native.java_toolchain
