/* The program: the order of its first steps, nothing else. */
#include "base/log.h"
#include "cli/cli.h"
#include "loop/env.h"

#include <signal.h>

int main(int argc, char **argv)
{
    /* A peer that went is an error of write, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    par_log_set_clock(par_wall_ms);
    return par_cli_main(argc, (const char *const *)argv);
}
