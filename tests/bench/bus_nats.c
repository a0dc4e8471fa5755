// bus_nats: a round of the bus bench through a NATS server: request and reply with the official client,
// client and worker as processes. At a window of 1 what is published is sent at once; at larger ones the
// client library's own thread gathers it, which is faster there.
//
//   bus_nats --target nats://127.0.0.1:PORT [--window N] [--seconds S] [--warmup S]

#include "bus_round.h"

#include <nats/nats.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUBJECT "bench"
#define READY_TRIES_COUNT 200
#define READY_WAIT_MS 20
#define ANSWER_WAIT_MS 10000

static natsStatus open_connection(const bus_options_t *options, natsConnection **ret_connection)
{
    natsOptions *own = NULL;
    natsStatus status = natsOptions_Create(&own);
    if (status == NATS_OK)
        status = natsOptions_SetURL(own, options->target);
    if (status == NATS_OK)
        status = natsOptions_SetSendAsap(own, options->window_count == 1);
    if (status == NATS_OK)
        status = natsConnection_Connect(ret_connection, own);
    natsOptions_Destroy(own);
    return status;
}

static void on_request(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                       void *context)
{
    (void)subscription;
    (void)context;
    natsConnection_Publish(connection, natsMsg_GetReply(message), natsMsg_GetData(message),
                           natsMsg_GetDataLength(message));
    natsMsg_Destroy(message);
}

static int work(const bus_options_t *options)
{
    natsConnection *connection = NULL;
    natsSubscription *subscription = NULL;
    natsStatus status = open_connection(options, &connection);
    if (status == NATS_OK)
        status = natsConnection_Subscribe(&subscription, connection, SUBJECT, on_request, NULL);
    while (status == NATS_OK)
        pause();
    fprintf(stderr, "bus_nats: worker: %s\n", natsStatus_GetText(status));
    return 1;
}

static natsStatus await_worker(natsConnection *connection)
{
    natsStatus status = NATS_ERR;
    for (int i = 0; i < READY_TRIES_COUNT && status != NATS_OK; i++) {
        natsMsg *message = NULL;
        status = natsConnection_RequestString(&message, connection, SUBJECT, "", ANSWER_WAIT_MS);
        natsMsg_Destroy(message);
        if (status != NATS_OK)
            nats_Sleep(READY_WAIT_MS);
    }
    return status;
}

static natsStatus send_request(natsConnection *connection, const char *inbox, uint32_t place)
{
    char body[BUS_BODY_BYTES] = {0};
    memcpy(body, &place, sizeof place);
    return natsConnection_PublishRequest(connection, SUBJECT, inbox, body, sizeof body);
}

// The place in the window that a reply belongs to.
static natsStatus receive_reply(natsSubscription *subscription, uint32_t *ret_place)
{
    natsMsg *message = NULL;
    natsStatus status = natsSubscription_NextMsg(&message, subscription, ANSWER_WAIT_MS);
    if (status == NATS_OK && natsMsg_GetDataLength(message) == BUS_BODY_BYTES)
        memcpy(ret_place, natsMsg_GetData(message), sizeof *ret_place);
    else if (status == NATS_OK)
        status = NATS_ERR;
    natsMsg_Destroy(message);
    return status;
}

static int run_round(const bus_options_t *options, natsConnection *connection,
                     natsSubscription *subscription, const char *inbox)
{
    bus_round_t *round = bus_round_new(options);
    uint32_t open_count = options->window_count, place = 0;
    natsStatus status = NATS_OK;
    for (uint32_t i = 0; i < open_count && status == NATS_OK; i++)
        status = send_request(connection, inbox, i);
    while (open_count > 0 && status == NATS_OK) {
        status = receive_reply(subscription, &place);
        if (status == NATS_OK && bus_round_answer(round, place))
            status = send_request(connection, inbox, place);
        else
            open_count--;
    }
    if (status != NATS_OK) {
        fprintf(stderr, "bus_nats: %s\n", natsStatus_GetText(status));
        bus_round_error(round);
    }
    int code = bus_round_print(round);
    bus_round_destroy(&round);
    return code;
}

static int measure(const bus_options_t *options)
{
    natsConnection *connection = NULL;
    natsSubscription *subscription = NULL;
    natsInbox *inbox = NULL;
    natsStatus status = open_connection(options, &connection);
    if (status == NATS_OK)
        status = await_worker(connection);
    if (status == NATS_OK)
        status = natsInbox_Create(&inbox);
    if (status == NATS_OK)
        status = natsConnection_SubscribeSync(&subscription, connection, inbox);
    int code = 1;
    if (status == NATS_OK)
        code = run_round(options, connection, subscription, inbox);
    else
        fprintf(stderr, "bus_nats: %s\n", natsStatus_GetText(status));
    natsSubscription_Destroy(subscription);
    natsInbox_Destroy(inbox);
    natsConnection_Destroy(connection);
    return code;
}

int main(int argc, char **argv)
{
    bus_options_t options;
    if (!bus_options_read(argc, argv, &options))
        return 64;
    pid_t parent = getpid(), worker = fork();
    if (worker == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(getppid() == parent ? work(&options) : 1);
    }
    int code = measure(&options);
    kill(worker, SIGKILL);
    waitpid(worker, NULL, 0);
    return code;
}
