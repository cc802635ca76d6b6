/* Verify finds what is wrong and nothing else; an exported store comes back as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/export.h"
#include "store/record.h"
#include "store/key.h"
#include "store/verify.h"

#include <stdio.h>
#include <stdlib.h>

static struct par_store *store;
static struct par_conv direct, group;
static struct par_batch batch;
static uint64_t stamp;

enum { ANN = 11, BOB = 22, CAT = 33 };

/* ---- A small store as the writer would have left it ---- */

#define PUT(table, key_expr, type, ...)                                                            \
    do {                                                                                           \
        struct par_key key_ = (key_expr);                                                          \
        struct par_##type record_ = {__VA_ARGS__};                                                 \
        par_##type##_encode(&record_, par_batch_begin(&batch, table, par_key_str(&key_), 1));      \
        par_batch_end(&batch);                                                                     \
    } while (0)

static void commit(void)
{
    assert_int_equal(par_store_commit(store, &batch, true), PAR_OUTCOME_OK);
    par_batch_clear(&batch);
}

static void put_entry(const struct par_conv *conv, struct par_entry e)
{
    struct par_key key = par_key_entry(conv, e.seq);
    par_entry_encode(&e, par_batch_begin(&batch, PAR_T_ENTRIES, par_key_str(&key), 1));
    par_batch_end(&batch);
}

static struct par_entry get_entry(const struct par_conv *conv, uint64_t seq)
{
    static struct par_buf value;
    struct par_entry e;
    struct par_key key = par_key_entry(conv, seq);
    par_buf_clear(&value);
    assert_int_equal(par_store_get(store, PAR_T_ENTRIES, par_key_str(&key), &value), 1);
    assert_true(par_entry_decode(par_buf_str(&value), &e));
    e.seq = seq;
    return e;
}

static char cmid_text[16];
static struct par_str cmid_of(uint64_t seq)
{
    snprintf(cmid_text, sizeof cmid_text, "cmid-%llu", (unsigned long long)seq);
    return par_str(cmid_text);
}

static void put_cmid(const struct par_conv *conv, uint64_t seq)
{
    PUT(PAR_T_CMIDS, par_key_cmid(conv, ANN, cmid_of(seq)), cmid, .seq = seq, .stamp = stamp,
        .ts = (int64_t)(1000 + seq), .digest = {1});
}

/* 1-1500 texts, 1501 edits 3, 1502 edits 3, 1503 deletes 4, 1504 a reaction to 5. */
static void make_direct(void)
{
    direct = par_conv_direct(ANN, BOB);
    for (uint64_t seq = 1; seq <= 1504; seq++) {
        struct par_entry e = {.seq = seq,
                              .stamp = ++stamp,
                              .ts = (int64_t)(1000 + seq),
                              .sender = ANN,
                              .cmid = cmid_of(seq),
                              .kind = PAR_ENTRY_TEXT,
                              .text = PAR_STR("hello"),
                              .text_no = seq <= 1500 ? seq : 1500};
        if (seq == 3)
            e.edited_seq = 1502;
        if (seq == 4) {
            e.deleted_seq = 1503;
            e.text = (struct par_str){0};
        }
        if (seq > 1500) {
            e.kind = seq == 1503   ? PAR_ENTRY_DELETED
                     : seq == 1504 ? PAR_ENTRY_REACTION
                                   : PAR_ENTRY_EDITED;
            e.target = seq == 1504 ? 5 : seq == 1503 ? 4 : 3;
        }
        put_entry(&direct, e);
        put_cmid(&direct, seq);
    }
    PUT(PAR_T_CONVERSATIONS, par_key_conv(&direct), conversation, .last_seq = 1504, .last_ts = 2504,
        .last_stamp = stamp, .text_count = 1500, .changed = stamp, .created = 1);
    PUT(PAR_T_USER_CONVS, par_key_user_conv(ANN, &direct), user_conv, .joined_seq = 1);
    PUT(PAR_T_USER_CONVS, par_key_user_conv(BOB, &direct), user_conv, .joined_seq = 1);
    PUT(PAR_T_MARKS, par_key_mark(&direct, BOB), mark, .delivered = 1504, .read = 100,
        .shown_read = 50);
}

/* 1 created by Ann with Bob; 2 Cat added; 3 Bob left. */
static void make_group(void)
{
    uint8_t id[16] = {7};
    uint8_t users[8] = {0};
    struct par_buf packed = {0};
    struct par_member members[] = {{.user = ANN, .joined_seq = 1, .role = PAR_ROLE_OWNER},
                                   {.user = CAT, .joined_seq = 2, .role = PAR_ROLE_MEMBER}};
    group = par_conv_group(id);
    users[7] = BOB;
    static const uint8_t kinds[] = {PAR_ENTRY_CREATED, PAR_ENTRY_MEMBER_ADDED,
                                    PAR_ENTRY_MEMBER_LEFT};
    for (uint64_t seq = 1; seq <= 3; seq++) {
        put_entry(&group, (struct par_entry){.seq = seq,
                                             .stamp = ++stamp,
                                             .ts = (int64_t)(1000 + seq),
                                             .sender = ANN,
                                             .cmid = cmid_of(seq),
                                             .kind = kinds[seq - 1],
                                             .users = par_str_of(users, 8)});
        put_cmid(&group, seq);
    }
    PUT(PAR_T_CONVERSATIONS, par_key_conv(&group), conversation, .last_seq = 3, .last_ts = 1003,
        .last_stamp = stamp, .changed = stamp, .member_count = 2, .name = PAR_STR("friends"));
    par_roster_pack(&packed, members, 2);
    PUT(PAR_T_ROSTERS, par_key_conv(&group), roster,
        .now = {.present = true, .stamp = stamp, .seq = 3, .members = par_buf_str(&packed)},
        .before = {.present = true, .stamp = stamp - 1, .seq = 2, .members = par_buf_str(&packed)});
    par_buf_fini(&packed);
    PUT(PAR_T_USER_CONVS, par_key_user_conv(ANN, &group), user_conv, .joined_seq = 1);
    PUT(PAR_T_USER_CONVS, par_key_user_conv(BOB, &group), user_conv, .joined_seq = 1,
        .left_seq = 3);
    PUT(PAR_T_USER_CONVS, par_key_user_conv(CAT, &group), user_conv, .joined_seq = 2);
}

static void make_accounts(void)
{
    uint8_t hash[PAR_KEY_HASH] = {9, 9};
    struct par_conv strangers = par_conv_direct(BOB, CAT);
    PUT(PAR_T_USERS, par_key_user(ANN), user, .name = PAR_STR("ann"), .created = 5);
    PUT(PAR_T_NAMES, par_key_text(PAR_STR("ann")), name, .user = ANN);
    PUT(PAR_T_USERS, par_key_user(CAT), user, .name = PAR_STR("gone"), .deleted = true);
    PUT(PAR_T_DEVICES, par_key_user_id(ANN, 5), device, .name = PAR_STR("phone"),
        .token_hash = par_str_of(hash, sizeof hash), .last_used = 77);
    PUT(PAR_T_TOKENS, par_key_hash(hash), token, .user = ANN, .device = 5);
    PUT(PAR_T_CONTACTS, par_key_user_id(ANN, BOB), contact, .created = 3);
    /* A block before the first message: a roster without a conversation. */
    PUT(PAR_T_ROSTERS, par_key_conv(&strangers), roster,
        .now = {.present = true, .stamp = ++stamp, .blocks = PAR_BLOCK_BY_LARGER});
    PUT(PAR_T_BLOCKS, par_key_user_id(CAT, BOB), block, .created = 4);
    PUT(PAR_T_INVITES, par_key_hash(hash), invite, .uses = 3, .uses_left = 2);
    PUT(PAR_T_API_KEYS, par_key_number(4), api_key, .name = PAR_STR("robot"), .scopes = 3,
        .secret_hash = par_str_of(hash, sizeof hash));
    PUT(PAR_T_PUSH_TOKENS, par_key_user_id(ANN, 8), push_token, .kind = PAR_PUSH_FCM,
        .token = PAR_STR("t\"\\\n\xC3\xA4"), .failures = 2);
    PUT(PAR_T_CHECKPOINTS, par_key_number(0), checkpoint, .position = stamp + 1, .rules = 1);
}

static int make_store(void **state)
{
    struct par_store_options options = {.driver = "memory"};
    (void)state;
    stamp = 0;
    assert_int_equal(par_store_open(&options, &store, NULL), PAR_OK);
    make_direct();
    make_group();
    make_accounts();
    commit();
    return 0;
}

static int free_store(void **state)
{
    (void)state;
    par_batch_fini(&batch);
    par_store_close(&store);
    return 0;
}

/* ---- What verify says ---- */

static char said[65536];
static void note(void *arg, struct par_str line)
{
    size_t n = strlen(said);
    (void)arg;
    snprintf(said + n, sizeof said - n, "%.*s\n", PAR_STR_ARGS(line));
}

static uint64_t violations(struct par_verify_counts *counts)
{
    said[0] = '\0';
    assert_int_equal(par_store_verify(store, note, NULL, counts), PAR_OK);
    return counts->violations;
}

/* Commits what the batch holds, expects one line with these words, and puts the store back. */
static void finds(const char *words)
{
    struct par_verify_counts counts;
    commit();
    if (violations(&counts) == 0 || strstr(said, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, said);
    free_store(NULL);
    make_store(NULL);
}

static void a_good_store_has_no_violation(void **state)
{
    (void)state;
    struct par_verify_counts c;
    struct par_buf line = {0};
    if (violations(&c) != 0)
        fail_msg("%s", said);
    assert_int_equal(c.conversations, 2);
    assert_int_equal(c.entries, 1507);
    assert_int_equal(c.texts, 1500);
    assert_int_equal(c.cmids, 1507);
    assert_int_equal(c.marks, 1);
    assert_int_equal(c.members, 4);
    assert_int_equal(c.users, 2);
    assert_int_equal(c.devices, 1);
    par_verify_summary(&c, &line);
    assert_true(par_str_starts(par_buf_str(&line), "verify: 0 violations; 2 conversations"));
    par_buf_fini(&line);
}

static void without(enum par_table table, struct par_key key)
{
    par_batch_delete(&batch, table, par_key_str(&key), 1);
}

static void holes_and_order(void **state)
{
    (void)state;
    struct par_entry e;
    without(PAR_T_ENTRIES, par_key_entry(&direct, 700));
    finds("entries 700 … 700 are missing");
    without(PAR_T_ENTRIES, par_key_entry(&direct, 1));
    finds("entries 1 … 1 are missing");
    without(PAR_T_ENTRIES, par_key_entry(&direct, 1504));
    finds("entries 1504 … 1504 are missing");
    put_entry(&direct, (struct par_entry){.seq = 1505, .kind = PAR_ENTRY_VOID});
    finds("lies above last_seq");
    e = get_entry(&direct, 500);
    e.ts--;
    put_entry(&direct, e);
    finds("is not above");
    e = get_entry(&direct, 501); /* the edge of a page */
    e.text_no++;
    put_entry(&direct, e);
    finds("does not follow");
    e = get_entry(&direct, 9);
    e.stamp = 99999;
    put_entry(&direct, e);
    finds("its stamp lies below");
    without(PAR_T_CONVERSATIONS, par_key_conv(&direct));
    finds("no row of the conversation");
}

static void the_index_of_cmids(void **state)
{
    (void)state;
    without(PAR_T_CMIDS, par_key_cmid(&direct, ANN, cmid_of(8)));
    finds("entry 8: its cmid is not in the index");
    PUT(PAR_T_CMIDS, par_key_cmid(&direct, ANN, cmid_of(8)), cmid, .seq = 9, .stamp = 8,
        .ts = 1008);
    finds("the index says seq 9");
    PUT(PAR_T_CMIDS, par_key_cmid(&direct, ANN, PAR_STR("more")), cmid, .seq = 9, .stamp = 9);
    finds("entry 9 is not the one");
    PUT(PAR_T_CMIDS, par_key_cmid(&direct, ANN, PAR_STR("more")), cmid, .seq = 9999, .stamp = 9);
    finds("points at entry 9999, which is missing");
}

static void edits_and_deletes(void **state)
{
    (void)state;
    struct par_entry e = get_entry(&direct, 4);
    e.text = PAR_STR("still here");
    put_entry(&direct, e);
    finds("was deleted and holds text");
    e = get_entry(&direct, 4);
    e.deleted_seq = 0;
    e.text = PAR_STR("back");
    put_entry(&direct, e);
    finds("entry 4: deleted_seq is 0");
    e = get_entry(&direct, 3);
    e.edited_seq = 1501;
    put_entry(&direct, e);
    finds("entry 3: edited_seq is 1501");
    e = get_entry(&direct, 10);
    e.text = (struct par_str){0};
    put_entry(&direct, e);
    finds("a text without text");
}

static void marks_and_members(void **state)
{
    (void)state;
    PUT(PAR_T_MARKS, par_key_mark(&direct, BOB), mark, .delivered = 1505);
    finds("delivered 1505 lies above");
    PUT(PAR_T_MARKS, par_key_mark(&direct, BOB), mark, .delivered = 5, .read = 6);
    finds("does not hold");
    PUT(PAR_T_MARKS, par_key_mark(&direct, BOB), mark, .delivered = 7, .read = 6, .shown_read = 7);
    finds("does not hold");
    without(PAR_T_USER_CONVS, par_key_user_conv(CAT, &group));
    finds("member 33 does not have it");
    PUT(PAR_T_USER_CONVS, par_key_user_conv(CAT, &group), user_conv, .joined_seq = 1);
    finds("member 33 joined at 2");
    PUT(PAR_T_USER_CONVS, par_key_user_conv(BOB, &group), user_conv, .joined_seq = 1);
    finds("user 22 is not in the roster and a member");
    PUT(PAR_T_USER_CONVS, par_key_user_conv(CAT, &direct), user_conv, .joined_seq = 1);
    finds("is not in it");
    without(PAR_T_USER_CONVS, par_key_user_conv(BOB, &direct));
    finds("member 22 does not have it");
    without(PAR_T_ROSTERS, par_key_conv(&group));
    finds("it has no roster");
}

static void accounts_and_damage(void **state)
{
    (void)state;
    struct par_key key = par_key_entry(&direct, 77);
    PUT(PAR_T_NAMES, par_key_text(PAR_STR("ann")), name, .user = BOB);
    finds("its name belongs to user 22");
    PUT(PAR_T_DEVICES, par_key_user_id(ANN, 5), device, .name = PAR_STR("phone"));
    finds("its device has another token");
    PUT(PAR_T_CHECKPOINTS, par_key_number(0), checkpoint, .position = 7);
    finds("does not lie above the stamp");
    par_batch_put(&batch, PAR_T_ENTRIES, par_key_str(&key), PAR_STR("\x01\x09"), 1);
    finds("entry 77: cannot be read");
    par_batch_put(&batch, PAR_T_MARKS, PAR_STR("no key"), PAR_STR("\x01"), 1);
    finds("the key names no conversation");
    key = par_key_user_id(ANN, 8);
    par_batch_put(&batch, PAR_T_PUSH_TOKENS, par_key_str(&key), PAR_STR("\x02"), 1);
    finds("the row cannot be read");
}

/* ---- Export and import ---- */

static char *export_text(size_t *n)
{
    char *text = NULL;
    uint64_t rows;
    FILE *out = open_memstream(&text, n);
    assert_int_equal(par_store_export(store, out, &rows, NULL), PAR_OK);
    fclose(out);
    assert_true(rows > 3000);
    return text;
}

static enum par_err import_text(const char *text, size_t n)
{
    uint64_t rows;
    FILE *in = fmemopen((char *)(uintptr_t)text, n, "r");
    enum par_err err =
        par_store_import(&(struct par_store_options){.driver = "memory"}, in, &rows, NULL);
    fclose(in);
    return err;
}

static void an_export_is_a_whole_store(void **state)
{
    (void)state;
    size_t n;
    /* What is no record of ours is kept, too. */
    par_batch_put(&batch, PAR_T_CONTACTS, PAR_STR("odd\xff"), PAR_STR("\xff\x00odd"), 1);
    commit();
    char *text = export_text(&n), *again;
    assert_int_equal(import_text(text, n), PAR_OK);
    /* Cut anywhere it is refused. */
    assert_int_equal(import_text(text, n / 2), PAR_E_BAD_REQUEST);
    assert_int_equal(import_text(text, n - 14), PAR_E_BAD_REQUEST);
    text[n / 3] ^= 1;
    enum par_err err = import_text(text, n);
    assert_true(err == PAR_OK || err == PAR_E_BAD_REQUEST);
    text[n / 3] ^= 1;
    /* Through a folder, to compare every row. */
    char folder[] = "/tmp/parley-import-XXXXXX", command[64];
    uint64_t rows;
    struct par_verify_counts counts;
    assert_non_null(mkdtemp(folder));
    FILE *in = fmemopen(text, n, "r");
    assert_int_equal(par_store_import(&(struct par_store_options){.path = folder}, in, &rows, NULL),
                     PAR_OK);
    rewind(in);
    assert_int_equal(par_store_import(&(struct par_store_options){.path = folder}, in, &rows, NULL),
                     PAR_E_CONFLICT);
    fclose(in);
    par_store_close(&store);
    assert_int_equal(par_store_open(&(struct par_store_options){.path = folder}, &store, NULL),
                     PAR_OK);
    size_t m;
    again = export_text(&m);
    assert_int_equal(m, n);
    assert_memory_equal(again, text, n);
    violations(&counts);
    assert_int_equal(counts.entries, 1507);
    free(again);
    free(text);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

#define ON_A_STORE(test) cmocka_unit_test_setup_teardown(test, make_store, free_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_STORE(a_good_store_has_no_violation),
        ON_A_STORE(holes_and_order),
        ON_A_STORE(the_index_of_cmids),
        ON_A_STORE(edits_and_deletes),
        ON_A_STORE(marks_and_members),
        ON_A_STORE(accounts_and_damage),
        ON_A_STORE(an_export_is_a_whole_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
