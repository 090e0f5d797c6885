"""What an OSS-Fuzz builder leaves in $OUT, as a tar."""

# How the target and the library are instrumented:
#   address, undefined: with this sanitizer, and for libFuzzer
#   given: as the command line says, as .clusterfuzzlite/build.sh does
_INSTRUMENTATION = "//fuzz/oss_fuzz:instrumentation"
_FUZZING = "-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
_COPTS = {
    "address": [_FUZZING, "-fsanitize=fuzzer-no-link,address"],
    "undefined": [
        _FUZZING,
        "-fsanitize=fuzzer-no-link,undefined",
        "-fno-sanitize-recover=all",
    ],
    "given": [],
}
_LINKOPTS = {
    "address": ["-fsanitize=address"],
    "undefined": ["-fsanitize=undefined", "-fsanitize-link-c++-runtime"],
    "given": [],
}

# Wherever $OUT is: the loader looks beside the target, also for the libraries
# of libraries.
_MOVABLE = ["-Wl,-rpath,$ORIGIN/lib", "-Wl,--disable-new-dtags"]
_COPT = "//command_line_option:copt"
_LINKOPT = "//command_line_option:linkopt"

def _instrumented_impl(settings, _attr):
    how = settings[_INSTRUMENTATION]
    return {
        _COPT: settings[_COPT] + _COPTS[how],
        _LINKOPT: settings[_LINKOPT] + _LINKOPTS[how] + _MOVABLE,
    }

_instrumented = transition(
    implementation = _instrumented_impl,
    inputs = [_COPT, _LINKOPT, _INSTRUMENTATION],
    outputs = [_COPT, _LINKOPT],
)

def _setting_impl(ctx):
    value = ctx.build_setting_value
    if value not in _COPTS:
        fail("%s: not one of %s" % (value, ", ".join(_COPTS.keys())))
    return []

instrumentation_setting = rule(
    implementation = _setting_impl,
    build_setting = config.string(flag = True),
)

def fuzzing_engine():
    """Link options: libFuzzer, or what the builder says instead of it."""
    return select({
        "//fuzz/oss_fuzz:given": ["$(LIB_FUZZING_ENGINE)"],
        "//conditions:default": ["-fsanitize=fuzzer"],
    }) + [
        # An instrumented library that is loaded later looks for it.
        "-Wl,--export-dynamic-symbol=__sancov_lowest_stack",
    ]

def _oss_fuzz_package_impl(ctx):
    package = ctx.actions.declare_file(ctx.label.name + ".tar")
    inputs = [
        ctx.attr.binary[0][DefaultInfo].files_to_run.executable,
        ctx.file.corpus,
        ctx.file.options,
    ] + ctx.files.library
    arguments = ctx.actions.args()
    arguments.add("--name", ctx.attr.target)
    arguments.add("--binary", inputs[0])
    arguments.add("--corpus", ctx.file.corpus.path)
    arguments.add("--options", ctx.file.options)
    arguments.add_all(ctx.files.library, before_each = "--library")
    if ctx.file.dictionary:
        arguments.add("--dictionary", ctx.file.dictionary)
        inputs.append(ctx.file.dictionary)
    arguments.add(package)
    ctx.actions.run(
        executable = ctx.executable._pack,
        arguments = [arguments],
        inputs = inputs,
        outputs = [package],
        mnemonic = "PackTarget",
    )
    return [DefaultInfo(
        files = depset([package]),
        runfiles = ctx.runfiles([package]),
    )]

oss_fuzz_package = rule(
    implementation = _oss_fuzz_package_impl,
    attrs = {
        "target": attr.string(mandatory = True),
        "binary": attr.label(executable = True, cfg = _instrumented),
        "corpus": attr.label(allow_single_file = True),
        "dictionary": attr.label(allow_single_file = True),
        "library": attr.label(
            default = "//harness/reference:libcpg.so.4",
            cfg = _instrumented,
        ),
        "options": attr.label(
            default = "//fuzz/oss_fuzz:target.options",
            allow_single_file = True,
        ),
        "_pack": attr.label(
            default = "//fuzz/oss_fuzz:pack",
            allow_single_file = True,
            executable = True,
            cfg = "host",
        ),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
