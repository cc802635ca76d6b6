/* The server, sockets and frames of the session fuzzer, and what each answer must be. */
#include "session_world.h"

#include "auth/account.h"
#include "base/config.h"
#include "server/server.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 8000, LIVES = 500 /* sessions of one server */ };

static struct par_config config;
static struct par_server *server;
static unsigned played;
static struct par_buf said; /* in this session, by both sides: what is broken may not break again */

void session_broken(const char *what)
{
    fprintf(stderr, "%.*ssession: %s\n", (int)said.len, said.data ? (const char *)said.data : "",
            what);
    abort();
}

static void note(unsigned who, const char *how, struct par_str text)
{
    par_buf_printf(&said, "%u %s %.*s\n", who, how, (int)(text.len < 300 ? text.len : 300),
                   text.ptr);
}

/* ---- the server and its users ---- */

static void start_server(void)
{
    static const char *const options[] = {"push.webpush.enabled=false",
                                          "server.listen=127.0.0.1:0",
                                          "server.threads=2",
                                          "server.workers=1",
                                          "server.data=.",
                                          "store.driver=memory",
                                          "log.level=error",
                                          "limits.sends_per_second=0",
                                          "limits.ops_per_second=0"};
    struct par_config_source source = {.options = options,
                                       .n_options = sizeof options / sizeof *options};
    struct par_config_error why;
    struct par_server_error error;
    if (par_config_load(&source, &config, &why))
        session_broken(why.text);
    if (par_server_open(&config, &server, &error))
        session_broken(error.text);
}

static void stop_server(void)
{
    par_server_close(&server);
    par_config_fini(&config);
}

static void add_users(struct session *s)
{
    struct par_arena arena = {0};
    struct par_accounts accounts = {.store = server->store, .arena = &arena, .devices = 8};
    struct par_session made;
    for (unsigned i = 0; i < SESSION_USERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "u%u.%u", played, i);
        struct par_registration reg = {.name = par_str(name), .no_session = true};
        if (par_account_register(&accounts, &reg, &made))
            session_broken("a user cannot be added");
        struct par_user user = made.user;
        s->users[i] = user.id;
        for (unsigned k = 0; k < (i == 0 ? 2 : 1); k++) {
            if (par_account_session(&accounts, &user, PAR_STR("device"), &made))
                session_broken("a device cannot be added");
            struct peer *p = &s->peers[i == 0 ? k : i + 1];
            p->user = user.id;
            snprintf(p->token, sizeof p->token, "%s", made.token);
        }
    }
    par_arena_fini(&arena);
}

void session_open(struct session *s)
{
    memset(s, 0, sizeof *s);
    par_buf_clear(&said);
    /* What the store holds is let go now and then. */
    if (server && played % LIVES == 0)
        stop_server();
    if (!server)
        start_server();
    played++;
    for (unsigned i = 0; i < SESSION_PEERS; i++)
        s->peers[i].fd = -1;
    add_users(s);
}

void session_close(struct session *s)
{
    for (unsigned i = 0; i < SESSION_PEERS; i++) {
        session_listen(s, &s->peers[i], true);
        session_hang_up(&s->peers[i]);
    }
}

/* ---- bytes ---- */

/* False: not within the time. The fuzzer's alarm interrupts and is no end. */
static bool await(int fd, short what, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = what};
    int n;
    do
        n = poll(&ready, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

static int dial(void)
{
    /* "127.0.0.1:PORT" */
    unsigned port = (unsigned)atoi(strrchr(par_server_address(server), ':') + 1);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* A connection that is cut leaves no port behind. */
    struct linger cut = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
    if (fd < 0 || (connect(fd, (struct sockaddr *)&addr, sizeof addr) && errno != EINTR))
        session_broken(strerror(errno));
    /* Where the fuzzer's alarm came between it goes on by itself. */
    if (!await(fd, POLLOUT, WAIT_MS))
        session_broken("the server takes no connection");
    return fd;
}

/* False: the server has closed. */
static bool send_all(int fd, struct par_str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = par_str_of(bytes.ptr + n, bytes.len - (size_t)n);
    }
    return true;
}

/* More bytes into in; 0 none within the time, -1 the server has closed. */
static int receive(int fd, struct par_buf *in, int timeout_ms)
{
    uint8_t bytes[16384];
    ssize_t n;
    if (!await(fd, POLLIN, timeout_ms))
        return 0;
    do
        n = recv(fd, bytes, sizeof bytes, 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return -1;
    par_buf_add(in, bytes, (size_t)n);
    return 1;
}

/* ---- what is heard ---- */

static void keep(char *list, size_t size, unsigned *count, const char *text)
{
    if (strlen(text) < size)
        snprintf(list + (*count)++ % SESSION_HEARD * size, size, "%s", text);
}

/* Notes what can be asked about, wherever it stands. */
static void hear(struct session *s, const json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;
    json_object_foreach((json_t *)value, name, member)
    {
        if (json_is_string(member) && strcmp(name, "conv") == 0)
            keep(s->convs[0], sizeof s->convs[0], &s->conv_count, json_string_value(member));
        else if (json_is_string(member) &&
                 (strcmp(name, "cursor") == 0 || strcmp(name, "sync_token") == 0))
            keep(s->cursors[0], sizeof s->cursors[0], &s->cursor_count, json_string_value(member));
        hear(s, member);
    }
    json_array_foreach(value, i, member) hear(s, member);
}

static void check_error(const json_t *error)
{
    static const char *const codes[] = {
#define X(NAME, code, status, retry) code,
#include "parley/tbl/errors.h"
#undef X
    };
    const char *code = json_string_value(json_object_get(error, "code"));
    if (!code || !json_is_boolean(json_object_get(error, "retry")))
        session_broken("an error without a code");
    if (strcmp(code, "internal") == 0)
        session_broken("an internal error");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i]) == 0)
            return;
    session_broken("an error that is not in the protocol");
}

/* One frame: an answer to what is not answered yet, or an event. */
static void check_frame(struct session *s, struct peer *p, struct par_str text)
{
    note((unsigned)(p - s->peers), "hears", text);
    json_t *frame = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(frame))
        session_broken("a frame that is no object");
    json_t *re = json_object_get(frame, "re"), *error = json_object_get(frame, "error");
    hear(s, frame);
    if (re) {
        unsigned i = 0;
        while (i < p->id_count && p->ids[i] != json_integer_value(re))
            i++;
        if (!json_is_integer(re) || i == p->id_count || p->unanswered[i] == 0)
            session_broken("an answer to nothing");
        p->unanswered[i]--;
        if ((error != NULL) == (json_object_get(frame, "ok") != NULL))
            session_broken("an answer that is both or neither");
        if (error)
            check_error(error);
    } else if (!json_is_string(json_object_get(frame, "ev"))) {
        session_broken("neither an answer nor an event");
    }
    json_decref(frame);
}

/* Takes one WebSocket frame off the input. False: it is not complete. */
static bool next_frame(struct session *s, struct peer *p)
{
    const uint8_t *b = p->in.data;
    size_t head = 2, len;
    if (p->in.len < head)
        return false;
    len = b[1] & 0x7f;
    if (len == 126)
        head = 4;
    else if (len == 127)
        head = 10;
    if (p->in.len < head)
        return false;
    for (size_t i = 2, n = len; n > 125 && i < head; i++)
        len = (i == 2 ? 0 : len << 8) | b[i];
    if (p->in.len < head + len)
        return false;
    if ((b[0] & 0x7f) == 1)
        check_frame(s, p, par_str_of(b + head, len));
    else if ((b[0] & 0x7f) == 8 && len >= 2 && (b[head] << 8 | b[head + 1]) == 1011)
        session_broken("the server closed because of trouble of its own");
    par_buf_consume(&p->in, head + len);
    return true;
}

static bool is_owed(const struct peer *p)
{
    for (unsigned i = 0; i < p->id_count; i++)
        if (p->unanswered[i] > 0)
            return true;
    return false;
}

void session_listen(struct session *s, struct peer *p, bool wait)
{
    while (p->fd >= 0) {
        while (next_frame(s, p))
            continue;
        bool owed = wait && is_owed(p);
        int got = receive(p->fd, &p->in, owed ? WAIT_MS : 0);
        if (got < 0) {
            note((unsigned)(p - s->peers), "is closed", PAR_STR(""));
            session_hang_up(p);
        } else if (got == 0 && owed)
            session_broken("a request is not answered");
        else if (got == 0)
            break;
    }
}

/* ---- connections ---- */

void session_connect(struct peer *p)
{
    struct par_buf in = {0};
    session_hang_up(p);
    p->fd = dial();
    if (!send_all(p->fd, PAR_STR("GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")))
        session_broken("no WebSocket");
    /* The server says nothing more before hello. */
    while (!in.data || !memmem(in.data, in.len, "\r\n\r\n", 4))
        if (receive(p->fd, &in, WAIT_MS) <= 0)
            session_broken("no answer to a handshake");
    if (memcmp(in.data, "HTTP/1.1 101", 12) != 0)
        session_broken("the handshake is refused");
    par_buf_fini(&in);
}

void session_hang_up(struct peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    p->id_count = 0;
    par_buf_fini(&p->in);
}

void session_ask(struct session *s, struct peer *p, int64_t id, struct par_str frame)
{
    struct par_buf out = {0};
    unsigned i = 0;
    if (p->fd < 0)
        return;
    while (i < p->id_count && p->ids[i] != id)
        i++;
    if (i == SESSION_IDS)
        return;
    if (i == p->id_count) {
        p->ids[p->id_count] = id;
        p->unanswered[p->id_count++] = 0;
    }
    p->unanswered[i]++;
    note((unsigned)(p - s->peers), "asks", frame);
    par_buf_add_u8(&out, 0x81);
    if (frame.len < 126) {
        par_buf_add_u8(&out, (uint8_t)(0x80 | frame.len));
    } else {
        par_buf_add_u8(&out, 0x80 | 126);
        par_buf_add_u8(&out, (uint8_t)(frame.len >> 8));
        par_buf_add_u8(&out, (uint8_t)frame.len);
    }
    par_buf_add(&out, "\0\0\0\0", 4); /* this mask changes nothing */
    par_buf_add_str(&out, frame);
    if (!send_all(p->fd, par_buf_str(&out)))
        session_listen(s, p, true);
    par_buf_fini(&out);
}

void session_http(struct session *s, const struct peer *p, const char *method, struct par_str path,
                  struct par_str body)
{
    struct par_buf out = {0}, in = {0};
    int fd = dial(), got, status = 0, at = 0;
    par_buf_printf(
        &out, "%s %.*s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n",
        method, (int)path.len, path.ptr, p->token);
    if (body.ptr)
        par_buf_printf(&out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.len);
    par_buf_addz(&out, "\r\n");
    par_buf_add_str(&out, body);
    note((unsigned)(p - s->peers), method, path);
    if (body.ptr)
        note((unsigned)(p - s->peers), "sends", body);
    if (!send_all(fd, par_buf_str(&out)))
        session_broken("an HTTP request is not taken");
    while ((got = receive(fd, &in, WAIT_MS)) > 0)
        continue;
    par_buf_add_u8(&in, 0);
    if (got == 0 || in.failed || sscanf((const char *)in.data, "HTTP/1.1 %d%n", &status, &at) != 1)
        session_broken("an HTTP request is not answered");
    if (status == 500)
        session_broken("an internal error by HTTP");
    const char *text = strstr((const char *)in.data, "\r\n\r\n");
    if (text && text[4] == '{') {
        json_t *value = json_loads(text + 4, JSON_REJECT_DUPLICATES, NULL);
        if (!value)
            session_broken("an HTTP answer that is no JSON");
        if (json_object_get(value, "error"))
            check_error(json_object_get(value, "error"));
        hear(s, value);
        json_decref(value);
    }
    close(fd);
    par_buf_fini(&in);
    par_buf_fini(&out);
}
