"""What cpgcert's BUILD files load and link, beyond this repository.

Nothing is downloaded: it comes from Debian packages (tools/packages.txt) and
from this repository.
"""

def _folder_impl(repository_ctx):
    # Absolute, or below this repository.
    folder = repository_ctx.path(Label("//:BUILD")).dirname
    if repository_ctx.attr.folder.startswith("/"):
        folder = repository_ctx.path(repository_ctx.attr.folder)
    else:
        for part in repository_ctx.attr.folder.split("/"):
            folder = folder.get_child(part)
    if not folder.exists:
        fail("%s is missing: see tools/packages.txt of cpgcert" % folder)
    for entry in folder.readdir():
        if entry.basename not in ["WORKSPACE", "BUILD"]:
            repository_ctx.symlink(entry, entry.basename)
    build = repository_ctx.attr.build_file or folder.get_child("BUILD")
    repository_ctx.symlink(build, "BUILD")
    repository_ctx.file("WORKSPACE", "")

_folder = repository_rule(
    implementation = _folder_impl,
    attrs = {
        "build_file": attr.label(allow_single_file = True),
        "folder": attr.string(mandatory = True),
    },
    local = True,
)

def debian_repository():
    """Libraries of Debian: headers in /usr/include, linked by name."""
    _folder(name = "debian", folder = "tools/bazel/debian")

def googletest_repository():
    """Built from source, so that the sanitizers see it."""
    _folder(
        name = "googletest",
        build_file = Label("//tools/bazel/third_party:googletest.BUILD"),
        folder = "/usr/src/googletest",
    )

def cpgcert_repositories():
    """For a WORKSPACE: all that cpgcert needs and that is not there yet."""
    if not native.existing_rule("debian"):
        debian_repository()
    if not native.existing_rule("googletest"):
        googletest_repository()

    # What Bazel 4.2 would otherwise download.
    for name in [
        "remote_coverage_tools",
        "rules_cc",
        "rules_java",
        "rules_shell",
    ]:
        if not native.existing_rule(name):
            _folder(name = name, folder = "tools/bazel/" + name)
