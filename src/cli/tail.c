/* parley tail: prints what happens, a line of JSON an event, by long polling.
 *
 * `seen` says up to which seq each conversation was printed. An entry behind a hole waits until the
 * hole was read from history; a session that is gone is opened anew, and sync says what was missed.
 * So each entry is printed once and in order, over lost connections and restarts of the server. */
#include "cli/commands.h"
#include "cli/remote.h"

#include "base/buf.h"
#include "loop/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { CALL_MS = 30000, HOLD_MS = 25000, PAGE = 200, LIST_PAGE = 500, AGAIN_MS = 1000, WAITS = 5 };

struct tail {
    const struct par_cli *cli;
    struct par_cli_remote remote;
    json_t *seen;     /* conversation -> seq */
    const char *conv; /* only this one; NULL: all */
    int64_t left;     /* entries to print before the end; negative: for ever */
    int code;
    bool over;
};

static void end(struct tail *t, int code)
{
    t->over = true;
    t->code = code;
}

static void print(struct tail *t, const json_t *event)
{
    char *line = json_dumps(event, JSON_COMPACT);
    if (!line || printf("%s\n", line) < 0 || fflush(stdout) != 0)
        end(t, PAR_CLI_FAILED);
    free(line);
}

static bool wanted(const struct tail *t, const char *conv)
{
    return !t->conv || (conv && strcmp(t->conv, conv) == 0);
}

/* ---- calls that must succeed, sooner or later ---- */

/* Asks until there is an answer that is final. NULL: not 200; the status goes to *status_r. */
static json_t *must(struct tail *t, const char *method, const char *path, json_t *body,
                    int *status_r)
{
    json_t *answer = NULL;
    for (unsigned tries = 0; !t->over; tries++) {
        *status_r = par_cli_remote_call(&t->remote, method, path, json_incref(body),
                                        CALL_MS + HOLD_MS, &answer);
        if (!par_cli_remote_retry(*status_r))
            break;
        uint32_t wait = par_cli_remote_backoff_ms(answer, tries);
        json_decref(answer);
        answer = NULL;
        par_cli_remote_wait(&t->remote, wait);
    }
    json_decref(body);
    if (*status_r == 401)
        end(t, par_cli_fail(t->cli, "%s", par_cli_remote_message(*status_r, answer)));
    if (*status_r == 200)
        return answer;
    json_decref(answer);
    return NULL;
}

/* An operation by POST /v1/op; its `ok`, as a new reference, or NULL. Takes args. */
static json_t *op(struct tail *t, const char *name, json_t *args)
{
    int status = 0;
    json_object_set_new(args, "op", json_string(name));
    json_object_set_new(args, "id", json_integer(1));
    json_t *answer = must(t, "POST", "/v1/op", args, &status);
    json_t *ok = json_incref(json_object_get(answer, "ok"));
    json_decref(answer);
    return ok;
}

/* ---- entries ---- */

static json_int_t seen(const struct tail *t, const char *conv)
{
    return json_integer_value(json_object_get(t->seen, conv));
}

static void note(struct tail *t, const char *conv, json_int_t seq)
{
    json_object_set_new(t->seen, conv, json_integer(seq));
}

static void print_entry(struct tail *t, const char *conv, const json_t *event, json_int_t seq)
{
    note(t, conv, seq);
    if (t->over || !wanted(t, conv))
        return;
    print(t, event);
    if (t->left > 0 && --t->left == 0)
        end(t, PAR_CLI_OK);
}

/* Prints a page of history, as far as `last`. What lies below first_seq is not for this user: it is
 * passed over. */
static void print_page(struct tail *t, const char *conv, const json_t *page, json_int_t last)
{
    json_int_t hidden = json_integer_value(json_object_get(page, "first_seq")) - 1;
    json_t *entry;
    size_t i;
    if (hidden > seen(t, conv))
        note(t, conv, hidden < last ? hidden : last);
    json_array_foreach(json_object_get(page, "entries"), i, entry)
    {
        json_int_t seq = json_integer_value(json_object_get(entry, "seq"));
        json_t *event = json_pack("{s:s,s:s}", "ev", "entry", "conv", conv);
        json_object_update(event, entry);
        if (seq > seen(t, conv) && seq <= last)
            print_entry(t, conv, event, seq);
        json_decref(event);
    }
}

/* Prints what history has above the seq that was printed last, up to and with `last`. A `last` may
 * be ahead of history for a moment: it is asked again after 1 s, then twice as long (PROTOCOL.md
 * 3). What is not there even then, or refused, is told on standard error before it is passed over.
 */
static void fill(struct tail *t, const char *conv, json_int_t last)
{
    for (unsigned waits = 0; !t->over && seen(t, conv) < last;) {
        json_int_t before = seen(t, conv);
        json_t *page =
            op(t, "history",
               json_pack("{s:s,s:I,s:i}", "conv", conv, "after_seq", before, "limit", PAGE));
        if (page)
            print_page(t, conv, page, last);
        bool refused = !page;
        json_decref(page);
        if (seen(t, conv) > before) {
            waits = 0;
        } else if (!t->over && (refused || waits == WAITS)) {
            fprintf(stderr, "parley tail: the entries %lld to %lld of %s cannot be read\n",
                    (long long)before + 1, (long long)last, conv);
            note(t, conv, last);
        } else if (!t->over) {
            par_cli_remote_wait(&t->remote, AGAIN_MS << waits++);
        }
    }
}

/* Reads the list of conversations. At first it only says where each stands; later what lies
 * above that was missed, and is printed. */
static void catch_up(struct tail *t, bool first)
{
    json_t *cursor = NULL;
    do {
        json_t *args = json_pack("{s:i}", "limit", LIST_PAGE), *row;
        size_t i;
        if (cursor)
            json_object_set_new(args, "cursor", cursor);
        json_t *ok = op(t, "sync", args);
        json_array_foreach(json_object_get(ok, "conversations"), i, row)
        {
            const char *conv = json_string_value(json_object_get(row, "conv"));
            json_int_t last = json_integer_value(json_object_get(row, "last_seq"));
            if (!conv)
                continue;
            if (first)
                note(t, conv, last);
            else
                fill(t, conv, last);
        }
        cursor = json_incref(json_object_get(ok, "cursor"));
        json_decref(ok);
    } while (cursor && json_is_string(cursor) && !t->over);
    json_decref(cursor);
}

static void handle(struct tail *t, const json_t *event)
{
    const char *ev = json_string_value(json_object_get(event, "ev"));
    const char *conv = json_string_value(json_object_get(event, "conv"));
    if (!ev)
        return;
    if (strcmp(ev, "entry") == 0 && conv) {
        json_int_t seq = json_integer_value(json_object_get(event, "seq"));
        if (!json_object_get(t->seen, conv))
            note(t, conv, seq - 1);
        fill(t, conv, seq - 1);
        if (seq > seen(t, conv))
            print_entry(t, conv, event, seq);
    } else if (strcmp(ev, "sync") == 0) {
        catch_up(t, false);
    } else if (wanted(t, conv)) {
        print(t, event);
    }
}

/* ---- sessions ---- */

/* Polls one session until it is gone. */
static void follow(struct tail *t, json_t *opened)
{
    const char *start = json_string_value(json_object_get(opened, "cursor"));
    char *cursor = start ? strdup(start) : NULL;
    while (cursor && !t->over) {
        struct par_buf path = {0};
        json_t *event, *next;
        size_t i;
        int status = 0;
        par_buf_printf(&path, "/v1/poll?wait_ms=%d&cursor=%s%c", HOLD_MS, cursor, 0);
        json_t *answer =
            path.failed ? NULL : must(t, "GET", (const char *)path.data, NULL, &status);
        par_buf_fini(&path);
        json_array_foreach(json_object_get(answer, "events"), i, event) if (!t->over)
            handle(t, event);
        next = json_object_get(answer, "cursor");
        if (json_is_string(next)) {
            free(cursor);
            cursor = strdup(json_string_value(next));
        }
        json_decref(answer);
        if (status != 200 && status != 204)
            break;
    }
    free(cursor);
}

static void run_sessions(struct tail *t)
{
    for (bool first = true; !t->over; first = false) {
        int status = 0;
        json_t *opened = must(t, "GET", "/v1/poll", NULL, &status);
        if (opened) {
            catch_up(t, first);
            if (first)
                fprintf(stderr, "parley tail: listening\n");
            follow(t, opened);
        } else if (!t->over) {
            end(t, par_cli_fail(t->cli, "%s", par_cli_remote_message(status, NULL)));
        }
        json_decref(opened);
    }
}

/* Every line was flushed when it was printed, and nothing is under way that could be left half
 * done. */
static void on_signal(int signo, void *arg)
{
    (void)arg;
    if (signo != SIGHUP)
        exit(PAR_CLI_OK);
}

static int run(struct par_cli *cli)
{
    struct par_signals *signals = NULL;
    struct tail t = {.cli = cli, .conv = par_cli_value(cli, "conv")};
    int64_t count;
    if (!par_cli_value(cli, "json"))
        return par_cli_usage(cli, "--json is the only form there is");
    if (!par_cli_int(cli, "count", 0, 0, INT64_MAX, &count))
        return PAR_CLI_USAGE;
    t.left = count ? count : -1;
    if (par_cli_remote_open(cli, &t.remote, &t.code)) {
        t.seen = json_object();
        if (par_signals_open(t.remote.loop, on_signal, NULL, &signals) == PAR_OK)
            run_sessions(&t);
        else
            t.code = par_cli_fail(cli, "the system gives no descriptor for signals");
        par_signals_close(&signals);
        par_loop_turn(t.remote.loop, 0);
    }
    json_decref(t.seen);
    par_cli_remote_close(&t.remote);
    return t.code;
}

static const struct par_cli_option options[] = {
    PAR_CLI_REMOTE_OPTIONS,
    {"json", NULL, "a line of JSON an event", NULL},
    {"conv", "ID", "only what belongs to this conversation", NULL},
    {"count", "N", "ends after N entries", NULL},
    {0},
};

const struct par_cli_command par_cli_tail = {
    .name = "tail",
    .args = "",
    .summary = "prints what happens in the conversations of a user",
    .help = "Prints the events as the protocol names them, from now on, until it is interrupted "
            "(which ends it with 0). "
            "Each entry\n"
            "comes once and in order, also when the connection or the server was gone for a while. "
            "It uses\n"
            "the poll session of the token's device.",
    .no_config = true,
    .options = options,
    .run = run,
};
