/* Runs a fuzzer's function once on each file of a folder: the kept inputs as a test of every build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Most fuzzers have none of their own. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void run_file(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *data = NULL;
    size_t size = 0;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return;
    for (size_t n; size < 1 << 20; size += n) {
        data = realloc(data, size + 4096);
        n = data ? fread(data + size, 1, 4096, f) : 0;
        if (n == 0)
            break;
    }
    fclose(f);
    /* A block of exactly that size, so that a sanitizer sees the first byte beyond. */
    uint8_t *exact = malloc(size ? size : 1);
    if (data && exact) {
        for (size_t i = 0; i < size; i++)
            exact[i] = data[i];
        LLVMFuzzerTestOneInput(exact, size);
    }
    free(exact);
    free(data);
}

int main(int argc, char **argv)
{
    unsigned files = 0;

    LLVMFuzzerInitialize(&argc, &argv);
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
    for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        run_file(argv[1], e->d_name);
        files++;
    }
    if (dir)
        closedir(dir);
    printf("%u inputs\n", files);
    return 0;
}
