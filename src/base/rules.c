/* The numbers in the rules of numbering. */
#include "base/rules.h"

struct par_rules par_rules = {
    .version = 1,
    .window = 64,
    .ahead = 4096,
    .checkpoint_commands = 256,
    .checkpoint_ms = 500,
};
