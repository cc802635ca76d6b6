/* The roster: its fields, and the packed list of members. */
#include "store/record.h"

#include "store/record_codec.h"

#define F(number, type, member) PAR_RECORD_FIELD(roster_slot, number, type, member)
static const struct par_field slot_fields[] = {
    F(1, U64, stamp), F(2, U64, seq),   F(3, U64, floor),       F(4, U8, history),
    F(5, U8, blocks), F(6, TEXT, name), F(7, MEMBERS, members), {0},
};
#undef F
const struct par_record par_record__roster_slot = {
    .name = "roster_slot",
    .size = sizeof(struct par_roster_slot),
    .version = 1,
    .fields = slot_fields,
};

#define F(number, type, member) PAR_RECORD_FIELD(roster, number, type, member)
PAR_RECORD(roster, 1, F(1, SLOT, now), F(2, SLOT, before))
#undef F

const struct par_roster_slot *par_roster_as_of(const struct par_roster *roster, uint64_t o)
{
    if (!roster->now.present || roster->now.stamp < o)
        return &roster->now;
    return !roster->before.present || roster->before.stamp < o ? &roster->before : NULL;
}

size_t par_roster_count(const struct par_roster_slot *slot)
{
    return slot->members.len / PAR_MEMBER_BYTES;
}

struct par_member par_roster_member(const struct par_roster_slot *slot, size_t i)
{
    struct par_member m;
    struct par_cursor c =
        par_cursor(par_str_of(slot->members.ptr + i * PAR_MEMBER_BYTES, PAR_MEMBER_BYTES));
    par_cursor_u64(&c, &m.user);
    par_cursor_u64(&c, &m.joined_seq);
    par_cursor_u32(&c, &m.place);
    par_cursor_u8(&c, &m.role);
    return m;
}

bool par_roster_find(const struct par_roster_slot *slot, uint64_t user, struct par_member *member_r)
{
    size_t low = 0, high = par_roster_count(slot);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        *member_r = par_roster_member(slot, mid);
        if (member_r->user == user)
            return true;
        if (member_r->user < user)
            low = mid + 1;
        else
            high = mid;
    }
    memset(member_r, 0, sizeof *member_r);
    return false;
}

struct par_member *par_roster_list(const struct par_roster_slot *slot, struct par_arena *arena)
{
    size_t n = par_roster_count(slot);
    struct par_member *list = n > 0 ? par_arena_alloc(arena, n * sizeof *list) : NULL;
    for (size_t i = 0; list != NULL && i < n; i++)
        list[i] = par_roster_member(slot, i);
    return list;
}

void par_roster_pack(struct par_buf *out, const struct par_member *members, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        PAR_ASSERT(i == 0 || members[i].user > members[i - 1].user);
        par_buf_add_u64(out, members[i].user);
        par_buf_add_u64(out, members[i].joined_seq);
        par_buf_add_u32(out, members[i].place);
        par_buf_add_u8(out, members[i].role);
    }
}
