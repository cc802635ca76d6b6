/* R2: a record names the users it is for as of that seq; the server does not use its own copy of the members.
 *
 * Entry 1 is for both, entry 2 removes the member, entry 3 is not for the member. The server's own copy of the members is
 * kept by a feed of its own, which may be late. */
mtype:promise = { removed_reads_nothing };
#include "../promise.pml"

chan deliveries = [3] of { byte, bool }; /* seq, for the member too */
chan feed = [1] of { bool };
bool copy = true;

active proctype writer()
{
    deliveries!1, true;
    feed!false;
    deliveries!2, true;
    deliveries!3, false
}

active proctype server()
{
    byte seq;
    bool member;
end:
    do
    :: feed?copy
    :: d_step {
        deliveries?seq, member ->
#ifdef OFF_R2
        member = copy;
#endif
        printf("server: entry %d, to the member: %d\n", seq, member);
        promise(removed_reads_nothing, !(seq == 3 && member))
    }
    od
}
