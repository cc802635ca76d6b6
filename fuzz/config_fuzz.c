/* The configuration file, and options: any bytes give a configuration or one line of error, and a
 * configuration that was accepted can be applied over another. */
#include "base/config.h"
#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file that every input is written to; it lives in memory only. */
static int file = -1;
static char path[64];

static void check_line(const struct par_config_error *error)
{
    if (error->text[0] == 0 || strchr(error->text, '\n'))
        abort();
}

/* The part before the first NUL is the file, each part after it an option. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *options[4];
    struct par_config_source source = {path, options, 0};
    struct par_config cfg;
    struct par_config live;
    struct par_config_error error;
    char *text = malloc(size + 1);

    if (file < 0) {
        file = memfd_create("config", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    if (!text || file < 0)
        abort();
    memcpy(text, data, size);
    text[size] = 0;
    size_t len = strlen(text);
    if (ftruncate(file, 0) != 0 || pwrite(file, text, len, 0) != (ssize_t)len)
        abort();
    for (size_t at = len + 1; at < size && source.n_options < 4; at += strlen(text + at) + 1)
        options[source.n_options++] = text + at;

    if (par_config_load(&source, &cfg, &error) == PAR_OK) {
        par_config_defaults(&live);
        par_config_apply(&live, &cfg, NULL, NULL);
        par_config_fini(&live);
        par_config_fini(&cfg);
    } else {
        check_line(&error);
    }
    free(text);
    return 0;
}
