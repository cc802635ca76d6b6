/* The program: the order of its first steps, nothing else. */
#include "cli/cli.h"

#include <signal.h>

int main(int argc, char **argv)
{
    /* A peer that went is an error of write, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    return par_cli_main(argc, (const char *const *)argv);
}
