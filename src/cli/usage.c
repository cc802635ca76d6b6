/* The list of commands and the help of each, from their structs. */
#include "cli/cli.h"

#include <string.h>

static bool in_group(const char *name, const char *group)
{
    size_t n = strlen(group);

    return strncmp(name, group, n) == 0 && (name[n] == ' ' || name[n] == 0);
}

bool par_cli_print_list(FILE *out, const char *group)
{
    bool found = false;
    int width = 0;

    for (size_t i = 0; par_cli_commands[i]; i++) {
        const struct par_cli_command *c = par_cli_commands[i];
        int n = (int)(strlen(c->name) + 1 + strlen(c->args));
        if ((!group || in_group(c->name, group)) && n > width && n <= 40)
            width = n;
    }
    for (size_t i = 0; par_cli_commands[i]; i++) {
        const struct par_cli_command *c = par_cli_commands[i];
        char left[128];

        if (group && !in_group(c->name, group))
            continue;
        found = true;
        if (!out)
            continue;
        int n = snprintf(left, sizeof left, "%s %s", c->name, c->args);
        if (n > width)
            fprintf(out, "  parley %s\n  %*s", left, width + 7, "");
        else
            fprintf(out, "  parley %-*s", width, left);
        fprintf(out, "  %s\n", c->summary);
    }
    return found;
}

static void print_option(FILE *out, const char *name, const char *arg, const char *doc)
{
    char left[80];

    snprintf(left, sizeof left, "%s%s%s", name, arg ? " " : "", arg ? arg : "");
    if (strlen(left) > 26)
        fprintf(out, "  %s\n  %-26s  %s\n", left, "", doc);
    else
        fprintf(out, "  %-26s  %s\n", left, doc);
}

void par_cli_print_help(FILE *out, const struct par_cli_command *c)
{
    fprintf(out, "parley %s%s%s%s\n\n%c%s.\n", c->name, c->args[0] ? " " : "", c->args,
            c->options || !c->no_config ? " [OPTIONS]" : "", c->summary[0] & ~0x20, c->summary + 1);
    if (c->help)
        fprintf(out, "\n%s\n", c->help);
    if (c->options || !c->no_config)
        fputs("\nOptions:\n", out);
    for (const struct par_cli_option *o = c->options; o && o->name; o++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", o->name);
        print_option(out, name, o->arg, o->doc);
    }
    if (!c->no_config) {
        print_option(out, "--config", "FILE", "Read the configuration from FILE.");
        print_option(out, "--data", "DIR", "Keep everything in DIR (./data).");
        print_option(out, "-o", "section.key=value",
                     "Set one key; wins over the file (`parley help config`).");
    }
}
