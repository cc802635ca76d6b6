/* S4: rows changed in place carry absolute values, and the cell timestamp is the stamp.
 *
 * A writer puts the mark of one member for two acks. A put whose answer is lost is put again, so a copy of it may land at
 * any later time. Two records of the log may have the same millisecond; at the same timestamp the last put wins. */
mtype:promise = { mark_never_back };
#include "../promise.pml"

#define ACKS 2
byte ms[ACKS + 1];     /* log time of the ack, whose stamp and mark are its number */
byte copies[ACKS + 1]; /* puts under way */
byte cell, version;
byte told; /* the mark that somebody was told */

#ifdef OFF_S4
#define VERSION(ack) ms[ack]
#else
#define VERSION(ack) ack
#endif

active proctype writer()
{
    byte ack;
    for (ack : 1 .. ACKS) {
        atomic {
            if
            :: ms[ack] = ms[ack - 1]
            :: ms[ack] = ms[ack - 1] + 1
            fi;
            copies[ack] = 2;
            printf("writer: puts mark %d, ms %d\n", ack, ms[ack])
        };
        atomic { copies[ack] < 2 -> told = ack; printf("writer: mark %d is confirmed\n", ack) }
    }
}

inline land(ack)
{
    copies[ack]--;
    if
    :: VERSION(ack) >= version -> version = VERSION(ack); cell = ack
    :: else
    fi;
    printf("store: a put of mark %d lands, the cell is %d\n", ack, cell);
    promise(mark_never_back, cell >= told)
}

active proctype store()
{
end:
    do
    :: d_step { copies[1] > 0 -> land(1) }
    :: d_step { copies[2] > 0 -> land(2) }
    od
}
