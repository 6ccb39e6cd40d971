#include "native/socket_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "support/test.h"

static void round_trips(void **state) {
    static const char *texts[] = {"1.2.3.4:9001", "[::1]:80", "[2001:db8::ff]:65535", "255.255.255.255:1"};
    (void)state;
    for (unsigned i = 0; i < COUNT(texts); i++) {
        struct endpoint before, after;
        struct sockaddr_storage address;
        char text[ENDPOINT_TEXT_MAX];
        assert_true(endpoint_parse(texts[i], strlen(texts[i]), &before));
        assert_true(socket_address_from(&before, &address) > 0);
        assert_true(socket_address_to((const struct sockaddr *)&address, &after));
        endpoint_format(&after, text);
        assert_string_equal(text, texts[i]);
    }
}

static void ipv4_in_ipv6_is_ipv4(void **state) {
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(7)};
    struct endpoint out;
    (void)state;
    memcpy(in6.sin6_addr.s6_addr, (const uint8_t[16]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 9, 8, 7, 6},
           16);
    assert_true(socket_address_to((const struct sockaddr *)&in6, &out));
    assert_int_equal(out.address.family, ADDRESS_IPV4);
    assert_memory_equal(out.address.bytes, ((const uint8_t[4]){9, 8, 7, 6}), 4);
    in6.sin6_family = AF_UNIX;
    assert_false(socket_address_to((const struct sockaddr *)&in6, &out));
}

static void connecting_does_not_wait(void **state) {
    const struct endpoint nobody = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 1};
    (void)state;
    int fd = socket_connect(&nobody);
    if (fd < 0) {
        assert_int_equal(errno, ECONNREFUSED); /* the loopback interface may know at once */
        return;
    }
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(ipv4_in_ipv6_is_ipv4),
        cmocka_unit_test(connecting_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
