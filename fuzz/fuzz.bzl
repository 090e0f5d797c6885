"""Fuzz targets for any libcpg."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def cpg_fuzz_test(
        name,
        srcs,
        inputs,
        deps = [],
        libraries = {},
        size = "small",
        **kwargs):
    """Makes a fuzz target, and the test that replays its inputs.

    Targets:
      <name>: a test that runs the target once on each of `inputs`, for the
        libcpg of the machine. It needs no libFuzzer.
      <name>_on_<library>: the same for each of `libraries`.
      <name>_run: the target with libFuzzer:
        bazel run //fuzz:<name>_run -- --libcpg FILE CORPUS
        Under --config=fuzz AddressSanitizer watches the library's heap, and
        the harness's own decoder guides the search.

    Args:
      name: in snake_case.
      srcs: with LLVMFuzzerInitialize and LLVMFuzzerTestOneInput.
      inputs: labels of files that the library passes; at least one.
      deps: of srcs.
      libraries: other libraries that must pass: from the end of the test's
        name to the library's label.
      size: of the tests.
      **kwargs: passed to all.
    """
    cc_library(
        name = name + "_target",
        testonly = True,
        srcs = srcs,
        deps = deps,
        alwayslink = True,  # called from a main() that is elsewhere
        **kwargs
    )
    arguments = ["$(locations %s)" % label for label in inputs]
    for suffix, library in [("", None)] + libraries.items():
        cc_test(
            name = name + ("_on_" + suffix if suffix else ""),
            size = size,
            args = (["--libcpg=$(location %s)" % library] if library else []) +
                   arguments,
            data = inputs + ([library] if library else []),
            deps = [
                ":" + name + "_target",
                "//fuzz/support:replay_main",
            ],
            **kwargs
        )
    cc_binary(
        name = name + "_run",
        testonly = True,
        # An input takes microseconds; the command line may say otherwise.
        args = ["-timeout=10"],
        linkopts = ["-fsanitize=fuzzer"],
        deps = [":" + name + "_target"],
        **kwargs
    )
