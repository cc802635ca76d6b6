/* L1: what only the server knows travels as a verdict; the writer looks at the cmid first.
 *
 * The first try of a cmid is in the log, or was lost on the way; its answer is lost. The account may be disabled at any
 * moment. The retry goes through another server. A client that hears a final refusal says so to its user.
 *
 * -DLATE_FIRST is a limit and no rule: the first try may also stay in its server and reach the log after the retry. */
mtype:promise = { refused_never_appears };
#include "../promise.pml"

chan log = [2] of { bool }; /* the verdict: refused */
bool disabled, first_done, stored, refused;

inline refuse()
{
    refused = true;
    printf("client: hears a final refusal\n");
    promise(refused_never_appears, !stored)
}

active proctype administrator()
{
    disabled = true
}

active proctype first_server()
{
    if
    :: log!false; printf("first server: the first try is in the log\n")
    :: printf("first server: the first try is lost\n")
    fi;
    first_done = true
}

active proctype second_server()
{
#ifndef LATE_FIRST
    first_done;
#endif
#ifdef OFF_L1
    if
    :: atomic { disabled -> refuse() }
    :: atomic { !disabled -> log!false }
    fi
#else
    atomic { log!disabled; printf("second server: the retry is in the log, verdict %d\n", disabled) }
#endif
}

active proctype writer()
{
    bool verdict;
end:
    do
    :: d_step {
        log?verdict ->
        if
        :: stored -> printf("writer: known\n")
        :: !stored && verdict -> refuse()
        :: else ->
            stored = true;
            printf("writer: stores the message\n");
            promise(refused_never_appears, !refused)
        fi
    }
    od
}
