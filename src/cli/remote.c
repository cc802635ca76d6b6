/* JSON calls to a server over HTTP. */
#include "cli/remote.h"

#include "http/client.h"
#include "loop/env.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 256, BODY_MAX = 2 << 20, FIRST_WAIT_MS = 250, LAST_WAIT_MS = 8000 };

/* ---- options ---- */

/* "http://host:port", what stands behind the port is not looked at. */
static bool read_url(const char *url, struct par_cli_remote *remote)
{
    static const char scheme[] = "http://";
    if (strncmp(url, scheme, strlen(scheme)) != 0)
        return false;
    const char *host = url + strlen(scheme);
    size_t len = strcspn(host, "/");
    if (len == 0 || len >= sizeof remote->host)
        return false;
    memcpy(remote->host, host, len);
    remote->host[len] = 0;
    if (par_addr_parse(par_str(remote->host), &remote->addr) == PAR_OK)
        return true;
    char name[sizeof remote->host];
    memcpy(name, remote->host, len + 1);
    char *colon = strrchr(name, ':'), *end = NULL;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 80;
    if (colon) {
        if (end == colon + 1 || *end || port == 0 || port > 65535)
            return false;
        *colon = 0;
    }
    return par_addr_resolve(name, (uint16_t)port, &remote->addr) == PAR_OK;
}

/* The first word of the file, or of the environment. */
static bool read_token(const char *file, char token_r[static TOKEN_MAX + 1])
{
    token_r[0] = 0;
    if (!file) {
        const char *env = getenv("PARLEY_TOKEN");
        size_t len = env ? strlen(env) : 0;
        if (len == 0 || len > TOKEN_MAX)
            return false;
        memcpy(token_r, env, len + 1);
    } else {
        FILE *f = fopen(file, "re");
        if (!f)
            return false;
        int found = fscanf(f, "%256s", token_r);
        fclose(f);
        if (found != 1)
            return false;
    }
    return token_r[strspn(token_r, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_")] == 0;
}

bool par_cli_remote_open(const struct par_cli *cli, struct par_cli_remote *remote_r, int *code_r)
{
    char token[TOKEN_MAX + 1];
    const char *url = par_cli_value(cli, "server");
    const char *file = par_cli_value(cli, "token");
    *remote_r = (struct par_cli_remote){0};
    if (!url)
        url = "http://127.0.0.1:8080";
    if (!read_url(url, remote_r)) {
        *code_r = par_cli_usage(cli, "--server %s is no http://HOST:PORT that can be found", url);
        return false;
    }
    if (!read_token(file, token)) {
        if (file)
            *code_r = par_cli_usage(cli, "there is no session token in %s", file);
        else
            *code_r = par_cli_usage(cli, "a session token is needed: --token FILE or PARLEY_TOKEN");
        return false;
    }
    par_buf_printf(&remote_r->headers, "Authorization: Bearer %s\r\n", token);
    if (remote_r->headers.failed || par_loop_new(&remote_r->loop) != PAR_OK) {
        *code_r = par_cli_fail(cli, "the system gives no memory or no event queue");
        return false;
    }
    return true;
}

void par_cli_remote_close(struct par_cli_remote *remote)
{
    if (remote->loop)
        par_loop_free(&remote->loop);
    par_buf_fini(&remote->headers);
}

/* ---- calls ---- */

struct reply {
    bool done;
    int status;
    json_t *json;
};

static void on_reply(int status, struct par_str body, const char *why, void *arg)
{
    struct reply *reply = arg;
    (void)why;
    reply->done = true;
    reply->status = status;
    if (status && body.len)
        reply->json = json_loadb(body.ptr, body.len, 0, NULL);
}

static uint64_t connections(const struct par_loop *loop)
{
    struct par_loop_stats stats;
    par_loop_stats(loop, &stats);
    return stats.connections;
}

int par_cli_remote_call(struct par_cli_remote *remote, const char *method, const char *path,
                        json_t *body, uint32_t timeout_ms, json_t **answer_r)
{
    struct reply reply = {0};
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct par_http_call call = {
        .addr = remote->addr,
        .method = par_str(method),
        .host = par_str(remote->host),
        .path = par_str(path),
        .headers = par_buf_str(&remote->headers),
        .timeout_ms = timeout_ms,
        .max_body = BODY_MAX,
    };
    *answer_r = NULL;
    if (text)
        call.body = par_str(text);
    /* Until its connection has ended as well: the loop must have none when it is freed. */
    if ((!body || text) && par_http_fetch(remote->loop, &call, on_reply, &reply) == PAR_OK)
        while (!reply.done || connections(remote->loop) > 0)
            par_loop_turn(remote->loop, 1000);
    free(text);
    json_decref(body);
    *answer_r = reply.json;
    return reply.status;
}

const char *par_cli_remote_message(int status, const json_t *answer)
{
    const json_t *message = json_object_get(json_object_get(answer, "error"), "message");
    if (json_is_string(message))
        return json_string_value(message);
    return status ? "the answer makes no sense: is this a Parley server?"
                  : "the server does not answer";
}

bool par_cli_remote_retry(int status)
{
    return status == 0 || status == 429 || status >= 500;
}

uint32_t par_cli_remote_backoff_ms(const json_t *answer, unsigned tries)
{
    json_int_t asked =
        json_integer_value(json_object_get(json_object_get(answer, "error"), "retry_after_ms"));
    uint32_t own = tries < 5 ? (uint32_t)FIRST_WAIT_MS << tries : LAST_WAIT_MS;
    return asked > own ? (uint32_t)(asked < LAST_WAIT_MS ? asked : LAST_WAIT_MS) : own;
}

void par_cli_remote_wait(struct par_cli_remote *remote, uint32_t ms)
{
    uint64_t end = par_mono_ms() + ms;
    for (uint64_t now = par_mono_ms(); now < end; now = par_mono_ms())
        par_loop_turn(remote->loop, (int)(end - now));
}
