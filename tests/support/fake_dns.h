/* fake_dns - a name server on the loopback interface that says what a test wants: by the first label of the name.
 *
 *   no-...      there is no such name
 *   silent-...  nothing
 *   lower-...   the question comes back in lower case
 *   one-...     an IPv4 address and no IPv6 one
 *   else        both; and any address has the name host.example */
#ifndef LOOM_SUPPORT_FAKE_DNS_H
#define LOOM_SUPPORT_FAKE_DNS_H

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"

struct fake_dns {
    int fd;
    unsigned asked;
    char resolv_conf[64];
};

static inline void fake_dns_init(struct fake_dns *dns) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    *dns = (struct fake_dns){.resolv_conf = "/tmp/loom-resolv-XXXXXX"};
    dns->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(dns->fd, (const struct sockaddr *)&at, length), 0);
    assert_int_equal(getsockname(dns->fd, (struct sockaddr *)&at, &length), 0);
    int file = mkstemp(dns->resolv_conf);
    assert_true(file >= 0);
    assert_true(dprintf(file, "nameserver 127.0.0.1:%u\n", ntohs(at.sin_port)) > 0);
    close(file);
}

static inline void fake_dns_fini(struct fake_dns *dns) {
    unlink(dns->resolv_conf);
    close(dns->fd);
}

static inline size_t fake_dns_answer(uint8_t *message, size_t name_end) {
    static const uint8_t a[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4};
    static const uint8_t aaaa[] = {0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 9, 0, 16, 0x20, 1};
    static const uint8_t ptr[] = {0xc0, 12,  0,   12,  0, 1,   0,   0,   0,   9,   0,   14,  4,
                                  'h',  'o', 's', 't', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0};
    char first[64] = "";
    uint8_t type = message[name_end + 1];
    size_t end = name_end + 4;
    for (unsigned i = 0; i < message[12] && i < 63; i++)
        first[i] = (char)tolower(message[13 + i]);
    if (strncmp(first, "silent-", 7) == 0)
        return 0;
    memset(message + 6, 0, 6);
    message[2] = 0x85;
    message[3] = strncmp(first, "no-", 3) == 0 ? 0x83 : 0x80;
    for (size_t i = 13; strncmp(first, "lower-", 6) == 0 && i < name_end; i++)
        message[i] = (uint8_t)tolower(message[i]);
    if (message[3] != 0x80 || (type == 28 && strncmp(first, "one-", 4) == 0))
        return end;
    size_t size = type == 1 ? sizeof a : type == 28 ? sizeof aaaa + 14 : sizeof ptr;
    memset(message + end, 0, size);
    memcpy(message + end, type == 1 ? a : type == 28 ? aaaa : ptr, type == 28 ? sizeof aaaa : size);
    message[7] = 1;
    return end + size;
}

/* Answer what has come. */
static inline void fake_dns_turn(struct fake_dns *dns) {
    uint8_t message[1024];
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    ssize_t got;
    while ((got = recvfrom(dns->fd, message, 512, 0, (struct sockaddr *)&from, &length)) > 12) {
        size_t at = 12;
        dns->asked++;
        while (message[at] != 0)
            at += 1u + message[at];
        size_t size = fake_dns_answer(message, at + 1);
        if (size > 0)
            assert_int_equal(sendto(dns->fd, message, size, 0, (struct sockaddr *)&from, length), size);
    }
}

#endif
