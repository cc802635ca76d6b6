/* parley send: one message from a script, tried again until the server has it. */
#include "cli/commands.h"
#include "cli/remote.h"

#include "base/buf.h"
#include "loop/env.h"

#include <stdlib.h>
#include <string.h>

enum { CALL_MS = 15000, TEXT_MAX = 64 * 1024 };
/* Beside those of cli.h: nobody said whether the message was taken. */
enum { EXIT_NOT_KNOWN = 3 };

/* Standard input to its end, without its last line end. */
static bool read_text(struct par_buf *text)
{
    char part[4096];
    size_t n;
    while (text->len <= TEXT_MAX && (n = fread(part, 1, sizeof part, stdin)) > 0)
        par_buf_add(text, part, n);
    if (text->len && text->data[text->len - 1] == '\n')
        text->len--;
    return !text->failed && !ferror(stdin) && text->len <= TEXT_MAX;
}

/* Asks until the server says yes or no, or the time is over; the last answer is the caller's. */
static int call_until(struct par_cli_remote *remote, const char *method, const char *path,
                      json_t *body, uint64_t deadline_ms, json_t **answer_r)
{
    *answer_r = NULL;
    for (unsigned tries = 0;; tries++) {
        json_decref(*answer_r);
        int status =
            par_cli_remote_call(remote, method, path, json_incref(body), CALL_MS, answer_r);
        uint32_t wait = par_cli_remote_backoff_ms(*answer_r, tries);
        if (!par_cli_remote_retry(status) || par_mono_ms() + wait > deadline_ms)
            return status;
        par_cli_remote_wait(remote, wait);
    }
}

/* The id of the user of this name, as a new reference; NULL after a line on standard error. */
static json_t *find_user(const struct par_cli *cli, struct par_cli_remote *remote, const char *name,
                         uint64_t deadline_ms)
{
    char path[80];
    json_t *answer, *user, *id = NULL;
    size_t i;
    if (strlen(name) > 32 || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.")]) {
        par_cli_fail(cli, "--to %s is no name of a user", name);
        return NULL;
    }
    snprintf(path, sizeof path, "/v1/users?q=%s", name);
    int status = call_until(remote, "GET", path, NULL, deadline_ms, &answer);
    if (status != 200)
        par_cli_fail(cli, "%s", par_cli_remote_message(status, answer));
    json_array_foreach(json_object_get(answer, "users"), i, user)
    {
        const char *other = json_string_value(json_object_get(user, "name"));
        if (!id && other && strcmp(other, name) == 0)
            id = json_incref(json_object_get(user, "id"));
    }
    if (status == 200 && !id)
        par_cli_fail(cli, "there is no user %s", name);
    json_decref(answer);
    return id;
}

/* The body of POST /v1/messages; NULL after a line on standard error. */
static json_t *make_body(const struct par_cli *cli, struct par_cli_remote *remote,
                         struct par_str text, uint64_t deadline_ms)
{
    char made[33];
    const char *cmid = par_cli_value(cli, "cmid");
    const char *to = par_cli_value(cli, "to"), *conv = par_cli_value(cli, "conv");
    const char *id = par_cli_value(cli, "to-id");
    if (!cmid) {
        snprintf(made, sizeof made, "%016lx%016lx", par_random_u64(), par_random_u64());
        cmid = made;
    }
    json_t *words = json_stringn(text.ptr, text.len);
    json_t *target = to     ? find_user(cli, remote, to, deadline_ms)
                     : conv ? json_string(conv)
                            : json_string(id);
    json_t *body = target && words ? json_pack("{s:s,s:o,s:o}", "cmid", cmid, "text", words,
                                               conv ? "conv" : "to", target)
                                   : NULL;
    if (!words || (!body && !to))
        par_cli_fail(cli, "the text, --cmid, --conv and --to-id must be UTF-8");
    if (!body) {
        json_decref(words);
        json_decref(target);
    }
    return body;
}

static int say(const struct par_cli *cli, struct par_cli_remote *remote, struct par_str text)
{
    int64_t seconds;
    if (!par_cli_int(cli, "wait", 30, 0, 1000000, &seconds))
        return PAR_CLI_USAGE;
    uint64_t deadline_ms = par_mono_ms() + (uint64_t)seconds * 1000;
    json_t *answer, *body = make_body(cli, remote, text, deadline_ms);
    if (!body)
        return PAR_CLI_FAILED;
    int status = call_until(remote, "POST", "/v1/messages", body, deadline_ms, &answer);
    int code = PAR_CLI_OK;
    char *line = status == 200 || status == 201 ? json_dumps(answer, JSON_COMPACT) : NULL;
    if (line) {
        printf("%s\n", line);
    } else if (par_cli_remote_retry(status)) {
        par_cli_fail(
            cli, "%s; it may have taken the message: to try again without a double, add --cmid %s",
            par_cli_remote_message(status, answer),
            json_string_value(json_object_get(body, "cmid")));
        code = EXIT_NOT_KNOWN;
    } else {
        code = par_cli_fail(cli, "%s", par_cli_remote_message(status, answer));
    }
    free(line);
    json_decref(answer);
    json_decref(body);
    return code;
}

static int run(struct par_cli *cli)
{
    struct par_cli_remote remote;
    struct par_buf input = {0};
    int code;
    unsigned targets =
        !!par_cli_value(cli, "to") + !!par_cli_value(cli, "to-id") + !!par_cli_value(cli, "conv");
    if (targets != 1)
        return par_cli_usage(cli, "one of --to, --to-id and --conv is needed");
    if (par_cli_remote_open(cli, &remote, &code)) {
        if (cli->n_args && strcmp(cli->args[0], "-") != 0)
            code = say(cli, &remote, par_str(cli->args[0]));
        else if (read_text(&input))
            code = say(cli, &remote, par_buf_str(&input));
        else
            code = par_cli_fail(cli, "standard input cannot be read, or is too long for a message");
    }
    par_buf_fini(&input);
    par_cli_remote_close(&remote);
    return code;
}

static const struct par_cli_option options[] = {
    PAR_CLI_REMOTE_OPTIONS,
    {"to", "NAME", "the user it is for", NULL},
    {"to-id", "ID", "the same, by id", NULL},
    {"conv", "ID", "the conversation it is for", NULL},
    {"cmid", "ID", "the message's own id: sent twice, it is there once (made anew)", NULL},
    {"wait", "SECONDS", "how long to try again without an answer (30)", NULL},
    {0},
};

const struct par_cli_command par_cli_send = {
    .name = "send",
    .args = "[TEXT]",
    .summary = "sends a message, from standard input without TEXT or with -",
    .help =
        "Prints the server's answer as a line of JSON once the message is durable. While there "
        "is no\n"
        "answer it tries again, with the same cmid, so that the message is there once. Ends with 0 "
        "when\nthe message was taken, 1 when it was refused, 2 for a wrong use, 3 when there was "
        "no "
        "answer in\ntime: it says under which --cmid to try again.",
    .max_args = 1,
    .no_config = true,
    .options = options,
    .run = run,
};
