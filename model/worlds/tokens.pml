/* V7: sync_token = checkpoints, read before the rows; changed = stamp >= token.
 *
 * Three commands change two conversations; their rows land in any order; the checkpoint follows. A device syncs three
 * times, the last time when all is done, and must then know the newest state of both. */
mtype:promise = { sync_misses_nothing };
#include "../promise.pml"

#define LEN 3
byte conv[LEN]; /* of the command at this offset */
bool landed[LEN];
byte row[2]; /* stamp of the last change, 0 = none; the offset is one less */
byte checkpoint;
bool chosen;

inline land(o)
{
    landed[o] = true;
    if
    :: row[conv[o]] < o + 1 -> row[conv[o]] = o + 1
    :: else
    fi;
    printf("store: command %d of conversation %d lands\n", o, conv[o])
}

active proctype writer()
{
    byte o;
    atomic {
        for (o : 1 .. LEN - 1) {
            if
            :: conv[o] = 0
            :: conv[o] = 1
            fi
        }
        chosen = true
    };
    do
    :: atomic { !landed[0] -> land(0) }
    :: atomic { !landed[1] -> land(1) }
    :: atomic { !landed[2] -> land(2) }
    :: atomic { checkpoint < LEN && landed[checkpoint] -> checkpoint++ }
    :: atomic { checkpoint == LEN -> break }
    od
}

/* Reads the row of one conversation. */
inline look(c)
{
    atomic {
        if
        :: row[c] > token -> known[c] = row[c]; newest = (row[c] > newest -> row[c] : newest)
        :: else
        fi
    }
}

active proctype device()
{
    byte round, token, next, newest, known[2];
    chosen;
    for (round : 1 .. 3) {
        if
        :: round < 3
        :: round == 3 && checkpoint == LEN
        fi;
#if !defined(OFF_V7) && !defined(OFF_V7_TIME)
        next = checkpoint;
#endif
        look(0);
        look(1);
#if defined(OFF_V7)
        next = checkpoint;
#elif defined(OFF_V7_TIME)
        /* The time of the newest that was seen. */
        next = newest;
#endif
        token = next;
        printf("device: knows %d and %d, token %d\n", known[0], known[1], token)
    }
    printf("device: has synced\n");
    d_step { promise(sync_misses_nothing, known[0] == row[0] && known[1] == row[1]) }
}
