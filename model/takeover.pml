/* Numbering and takeover, explored to the end: the rules S1, S3, N1-N4, W1-W4, T1, T2, T4, T5 of TAKEOVER.md.
 *
 * One partition of the log, one or two conversations, each with an owner and a member. The log holds every sequence of
 * LEN commands; a record is chosen when the first writer reaches it, so that logs share their beginnings. WRITERS writers
 * take the partition over one after the other, each at any moment. None of them ever ends: one that is not scheduled again
 * has crashed, one that goes on after it was replaced is a zombie, and what it has put may land at any later time.
 *
 * A put lands when its writer hears of it; an answer that is lost is a put that lands later, because the same bytes are
 * put until they are confirmed (W1). Each row of a command lands alone and in any order. What is durable is released at
 * once: to release later only delays the checkpoint, and that has a step of its own.
 *
 * `ref_*` is what one writer without faults makes of the same log: numbers, refusals and rows must be a function of it.
 * -DOFF_<rule> switches a rule off; model/run says for each the promise that must then break. */

#ifndef LEN
#define LEN 3 /* commands in the log */
#endif
#ifndef CONVS
#define CONVS 1
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef FLIGHT
#define FLIGHT 3 /* commands in flight */
#endif
#define W 2 /* W2a: entries of a conversation that are not durable */

/* One record of the log. A stamp is the offset + 1; 0 is older than the log. */
mtype:command = { member_sends, owner_sends, removes, adds, deletes };
/* The promises: what a violation breaks. */
mtype:promise = { one_number, stored_once, accepted_as_logged, refused_as_logged, answered_as_logged, acked_is_stored,
                  same_bytes, deleted_stays_deleted, dense_below_w, removed_reads_nothing, stopped_only_if_replaced,
                  nothing_stuck };

#define REFUSED 255
#define DUP 64 /* DUP + seq: known at that seq */
#define IS_SEQ(out) ((out) > 0 && (out) < DUP)

#define AT(w, o) ((w) * LEN + (o))
#define CV(w, c) ((w) * CONVS + (c))
#define SQ(c, s) ((c) * (LEN + 1) + (s))
#define CM(c, x) ((c) * 2 + (x))

/* The log, and what it means. */
byte log_len;
mtype:command kind[LEN];
byte conv[LEN];
byte arg[LEN];        /* member_sends: the cmid (0 = a, 1 = b); deletes: the seq of the target */
byte ref_out[LEN];    /* seq, DUP + seq, or REFUSED */
byte ref_before[LEN]; /* stamp of the roster before this change of it */
byte ref_last[CONVS];
byte ref_roster[CONVS];              /* stamp of the last change */
byte ref_cmid[CONVS * 2];            /* seq */
byte ref_stamp[CONVS * (LEN + 1)];   /* the command that made the entry */
byte ref_deleted[CONVS * (LEN + 1)]; /* seq of the delete */
bit ref_member[CONVS * (LEN + 1)];   /* the member may see the entry */

/* The store: 0 = no row. S1: an entry keeps its stamp and deleted_seq; the version of its cell is the seq (for the ts) of
 * what made this state. S2: a cmid keeps seq and stamp. S3: a roster keeps two slots; what a slot says follows from its
 * stamp, because every change that lands is the one of the log (same_bytes). S6: the checkpoint row. */
byte entry_stamp[CONVS * (LEN + 1)];
byte entry_deleted[CONVS * (LEN + 1)];
byte cmid_seq[CONVS * 2];
byte cmid_stamp[CONVS * 2];
byte roster_now[CONVS];
byte roster_before[CONVS];
byte epoch;
byte checkpoint;

/* What the writers remember. */
bit owns[WRITERS];
byte start[WRITERS];   /* the checkpoint it took over at */
byte pos[WRITERS];     /* o: next command to number */
byte rel[WRITERS];     /* everything below is durable and released */
byte own_c[WRITERS];   /* the checkpoint it knows */
byte out[WRITERS * LEN];
byte before[WRITERS * LEN];
byte rows[WRITERS * LEN]; /* bits of rows that have not landed: ENTRY, OTHER (cmid, roster or target) */
bit loaded[WRITERS * CONVS];
byte last[WRITERS * CONVS];
byte roster[WRITERS * CONVS];      /* stamp of the slot that holds as of o */
byte in_flight[WRITERS * CONVS];   /* entries that are not durable */
byte lowest[WRITERS * CONVS];      /* the seq of the lowest of them */
byte open_roster[WRITERS * CONVS]; /* stamp of the oldest change of the roster that is not durable */
byte last_roster[WRITERS * CONVS]; /* stamp of the last change that it numbered */
byte reach;                        /* the furthest position of all */
#define ENTRY 1
#define OTHER 2

/* Used within one step only, which ends with forget(). */
byte each, cmd, cnv, seq, said, top, found;
bool gone;

#include "promise.pml"

#define IN(stamp) ((stamp) == 0 || kind[(stamp) - 1] == adds)
#define CHANGES_ROSTER(o) (kind[o] == removes || kind[o] == adds)

inline forget()
{
    each = 0;
    cmd = 0;
    cnv = 0;
    seq = 0;
    said = 0;
    top = 0;
    found = 0;
    gone = false
}

/* ---- the log ---- */

inline append(k, cv, x)
{
    cmd = log_len;
    cnv = cv;
    kind[cmd] = k;
    conv[cmd] = cnv;
    arg[cmd] = x;
    log_len++;
    printf("log: command %d of conversation %d: %e %d\n", cmd, cnv, kind[cmd], arg[cmd]);
    /* N1: the cmid, then roster and target, then the number. */
    if
    :: k == member_sends && ref_cmid[CM(cnv, x)] != 0 -> ref_out[cmd] = DUP + ref_cmid[CM(cnv, x)]
    :: k == member_sends && ref_cmid[CM(cnv, x)] == 0 && !IN(ref_roster[cnv]) -> ref_out[cmd] = REFUSED
    :: k == deletes && ref_deleted[SQ(cnv, x)] != 0 -> ref_out[cmd] = REFUSED
    :: else ->
        ref_last[cnv]++;
        seq = ref_last[cnv];
        ref_out[cmd] = seq;
        ref_stamp[SQ(cnv, seq)] = cmd + 1;
        ref_member[SQ(cnv, seq)] = IN(ref_roster[cnv]) || k == adds;
        if
        :: k == member_sends -> ref_cmid[CM(cnv, x)] = seq
        :: k == deletes -> ref_deleted[SQ(cnv, x)] = seq
        :: k == removes || k == adds -> ref_before[cmd] = ref_roster[cnv]; ref_roster[cnv] = cmd + 1
        :: else
        fi
    fi
}

/* A client deletes a text that is there; it may be deleted already. */
#define TEXT(c, s) (ref_stamp[SQ(c, s)] != 0 && (kind[ref_stamp[SQ(c, s)] - 1] == member_sends || \
                                                 kind[ref_stamp[SQ(c, s)] - 1] == owner_sends))
/* Who reads the log before anybody needs its next record sees nothing: it is made when it is needed. */
#define NEXT(cv) (log_len < LEN && log_len == reach && (cv == 0 || log_len > 0))
/* Cmid b comes after a: the other order is the same world. */
#define OFFER(cv) \
    :: d_step { NEXT(cv) -> append(member_sends, cv, 0); forget() } \
    :: d_step { NEXT(cv) && ref_cmid[CM(cv, 0)] != 0 -> append(member_sends, cv, 1); forget() } \
    :: d_step { NEXT(cv) -> append(owner_sends, cv, 0); forget() } \
    :: d_step { NEXT(cv) && IN(ref_roster[cv]) -> append(removes, cv, 0); forget() } \
    :: d_step { NEXT(cv) && !IN(ref_roster[cv]) -> append(adds, cv, 0); forget() } \
    :: d_step { NEXT(cv) && TEXT(cv, 1) -> append(deletes, cv, 1); forget() } \
    :: d_step { NEXT(cv) && TEXT(cv, 2) -> append(deletes, cv, 2); forget() }

active proctype clients()
{
end:
    do
    OFFER(0)
#if CONVS > 1
    OFFER(1)
#endif
    od
}

/* ---- release ---- */

/* An answer: what the log says, and of something that a reader finds. */
inline answer(w, which)
{
    said = out[AT(w, which)];
    printf("writer %d: answers command %d: %d\n", w, which, said);
    promise(refused_as_logged, said == ref_out[which] || said != REFUSED);
    promise(answered_as_logged, said == ref_out[which]);
    promise(acked_is_stored, said == REFUSED || entry_stamp[SQ(conv[which], said % DUP)] != 0)
}

/* W3: what is durable, in the order of the offsets, refusals and duplicates too. */
inline release(w)
{
    do
    :: rel[w] < pos[w] && rows[AT(w, rel[w])] == 0 -> answer(w, rel[w]); rel[w]++
    :: else -> break
    od;
    skip
}

/* ---- numbering ---- */

#ifdef EVERY_ROSTER
/* Instead of two slots: every change is kept, as cell versions are. Then W2c and the stop of N2 are not needed. */
bit roster_kept[LEN];
#endif

/* N2: base and roster as of o. */
inline load(w)
{
    last[CV(w, cnv)] = 0;
    for (each : 1 .. LEN) {
        if
#ifdef OFF_N2_BASE
        :: entry_stamp[SQ(cnv, each)] != 0 -> last[CV(w, cnv)] = each
#else
        :: entry_stamp[SQ(cnv, each)] != 0 && entry_stamp[SQ(cnv, each)] < cmd + 1 -> last[CV(w, cnv)] = each
#endif
        :: else
        fi
    }
    loaded[CV(w, cnv)] = true;
#if defined(OFF_S3)
    /* One slot, overwritten in place. */
    roster[CV(w, cnv)] = roster_now[cnv];
#elif defined(EVERY_ROSTER)
    roster[CV(w, cnv)] = 0;
    for (each : 0 .. LEN - 1) {
        if
        :: each < cmd && conv[each] == cnv && roster_kept[each] -> roster[CV(w, cnv)] = each + 1
        :: else
        fi
    }
#else
    if
    :: roster_now[cnv] < cmd + 1 -> roster[CV(w, cnv)] = roster_now[cnv]
    :: roster_now[cnv] >= cmd + 1 && roster_before[cnv] < cmd + 1 -> roster[CV(w, cnv)] = roster_before[cnv]
    :: else ->
#ifdef OFF_N2_STOP
        roster[CV(w, cnv)] = roster_before[cnv]
#else
        gone = true
#endif
    fi
#endif
}

/* The seq of an accepted command with the same cmid before o, or 0. `stale`: the row was read ahead, and missed what was in
 * flight then. What is below the checkpoint at takeover is not missed: the first read comes after it (N4). */
#ifdef OFF_N4_FIRST
#define MISSED(w, at) (stale)
#else
#define MISSED(w, at) (stale && cmid_stamp[at] > start[w])
#endif
#ifdef OFF_N2_CMID
#define FUTURE_CMID(at) false
#else
#define FUTURE_CMID(at) (cmid_stamp[at] >= cmd + 1)
#endif
#ifdef OFF_N4
/* Forgotten as soon as it is durable. */
#define REMEMBERS(w, o) (IS_SEQ(out[AT(w, o)]) && rows[AT(w, o)] != 0)
#else
#define REMEMBERS(w, o) IS_SEQ(out[AT(w, o)])
#endif
inline look_up_cmid(w, stale)
{
    found = 0;
    top = CM(cnv, arg[cmd]);
    if
    :: cmid_stamp[top] == 0 || MISSED(w, top) || FUTURE_CMID(top)
    :: else -> found = cmid_seq[top]
    fi;
    for (each : 0 .. LEN - 1) {
        if
        :: each >= start[w] && each < cmd && kind[each] == member_sends && conv[each] == cnv && arg[each] == arg[cmd] && REMEMBERS(w, each) ->
            found = out[AT(w, each)]
        :: else
        fi
    }
}

/* N2: the target as of o; what the writer itself has in flight it knows. */
inline look_up_deleted(w)
{
    found = entry_deleted[SQ(cnv, arg[cmd])];
#ifndef OFF_N2_DELETED
    if
    :: found > last[CV(w, cnv)] -> found = 0
    :: else
    fi;
#endif
    for (each : 0 .. LEN - 1) {
        if
        :: each >= start[w] && each < cmd && kind[each] == deletes && conv[each] == cnv && arg[each] == arg[cmd] && IS_SEQ(out[AT(w, each)]) ->
            found = out[AT(w, each)]
        :: else
        fi
    }
}

/* N1 for the command at o: the cmid, the roster or the target, the number; its rows are put. */
inline number(w, reload, stale)
{
    cmd = pos[w];
    cnv = conv[cmd];
    gone = false;
    if
    :: reload -> load(w)
    :: else
    fi;
    if
    :: gone ->
        /* Stop: replaced. Who was not replaced must never come here, or the partition cannot start. */
        printf("writer %d: stops at command %d\n", w, cmd);
        owns[w] = false;
        promise(stopped_only_if_replaced, epoch > w + 1)
    :: else ->
        found = 0;
        if
        :: kind[cmd] == member_sends -> look_up_cmid(w, stale)
        :: kind[cmd] == deletes -> look_up_deleted(w)
        :: else
        fi;
        if
        :: kind[cmd] == member_sends && found != 0 -> out[AT(w, cmd)] = DUP + found
        :: kind[cmd] == member_sends && found == 0 && !IN(roster[CV(w, cnv)]) -> out[AT(w, cmd)] = REFUSED
        :: kind[cmd] == removes && !IN(roster[CV(w, cnv)]) -> out[AT(w, cmd)] = REFUSED
        :: kind[cmd] == adds && IN(roster[CV(w, cnv)]) -> out[AT(w, cmd)] = REFUSED
        :: kind[cmd] == deletes && (found != 0 || arg[cmd] > last[CV(w, cnv)]) -> out[AT(w, cmd)] = REFUSED
        :: else ->
            last[CV(w, cnv)]++;
            out[AT(w, cmd)] = last[CV(w, cnv)];
            if
            :: in_flight[CV(w, cnv)] == 0 -> lowest[CV(w, cnv)] = last[CV(w, cnv)]
            :: else
            fi;
            in_flight[CV(w, cnv)]++;
            rows[AT(w, cmd)] = (kind[cmd] == owner_sends -> ENTRY : ENTRY + OTHER);
            if
            :: CHANGES_ROSTER(cmd) ->
                before[AT(w, cmd)] = roster[CV(w, cnv)];
                roster[CV(w, cnv)] = cmd + 1;
                last_roster[CV(w, cnv)] = cmd + 1;
                if
                :: open_roster[CV(w, cnv)] == 0 -> open_roster[CV(w, cnv)] = cmd + 1
                :: else
                fi
            :: else
            fi
        fi;
        printf("writer %d: numbers command %d: %d\n", w, cmd, out[AT(w, cmd)]);
        pos[w]++;
        if
        :: pos[w] > reach -> reach = pos[w]
        :: else
        fi;
#ifdef OFF_W3
        /* Answered from memory, without waiting for its first. */
        if
        :: out[AT(w, cmd)] > DUP && out[AT(w, cmd)] != REFUSED -> answer(w, cmd)
        :: else
        fi;
#endif
        release(w)
    fi
}

/* When the next command may be numbered: room in flight, and the rules of W2. */
#define THIS(w) conv[pos[w]]
#if defined(OFF_W2A)
#define W2A(w) true
#elif defined(OFF_W2A_SPAN)
/* W entries anywhere, as an earlier TAKEOVER.md said: the lowest may stay behind while others come and go. */
#define W2A(w) (in_flight[CV(w, THIS(w))] < W)
#else
#define W2A(w) (in_flight[CV(w, THIS(w))] == 0 || last[CV(w, THIS(w))] + 1 < lowest[CV(w, THIS(w))] + W)
#endif
#if defined(OFF_W2C) || defined(EVERY_ROSTER)
#define W2C(w) true
#else
/* A stamp is the offset + 1, so this says: the offset is below C. */
#define W2C(w) (!CHANGES_ROSTER(pos[w]) || last_roster[CV(w, THIS(w))] <= own_c[w])
#endif
#ifdef ONE_BATCH
/* The product's writer: a batch is numbered, then put, then the next is numbered. Cmids are read ahead for several. */
#define BATCH(w) (!putting[w])
bit putting[WRITERS];
#else
#define BATCH(w) true
#endif
#define MAY_NUMBER(w) (owns[w] && pos[w] < log_len && pos[w] - rel[w] < FLIGHT && W2A(w) && W2C(w) && BATCH(w))
/* N3: loaded again only while nothing of the conversation is in flight. */
#ifdef OFF_N3
#define MAY_LOAD(w) true
#else
#define MAY_LOAD(w) (!loaded[CV(w, THIS(w))] || in_flight[CV(w, THIS(w))] == 0)
#endif

/* ---- rows land ---- */

/* V1: below the newest entry, W distrusts enough. V3: entries first, then the roster, then cut. */
inline readers()
{
    top = 0;
    for (each : 1 .. LEN) {
        if
        :: entry_stamp[SQ(cnv, each)] != 0 ->
            top = each;
            promise(removed_reads_nothing, !(IN(roster_now[cnv]) && (roster_now[cnv] == 0 || each >= ref_out[roster_now[cnv] - 1])) ||
                                               ref_member[SQ(cnv, each)])
        :: else
        fi
    }
    for (each : 1 .. LEN) {
        promise(dense_below_w, each + W > top || entry_stamp[SQ(cnv, each)] != 0)
    }
}

inline land(w, at, row)
{
    cmd = at;
    cnv = conv[cmd];
    seq = out[AT(w, cmd)];
    printf("writer %d: row %d of command %d lands\n", w, row, cmd);
    promise(stored_once, ref_out[cmd] < DUP || ref_out[cmd] == REFUSED);
    promise(accepted_as_logged, ref_out[cmd] != REFUSED);
    promise(one_number, seq == ref_out[cmd]);
    if
    :: row == ENTRY ->
#ifdef OFF_S1
        promise(deleted_stays_deleted, entry_deleted[SQ(cnv, seq)] == 0);
        entry_deleted[SQ(cnv, seq)] = 0;
#endif
        /* A cell with a later version stays. */
        entry_stamp[SQ(cnv, seq)] = cmd + 1
    :: row == OTHER && kind[cmd] == member_sends ->
        cmid_seq[CM(cnv, arg[cmd])] = seq;
        cmid_stamp[CM(cnv, arg[cmd])] = cmd + 1
    :: row == OTHER && CHANGES_ROSTER(cmd) ->
        promise(same_bytes, before[AT(w, cmd)] == ref_before[cmd]);
#ifdef EVERY_ROSTER
        roster_kept[cmd] = true;
#endif
        if
        :: roster_now[cnv] < cmd + 1 -> roster_now[cnv] = cmd + 1; roster_before[cnv] = before[AT(w, cmd)]
        :: else
        fi
    :: else ->
        /* The whole cell of the target: also where its first state has not landed. */
        entry_stamp[SQ(cnv, arg[cmd])] = ref_stamp[SQ(cnv, arg[cmd])];
        if
        :: entry_deleted[SQ(cnv, arg[cmd])] < seq -> entry_deleted[SQ(cnv, arg[cmd])] = seq
        :: else
        fi
    fi;
    rows[AT(w, cmd)] = rows[AT(w, cmd)] - row;
    if
    :: rows[AT(w, cmd)] == 0 ->
        in_flight[CV(w, cnv)]--;
        lowest[CV(w, cnv)] = 0;
        open_roster[CV(w, cnv)] = 0;
        for (each : 0 .. LEN - 1) {
            if
            :: lowest[CV(w, cnv)] == 0 && each < pos[w] && conv[each] == cnv && rows[AT(w, each)] != 0 ->
                lowest[CV(w, cnv)] = out[AT(w, each)]
            :: else
            fi;
            if
            :: open_roster[CV(w, cnv)] == 0 && each < pos[w] && conv[each] == cnv && CHANGES_ROSTER(each) && rows[AT(w, each)] != 0 ->
                open_roster[CV(w, cnv)] = each + 1
            :: else
            fi
        }
    :: else
    fi;
    readers();
    release(w);
#ifdef ONE_BATCH
    putting[w] = (rel[w] < pos[w]);
#endif
}

/* W2b: nothing of a conversation is put while a change of its roster is not durable. */
#ifdef OFF_W2B
#define W2B(w, o) true
#else
#define W2B(w, o) (open_roster[CV(w, conv[o])] == 0 || o + 1 <= open_roster[CV(w, conv[o])])
#endif
#define LANDS(w, o) \
    :: d_step { (rows[AT(w, o)] & ENTRY) && W2B(w, o) -> land(w, o, ENTRY); forget() } \
    :: d_step { (rows[AT(w, o)] & OTHER) && W2B(w, o) -> land(w, o, OTHER); forget() }

/* ---- the writers ---- */

#ifdef OFF_W4
#define DONE(w) pos[w]
#else
#define DONE(w) rel[w]
#endif
#ifdef OFF_T4
byte late[WRITERS]; /* a checkpoint that was put again after a timeout, or 0 */
#endif

proctype writer(byte w)
{
end_before:
    /* T1: epoch + 1 by compare-and-set; read C. T2: consume from C with empty memory. */
    d_step {
        epoch == w ->
        epoch = w + 1;
        owns[w] = true;
        start[w] = checkpoint;
        pos[w] = checkpoint;
        rel[w] = checkpoint;
        own_c[w] = checkpoint;
        printf("writer %d: takes over at %d\n", w, checkpoint)
    };
end:
    do
    :: d_step { MAY_NUMBER(w) && loaded[CV(w, THIS(w))] -> number(w, false, false); forget() }
    :: d_step { MAY_NUMBER(w) && loaded[CV(w, THIS(w))] && kind[pos[w]] == member_sends -> number(w, false, true); forget() }
    :: d_step { MAY_NUMBER(w) && MAY_LOAD(w) -> number(w, true, false); forget() }
    :: d_step { MAY_NUMBER(w) && MAY_LOAD(w) && kind[pos[w]] == member_sends -> number(w, true, true); forget() }
    LANDS(w, 0)
    LANDS(w, 1)
    LANDS(w, 2)
#if LEN > 3
    LANDS(w, 3)
#endif
#if LEN > 4
    LANDS(w, 4)
#endif
#if LEN > 5
    LANDS(w, 5)
#endif
    :: d_step {
        /* W4: only what is released and confirmed. T4: compare-and-set of the whole cell: who was replaced fails. */
        owns[w] && epoch == w + 1 && checkpoint < DONE(w) ->
        checkpoint = DONE(w);
        own_c[w] = checkpoint;
#ifdef OFF_T4
        late[w] = (late[w] == 0 -> checkpoint : late[w]);
#endif
        printf("writer %d: checkpoint %d\n", w, checkpoint)
    }
#ifdef OFF_T4
    :: d_step { late[w] != 0 -> checkpoint = late[w]; late[w] = 0; printf("writer %d: a late put: checkpoint %d\n", w, checkpoint) }
#endif
    od
}

init
{
    atomic {
        for (each : 0 .. WRITERS - 1) {
            run writer(each)
        }
        forget()
    };
    /* When nothing more can happen, the last owner has numbered, put and released the whole log. */
end:
    timeout ->
    promise(nothing_stuck, log_len == LEN && rel[WRITERS - 1] == LEN)
}
