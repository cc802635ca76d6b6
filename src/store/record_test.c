/* Records: what was written is read back, whatever is cut, unknown or damaged is met with care, and
 * the bytes of version 1 are those of the files in golden/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/record.h"
#include "store/record_codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct par_record *const records[] = {
#define X(name) &par_record__##name,
#include "store/records.h"
#undef X
};
enum { RECORDS = sizeof records / sizeof *records };

union any {
#define X(name) struct par_##name name;
#include "store/records.h"
#undef X
};

/* Bytes for the strings of a made-up record. */
static struct par_buf pool;

static struct par_str made_bytes(uint32_t seed, size_t n)
{
    uint8_t *to = par_buf_reserve(&pool, n);
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)('a' + (seed + i) % 26);
    pool.len += n;
    return par_str_of(to, n);
}

static struct par_str made_members(uint32_t n)
{
    struct par_member members[4];
    struct par_buf packed = {0};
    for (uint32_t i = 0; i < n; i++)
        members[i] = (struct par_member){
            .user = 1000 + 7u * i, .joined_seq = i + 1, .place = i, .role = PAR_ROLE_OWNER + i % 3};
    par_roster_pack(&packed, members, n);
    uint8_t *to = par_buf_reserve(&pool, packed.len);
    size_t len = packed.len;
    memcpy(to, packed.data, len);
    pool.len += len;
    par_buf_fini(&packed);
    return par_str_of(to, len);
}

/* Every field gets a value of its own, the same in each run. */
static void make(const struct par_record *record, uint32_t seed, void *obj)
{
    memset(obj, 0, record->size);
    for (const struct par_field *f = record->fields; f->type != PAR_FIELD_END; f++) {
        void *at = (uint8_t *)obj + f->offset;
        uint64_t v = (uint64_t)f->number * 1000003u * (seed + 1) + seed;
        struct par_roster_slot *slot = at;
        switch (f->type) {
        case PAR_FIELD_BOOL:
            *(bool *)at = true;
            break;
        case PAR_FIELD_U8:
            *(uint8_t *)at = (uint8_t)(v % 250 + 1);
            break;
        case PAR_FIELD_U32:
            *(uint32_t *)at = (uint32_t)v;
            break;
        case PAR_FIELD_I64:
            *(int64_t *)at = seed % 2 ? -(int64_t)v : (int64_t)v;
            break;
        case PAR_FIELD_U64:
        case PAR_FIELD_USER:
            *(uint64_t *)at = v;
            break;
        case PAR_FIELD_BYTES16:
            memcpy(at, made_bytes(f->number, 16).ptr, 16);
            break;
        case PAR_FIELD_USERS:
            *(struct par_str *)at = made_bytes(f->number, 8 * (seed % 3 + 1));
            break;
        case PAR_FIELD_MEMBERS:
            *(struct par_str *)at = made_members(seed % 3 + 1);
            break;
        case PAR_FIELD_SLOT:
            make(&par_record__roster_slot, seed + f->number, slot);
            slot->present = true;
            break;
        default:
            *(struct par_str *)at = made_bytes(f->number, seed % 200 + 1);
            break;
        }
    }
}

static bool same(const struct par_record *record, const void *a, const void *b)
{
    for (const struct par_field *f = record->fields; f->type != PAR_FIELD_END; f++) {
        const uint8_t *x = (const uint8_t *)a + f->offset, *y = (const uint8_t *)b + f->offset;
        size_t n = f->type == PAR_FIELD_BOOL || f->type == PAR_FIELD_U8 ? 1
                   : f->type == PAR_FIELD_U32                           ? 4
                   : f->type == PAR_FIELD_BYTES16                       ? 16
                                                                        : 8;
        if (f->type == PAR_FIELD_SLOT) {
            if (!same(&par_record__roster_slot, x, y))
                return false;
        } else if (f->type >= PAR_FIELD_TEXT && f->type != PAR_FIELD_BYTES16) {
            if (!par_str_eq(*(const struct par_str *)(const void *)x,
                            *(const struct par_str *)(const void *)y))
                return false;
        } else if (memcmp(x, y, n) != 0) {
            return false;
        }
    }
    return true;
}

static int pool_new(void **state)
{
    (void)state;
    par_buf_fini(&pool);
    assert_non_null(par_buf_reserve(&pool, 1 << 20));
    return 0;
}

static void what_was_written_is_read_back(void **state)
{
    (void)state;
    for (size_t r = 0; r < RECORDS; r++) {
        for (uint32_t seed = 0; seed < 40; seed++) {
            union any in, out;
            struct par_buf bytes = {0};
            pool.len = 0;
            make(records[r], seed, &in);
            par_record__encode(records[r], &in, &bytes);
            assert_true(par_record__decode(records[r], par_buf_str(&bytes), &out));
            assert_true(same(records[r], &in, &out));
            par_buf_fini(&bytes);
        }
    }
}

static void zero_is_one_byte(void **state)
{
    (void)state;
    for (size_t r = 0; r < RECORDS; r++) {
        union any in = {0}, out;
        struct par_buf bytes = {0};
        par_record__encode(records[r], &in, &bytes);
        assert_int_equal(bytes.len, 1);
        assert_true(par_record__decode(records[r], par_buf_str(&bytes), &out));
        assert_memory_equal(&in, &out, records[r]->size);
        par_buf_fini(&bytes);
    }
}

/* A cut record is refused, or is one that ends between two fields; damage never reads outside. */
static void cut_and_damaged_bytes(void **state)
{
    (void)state;
    for (size_t r = 0; r < RECORDS; r++) {
        union any in, out;
        struct par_buf bytes = {0};
        pool.len = 0;
        make(records[r], 5, &in);
        par_record__encode(records[r], &in, &bytes);
        for (size_t cut = 0; cut < bytes.len; cut++) {
            uint8_t *copy = malloc(cut + 1);
            memcpy(copy, bytes.data, cut);
            if (par_record__decode(records[r], par_str_of(copy, cut), &out))
                assert_false(same(records[r], &in, &out));
            free(copy);
        }
        for (size_t at = 0; at < bytes.len; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                bytes.data[at] ^= (uint8_t)(1u << bit);
                (void)par_record__decode(records[r], par_buf_str(&bytes), &out);
                bytes.data[at] ^= (uint8_t)(1u << bit);
            }
        }
        par_buf_fini(&bytes);
    }
}

static void unknown_fields_are_skipped_and_newer_versions_refused(void **state)
{
    (void)state;
    for (size_t r = 0; r < RECORDS; r++) {
        union any in, out;
        struct par_buf bytes = {0};
        pool.len = 0;
        make(records[r], 3, &in);
        par_buf_add_u8(&bytes, 1);
        par_buf_add(&bytes, "\x7c\x85\x01", 3); /* field 62, a number */
        par_buf_add(&bytes, "\x7d\x03zzz", 5);  /* field 62, bytes */
        size_t head = bytes.len;
        par_record__encode(records[r], &in, &bytes);
        memmove(bytes.data + head, bytes.data + head + 1, bytes.len - head - 1);
        bytes.len--;
        par_buf_add(&bytes, "\x7f\x00", 2); /* field 63, nothing */
        assert_true(par_record__decode(records[r], par_buf_str(&bytes), &out));
        assert_true(same(records[r], &in, &out));
        bytes.data[0] = 2;
        assert_false(par_record__decode(records[r], par_buf_str(&bytes), &out));
        bytes.data[0] = 0;
        assert_false(par_record__decode(records[r], par_buf_str(&bytes), &out));
        assert_false(par_record__decode(records[r], (struct par_str){0}, &out));
        par_buf_fini(&bytes);
    }
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    struct par_entry entry;
    struct par_roster roster;
    struct par_cmid cmid;
    /* kind 256, on 2, a number as bytes, users of 7 bytes, a digest of 15 */
    assert_false(par_entry_decode(PAR_STR("\x01\x0a\x80\x02"), &entry));
    assert_false(par_entry_decode(PAR_STR("\x01\x18\x02"), &entry));
    assert_false(par_entry_decode(PAR_STR("\x01\x03\x01z"), &entry));
    assert_false(par_entry_decode(PAR_STR("\x01\x1b\x07"
                                          "1234567"),
                                  &entry));
    assert_false(par_cmid_decode(PAR_STR("\x01\x09\x0f"
                                         "123456789012345"),
                                 &cmid));
    /* members that do not ascend */
    struct par_buf slot = {0}, bytes = {0};
    uint8_t two[2 * PAR_MEMBER_BYTES] = {[7] = 5, [PAR_MEMBER_BYTES + 7] = 5};
    par_buf_add(&slot, "\x01\x0f", 2);
    par_buf_add_lstr(&slot, par_str_of(two, sizeof two));
    par_buf_add(&bytes, "\x01\x03", 2);
    par_buf_add_lstr(&bytes, par_buf_str(&slot));
    assert_false(par_roster_decode(par_buf_str(&bytes), &roster));
    bytes.data[bytes.len - PAR_MEMBER_BYTES + 7] = 6;
    assert_true(par_roster_decode(par_buf_str(&bytes), &roster));
    par_buf_fini(&slot);
    par_buf_fini(&bytes);
}

static void the_roster_finds_its_members_and_the_slot_of_a_stamp(void **state)
{
    (void)state;
    struct par_roster roster = {.now = {.present = true, .stamp = 20},
                                .before = {.present = true, .stamp = 10}};
    struct par_member m;
    assert_ptr_equal(par_roster_as_of(&roster, 21), &roster.now);
    assert_ptr_equal(par_roster_as_of(&roster, 20), &roster.before);
    assert_ptr_equal(par_roster_as_of(&roster, 11), &roster.before);
    assert_null(par_roster_as_of(&roster, 10));
    roster.before = (struct par_roster_slot){0};
    assert_ptr_equal(par_roster_as_of(&roster, 5), &roster.before);
    roster.now = (struct par_roster_slot){0};
    assert_ptr_equal(par_roster_as_of(&roster, 0), &roster.now);

    struct par_member members[9];
    struct par_buf packed = {0};
    struct par_arena arena = {0};
    for (uint64_t i = 0; i < 9; i++)
        members[i] =
            (struct par_member){.user = 10 + 3 * i, .joined_seq = i, .role = PAR_ROLE_MEMBER};
    par_roster_pack(&packed, members, 9);
    roster.now.members = par_buf_str(&packed);
    assert_int_equal(par_roster_count(&roster.now), 9);
    for (uint64_t user = 0; user < 50; user++) {
        bool in = user >= 10 && user <= 34 && (user - 10) % 3 == 0;
        assert_int_equal(par_roster_find(&roster.now, user, &m), in);
        assert_int_equal(m.user, in ? user : 0);
    }
    struct par_member *list = par_roster_list(&roster.now, &arena);
    assert_int_equal(list[8].joined_seq, 8);
    par_arena_fini(&arena);
    par_buf_fini(&packed);
}

/* In the folder beside this file, which the compiler names from the build folder.
 * PARLEY_GOLDEN=write makes the files that are missing. */
static void golden_path(char *to, size_t n, const char *record, unsigned version)
{
    const char *slash = strrchr(__FILE__, '/');
    snprintf(to, n, "%.*s/golden/%s_%u.bin", (int)(slash ? slash - __FILE__ : 1),
             slash ? __FILE__ : ".", record, version);
    if (access(to, F_OK) != 0 && access("src/store/golden", F_OK) == 0)
        snprintf(to, n, "src/store/golden/%s_%u.bin", record, version);
}

static void the_golden_files_are_read_and_written(void **state)
{
    (void)state;
    const char *mode = getenv("PARLEY_GOLDEN");
    for (size_t r = 0; r < RECORDS; r++) {
        union any in, out;
        struct par_buf bytes = {0};
        char path[512];
        uint8_t golden[4096];
        pool.len = 0;
        make(records[r], 2, &in);
        par_record__encode(records[r], &in, &bytes);
        golden_path(path, sizeof path, records[r]->name, 1);
        FILE *file = fopen(path, "rb");
        if (file == NULL && mode != NULL && strcmp(mode, "write") == 0) {
            file = fopen(path, "wb");
            assert_non_null(file);
            fwrite(bytes.data, 1, bytes.len, file);
            fclose(file);
            file = fopen(path, "rb");
        }
        assert_non_null(file);
        size_t n = fread(golden, 1, sizeof golden, file);
        fclose(file);
        assert_true(par_record__decode(records[r], par_str_of(golden, n), &out));
        assert_true(same(records[r], &in, &out));
        /* As long as version 1 is what is written. */
        if (records[r]->version == 1) {
            assert_int_equal(n, bytes.len);
            assert_memory_equal(golden, bytes.data, n);
        }
        par_buf_fini(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_written_is_read_back, pool_new),
        cmocka_unit_test_setup(zero_is_one_byte, pool_new),
        cmocka_unit_test_setup(cut_and_damaged_bytes, pool_new),
        cmocka_unit_test_setup(unknown_fields_are_skipped_and_newer_versions_refused, pool_new),
        cmocka_unit_test_setup(numbers_out_of_range_are_refused, pool_new),
        cmocka_unit_test_setup(the_roster_finds_its_members_and_the_slot_of_a_stamp, pool_new),
        cmocka_unit_test_setup(the_golden_files_are_read_and_written, pool_new),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    par_buf_fini(&pool);
    return failed;
}
