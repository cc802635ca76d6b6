/* Damage to what a disk had kept. */
#ifndef PARLEY_CRASH_DAMAGE_H
#define PARLEY_CRASH_DAMAGE_H

#include "image.h"

/* A number that two others fix. */
uint64_t crash_mix(uint64_t a, uint64_t b);

/* Flips bits of one file, zeroes a sector of it, or cuts its end off; half of the time near its
 * end, where the newest things stand. part: only of files with this in their path (NULL: any).
 * Returns the file, where in it, and a line about it; NULL when there is none. */
const struct crash_node *crash_damage(struct crash_image *image, const char *part, uint64_t random,
                                      uint64_t *at_r, char what_r[256]);

#endif
