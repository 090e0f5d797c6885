"""The hostile libraries: (name, what it does).

Built by BUILD beside this file; the class of each, in hostile/*.cc, is its
name in CamelCase. Those that "behave well otherwise" forward to the real
library through conformance/faults/layer.
"""

# Layers over the real library.
HOSTILE_LAYERS = [
    # Ends: endings.cc.
    ("exits_zero", "cpg_dispatch calls exit(0)."),
    ("exits_zero_in_initialize", "Initialize calls exit(0)."),
    ("prints_success_and_exits", "cpg_dispatch prints what GoogleTest prints at success and calls _exit(0)."),
    ("writes_to_all_descriptors", "cpg_dispatch writes a success line to every open descriptor and calls _exit(0)."),
    ("executes_true", "cpg_dispatch replaces the process by /bin/true."),
    ("exits_the_thread", "cpg_dispatch ends its thread with pthread_exit."),
    ("aborts", "cpg_dispatch calls abort."),
    ("segfaults", "cpg_dispatch reads from an address that is not mapped."),
    ("kills_itself", "cpg_dispatch sends itself SIGKILL."),
    ("kills_its_process_group", "cpg_dispatch sends SIGKILL to its process group."),
    ("kills_parent", "cpg_dispatch sends SIGKILL to the parent process, then behaves well."),
    ("stops_itself", "cpg_dispatch sends itself SIGSTOP, then behaves well."),
    ("loops_forever", "cpg_dispatch spins for ever."),
    ("hangs", "cpg_dispatch sleeps for ever."),
    ("hangs_in_initialize", "Initialize sleeps for ever."),
    ("throws_exception", "cpg_dispatch throws a C++ exception at its caller."),
    ("constructor_crashes", "Loading the library dies of SIGSEGV."),
    ("constructor_exits_zero", "Loading the library ends the process with status 0, past every exit handler."),
    ("constructor_hangs", "Loading the library sleeps for ever."),

    # Side effects: side_effects.cc.
    ("closes_all_descriptors", "Every cpg_dispatch first closes every descriptor of the process."),
    ("floods_output", "The first initialize writes 4 MiB to stdout and to stderr, then it behaves well."),
    ("forks_a_child", "The first initialize leaves a child in a session of its own that holds all descriptors, ignores SIGTERM, SIGHUP and SIGINT, and ends by itself after 120 s; it behaves well otherwise."),
    ("installs_signal_handlers", "The first initialize handles SIGTERM, SIGSEGV, SIGUSR1, SIGALRM and SIGCHLD, and blocks SIGTERM, SIGINT, SIGHUP and SIGALRM; it behaves well otherwise."),
    ("changes_directory_and_umask", "The first initialize changes to / and sets the umask to 0777; it behaves well otherwise."),
    ("starts_threads", "The first initialize starts four threads, one of which wakes every 10 ms; it behaves well otherwise."),
    ("corrupts_memory", "The first cpg_dispatch overwrites up to 64 KiB of the heap behind a block of its own."),
]

# Files of their own kind, each with a rule in BUILD.
HOSTILE_FILES = [
    ("missing_symbol", "A library that behaves well but has no cpg_dispatch."),
    ("no_cpg_symbols", "A shared object that loads and has no cpg function."),
    ("not_a_library", "A text file."),
    ("wrong_architecture", "A shared object for another processor."),
]

HOSTILE = HOSTILE_LAYERS + HOSTILE_FILES
