// bus_stage: processes, and a loop that the program turns itself.
#include "bus_stage.h"

#include "base/mem.h"
#include "base/time.h"
#include "proto/broker_service.h"
#include "proto/common.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES 128
#define CALL_BUDGET_MS 30000
#define READY_LIMIT_MS 30000
#define STATUS_LIMIT_MS 10000
#define FILLER_MAX_BYTES 65536
#define JOURNAL_ENV "STAGE_JOURNAL"

struct bus_stage {
    char folder[PATH_BYTES / 2];
    char endpoint[PATH_BYTES];
    journal_t *journal;
    pid_t broker;
    act_loop_t *loop;
    act_timer_t *pulse;
    act_actor_t *driver;
    act_arena_t *arena;
    act_buf_t status_body;
    act_err_t status_err;
    bool has_status;
    status_reply_t status;
};

static journal_t *map_journal(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof(journal_t)) != 0)
        return NULL;
    void *memory = mmap(NULL, sizeof(journal_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return memory == MAP_FAILED ? NULL : memory;
}

// --- the worker ----------------------------------------------------------------------------------

typedef struct {
    act_actor_t *actor;
    journal_t *journal;
    journal_slot_t *slot;
    uint32_t held_count;
    uint64_t held_bytes;
} worker_t;

typedef struct {
    worker_t *worker;
    act_call_t *call;
    act_timer_t *timer;
    journal_row_t *row; // NULL: the journal is full
    stage_work_t work;
    size_t size_bytes;
} task_t;

static journal_slot_t *take_slot(journal_t *journal, const char *name)
{
    uint32_t count = atomic_load(&journal->slots_count);
    for (uint32_t i = 0; i < count && i < JOURNAL_SLOTS_MAX_COUNT; i++)
        if (strcmp(journal->slots[i].name, name) == 0)
            return &journal->slots[i];
    uint32_t index = atomic_fetch_add(&journal->slots_count, 1);
    journal_slot_t *slot = &journal->slots[index % JOURNAL_SLOTS_MAX_COUNT];
    act_str_copy(act_str(name), slot->name, sizeof slot->name);
    return slot;
}

static act_err_t open_worker(void *context, act_actor_t *actor)
{
    worker_t *self = context;
    const act_config_t *config = act_actor_config(actor);
    self->actor = actor;
    self->journal = map_journal(act_config_text(config, "journal"));
    if (!self->journal)
        return ACT_E_CONFIG;
    self->slot = take_slot(self->journal, act_actor_instance(actor));
    act_actor_set_credit(actor, (uint32_t)act_config_int(config, "take_messages"),
                         (uint32_t)act_config_int(config, "take_bytes"));
    return ACT_E_OK;
}

static void finish(void *context)
{
    task_t *task = context;
    worker_t *self = task->worker;
    self->held_count--;
    self->held_bytes -= task->size_bytes;
    if (task->row)
        task->row->ended_us = act_time_mono_us();
    act_buf_t reply;
    act_buf_init(&reply, sizeof task->work);
    act_buf_add(&reply, &task->work, sizeof task->work);
    act_call_reply(&task->call, &reply);
    act_buf_fini(&reply);
    act_timer_destroy(&task->timer);
    act_free(task);
}

static journal_row_t *begin_row(worker_t *self, const act_call_t *call, uint32_t number)
{
    uint32_t index = atomic_fetch_add(&self->journal->rows_count, 1);
    if (index >= JOURNAL_ROWS_MAX_COUNT)
        return NULL;
    journal_row_t *row = &self->journal->rows[index];
    *row = (journal_row_t){.number = number,
                           .attempt = act_call_header(call)->attempt,
                           .pid = getpid(),
                           .began_us = act_time_mono_us()};
    return row;
}

static void on_work(const void *server, void *context, act_call_t *call, act_str_t body)
{
    (void)server;
    worker_t *self = context;
    task_t *task = act_alloc(sizeof *task);
    *task = (task_t){.worker = self, .call = call, .size_bytes = body.len_bytes};
    if (body.len_bytes >= sizeof task->work)
        memcpy(&task->work, body.ptr, sizeof task->work);
    task->row = begin_row(self, call, task->work.number);
    atomic_store(&self->slot->pid, getpid());
    self->held_bytes += body.len_bytes;
    if (++self->held_count > self->slot->held_max_count)
        self->slot->held_max_count = self->held_count;
    if (self->held_bytes > self->slot->held_max_bytes)
        self->slot->held_max_bytes = self->held_bytes;
    if (task->work.work_ms == 0) {
        finish(task);
        return;
    }
    task->timer = act_timer_new(act_actor_loop(self->actor), finish, task);
    act_timer_start(task->timer, task->work.work_ms, 0);
}

const act_method_t bus_stage_method = {.name = "work",
                                       .flags = ACT_FLAG_RETRY_SAFE,
                                       .dispatch = on_work,
                                       .request = &empty_model,
                                       .reply = &empty_model};

bool bus_stage_is_worker(int argc, char **argv)
{
    return argc > 4 && strcmp(argv[1], "--bus") == 0 && strcmp(argv[3], "--instance") == 0;
}

static const act_config_row_t settings[] = {
    {"journal", JOURNAL_ENV, ACT_CONFIG_TEXT, NULL, 0, 0, "/tmp/journal", "where it writes", false},
    {"take_messages", "STAGE_TAKE_MESSAGES", ACT_CONFIG_INT, "16", 1, 4096, "16", "its credit",
     false},
    {"take_bytes", "STAGE_TAKE_BYTES", ACT_CONFIG_INT, "8388608", 1, INT32_MAX, "65536",
     "its credit", false},
    {0},
};

int bus_stage_be_worker(int argc, char **argv)
{
    bool is_other = strncmp(argv[4], "other", 5) == 0;
    const char *name = is_other ? "other" : "worker";
    act_service_t service = {.name = name, .methods = &bus_stage_method, .methods_count = 1};
    act_spec_t spec = {.name = name,
                       .service = &service,
                       .server = "", // its method needs none
                       .config = settings,
                       .self_size_bytes = sizeof(worker_t),
                       .open = open_worker};
    return act_main(argc, argv, &spec);
}

// --- the stage -----------------------------------------------------------------------------------

static void on_pulse(void *context)
{
    (void)context;
}

static bool write_files(const bus_stage_t *self, const char *const *entries, uint32_t entries_count)
{
    char path[PATH_BYTES], own[PATH_MAX] = "";
    if (readlink("/proc/self/exe", own, sizeof own - 1) < 0)
        return false;
    snprintf(path, sizeof path, "%s/parley.yaml", self->folder);
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fputs("children:\n", file);
    for (uint32_t i = 0; i < entries_count; i++)
        fprintf(file, "  - {exec: %s, %s}\n", own, entries[i]);
    fclose(file);
    snprintf(path, sizeof path, "%s/acl.yaml", self->folder);
    file = fopen(path, "w");
    if (!file)
        return false;
    fputs("actors:\n  - name: worker\n    offers: [worker]\n  - name: other\n    offers: [other]\n"
          "  - name: driver\n    calls: [worker.*, other.*, bus.*]\n",
          file);
    fclose(file);
    return true;
}

static pid_t start_broker(const bus_stage_t *self, const char *broker)
{
    char children[PATH_BYTES], acl[PATH_BYTES], journal[PATH_BYTES];
    snprintf(journal, sizeof journal, "%s/journal", self->folder);
    snprintf(children, sizeof children, "%s/parley.yaml", self->folder);
    snprintf(acl, sizeof acl, "%s/acl.yaml", self->folder);
    pid_t pid = fork();
    if (pid == 0) {
        setenv(JOURNAL_ENV, journal, 1); // its children have it too
        execl(broker, "parley-broker", "--bus", self->endpoint, "--children", children, "--bin-dir",
              self->folder, "--log-dir", self->folder, "--acl", acl, (char *)NULL);
        _exit(127);
    }
    return pid;
}

bus_stage_t *bus_stage_new(const char *broker, const char *const *entries, uint32_t entries_count)
{
    static const act_spec_t spec = {.name = "driver"};
    bus_stage_t *self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    act_buf_init(&self->status_body, ACT_BUF_DEFAULT_MAX_BYTES);
    snprintf(self->folder, sizeof self->folder, "/tmp/bus_stage.XXXXXX");
    char journal[PATH_BYTES] = "";
    bool is_good = mkdtemp(self->folder) != NULL;
    snprintf(self->endpoint, sizeof self->endpoint, "ipc://%s/bus.sock", self->folder);
    snprintf(journal, sizeof journal, "%s/journal", self->folder);
    is_good = is_good && write_files(self, entries, entries_count);
    self->journal = is_good ? map_journal(journal) : NULL;
    self->broker = self->journal ? start_broker(self, broker) : 0;
    self->loop = act_loop_new();
    self->pulse = act_timer_new(self->loop, on_pulse, NULL);
    act_timer_start(self->pulse, 1, 1);
    if (self->broker <= 0) {
        bus_stage_destroy(&self);
        return NULL;
    }
    self->driver = act_actor_new(self->loop, &spec, self->endpoint, "driver-1", NULL);
    return self;
}

void bus_stage_destroy(bus_stage_t **self_p)
{
    bus_stage_t *self = *self_p;
    if (!self)
        return;
    act_actor_destroy(&self->driver);
    act_timer_destroy(&self->pulse);
    act_loop_destroy(&self->loop);
    if (self->broker > 0) {
        kill(self->broker, SIGTERM);
        waitpid(self->broker, NULL, 0);
    }
    if (self->journal)
        munmap(self->journal, sizeof *self->journal);
    char command[PATH_BYTES];
    snprintf(command, sizeof command, "rm -rf %s", self->folder);
    if (system(command) != 0)
        fprintf(stderr, "bus_stage: %s is left\n", self->folder);
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->status_body);
    act_free(act_take(self_p));
}

journal_t *bus_stage_journal(bus_stage_t *self)
{
    return self->journal;
}

pid_t bus_stage_broker(const bus_stage_t *self)
{
    return self->broker;
}

act_actor_t *bus_stage_driver(bus_stage_t *self)
{
    return self->driver;
}

// --- calls ---------------------------------------------------------------------------------------

void bus_stage_call(bus_stage_t *self, const char *service, const stage_work_t *work,
                    act_class_t class_, size_t size_bytes, act_reply_fn *fn, void *context)
{
    static const char filler[FILLER_MAX_BYTES];
    size_t rest_bytes = size_bytes > sizeof *work ? size_bytes - sizeof *work : 0;
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_add(&body, work, sizeof *work);
    act_buf_add(&body, filler, rest_bytes < sizeof filler ? rest_bytes : sizeof filler);
    act_call_opts_t opts = {.budget_ms = CALL_BUDGET_MS, .class_ = class_};
    act_actor_call(self->driver, service, &bus_stage_method, &opts, &body, fn, NULL, context);
    act_buf_fini(&body);
}

bool bus_stage_wait(bus_stage_t *self, bool (*is_so)(void *context), void *context,
                    int64_t limit_ms)
{
    int64_t end_ms = act_time_mono_ms() + limit_ms;
    while (!is_so(context)) {
        if (act_time_mono_ms() > end_ms)
            return false;
        act_loop_turn(self->loop);
    }
    return true;
}

static bool is_never(void *context)
{
    (void)context;
    return false;
}

void bus_stage_pass(bus_stage_t *self, int64_t by_ms)
{
    (void)bus_stage_wait(self, is_never, NULL, by_ms);
}

// --- views ---------------------------------------------------------------------------------------

static void on_status(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    bus_stage_t *self = context;
    self->has_status = true;
    self->status_err = reply->err;
    act_buf_reset(&self->status_body);
    act_buf_add_str(&self->status_body, reply->body);
}

static bool has_status(void *context)
{
    const bus_stage_t *self = context;
    return self->has_status;
}

const status_reply_t *bus_stage_status(bus_stage_t *self)
{
    act_buf_t body;
    act_buf_init(&body, 64);
    empty_pack(&(empty_t){0}, &body);
    self->has_status = false;
    act_call_opts_t opts = {.budget_ms = STATUS_LIMIT_MS};
    act_actor_call(self->driver, "bus", &bus_service.methods[BUS_STATUS], &opts, &body, on_status,
                   NULL, self);
    act_buf_fini(&body);
    act_arena_reset(self->arena);
    bool is_good = bus_stage_wait(self, has_status, self, 2 * STATUS_LIMIT_MS) &&
                   self->status_err == ACT_E_OK &&
                   status_reply_unpack(act_buf_str(&self->status_body), self->arena, &self->status,
                                       NULL) == ACT_E_OK;
    return is_good ? &self->status : NULL;
}

bool bus_stage_wait_ready(bus_stage_t *self, const char *service, uint32_t count)
{
    int64_t end_ms = act_time_mono_ms() + READY_LIMIT_MS;
    while (act_time_mono_ms() < end_ms) {
        const status_reply_t *status = bus_stage_status(self);
        uint32_t ready_count = 0;
        for (uint32_t i = 0; status && i < status->instances.count; i++)
            ready_count += act_str_is(status->instances.items[i].service, service) &&
                           act_str_is(status->instances.items[i].state, "ready");
        if (ready_count >= count)
            return true;
        bus_stage_pass(self, 20);
    }
    return false;
}

bool bus_stage_is_conserved(const status_reply_t *status)
{
    return status->accepted ==
           status->replied + status->failed + status->dead + status->cancelled + status->open;
}

pid_t bus_stage_pid(bus_stage_t *self, const char *instance)
{
    const status_reply_t *status = bus_stage_status(self);
    for (uint32_t i = 0; status && i < status->instances.count; i++)
        if (act_str_is(status->instances.items[i].instance, instance))
            return status->instances.items[i].pid;
    return 0;
}

// --- figures -------------------------------------------------------------------------------------

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int64_t bus_stage_rank(int64_t *values, uint32_t count, uint32_t permille)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, compare_numbers);
    uint64_t index = ((uint64_t)count * permille + 999) / 1000;
    return values[index > 0 ? index - 1 : 0];
}
