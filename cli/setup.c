// setup: the first tenant of a Parley whose actors run by themselves (containers); `up` does this, too.
#include "base/buf.h"
#include "command.h"
#include "options.h"
#include "proto/broker_service.h"
#include "seed.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>

#define WAIT_MS 60000
#define STEP_MS 200

// Persistence (after its migrations) and ingress must be there.
static bool is_ready(const status_reply_t *status, const char *service)
{
    for (uint32_t i = 0; i < status->instances.count; i++)
        if (act_str_is(status->instances.items[i].service, service) &&
            (act_str_is(status->instances.items[i].state, "ready") ||
             act_str_is(status->instances.items[i].state, "remote"))) // nobody of ours started it
            return true;
    return false;
}

static bool wait_until_ready(client_t *client)
{
    for (int waited_ms = 0; waited_ms < WAIT_MS; waited_ms += STEP_MS) {
        status_reply_t status;
        empty_t empty = {0};
        bool never = false;
        if (client_call(client, &bus_service, BUS_STATUS, "", &empty, &status,
                        /* is_loud= */ true) != ACT_E_OK)
            return false;
        if (is_ready(&status, "persistence") && is_ready(&status, "ingress"))
            return true;
        client_wait(client, &never, STEP_MS);
    }
    fputs("parley setup: persistence and ingress are not both ready\n", stderr);
    return false;
}

static int run(const instance_t *instance, const act_config_t *settings)
{
    client_t *client = client_open(instance, WAIT_MS);
    if (!client) {
        fputs("parley setup: the broker does not answer (PARLEY_BUS says where it is)\n", stderr);
        return EXIT_UNAVAILABLE;
    }
    int code = wait_until_ready(client) && seed_first_tenant(client, settings) == ACT_E_OK
                   ? 0
                   : EXIT_UNAVAILABLE;
    client_close(&client);
    if (code == 0)
        puts("The first tenant is set up.");
    return code;
}

int command_setup(int argc, char **argv)
{
    const char *data = NULL;
    const option_t table[] = {{0}};
    int code = 0;
    if (!options_parse(argc, argv, table,
                       "put the first tenant and its channel into a running Parley", &data, &code))
        return code;
    instance_t instance;
    if (instance_locate(data, &instance) != ACT_E_OK)
        return EXIT_USAGE;
    act_buf_t error;
    act_buf_init(&error, 4096);
    ACT_AUTO(act_config) *settings = NULL;
    if (settings_load(instance.source, &settings, &error) != ACT_E_OK) {
        fprintf(stderr, "parley setup: %.*s\n", (int)error.len_bytes, error.ptr);
        code = EXIT_SETTING;
    }
    act_buf_fini(&error);
    return code == 0 ? run(&instance, settings) : code;
}
