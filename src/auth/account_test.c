/* Accounts on the memory store: who gets in, who does not, and what is left of those who went.
 * Compiled once more for a store of many servers whose clocks differ (PAR_SUITE_SIM). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "auth/account.h"
#include "auth/attempts.h"
#include "loop/env.h"

#ifdef PAR_SUITE_SIM
#include "sim/engine/store.h"
#include "sim/engine/test_host.h"
#endif

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct par_store *store;
    struct par_arena arena;
    struct par_accounts a;
};

#ifdef PAR_SUITE_SIM
#define DRIVER "sim"
static struct sim_store *world;

static void begin(bool threads)
{
    sim_test_begin(1, threads);
    world = sim_store_new(&(struct sim_store_plan){.by_rows = true, .landing_ns = SIM_MS});
}

/* Each server that is asked from now on has a clock that is behind that of the one before. */
static void clocks_differ(void)
{
    sim_test_wall_step(-1000);
}

static void end(void)
{
    sim_store_free(&world);
    sim_test_end();
}
#else
#define DRIVER "memory"
static void begin(bool threads)
{
    (void)threads;
}

static void clocks_differ(void) {}
static void end(void) {}
#endif

static int open_store(void **state, bool threads)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct par_buf why = {0};
    assert_int_equal(par_secret_init(), PAR_OK);
    begin(threads);
    assert_int_equal(par_store_open(&(struct par_store_options){.driver = DRIVER}, &f->store, &why),
                     PAR_OK);
    f->a = (struct par_accounts){
        .store = f->store, .arena = &f->arena, .cost = {.ops = 1, .mem_kib = 8}, .devices = 3};
    par_buf_fini(&why);
    *state = f;
    return 0;
}

static int set_up(void **state)
{
    return open_store(state, false);
}

/* With several threads, which all reach the same store. */
static int set_up_threads(void **state)
{
    return open_store(state, true);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    par_arena_fini(&f->arena);
    par_store_close(&f->store);
    free(f);
    end();
    return 0;
}

static struct par_registration as(const char *name)
{
    return (struct par_registration){.name = par_str(name), .password = PAR_STR("correct horse")};
}

static void a_password_opens_and_a_token_shows_who(void **state)
{
    struct fixture *f = *state;
    struct par_registration reg = as("ann");
    struct par_session made, in;
    struct par_user user;
    uint64_t device;
    assert_int_equal(par_account_register(&f->a, &reg, &made), PAR_OK);
    assert_int_equal(par_account_register(&f->a, &reg, &in), PAR_E_NAME_TAKEN);
    assert_int_equal(
        par_account_login(&f->a, PAR_STR("ann"), PAR_STR("correct horse"), PAR_STR("x"), &in),
        PAR_OK);
    assert_true(in.user.id == made.user.id && in.device != made.device);
    assert_int_equal(
        par_account_login(&f->a, PAR_STR("ann"), PAR_STR("wrong horse"), PAR_STR("x"), &in),
        PAR_E_UNAUTHORIZED);
    assert_int_equal(
        par_account_login(&f->a, PAR_STR("bob"), PAR_STR("correct horse"), PAR_STR("x"), &in),
        PAR_E_UNAUTHORIZED);
    assert_int_equal(par_account_authenticate(&f->a, par_str(made.token), PAR_STR("t/1"),
                                              par_wall_ms(), &user, &device),
                     PAR_OK);
    assert_true(user.id == made.user.id && device == made.device);
    made.token[5] ^= 1;
    assert_int_equal(par_account_authenticate(&f->a, par_str(made.token), (struct par_str){0}, 0,
                                              &user, &device),
                     PAR_E_UNAUTHORIZED);
    assert_int_equal(
        par_account_authenticate(&f->a, PAR_STR("short"), (struct par_str){0}, 0, &user, &device),
        PAR_E_UNAUTHORIZED);
}

static void weak_passwords_are_refused(void **state)
{
    struct fixture *f = *state;
    struct par_session s;
    struct par_registration reg = as("ann");
    reg.password = PAR_STR("1234567");
    assert_int_equal(par_account_register(&f->a, &reg, &s), PAR_E_WEAK_PASSWORD);
    /* Code points count, not bytes: these are seven, then eight. */
    reg.password = PAR_STR("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4");
    assert_int_equal(par_account_register(&f->a, &reg, &s), PAR_E_WEAK_PASSWORD);
    reg.password = PAR_STR("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4");
    assert_int_equal(par_account_register(&f->a, &reg, &s), PAR_OK);
}

static bool is_the_one(void *arg, uint64_t user, uint64_t device)
{
    (void)user;
    return device == *(uint64_t *)arg;
}

static void the_oldest_unused_device_makes_room(void **state)
{
    struct fixture *f = *state;
    struct par_registration reg = as("ann");
    struct par_session s[5];
    struct par_user user;
    uint64_t device;
    assert_int_equal(par_account_register(&f->a, &reg, &s[0]), PAR_OK);
    f->a.in_use = is_the_one;
    f->a.in_use_arg = &s[0].device;
    for (int i = 1; i < 4; i++) {
        assert_int_equal(par_account_session(&f->a, &s[0].user, PAR_STR("d"), &s[i]), PAR_OK);
        assert_int_equal(s[i].removed_device != 0, i == 3);
    }
    /* The first one is the oldest, but in use. */
    assert_true(s[3].removed_device != s[0].device);
    assert_int_equal(par_account_authenticate(&f->a, par_str(s[0].token), (struct par_str){0}, 0,
                                              &user, &device),
                     PAR_OK);
    assert_int_equal(par_account_revoke(&f->a, s[0].user.id, s[0].device), PAR_OK);
    assert_int_equal(par_account_revoke(&f->a, s[0].user.id, s[0].device), PAR_E_NOT_FOUND);
    assert_int_equal(par_account_authenticate(&f->a, par_str(s[0].token), (struct par_str){0}, 0,
                                              &user, &device),
                     PAR_E_UNAUTHORIZED);
}

static void disabled_and_deleted(void **state)
{
    struct fixture *f = *state;
    struct par_registration reg = as("ann");
    struct par_session s, again;
    struct par_user user;
    uint64_t device;
    clocks_differ();
    assert_int_equal(par_account_register(&f->a, &reg, &s), PAR_OK);
    assert_int_equal(par_account_disable(&f->a, s.user.id, true), PAR_OK);
    assert_int_equal(
        par_account_authenticate(&f->a, par_str(s.token), (struct par_str){0}, 0, &user, &device),
        PAR_E_FORBIDDEN);
    assert_int_equal(
        par_account_login(&f->a, PAR_STR("ann"), PAR_STR("correct horse"), PAR_STR(""), &again),
        PAR_E_FORBIDDEN);
    assert_int_equal(par_account_disable(&f->a, s.user.id, false), PAR_OK);
    assert_int_equal(
        par_account_authenticate(&f->a, par_str(s.token), (struct par_str){0}, 0, &user, &device),
        PAR_OK);
    assert_int_equal(par_account_delete(&f->a, s.user.id), PAR_OK);
    assert_int_equal(
        par_account_authenticate(&f->a, par_str(s.token), (struct par_str){0}, 0, &user, &device),
        PAR_E_UNAUTHORIZED);
    assert_int_equal(par_account_get(&f->a, s.user.id, &user), PAR_E_NOT_FOUND);
    assert_int_equal(par_account_by_name(&f->a, PAR_STR("ann"), &user), PAR_E_NOT_FOUND);
    assert_int_equal(par_account_register(&f->a, &reg, &again), PAR_OK);
    assert_true(again.user.id != s.user.id);
    assert_int_equal(par_account_by_name(&f->a, PAR_STR("ann"), &user), PAR_OK);
    assert_int_equal(user.id, again.user.id);
    assert_int_equal(par_account_register(&f->a, &reg, &s), PAR_E_NAME_TAKEN);
}

static void an_invite_works_as_often_as_it_says(void **state)
{
    struct fixture *f = *state;
    char code[PAR_SECRET_TEXT], late[PAR_SECRET_TEXT];
    struct par_session s;
    assert_int_equal(par_invite_create(&f->a, 1, 0, code), PAR_OK);
    assert_int_equal(par_invite_create(&f->a, 1, 1, late), PAR_OK);
    struct par_registration reg = as("ann");
    reg.needs_invite = true;
    assert_int_equal(par_account_register(&f->a, &reg, &s), PAR_E_FORBIDDEN);
    reg.invite = par_str(late);
    assert_int_equal(par_account_register(&f->a, &reg, &s), PAR_E_FORBIDDEN);
    reg.invite = par_str(code);
    assert_int_equal(par_account_register(&f->a, &reg, &s), PAR_OK);
    reg.name = PAR_STR("bob");
    assert_int_equal(par_account_register(&f->a, &reg, &s), PAR_E_FORBIDDEN);
}

static void keys(void **state)
{
    struct fixture *f = *state;
    uint64_t id;
    char secret[PAR_SECRET_TEXT];
    struct par_api_key key;
    clocks_differ();
    assert_int_equal(par_api_key_create(&f->a, PAR_STR("crm"), PAR_SCOPE_STATUS_READ, &id, secret),
                     PAR_OK);
    assert_int_equal(par_api_key_check(&f->a, par_str(secret), &key), PAR_OK);
    assert_true(key.id == id && key.scopes == PAR_SCOPE_STATUS_READ);
    assert_int_equal(par_api_key_check(&f->a, PAR_STR("nonsense"), &key), PAR_E_UNAUTHORIZED);
    assert_int_equal(par_api_key_revoke(&f->a, id), PAR_OK);
    assert_int_equal(par_api_key_check(&f->a, par_str(secret), &key), PAR_E_UNAUTHORIZED);
    assert_int_equal(par_api_key_revoke(&f->a, 12345), PAR_E_NOT_FOUND);
}

static void attempts_leak_away(void **state)
{
    (void)state;
    struct par_attempts *t = par_attempts_new();
    struct par_str ann = PAR_STR("ann"), bob = PAR_STR("bob");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(par_attempts_wait(t, PAR_ATTEMPT_LOGIN_NAME, ann, 5, 1000), 0);
        par_attempts_count(t, PAR_ATTEMPT_LOGIN_NAME, ann, 5, 1000);
    }
    uint32_t wait = par_attempts_wait(t, PAR_ATTEMPT_LOGIN_NAME, ann, 5, 1000);
    assert_in_range(wait, 1, 12001);
    assert_int_equal(par_attempts_wait(t, PAR_ATTEMPT_LOGIN_NAME, bob, 5, 1000), 0);
    assert_int_equal(par_attempts_wait(t, PAR_ATTEMPT_LOGIN_ADDRESS, ann, 5, 1000), 0);
    assert_int_equal(par_attempts_wait(t, PAR_ATTEMPT_LOGIN_NAME, ann, 0, 1000), 0);
    assert_int_equal(par_attempts_wait(t, PAR_ATTEMPT_LOGIN_NAME, ann, 5, 1000 + wait), 0);
    par_attempts_free(&t);
    assert_null(t);
}

/* ---- one name, many at once ---- */

enum { AT_ONCE = 4, ROUNDS = 20 };

struct claimant {
    pthread_t thread;
    struct par_accounts a;
    struct par_arena arena;
    pthread_barrier_t *begin;
    enum par_err ended[ROUNDS];
    uint64_t user[ROUNDS];
};

static void *claim(void *arg)
{
    struct claimant *c = arg;
    for (int i = 0; i < ROUNDS; i++) {
        char name[16];
        struct par_session s;
        snprintf(name, sizeof name, "name%d", i);
        struct par_registration reg = {.name = par_str(name), .no_session = true};
        pthread_barrier_wait(c->begin);
        c->ended[i] = par_account_register(&c->a, &reg, &s);
        c->user[i] = s.user.id;
        par_arena_fini(&c->arena);
    }
    return NULL;
}

/* Between the claim of a name and the row of its user there is nothing that a second could not come
 * into. */
static void one_name_has_one_user(void **state)
{
    struct fixture *f = *state;
    static struct claimant claimants[AT_ONCE];
    pthread_barrier_t begin;
    pthread_barrier_init(&begin, NULL, AT_ONCE);
    for (int i = 0; i < AT_ONCE; i++) {
        claimants[i] = (struct claimant){.a = f->a, .begin = &begin};
        claimants[i].a.arena = &claimants[i].arena;
        assert_int_equal(pthread_create(&claimants[i].thread, NULL, claim, &claimants[i]), 0);
    }
    for (int i = 0; i < AT_ONCE; i++)
        pthread_join(claimants[i].thread, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        char name[16];
        struct par_user owner;
        int won = 0;
        snprintf(name, sizeof name, "name%d", round);
        assert_int_equal(par_account_by_name(&f->a, par_str(name), &owner), PAR_OK);
        for (int i = 0; i < AT_ONCE; i++) {
            const struct claimant *c = &claimants[i];
            assert_true(c->ended[round] == PAR_OK || c->ended[round] == PAR_E_NAME_TAKEN);
            won += c->ended[round] == PAR_OK;
            if (c->ended[round] == PAR_OK)
                assert_true(owner.id == c->user[round]);
        }
        assert_int_equal(won, 1);
    }
    for (int i = 0; i < AT_ONCE; i++)
        par_arena_fini(&claimants[i].arena);
    pthread_barrier_destroy(&begin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_password_opens_and_a_token_shows_who, set_up, tear_down),
        cmocka_unit_test_setup_teardown(weak_passwords_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_unused_device_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(disabled_and_deleted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_invite_works_as_often_as_it_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_name_has_one_user, set_up_threads, tear_down),
        cmocka_unit_test(attempts_leak_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
