"""What fuzz.bzl's targets are made of."""

def _corpus_folder_impl(ctx):
    folder = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run(
        executable = ctx.executable._gather,
        arguments = (
            [folder.path, "--seeds"] +
            [file.path for file in ctx.files.seeds] +
            ["--regressions"] + [file.path for file in ctx.files.regressions]
        ),
        inputs = ctx.files.seeds + ctx.files.regressions,
        outputs = [folder],
        mnemonic = "GatherCorpus",
    )
    return [DefaultInfo(
        files = depset([folder]),
        runfiles = ctx.runfiles([folder]),
    )]

# A folder of two, seeds and regressions. Two files of the same name, an empty
# one, or no seeds fail the build.
corpus_folder = rule(
    implementation = _corpus_folder_impl,
    attrs = {
        "seeds": attr.label_list(allow_files = True, mandatory = True),
        "regressions": attr.label_list(allow_files = True),
        "_gather": attr.label(
            default = "//fuzz/support:gather_corpus",
            allow_single_file = True,
            executable = True,
            cfg = "host",
        ),
    },
)

_LAUNCHER = """#!/bin/bash
runfiles=${{RUNFILES_DIR:-$0.runfiles}}/{workspace}
exec "$runfiles/{start}" "$runfiles/{binary}" "$runfiles/{corpus}/seeds" \\
  "{dictionary}" "$@"
"""

def _fuzz_launcher_impl(ctx):
    launcher = ctx.actions.declare_file(ctx.label.name)
    dictionary = ctx.file.dictionary
    ctx.actions.write(
        launcher,
        _LAUNCHER.format(
            workspace = ctx.workspace_name,
            start = ctx.file._start.short_path,
            binary = ctx.executable.binary.short_path,
            corpus = ctx.file.corpus.short_path,
            dictionary = "$runfiles/" + dictionary.short_path if dictionary else "",
        ),
        is_executable = True,
    )
    return [DefaultInfo(
        executable = launcher,
        runfiles = ctx.runfiles(
            [ctx.executable.binary, ctx.file.corpus, ctx.file._start] +
            ([dictionary] if dictionary else []),
        ),
    )]

# Starts a target with libFuzzer, its seeds and its dictionary.
fuzz_launcher = rule(
    implementation = _fuzz_launcher_impl,
    executable = True,
    attrs = {
        "binary": attr.label(executable = True, cfg = "target"),
        "corpus": attr.label(allow_single_file = True),
        "dictionary": attr.label(allow_single_file = True),
        "_start": attr.label(
            default = "//fuzz/support:start_target",
            allow_single_file = True,
        ),
    },
)
