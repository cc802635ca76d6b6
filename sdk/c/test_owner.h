/* What the unit tests of the client core stand on: an owner that keeps records and frames in
 * memory, and a clock that it moves itself. */
#ifndef PAR_SDK_TEST_OWNER_H
#define PAR_SDK_TEST_OWNER_H

#include "sdk/c/sdk.h"

#include <jansson.h>

struct owner {
    struct par_sdk *sdk;
    struct par_sdk_settings settings;
    int64_t now;
    uint64_t seed;
    json_t *records[PAR_SDK_RECORD_KINDS]; /* key in hex -> value; as the last commit left them */
    json_t *batch;  /* [kind, key, value or null] since the last commit; [] clears */
    json_t *frames; /* sent and not yet taken */
    json_t *items;  /* cmid -> state, as last told */
    json_t *ended;  /* cmid -> how often it was told SENT or FAILED */
    unsigned connects, closes, commits, resets, syncs, pages;
    bool connected, commit_fails;
    struct par_sdk_status status;
};

/* A core with the default settings for user 1001, not started. */
void test_owner_init(struct owner *o);
void test_owner_fini(struct owner *o);
/* Frees the core, as a crash would, and makes a new one from the records. */
void test_owner_crash(struct owner *o);
/* Moves time on, firing what is due. */
void test_owner_pass(struct owner *o, int64_t ms);
/* Starts, opens the connection, and answers hello with those rows (taken) and a token. */
void test_owner_online(struct owner *o, json_t *rows);
/* Waits up to 60 s for a connection to be wanted, and opens it. */
void test_owner_open(struct owner *o);
/* The oldest frame of that op (or NULL), taken out; the caller frees it. */
json_t *test_owner_take(struct owner *o, const char *op);
/* The same, which must be there; and must not. */
json_t *test_owner_took(struct owner *o, const char *op);
void test_owner_none(struct owner *o, const char *op);
/* The connection ends with that code; what was not taken of it is gone. */
void test_owner_lost(struct owner *o, uint16_t code);
/* Hands a frame to the core; takes it. */
void test_owner_give(struct owner *o, json_t *frame);
/* Answers a request (not taken) with ok (taken). */
void test_owner_answer(struct owner *o, const json_t *request, json_t *ok);
void test_owner_refuse(struct owner *o, const json_t *request, const char *code, bool retry,
                       int retry_after_ms);
const struct par_sdk_conv *test_owner_conv(const struct owner *o, const char *id);
struct par_str test_str(const json_t *string);

#endif
