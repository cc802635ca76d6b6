/* The frame of the command line: `parley COMMAND [WORDS] [OPTIONS]`.
 *
 * A command is one constant struct in a file of its own, and a line in commands.c. The frame finds
 * it by the longest name that the first words match, reads the options of its table and the common
 * ones (--config,
 * --data, -o, --help), loads the configuration, sets the log up, and calls run. Whatever is wrong
 * on the way there is one line on standard error and exit code 2, before anything was opened. */
#ifndef PAR_CLI_CLI_H
#define PAR_CLI_CLI_H

#include "base/config.h"

/* The codes that the process ends with. */
enum { PAR_CLI_OK = 0, PAR_CLI_FAILED = 1, PAR_CLI_USAGE = 2 };

enum { PAR_CLI_MAX_OPTIONS = 24 };

/* An option of a command: --name ARG, or a switch when arg is NULL. With a key it is only another
 * way to write `-o key=ARG`, and the command finds it in the configuration. The list ends with {0}.
 */
struct par_cli_option {
    const char *name;
    const char *arg;
    const char *doc;
    const char *key;
};

struct par_cli;

struct par_cli_command {
    const char *name;    /* "serve", "admin user add" */
    const char *args;    /* what follows the name in the usage: "NAME", "DIR", ""  */
    const char *summary; /* half a sentence for the list of commands */
    const char *help;    /* more lines for `parley help NAME`, or NULL */
    unsigned min_args;
    unsigned max_args;
    bool no_config; /* runs without a configuration: --config, --data and -o are read, not used */
    const struct par_cli_option *options; /* may be NULL */
    /* Returns the exit code. May block; runs on the main thread. */
    int (*run)(struct par_cli *cli);
};

/* What a command is given. Everything lives until run returns. */
struct par_cli {
    const struct par_cli_command *command;
    struct par_config cfg;
    /* Where cfg came from: load it again on SIGHUP. */
    struct par_config_source source;
    /* The words after the name that are not options. */
    const char *const *args;
    unsigned n_args;
    /* One value for each row of the command's options; NULL: not given. */
    const char *_values[PAR_CLI_MAX_OPTIONS];
};

/* All commands, ending with NULL, in the order of the list that `parley help` prints. */
extern const struct par_cli_command *const par_cli_commands[];

/* Runs the command line and returns the exit code of the process. */
int par_cli_main(int argc, const char *const *argv);

/* The value of --name (without dashes); NULL when it was not given. A switch has the value "". */
const char *par_cli_value(const struct par_cli *cli, const char *name);

/* The value of --name as a whole number from min to max; def when it was not given. False after one
 * line on standard error: return PAR_CLI_USAGE. */
bool par_cli_int(const struct par_cli *cli, const char *name, int64_t def, int64_t min, int64_t max,
                 int64_t *value_r);

/* One line "parley COMMAND: …" on standard error; returns PAR_CLI_USAGE, and fail PAR_CLI_FAILED.
 */
int par_cli_usage(const struct par_cli *cli, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int par_cli_fail(const struct par_cli *cli, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The command that argv's first words name, the longest match; NULL when there is none. The number
 * of words goes to *words_r. */
const struct par_cli_command *par_cli_find(int argc, const char *const *argv, int *words_r);

/* The list of commands, or of those whose name begins with the group's word; false when there is
 * none. */
bool par_cli_print_list(FILE *out, const char *group);
/* The help of one command. */
void par_cli_print_help(FILE *out, const struct par_cli_command *command);

#endif
