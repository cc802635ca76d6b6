/* Runs of many worlds that belong together: the kept seeds, and the planted bugs. */
#ifndef SIM_MODES_H
#define SIM_MODES_H

#include "sim/run.h"

/* Each line of the file: plan, seed, and what it found. Every one has to pass. Prints a line for
 * each failure and the count; returns the exit code. */
int sim_mode_regress(const char *file, unsigned jobs, unsigned limit_s);

/* Each line of the file: mutant, plan (or `mix`), and the most seeds that it may take. Every one
 * has to be found. only: none but this; NULL: all. Prints a line for each and the count. A mutant
 * that the file does not name is looked for in the mix. */
int sim_mode_mutants(const char *file, const char *only, unsigned jobs, unsigned limit_s);

/* Names, in the order of enum par_mutant; PAR_MUTANT_NONE: not one of them. */
const char *sim_mutant_name(enum par_mutant mutant);
enum par_mutant sim_mutant_by_name(const char *name);

#endif
