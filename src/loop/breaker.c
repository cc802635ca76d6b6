/* Leaving somebody alone who does not answer. */
#include "loop/breaker.h"

#include "loop/env.h"

bool par_breaker_lets(const struct par_breaker *b)
{
    return !par_breaker_open(b) || (!b->_tried && par_mono_ms() >= b->_until_ms);
}

bool par_breaker_enter(struct par_breaker *b)
{
    if (par_breaker_open(b))
        b->_tried = true;
    return b->_tried;
}

bool par_breaker_answered(struct par_breaker *b)
{
    bool was_open = par_breaker_open(b);
    *b = (struct par_breaker){0};
    return was_open;
}

bool par_breaker_lost(struct par_breaker *b, uint32_t first_ms, uint32_t last_ms)
{
    bool was_open = par_breaker_open(b);
    uint32_t rest_ms = was_open ? b->_rest_ms * 2 : first_ms;
    b->_rest_ms = rest_ms < last_ms ? rest_ms : last_ms;
    b->_until_ms = par_mono_ms() + b->_rest_ms;
    b->_tried = false;
    return !was_open;
}
