/* Addresses of the internet. */
#ifndef SANDGLASS_ADDRESS_H
#define SANDGLASS_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sg_address {
    bool is_v6;
    uint8_t bytes[16]; /* in network order; 4 of them for IPv4, and then zeros */
    uint16_t port;
    uint32_t flow_info, scope_id; /* IPv6 */
} sg_address;

#endif
