// flow_state: what flow reads back as the state of a conversation. The bytes are the state; the
// rest of the message is fixed. Whatever is accepted is run to its end: no state may make a run
// fail in a way that the engine did not foresee.
#include "base/assert.h"
#include "run.h"
#include "state.h"
#include "store_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void on_done(void *context, act_err_t err, const char *text, const flow_run_reply_t *reply)
{
    bool *is_done = context;
    act_assert((err == ACT_E_OK) == (reply != NULL));
    act_assert(err == ACT_E_OK || text != NULL);
    act_assert(!reply || reply->state.len_bytes <= STATE_MAX_BYTES);
    *is_done = true;
}

static void run_state(const flows_t *flows, act_arena_t *arena, act_str_t state)
{
    bool is_done = false;
    store_fake_t store = {.arena = arena};
    const flow_run_request_t request = {
        .state = state,
        .text = ACT_STR("yes, the kitchen, 80%"),
        .language = ACT_STR("en"),
        .conversation_id = ACT_STR("conversation"),
        .turn_id = ACT_STR("turn"),
    };
    const run_host_t host = {
        .flows = flows,
        .store = &store_fake_functions,
        .actor = (void *)&store,
        .arena = arena,
        .done = on_done,
        .context = &is_done,
    };
    run_t *run = run_new(&host, &request);
    run_start(run);
    while (store_fake_step(&store))
        continue;
    act_assert(is_done);
    run_destroy(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static flows_t *flows; // loaded once: the target is the state, not the flows
    act_buf_t error;
    act_buf_init(&error, 1024);
    if (!flows)
        act_assert(flows_load(NULL, &flows, &error) == ACT_E_OK);
    act_buf_fini(&error);
    if (size_bytes == 0)
        return 0;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    run_state(flows, arena, act_str_of(data, size_bytes));
    return 0;
}
