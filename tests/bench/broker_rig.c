// The broker's folder is temporary and holds its socket, its children table and the worker's program.

#include "broker_rig.h"

#include "actor/actor.h"
#include "proto/translation_service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKER "parley-translation"

bool broker_rig_is_worker(char **argv)
{
    return strstr(argv[0], WORKER) != NULL;
}

static void answer_at_once(void *self, act_call_t *call, act_str_t body)
{
    (void)self;
    act_buf_t reply;
    act_buf_init(&reply, 65536);
    act_buf_add_str(&reply, body); // unknown fields are passed over
    act_call_reply(&call, &reply);
    act_buf_fini(&reply);
}

int broker_rig_work(int argc, char **argv)
{
    static const act_spec_t spec = {.name = "translation",
                                    .service = &translation_service,
                                    .dispatch = answer_at_once,
                                    .credit_messages = 1024};
    return act_main(argc, argv, &spec);
}

static bool place_worker(const broker_rig_t *self)
{
    char worker[128], own[4096] = "";
    snprintf(worker, sizeof worker, "%s/" WORKER, self->folder);
    return readlink("/proc/self/exe", own, sizeof own - 1) >= 0 && symlink(own, worker) == 0;
}

bool broker_rig_start(broker_rig_t *self, const char *broker_program)
{
    strcpy(self->folder, "/tmp/parley-rig.XXXXXX");
    if (!mkdtemp(self->folder) || !place_worker(self))
        return false;
    snprintf(self->endpoint, sizeof self->endpoint, "ipc://%s/bus.sock", self->folder);
    char children[128];
    snprintf(children, sizeof children, "%s/parley.yaml", self->folder);
    FILE *file = fopen(children, "w");
    if (!file)
        return false;
    fputs("children:\n  - {name: translation}\n", file);
    fclose(file);
    self->pid = fork();
    if (self->pid == 0) {
        execl(broker_program, "parley-broker", "--bus", self->endpoint, "--children", children,
              "--bin-dir", self->folder, "--log-dir", self->folder, (char *)NULL);
        _exit(127);
    }
    return self->pid > 0;
}

void broker_rig_stop(broker_rig_t *self)
{
    kill(self->pid, SIGTERM);
    waitpid(self->pid, NULL, 0);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", self->folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", self->folder);
}
