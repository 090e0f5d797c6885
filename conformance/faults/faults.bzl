"""Shared libraries that the suite must not certify."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

# Whatever the mode of the build: a fault must not be found, or a sound library
# condemned, because of how the layer was compiled.
LAYER_COPTS = [
    "-fvisibility=hidden",
    "-fno-sanitize=all",
]

# A --linkopt comes after the options of a target, so that -fno-sanitize=all
# would be overruled; this one cannot be.
LAYER_LINKOPTS = ["-fno-sanitize-link-runtime"]

def layer_library(
        name,
        class_name,
        layer,
        exports = "//conformance/faults:exports.lds",
        **kwargs):
    """Builds <name>.so: a libcpg over the real one.

    Args:
      name: without .so.
      class_name: the class derived from cpgcert::faults::Layer, planted by
        CPGCERT_PLANT in `layer`.
      layer: the cc_library with that class.
      exports: the linker's version script.
      **kwargs: passed to cc_binary.
    """
    cc_binary(
        name = name + ".so",
        srcs = ["//conformance/faults:selected_fault.cc"],
        copts = LAYER_COPTS,
        linkopts = LAYER_LINKOPTS + [
            "-Wl,--version-script=$(location %s)" % exports,
            "-Wl,-z,defs",
        ],
        linkshared = True,
        local_defines = ["CPGCERT_FAULT=" + class_name],
        deps = [
            layer,
            exports,
        ],
        **kwargs
    )

def planted_fault(name, requirement):
    """Builds <name>.so: a faithful libcpg with one fault.

    Args:
      name: in snake_case; the class is the same in CamelCase.
      requirement: the id of the requirement that it breaks.
    """
    layer_library(
        name = name,
        class_name = _camel_case(name),
        layer = "//conformance/faults:planted_layers",
        tags = [requirement],
    )

def hostile_library(name, does, layer):
    """Builds <name>.so: a libcpg that attacks the process it is loaded into.

    Args:
      name: in snake_case; the class is the same in CamelCase.
      does: what it does, in one sentence.
      layer: the cc_library with the class.
    """
    layer_library(
        name = name,
        class_name = _camel_case(name),
        layer = layer,
    )

def _camel_case(name):
    return "".join([word.capitalize() for word in name.split("_")])

def _table_impl(ctx):
    rows = [
        "{%s},\n" % ", ".join([_quoted(field) for field in row.split("\t")])
        for row in ctx.attr.rows
    ]
    ctx.actions.write(ctx.outputs.out, "".join(rows))

def _quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

_table = rule(
    implementation = _table_impl,
    attrs = {
        "rows": attr.string_list(mandatory = True),
        "out": attr.output(mandatory = True),
    },
)

def table(name, rows):
    """Writes <name>.inc: each row, a tuple of strings, as a C++ initializer."""
    _table(
        name = name,
        out = name + ".inc",
        rows = ["\t".join(row) for row in rows],
    )
