/* Every configuration key, once: the struct, the parser, the example file and the help come from here.
 *   SECTION(field, "name", "doc")  …  END_SECTION(field)
 *   INT(field, section, key, default, min, max, reload, "doc")
 *   BOOL(field, section, key, default, reload, "doc")
 *   STR(field, section, key, "default", max bytes, "doc")
 *   WORD(field, section, key, "default", "word\0word\0…", reload, "doc")
 * reload: YES when SIGHUP takes a new value over while running. The unit is in the key's name or its doc. A
 * STR or WORD whose default is "" and whose doc says what that means is filled in by par_config_load. */
#ifndef SECTION
#define SECTION(field, name, doc)
#endif
#ifndef END_SECTION
#define END_SECTION(field)
#endif
#ifndef INT
#define INT(field, section, key, def, min, max, reload, doc)
#endif
#ifndef BOOL
#define BOOL(field, section, key, def, reload, doc)
#endif
#ifndef STR
#define STR(field, section, key, def, max, doc)
#endif
#ifndef WORD
#define WORD(field, section, key, def, words, reload, doc)
#endif

SECTION(server, "server", "The process, and how clients reach it.")
STR(server, "server", listen, "127.0.0.1:8080", 64, "Address and port for clients (port 0: any free one).")
STR(server, "server", data, "data", 4000, "Folder of everything that this server keeps; --data sets it.")
STR(server, "server", id, "parley-1", 32, "Name of this server among several: letters, digits, - and _.")
INT(server, "server", threads, 0, 0, 64, NO, "Reactor threads; 0: one for each core.")
INT(server, "server", workers, 2, 1, 64, NO, "Threads for reads that wait for the disk.")
INT(server, "server", workers_queue, 4096, 16, 1048576, NO, "Reads that may wait for a worker thread.")
INT(server, "server", drain_ms, 10000, 0, 3600000, YES, "Time that SIGTERM gives clients to move away.")
WORD(server, "server", registration, "", "open\0invite\0off\0", YES,
     "Who may register: open, invite or off. Empty: open when listening on loopback only, else invite.")
STR(server, "server", admin_socket, "", 107, "Socket of `parley admin`. Empty: admin.sock in the data folder.")
STR(server, "server", trusted_peers, "127.0.0.0/8,::1/128", 1000,
    "Networks of proxies whose X-Forwarded-For is believed, with commas between.")
STR(server, "server", oldest_clients, "", 1000,
    "Oldest versions that may connect, as NAME/VERSION with commas between (web/1.2). Empty: any.")
BOOL(server, "server", deflate, true, NO, "Compress WebSocket messages when the client offers it.")
END_SECTION(server)

SECTION(log, "log", "What is written to standard error.")
WORD(log, "log", level, "info", "error\0warn\0info\0debug\0", YES, "Least important lines shown: error, warn, info or debug.")
WORD(log, "log", format, "text", "text\0json\0", NO, "text (key=value) or json.")
END_SECTION(log)

SECTION(metrics, "metrics", "Figures for Prometheus.")
STR(metrics, "metrics", listen, "", 64, "Address and port of their own for /metrics. Empty: with the clients.")
END_SECTION(metrics)

SECTION(web, "web", "The web page.")
BOOL(web, "web", enabled, true, NO, "Serve the web page at all.")
END_SECTION(web)

SECTION(tls, "tls", "Encryption by the server itself: not in this version, which refuses to start with these set.")
STR(tls, "tls", cert, "", 4000, "File of the certificate chain (PEM). Empty: no TLS.")
STR(tls, "tls", key, "", 4000, "File of its private key (PEM).")
END_SECTION(tls)

SECTION(auth, "auth", "Accounts and sign-in.")
INT(auth, "auth", threads, 1, 1, 16, NO, "Threads that check passwords.")
INT(auth, "auth", queue, 256, 1, 65536, NO, "Logins and registrations that may wait for one.")
INT(auth, "auth", argon2_mem_kib, 19456, 8, 4194304, NO, "Memory of one password check, in KiB.")
INT(auth, "auth", argon2_ops, 2, 1, 100, NO, "Passes over that memory.")
END_SECTION(auth)

SECTION(heartbeat, "heartbeat", "Finding dead connections.")
INT(heartbeat, "heartbeat", ping_ms, 25000, 100, 3600000, NO, "Silence after which a connection is pinged.")
INT(heartbeat, "heartbeat", dead_ms, 30000, 200, 7200000, NO, "Silence after which it is dead; more than ping_ms.")
INT(heartbeat, "heartbeat", hello_ms, 10000, 100, 600000, NO, "Time for the first hello.")
INT(heartbeat, "heartbeat", close_ms, 5000, 10, 600000, NO, "Time for a close frame to leave.")
INT(heartbeat, "heartbeat", http_ms, 15000, 100, 600000, NO, "Time for the headers and body of a request.")
INT(heartbeat, "heartbeat", http_idle_ms, 30000, 100, 3600000, NO, "Time that an unused HTTP connection is kept.")
END_SECTION(heartbeat)

SECTION(limits, "limits", "Limits; 0 switches a rate, and a limit by address, off.")
INT(limits, "limits", text_code_points, 8000, 1, 1000000, YES, "Length of a text.")
INT(limits, "limits", text_bytes, 32768, 1, 1000000, YES, "Bytes of a text.")
INT(limits, "limits", frame_bytes, 65536, 1024, 1048576, NO, "Bytes of a client's message on a WebSocket.")
INT(limits, "limits", group_members, 500, 2, 100000, YES, "Members of a group.")
INT(limits, "limits", sends_per_second, 20, 0, 1000000, YES, "New entries of a user, sustained; 0: no limit.")
INT(limits, "limits", sends_burst, 100, 0, 1000000, YES, "New entries of a user at once; 0: no limit.")
INT(limits, "limits", ops_per_second, 1000, 0, 10000000, YES, "Requests on a connection; 0: no limit.")
INT(limits, "limits", devices, 10, 1, 1000, YES, "Devices of a user; the oldest unused makes room.")
INT(limits, "limits", history_page, 200, 1, 10000, YES, "Entries on a page of history.")
INT(limits, "limits", presence_ids, 500, 1, 10000, YES, "Users asked about or watched at once.")
INT(limits, "limits", name_code_points, 64, 1, 1000, YES, "Length of a display name or a group's name.")
INT(limits, "limits", json_depth, 16, 2, 64, NO, "Depth of a JSON object.")
INT(limits, "limits", logins_per_minute, 20, 0, 1000000, YES, "Failed logins from one address (of IPv6: one network, /64), and for one name.")
INT(limits, "limits", registrations_per_minute, 5, 0, 1000000, YES, "Registrations from one address (of IPv6: one network, /64).")
INT(limits, "limits", connections, 1000000, 1, 16000000, NO, "Connections in all.")
INT(limits, "limits", inflight, 256, 1, 65536, YES, "Unanswered requests on a connection before it is not read.")
INT(limits, "limits", output_bytes, 4194304, 65536, 1073741824, YES, "Bytes queued for a connection before it is closed (4408).")
INT(limits, "limits", header_bytes, 16384, 1024, 1048576, NO, "Bytes of a request's line and headers.")
INT(limits, "limits", body_bytes, 65536, 1024, 16777216, NO, "Bytes of a request's body.")
INT(limits, "limits", poll_sessions, 100000, 0, 16000000, NO, "Long-poll sessions in all.")
INT(limits, "limits", poll_bytes, 1048576, 65536, 1073741824, NO, "Bytes kept for a long-poll session before it is gone.")
INT(limits, "limits", poll_wait_ms, 30000, 100, 600000, NO, "Longest time that a poll is held.")
INT(limits, "limits", poll_idle_ms, 60000, 1000, 3600000, NO, "Time without a poll after which its session is gone.")
INT(limits, "limits", page_bytes, 1048576, 65536, 16777216, NO, "Bytes of one answer; a page ends early rather than pass it.")
END_SECTION(limits)

SECTION(presence, "presence", "Who is on line.")
WORD(presence, "presence", driver, "local", "local\0redis\0fail\0", NO, "local, redis or fail.")
INT(presence, "presence", offline_delay_ms, 5000, 0, 600000, YES, "Time before the others are told that a user went off.")
INT(presence, "presence", lease_ms, 45000, 1000, 3600000, NO, "Of many servers: time after which users of a dead one are off line.")
INT(presence, "presence", check_ms, 15000, 100, 600000, YES, "Of many servers: time after which a watched user is looked at again.")
INT(presence, "presence", poll_ms, 30000, 100, 600000, YES, "Time that a user counts as on line after a poll.")
END_SECTION(presence)

SECTION(queue, "queue", "The way of commands to the writer.")
WORD(queue, "queue", driver, "local", "local\0kafka\0fail\0", NO, "local, kafka or fail.")
INT(queue, "queue", commands_limit, 65536, 16, 16777216, NO, "Commands that wait before sends are answered `overloaded`.")
INT(queue, "queue", commands_bytes, 134217728, 1048576, 17179869184, NO, "Bytes of them.")
INT(queue, "queue", answer_ms, 15000, 100, 600000, YES, "Time for the writer's answer before a request is answered `unavailable`.")
INT(queue, "queue", aside_ms, 5000, 100, 600000, NO, "Of many servers: silence of the store or the routes after which one lets others that reach them have its partitions.")
INT(queue, "queue", batch, 1024, 1, 65536, NO, "Commands that the writer takes as one batch.")
END_SECTION(queue)

SECTION(queue_kafka, "queue.kafka", "Kafka. Any other key of this section is a property of librdkafka.")
STR(queue_kafka, "queue.kafka", servers, "127.0.0.1:9092", 1000, "The first brokers to ask: host:port, with commas between.")
STR(queue_kafka, "queue.kafka", prefix, "parley", 31, "What the names of all topics begin with.")
INT(queue_kafka, "queue.kafka", partitions, 16, 1, 4096, NO, "Partitions of the topic of commands that `store init` makes.")
INT(queue_kafka, "queue.kafka", generation, 1, 1, 65535, NO, "Generation of the topic of commands.")
STR(queue_kafka, "queue.kafka", properties, "", 8000, "Lines of name=value; what any other key of this section adds to.")
END_SECTION(queue_kafka)

SECTION(store, "store", "Where entries are kept.")
WORD(store, "store", driver, "rocksdb", "rocksdb\0hbase\0memory\0fail\0", NO, "rocksdb, hbase, memory (nothing survives) or fail.")
STR(store, "store", path, "", 4000, "Folder of RocksDB. Empty: store in the data folder.")
BOOL(store, "store", sync, true, NO, "Wait for the disk before a send is answered. Off: a power cut loses messages.")
INT(store, "store", cache_mb, 64, 1, 1048576, NO, "Memory for blocks read from disk.")
INT(store, "store", write_buffer_mb, 48, 1, 65536, NO, "Memory for rows not yet in a table file, in all.")
INT(store, "store", reserve_mb, 64, 0, 1048576, YES, "Free disk space below which sends are refused.")
INT(store, "store", move_notes_mb, 1024, 1, 1048576, NO, "Of `store migrate`: changes that are kept for the other store; with more it begins anew.")
INT(store, "store", open_files, 512, 16, 1048576, NO, "Table files kept open.")
INT(store, "store", background_threads, 2, 1, 64, NO, "Threads for compaction.")
STR(store, "store", fail, "", 1000, "For the driver fail: which calls fail, and how.")
END_SECTION(store)

SECTION(store_hbase, "store.hbase", "HBase, through Thrift2 gateways (compact protocol, not framed).")
STR(store_hbase, "store.hbase", gateways, "127.0.0.1:9090", 1000, "Gateways as host:port, with commas between.")
STR(store_hbase, "store.hbase", space, "parley", 31, "HBase's namespace for the tables.")
INT(store_hbase, "store.hbase", connections, 16, 1, 256, NO, "Connections to the gateways, in all.")
INT(store_hbase, "store.hbase", regions, 16, 1, 4096, NO, "Regions of a table that `store init` makes.")
END_SECTION(store_hbase)

SECTION(search, "search", "Search over messages.")
BOOL(search, "search", enabled, true, NO, "Search, and the index for it. Switched on again, the index catches up.")
INT(search, "search", threads, 1, 1, 64, NO, "Threads that search.")
INT(search, "search", queue, 256, 1, 65536, NO, "Searches that may wait for one.")
INT(search, "search", budget, 8192, 256, 1048576, YES, "Entries and rows of the index that one search may read before it hands out a cursor.")
END_SECTION(search)

SECTION(cache, "cache", "Newest entries in memory.")
WORD(cache, "cache", driver, "local", "local\0redis\0fail\0", NO, "local, redis or fail.")
INT(cache, "cache", bytes, 67108864, 0, 1099511627776, NO, "Memory for the newest entries of active conversations; 0: none.")
INT(cache, "cache", state_bytes, 134217728, 1048576, 1099511627776, NO,
    "Memory for what the writer remembers of active conversations.")
END_SECTION(cache)

SECTION(route, "route", "Which server holds which user.")
WORD(route, "route", driver, "local", "local\0redis\0fail\0", NO, "local, redis or fail.")
INT(route, "route", lease_ms, 45000, 1000, 3600000, NO, "Of a table of many servers: time after which a route ends that is not renewed.")
INT(route, "route", dead_ms, 5000, 100, 600000, NO, "Of a table of many servers: silence after which another server stands in for one.")
END_SECTION(route)

SECTION(redis, "redis", "Redis, for the drivers of that name: routes, presence, cache.")
STR(redis, "redis", address, "127.0.0.1:6379", 200, "host:port of the one server; not used with sentinels.")
STR(redis, "redis", sentinels, "", 1000, "Sentinels as host:port, with commas between. Empty: there are none.")
STR(redis, "redis", group, "parley", 64, "Name under which the sentinels know the primary.")
STR(redis, "redis", user, "", 200, "Empty: the default user.")
STR(redis, "redis", password, "", 1000, "Empty: none.")
INT(redis, "redis", timeout_ms, 1000, 10, 60000, NO, "Time for connecting, and for each reply.")
INT(redis, "redis", connections, 8, 1, 64, NO, "Connections of each of the three drivers.")
END_SECTION(redis)

SECTION(push_apns, "push.apns", "Apple. (This version records these tokens; it sends to browsers only.)")
STR(push_apns, "push.apns", url, "https://api.push.apple.com", 1000, "The service.")
STR(push_apns, "push.apns", key, "", 4000, "File of the signing key (.p8). Empty: no pushes to Apple.")
STR(push_apns, "push.apns", key_id, "", 64, "Id of the key.")
STR(push_apns, "push.apns", team_id, "", 64, "Id of the team.")
STR(push_apns, "push.apns", topic, "", 200, "Bundle id of the app.")
END_SECTION(push_apns)

SECTION(push_fcm, "push.fcm", "Google. (As for Apple.)")
STR(push_fcm, "push.fcm", url, "https://fcm.googleapis.com", 1000, "The service.")
STR(push_fcm, "push.fcm", account, "", 4000, "File of the service account (JSON). Empty: no pushes to Google.")
STR(push_fcm, "push.fcm", token_url, "", 1000, "Where access tokens come from. Empty: as the account says.")
END_SECTION(push_fcm)

SECTION(push_webpush, "push.webpush", "Browsers.")
BOOL(push_webpush, "push.webpush", enabled, true, NO, "Web Push with a key made by this server.")
STR(push_webpush, "push.webpush", key, "", 4000,
    "File of the VAPID key (PEM). Empty: made once, as vapid.pem in the data folder; of servers that share a store, in that.")
STR(push_webpush, "push.webpush", subject, "mailto:admin@localhost", 1000,
    "Whom a push service can write to, mailto: or https:. Apple refuses addresses that are none.")
STR(push_webpush, "push.webpush", url, "", 1000,
    "Where the page is served, without a slash at the end, for browsers that show a push without it. Empty: not told.")
STR(push_webpush, "push.webpush", ca, "", 4000, "File of the certificates to trust (PEM). Empty: those of the system.")
BOOL(push_webpush, "push.webpush", private_addresses, false, NO,
     "Also push services on private addresses and on this machine, which anybody could name.")
INT(push_webpush, "push.webpush", ttl_s, 259200, 60, 2419200, NO,
    "Life of a push: how long a service keeps it for a device, and how long a service is tried that fails.")
INT(push_webpush, "push.webpush", gap_ms, 1000, 0, 60000, NO,
    "Time between two pushes of a conversation to a device; the newest of those in between is sent then.")
INT(push_webpush, "push.webpush", queue, 10000, 16, 1000000, NO, "Jobs that wait, or are being sent.")
INT(push_webpush, "push.webpush", in_flight, 64, 1, 1000, NO, "Requests to push services at the same time.")
INT(push_webpush, "push.webpush", timeout_ms, 20000, 100, 120000, NO, "Time for a request to a push service.")
INT(push_webpush, "push.webpush", retry_ms, 1000, 10, 60000, NO,
    "First pause before a service that failed is tried again; it doubles, up to a quarter of an hour.")
END_SECTION(push_webpush)

#undef SECTION
#undef END_SECTION
#undef INT
#undef BOOL
#undef STR
#undef WORD
