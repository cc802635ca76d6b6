/* Fuzzes the decoders of stored records: no bytes may crash them, and what one accepts it writes
 * back as something it reads as the same. The first byte picks the record. */
#include "store/record.h"
#include "store/record_codec.h"

#include <stdlib.h>

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

static void touch_roster(const struct par_roster_slot *slot)
{
    struct par_arena arena = {0};
    struct par_member m;
    struct par_member *list = par_roster_list(slot, &arena);
    for (size_t i = 0; i < par_roster_count(slot); i++)
        if (!par_roster_find(slot, list[i].user, &m) || m.joined_seq != list[i].joined_seq)
            abort();
    par_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    union any first, second;
    struct par_buf once = {0}, twice = {0};
    if (size == 0)
        return 0;
    const struct par_record *record = records[data[0] % RECORDS];
    /* A copy of its own size, so that one byte too far is seen. */
    uint8_t *copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    if (par_record__decode(record, par_str_of(copy, size - 1), &first)) {
        par_record__encode(record, &first, &once);
        if (!par_record__decode(record, par_buf_str(&once), &second))
            abort();
        par_record__encode(record, &second, &twice);
        if (!par_str_eq(par_buf_str(&once), par_buf_str(&twice)))
            abort();
        if (record == &par_record__roster) {
            touch_roster(&first.roster.now);
            touch_roster(&first.roster.before);
        }
        if (record == &par_record__entry)
            for (size_t i = 0; i < par_users_count(first.entry.users); i++)
                if (!par_users_has(first.entry.users, par_users_at(first.entry.users, i)))
                    abort();
    }
    free(copy);
    par_buf_fini(&once);
    par_buf_fini(&twice);
    return 0;
}
