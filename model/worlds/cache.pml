/* V6: a cached list carries its top, reflects every edit up to it, is replaced only by a higher top, and is served only if
 * its top is at least last_seq read from the store in this request.
 *
 * Each of three seqs changes the list, as an entry or an edit does: what a list shows is the newest seq that it reflects.
 * Two slow fillers; a failover of the cache brings an older list back. */
mtype:promise = { acked_is_shown };
#include "../promise.pml"

#define SEQS 3
byte last_seq; /* in the store, released */
byte cached_top, cached;
byte older_top, older;

active proctype writer()
{
    do
    :: atomic { last_seq < SEQS -> last_seq++; printf("store: %d is released\n", last_seq) }
    :: atomic { last_seq == SEQS -> break }
    od
}

active [2] proctype filler()
{
    byte top, list;
#ifdef OFF_V6_EDITS
    list = last_seq;
    top = last_seq;
#else
    top = last_seq;
    list = last_seq;
#endif
    atomic {
        if
        :: top > cached_top ->
            older_top = cached_top;
            older = cached;
            cached_top = top;
            cached = list;
            printf("cache: a list with top %d that reflects %d\n", top, list)
        :: else
        fi
    }
}

active proctype failover()
{
    atomic { cached_top = older_top; cached = older; printf("cache: back to a list with top %d\n", cached_top) }
}

active proctype reader()
{
    byte asked, last, shown;
    asked = last_seq; /* what somebody was told before this request */
    last = last_seq;
    d_step {
        if
#ifdef OFF_V6
        :: cached_top > 0 -> shown = cached
#else
        :: cached_top > 0 && cached_top >= last -> shown = cached
#endif
        :: else -> shown = last_seq
        fi;
        printf("reader: asked when %d was released, sees %d\n", asked, shown);
        promise(acked_is_shown, shown >= asked)
    }
}
