/* The roster: who may write to a conversation, now and before the last change (TAKEOVER.md S3, N2).
 *
 * Both states are one value, so that the next owner of a partition, which starts below the last
 * change, decides by the state that held then. The members of a direct conversation are in its id:
 * its roster holds blocks only, and there is none until somebody blocked. */
#ifndef PAR_STORE_RECORD_ROSTER_H
#define PAR_STORE_RECORD_ROSTER_H

#include "base/arena.h"
#include "base/buf.h"
#include "parley/err.h"
#include "parley/words.h"

struct par_member {
    uint64_t user;
    uint64_t joined_seq;
    uint32_t
        place;    /* in `users` of the entry that added: breaks ties of the longest-standing (N7) */
    uint8_t role; /* enum par_role */
};

/* Bits of par_roster_slot.blocks, of a direct conversation. */
enum { PAR_BLOCK_BY_SMALLER = 1, PAR_BLOCK_BY_LARGER = 2 };

struct par_roster_slot {
    bool present;    /* false: there was no roster then */
    uint64_t stamp;  /* of the command that made it so */
    uint64_t seq;    /* of the entry that made it so; 0: none (a block) */
    uint64_t floor;  /* retention: entries below are gone; 0: none */
    uint8_t history; /* enum par_history */
    uint8_t blocks;
    struct par_str name;    /* of a group */
    struct par_str members; /* packed, ascending by user: par_roster_member(), _find(), _list() */
};

/* Table rosters. */
struct par_roster {
    struct par_roster_slot now;
    struct par_roster_slot before;
};

/* The slot that holds for the command at stamp o: `now` if its stamp < o, else `before` if its is;
 * NULL: neither, this writer was replaced and must stop. A slot that is not present is older than
 * any stamp. */
const struct par_roster_slot *par_roster_as_of(const struct par_roster *roster, uint64_t o);

/* How many members the slot names. */
size_t par_roster_count(const struct par_roster_slot *slot);
/* i < par_roster_count() */
struct par_member par_roster_member(const struct par_roster_slot *slot, size_t i);
/* False, and all zero, when the user is none. O(log n). */
bool par_roster_find(const struct par_roster_slot *slot, uint64_t user,
                     struct par_member *member_r);
/* All of them, ascending by user, in the arena; NULL only when memory is refused or there are none.
 */
struct par_member *par_roster_list(const struct par_roster_slot *slot, struct par_arena *arena);
/* Appends the packed form, for par_roster_slot.members; the members must ascend by user. */
void par_roster_pack(struct par_buf *out, const struct par_member *members, size_t n);

#endif
