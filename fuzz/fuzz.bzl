"""Fuzz targets for any libcpg."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("//fuzz:fuzz_rules.bzl", "corpus_folder", "fuzz_launcher")
load("//fuzz/oss_fuzz:oss_fuzz.bzl", "fuzzing_engine", "oss_fuzz_package")

def _replays(name, target, inputs, libraries, options, data, size, **kwargs):
    """The target's inputs, on the libcpg of the machine and on `libraries`."""
    for suffix, library in [("", None)] + libraries.items():
        cc_test(
            name = name + ("_on_" + suffix if suffix else ""),
            size = size,
            args = (["--libcpg=$(location %s)" % library] if library else
                    options) + ["$(locations %s)" % label for label in inputs],
            data = inputs + ([library] if library else data),
            visibility = ["//fuzz:__subpackages__"],
            deps = [
                target + "_target",
                "//fuzz/support:replay_main",
            ],
            **kwargs
        )

def cpg_fuzz_test(
        name,
        srcs,
        inputs,
        regressions = [],
        dictionary = None,
        deps = [],
        libraries = {},
        size = "small",
        **kwargs):
    """Makes a fuzz target, and what belongs to it.

    Targets:
      <name>: a test that runs the target once on each of `inputs`, for the
        libcpg of the machine. It needs no libFuzzer.
      <name>_on_<library>: the same for each of `libraries`.
      <name>_bin: the target with libFuzzer. Under --config=fuzz
        AddressSanitizer watches the library's heap, and the harness's own
        decoder guides the search.
      <name>_run: starts it with the dictionary and `inputs`, unless the command
        line says -dict= or -seed_inputs=:
        bazel run //fuzz:<name>_run -- --libcpg FILE [CORPUS]
      <name>_corpus: a folder with seeds, which are `inputs`, and regressions.
      <name>_dict: the dictionary, <name>.dict; if there is one.
      <name>_oss_fuzz: a tar with what an OSS-Fuzz builder leaves in $OUT: the
        target and the reference, instrumented, what they need to start
        elsewhere, <name>_seed_corpus.zip, <name>.dict, <name>.options.

    Args:
      name: in snake_case.
      srcs: with LLVMFuzzerInitialize and LLVMFuzzerTestOneInput.
      inputs: labels of files that the library passes; at least one.
      regressions: labels of files that the reference passes.
      dictionary: a label.
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
        visibility = [
            "//corpus:__subpackages__",
            "//fuzz:__subpackages__",
        ],
        deps = deps,
        alwayslink = True,  # called from a main() that is elsewhere
        **kwargs
    )
    _replays(name, ":" + name, inputs, libraries, [], [], size, **kwargs)
    cc_binary(
        name = name + "_bin",
        testonly = True,
        linkopts = fuzzing_engine(),
        deps = [":" + name + "_target"],
        **kwargs
    )
    corpus_folder(
        name = name + "_corpus",
        testonly = True,
        regressions = regressions,
        seeds = inputs,
        **kwargs
    )
    if dictionary:
        native.alias(name = name + "_dict", actual = dictionary, **kwargs)
    fuzz_launcher(
        name = name + "_run",
        testonly = True,
        visibility = ["//tools/tests:__pkg__"],
        binary = ":%s_bin" % name,
        corpus = ":%s_corpus" % name,
        dictionary = dictionary,
        **kwargs
    )
    oss_fuzz_package(
        name = name + "_oss_fuzz",
        testonly = True,
        target = name,
        binary = ":%s_bin" % name,
        corpus = ":%s_corpus" % name,
        dictionary = dictionary,
        # Not part of //...: another sanitizer does not go with its own.
        tags = ["manual"],
        visibility = ["//fuzz:__subpackages__"],
    )

def cpg_regression_test(
        name,
        target,
        inputs,
        expected,
        libraries = {},
        size = "small",
        **kwargs):
    """Runs a fuzz target on what something once went wrong with.

    Targets:
      <name>: on the libcpg of the machine; each input must come to what the
        table says.
      <name>_on_<library>: each passes.

    Args:
      name: ends in _test.
      target: of cpg_fuzz_test.
      inputs: labels of files; at least one.
      expected: a table (TOML), see fuzz/support/replay.h.
      libraries: from the end of the test's name to the library's label.
      size: of the tests.
      **kwargs: passed to all.
    """
    table = ["--comes-to", "$(location %s)" % expected]
    _replays(name, target, inputs, libraries, table, [expected], size, **kwargs)
