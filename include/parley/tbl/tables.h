/* The store's tables (DESIGN.md 4): X(NAME, "name", prefix, size).
 * name: column family or table; never changed. prefix: the bytes of a key that a scan stays within (0: scans
 * cross everything). size: how much is written to it, HOT with each message, WARM with each change of a
 * user or group, COLD rarely. Keys are built by src/store/key.h. */
X(ENTRIES, "entries", 19, HOT)             /* hash2 conv ~seq -> entry */
X(CMIDS, "cmids", 19, HOT)                 /* hash2 conv sender cmid -> cmid */
X(CONVERSATIONS, "conversations", 19, HOT) /* hash2 conv -> conversation */
X(MARKS, "marks", 19, HOT)                 /* hash2 conv user -> mark */
X(ROSTERS, "rosters", 19, WARM)            /* hash2 conv -> roster */
X(CHECKPOINTS, "checkpoints", 0, COLD)     /* partition -> checkpoint */
X(USER_CONVS, "user_convs", 10, WARM)      /* hash2 user conv -> user_conv */
X(USERS, "users", 10, WARM)                /* hash2 user -> user */
X(NAMES, "names", 0, COLD)                 /* name -> name (user id) */
X(DEVICES, "devices", 10, WARM)            /* hash2 user device -> device */
X(TOKENS, "tokens", 0, WARM)               /* BLAKE2b-256 of the token -> token */
X(CONTACTS, "contacts", 10, COLD)          /* hash2 user other -> contact */
X(BLOCKS, "blocks", 10, COLD)              /* hash2 user other -> block */
X(PUSH_TOKENS, "push_tokens", 10, COLD)    /* hash2 user push_id -> push_token */
X(API_KEYS, "api_keys", 0, COLD)           /* id -> api_key */
X(INVITES, "invites", 0, COLD)             /* BLAKE2b-256 of the code -> invite */
X(LAST_SEEN, "last_seen", 10, WARM)         /* hash2 user -> when last on line, ms */
X(META, "meta", 0, COLD)                   /* name -> bytes; "format" and "incarnation" are the store's */
X(SEARCH, "search", 19, WARM)              /* hash2 conv ~block -> signature: derived, src/search/index.h */
X(PUSH_LEDGER, "push_ledger", 10, WARM)    /* hash2 user slot -> push_ledger: src/server/ledger.h */
