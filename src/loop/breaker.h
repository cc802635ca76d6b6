/* Leaving somebody alone who does not answer: an engine whose calls would each wait their own time,
 * one behind the other. After a call was lost there is a rest, in which no call goes there; then
 * one may try, and the others still do not. The next rest is twice as long, up to a limit, until a
 * call is answered.
 *
 * A breaker has no lock: its owner's lock is held over each call. Zero is one that answers. */
#ifndef PAR_LOOP_BREAKER_H
#define PAR_LOOP_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

struct par_breaker {
    uint32_t _rest_ms; /* 0: it answers */
    uint64_t _until_ms;
    bool _tried; /* somebody is trying whether it answers again */
};

/* The last call was lost. */
static inline bool par_breaker_open(const struct par_breaker *b)
{
    return b->_rest_ms > 0;
}
/* May a call go there now? It answers, or its rest is over and nobody is trying. */
bool par_breaker_lets(const struct par_breaker *b);
/* A call goes there, whether it may or not; true: it is the one that tries. It ends with one of
 * those below. */
bool par_breaker_enter(struct par_breaker *b);
/* A call was answered; true: for the first time since one was lost. */
bool par_breaker_answered(struct par_breaker *b);
/* A call was lost; true: it is the first. The rest is first_ms then, and last_ms at most. */
bool par_breaker_lost(struct par_breaker *b, uint32_t first_ms, uint32_t last_ms);

#endif
