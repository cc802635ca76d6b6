/* E1: one atomic batch, synced, then released; readers, caches and duplicates use released state only. E2: after a failed
 * write or sync, end or reopen and read all state again before the next number. E3: after a crash, flush and sync what
 * recovery found before the first read or answer. W3: a duplicate waits with its first.
 *
 * There is no log here. A row is in the memory of the process, in the page cache (lost with the power) and on the disk. A
 * sync that fails leaves the page cache as it is and the disk without the row, and the next sync says nothing of it. */
mtype:promise = { shown_survives, numbers_are_dense };
#include "../promise.pml"

#define SEQS 3
byte memory[SEQS + 1], page[SEQS + 1], disk[SEQS + 1]; /* which command has the seq */
byte dirty;                                            /* the seq that the next sync writes, or 0 */
byte shown[SEQS + 1];                                  /* told to somebody: answer, event, history */
byte last, released, next_id = 1;
byte trouble = 2; /* crashes left */
byte s;

inline tell(seq)
{
    shown[seq] = memory[seq];
    printf("reader: sees %d at %d\n", memory[seq], seq)
}

inline recover()
{
    printf("server: recovers\n");
    last = 0;
    dirty = 0;
    for (s : 1 .. SEQS) {
        memory[s] = page[s];
#ifndef OFF_E3
        /* Written once more, to another file, and synced. */
        disk[s] = page[s];
#endif
        if
        :: page[s] != 0 ->
            promise(numbers_are_dense, s == last + 1);
            last = s
        :: else
        fi
        promise(shown_survives, shown[s] == 0 || memory[s] == shown[s])
    }
    s = 0;
    released = last
}

active proctype server()
{
end:
    do
    /* The batch: numbered, written, not synced. */
    :: d_step {
        last == released && last < SEQS ->
        last++;
        memory[last] = next_id;
        page[last] = next_id;
        dirty = last;
        printf("writer: numbers %d: %d\n", next_id, last);
        next_id++
    }
    :: d_step { last > released && dirty != 0 -> disk[dirty] = page[dirty]; dirty = 0; printf("writer: synced\n"); released = last }
    :: d_step {
        last > released && dirty != 0 && trouble > 0 ->
        trouble--;
        dirty = 0;
        printf("writer: the sync fails\n");
#ifndef OFF_E2
        recover()
#endif
    }
#ifdef OFF_E2
    /* Once more, and it says ok. */
    :: d_step { last > released && dirty == 0 -> printf("writer: synced\n"); released = last }
#endif
    /* Readers; and a retry of what is known. */
    :: d_step { released > 0 && shown[released] == 0 -> tell(released) }
#ifdef OFF_E1
    :: d_step { last > released && shown[last] == 0 -> tell(last) }
#endif
#ifdef OFF_W3
    :: d_step { last > released && shown[last] == 0 -> printf("writer: dup\n"); tell(last) }
#endif
    /* kill -9: the page cache stays. Power loss: only the disk stays. */
    :: d_step { trouble > 0 -> trouble--; printf("server: is killed\n"); recover() }
    :: d_step {
        trouble > 0 ->
        trouble--;
        printf("server: loses its power\n");
        for (s : 1 .. SEQS) {
            page[s] = disk[s]
        }
        recover()
    }
    od
}
