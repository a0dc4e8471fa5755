// down: a drained stop of everything that `up` started, whatever state it is in.
#include "client.h"
#include "command.h"
#include "options.h"
#include "postgres.h"
#include "proto/broker_service.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define STOP_MS 60000
#define LOOK_MS 50

static bool wait_for_end(const instance_t *instance)
{
    for (int waited_ms = 0; waited_ms < STOP_MS; waited_ms += LOOK_MS) {
        if (!instance_running(instance))
            return true;
        usleep(LOOK_MS * 1000);
    }
    return false;
}

// A broker whose launcher was killed: told over the bus to stop with all its actors.
static bool stop_orphans(const instance_t *instance)
{
    client_t *client = client_open(instance, 500);
    if (!client)
        return false;
    empty_t empty = {0};
    bool never = false;
    if (client_call(client, &bus_service, BUS_SHUTDOWN, "", &empty, &empty, /* is_loud= */ true) ==
        ACT_E_OK)
        for (int waited_ms = 0; waited_ms < STOP_MS && act_actor_is_connected(client_actor(client));
             waited_ms += LOOK_MS)
            client_wait(client, &never, LOOK_MS);
    client_close(&client);
    return true;
}

int command_down(int argc, char **argv)
{
    const char *data = NULL;
    const option_t table[] = {{0}};
    int code = 0;
    instance_t instance;
    if (!options_parse(argc, argv, table, "stop everything that `up` started", &data, &code))
        return code;
    if (instance_locate(data, &instance) != ACT_E_OK)
        return EXIT_USAGE;
    pid_t launcher = instance_running(&instance);
    bool was_running = launcher > 0 || postgres_is_running(&instance);
    if (launcher > 0) {
        kill(launcher, SIGTERM);
        if (!wait_for_end(&instance)) {
            fprintf(stderr, "parley down: pid %d does not stop: see %s\n", (int)launcher,
                    instance.log);
            return EXIT_UNAVAILABLE;
        }
    } else {
        was_running = stop_orphans(&instance) || was_running;
        postgres_stop(&instance);
        instance_clean(&instance);
    }
    puts(was_running ? "Parley is stopped." : "Parley was not running.");
    return 0;
}
