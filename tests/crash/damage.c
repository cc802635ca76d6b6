/* Damages one file of an image. */
#include "damage.h"

#include <stdio.h>

enum { SECTOR = 512, TRIES = 1000 };

uint64_t crash_mix(uint64_t a, uint64_t b)
{
    uint64_t z = (a + 1) * 0x9E3779B97F4A7C15u ^ (b + 1) * 0xD1B54A32D192ED03u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static struct crash_node *choose(struct crash_image *image, const char *part, uint64_t random)
{
    for (uint64_t i = 0; i < TRIES; i++) {
        struct crash_node *node = &image->nodes[crash_mix(random, i) % image->count];
        if (!node->folder && node->bytes.len > 0 &&
            (part == NULL || strstr(node->path, part) != NULL))
            return node;
    }
    return NULL;
}

const struct crash_node *crash_damage(struct crash_image *image, const char *part, uint64_t random,
                                      uint64_t *at_r, char what_r[256])
{
    struct crash_node *node = choose(image, part, random);
    if (node == NULL)
        return NULL;
    struct par_buf *bytes = &node->bytes;
    const char *how = "flipped";
    uint64_t at = crash_mix(random, ~1u) % bytes->len;
    if (crash_mix(random, ~2u) % 2 == 0 && bytes->len > SECTOR)
        at = bytes->len - 1 - at % SECTOR;
    switch (crash_mix(random, ~3u) % 4) {
    case 0:
        bytes->len = at;
        how = "cut off";
        break;
    case 1:
        for (uint64_t i = at; i < bytes->len && i < at + SECTOR; i++)
            bytes->data[i] = 0;
        how = "zeroed";
        break;
    case 2:
        bytes->data[at] ^= (uint8_t)(1u << (random & 7));
        break;
    default:
        bytes->data[at] ^= 0xFF;
        break;
    }
    snprintf(what_r, 256, "%s %s at %llu", node->path, how, (unsigned long long)at);
    *at_r = at;
    return node;
}
