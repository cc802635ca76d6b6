/* R1: routes are read after durable, uncached; a server has the route confirmed before the sync of that connection reads.
 *
 * A device connects while an entry is written. It must have the entry from its sync or from an event. */
mtype:promise = { connected_is_told };
#include "../promise.pml"

bool durable, route, told, synced, writer_done, server_done;

active proctype writer()
{
    bool known;
#ifdef OFF_R1
    known = route;
    durable = true;
#else
    durable = true;
    known = route;
#endif
    printf("writer: the entry is durable, the route was %d\n", known);
    if
    :: known -> told = true
    :: else
    fi;
    writer_done = true
}

active proctype server()
{
#ifdef OFF_R1_ROUTE
    synced = durable;
    route = true;
#else
    route = true;
    synced = durable;
#endif
    printf("server: the device is connected, its sync had the entry: %d\n", synced);
    server_done = true
}

active proctype judge()
{
    d_step { writer_done && server_done -> promise(connected_is_told, told || synced) }
}
