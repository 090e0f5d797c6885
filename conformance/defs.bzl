"""Certifies a libcpg under `bazel test`."""

load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

def _shared_object(target):
    """The one shared object of a target, or None for one without files."""
    files = target[DefaultInfo].files.to_list()
    if not files and CcInfo in target:  # a cc_import
        for linked in target[CcInfo].linking_context.linker_inputs.to_list():
            for library in linked.libraries:
                dynamic = (library.resolved_symlink_dynamic_library or
                           library.dynamic_library)
                if dynamic:
                    files.append(dynamic)
    if len(files) > 1:
        fail("%s has %d files; libcpg is one shared object" %
             (target.label, len(files)))
    return files[0] if files else None

def _quote(text):
    return "'" + text.replace("'", "'\\''") + "'"

# Runs in the runfiles of the test. Its arguments go to certify as they are.
_LAUNCHER = """#!/bin/bash
set -euo pipefail
[[ -z ${{TEST_SHARD_STATUS_FILE-}} ]] || touch "$TEST_SHARD_STATUS_FILE"
certify=$PWD/{certify}
CPGCERT_ROOT=$(cd "$(dirname "$certify")/.." && pwd)
export CPGCERT_ROOT
library={library}
[[ -z ${{CPGCERT_LIBCPG-}} ]] || library=$CPGCERT_LIBCPG
program={program}
options=({options})
# Where it stays after the test.
[[ -z $library ]] || options+=(--libcpg "$(realpath "$library")")
[[ -z $program ]] || options+=(--service "exec:$(printf %q "$PWD/$program")")
exec "$certify" "${{options[@]}}" "$@"
"""

def _cpg_conformance_test_impl(ctx):
    library = _shared_object(ctx.attr.libcpg)
    options = ["--tier", ctx.attr.tier]
    if ctx.attr.profiles:
        options += ["--profile", ",".join(ctx.attr.profiles)]
    if ctx.attr.only:
        options += ["--only", ctx.attr.only]
    if ctx.attr.service_name:
        options += ["--service", ctx.attr.service_name]
    if ctx.file.deviations:
        options += ["--deviations", ctx.file.deviations.short_path]
    if ctx.attr.implementation_name:
        options += ["--implementation-name", ctx.attr.implementation_name]
    program = ctx.executable.service_program
    launcher = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(launcher, _LAUNCHER.format(
        certify = _quote(ctx.executable.certify.short_path),
        library = _quote(library.short_path if library else ""),
        program = _quote(program.short_path if program else ""),
        options = " ".join([_quote(option) for option in options]),
    ), is_executable = True)
    runfiles = ctx.runfiles(files = [
        file
        for file in [library, ctx.file.deviations] + ctx.files.data
        if file
    ])
    for target in [ctx.attr.certify, ctx.attr.libcpg, ctx.attr.service_program]:
        if target:
            runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = launcher, runfiles = runfiles)]

_cpg_conformance_test = rule(
    implementation = _cpg_conformance_test_impl,
    attrs = {
        "certify": attr.label(
            default = Label("//cli:certify"),
            executable = True,
            cfg = "target",
        ),
        "data": attr.label_list(
            default = [Label("//conformance:known_deviations")],
            allow_files = True,
        ),
        "deviations": attr.label(allow_single_file = True),
        "implementation_name": attr.string(),
        "libcpg": attr.label(allow_files = True, mandatory = True),
        "only": attr.string(),
        "profiles": attr.string_list(),
        "service_name": attr.string(),
        "service_program": attr.label(executable = True, cfg = "target"),
        "tier": attr.string(values = ["documented", "header", "observed"]),
    },
    test = True,
)

def cpg_conformance_test(
        name,
        libcpg,
        service = "corosync",
        profiles = [],
        tier = "observed",
        deviations = None,
        only = "",
        implementation_name = "",
        size = "large",
        **kwargs):
    """Makes a test that passes if the library is certified for what is asked.

    Its outputs are test.xml, with a test case for each case of the suite, and
    certificate.html, certificate.json, junit.xml and the traces of the cases,
    in bazel-testlogs/<package>/<name>/test.outputs. Its log ends in the summary,
    and says of each case that failed what was called, what was owed, and what
    came. Arguments (--test_arg) go to certify.

    Args:
      name: of the test.
      libcpg: the label of a shared object: a cc_binary with linkshared, a
        cc_import, or a file.
      service: "corosync" for the one of this machine; "scripted" for a simple
        service of one node, which needs no corosync; or the label of a program
        that serves "cpg" in the foreground until it is killed, of which
        "Another service" in CONTRIBUTING.md says more.
      profiles: what to judge of "api", "faults" and "wire"; all if empty.
      tier: how far down the sources to go: "documented", "header" (and
        documented) or "observed" (all).
      deviations: the label of a file with known deviations.
      only: a glob over the names of cases.
      implementation_name: the name on the certificate.
      size: of the test. All profiles take some minutes.
      **kwargs: tags, timeout, shard_count and others that every test has. Each
        shard writes a certificate of its share.
    """
    is_name = service in ["corosync", "running", "scripted"]
    _cpg_conformance_test(
        name = name,
        deviations = deviations,
        implementation_name = implementation_name,
        libcpg = libcpg,
        only = only,
        profiles = profiles,
        service_name = service if is_name else "",
        service_program = None if is_name else service,
        size = size,
        tier = tier,
        **kwargs
    )
