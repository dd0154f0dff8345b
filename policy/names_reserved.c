/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and addresses that are nobody's. The IANA special-purpose address registries (RFC 6890),
 * every entry, also those marked globally reachable: BR 1.6.1 calls an address in any of them
 * reserved. Multicast is in neither registry.
 */
#include "policy/names.h"

#include <pthread.h>

/* clang-format off */
static const struct {
    const char *cidr, *what;
} reserved[] = {
    {"0.0.0.0/8", "this network"}, {"10.0.0.0/8", "private use"},
    {"100.64.0.0/10", "shared address space"}, {"127.0.0.0/8", "loopback"},
    {"169.254.0.0/16", "link local"}, {"172.16.0.0/12", "private use"},
    {"192.0.0.0/24", "IETF protocol assignments"}, {"192.0.2.0/24", "documentation"},
    {"192.31.196.0/24", "AS112"}, {"192.52.193.0/24", "AMT"},
    {"192.88.99.0/24", "6to4 relay"}, {"192.168.0.0/16", "private use"},
    {"192.175.48.0/24", "AS112"}, {"198.18.0.0/15", "benchmarking"},
    {"198.51.100.0/24", "documentation"}, {"203.0.113.0/24", "documentation"},
    {"240.0.0.0/4", "reserved"},
    {"::1/128", "loopback"}, {"::/128", "unspecified"}, {"::ffff:0:0/96", "IPv4-mapped"},
    {"64:ff9b::/96", "NAT64"}, {"64:ff9b:1::/48", "NAT64"}, {"100::/64", "discard-only"},
    {"100:0:0:1::/64", "dummy prefix"}, {"2001::/23", "IETF protocol assignments"},
    {"2001:db8::/32", "documentation"}, {"2002::/16", "6to4"}, {"2620:4f:8000::/48", "AS112"},
    {"3fff::/20", "documentation"}, {"5f00::/16", "SRv6 SIDs"}, {"fc00::/7", "unique local"},
    {"fe80::/10", "link local"},
};
/* clang-format on */

static struct address_block blocks[NITEMS(reserved)];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void parse_blocks(void)
{
    for (size_t i = 0; i < NITEMS(reserved); i++) {
        blocks[i] = address_block_parse(reserved[i].cidr);
    }
}

const char *address_reserved(const uint8_t *address, size_t n)
{
    pthread_once(&once, parse_blocks);
    for (size_t i = 0; i < NITEMS(reserved); i++) {
        if (address_in_block(address, n, &blocks[i])) {
            return reserved[i].what;
        }
    }
    return NULL;
}

/* IANA Special-Use Domain Names (RFC 6761 registry). onion has rules of its own. */
/* clang-format off */
static const char *const special_use[] = {
    "alt", "invalid", "local", "localhost", "test", "example", "6tisch.arpa", "eap.arpa",
    "eap-noob.arpa", "home.arpa", "ipv4only.arpa", "resolver.arpa", "service.arpa",
    "10.in-addr.arpa", "16.172.in-addr.arpa", "17.172.in-addr.arpa", "18.172.in-addr.arpa",
    "19.172.in-addr.arpa", "20.172.in-addr.arpa", "21.172.in-addr.arpa", "22.172.in-addr.arpa",
    "23.172.in-addr.arpa", "24.172.in-addr.arpa", "25.172.in-addr.arpa", "26.172.in-addr.arpa",
    "27.172.in-addr.arpa", "28.172.in-addr.arpa", "29.172.in-addr.arpa", "30.172.in-addr.arpa",
    "31.172.in-addr.arpa", "168.192.in-addr.arpa", "254.169.in-addr.arpa",
    "170.0.0.192.in-addr.arpa", "171.0.0.192.in-addr.arpa", "8.e.f.ip6.arpa", "9.e.f.ip6.arpa",
    "a.e.f.ip6.arpa", "b.e.f.ip6.arpa",
};
/* clang-format on */
/* Delegated and kept for documentation: nobody passes their validation, yet nothing forbids the
 * order. */
static const char *const documentation[] = {"example.com", "example.net", "example.org"};

const char *name_special_use(const char *name)
{
    return name_zone_in(name, special_use, NITEMS(special_use));
}

const char *name_documentation(const char *name)
{
    return name_zone_in(name, documentation, NITEMS(documentation));
}
