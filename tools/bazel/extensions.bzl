"""Repositories for MODULE.bazel; Bazel 4.2 does not know module_extension."""

load("//:repositories.bzl", "debian_repository", "googletest_repository")

def _system_impl(_module_ctx):
    debian_repository()
    googletest_repository()

# What Debian packages bring: @debian and @googletest.
system = module_extension(implementation = _system_impl)
