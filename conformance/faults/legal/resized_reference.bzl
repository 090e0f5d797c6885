"""The reference with another size of a fragment."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
load("//conformance/faults:faults.bzl", "LAYER_LINKOPTS")

_SOURCES = [
    "//harness/reference:%s.cc" % name
    for name in [
        "assemblies",
        "connection",
        "cpg",
        "dispatch",
        "event_decoder",
        "multicast",
        "readiness",
        "reply_decoder",
        "transport",
    ]
]

_HEADERS = [
    "//harness/reference:%s.h" % name
    for name in [
        "assemblies",
        "connection",
        "event_decoder",
        "handle_table",
        "patience",
        "readiness",
        "reply_decoder",
        "transport",
        "wire_format",
    ]
]

def resized_reference(name, size):
    """Builds <name>.so: the reference that cuts messages elsewhere.

    Args:
      name: without .so.
      size: of the largest message in one piece, a C++ expression of constants.
    """
    transport = name + "_transport.h"

    # Included first: its include guard keeps the original out.
    native.genrule(
        name = name + "_transport",
        srcs = ["//harness/reference:transport.h"],
        outs = [transport],
        cmd = """
            sed 's/kMessageMax = .*;/kMessageMax = %s;/' $< > $@ &&
            ! cmp -s $< $@
        """ % size,
    )
    cc_library(
        name = name + "_reference",
        srcs = _SOURCES + _HEADERS + [transport],
        copts = [
            "-fno-sanitize=all",
            "-include",
            "$(location %s)" % transport,
        ],
        linkstatic = True,
        deps = [
            "@debian//:corosync_headers",
            "@debian//:qb",
        ],
        # Nothing calls the entry points from within.
        alwayslink = True,
    )
    exports = "//harness/reference:exports.lds"
    cc_binary(
        name = name + ".so",
        linkopts = LAYER_LINKOPTS + [
            "-Wl,--version-script=$(location %s)" % exports,
            "-Wl,-z,defs",
        ],
        linkshared = True,
        deps = [
            name + "_reference",
            exports,
        ],
    )
