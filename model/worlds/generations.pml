/* T7: a generation ends with a seal; its readers stop for good, what follows is never numbered. The next starts when every
 * seal it depends on is below C.
 *
 * One conversation moves from an old topic to a new one. A slow server appends to the old topic at any moment, also after
 * the seal; the others use the new topic once the seal is there. */
mtype:promise = { one_number };
#include "../promise.pml"

#define SEAL 9
#define LEN 3
chan old_log = [LEN] of { byte };
chan new_log = [LEN] of { byte };
byte row[6];
bool sealed, old_done;

inline put(s, what)
{
    printf("store: %d lands at %d\n", what, s);
    promise(one_number, row[s] == 0 || row[s] == what);
    row[s] = what
}

active proctype slow_server()
{
    old_log!1;
    old_log!2
}

active proctype operator()
{
    atomic { old_log!SEAL; sealed = true; printf("old log: sealed\n") }
}

active proctype server()
{
    sealed;
    new_log!5
}

active proctype old_writer()
{
    byte command, last;
end:
    do
    :: old_log?command ->
        if
        :: command == SEAL ->
            /* All before it is durable: the seal is below C. */
            old_done = true;
#ifndef OFF_T7
            break
#endif
        :: else ->
            last++;
            printf("old writer: numbers %d: %d\n", command, last);
            d_step { put(last, command) }
        fi
    od
}

active proctype new_writer()
{
    byte command, last, s;
#ifdef OFF_T7_WAIT
    sealed;
#else
    old_done;
#endif
end:
    do
    :: new_log?command ->
        atomic {
            if
            :: last == 0 ->
                for (s : 1 .. 5) {
                    if
                    :: row[s] != 0 -> last = s
                    :: else
                    fi
                }
            :: else
            fi
            last++;
            printf("new writer: numbers %d: %d\n", command, last)
        };
        d_step { put(last, command) }
    od
}
