"""The planted faults: (name, requirement it breaks, verdict, what it does).

Each is a libcpg that is faithful but for this one sentence. The class of the
fault, in layer/*_faults.cc, is its name in CamelCase. The verdict is that of
the cases that catch it: fail, crash or hang, or those of them that come, as
"fail|hang". A fault that no case can see has the verdict "equivalent", and a
fifth text that says why.
"""

FAULTS = [
    # What cpg_dispatch runs and answers: layer/dispatch_faults.cc.
    ("one_returns_without_callback", "DISPATCH-02", "fail", "ONE returns CS_OK at once when nothing is pending."),
    ("all_tries_again_when_idle", "DISPATCH-03", "fail", "ALL answers TRY_AGAIN when nothing is pending."),
    ("all_stops_after_first", "DISPATCH-03", "fail", "ALL dispatches one event and leaves the others waiting."),
    ("all_blocks_when_idle", "DISPATCH-03", "fail", "ALL waits for an event when nothing is pending."),
    ("blocking_returns_after_one", "DISPATCH-04", "fail", "BLOCKING returns CS_OK after its first event."),
    ("one_nonblocking_ok_when_idle", "DISPATCH-05", "fail", "ONE_NONBLOCKING answers CS_OK when nothing is pending."),
    ("one_nonblocking_runs_two", "DISPATCH-05", "fail", "ONE_NONBLOCKING dispatches two events if two are waiting."),
    ("one_nonblocking_blocks_when_idle", "DISPATCH-05", "fail", "ONE_NONBLOCKING waits for an event when nothing is pending."),
    ("invalid_type_ok", "DISPATCH-06", "fail", "A dispatch type that does not exist answers CS_OK and does nothing."),
    ("unjoined_blocking_returns", "DISPATCH-11", "fail", "BLOCKING on a handle that never joined returns instead of waiting."),
    ("runs_other_connections_callbacks", "DISPATCH-15", "fail", "A dispatch first runs all that waits on the process's other connections."),
    ("all_and_one_nonblocking_swapped", "DISPATCH-01", "fail", "The types 2 and 4, ALL and ONE_NONBLOCKING, stand for each other."),
    ("error_consumes_event", "ERR-06", "fail", "A dispatch type that does not exist answers INVALID_PARAM and consumes an event."),

    # How it waits, and what it makes of signals and death: waiting_faults.cc.
    ("not_woken_by_event", "DISPATCH-02", "fail", "ONE that went to sleep is not woken by an event, only by the service's death."),
    ("signal_ends_blocking_with_ok", "DISPATCH-07", "fail", "A signal ends a waiting ONE or BLOCKING with CS_OK."),
    ("death_reported_as_ok", "DISPATCH-09", "fail", "Every dispatch answers CS_OK, instead of LIBRARY, when the service has died."),
    ("death_ignored_blocks", "DISPATCH-09", "fail", "ONE and BLOCKING sleep for ever when the service has died."),
    ("one_spins", "DISPATCH-16", "fail", "ONE waits in a busy loop."),
    ("one_polls_50_ms", "DISPATCH-16", "fail", "ONE waits by looking every 50 ms."),
    ("callers_wait_for_dispatcher", "THR-01", "hang", "A multicast waits until another thread's dispatch on that handle returns."),

    # Order, and what a finalize stops: order_faults.cc.
    ("swaps_two_events", "ORD-03", "fail", "The first two messages that wait one behind the other are delivered in swapped order."),
    ("totem_before_configuration_change", "TOTEM-01", "fail", "A totem change overtakes the configuration change before it."),
    ("dispatch_continues_after_finalize_in_callback", "FIN-06", "fail", "ALL and BLOCKING still run what was waiting after a callback finalized the handle."),

    # What the deliver callback is given: message_faults.cc.
    ("loses_one_event", "MCAST-01", "fail", "The second message of each connection is not delivered."),
    ("doubles_one_event", "MCAST-01", "fail", "The second message of each connection is delivered twice."),
    ("alters_a_message", "MCAST-01", "fail", "One bit in the middle of a connection's second message, or of a first that was sent in fragments, is flipped."),
    ("message_from_wrong_sender", "MCAST-01", "fail", "The deliver callback is given the sender's process id plus one."),
    ("empty_message_lost", "MCAST-05", "fail", "Empty messages are not delivered."),
    ("message_misaligned", "DISPATCH-12", "fail", "Messages are delivered one byte off their alignment."),
    ("message_during_leave_lost", "LEAVE-05", "fail", "Messages dispatched between cpg_leave and the own leave change are not delivered."),
    ("truncates_fragmented_message", "PART-01", "fail", "A message that was sent in fragments is delivered 1000 bytes short."),

    # What the other callbacks are given: membership_faults.cc.
    ("join_change_lost", "JOIN-01", "fail", "The own join change is not delivered."),
    ("join_change_wrong_reason", "CONF-01", "fail", "A joined process is announced with reason NODEUP."),
    ("left_list_as_joined", "CONF-01", "fail", "The left and the joined list change places."),
    ("member_list_without_self", "CONF-02", "fail", "The member list lacks the process that receives it."),
    ("departed_member_listed", "CONF-02", "fail", "The member list still has the processes that left."),
    ("crash_reported_as_leave", "CONF-05", "fail", "A crashed process is announced with reason LEAVE."),
    ("leave_change_lost", "LEAVE-01", "fail", "The own leave change is not delivered."),
    ("totem_callback_lost", "TOTEM-02", "fail", "The first totem change that flag 0x01 asked for is not delivered."),

    # What a handle names, and its end: handle_faults.cc.
    ("finalized_handle_accepted", "HND-01", "fail", "A dispatch on a finalized handle answers CS_OK."),
    ("reused_slot_accepted", "HND-02", "fail", "A finalized handle stands for the newest connection that was made since."),
    ("wrong_handle_in_callbacks", "DISPATCH-15", "fail", "Callbacks are given the handle of another live connection, if there is one."),
    ("second_connection_refused", "INIT-01", "fail", "A process can hold one connection; a second is refused with NO_RESOURCES."),
    ("unknown_model_accepted", "INIT-02", "fail", "A model that does not exist is taken for model 1."),
    ("unknown_flags_accepted", "INIT-03", "fail", "Flags that do not exist are ignored instead of refused."),
    ("null_callbacks_refused", "INIT-04", "fail", "An initialize without callbacks or model data answers INVALID_PARAM."),
    ("second_finalize_ok", "FIN-01", "fail", "A finalize of a finalized handle answers CS_OK."),
    ("finalize_leaves_first", "FIN-04", "fail", "A finalize without leave announces LEAVE instead of PROCDOWN."),
    ("finalize_in_callback_crashes", "FIN-05", "crash", "A finalize inside a callback of that handle dies of SIGSEGV."),

    # Calls that tell or ask the service something: call_faults.cc.
    ("second_join_accepted", "JOIN-02", "fail", "A join on a joined handle answers CS_OK and joins nothing."),
    ("long_name_cut", "JOIN-05", "fail", "A join with a name longer than 128 bytes joins its first 128."),
    ("longest_name_refused", "JOIN-05", "fail", "A join with a name of exactly 128 bytes answers NAME_TOO_LONG."),
    ("leave_of_stranger_accepted", "LEAVE-02", "fail", "A leave by a handle that is no member answers CS_OK."),
    ("refused_message_sent", "MCAST-07", "fail", "A connection's second message is sent although the call answers TRY_AGAIN."),
    ("interrupted_send_reported_as_ok", "PART-02", "fail", "A send in fragments that a change interrupted answers CS_OK."),
    ("max_atomic_size_wrong", "MAX-01", "fail", "cpg_max_atomic_msgsize_get answers 1024 more than fits."),
    ("zero_copy_message_lost", "ZCB-01", "fail", "A zero copy multicast answers CS_OK and sends nothing."),
    ("calls_in_callback_refused", "DISPATCH-14", "fail", "A multicast or local_get inside a callback of that handle answers BUSY."),
    ("descriptor_never_readable", "FD-01", "fail", "The descriptor of cpg_fd_get never becomes readable."),
    ("death_hidden_in_queries", "ERR-02", "fail", "Membership_get and local_get answer CS_OK when the service has died."),
    ("membership_of_other_groups_hidden", "MEMB-01", "fail", "The membership of a group that the caller has not joined has no entries."),
    ("membership_into_nothing_ok", "MEMB-03", "fail", "A membership_get without a place for the answer answers CS_OK."),
    ("membership_without_self", "MEMB-04", "fail", "The membership lacks the process that asks."),
    ("local_id_wrong", "LOCAL-01", "fail", "cpg_local_get answers the node id plus one."),
    ("context_forgotten", "CTX-01", "fail", "cpg_context_get always gives NULL."),
    ("flow_control_unknown", "FLOW-01", "fail", "Flow control is reported in a state that the header does not have."),
    ("iteration_without_group_accepted", "ITER-01", "fail", "An iteration over one group that names none runs over all."),
    ("iteration_names_members", "ITER-02", "fail", "An iteration over names gives every member with its process id."),
    ("iteration_ends_with_ok", "ITER-03", "fail", "An iteration at its end answers CS_OK for ever."),
    ("iteration_into_nothing_ok", "ITER-05", "fail", "An iteration step without a place for the answer answers CS_OK."),

    # How a connection comes to be, and what it leaves: connection_faults.cc.
    ("absent_service_accepted", "INIT-05", "fail", "An initialize without a service answers CS_OK."),
    ("refusal_answered_with_queue_full", "ERR-05", "fail", "An initialize that the service refuses answers QUEUE_FULL."),
    ("context_of_model_forgotten", "INIT-06", "fail", "The context that cpg_model_initialize is given is lost."),
    ("concurrent_initialize_mixes_handles", "HND-06", "fail", "Threads that initialize at the same time are given the same handle."),
    ("other_threads_finalize_ok_too", "FIN-02", "fail", "A finalize after another thread's finalize of the same handle answers CS_OK."),
    ("handle_survives_failed_finalize", "FIN-03", "fail", "A finalize with a dead service answers an error and closes nothing."),
    ("iteration_survives_finalize", "FIN-08", "fail", "An iteration of a finalized connection is at its end instead of bad."),
    ("death_answered_with_ok_by_all", "FD-02", "fail", "ALL answers CS_OK when the service has died, though the descriptor shows it."),
    ("descriptor_changes", "FD-03", "fail", "cpg_fd_get gives another descriptor at each call."),
    ("descriptor_survives_exec", "FD-03", "fail", "The descriptor of cpg_fd_get is not closed on exec."),
    ("wildcard_handle_crashes", "HND-03", "crash", "A handle with a check of all ones dies of SIGSEGV."),
    ("bad_handle_with_long_name_accepted", "HND-04", "fail", "A join with a bad handle and a name that is too long answers CS_OK."),
    ("null_results_ignored", "HND-05", "fail", "cpg_fd_get and cpg_local_get without a place for the answer answer CS_OK."),
    ("finalize_leaves_descriptor", "LEAK-01", "fail", "Each finalize leaves a descriptor open."),
    ("finalize_leaves_mapping", "LEAK-02", "fail", "Each finalize leaves a shared mapping."),
    ("finalize_leaves_thread", "LEAK-03", "fail", "Each finalize leaves a thread that sleeps for ever."),

    # Who is a member, as joins, leaves and changes tell it: group_faults.cc.
    ("second_group_of_process_refused", "JOIN-03", "fail", "A process that is a member of one group is refused another."),
    ("new_connection_never_joins_again", "JOIN-04", "fail", "A group that the process joined once is refused for ever."),
    ("member_with_wrong_process", "JOIN-09", "fail", "The caller is listed with its parent's process id."),
    ("first_message_after_join_lost", "JOIN-10", "fail", "The first message of each connection is not delivered."),
    ("others_changes_lost", "CONF-06", "fail", "Only changes that concern the caller itself are delivered."),
    ("member_vanishes_without_change", "CONF-03", "fail", "A change by which somebody leaves takes another member along, unsaid."),
    ("members_beyond_64_lost", "CONF-07", "fail", "The member list ends after 64 entries."),
    ("leave_announced_too_early", "ORD-02", "fail", "The third message of each process comes after an invented leave of that process."),
    ("message_after_death_lost", "PART-04", "fail", "The message after a member's death is not delivered."),
    ("members_disagree_on_order", "ORD-01", "fail", "Processes with an odd id are given the first foreign message after the next one."),

    # What becomes of a message on its way to the service: send_faults.cc.
    ("fifo_refused", "MCAST-02", "fail", "CPG_TYPE_FIFO is refused with NOT_SUPPORTED."),
    ("message_of_stranger_crashes", "MCAST-03", "crash", "A small message on a handle that never joined dies of SIGSEGV."),
    ("fragments_of_stranger_crash", "MCAST-04", "crash", "A large message on a handle that never joined dies of SIGSEGV."),
    ("retried_message_doubled", "MCAST-06", "fail", "A message that succeeds after TRY_AGAIN is sent twice."),
    ("try_again_for_ever", "ERR-04", "fail", "After the first TRY_AGAIN of a connection's multicast all its others are answered so."),
    ("message_before_change_lost", "MCAST-10", "fail", "A message sent before the own join change was seen is not sent."),
    ("pieces_reversed", "MCAST-12", "fail", "The pieces of an iovec are sent in reverse order."),
    ("pieces_beyond_32_lost", "MCAST-12", "fail", "Of an iovec only the first 32 pieces are sent."),
    ("message_scribbled_over", "MCAST-12", "crash", "The first byte of each piece is set to zero after it was sent."),
    ("last_byte_of_full_piece_lost", "PART-08", "fail", "A message one byte larger than fits in one piece loses its last byte."),
    ("failed_fragment_reported_as_ok", "PART-07", "fail", "A large message answers CS_OK whatever became of it."),
    ("busy_transport_reported_as_ok", "PART-06", "fail", "A large message that the transport would not take answers CS_OK."),
    ("fragments_of_senders_mixed", "PART-03", "fail", "A large message begins like the last one of another sender."),
    ("max_atomic_size_changes", "MAX-01", "fail", "cpg_max_atomic_msgsize_get answers less at each call."),
    ("zero_copy_bad_handle_crashes", "ZCB-03", "crash", "cpg_zcb_alloc with a bad handle dies of SIGSEGV."),
    ("zero_copy_too_long_reported_as_sent", "ZCB-04", "fail", "A zero copy message that is too long answers CS_OK and is not sent."),

    # The service's answers, want of resources, threads: service_faults.cc.
    ("error_codes_flattened", "ERR-01", "fail", "Every error of join, leave and local_get becomes CS_ERR_LIBRARY."),
    ("join_tries_again_for_ever", "ERR-04", "fail", "After the first TRY_AGAIN of a connection's join all its others are answered so."),
    ("query_spins", "ERR-03", "fail", "cpg_local_get waits for its answer in a busy loop."),
    ("lost_for_ever_once_dead", "ERR-07", "fail", "Once the service has died initialize answers CS_ERR_LIBRARY for ever."),
    ("iteration_hides_death", "ITER-06", "fail", "An iteration step answers CS_OK when the service has died."),
    ("iteration_repeats_its_first", "ITER-04", "fail", "The first item of an iteration comes twice."),
    ("leave_names_nothing", "WIRE-01", "fail", "The leave request carries an empty name."),
    ("aborts_without_memory", "RES-01", "fail", "cpg_local_get aborts when its malloc fails."),
    ("aborts_without_descriptor", "RES-02", "fail", "An initialize aborts when it gets no descriptor."),
    ("aborts_without_shared_memory", "RES-03", "fail", "An initialize aborts when shared memory is full."),
    ("failed_initialize_leaves_descriptor", "RES-04", "fail", "An initialize that fails leaves a descriptor open."),
    ("needs_nine_megabytes_of_stack", "DISPATCH-13", "fail", "A dispatch uses nine megabytes of stack."),
    ("connections_share_one_lock", "THR-02", "fail", "A dispatch or multicast waits for those of all other connections."),
    ("finalize_waits_for_dispatcher", "THR-03", "fail", "A finalize waits until another thread's dispatch on that handle returns."),
    ("crashes_in_forked_child", "FORK-01", "fail", "A call in a forked child on its parent's handle dies of SIGSEGV."),
    ("signal_makes_handle_bad", "SIG-01", "fail", "A join or local_get that a signal meets answers BAD_HANDLE."),

    # What corosync 3.1.7 does well beside a promise that it breaks.
    ("unknown_event_crashes", "DISPATCH-10", "crash", "A dispatch of an event of an unknown kind dies of SIGSEGV."),
    ("dispatch_in_forked_child_crashes", "DISPATCH-17", "fail", "A dispatch in a forked child on its parent's handle dies of SIGSEGV."),
    ("failed_initialize_gives_usable_handle", "INIT-07", "fail", "The handle of a failed initialize can be dispatched and finalized."),
    ("finalize_beside_dispatch_crashes", "FIN-07", "crash", "A finalize beside a dispatch in another thread dies of SIGSEGV."),
    ("leave_of_empty_name_does_nothing", "JOIN-06", "fail", "A leave of the group with the empty name answers CS_OK and leaves nothing."),
    ("rejoin_answered_with_too_big", "JOIN-08", "fail", "A second join on a handle that has left answers TOO_BIG."),
    ("group_left_once_refused", "JOIN-11", "fail", "After a leave the process is refused every join."),
    ("leave_of_long_name_does_nothing", "LEAVE-03", "fail", "A leave with a name that is too long answers CS_OK and leaves nothing."),
    ("own_message_after_leave", "LEAVE-04", "fail", "A message sent after the own leave change is delivered to its sender, inside the call."),
    ("ring_without_members", "TOTEM-03", "fail", "The totem callback is given no members."),
    ("sixty_three_pieces_crash", "MCAST-09", "crash", "A message in 63 pieces dies of SIGSEGV."),
    ("membership_writes_one_more", "MEMB-02", "fail", "cpg_membership_get writes one entry more than there are members."),
]

# Requirements that no fault here or in reference/mutant_table.bzl breaks, and
# why.
WITHOUT_FAULT = [
    (requirement, "Decided by campaigns, for which //fuzz/benchmark:ground_truth plants broken decoders.")
    for requirement in [
        "WIRE-CONFORMANT",
        "WIRE-CONSISTENT",
        "WIRE-HOSTILE",
        "WIRE-MEMORY",
        "WIRE-REQUESTS",
        "WIRE-CALLS",
    ]
]
