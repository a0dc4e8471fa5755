// HTTP/1.1 load over keep-alive connections: one thread, one epoll, one request at a time a
// connection.
//
// Life: load_new opens the connections little by little, load_destroy closes them. A broken
// connection is opened again by itself; a request that was on it comes back as a reply with status
// 0. The caller drives everything from its own loop and no call but load_wait waits:
//
//     while (load_now_us() < end_us) {
//         while (load_idle_count(load) > 0)
//             load_send(load, &request);
//         load_wait(load, end_us);
//         while (load_take_reply(load, &reply))
//             count(&reply);
//     }
//
// To live inside another loop, watch load_fd for reading and call load_wait(load, 0) when it is
// ready, and at least every 100 ms, which is what opens connections and finds requests that are too
// old. All times are microseconds of the monotonic clock.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct load load_t;

typedef struct {
    const char *url;            // "http://HOST:PORT/PATH"; HOST may be a name or an IPv4 address
    uint32_t connections_count; // 1 to 4096
    uint32_t request_max_bytes; // head and body of one request; 0 for 16384
    int64_t timeout_ms;         // to open a connection, and to get a whole reply; 0 for 10000
    int64_t open_interval_us;   // between two first connections; 0 for 1000, so that workers which
                                // share one listening socket get about the same number each
} load_options_t;

typedef struct {
    const char *method;  // NULL for "POST"
    const char *path;    // NULL for the path of the URL
    const char *headers; // complete lines, each with its CR LF; NULL for none
    const char *body;
    size_t body_bytes;
    uint64_t tag;   // comes back in the reply
    int64_t due_us; // when this request should have left; 0 for now. Latency counts from here
} load_request_t;

typedef struct {
    uint64_t tag;
    int status;     // of HTTP; 0 when there is no reply
    int error;      // errno of the failure when status is 0
    int64_t due_us; // as given to load_send
    int64_t sent_us;
    int64_t ended_us;
} load_reply_t;

// The monotonic clock.
int64_t load_now_us(void);

// NULL, with errno set, when an option is wrong or the host is unknown. Does not wait for a
// connection.
load_t *load_new(const load_options_t *options);
void load_destroy(load_t **self_p);

// How many requests load_send would take now.
uint32_t load_idle_count(const load_t *self);

// How many requests have left and have no reply taken yet.
uint32_t load_busy_count(const load_t *self);

// How many times a connection could not be opened, and the errno of the last time.
uint64_t load_connect_errors_count(const load_t *self);
int load_connect_error(const load_t *self);

// Copies the request and writes it out on the connection that has rested longest. 0, -EAGAIN when
// no connection is idle, -EMSGSIZE when the request is over request_max_bytes.
int load_send(load_t *self, const load_request_t *request);

// Waits until something happened or until_us has come, whichever is first; may return early. A time
// in the past (0) means: look, and do not wait.
void load_wait(load_t *self, int64_t until_us);

// Takes the oldest reply not yet taken; its connection is free again. False when there is none.
bool load_take_reply(load_t *self, load_reply_t *ret_reply);

// Readable when load_wait has something to do. Owned by load.
int load_fd(const load_t *self);
