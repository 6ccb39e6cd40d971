#include "native/self_descriptor.h"

#include <netdb.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypt/provider.h"
#include "native/config.h"
#include "native/keys.h"
#include "native/openssl_provider.h"
#include "native/version.h"
#include "wire/exit_policy_summary.h"
#include "wire/text.h"

#define POLICY_LINES_MAX \
    200u /* of at most EXIT_POLICY_LINE_MAX bytes: leaves room for the rest of a descriptor */

static struct address address_of_sockaddr(const struct sockaddr_storage *from) {
    struct address address = {ADDRESS_NONE, {0}};
    if (from->ss_family == AF_INET) {
        address.family = ADDRESS_IPV4;
        memcpy(address.bytes, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        address.family = ADDRESS_IPV6;
        memcpy(address.bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
    }
    return address;
}

/* The first IPv4 address of a host name. */
static bool resolve(const char *host, struct address *out, struct complaint *complaint) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    struct sockaddr_storage address = {0};
    int rc = getaddrinfo(host, NULL, &hints, &found);
    if (rc != 0)
        return complain(complaint, "Address: expected a host name that has an IPv4 address, got \"%s\": %s",
                        host, gai_strerror(rc));
    memcpy(&address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    *out = address_of_sockaddr(&address);
    return true;
}

/* The address that datagrams to a public host would carry; connecting a datagram socket sends none. */
static bool guess_address(struct address *out) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x12000001)};
    struct sockaddr_storage from = {0};
    socklen_t length = sizeof(from);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
                getsockname(fd, (struct sockaddr *)&from, &length) == 0;
    if (fd >= 0)
        close(fd);
    if (good)
        *out = address_of_sockaddr(&from);
    return good && out->family == ADDRESS_IPV4;
}

static bool is_any(const struct address *a) {
    static const uint8_t zero[16];
    return memcmp(a->bytes, zero, sizeof(zero)) == 0;
}

static bool find_ipv4(const struct config *config, const struct config_port *port, struct address *out,
                      struct complaint *complaint) {
    if (config->address.family == ADDRESS_IPV4) {
        *out = config->address;
        return true;
    }
    if (config->address_host)
        return resolve(config->address_host, out, complaint);
    if (!is_any(&port->endpoint.address)) {
        *out = port->endpoint.address;
        return true;
    }
    return guess_address(out) ||
           complain(complaint, "Address: expected the address that others reach this relay at, "
                               "as it cannot be guessed");
}

bool self_endpoints(const struct config *config, struct endpoint out[static 2], struct complaint *complaint) {
    const struct config_port *ipv4 = config_advertised_port(config, ADDRESS_IPV4);
    const struct config_port *ipv6 = config_advertised_port(config, ADDRESS_IPV6);
    memset(out, 0, 2 * sizeof(*out));
    if (!ipv4)
        return complain(complaint, "ORPort: expected at least one that is advertised for IPv4");
    out[0].port = ipv4->endpoint.port;
    if (!find_ipv4(config, ipv4, &out[0].address, complaint))
        return false;
    if (address_is_internal(&out[0].address) && !config->extend_allow_private)
        return complain(complaint,
                        "Address: expected an address of the public network (ExtendAllowPrivateAddresses "
                        "allows others)");
    if (ipv6 && !config->address_disable_ipv6) {
        out[1] = ipv6->endpoint;
        if (config->address6.family == ADDRESS_IPV6)
            out[1].address = config->address6;
        if (is_any(&out[1].address) ||
            (address_is_internal(&out[1].address) && !config->extend_allow_private))
            out[1] = (struct endpoint){.port = 0};
    }
    return true;
}

/* Rules as descriptor lines; those for IPv6 have none. */
static uint32_t policy_lines(const struct exit_policy *policy, char (*lines)[EXIT_POLICY_LINE_MAX],
                             const char **pointers) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < policy->count && n < POLICY_LINES_MAX; i++)
        if (exit_policy_rule_format(&policy->rules[i], lines[n])) {
            pointers[n] = lines[n];
            n++;
        }
    return n;
}

/* The two signatures of the document in out (dir-spec 2.1.1); sha1_out is what the second one signs. */
static bool sign(const struct keys *keys, struct bytes_out *out, uint8_t sha1_out[static SHA1_LEN]) {
    const struct crypt_provider *crypt = openssl_provider();
    const struct span parts[] = {span_of(DESCRIPTOR_ED_PREFIX), {out->start, bytes_written(out)}};
    uint8_t digest[SHA256_LEN];
    uint8_t signature[DESCRIPTOR_RSA_SIG_LEN];
    crypt->sha256(parts, 2, digest);
    if (!keys_sign_ed(keys, (struct span){digest, SHA256_LEN}, signature) ||
        descriptor_put_ed_signature(out, signature) != ERR_OK)
        return false;
    const struct span whole = {out->start, bytes_written(out)};
    crypt->sha1(&whole, 1, sha1_out);
    return keys_sign_rsa(keys, (struct span){sha1_out, SHA1_LEN}, signature) &&
           descriptor_put_rsa_signature(out, (struct span){signature, sizeof(signature)}) == ERR_OK;
}

/* Write and sign the extra-info document, and tell the descriptor of it. */
static bool put_extra_info(const struct keys *keys, const struct self_facts *facts, struct descriptor *d,
                           struct bytes_out *out) {
    const struct extra_info e = {
        .nickname = d->nickname, .published_s = facts->now_s, .history = facts->history, .keys = d->keys};
    if (extra_info_put(out, &e) != ERR_OK || !sign(keys, out, d->extra_info_sha1))
        return false;
    const struct span whole = {out->start, bytes_written(out)};
    openssl_provider()->sha256(&whole, 1, d->extra_info_sha256);
    d->has_extra_info = true;
    return true;
}

static int by_identity(const void *a, const void *b) {
    return memcmp(a, b, 20);
}

/* MyFamily as tor writes it: with ourselves, in order, each once; nothing when nobody else is in it. How many. */
static uint32_t family_of(const struct config *config, const uint8_t rsa_id[static 20],
                          uint8_t out[static CONFIG_FAMILY_MAX + 1][20]) {
    uint32_t count = config->family_count, kept = 1;
    if (count == 0)
        return 0;
    memcpy(out, config->family, count * sizeof *out);
    memcpy(out[count++], rsa_id, sizeof *out);
    qsort(out, count, sizeof *out, by_identity);
    for (uint32_t i = 1; i < count; i++)
        if (memcmp(out[kept - 1], out[i], sizeof *out) != 0)
            memmove(out[kept++], out[i], sizeof *out);
    return kept > 1 ? kept : 0;
}

static uint64_t advertised_rate(const struct config *config) {
    uint64_t rate = config_rate(config);
    return rate < config->max_advertised_bandwidth ? rate : config->max_advertised_bandwidth;
}

bool self_descriptor_make(const struct config *config, const struct keys *keys,
                          const struct self_facts *facts, struct self_descriptor *out,
                          struct complaint *complaint) {
    char lines[POLICY_LINES_MAX][EXIT_POLICY_LINE_MAX];
    const char *pointers[POLICY_LINES_MAX];
    uint8_t family[CONFIG_FAMILY_MAX + 1][20];
    char ipv6_policy[EXIT_POLICY_SUMMARY_MAX + 1];
    uint8_t extra_text[EXTRA_INFO_LEN_MAX];
    uint8_t sha1[SHA1_LEN];
    struct descriptor_keys descriptor_keys;
    struct descriptor d = {
        .nickname = config->nickname,
        .ipv4 = facts->endpoints[0],
        .ipv6 = facts->endpoints[1],
        .platform = LOOM_PLATFORM,
        .protocols = SELF_PROTOCOLS,
        .published_s = facts->now_s,
        .uptime_s = facts->uptime_s,
        .rate = advertised_rate(config),
        .burst = config_burst(config),
        .observed = facts->is_hibernating ? 0 : facts->observed_rate,
        .is_hibernating = facts->is_hibernating,
        .contact = config->contact,
        .family = family,
        .family_count = facts->hides_family ? 0 : family_of(config, keys_rsa_id(keys), family),
        .is_directory = config->dir_cache && !facts->hides_directory,
        .is_onion_directory = config->dir_cache,
        .policy = pointers,
        .policy_count = policy_lines(&config->exit_policy, lines, pointers),
        .keys = &descriptor_keys,
    };
    if (config->ipv6_exit && config->exit_relay == CONFIG_YES) {
        exit_policy_summary(&config->exit_policy, ADDRESS_IPV6, ipv6_policy);
        d.ipv6_policy = ipv6_policy;
    }
    struct bytes_out bytes = bytes_out(out->text, DESCRIPTOR_LEN_MAX);
    struct bytes_out extra = bytes_out(extra_text, sizeof(extra_text));
    if (!keys_descriptor(keys, facts->now_s, &descriptor_keys, complaint))
        return false;
    if (!put_extra_info(keys, facts, &d, &extra) || descriptor_put(&bytes, &d) != ERR_OK ||
        !sign(keys, &bytes, sha1))
        return complain(complaint,
                        "the descriptor does not fit %u bytes: shorten ExitPolicy, MyFamily or ContactInfo",
                        DESCRIPTOR_LEN_MAX);
    out->published_s = facts->now_s;
    out->descriptor_length = bytes_written(&bytes);
    out->length = out->descriptor_length + bytes_written(&extra);
    memcpy(out->text + out->descriptor_length, extra_text, bytes_written(&extra));
    return true;
}
