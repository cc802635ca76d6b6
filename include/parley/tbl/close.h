/* Every reason for which a connection ends: X(NAME, WebSocket close code, "label"). Code 0: nothing is sent,
 * or (HTTP) the response said it. Each end of a connection is logged and counted under its label. */
X(CLIENT, 1000, "client")                   /* the peer closed in good order */
X(EOF, 0, "eof")                            /* the peer went without a close frame */
X(IO_ERROR, 0, "io_error")                  /* the kernel reported an error on the socket */
X(GOING_AWAY, 1001, "going_away")           /* this server stops, or moves its clients away */
X(WS_PROTOCOL, 1002, "ws_protocol")         /* broken WebSocket framing */
X(WS_BINARY, 1003, "ws_binary")             /* a binary frame */
X(WS_UTF8, 1007, "ws_utf8")                 /* text that is not UTF-8 */
X(NO_MEMORY, 1011, "no_memory")             /* memory was refused, by the system or by a limit */
X(NOT_JSON, 4400, "not_json")               /* not one JSON object, duplicate members, too deep */
X(HELLO_FIRST, 4401, "hello_first")         /* another operation before hello */
X(HELLO_TIMEOUT, 4401, "hello_timeout")     /* no hello within 10 s */
X(BAD_TOKEN, 4401, "bad_token")             /* hello with a token that nobody has */
X(SIGNED_OUT, 4401, "signed_out")           /* the token was revoked: logout, or the device was removed */
X(DISABLED, 4403, "disabled")               /* the account was disabled or deleted */
X(TOO_SLOW, 4408, "too_slow")               /* the peer does not read what is queued for it */
X(REPLACED, 4409, "replaced")               /* a newer connection of the same device */
X(FRAME_TOO_LARGE, 4413, "frame_too_large") /* a message over limits.frame_bytes */
X(TOO_MANY, 4429, "too_many_requests")      /* over limits.ops_per_second, or too many unanswered */
X(SILENT, 0, "silent")                      /* nothing heard for heartbeat.dead_ms */
X(CLOSE_TIMEOUT, 0, "close_timeout")        /* the peer did not finish a close in time */
X(HTTP_DONE, 0, "http_done")                /* a plain HTTP connection that was answered and is not kept */
X(HTTP_IDLE, 0, "http_idle")                /* kept, and then not used in time */
X(HTTP_BAD, 0, "http_bad")                  /* not HTTP/1.1, or a form of it that is refused */
X(HTTP_TOO_LARGE, 0, "http_too_large")      /* headers or body over their limits */
X(HTTP_TIMEOUT, 0, "http_timeout")          /* headers or body came too slowly */
X(CONN_LIMIT, 0, "connection_limit")        /* over limits.connections */
