/* Switching stacks on x86-64, by hand; elsewhere by ucontext, which costs two system calls. */
#include "sim/switch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifndef __x86_64__
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
enum { STACK = 1024 * 1024 };
#else
enum { STACK = 256 * 1024 };
#endif

enum { GUARD = 4096, POOL = 256 };

static void *pool[POOL];
static unsigned pooled;

void sim_stack_new(struct sim_stack *stack)
{
    memset(stack, 0, sizeof *stack);
    stack->size = STACK;
    if (pooled) {
        stack->base = pool[--pooled];
        return;
    }
    char *p = mmap(NULL, STACK + GUARD, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED || mprotect(p, GUARD, PROT_NONE) != 0)
        abort();
    stack->base = p + GUARD;
}

void sim_stack_free(struct sim_stack *stack)
{
    if (pooled < POOL)
        pool[pooled++] = stack->base;
    else
        munmap((char *)stack->base - GUARD, STACK + GUARD);
    memset(stack, 0, sizeof *stack);
}

#ifdef __x86_64__

/* Saves what a callee must keep, changes the stack, restores, returns there. */
void sim_switch_to(void **from_sp, void *to_sp);
__asm__(".text\n"
        ".globl sim_switch_to\n"
        ".type sim_switch_to,@function\n"
        "sim_switch_to:\n"
        "pushq %rbp\n"
        "pushq %rbx\n"
        "pushq %r12\n"
        "pushq %r13\n"
        "pushq %r14\n"
        "pushq %r15\n"
        "movq %rsp, (%rdi)\n"
        "movq %rsi, %rsp\n"
        "popq %r15\n"
        "popq %r14\n"
        "popq %r13\n"
        "popq %r12\n"
        "popq %rbx\n"
        "popq %rbp\n"
        "ret\n"
        ".size sim_switch_to,.-sim_switch_to\n");

/* The first return lands here, with fn and arg in registers that were prepared. */
void sim_switch_begin(void);
__asm__(".text\n"
        ".globl sim_switch_begin\n"
        ".type sim_switch_begin,@function\n"
        "sim_switch_begin:\n"
        "movq %r12, %rdi\n"
        "xorl %ebp, %ebp\n"
        "callq *%r13\n"
        "ud2\n"
        ".size sim_switch_begin,.-sim_switch_begin\n"
        ".section .note.GNU-stack,\"\",@progbits\n"
        ".text\n");

void sim_stack_prepare(struct sim_stack *stack, void (*fn)(void *), void *arg)
{
    uintptr_t top = ((uintptr_t)stack->base + stack->size) & ~(uintptr_t)15;
    void **sp = (void **)top - 9;
    /* r15 r14 r13 r12 rbx rbp, the address to return to; then the stack is as before a call. */
    sp[0] = NULL;
    sp[1] = NULL;
    sp[2] = (void *)(uintptr_t)fn;
    sp[3] = arg;
    sp[4] = NULL;
    sp[5] = NULL;
    sp[6] = (void *)(uintptr_t)sim_switch_begin;
    sp[7] = NULL;
    stack->sp = sp;
}

static void go(struct sim_stack *from, struct sim_stack *to)
{
    sim_switch_to(&from->sp, to->sp);
}

#else

static void begin(unsigned fn_high, unsigned fn_low, unsigned arg_high, unsigned arg_low)
{
    void (*fn)(void *) = (void (*)(void *))(uintptr_t)((uint64_t)fn_high << 32 | fn_low);
    fn((void *)(uintptr_t)((uint64_t)arg_high << 32 | arg_low));
}

static ucontext_t *context(struct sim_stack *stack)
{
    if (!stack->sp)
        stack->sp = calloc(1, sizeof(ucontext_t));
    if (!stack->sp)
        abort();
    return stack->sp;
}

void sim_stack_prepare(struct sim_stack *stack, void (*fn)(void *), void *arg)
{
    ucontext_t *c = context(stack);
    getcontext(c);
    c->uc_stack.ss_sp = stack->base;
    c->uc_stack.ss_size = stack->size;
    uint64_t f = (uintptr_t)fn, a = (uintptr_t)arg;
    makecontext(c, (void (*)(void))begin, 4, (unsigned)(f >> 32), (unsigned)f, (unsigned)(a >> 32),
                (unsigned)a);
}

static void go(struct sim_stack *from, struct sim_stack *to)
{
    swapcontext(context(from), context(to));
}

#endif

void sim_stack_switch(struct sim_stack *from, struct sim_stack *to, int from_ends)
{
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(from_ends ? NULL : &from->fake_stack, to->base, to->size);
#else
    (void)from_ends;
#endif
    go(from, to);
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
}

void sim_stack_arrived(struct sim_stack *own, struct sim_stack *from)
{
#ifdef WITH_ASAN
    const void *base;
    size_t size;
    __sanitizer_finish_switch_fiber(own->fake_stack, &base, &size);
    if (!from->base) {
        from->base = (void *)(uintptr_t)base;
        from->size = size;
    }
#else
    (void)own;
    (void)from;
#endif
}
