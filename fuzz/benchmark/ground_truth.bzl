"""Programs that look for known faults with the fuzz targets."""

def ground_truth(name, rule, event_faults, reply_faults, args = [], **kwargs):
    """Makes a program or a test of ground_truth.cc.

    Args:
      name: of it.
      rule: cc_binary or cc_test.
      event_faults: names of mutants in //conformance/faults/reference.
      reply_faults: the same, for the replies.
      args: more of its command line.
      **kwargs: passed to the rule.
    """
    reference = "//harness/reference:libcpg.so.4"
    data = [reference]
    arguments = ["--reference", "$(location %s)" % reference]
    for target, option, faults in [
        ("event_decoder", "--events", event_faults),
        ("reply_decoder", "--replies", reply_faults),
    ]:
        seeds = "//fuzz:%s_seeds" % target
        mutants = [
            "//conformance/faults/reference:%s.so" % fault
            for fault in faults
        ]
        data += [":" + target, seeds] + mutants
        arguments += [
            option,
            "$(location :%s)" % target,
            "$(locations %s)" % seeds,
            "--faults",
        ] + ["$(location %s)" % mutant for mutant in mutants]
    rule(
        name = name,
        srcs = ["ground_truth.cc"],
        args = arguments + args,
        data = data,
        deps = [
            ":target_run",
            "@debian//:fmt",
        ],
        **kwargs
    )
