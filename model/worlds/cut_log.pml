/* T3: what is numbered must reproduce the rows that the scan for the base found; a mismatch, or a stamp at or above the
 * log end, halts the partition before any put. T1: a log end below the checkpoint is refused.
 *
 * Two conversations. A first writer numbers, its rows land in any order, what landed is acked, the checkpoint follows.
 * Then all brokers lose power: the log is cut anywhere, other commands take the offsets that are free again, and a second
 * writer takes over. */
mtype:promise = { acked_never_overwritten };
#include "../promise.pml"

#define LEN 3
#define SQ(c, s) ((c) * (LEN + 1) + (s))
byte log_len, next_id = 1;
byte id[LEN], conv[LEN];
byte row_id[2 * (LEN + 1)], row_stamp[2 * (LEN + 1)];
byte checkpoint;
bool cut;

inline append()
{
    if
    :: conv[log_len] = 0
    :: conv[log_len] = 1
    fi;
    id[log_len] = next_id;
    next_id++;
    log_len++;
    printf("log: command %d is %d of conversation %d\n", log_len - 1, id[log_len - 1], conv[log_len - 1])
}

active proctype log()
{
    byte keep;
    do
    :: atomic { log_len < LEN -> append() }
    :: break
    od;
    atomic {
        select(keep : 0 .. LEN);
        if
        :: keep > log_len -> keep = log_len
        :: else
        fi;
        log_len = keep;
        cut = true;
        printf("log: cut to %d\n", keep)
    };
end:
    do
    :: atomic { log_len < LEN -> append() }
    od
}

/* Numbers the command at `o` for the first writer, which needs no scan: the store was empty. */
active proctype first_writer()
{
    byte o, done, last[2], seq[LEN];
    bool open[LEN];
end:
    do
    :: atomic { !cut && o < log_len -> last[conv[o]]++; seq[o] = last[conv[o]]; open[o] = true; o++ }
    :: atomic { !cut && open[0] -> open[0] = false; row_id[SQ(conv[0], seq[0])] = id[0]; row_stamp[SQ(conv[0], seq[0])] = 1; printf("first writer: %d is acked\n", id[0]) }
    :: atomic { !cut && open[1] -> open[1] = false; row_id[SQ(conv[1], seq[1])] = id[1]; row_stamp[SQ(conv[1], seq[1])] = 2; printf("first writer: %d is acked\n", id[1]) }
    :: atomic { !cut && open[2] -> open[2] = false; row_id[SQ(conv[2], seq[2])] = id[2]; row_stamp[SQ(conv[2], seq[2])] = 3; printf("first writer: %d is acked\n", id[2]) }
    :: atomic { !cut && done < o && !open[done] -> done++; checkpoint = done }
    :: atomic { cut -> break }
    od
}

active proctype second_writer()
{
    byte o, c, s, last[2];
    bool loaded[2], halted;
    cut;
    o = checkpoint;
    halted = log_len < o; /* T1 */
end:
    do
    :: atomic {
        !halted && o < log_len ->
        c = conv[o];
        if
        :: !loaded[c] ->
            loaded[c] = true;
            for (s : 1 .. LEN) {
                if
                :: row_stamp[SQ(c, s)] != 0 && row_stamp[SQ(c, s)] < o + 1 -> last[c] = s
                :: else
                fi;
#ifndef OFF_T3_END
                halted = halted || row_stamp[SQ(c, s)] > log_len
#endif
            }
        :: else
        fi;
        last[c]++;
        s = last[c];
#ifndef OFF_T3
        halted = halted || (row_stamp[SQ(c, s)] != 0 && (row_stamp[SQ(c, s)] != o + 1 || row_id[SQ(c, s)] != id[o]));
#endif
        if
        :: !halted ->
            printf("second writer: puts %d at %d of conversation %d\n", id[o], s, c);
            promise(acked_never_overwritten, row_id[SQ(c, s)] == 0 || row_id[SQ(c, s)] == id[o]);
            row_id[SQ(c, s)] = id[o];
            row_stamp[SQ(c, s)] = o + 1;
            o++
        :: else -> printf("second writer: halts\n")
        fi;
        c = 0;
        s = 0
    }
    od
}
