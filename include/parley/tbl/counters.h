/* Everything that is measured, in one list. An includer defines what it needs of
 *   COUNTER(NAME, "metric", LABEL 1, LABEL 2, "help")         only grows
 *   HISTOGRAM(NAME, "metric", unit, LABEL 1, "help")           unit SECONDS (recorded in ns) or COUNT
 *   SAMPLED(NAME, "metric", "gauge" or "counter", "label key" or NULL, "help")
 *                                                              set, or asked of its owner on each scrape
 * The sets of labels (NONE, CLOSE, OP …) are those of base/stats.h. */
#ifndef COUNTER
#define COUNTER(name, metric, label1, label2, help)
#endif
#ifndef HISTOGRAM
#define HISTOGRAM(name, metric, unit, label1, help)
#endif
#ifndef SAMPLED
#define SAMPLED(name, metric, type, label_key, help)
#endif

/* Connections */
COUNTER(CONN_ACCEPTED, "parley_connections_accepted_total", NONE, NONE, "Connections accepted.")
COUNTER(CONN_CLOSED, "parley_connections_closed_total", CLOSE, NONE, "Connections ended, by reason.")
COUNTER(ACCEPT_PAUSED, "parley_accept_pauses_total", NONE, NONE,
        "Times that accepting paused because file descriptors or memory ran out.")
COUNTER(WS_UPGRADES, "parley_websocket_upgrades_total", NONE, NONE,
        "HTTP connections that became WebSockets.")
COUNTER(FRAMES_IN, "parley_frames_received_total", NONE, NONE, "Messages received on WebSockets.")
COUNTER(FRAMES_OUT, "parley_frames_sent_total", NONE, NONE, "Messages sent on WebSockets.")
COUNTER(PINGS, "parley_pings_sent_total", NONE, NONE, "WebSocket pings sent.")
COUNTER(HTTP_REQUESTS, "parley_http_requests_total", HTTP, NONE,
        "HTTP requests answered, by class of status.")
COUNTER(POLLS, "parley_polls_total", POLL, NONE, "Long polls, by how they ended.")
SAMPLED(BYTES_IN, "parley_received_bytes_total", "counter", NULL, "Bytes read from connections.")
SAMPLED(BYTES_OUT, "parley_sent_bytes_total", "counter", NULL, "Bytes written to connections.")
SAMPLED(WRITES, "parley_socket_writes_total", "counter", NULL, "Write calls on connections.")
SAMPLED(CONN_OPEN, "parley_connections_open", "gauge", "kind", "Connections open now, by kind.")
SAMPLED(POLL_SESSIONS, "parley_poll_sessions", "gauge", NULL, "Long-poll sessions alive now.")
SAMPLED(USERS_ONLINE, "parley_users_online", "gauge", NULL, "Users on line now.")
SAMPLED(OUTPUT_BYTES, "parley_output_queued_bytes", "gauge", NULL,
        "Bytes queued for connections that do not read fast enough.")

/* Operations */
COUNTER(OPS, "parley_ops_total", OP, RESULT, "Operations answered, by name and result.")
COUNTER(SENDS, "parley_sends_total", RESULT, NONE, "Entries asked to be written, by result.")
COUNTER(SENDS_DUPLICATE, "parley_sends_duplicate_total", NONE, NONE,
        "Sends answered with what an earlier try had written.")
COUNTER(ACKS, "parley_acks_total", RESULT, NONE, "Requests that move marks, by result.")
COUNTER(LOGINS, "parley_logins_total", RESULT, NONE, "Logins with a password, by result.")
COUNTER(REGISTRATIONS, "parley_registrations_total", RESULT, NONE, "Registrations, by result.")
COUNTER(HELLOS, "parley_hellos_total", RESULT, NONE, "Sign-ins of connections, by result.")
COUNTER(RATE_LIMITED, "parley_rate_limited_total", LIMIT, NONE, "Requests refused by a limit, by limit.")

/* The path of a message */
COUNTER(ENTRIES, "parley_entries_total", NONE, NONE, "Entries written durably.")
COUNTER(MARKS, "parley_marks_total", NONE, NONE, "Marks moved durably.")
COUNTER(EVENTS, "parley_events_total", EVENT, NONE, "Events made, by kind, before fan-out.")
COUNTER(DELIVERIES, "parley_deliveries_total", NONE, NONE,
        "Events handed to connections and poll sessions.")
COUNTER(DELIVERIES_LOST, "parley_deliveries_late_total", NONE, NONE,
        "Events and answers whose connection had gone.")
COUNTER(ANSWERS_LATE, "parley_answers_late_total", NONE, NONE,
        "Requests answered `unavailable` because the writer's answer did not come in time.")
HISTOGRAM(HOP, "parley_hop_seconds", SECONDS, HOP, "Time of a message in each part of its path.")
HISTOGRAM(OP_TIME, "parley_op_seconds", SECONDS, OP, "Time from a request to its answer, by operation.")
HISTOGRAM(WRITER_BATCH, "parley_writer_batch_commands", COUNT, NONE, "Commands in one batch of the writer.")
HISTOGRAM(FANOUT, "parley_fanout_receivers", COUNT, NONE, "Connections that got one event.")
COUNTER(FORWARDS, "parley_forwards_total", NONE, NONE,
        "Deliveries handed on to the server where a user is now.")
COUNTER(TAKEOVERS, "parley_takeovers_total", NONE, NONE, "Dead servers that this one stood in for.")
COUNTER(SERVER_LOST, "parley_server_lost_total", NONE, NONE,
        "Times that this server lost its heartbeat or its routes, and told its clients to sync.")
COUNTER(ASIDES, "parley_asides_total", NONE, NONE,
        "Times that this server left its partitions to others, because it did not reach the store or the routes.")
COUNTER(WRITERS_STOPPED, "parley_writers_stopped_total", NONE, NONE,
        "Writers that stopped by themselves: replaced, halted, or ended with their generation.")
SAMPLED(PARTITIONS, "parley_partitions", "gauge", "state",
        "Partitions that the queue gives to this server: owned in all, written, replaced, halted.")
COUNTER(WRITER_COMMANDS, "parley_writer_commands_total", NONE, NONE, "Commands that the writer has numbered.")
COUNTER(WRITER_HALTS, "parley_writer_halts_total", NONE, NONE,
        "Times that the writer stopped trusting its memory and read its state again.")

/* Queues: every bounded queue registers all four under its own name. */
SAMPLED(QUEUE_DEPTH, "parley_queue_depth", "gauge", "queue", "Items waiting, by queue.")
SAMPLED(QUEUE_LIMIT, "parley_queue_limit", "gauge", "queue", "Items that a queue holds before it refuses.")
SAMPLED(QUEUE_REFUSED, "parley_queue_refused_total", "counter", "queue", "Items refused by a full queue.")
SAMPLED(QUEUE_PASSED, "parley_queue_passed_total", "counter", "queue", "Items that went through a queue.")
COUNTER(QUEUE_PUBLISHED, "parley_queue_published_total", OUTCOME, NONE,
        "Commands given to the queue driver, by outcome.")

/* Store */
COUNTER(STORE_COMMITS, "parley_store_commits_total", OUTCOME, NONE, "Batches committed, by outcome.")
COUNTER(STORE_SYNCS, "parley_store_syncs_total", NONE, NONE, "Commits that waited for the disk.")
COUNTER(STORE_ROWS, "parley_store_rows_written_total", NONE, NONE, "Rows in committed batches.")
COUNTER(STORE_BYTES, "parley_store_written_bytes_total", NONE, NONE, "Bytes in committed batches.")
COUNTER(STORE_ERRORS, "parley_store_errors_total", STORE_OP, NONE, "Calls of the store that failed, by call.")
COUNTER(STORE_REOPENS, "parley_store_reopens_total", NONE, NONE, "Times that the store was closed and reopened.")
HISTOGRAM(STORE_TIME, "parley_store_seconds", SECONDS, STORE_OP, "Time of calls of the store, by call.")
HISTOGRAM(STORE_BATCH, "parley_store_batch_rows", COUNT, NONE, "Rows in one commit.")
SAMPLED(STORE_READY, "parley_store_ready", "gauge", NULL, "1 when the store takes writes.")
SAMPLED(STORE_FREE, "parley_store_free_bytes", "gauge", NULL, "Free space on the disk of the store.")
SAMPLED(STORE_SIZE, "parley_store_size_bytes", "gauge", NULL, "Size of the store on disk.")

/* Search */
COUNTER(SEARCH_ROWS, "parley_search_rows_total", NONE, NONE, "Blocks of entries that the index of search took in.")
COUNTER(SEARCH_BLOCKS, "parley_search_blocks_total", HIT, NONE,
        "Blocks that searches looked at: 1 those whose texts had to be read, 0 those that the index spared.")
COUNTER(SEARCH_CUT, "parley_search_cut_total", NONE, NONE,
        "Searches that ended at their budget, with a cursor to go on from.")
SAMPLED(SEARCH_LAG, "parley_search_lag_commands", "gauge", NULL,
        "Commands between what the writers did and what the index is known to have taken in.")
SAMPLED(SEARCH_SWEEPS, "parley_search_sweeps", "gauge", NULL,
        "Partitions of which the index looks at all conversations that changed.")

/* Cache, routes, presence, push */
COUNTER(CACHE_READS, "parley_cache_reads_total", HIT, NONE, "Look-ups in the cache of newest entries.")
COUNTER(CACHE_EVICTED, "parley_cache_evicted_total", NONE, NONE, "Conversations evicted from the cache.")
COUNTER(ROUTE_CALLS, "parley_route_calls_total", OUTCOME, NONE, "Calls of the routing driver, by outcome.")
COUNTER(PRESENCE_CHANGES, "parley_presence_changes_total", PRESENCE, NONE,
        "Users that came on line or went off.")
COUNTER(PRESENCE_EVENTS, "parley_presence_events_total", NONE, NONE, "Presence events sent to watchers.")
COUNTER(PUSH_JOBS, "parley_push_jobs_total", PUSH, NONE, "Push jobs, by what became of them.")
COUNTER(PUSH_POSTS, "parley_push_posts_total", POST, NONE, "Requests to push services, by how they ended.")
COUNTER(PUSH_LEDGER, "parley_push_ledger_rows_total", OUTCOME, NONE,
        "Rows of the ledger of pushes given to the store, by outcome.")
HISTOGRAM(DRIVER_TIME, "parley_driver_seconds", SECONDS, FAMILY, "Time of calls of drivers other than the store.")
COUNTER(REDIS_SILENCES, "parley_redis_silences_total", FAMILY, NONE,
        "Times that a call waited for Redis in vain, so that from then on calls failed at once.")
COUNTER(REDIS_REFUSED, "parley_redis_refused_total", FAMILY, NONE,
        "Calls of Redis not made: it did not answer lately, or no connection was free in time.")
SAMPLED(REDIS_SILENT, "parley_redis_silent", "gauge", "family",
        "1 while calls of Redis fail at once, all but one at a time that looks whether it answers.")
COUNTER(DRIVER_ERRORS, "parley_driver_errors_total", FAMILY, NONE, "Calls of drivers that failed.")

/* Threads and memory */
SAMPLED(LOOP_TURNS, "parley_loop_turns_total", "counter", NULL, "Turns of all reactors.")
SAMPLED(LOOP_WAKES, "parley_loop_wakes_total", "counter", NULL, "Wake-ups of reactors by other threads.")
SAMPLED(POOL_BYTES, "parley_pool_bytes", "gauge", "pool", "Memory held, by pool.")
SAMPLED(POOL_ITEMS, "parley_pool_items", "gauge", "pool", "Items in use, by pool.")
SAMPLED(POOL_LIMIT, "parley_pool_limit_bytes", "gauge", "pool", "Memory that a pool may hold, by pool.")

/* The program */
COUNTER(LOG_LINES, "parley_log_lines_total", LEVEL, NONE, "Log lines, by level.")
COUNTER(LOG_SUPPRESSED, "parley_log_suppressed_total", NONE, NONE, "Log lines left out by the rate limit.")
COUNTER(UNEXPECTED, "parley_unexpected_total", NONE, NONE, "Things that should not happen and did.")
SAMPLED(DRAINING, "parley_draining", "gauge", NULL, "1 while this server moves its clients away.")
SAMPLED(BUILD_INFO, "parley_build_info", "gauge", "version", "1, with the version of the program.")

#undef COUNTER
#undef HISTOGRAM
#undef SAMPLED
