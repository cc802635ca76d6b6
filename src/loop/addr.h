/* Internet addresses of peers and listeners, to and from text. */
#ifndef PAR_LOOP_ADDR_H
#define PAR_LOOP_ADDR_H

#include "base/str.h"
#include "parley/err.h"

enum par_addr_family { PAR_ADDR_NONE = 0, PAR_ADDR_IP4, PAR_ADDR_IP6, PAR_ADDR_UNIX };

/* 20 bytes, comparable with memcmp: unused bytes are 0. An IPv4 address that came mapped into IPv6
 * is kept as IPv4, so one peer has one form. A peer on a Unix socket has no address beyond its
 * family. */
struct par_addr {
    uint8_t ip[16];
    uint16_t port; /* host order */
    uint8_t family;
    uint8_t _zero;
};

enum { PAR_ADDR_TEXT = 64 };

/* "127.0.0.1:8080" or "[::1]:8080"; PAR_E_BAD_REQUEST for anything else. Names are not looked up.
 */
enum par_err par_addr_parse(struct par_str text, struct par_addr *addr_r) PAR_MUST_CHECK;
/* "127.0.0.1" or "::1", port 0 in the result: for the last member of X-Forwarded-For and the like.
 */
enum par_err par_addr_parse_ip(struct par_str text, struct par_addr *addr_r) PAR_MUST_CHECK;
/* Looks a name up (IPv4 first). Blocks: for commands, never on a reactor. PAR_E_NOT_FOUND. */
enum par_err par_addr_resolve(const char *host, uint16_t port,
                              struct par_addr *addr_r) PAR_MUST_CHECK;

/* Write into buf (PAR_ADDR_TEXT bytes) and return it: "1.2.3.4:80", "[::1]:80", "unix", "-" for
 * none; without the port "1.2.3.4", "::1". */
const char *par_addr_text(const struct par_addr *addr, char *buf);
const char *par_addr_ip_text(const struct par_addr *addr, char *buf);

/* 127.0.0.0/8, ::1, and Unix sockets. */
bool par_addr_is_loopback(const struct par_addr *addr);
/* An address of the public internet: not of this machine, of a private network or one between
 * machines of one link, nor for groups, for documentation, or not given out; one that carries an
 * IPv4 address (NAT64) is as public as that. What is no public address is not connected to on a
 * stranger's behalf. */
bool par_addr_is_public(const struct par_addr *addr);
/* The same host, whatever the port. */
bool par_addr_same_ip(const struct par_addr *a, const struct par_addr *b);

#endif
