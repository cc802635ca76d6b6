/* R3: answers and events take the same partition, the server's, answer first.
 *
 * A device sends a message, which gets seq 1; the next message of the conversation, of another, gets seq 2. The device
 * must hear the answer of its own before the event of the next, or it shows them in the wrong order. */
mtype:promise = { answer_not_overtaken };
#include "../promise.pml"

mtype:record = { answer, event };
chan partition = [2] of { mtype:record };
#ifdef OFF_R3
chan answers = [1] of { mtype:record };
#else
#define answers partition
#endif
bool answered;

active proctype writer()
{
    answers!answer;
    partition!event
}

active proctype server()
{
    mtype:record what;
end:
    do
    :: d_step {
        partition?what ->
        printf("server: %e\n", what);
        if
        :: what == answer -> answered = true
        :: else -> promise(answer_not_overtaken, answered)
        fi
    }
#ifdef OFF_R3
    :: d_step { answers?what -> answered = true; printf("server: %e\n", what) }
#endif
    od
}
