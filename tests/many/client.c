/* A blocking client for tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "client.h"

#include "loop/env.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MS = 10000 };

static int dial(const char *address)
{
    char host[64];
    const char *colon = strrchr(address, ':');
    snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    inet_pton(AF_INET, host, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void put(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done <= 0)
            return;
        p += done;
        n -= (size_t)done;
    }
}

/* Reads what is there within ms; false at the end of the connection. */
static bool take(int fd, struct par_buf *in, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, ms) <= 0)
        return true;
    char bytes[16384];
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0)
        return false;
    par_buf_add(in, bytes, (size_t)n);
    return true;
}

int test_http(const char *address, const char *method, const char *path, const char *token,
              const char *body, struct par_buf *body_r)
{
    struct par_buf out = {0}, in = {0};
    par_buf_printf(&out,
                   "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s%s%sContent-Length: %zu\r\n"
                   "Content-Type: application/json\r\n\r\n%s",
                   method, path, token ? "Authorization: Bearer " : "", token ? token : "",
                   token ? "\r\n" : "", body ? strlen(body) : 0, body ? body : "");
    int fd = dial(address);
    put(fd, out.data, out.len);
    while (take(fd, &in, ANSWER_MS) && in.len < 1 << 22) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, ANSWER_MS) <= 0)
            break;
    }
    close(fd);
    par_buf_add_u8(&in, 0);
    const char *text = (const char *)in.data;
    int status = in.len > 12 ? atoi(text + 9) : 0;
    const char *end = strstr(text, "\r\n\r\n");
    if (end && body_r) {
        par_buf_addz(body_r, end + 4);
        par_buf_add_u8(body_r, 0);
        body_r->len--;
    }
    par_buf_fini(&out);
    par_buf_fini(&in);
    return status;
}

void test_member(const char *json, const char *name, char *value_r, size_t size)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(json, key);
    *value_r = 0;
    if (!at)
        return;
    at += strlen(key);
    bool string = *at == '"';
    at += string;
    size_t n = strcspn(at, string ? "\"" : ",}] ");
    snprintf(value_r, size, "%.*s", (int)n, at);
}

uint64_t test_number(const char *json, const char *name)
{
    char value[32];
    test_member(json, name, value, sizeof value);
    return strtoull(value, NULL, 10);
}

void test_register(const char *address, const char *name, struct test_account *account_r)
{
    char body[256];
    struct par_buf answer = {0};
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"password\":\"correct horse\"}", name);
    int status = test_http(address, "POST", "/v1/register", NULL, body, &answer);
    if (status != 201)
        fail_msg("register: %d %s", status, (const char *)answer.data);
    const char *text = (const char *)answer.data;
    test_member(text, "token", account_r->token, sizeof account_r->token);
    test_member(text, "id", account_r->id, sizeof account_r->id);
    test_member(text, "device", account_r->device, sizeof account_r->device);
    par_buf_fini(&answer);
}

/* ---- WebSocket ---- */

static void put_text(struct test_client *c, const char *text)
{
    size_t n = strlen(text);
    uint8_t header[8] = {0x81, (uint8_t)(n < 126 ? 0x80 | n : 0x80 | 126)};
    size_t at = 2;
    if (n >= 126) {
        header[at++] = (uint8_t)(n >> 8);
        header[at++] = (uint8_t)n;
    }
    /* A mask of zeros is a mask. */
    uint8_t mask[4] = {0};
    put(c->fd, header, at);
    put(c->fd, mask, 4);
    put(c->fd, text, n);
}

static void note(struct test_client *c, const uint8_t *bytes, size_t n)
{
    c->text = realloc(c->text, (c->count + 1) * sizeof *c->text);
    c->text[c->count] = malloc(n + 1);
    memcpy(c->text[c->count], bytes, n);
    c->text[c->count++][n] = 0;
}

static bool next_frame(struct test_client *c)
{
    const uint8_t *p = c->in.data;
    if (c->in.len < 2)
        return false;
    size_t n = p[1] & 127, at = 2;
    if (n == 126) {
        if (c->in.len < 4)
            return false;
        n = (size_t)p[2] << 8 | p[3];
        at = 4;
    } else if (n == 127) {
        if (c->in.len < 10)
            return false;
        n = 0;
        for (int i = 2; i < 10; i++)
            n = n << 8 | p[i];
        at = 10;
    }
    if (c->in.len < at + n)
        return false;
    unsigned opcode = p[0] & 15;
    if (opcode == 1)
        note(c, p + at, n);
    else if (opcode == 8)
        c->close_code = n >= 2 ? p[at] << 8 | p[at + 1] : 1005;
    else if (opcode == 9)
        put(c->fd, (const uint8_t[]){0x8A, 0x80, 0, 0, 0, 0}, 6);
    memmove(c->in.data, c->in.data + at + n, c->in.len - at - n);
    c->in.len -= at + n;
    return true;
}

static void read_some(struct test_client *c, int ms)
{
    if (c->close_code)
        return;
    if (!take(c->fd, &c->in, ms))
        c->close_code = 1006;
    while (next_frame(c))
        ;
}

struct test_client *test_try_connect(const char *address, const char *token)
{
    struct test_client *c = calloc(1, sizeof *c);
    c->fd = dial(address);
    c->next_id = 1;
    const char *ask = "GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    put(c->fd, ask, strlen(ask));
    struct par_buf head = {0};
    while (!head.len || !memmem(head.data, head.len, "\r\n\r\n", 4))
        assert_true(take(c->fd, &head, ANSWER_MS));
    const uint8_t *end = memmem(head.data, head.len, "\r\n\r\n", 4);
    par_buf_add(&c->in, end + 4, head.len - (size_t)(end + 4 - head.data));
    par_buf_fini(&head);
    char hello[256];
    snprintf(hello, sizeof hello,
             "{\"op\":\"hello\",\"id\":0,\"token\":\"%s\",\"client\":\"test/1\",\"sync\":{}}",
             token);
    put_text(c, hello);
    test_wait(c, "\"re\":0", "", ANSWER_MS);
    return c;
}

struct test_client *test_connect(const char *address, const char *token)
{
    struct test_client *c = test_try_connect(address, token);
    if (!c->count || !strstr(c->text[0], "\"ok\""))
        fail_msg("hello: %s", c->count ? c->text[0] : "no answer");
    return c;
}

void test_close(struct test_client **client)
{
    struct test_client *c = *client;
    if (!c)
        return;
    close(c->fd);
    for (size_t i = 0; i < c->count; i++)
        free(c->text[i]);
    free(c->text);
    par_buf_fini(&c->in);
    free(c);
    *client = NULL;
}

const char *test_wait(struct test_client *c, const char *a, const char *b, int ms)
{
    uint64_t until = par_mono_ms() + (uint64_t)ms;
    for (size_t i = 0;;) {
        for (; i < c->count; i++)
            if (strstr(c->text[i], a) && strstr(c->text[i], b))
                return c->text[i];
        if (c->close_code || par_mono_ms() >= until)
            return NULL;
        read_some(c, 10);
    }
}

const char *test_ask(struct test_client *c, const char *members)
{
    char frame[4096], re[32];
    snprintf(re, sizeof re, "\"re\":%d,", c->next_id);
    snprintf(frame, sizeof frame, "{\"id\":%d,%s}", c->next_id++, members);
    put_text(c, frame);
    return test_wait(c, re, "", ANSWER_MS);
}

size_t test_seen(struct test_client *c, const char *a, const char *b)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += strstr(c->text[i], a) && strstr(c->text[i], b);
    return n;
}

void test_read(struct test_client *c, int ms)
{
    uint64_t until = par_mono_ms() + (uint64_t)ms;
    while (!c->close_code && par_mono_ms() < until)
        read_some(c, 10);
}

int test_closed(struct test_client *c, int ms)
{
    test_read(c, ms);
    return c->close_code;
}
