/* The example file and the help on keys, from the table. */
#include "base/config.h"
#include "base/config_private.h"

#include <inttypes.h>
#include <string.h>

/* The default as it is written in a file. */
static void print_default(FILE *out, const struct par_config__key *k)
{
    if (k->type == PAR_CONFIG__INT)
        fprintf(out, "%" PRId64, k->def);
    else if (k->type == PAR_CONFIG__BOOL)
        fputs(k->def ? "true" : "false", out);
    else
        fputs(k->def_text, out);
}

/* "whole number from 1 to 64", "true or false" … */
static void print_values(FILE *out, const struct par_config__key *k)
{
    switch (k->type) {
    case PAR_CONFIG__INT:
        fprintf(out, "whole number from %" PRId64 " to %" PRId64, k->min, k->max);
        return;
    case PAR_CONFIG__BOOL:
        fputs("true or false", out);
        return;
    case PAR_CONFIG__STR:
        fprintf(out, "text of at most %" PRId64 " bytes", k->max);
        return;
    case PAR_CONFIG__WORD:
        for (const char *w = k->words; *w; w += strlen(w) + 1)
            fprintf(out, "%s%s", w == k->words ? "" : ", ", w);
        return;
    }
}

void par_config_write_example(FILE *out)
{
    fputs("# Every key of Parley's configuration, with its default. Remove the # before a key to "
          "change it.\n"
          "# The same keys can be given as -o section.key=value, which wins over this file.\n"
          "# \"reload\": SIGHUP takes a new value over while the server runs; the others need a "
          "restart.\n"
          "# This file is made by `parley help config`.\n",
          out);
    for (int s = 0; s < PAR_CONFIG__SECTIONS; s++) {
        const struct par_config__section *section = &par_config__sections[s];

        fprintf(out, "\n# %s\n[%s]\n", section->doc, section->name);
        for (int i = 0; i < PAR_CONFIG__KEYS; i++) {
            const struct par_config__key *k = &par_config__keys[i];

            if (strcmp(k->section, section->name) != 0)
                continue;
            fprintf(out, "\n# %s\n", k->doc);
            if (k->type != PAR_CONFIG__STR) {
                fputs("# (", out);
                print_values(out, k);
                fprintf(out, "%s)\n", k->reload ? "; reload" : "");
            }
            fprintf(out, "#%s =", k->key);
            if (k->type < PAR_CONFIG__STR || k->def_text[0])
                fputc(' ', out);
            print_default(out, k);
            fputc('\n', out);
        }
    }
}

static void write_key(FILE *out, const struct par_config__key *k)
{
    fprintf(out, "%s.%s = ", k->section, k->key);
    print_default(out, k);
    fprintf(out, "\n    %s\n    (", k->doc);
    print_values(out, k);
    fprintf(out, "%s)\n", k->reload ? "; reload" : "");
}

bool par_config_write_help(FILE *out, const char *name)
{
    bool found = false;

    for (int i = 0; i < PAR_CONFIG__KEYS; i++) {
        const struct par_config__key *k = &par_config__keys[i];
        char full[128];

        snprintf(full, sizeof full, "%s.%s", k->section, k->key);
        if (name && strcmp(name, full) != 0 && strcmp(name, k->section) != 0)
            continue;
        write_key(out, k);
        found = true;
    }
    return found;
}
