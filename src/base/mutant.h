/* Planted bugs. In the product PAR_MUTANT(name) is the constant 0 and leaves no code behind; the
 * simulator is built with PARLEY_SIM and switches one of them on at a time, to prove that its
 * worlds and its checker find what they claim to find. */
#ifndef PAR_BASE_MUTANT_H
#define PAR_BASE_MUTANT_H

enum par_mutant {
    PAR_MUTANT_NONE = 0,
#define X(name, what) PAR_MUTANT_##name,
#include "parley/tbl/mutants.h"
#undef X
    PAR_MUTANT_COUNT
};

#ifdef PARLEY_SIM
/* The one that is switched on; set before a world begins. */
extern enum par_mutant par_mutant;
#define PAR_MUTANT(name) (__builtin_expect(par_mutant == PAR_MUTANT_##name, 0))
#else
#define PAR_MUTANT(name) 0
#endif

#endif
