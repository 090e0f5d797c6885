"""Variants of the reference, each made by altering one place of its source."""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load("//conformance/faults:faults.bzl", "LAYER_LINKOPTS")

# Whatever the mode of the build, as for the layers.
MUTANT_COPTS = ["-fno-sanitize=all"]

def _mutated_source_impl(ctx):
    ctx.actions.run(
        executable = ctx.executable._mutate,
        arguments = [
            ctx.file.source.path,
            ctx.attr.before,
            ctx.attr.after,
            ctx.outputs.out.path,
        ],
        inputs = [ctx.file.source],
        outputs = [ctx.outputs.out],
        mnemonic = "Mutate",
        progress_message = "Mutating into %s" % ctx.outputs.out.short_path,
    )

_mutated_source = rule(
    implementation = _mutated_source_impl,
    attrs = {
        "source": attr.label(allow_single_file = True, mandatory = True),
        "before": attr.string(mandatory = True),
        "after": attr.string(mandatory = True),
        "out": attr.output(mandatory = True),
        "_mutate": attr.label(
            default = "//conformance/faults/reference:mutate",
            allow_single_file = True,
            executable = True,
            cfg = "host",
        ),
    },
)

def mutant(name, source, before, after, unmutated):
    """Builds <name>.so: the reference with one fault.

    Only the altered file is compiled. What it defines is there when the
    linker comes to the same file as it was, which it leaves out.

    Args:
      name: without .so.
      source: the label of the file.
      before: what is replaced; occurs once in the file.
      after: by what.
      unmutated: the label of a cc_library of all files as they are.
    """
    _mutated_source(
        name = name + "_source",
        source = source,
        before = before,
        after = after,
        out = "%s/%s" % (name, source.split(":")[1]),
    )
    exports = "//harness/reference:exports.lds"
    cc_binary(
        name = name + ".so",
        srcs = [name + "_source"],
        copts = MUTANT_COPTS,
        linkopts = LAYER_LINKOPTS + [
            "-Wl,--version-script=$(location %s)" % exports,
            "-Wl,-z,defs",
            # Nothing else asks for the file with the entry points.
            "-Wl,-u,cpg_initialize",
        ],
        linkshared = True,
        visibility = ["//fuzz/benchmark:__pkg__"],
        deps = [
            exports,
            unmutated,
        ],
    )
