// tcp_tape: non-blocking sockets, one buffer.
#include "harness/tcp_tape.h"

#include "base/assert.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TAPE_MAX_BYTES 65536
#define PIECES_MAX_COUNT 256
#define PATIENCE_TURNS 3000
// A server that closes because of what it read does so within some turns of a millisecond.
#define PIECE_TURNS 20

struct tcp_tape {
    int listener;
    int port;
    int server_port;
    int client; // -1: none
    int server;
    char bytes[TAPE_MAX_BYTES];
    size_t len_bytes;
    size_t pieces[PIECES_MAX_COUNT]; // where each piece begins
    size_t pieces_count;
    void (*turn)(void *context);
    void *context;
};

static struct sockaddr_in address_of(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int connect_to(int port)
{
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = address_of(port);
    act_assert(connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
    act_assert(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0);
    return descriptor;
}

tcp_tape_t *tcp_tape_new(int server_port, void (*turn)(void *context), void *context)
{
    tcp_tape_t *self = act_alloc(sizeof *self);
    self->client = self->server = -1;
    self->server_port = server_port;
    self->turn = turn;
    self->context = context;
    self->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = address_of(0);
    socklen_t size = sizeof address;
    act_assert(bind(self->listener, (struct sockaddr *)&address, sizeof address) == 0);
    act_assert(listen(self->listener, 4) == 0);
    act_assert(getsockname(self->listener, (struct sockaddr *)&address, &size) == 0);
    self->port = ntohs(address.sin_port);
    return self;
}

static void close_one(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

void tcp_tape_destroy(tcp_tape_t **self_p)
{
    if (!*self_p)
        return;
    close_one(&(*self_p)->client);
    close_one(&(*self_p)->server);
    close_one(&(*self_p)->listener);
    act_free(*self_p);
    *self_p = NULL;
}

int tcp_tape_port(const tcp_tape_t *self)
{
    return self->port;
}

size_t tcp_tape_bytes(const tcp_tape_t *self)
{
    return self->len_bytes;
}

static void send_all(int descriptor, const char *bytes, size_t len_bytes)
{
    // The pieces are small; a socket that was closed refuses them, which the reader sees.
    (void)!send(descriptor, bytes, len_bytes, MSG_NOSIGNAL);
}

static void pass_on(tcp_tape_t *self)
{
    ssize_t len =
        recv(self->client, self->bytes + self->len_bytes, sizeof self->bytes - self->len_bytes, 0);
    if (len > 0) {
        act_assert(self->pieces_count < PIECES_MAX_COUNT);
        self->pieces[self->pieces_count++] = self->len_bytes;
        send_all(self->server, self->bytes + self->len_bytes, (size_t)len);
        self->len_bytes += (size_t)len;
    }
    char back[4096];
    len = recv(self->server, back, sizeof back, 0);
    if (len > 0)
        send_all(self->client, back, (size_t)len);
}

void tcp_tape_turn(tcp_tape_t *self)
{
    if (self->client < 0) {
        self->client = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (self->client >= 0)
            self->server = connect_to(self->server_port);
    } else {
        pass_on(self);
    }
    self->turn(self->context);
}

void tcp_tape_repeat_last(tcp_tape_t *self)
{
    size_t from = self->pieces[self->pieces_count - 1];
    send_all(self->server, self->bytes + from, self->len_bytes - from);
}

static bool is_closed(int descriptor)
{
    char bytes[4096];
    for (;;) {
        ssize_t len = recv(descriptor, bytes, sizeof bytes, 0);
        if (len <= 0)
            return len == 0 || errno == ECONNRESET || errno == EPIPE;
    }
}

static bool until_closed(tcp_tape_t *self, int descriptor, int turns_count)
{
    for (int i = 0; i < turns_count; i++) {
        if (is_closed(descriptor))
            return true;
        self->turn(self->context);
    }
    return false;
}

bool tcp_tape_until_closed(tcp_tape_t *self)
{
    return until_closed(self, self->server, PATIENCE_TURNS);
}

bool tcp_tape_replay(tcp_tape_t *self)
{
    int descriptor = connect_to(self->server_port);
    bool was_closed = false;
    for (size_t i = 0; i < self->pieces_count && !was_closed; i++) {
        size_t end = i + 1 < self->pieces_count ? self->pieces[i + 1] : self->len_bytes;
        send_all(descriptor, self->bytes + self->pieces[i], end - self->pieces[i]);
        was_closed = until_closed(self, descriptor, PIECE_TURNS);
    }
    was_closed = was_closed || until_closed(self, descriptor, PATIENCE_TURNS);
    close(descriptor);
    return was_closed;
}
