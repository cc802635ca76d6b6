/* R4: for push, delivered means the `delivered` mark. Who loses a connection to silence, or takes a server over, makes push
 * jobs for users without route whose mark is below last_seq.
 *
 * A server writes an entry to a socket that may be half-open; the record of the entry is committed then. The connection is
 * found silent, or the server dies and its standby takes over. */
mtype:promise = { told_or_pushed };
#include "../promise.pml"

bool half_open, written, mark, lost, pushed;

active proctype network()
{
    if
    :: half_open = true
    :: skip
    fi
}

active proctype server()
{
    atomic { written = true; printf("server: the entry is written to the socket, half-open: %d; the record is committed\n", half_open) }
    if
    :: half_open -> printf("server: the connection is silent\n")
    :: printf("server: dies, the standby takes over\n")
    fi;
    lost = true;
#ifdef OFF_R4
    /* The record was committed: it counts as delivered. */
#else
    if
    :: !mark -> pushed = true
    :: else
    fi;
#endif
    d_step { promise(told_or_pushed, mark || pushed) }
}

active proctype client()
{
    /* The bytes arrive, or die with the connection. */
end:
    atomic { written && !half_open && !lost -> mark = true; printf("client: has it, the mark is there\n") }
}
