/* V1: m = newest entry in one scan. All <= m - W are there; above, show up to below the lowest missing one.
 *
 * The rows of entries land in any order within W (W2a), also during the scan, which goes from the newest down. */
mtype:promise = { page_is_dense };
#include "../promise.pml"

#define W 2
#define ENTRIES 4
bool row[ENTRIES + 1];

inline land(s)
{
    row[s] = true;
    printf("store: entry %d lands\n", s)
}

active proctype store()
{
end:
    do
    :: atomic { !row[1] -> land(1) }
    :: atomic { !row[2] -> land(2) }
    :: atomic { !row[3] && row[1] -> land(3) }
    :: atomic { !row[4] && row[1] && row[2] -> land(4) }
    od
}

active proctype reader()
{
    byte s, looked, newest, lowest_missing, shown;
    bool seen[ENTRIES + 1];
    s = ENTRIES;
    do
    :: atomic {
        s > 0 ->
        seen[s] = row[s];
        if
        :: seen[s] && newest == 0 -> newest = s
        :: else
        fi;
        s--;
#ifdef OFF_V1_DEPTH
        /* Dense, as a page of one entry is; but nothing was looked at below it. */
        if
        :: newest != 0 -> break
        :: else
        fi
#endif
    }
    :: atomic { s == 0 -> break }
    od;
    looked = s;
    d_step {
        shown = newest;
#ifndef OFF_V1
        for (s : looked + 1 .. newest) {
            if
            :: s + W > newest && !seen[s] && lowest_missing == 0 -> lowest_missing = s
            :: else
            fi
        }
        if
        :: lowest_missing != 0 -> shown = lowest_missing - 1
        :: else
        fi;
#endif
        printf("reader: newest %d, shows up to %d\n", newest, shown);
        for (s : 1 .. ENTRIES) {
            promise(page_is_dense, s > shown || row[s])
        }
    }
}
