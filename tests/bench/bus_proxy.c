// bus_proxy: a round of the bus bench through nothing but zmq_proxy, a ROUTER and a DEALER: what ZeroMQ
// itself costs. Forwarder, worker and client are processes, as with our broker; frames are a header as
// ours and a body; the sockets are IPC with our marks.
//
//   bus_proxy --target FOLDER [--window N] [--seconds S] [--warmup S]

#include "actor/header.h"
#include "bus_round.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#define QUEUE_MAX_COUNT 16384 // shared/actor/bus.c

typedef struct {
    char front[108];
    char back[108];
} endpoints_t;

static void *open_socket(void *zmq, int type)
{
    int mark = QUEUE_MAX_COUNT, linger_ms = 0;
    void *socket = zmq_socket(zmq, type);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &mark, sizeof mark);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    return socket;
}

static int forward(const endpoints_t *endpoints)
{
    void *zmq = zmq_ctx_new();
    void *front = open_socket(zmq, ZMQ_ROUTER), *back = open_socket(zmq, ZMQ_DEALER);
    if (zmq_bind(front, endpoints->front) != 0 || zmq_bind(back, endpoints->back) != 0) {
        perror("bus_proxy");
        return 1;
    }
    return zmq_proxy(front, back, NULL);
}

// Each frame goes back as it came, the route first.
static int work(const endpoints_t *endpoints)
{
    void *zmq = zmq_ctx_new(), *socket = open_socket(zmq, ZMQ_DEALER);
    zmq_connect(socket, endpoints->back);
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, socket, 0) >= 0) {
        int more = zmq_msg_more(&frame);
        if (zmq_msg_send(&frame, socket, more ? ZMQ_SNDMORE : 0) < 0)
            break;
        zmq_msg_init(&frame);
    }
    return 1;
}

static pid_t start(int (*run)(const endpoints_t *), const endpoints_t *endpoints)
{
    pid_t parent = getpid(), pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(getppid() == parent ? run(endpoints) : 1);
}

static void pack_header(act_buf_t *out)
{
    act_header_t header = {.kind = ACT_KIND_CALL,
                           .class_ = ACT_CLASS_INTERACTIVE,
                           .id = UINT64_C(1) << 20,
                           .trace = {UINT64_MAX, UINT64_MAX, UINT64_MAX},
                           .sender = ACT_STR("session-bench"),
                           .service = ACT_STR("translation"),
                           .method = ACT_STR("Detect"),
                           .budget_ms = 10000,
                           .attempt = 1};
    act_buf_init(out, 4096);
    act_header_pack(&header, out);
}

static void send_request(void *socket, const act_buf_t *header, uint32_t place)
{
    char body[BUS_BODY_BYTES] = {0};
    memcpy(body, &place, sizeof place);
    zmq_send(socket, header->ptr, header->len_bytes, ZMQ_SNDMORE);
    zmq_send(socket, body, sizeof body, 0);
}

// The place in the window that a reply belongs to.
static bool receive_reply(void *socket, uint32_t *ret_place)
{
    zmq_msg_t header, body;
    zmq_msg_init(&header);
    zmq_msg_init(&body);
    bool is_good = zmq_msg_recv(&header, socket, 0) >= 0 && zmq_msg_more(&header) &&
                   zmq_msg_recv(&body, socket, 0) == BUS_BODY_BYTES;
    if (is_good)
        memcpy(ret_place, zmq_msg_data(&body), sizeof *ret_place);
    zmq_msg_close(&header);
    zmq_msg_close(&body);
    return is_good;
}

static int measure(const bus_options_t *options, const endpoints_t *endpoints)
{
    void *zmq = zmq_ctx_new(), *socket = open_socket(zmq, ZMQ_DEALER);
    zmq_connect(socket, endpoints->front);
    act_buf_t header;
    pack_header(&header);
    uint32_t place = 0;
    send_request(socket, &header, 0); // answered when everybody is there
    if (!receive_reply(socket, &place))
        return 1;
    bus_round_t *round = bus_round_new(options);
    uint32_t open_count = options->window_count;
    for (uint32_t i = 0; i < open_count; i++)
        send_request(socket, &header, i);
    while (open_count > 0) {
        if (!receive_reply(socket, &place)) {
            bus_round_error(round);
            break;
        }
        if (bus_round_answer(round, place))
            send_request(socket, &header, place);
        else
            open_count--;
    }
    int code = bus_round_print(round);
    bus_round_destroy(&round);
    act_buf_fini(&header);
    zmq_close(socket);
    zmq_ctx_term(zmq);
    return code;
}

int main(int argc, char **argv)
{
    bus_options_t options;
    if (!bus_options_read(argc, argv, &options))
        return 64;
    endpoints_t endpoints;
    snprintf(endpoints.front, sizeof endpoints.front, "ipc://%.80s/front.sock", options.target);
    snprintf(endpoints.back, sizeof endpoints.back, "ipc://%.80s/back.sock", options.target);
    pid_t helpers[] = {start(forward, &endpoints), start(work, &endpoints)};
    int code = measure(&options, &endpoints);
    for (size_t i = 0; i < 2; i++) {
        kill(helpers[i], SIGKILL);
        waitpid(helpers[i], NULL, 0);
    }
    return code;
}
