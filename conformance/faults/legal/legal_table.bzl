"""Legal variants: (name, what it does, why the pages allow it, where it shows,
against which library its difference is shown, one of how many other cases).

Each is a faithful libcpg that differs in what the pages leave open, and must be
certified. BUILD beside this file builds <name>.so; the class in *.cc is the
name in CamelCase. `Where it shows`: ids of requirements, or globs over the
names of cases, with spaces between: all of these cases run, and a sample of
the others. The variant's proof (legal_proofs.cc) must pass on the variant and
fail on the library that is named: another variant, "unfaulted", which is the
layer without a difference, or "corosync", the libcpg.so.4 of this machine.

A seventh field: what a case may say that is unsupported on this variant alone.
"""

# What the variants stand on: the one line that chooses it.
BASE = "reference"

# The library beneath ("": the libcpg.so.4 of this machine) and the file of its
# known deviations.
BASES = {
    "corosync_3_1_7": ("", "//conformance:deviations/corosync_3_1_7.toml"),
    "reference": ("//harness/reference:libcpg.so.4", "//conformance:deviations/reference.toml"),
}

LEGAL = [
    # Other answers: answers.cc.
    ("second_join_invalid_param", "A second join is answered INVALID_PARAM.", "cpg_join(3), return value.", "JOIN-02 JOIN-03 JOIN-08 JOIN-11", "second_join_exist", "48"),
    ("second_join_exist", "A second join is answered EXIST.", "corosync answers so, and programs know it.", "JOIN-02 JOIN-08", "second_join_invalid_param", "48"),
    ("invalid_type_refused", "A dispatch type that does not exist is answered INVALID_PARAM.", "cpg_dispatch(3): invalid argument.", "DISPATCH-06/*/Joined/*", "invalid_type_blocks", "48"),
    ("invalid_type_blocks", "A dispatch type that does not exist is taken for BLOCKING.", "The page does not say; corosync does so.", "DISPATCH-06/*/Joined/*", "invalid_type_refused", "48"),
    ("long_name_invalid_param", "A name of more than 128 bytes is answered INVALID_PARAM.", "The pages know no NAME_TOO_LONG.", "JOIN-05 ITER-01 HND-04 LEAVE-03", "unfaulted", "48"),
    ("empty_name_refused", "A join of the empty name is answered INVALID_PARAM.", "The page does not say whether there is such a group.", "JOIN-06 JOIN-05", "corosync", "48"),
    ("leave_unjoined_invalid_param", "A leave without a join is answered INVALID_PARAM.", "cpg_leave(3) names no NOT_EXIST.", "LEAVE-02 LEAVE-01/*", "unfaulted", "48"),
    ("unjoined_multicast_refused", "A message before the join is answered NOT_EXIST.", "cpg_mcast_joined(3) sends to groups that have been joined.", "MCAST-03 MCAST-04 JOIN-10 ZCB-04", "unfaulted", "48"),
    ("unimplemented_guarantees_refused", "UNORDERED, SAFE and guarantees that do not exist are answered NOT_SUPPORTED.", "cpg_mcast_joined(3): not implemented.", "MCAST-02", "unfaulted", "48"),
    ("many_pieces_refused", "A message of more than 63 pieces is answered INVALID_PARAM.", "The page gives no number; an error is clear.", "MCAST-09 MCAST-12 PART-08", "unfaulted", "48"),
    ("unknown_group_not_exist", "cpg_membership_get of a group without members is answered NOT_EXIST.", "cpg_membership_get(3) does not say.", "MEMB-01 ERR-06/* JOIN-06 LEAVE-03", "unfaulted", "48"),
    ("flow_control_enabled", "cpg_flow_control_state_get gives ENABLED.", "It is one of the two states of the header.", "FLOW-01", "unfaulted", "48"),

    # Other lists, other memory: lists.cc.
    ("reversed_member_lists", "Members are listed in the reverse order.", "No page gives an order.", "CONF-01 CONF-02 CONF-03 MEMB-04", "unfaulted", "48"),
    ("scrubs_after_callback", "What a callback was given is overwritten when it has returned.", "It is the library's memory.", "DISPATCH-12 DISPATCH-14 PART-01", "unfaulted", "48"),

    # Other handles, another descriptor: handles.cc, descriptors.cc.
    ("small_integer_handles", "Handles are 1, 2, 3 and so on.", "cpg_initialize(3): the handle identifies the connection, no more.", "HND-01 HND-02 HND-03 HND-04 INIT-01 INIT-07 FIN-01 DISPATCH-15", "unfaulted", "48"),
    ("pointer_handles", "Handles are addresses.", "cpg_initialize(3): the handle identifies the connection, no more.", "HND-01 HND-02 HND-03 HND-04 INIT-01 INIT-07 FIN-01 DISPATCH-15", "unfaulted", "48"),
    ("epoll_descriptor", "cpg_fd_get gives an epoll descriptor.", "cpg_fd_get(3): it can be used in poll.", "FD-01 FD-02 FD-03 LEAK-01 DISPATCH-0[24]/*/NothingPending/*", "own_threads", "48"),

    # Dispatching: dispatches.cc.
    ("one_skips_events_without_callback", "The ONE types pass over events for which there is no callback.", "cpg_dispatch(3): ONE dispatches a callback.", "DISPATCH-02 DISPATCH-05 INIT-04 PART-05", "one_ends_without_callback", "48"),
    ("one_ends_without_callback", "The ONE types take an event for which there is no callback for one.", "The page does not say; corosync does so.", "DISPATCH-02 DISPATCH-05 INIT-04 PART-05", "one_skips_events_without_callback", "48"),
    ("one_takes_all_waiting", "ONE runs all the callbacks that wait.", "cpg_dispatch(3): at least one.", "DISPATCH-02", "unfaulted", "48"),
    ("all_takes_what_waited", "ALL leaves what comes while its callbacks run.", "cpg_dispatch(3): all waiting callbacks.", "DISPATCH-03 DISPATCH-14 FIN-06", "unfaulted", "48"),
    ("signal_interrupts_dispatch", "A signal ends a dispatch that waits with INTERRUPT.", "cpg_dispatch(3): system call interrupted by a signal.", "DISPATCH-07 SIG-01", "unfaulted", "48"),
    ("finalize_wakes_dispatcher", "A dispatch that waits returns when another thread finalizes.", "No page says whether it does.", "FIN-07 THR-03 DISPATCH-0[24]/*/NothingPending/*", "finalize_leaves_dispatcher_asleep", "48"),
    ("finalize_leaves_dispatcher_asleep", "A dispatch that waits while another thread finalizes waits on for ever.", "No page says whether it does.", "FIN-07 THR-03", "finalize_wakes_dispatcher", "48"),

    # Threads: own_threads.cc.
    ("own_threads", "A thread for each connection reads the events; its descriptor is a socket of its own.", "No page forbids it.", "LEAK-03 LEAK-01 FD-01 FD-02 THR-01 THR-02 THR-03 FORK-01 FIN-05 FIN-06", "unfaulted", "16", "did not fail for want of it"),
    ("events_in_bursts", "Events come together, up to 25 ms after the first.", "No page says how soon an event waits.", "FD-01 ORD-03 DISPATCH-03 DISPATCH-05", "own_threads", "16", "did not fail for want of it"),

    # Time: timing.cc.
    ("slow_calls", "Every call takes 20 ms more.", "No page gives a time.", "ERR-03 DISPATCH-04/*/NothingPending/*", "unfaulted", "48"),
    ("service_starts_slowly", "In each process the first three initializes are answered TRY_AGAIN, as at a service that starts.", "cpg_initialize(3): resource temporarily unavailable.", "INIT-01 INIT-02 INIT-03 INIT-04 INIT-05 INIT-06 INIT-07 HND-06 ERR-04 ERR-07", "unfaulted", "48"),
    ("try_again_twice", "A join or a message is answered TRY_AGAIN twice before it succeeds.", "cpg_join(3), cpg_mcast_joined(3): resource temporarily unavailable.", "JOIN-01 MCAST-01 MCAST-06 MCAST-07 ERR-04 THR-01", "unfaulted", "12"),
    ("writes_to_stderr", "Every call writes a line to stderr.", "No page forbids it.", "RES-02 LEAK-01", "unfaulted", "48"),
    ("keeps_for_process", "The first connection brings a descriptor and a thread that stay for the whole process.", "cpg_finalize(3) closes a connection.", "LEAK-01 LEAK-02 LEAK-03", "unfaulted", "48"),
]

# Without some symbols, see <name>.lds: (..., the part of the symbols' names).
LEGAL_WITHOUT_SYMBOLS = [
    ("no_zero_copy_symbols", "It has no cpg_zcb functions.", "They are a capability; newer releases have none.", "ZCB-01 ZCB-02 ZCB-03 ZCB-04", "unfaulted", "24", "cpg_zcb"),
    ("no_iteration_symbols", "It has no cpg_iteration functions.", "They are a capability.", "ITER-01 ITER-02 ITER-03 ITER-04 ITER-05 ITER-06", "unfaulted", "24", "cpg_iteration"),
]

# The reference with another size of a fragment.
LEGAL_SIZES = [
    (("larger_max_atomic_size", "cpg_max_atomic_msgsize_get gives 64 bytes more than libcpg, and larger messages are cut there.", "No page gives the number.", "MAX-01 PART-01 PART-08", "unfaulted", "48"), "(1 << 20) - 960"),
    (("smaller_max_atomic_size", "cpg_max_atomic_msgsize_get gives 64 KiB, and larger messages are cut there.", "No page gives the number.", "MAX-01 PART-01 PART-08 MCAST-03 MCAST-04", "unfaulted", "48"), "64 << 10"),
]
