"""The planted faults: (name, requirement it breaks, what it does).

Each is a libcpg that is faithful but for this one sentence. The class of the
fault, in layer/*_faults.cc, is its name in CamelCase.
"""

FAULTS = [
    # What cpg_dispatch runs and answers: layer/dispatch_faults.cc.
    ("one_returns_without_callback", "DISPATCH-02", "ONE returns CS_OK at once when nothing is pending."),
    ("all_tries_again_when_idle", "DISPATCH-03", "ALL answers TRY_AGAIN when nothing is pending."),
    ("all_stops_after_first", "DISPATCH-03", "ALL dispatches one event and leaves the others waiting."),
    ("all_blocks_when_idle", "DISPATCH-03", "ALL waits for an event when nothing is pending."),
    ("blocking_returns_after_one", "DISPATCH-04", "BLOCKING returns CS_OK after its first event."),
    ("one_nonblocking_ok_when_idle", "DISPATCH-05", "ONE_NONBLOCKING answers CS_OK when nothing is pending."),
    ("one_nonblocking_runs_two", "DISPATCH-05", "ONE_NONBLOCKING dispatches two events if two are waiting."),
    ("one_nonblocking_blocks_when_idle", "DISPATCH-05", "ONE_NONBLOCKING waits for an event when nothing is pending."),
    ("invalid_type_ok", "DISPATCH-06", "A dispatch type that does not exist answers CS_OK and does nothing."),
    ("unjoined_blocking_returns", "DISPATCH-11", "BLOCKING on a handle that never joined returns instead of waiting."),
    ("runs_other_connections_callbacks", "DISPATCH-15", "A dispatch first runs all that waits on the process's other connections."),
    ("error_consumes_event", "ERR-06", "A dispatch type that does not exist answers INVALID_PARAM and consumes an event."),

    # How it waits, and what it makes of signals and death: waiting_faults.cc.
    ("not_woken_by_event", "DISPATCH-02", "ONE that went to sleep is not woken by an event, only by the service's death."),
    ("signal_ends_blocking_with_ok", "DISPATCH-07", "A signal ends a waiting ONE or BLOCKING with CS_OK."),
    ("death_reported_as_ok", "DISPATCH-09", "Every dispatch answers CS_OK, instead of LIBRARY, when the service has died."),
    ("death_ignored_blocks", "DISPATCH-09", "ONE and BLOCKING sleep for ever when the service has died."),
    ("one_spins", "DISPATCH-16", "ONE waits in a busy loop."),
    ("one_polls_50_ms", "DISPATCH-16", "ONE waits by looking every 50 ms."),
    ("callers_wait_for_dispatcher", "THR-01", "A multicast waits until another thread's dispatch on that handle returns."),

    # Order, and what a finalize stops: order_faults.cc.
    ("swaps_two_events", "ORD-03", "The first two messages that wait one behind the other are delivered in swapped order."),
    ("totem_before_configuration_change", "TOTEM-01", "A totem change overtakes the configuration change before it."),
    ("dispatch_continues_after_finalize_in_callback", "FIN-06", "ALL and BLOCKING still run what was waiting after a callback finalized the handle."),

    # What the deliver callback is given: message_faults.cc.
    ("loses_one_event", "MCAST-01", "The second message of each connection is not delivered."),
    ("doubles_one_event", "MCAST-01", "The second message of each connection is delivered twice."),
    ("alters_a_message", "MCAST-01", "One bit in the middle of a connection's second message, or of a first that was sent in fragments, is flipped."),
    ("message_from_wrong_sender", "MCAST-01", "The deliver callback is given the sender's process id plus one."),
    ("empty_message_lost", "MCAST-05", "Empty messages are not delivered."),
    ("message_misaligned", "DISPATCH-12", "Messages are delivered one byte off their alignment."),
    ("message_during_leave_lost", "LEAVE-05", "Messages dispatched between cpg_leave and the own leave change are not delivered."),
    ("truncates_fragmented_message", "PART-01", "A message that was sent in fragments is delivered 1000 bytes short."),

    # What the other callbacks are given: membership_faults.cc.
    ("join_change_lost", "JOIN-01", "The own join change is not delivered."),
    ("join_change_wrong_reason", "CONF-01", "A joined process is announced with reason NODEUP."),
    ("left_list_as_joined", "CONF-01", "The left and the joined list change places."),
    ("member_list_without_self", "CONF-02", "The member list lacks the process that receives it."),
    ("departed_member_listed", "CONF-02", "The member list still has the processes that left."),
    ("crash_reported_as_leave", "CONF-05", "A crashed process is announced with reason LEAVE."),
    ("leave_change_lost", "LEAVE-01", "The own leave change is not delivered."),
    ("totem_callback_lost", "TOTEM-02", "The first totem change that flag 0x01 asked for is not delivered."),

    # What a handle names, and its end: handle_faults.cc.
    ("finalized_handle_accepted", "HND-01", "A dispatch on a finalized handle answers CS_OK."),
    ("reused_slot_accepted", "HND-02", "A finalized handle stands for the newest connection that was made since."),
    ("wrong_handle_in_callbacks", "DISPATCH-15", "Callbacks are given the handle of another live connection, if there is one."),
    ("second_connection_refused", "INIT-01", "A process can hold one connection; a second is refused with NO_RESOURCES."),
    ("unknown_model_accepted", "INIT-02", "A model that does not exist is taken for model 1."),
    ("unknown_flags_accepted", "INIT-03", "Flags that do not exist are ignored instead of refused."),
    ("null_callbacks_refused", "INIT-04", "An initialize without callbacks or model data answers INVALID_PARAM."),
    ("second_finalize_ok", "FIN-01", "A finalize of a finalized handle answers CS_OK."),
    ("finalize_leaves_first", "FIN-04", "A finalize without leave announces LEAVE instead of PROCDOWN."),
    ("finalize_in_callback_crashes", "FIN-05", "A finalize inside a callback of that handle dies of SIGSEGV."),

    # Calls that tell or ask the service something: call_faults.cc.
    ("second_join_accepted", "JOIN-02", "A join on a joined handle answers CS_OK and joins nothing."),
    ("long_name_cut", "JOIN-05", "A join with a name longer than 128 bytes joins its first 128."),
    ("longest_name_refused", "JOIN-05", "A join with a name of exactly 128 bytes answers NAME_TOO_LONG."),
    ("leave_of_stranger_accepted", "LEAVE-02", "A leave by a handle that is no member answers CS_OK."),
    ("refused_message_sent", "MCAST-07", "A connection's second message is sent although the call answers TRY_AGAIN."),
    ("interrupted_send_reported_as_ok", "PART-02", "A send in fragments that a change interrupted answers CS_OK."),
    ("max_atomic_size_wrong", "PART-08", "cpg_max_atomic_msgsize_get answers 1024 more than fits."),
    ("zero_copy_message_lost", "ZCB-01", "A zero copy multicast answers CS_OK and sends nothing."),
    ("calls_in_callback_refused", "DISPATCH-14", "A multicast or local_get inside a callback of that handle answers BUSY."),
    ("descriptor_never_readable", "FD-01", "The descriptor of cpg_fd_get never becomes readable."),
    ("death_hidden_in_queries", "ERR-02", "Membership_get and local_get answer CS_OK when the service has died."),
    ("membership_of_unknown_group_fails", "MEMB-01", "The membership of a group without members answers NOT_EXIST."),
    ("membership_into_nothing_ok", "MEMB-03", "A membership_get without a place for the answer answers CS_OK."),
    ("membership_without_self", "MEMB-04", "The membership lacks the process that asks."),
    ("local_id_wrong", "LOCAL-01", "cpg_local_get answers the node id plus one."),
    ("context_forgotten", "CTX-01", "cpg_context_get always gives NULL."),
    ("flow_control_enabled", "FLOW-01", "Flow control is always reported as enabled."),
    ("iteration_without_group_accepted", "ITER-01", "An iteration over one group that names none runs over all."),
    ("iteration_names_members", "ITER-02", "An iteration over names gives every member with its process id."),
    ("iteration_ends_with_ok", "ITER-03", "An iteration at its end answers CS_OK for ever."),
    ("iteration_into_nothing_ok", "ITER-05", "An iteration step without a place for the answer answers CS_OK."),
]
