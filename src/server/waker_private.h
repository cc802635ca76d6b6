/* Inside src/server: what the parts of the waker share. */
#ifndef PAR_SERVER_WAKER_PRIVATE_H
#define PAR_SERVER_WAKER_PRIVATE_H

#include "loop/https.h"
#include "push/vapid.h"
#include "server/ledger.h"
#include "server/service.h"
#include "server/waker.h"

#include <pthread.h>

enum { PAR_WAKER_RECENT = 4096, PAR_WAKER_DEVICES_MAX = 40, PAR_WAKER_SERVICES = 256 };

/* A record of the log, and how many items it is not confirmed for. Only the waker's thread. */
struct par_waker__record {
    struct par_queue_push_place place;
    uint32_t items;
};

/* A job, for all devices of its user (token 0) or for one; in exactly one list. */
struct par_waker__item {
    struct par_waker__item *next;
    struct par_waker__item *done_next; /* of those in `sending` whose answer has come */
    struct par_waker *waker;
    struct par_push_job job;
    uint64_t token;                   /* the id of the push token */
    uint64_t service;                 /* hash of the push service's origin; 0: not known yet */
    uint32_t attempts;                /* so often it was tried */
    uint32_t told;                    /* so often a connected device was told to sync instead */
    uint64_t born_ms;                 /* monotonic, when it was taken */
    uint64_t due_ms;                  /* while it waits */
    struct par_waker__record *record; /* NULL: of no log, or confirmed */
    struct par_https_answer answer;   /* once it is done */
    /* Its row in the ledger (ledger.h), and what that is to tell. */
    uint64_t ledger_id;
    uint64_t device;
    uint32_t requests;
    char host[PAR_LEDGER_SERVICE];
    char text[]; /* of the job */
};

struct par_waker__list {
    struct par_waker__item *first, **last;
};

struct par_waker {
    struct par_server *server;
    struct par_service service;
    struct par_https *https; /* NULL: Web Push is off */
    struct par_vapid *vapid;
    _Atomic uint32_t items; /* in all lists and on their way */
    _Atomic uint64_t refused, passed;
    pthread_mutex_t lock; /* of fresh and done */
    struct par_waker__list fresh;
    struct par_waker__item *done;
    /* Of the thread. */
    struct par_waker__list waiting, sending;
    /* When a push of a conversation was last sent to a device, by their hash; an older one gives
     * way. */
    struct {
        uint64_t key, sent_ms;
    } recent[PAR_WAKER_RECENT];
    /* Services that answered their last request, by hash; strangers choose their names, so none can
     * be made to look like another. */
    uint64_t seed[2];
    uint64_t answers[PAR_WAKER_SERVICES];
};

/* Appends; takes all or one out. */
void par_waker__append(struct par_waker__list *list, struct par_waker__item *item);
void par_waker__remove(struct par_waker__list *list, struct par_waker__item *item);
struct par_waker__item *par_waker__take_all(struct par_waker__list *list);
/* A copy for one device; shares the record. NULL: memory is refused. */
struct par_waker__item *par_waker__copy(struct par_waker__item *item, uint64_t token);
/* It is dealt with: frees it, and confirms its record with the last of its items. */
void par_waker__end(struct par_waker__item *item);
/* Notes in the ledger what became of it; a later note of it replaces this one. */
void par_waker__note(struct par_waker__item *item, enum par_push_end end);
/* Tries it again in ms. */
void par_waker__later(struct par_waker__item *item, uint64_t ms);
/* What an item of this token and conversation is known by. */
uint64_t par_waker__key(const struct par_waker__item *item);

/* waker_note.c */

enum par_waker__verdict {
    PAR_WAKER_DONE = 0, /* nothing is sent; it was counted */
    PAR_WAKER_FAILED,   /* the store does not say; later */
    PAR_WAKER_SENT      /* with the item now in sending or waiting, or items of its own made */
};
/* Deals with a job whose user is not connected. */
enum par_waker__verdict par_waker__wake(struct par_waker__item *item);
/* Has a device of the user had the entry, by the mark (TAKEOVER.md R4)? 1, 0; -1: the store does
 * not say. */
int par_waker__delivered(const struct par_waker__item *item);
/* What the push service said. The item is freed or waits. */
void par_waker__answered(struct par_waker__item *item);

/* waker_key.c: the VAPID key, from where the configuration says. As par_waker_open. */
enum par_err par_waker__load_key(struct par_server *server, struct par_vapid **vapid_r, char *why,
                                 size_t why_size) PAR_MUST_CHECK;

#endif
