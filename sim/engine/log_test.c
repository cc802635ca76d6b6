/* The simulated log: each ugly thing that it does, and that the contract of the queue holds all the
 * same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/engine/log.h"
#include "sim/engine/test_host.h"
#include "store/key.h"

#include <stdio.h>
#include <stdlib.h>

enum { PART = 0x10000 }; /* generation 1, number 0 */

static struct sim_log *world;
static struct par_queue *queues[4]; /* of server 1, 2, 3 on nodes 1, 2, 3 */
static struct sim_log_plan plan;

/* A killed server's objects lie where they lay. */
static void kill_server(unsigned server)
{
    static struct par_queue *left[128];
    static size_t count;
    sim_test_kill(server);
    assert_true(count < 128);
    left[count] = queues[server];
    assert_non_null(left[count++]);
    queues[server] = NULL;
}

static void open_server(unsigned server)
{
    sim_test_node(server);
    const struct par_queue_config config = {.driver = "sim", .server = server};
    assert_int_equal(par_queue_open(&config, &queues[server]), PAR_OK);
}

static void begin(void)
{
    sim_test_begin(5, false);
    plan.no_thread = true;
    plan.session_ns = 2 * SIM_S;
    world = sim_log_new(&plan);
    for (unsigned server = 1; server < 4; server++)
        open_server(server);
    sim_test_node(1);
}

static int end(void **state)
{
    (void)state;
    for (unsigned server = 1; server < 4; server++)
        par_queue_close(&queues[server]);
    sim_log_free(&world);
    sim_test_end();
    plan = (struct sim_log_plan){0};
    return 0;
}

static void produce(unsigned server, int number)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%u.%d", server, number);
    sim_test_node(server);
    assert_int_equal(par_queue_produce(queues[server], PART, par_str_of(text, (size_t)n)), PAR_OK);
}

/* What is in the log: how many records of a server, that they are in order, how many twice. */
struct content {
    int count, twice, last;
};
static struct content content_of(unsigned server)
{
    struct content c = {0};
    struct par_queue_record r;
    for (uint64_t at = sim_log_start(world, PART); at < sim_log_end(world, PART); at++) {
        unsigned who;
        int number;
        assert_true(sim_log_record(world, PART, at, &r));
        assert_int_equal(sscanf(r.bytes.ptr, "%u.%d", &who, &number), 2);
        if (who != server)
            continue;
        assert_true(number >= c.last);
        c.twice += number == c.last;
        c.count += number != c.last;
        c.last = number;
    }
    return c;
}

static void records_arrive_once_in_order(void **state)
{
    (void)state;
    struct par_queue_record records[8];
    int seen = 0;
    plan.append_ns = 5 * SIM_MS;
    begin();
    for (int i = 1; i <= 100; i++)
        produce(1 + (unsigned)i % 3, i);
    assert_int_equal(sim_log_end(world, PART), 0);
    assert_int_equal(par_queue_seek(queues[2], PART, 0), PAR_OK);
    uint64_t next = 0;
    for (size_t n; (n = par_queue_take(queues[2], PART, 8, 1000, records)) > 0;)
        for (size_t i = 0; i < n; i++, seen++)
            assert_int_equal(records[i].offset, next++);
    assert_int_equal(seen, 100);
    for (unsigned server = 1; server <= 3; server++)
        assert_int_equal(content_of(server).twice, 0);
    assert_int_equal(sim_log_waiting(world), 0);
}

static void records_are_lost_late_and_twice(void **state)
{
    (void)state;
    plan = (struct sim_log_plan){.append_ns = 5 * SIM_MS,
                                 .lost_ppm = 100000,
                                 .late_ppm = 50000,
                                 .late_ns = 3 * SIM_S,
                                 .twice_ppm = 100000};
    begin();
    for (int i = 1; i <= 200; i++)
        produce(1, i);
    sim_test_run_ns(SIM_S);
    int early = content_of(1).count;
    sim_test_run_ns(60 * SIM_S);
    struct content c = content_of(1);
    assert_true(early < c.count && c.count < 200 && c.count > 150 && c.twice > 5);
    assert_int_equal(200 - c.count, sim_test_faults(SIM_FAULT_LOG_APPEND_LOST));
    assert_int_equal(c.twice, sim_test_faults(SIM_FAULT_LOG_APPEND_TWICE));
}

static void a_server_that_is_cut_off_or_paused_sends_later(void **state)
{
    (void)state;
    plan.timeout_ns = 5 * SIM_S;
    begin();
    sim_test_cut(1, SIM_LOG, true);
    produce(1, 1);
    sim_test_run_ns(SIM_S);
    assert_int_equal(content_of(1).count, 0);
    sim_test_cut(1, SIM_LOG, false);
    sim_test_run_ns(SIM_S);
    assert_int_equal(content_of(1).count, 1);
    sim_test_cut(1, SIM_LOG, true);
    produce(1, 2);
    sim_test_run_ns(10 * SIM_S);
    sim_test_cut(1, SIM_LOG, false);
    sim_test_run_ns(SIM_S);
    assert_int_equal(content_of(1).count, 1);
    /* Paused, it may even send what it should have given up. */
    for (int i = 0; i < 20; i++) {
        sim_test_pause(1, true);
        produce(1, 3 + i);
        sim_test_run_ns(20 * SIM_S);
        sim_test_pause(1, false);
        sim_test_run_ns(SIM_S);
    }
    assert_true(content_of(1).count > 4 && content_of(1).count < 18);
}

static void what_a_killed_server_had_in_memory_is_lost_from_the_end(void **state)
{
    (void)state;
    int lost = 0, whole = 0;
    plan.append_ns = 50 * SIM_MS;
    begin();
    for (int round = 0; round < 20; round++) {
        for (int i = 1; i <= 10; i++)
            produce(1, 10 * round + i);
        kill_server(1);
        sim_test_run_ns(SIM_S);
        open_server(1);
        int last = content_of(1).last;
        lost += last > 10 * round && last < 10 * round + 10;
        whole += last == 10 * round + 10;
    }
    assert_true(lost > 5 && whole > 0);
}

static void a_new_leader_has_another_clock_after_a_stall(void **state)
{
    (void)state;
    struct par_queue_record r[2], records[2];
    plan.skew_ms = 500;
    begin();
    produce(1, 1);
    sim_test_run_ns(SIM_MS);
    assert_int_equal(par_queue_seek(queues[1], PART, 0), PAR_OK);
    assert_int_equal(par_queue_take(queues[1], PART, 2, 0, records), 1);
    bool back = false;
    for (int i = 1; i < 10; i++) {
        uint64_t start, stop;
        sim_log_leader(world, PART, SIM_S);
        assert_int_equal(par_queue_bounds(queues[1], PART, &start, &stop), PAR_E_UNAVAILABLE);
        produce(1, 1 + i);
        assert_int_equal(par_queue_take(queues[1], PART, 2, 500, records), 0);
        assert_int_equal(par_queue_take(queues[1], PART, 2, 2000, records), 1);
        assert_true(sim_log_record(world, PART, (uint64_t)i - 1, &r[0]));
        assert_true(sim_log_record(world, PART, (uint64_t)i, &r[1]));
        assert_true(r[1].time_ms > r[0].time_ms);
        back |= r[1].time_ms - r[0].time_ms < 900;
        assert_int_equal(par_queue_bounds(queues[1], PART, &start, &stop), PAR_OK);
        assert_true(start == 0 && stop == (uint64_t)i + 1);
    }
    assert_true(back);
}

static void a_reader_hands_out_what_it_has_fetched(void **state)
{
    (void)state;
    struct par_queue_record records[4];
    begin();
    for (int i = 1; i <= 10; i++)
        produce(1, i);
    sim_test_run_ns(SIM_MS);
    sim_test_node(2);
    assert_int_equal(par_queue_seek(queues[2], PART, 2), PAR_OK);
    assert_int_equal(par_queue_take(queues[2], PART, 3, 0, records), 3);
    assert_int_equal(records[0].offset, 2);
    sim_test_cut(2, SIM_LOG, true);
    assert_int_equal(par_queue_take(queues[2], PART, 4, 0, records), 4);
    assert_int_equal(records[0].offset, 5);
    produce(1, 11);
    sim_test_run_ns(SIM_MS);
    sim_test_node(2);
    assert_int_equal(par_queue_take(queues[2], PART, 4, 1000, records), 1);
    assert_int_equal(par_queue_take(queues[2], PART, 4, 1000, records), 0);
    sim_test_cut(2, SIM_LOG, false);
    assert_int_equal(par_queue_take(queues[2], PART, 4, 1000, records), 1);
    assert_int_equal(records[0].offset, 10);
}

static void a_log_may_lose_its_start_and_its_end(void **state)
{
    (void)state;
    struct par_queue_record records[16];
    uint64_t start, stop;
    begin();
    for (int i = 1; i <= 10; i++)
        produce(1, i);
    sim_test_run_ns(SIM_MS);
    sim_log_retention(world, PART, 6);
    sim_log_cut(world, PART, 2);
    assert_int_equal(par_queue_bounds(queues[1], PART, &start, &stop), PAR_OK);
    assert_true(start == 4 && stop == 8);
    assert_int_equal(par_queue_seek(queues[1], PART, 0), PAR_OK);
    assert_int_equal(par_queue_take(queues[1], PART, 16, 0, records), 4);
    assert_int_equal(records[0].offset, 4);
    /* Who stands behind the end gets what is appended at its offset, whatever was there before. */
    assert_int_equal(par_queue_seek(queues[2], PART, 9), PAR_OK);
    assert_int_equal(par_queue_take(queues[2], PART, 16, 10, records), 0);
    produce(1, 21);
    produce(1, 22);
    sim_test_run_ns(SIM_MS);
    assert_int_equal(par_queue_take(queues[2], PART, 16, 10, records), 1);
    assert_true(records[0].offset == 9 && par_str_is(records[0].bytes, "1.22"));
}

static void brokers_without_power_lose_some_of_each_end(void **state)
{
    (void)state;
    int shorter = 0;
    plan.partitions = 8;
    begin();
    for (int i = 0; i < 10; i++)
        for (uint32_t n = 0; n < 8; n++)
            assert_int_equal(par_queue_produce(queues[1], PART + n, PAR_STR("x")), PAR_OK);
    sim_test_run_ns(SIM_S);
    sim_log_power_loss(world, 8);
    for (uint32_t n = 0; n < 8; n++) {
        uint64_t end_now = sim_log_end(world, PART + n);
        assert_in_range(end_now, 2, 10);
        shorter += end_now < 10;
    }
    assert_true(shorter > 0);
    assert_int_equal(sim_test_faults(SIM_FAULT_LOG_CUT), 1);
}

/* ---- generations ---- */

static void a_generation_doubles_and_servers_see_it_late(void **state)
{
    (void)state;
    struct par_queue_record record;
    int old = 0, new = 0;
    plan.partitions = 2;
    plan.metadata_ns = 30 * SIM_S;
    begin();
    struct par_conv conv = par_conv_direct(3, 8);
    uint32_t before = par_queue_partition_of(queues[1], &conv);
    assert_true(par_queue_partitions(queues[1]) == 2 && par_queue_generation(queues[1]) == 1);
    assert_int_equal(par_partition_number(before), par_key_conv_hash2(&conv) >> 15);
    sim_log_grow(world, PAR_STR("seal"));
    assert_int_equal(sim_log_partitions(world), 6);
    assert_true(sim_log_record(world, before, 0, &record) && par_str_is(record.bytes, "seal"));
    for (int i = 0; i < 60; i++) {
        sim_test_run_ns(SIM_S);
        for (unsigned server = 1; server < 4; server++) {
            uint32_t now = par_queue_partition_of(queues[server], &conv);
            old += now == before;
            new += par_partition_generation(now) == 2 &&
                   par_partition_number(now) == par_key_conv_hash2(&conv) >> 14;
        }
    }
    assert_true(old > 3 && new > 60 && old + new == 180);
    assert_int_equal(par_queue_produce(queues[1], before, PAR_STR("slow")), PAR_OK);
    assert_int_equal(par_queue_produce(queues[1], 0x90000, PAR_STR("?")), PAR_E_UNAVAILABLE);
    sim_test_run_ns(SIM_S);
    assert_int_equal(sim_log_end(world, before), 2);
}

/* ---- owners ---- */

static bool holds[4][8]; /* as each server believes */
static uint64_t slow_ns;

static void own(void *arg, const uint32_t *partitions, size_t count, bool owned)
{
    unsigned server = (unsigned)(uintptr_t)arg;
    for (size_t i = 0; i < count; i++) {
        uint16_t number = par_partition_number(partitions[i]);
        assert_int_not_equal(holds[server][number], owned);
        if (!owned && slow_ns > 0)
            sim_test_run_ns(slow_ns);
        holds[server][number] = owned;
    }
}

static size_t held(unsigned server)
{
    size_t n = 0;
    for (int i = 0; i < 8; i++)
        n += holds[server][i];
    return n;
}

static void turn(int seconds)
{
    for (int i = 0; i < seconds * 4; i++) {
        sim_test_run_ns(SIM_S / 4);
        for (unsigned server = 1; server < 4; server++)
            if (queues[server] != NULL)
                sim_log_turn(world, server);
    }
}

static void join(unsigned server)
{
    sim_test_node(server);
    assert_int_equal(par_queue_join(queues[server], own, (void *)(uintptr_t)server), PAR_OK);
}

static void begin_group(void)
{
    memset(holds, 0, sizeof holds);
    slow_ns = 0;
    plan.partitions = 8;
    begin();
    for (unsigned server = 1; server < 4; server++)
        join(server);
    turn(3);
    assert_true(held(1) >= 2 && held(2) >= 2 && held(3) >= 2);
    assert_int_equal(held(1) + held(2) + held(3), 8);
}

static void members_share_and_leave(void **state)
{
    (void)state;
    begin_group();
    par_queue_leave(queues[2]);
    assert_int_equal(held(2), 0);
    turn(1);
    assert_int_equal(held(1) + held(3), 8);
    join(2);
    turn(2);
    assert_int_equal(held(1) + held(2) + held(3), 8);
    assert_true(held(2) >= 2);
    for (unsigned server = 1; server < 4; server++)
        par_queue_leave(queues[server]);
}

static void who_is_silent_for_a_session_becomes_a_zombie(void **state)
{
    (void)state;
    plan.blind_ns = 10 * SIM_S;
    begin_group();
    size_t had = held(1);
    sim_test_cut(1, SIM_LOG, true);
    turn(1);
    assert_int_equal(held(2) + held(3), 8 - had);
    turn(4);
    assert_int_equal(held(2) + held(3), 8);
    assert_int_equal(held(1), had);
    assert_true(sim_test_faults(SIM_FAULT_LOG_ZOMBIE) >= had);
    sim_test_cut(1, SIM_LOG, false);
    turn(20);
    assert_int_equal(held(1) + held(2) + held(3), 8);
    assert_true(held(1) >= 2);
}

static void who_does_not_give_back_in_time_has_lost_it(void **state)
{
    (void)state;
    int two = 0;
    plan.revoke_ns = SIM_S;
    begin_group();
    slow_ns = 4 * SIM_S;
    for (int i = 0; i < 5; i++) {
        sim_log_rebalance(world);
        turn(10);
        two += (int)(held(1) + held(2) + held(3)) == 8;
    }
    assert_int_equal(two, 5);
    assert_true(sim_test_faults(SIM_FAULT_LOG_ZOMBIE) > 0);
    assert_true(sim_test_faults(SIM_FAULT_LOG_REBALANCE) > 0);
}

static void a_static_member_comes_back_to_what_it_had(void **state)
{
    (void)state;
    bool had[8];
    plan.static_members = true;
    begin_group();
    memcpy(had, holds[1], sizeof had);
    kill_server(1);
    memset(holds[1], 0, sizeof holds[1]);
    sim_test_run_ns(SIM_S);
    open_server(1);
    join(1);
    turn(1);
    assert_memory_equal(had, holds[1], sizeof had);
    par_queue_leave(queues[2]);
    turn(1);
    assert_int_not_equal(held(1) + held(3), 8);
    turn(4);
    assert_int_equal(held(1) + held(3), 8);
}

/* ---- inboxes ---- */

static size_t inbox(unsigned server, uint64_t of, struct par_queue_record *records)
{
    sim_test_node(server);
    return par_queue_take_inbox(queues[server], of, 64, 0, records);
}

static void an_inbox_is_read_on_from_where_it_was_confirmed(void **state)
{
    (void)state;
    struct par_queue_record records[64];
    uint64_t stop;
    begin();
    assert_true(par_queue_remote(queues[1]));
    for (int i = 0; i < 5; i++)
        assert_int_equal(par_queue_send(queues[1], 2, PAR_STR("x")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(queues[1]), PAR_OK);
    assert_int_equal(par_queue_inbox_end(queues[2], 2, &stop), PAR_OK);
    assert_int_equal(stop, 5);
    assert_int_equal(inbox(2, 2, records), 5);
    assert_int_equal(par_queue_confirm_inbox(queues[2], 2, 3), PAR_OK);
    assert_int_equal(inbox(2, 2, records), 0);
    assert_int_equal(inbox(3, 2, records), 2);
    assert_int_equal(records[0].offset, 3);
    assert_int_equal(par_queue_send(queues[1], PAR_QUEUE_ALL_SERVERS, PAR_STR("y")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(queues[1]), PAR_OK);
    assert_int_equal(inbox(2, 2, records), 1);
}

static int jobs;
static void job(void *arg, const struct par_push_job *j)
{
    assert_ptr_equal(arg, &jobs);
    assert_true(par_str_is(j->text, "hello") && j->user == 9);
    jobs++;
}

/* What a flush says: OK is always true; the other way round it may be anything. */
static void a_flush_that_is_ok_has_it_all(void **state)
{
    (void)state;
    struct par_queue_record records[64];
    int failed = 0, there = 0;
    plan.lost_ppm = plan.report_lost_ppm = plan.late_ppm = 50000;
    plan.late_ns = 20 * SIM_S;
    plan.timeout_ns = 5 * SIM_S;
    plan.append_ns = SIM_MS;
    begin();
    jobs = 0;
    sim_log_on_push(world, job, &jobs);
    for (int i = 0; i < 100; i++) {
        int jobs_before = jobs;
        uint64_t before, after;
        sim_test_node(1);
        assert_int_equal(par_queue_inbox_end(queues[1], 2, &before), PAR_OK);
        for (int k = 0; k < 3; k++)
            assert_int_equal(par_queue_send(queues[1], 2, PAR_STR("x")), PAR_OK);
        assert_int_equal(par_queue_push_job(queues[1],
                                            &(struct par_push_job){
                                                .reason = PAR_PUSH_TEXT,
                                                .user = 9,
                                                .conv = par_conv_direct(9, 10),
                                                .text = PAR_STR("hello"),
                                            }),
                         PAR_OK);
        enum par_err err = par_queue_deliver_flush(queues[1]);
        assert_int_equal(par_queue_inbox_end(queues[1], 2, &after), PAR_OK);
        failed += err != PAR_OK;
        there += err != PAR_OK && after - before >= 3;
        if (err == PAR_OK)
            assert_true(after - before >= 3 && jobs > jobs_before);
    }
    sim_test_run_ns(60 * SIM_S);
    assert_true(failed > 10 && failed < 90 && there > 3);
    size_t n = 0;
    for (size_t got; (got = inbox(2, 2, records)) > 0;)
        n += got;
    assert_true(n > 150 && n < 300);
}

static void confirms_are_lost_and_go_back(void **state)
{
    (void)state;
    struct par_queue_record records[64];
    int refused = 0, lower = 0;
    plan.confirm_refused_ppm = plan.confirm_lost_ppm = plan.offset_back_ppm = 300000;
    begin();
    for (int i = 0; i < 40; i++) {
        assert_int_equal(par_queue_send(queues[1], 2, PAR_STR("x")), PAR_OK);
        assert_int_equal(par_queue_deliver_flush(queues[1]), PAR_OK);
        while (inbox(2, 2, records) > 0)
            ;
        refused += par_queue_confirm_inbox(queues[2], 2, (uint64_t)i + 1) != PAR_OK;
        kill_server(2);
        open_server(2);
        size_t n = inbox(2, 2, records);
        lower += n > 0;
        if (n > 0)
            assert_true(records[0].offset <= (uint64_t)i);
    }
    assert_true(refused > 3 && lower > refused && lower < 40);
}

static void two_threads_flush_their_own(void **state)
{
    (void)state;
    begin();
    sim_test_cut(1, SIM_LOG, true);
    assert_int_equal(par_queue_send(queues[1], 2, PAR_STR("x")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(queues[1]), PAR_E_UNAVAILABLE);
    assert_true(sim_now_ns() >= 10 * SIM_S);
    sim_test_cut(1, SIM_LOG, false);
    sim_test_run_ns(20 * SIM_S);
    assert_int_equal(par_queue_deliver_flush(queues[1]), PAR_OK);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, end)
    const struct CMUnitTest tests[] = {
        T(records_arrive_once_in_order),
        T(records_are_lost_late_and_twice),
        T(a_server_that_is_cut_off_or_paused_sends_later),
        T(what_a_killed_server_had_in_memory_is_lost_from_the_end),
        T(a_new_leader_has_another_clock_after_a_stall),
        T(a_reader_hands_out_what_it_has_fetched),
        T(a_log_may_lose_its_start_and_its_end),
        T(brokers_without_power_lose_some_of_each_end),
        T(a_generation_doubles_and_servers_see_it_late),
        T(members_share_and_leave),
        T(who_is_silent_for_a_session_becomes_a_zombie),
        T(who_does_not_give_back_in_time_has_lost_it),
        T(a_static_member_comes_back_to_what_it_had),
        T(an_inbox_is_read_on_from_where_it_was_confirmed),
        T(a_flush_that_is_ok_has_it_all),
        T(confirms_are_lost_and_go_back),
        T(two_threads_flush_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
