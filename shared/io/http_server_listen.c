// http_server_listen: the listening socket, which outlives the server that uses it.
#include "io/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

// How many connections may wait for accept; the kernel cuts it to net.core.somaxconn (4096).
#define BACKLOG_COUNT 4096

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address_t;

static bool to_address(const char *text, uint16_t port, address_t *ret_address,
                       socklen_t *ret_bytes)
{
    address_t address = {.any.sa_family = AF_INET};
    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
        address.v4.sin_port = htons(port);
        *ret_bytes = sizeof address.v4;
    } else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
        *ret_bytes = sizeof address.v6;
    } else {
        return false;
    }
    *ret_address = address;
    return true;
}

static bool bind_and_listen(int descriptor, const address_t *address, socklen_t address_bytes)
{
    const int on = 1;
    const int off = 0;
    // A restart must not wait for connections of the last life; "::" takes IPv4 as well.
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return false;
    if (address->any.sa_family == AF_INET6)
        (void)setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    return bind(descriptor, &address->any, address_bytes) == 0 &&
           listen(descriptor, BACKLOG_COUNT) == 0;
}

static uint16_t port_of(int descriptor)
{
    address_t address = {.any.sa_family = AF_UNSPEC};
    socklen_t address_bytes = sizeof address;
    if (getsockname(descriptor, &address.any, &address_bytes) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

act_err_t act_listen(const char *address, uint16_t port, int *ret_descriptor, uint16_t *ret_port)
{
    address_t bound;
    socklen_t bound_bytes = 0;
    if (!to_address(address, port, &bound, &bound_bytes))
        return ACT_E_INVALID_ARGUMENT;
    int descriptor = socket(bound.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return ACT_E_IO;
    if (!bind_and_listen(descriptor, &bound, bound_bytes)) {
        (void)close(descriptor);
        return ACT_E_IO;
    }
    *ret_descriptor = descriptor;
    if (ret_port)
        *ret_port = port_of(descriptor);
    return ACT_E_OK;
}
