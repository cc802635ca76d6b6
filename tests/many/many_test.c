/* Several servers in one process, on engines that they share: what a client of one sees of what
 * happens on another, and when one of them dies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log_guard.h"
#include "loop/env.h"
#include "server/front.h"
#include "server/owners.h"
#include "server/peers.h"
#include "client.h"
#include "engines.h"
#include "loop/mailbox.h"
#include "store/record.h"

#include <stdlib.h>

enum { SERVERS = 3, SOON_MS = 5000, MOVE_MS = 60000 };

struct cluster {
    struct par_config config[SERVERS];
    struct par_server *server[SERVERS];
};

static void open_server(struct cluster *w, int i)
{
    static const char *const names[SERVERS] = {"server.id=s-1", "server.id=s-2", "server.id=s-3"};
    static const char *const places[SERVERS] = {
        "store.hbase.gateways=0:1", "store.hbase.gateways=1:1", "store.hbase.gateways=2:1"};
    const char *options[] = {names[i],
                             places[i],
                             "server.listen=127.0.0.1:0",
                             "server.threads=2",
                             "server.registration=open",
                             "push.webpush.enabled=false",
                             "auth.argon2_mem_kib=8",
                             "auth.argon2_ops=1",
                             "queue.answer_ms=3000",
                             "queue.aside_ms=1500",
                             "route.dead_ms=600",
                             "presence.check_ms=500",
                             "presence.offline_delay_ms=200",
                             "heartbeat.ping_ms=60000",
                             "heartbeat.dead_ms=90000"};
    struct par_config_source source = {.options = options,
                                       .n_options = sizeof options / sizeof options[0]};
    struct par_config_error config_error;
    struct par_server_error error;
    if (par_config_load(&source, &w->config[i], &config_error))
        fail_msg("%s", config_error.text);
    w->config[i].store.driver = w->config[i].queue.driver = TEST_DRIVER;
    w->config[i].route.driver = w->config[i].presence.driver = TEST_DRIVER;
    if (par_server_open(&w->config[i], &w->server[i], &error))
        fail_msg("%s", error.text);
}

static void close_server(struct cluster *w, int i)
{
    par_server_close(&w->server[i]);
    par_config_fini(&w->config[i]);
}

/* A look after the writers waits for those that are being stopped: one that is late with taking a
 * partition over would replace the owner that has it by now. */
static bool settled(struct cluster *w)
{
    uint32_t sum = 0;
    for (int i = 0; i < SERVERS; i++)
        par_owners_tick(w->server[i]->owners);
    for (int i = 0; i < SERVERS; i++) {
        const char *why;
        struct par_owners_count count;
        par_owners_count(w->server[i]->owners, &count);
        sum += count.partitions;
        if (count.partitions == 0 || count.writers != count.partitions ||
            !par_owners_ready(w->server[i]->owners, &why))
            return false;
    }
    return sum == TEST_PARTITIONS;
}

/* Each has its partitions: a takeover repeats releases, which a test could take for something else.
 */
static void settle(struct cluster *w)
{
    struct par_mailbox bell;
    par_mailbox_init(&bell, 1);
    for (int i = 0; i < 500 && !settled(w); i++)
        (void)par_mailbox_wait(&bell, 20);
    (void)par_mailbox_fini(&bell);
    assert_true(settled(w));
}

static int set_up(void **state)
{
    struct cluster *w = calloc(1, sizeof *w);
    test_remote_start();
    for (int i = 0; i < SERVERS; i++)
        open_server(w, i);
    settle(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct cluster *w = *state;
    for (int i = 0; i < SERVERS; i++)
        if (w->server[i])
            close_server(w, i);
    test_remote_end();
    free(w);
    return 0;
}

static const char *at(struct cluster *w, int i)
{
    return par_server_address(w->server[i]);
}

static const char *send_to(struct test_client *c, const char *to, const char *cmid,
                           const char *text)
{
    char members[512];
    snprintf(members, sizeof members,
             "\"op\":\"send\",\"to\":\"%s\",\"cmid\":\"%s\",\"text\":\"%s\"", to, cmid, text);
    return test_ask(c, members);
}

static uint64_t ok_seq(const char *answer)
{
    if (!answer || !strstr(answer, "\"ok\""))
        fail_msg("not ok: %s", answer ? answer : "no answer");
    return test_number(answer, "seq");
}

static bool pushed(const char *user, uint64_t seq, int ms)
{
    uint64_t id = strtoull(user, NULL, 10);
    struct par_mailbox bell;
    par_mailbox_init(&bell, 1);
    for (int i = 0; i < ms / 20 && !test_remote_pushes(id, seq); i++)
        (void)par_mailbox_wait(&bell, 20);
    (void)par_mailbox_fini(&bell);
    return test_remote_pushes(id, seq) > 0;
}

static void an_entry_crosses_servers(void **state)
{
    struct cluster *w = *state;
    struct test_account a, b;
    test_register(at(w, 0), "anna", &a);
    test_register(at(w, 1), "bert", &b);
    struct test_client *ca = test_connect(at(w, 0), a.token), *cb = test_connect(at(w, 1), b.token),
                       *other = test_connect(at(w, 2), a.token);
    /* The same device on another server took the first one's place. */
    assert_int_equal(test_closed(ca, 1000), 4409);
    test_close(&ca);
    for (int i = 1; i <= 20; i++) {
        char cmid[16];
        snprintf(cmid, sizeof cmid, "c%d", i);
        assert_int_equal(ok_seq(send_to(other, b.id, cmid, "hello")), i);
    }
    assert_non_null(test_wait(cb, "\"ev\":\"entry\"", "\"seq\":20", SOON_MS));
    /* An owner that follows another one may tell again what that had told (T5). */
    for (int i = 1; i <= 20; i++) {
        char seq[16];
        snprintf(seq, sizeof seq, "\"seq\":%d,", i);
        assert_true(test_seen(cb, "\"ev\":\"entry\"", seq) >= 1);
    }
    /* Whoever asked has the answer, and no event. */
    test_read(other, 200);
    assert_int_equal(test_seen(other, "\"ev\":\"entry\"", ""), 0);
    assert_int_equal(test_remote_pushes(strtoull(b.id, NULL, 10), 1), 0);
    test_close(&cb);
    test_close(&other);
}

static void marks_of_several_partitions_are_one_ack(void **state)
{
    struct cluster *w = *state;
    enum { FRIENDS = 12 };
    struct test_account a, friends[FRIENDS];
    test_register(at(w, 0), "anna", &a);
    struct test_client *ca = test_connect(at(w, 0), a.token);
    char ack[2048] = "\"op\":\"ack\",\"delivered\":{", name[16];
    for (int i = 0; i < FRIENDS; i++) {
        snprintf(name, sizeof name, "friend%d", i);
        test_register(at(w, i % SERVERS), name, &friends[i]);
        const char *answer = send_to(ca, friends[i].id, "m", "hi");
        char conv[80];
        ok_seq(answer);
        test_member(answer, "conv", conv, sizeof conv);
        size_t n = strlen(ack);
        snprintf(ack + n, sizeof ack - n, "%s\"%s\":1", i ? "," : "", conv);
    }
    struct test_client *cb = test_connect(at(w, 1), friends[0].token);
    size_t n = strlen(ack);
    snprintf(ack + n, sizeof ack - n, "}");
    const char *answer = test_ask(ca, ack);
    assert_non_null(answer);
    if (!strstr(answer, "\"ok\":{}"))
        fail_msg("not {}: %s", answer);
    /* Durable when answered: the friend sees it. */
    assert_non_null(test_wait(cb, "\"ev\":\"mark\"", "\"delivered\":1", SOON_MS));
    snprintf(ack + n, sizeof ack - n, ",\"d.1.2\":1}");
    answer = test_ask(ca, ack);
    assert_non_null(answer);
    assert_non_null(strstr(answer, "not_member"));
    test_close(&ca);
    test_close(&cb);
}

static void an_answer_that_does_not_come_becomes_the_event(void **state)
{
    struct cluster *w = *state;
    struct test_account a, b;
    test_register(at(w, 0), "anna", &a);
    test_register(at(w, 1), "bert", &b);
    struct test_client *ca = test_connect(at(w, 0), a.token);
    test_remote_hold_commands(true);
    const char *answer = send_to(ca, b.id, "late", "hello");
    assert_non_null(answer);
    assert_non_null(strstr(answer, "\"unavailable\""));
    assert_non_null(strstr(answer, "\"retry\":true"));
    test_remote_hold_commands(false);
    assert_non_null(test_wait(ca, "\"ev\":\"entry\"", "\"cmid\":\"late\"", SOON_MS));
    /* And again: what is kept of the first does not keep the second waiting. */
    test_remote_hold_commands(true);
    answer = send_to(ca, b.id, "later", "hello");
    assert_non_null(answer);
    assert_non_null(strstr(answer, "\"unavailable\""));
    test_remote_hold_commands(false);
    assert_non_null(test_wait(ca, "\"ev\":\"entry\"", "\"cmid\":\"later\"", SOON_MS));
    /* The retry has its answer, and makes no third entry; the two may be told again (T5). */
    answer = send_to(ca, b.id, "late", "hello");
    assert_int_equal(ok_seq(answer), 1);
    assert_non_null(strstr(answer, "\"dup\":true"));
    test_read(ca, 200);
    assert_int_equal(test_seen(ca, "\"ev\":\"entry\"", "\"seq\":3"), 0);
    test_close(&ca);
}

static void sign_out_reaches_every_server(void **state)
{
    struct cluster *w = *state;
    struct test_account a;
    struct par_buf answer = {0};
    test_register(at(w, 0), "anna", &a);
    struct test_client *ca = test_connect(at(w, 1), a.token);
    /* A route that was lost does not keep the socket. */
    test_remote_lose_routes(strtoull(a.id, NULL, 10));
    assert_int_equal(test_http(at(w, 2), "POST", "/v1/logout", a.token, NULL, &answer), 204);
    assert_int_equal(test_closed(ca, 1000), 4401);
    test_close(&ca);
    par_buf_fini(&answer);
}

static void a_poll_session_ends_when_another_server_opens_one(void **state)
{
    struct cluster *w = *state;
    struct test_account a;
    struct par_buf first = {0}, second = {0}, answer = {0};
    char cursor[96], path[160];
    test_register(at(w, 0), "anna", &a);
    assert_int_equal(test_http(at(w, 0), "GET", "/v1/poll", a.token, NULL, &first), 200);
    test_member((char *)first.data, "cursor", cursor, sizeof cursor);
    snprintf(path, sizeof path, "/v1/poll?wait_ms=3000&cursor=%s", cursor);
    /* Asked of another server it is gone at once. */
    assert_int_equal(test_http(at(w, 1), "GET", path, a.token, NULL, &answer), 410);
    assert_int_equal(test_http(at(w, 1), "GET", "/v1/poll", a.token, NULL, &second), 200);
    assert_int_equal(test_http(at(w, 0), "GET", path, a.token, NULL, &answer), 410);
    par_buf_fini(&first);
    par_buf_fini(&second);
    par_buf_fini(&answer);
}

static void privacy_presence_and_typing_cross_servers(void **state)
{
    struct cluster *w = *state;
    struct test_account a, b;
    char members[256], conv[80];
    test_register(at(w, 0), "anna", &a);
    test_register(at(w, 1), "bert", &b);
    struct test_client *ca = test_connect(at(w, 0), a.token);
    const char *answer = send_to(ca, b.id, "1", "hello");
    ok_seq(answer);
    test_member(answer, "conv", conv, sizeof conv);
    snprintf(members, sizeof members, "\"op\":\"watch\",\"users\":[\"%s\"]", b.id);
    answer = test_ask(ca, members);
    assert_non_null(strstr(answer, "\"offline\""));
    struct test_client *cb = test_connect(at(w, 1), b.token);
    assert_non_null(test_wait(ca, "\"ev\":\"presence\"", "\"online\"", SOON_MS));
    snprintf(members, sizeof members, "\"op\":\"typing\",\"conv\":\"%s\",\"on\":true", conv);
    answer = test_ask(cb, members);
    assert_non_null(strstr(answer, "\"ok\""));
    assert_non_null(test_wait(ca, "\"ev\":\"typing\"", b.id, SOON_MS));
    /* A transition that nobody is told of is found by the next look. */
    test_remote_lose_presence(true);
    test_close(&cb);
    assert_non_null(test_wait(ca, "\"ev\":\"presence\"", "\"offline\"", SOON_MS));
    test_remote_lose_presence(false);
    test_close(&ca);
}

/* Another writer took the route for true, and the user has gone meanwhile. */
static void a_member_who_moved_gets_it_and_one_who_left_a_push(void **state)
{
    struct cluster *w = *state;
    struct test_account a, b;
    test_register(at(w, 0), "anna", &a);
    test_register(at(w, 1), "bert", &b);
    struct test_client *ca = test_connect(at(w, 0), a.token);
    uint64_t users[2] = {strtoull(a.id, NULL, 10), strtoull(b.id, NULL, 10)};
    struct par_entry entry = {.conv = par_conv_direct(users[0], users[1]),
                              .seq = 7,
                              .ts = 1,
                              .sender = 99,
                              .kind = PAR_ENTRY_TEXT,
                              .cmid = PAR_STR("x"),
                              .text = PAR_STR("astray")};
    struct par_delivery d = {.kind = PAR_DELIVERY_ENTRY,
                             .conv = entry.conv,
                             .entry = &entry,
                             .users = users,
                             .user_count = 2};
    test_remote_send(w->server[2]->id, &d);
    assert_non_null(test_wait(ca, "\"ev\":\"entry\"", "astray", SOON_MS));
    assert_true(pushed(b.id, 7, SOON_MS));
    assert_int_equal(test_remote_pushes(users[0], 7), 0);
    /* Handed on often enough it is a push. */
    d.forwards = PAR_DELIVERY_FORWARDS_MAX;
    entry.seq = 8;
    test_remote_send(w->server[2]->id, &d);
    assert_true(pushed(a.id, 8, SOON_MS));
    test_close(&ca);
}

static void a_dead_server_is_stood_in_for(void **state)
{
    struct cluster *w = *state;
    struct test_account a, b;
    test_register(at(w, 0), "anna", &a);
    test_register(at(w, 1), "bert", &b);
    struct test_client *ca = test_connect(at(w, 0), a.token), *cb = test_connect(at(w, 1), b.token);
    uint64_t bert = strtoull(b.id, NULL, 10);
    par_log_guard_expect("owners.halted");
    ok_seq(send_to(ca, b.id, "1", "before"));
    assert_non_null(test_wait(cb, "before", "", SOON_MS));
    /* Its socket is open, it is dead to all others: what comes now lies in its inbox. */
    test_remote_cut(w->server[1]->id, true);
    const char *answer = send_to(ca, b.id, "2", "after");
    for (int i = 0; i < 20 && (!answer || !strstr(answer, "\"ok\"")); i++)
        answer = send_to(ca, b.id, "2", "after");
    assert_int_equal(ok_seq(answer), 2);
    assert_true(pushed(b.id, 2, 4 * SOON_MS));
    assert_int_equal(test_remote_routes(bert), 0);
    assert_int_equal(test_seen(cb, "after", ""), 0);
    /* It was alive: it registers anew and tells its clients to sync (R6). */
    test_remote_cut(w->server[1]->id, false);
    assert_non_null(test_wait(cb, "\"ev\":\"sync\"", "", SOON_MS));
    for (int i = 0; i < 100 && test_remote_routes(bert) != 1; i++)
        test_read(cb, 20);
    assert_int_equal(test_remote_routes(bert), 1);
    ok_seq(send_to(ca, b.id, "3", "again"));
    assert_non_null(test_wait(cb, "again", "", SOON_MS));
    test_close(&ca);
    test_close(&cb);
}

static void without_a_route_nobody_is_let_in(void **state)
{
    struct cluster *w = *state;
    struct test_account a;
    test_register(at(w, 0), "anna", &a);
    test_remote_routes_down(true);
    struct test_client *ca = test_try_connect(at(w, 0), a.token);
    assert_int_equal(ca->count, 1);
    assert_non_null(strstr(ca->text[0], "\"unavailable\""));
    test_remote_routes_down(false);
    struct test_client *cb = test_connect(at(w, 0), a.token);
    assert_int_equal(test_remote_routes(strtoull(a.id, NULL, 10)), 1);
    test_close(&ca);
    test_close(&cb);
}

static void an_orderly_end_leaves_no_route_and_no_heir(void **state)
{
    struct cluster *w = *state;
    struct test_account a, b;
    test_register(at(w, 0), "anna", &a);
    test_register(at(w, 1), "bert", &b);
    struct test_client *cb = test_connect(at(w, 1), b.token);
    uint64_t bert = strtoull(b.id, NULL, 10);
    assert_int_equal(test_remote_routes(bert), 1);
    close_server(w, 1);
    assert_int_equal(test_remote_routes(bert), 0);
    struct test_client *ca = test_connect(at(w, 0), a.token);
    const char *answer = send_to(ca, b.id, "1", "hello");
    for (int i = 0; i < 20 && (!answer || !strstr(answer, "\"ok\"")); i++)
        answer = send_to(ca, b.id, "1", "hello");
    assert_int_equal(ok_seq(answer), 1);
    assert_true(pushed(b.id, 1, SOON_MS));
    test_close(&ca);
    test_close(&cb);
}

/* Its close frame is never answered. */
static void the_end_waits_for_no_client(void **state)
{
    struct cluster *w = *state;
    struct test_account a;
    test_register(at(w, 0), "anna", &a);
    struct test_client *ca = test_connect(at(w, 1), a.token);
    uint64_t began = par_mono_ms();
    close_server(w, 1);
    assert_true(par_mono_ms() - began < 4000);
    test_close(&ca);
}

static uint32_t partitions_of(struct cluster *w, int i)
{
    struct par_owners_count count;
    par_owners_count(w->server[i]->owners, &count);
    return count.partitions;
}

/* Until server i has partitions (or none). */
static bool comes_to(struct cluster *w, int i, bool some, int ms)
{
    struct par_mailbox bell;
    par_mailbox_init(&bell, 1);
    for (int n = 0; n < ms / 20 && (partitions_of(w, i) > 0) != some; n++)
        (void)par_mailbox_wait(&bell, 20);
    (void)par_mailbox_fini(&bell);
    return (partitions_of(w, i) > 0) == some;
}

static bool comes_to_be_ready(struct cluster *w, int i, bool ready, int ms)
{
    struct par_mailbox bell;
    const char *why;
    par_mailbox_init(&bell, 1);
    for (int n = 0; n < ms / 20 && par_server_ready(w->server[i], &why) != ready; n++)
        (void)par_mailbox_wait(&bell, 20);
    (void)par_mailbox_fini(&bell);
    return par_server_ready(w->server[i], &why) == ready;
}

/* Anna, at server `from`, writes to some in every partition. */
static void writes_to_many(struct cluster *w, int from, const struct test_account *anna,
                           const char *cmid)
{
    enum { FRIENDS = 12 };
    struct test_client *c = test_connect(at(w, from), anna->token);
    for (int i = 0; i < FRIENDS; i++) {
        struct test_account friend;
        char name[32];
        snprintf(name, sizeof name, "f%s%d", cmid, i);
        test_register(at(w, from), name, &friend);
        (void)ok_seq(send_to(c, friend.id, cmid, "hello"));
    }
    test_close(&c);
}

static void who_does_not_reach_the_store_hands_over(void **state)
{
    struct cluster *w = *state;
    const char *why;
    struct test_account anna;
    test_register(at(w, 1), "anna", &anna);
    test_remote_cut_store(0, true);
    assert_true(comes_to(w, 0, false, MOVE_MS));
    assert_false(par_server_ready(w->server[0], &why));
    writes_to_many(w, 1, &anna, "x");
    assert_int_equal(partitions_of(w, 0), 0);
    test_remote_cut_store(0, false);
    assert_true(comes_to(w, 0, true, MOVE_MS));
    settle(w);
    assert_true(par_server_ready(w->server[0], &why));
    writes_to_many(w, 0, &anna, "y");
    assert_int_equal(test_remote_asides(), 1);
}

static void who_does_not_reach_the_routes_hands_over(void **state)
{
    struct cluster *w = *state;
    struct test_account anna;
    test_register(at(w, 1), "anna", &anna);
    test_remote_cut_routes(w->server[0]->id, true);
    assert_true(comes_to(w, 0, false, MOVE_MS));
    writes_to_many(w, 1, &anna, "x");
    test_remote_cut_routes(w->server[0]->id, false);
    assert_true(comes_to(w, 0, true, MOVE_MS));
}

/* Its clients hear nothing: a balancer is told that they are better off elsewhere. */
static void who_does_not_reach_the_log_is_not_ready(void **state)
{
    struct cluster *w = *state;
    const char *why;
    struct test_account anna;
    test_register(at(w, 1), "anna", &anna);
    test_remote_cut_log(w->server[0]->id, true);
    assert_true(comes_to(w, 0, false, MOVE_MS));
    assert_true(comes_to_be_ready(w, 0, false, MOVE_MS));
    writes_to_many(w, 1, &anna, "x");
    test_remote_cut_log(w->server[0]->id, false);
    assert_true(comes_to(w, 0, true, MOVE_MS));
    assert_true(comes_to_be_ready(w, 0, true, MOVE_MS));
    assert_true(par_server_ready(w->server[1], &why));
    writes_to_many(w, 0, &anna, "y");
    assert_int_equal(test_remote_asides(), 1);
}

/* What nobody reaches is no reason to hand over: nobody could do better. */
static void what_nobody_reaches_moves_nothing(void **state)
{
    struct cluster *w = *state;
    const char *why;
    struct test_account anna;
    struct par_mailbox bell;
    par_mailbox_init(&bell, 1);
    test_register(at(w, 1), "anna", &anna);
    for (int i = 0; i < SERVERS; i++)
        test_remote_cut_store(i, true);
    (void)par_mailbox_wait(&bell, 4000);
    for (int i = 0; i < SERVERS; i++)
        test_remote_cut_store(i, false);
    settle(w);
    assert_int_equal(test_remote_asides(), 0);
    writes_to_many(w, 1, &anna, "x");
    test_remote_routes_down(true);
    (void)par_mailbox_wait(&bell, 4000);
    test_remote_routes_down(false);
    settle(w);
    assert_int_equal(test_remote_asides(), 0);
    for (int i = 0; i < SERVERS; i++)
        test_remote_cut_log(w->server[i]->id, true);
    (void)par_mailbox_wait(&bell, 4000);
    for (int i = 0; i < SERVERS; i++) {
        assert_true(par_server_ready(w->server[i], &why));
        test_remote_cut_log(w->server[i]->id, false);
    }
    settle(w);
    assert_int_equal(test_remote_asides(), 0);
    (void)par_mailbox_fini(&bell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_entry_crosses_servers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_of_several_partitions_are_one_ack, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_does_not_come_becomes_the_event, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sign_out_reaches_every_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_poll_session_ends_when_another_server_opens_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(privacy_presence_and_typing_cross_servers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_member_who_moved_gets_it_and_one_who_left_a_push, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_dead_server_is_stood_in_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_route_nobody_is_let_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_orderly_end_leaves_no_route_and_no_heir, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_end_waits_for_no_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_does_not_reach_the_store_hands_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_does_not_reach_the_log_is_not_ready, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_does_not_reach_the_routes_hands_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_reaches_moves_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
