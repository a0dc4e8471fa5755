// stand_in: takes the place of `agent` or `flow` in tests, and does with each call what a file tells it:
//   respond MS     answers after MS: "re: " and what the customer wrote
//   hang           never answers
//   die            kills itself
//   fail           answers with an error
//   wait MS        the decision WAIT, for MS
// Who asks the agent "in French?" is answered in French, whatever they speak.
// Each call is a line of the ledger: "called", "answered" or "cancelled", and the text.
#include "actor/actor.h"
#include "base/mem.h"
#include "proto/agent_service.h"
#include "proto/flow_service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORD_BYTES 16

typedef struct {
    act_actor_t *actor;
} stand_in_t;

typedef struct {
    char word[WORD_BYTES];
    long ms;
} mood_t;

// A call that waits for its time.
typedef struct {
    stand_in_t *self;
    act_call_t *call;
    act_str_t text;
    mood_t mood;
    act_timer_t *timer;
    void (*answer)(act_call_t **call_p, act_str_t text, const mood_t *mood);
} job_t;

static mood_t read_mood(const stand_in_t *self)
{
    mood_t mood = {.word = "respond"};
    FILE *file = fopen(act_config_text(act_actor_config(self->actor), "mood"), "r");
    if (!file)
        return mood;
    char line[64] = "";
    if (fgets(line, sizeof line, file))
        sscanf(line, "%15s %ld", mood.word, &mood.ms);
    fclose(file);
    return mood;
}

static void note(const stand_in_t *self, const char *what, act_str_t text)
{
    FILE *file = fopen(act_config_text(act_actor_config(self->actor), "ledger"), "a");
    if (!file)
        return;
    fprintf(file, "%s ", what);
    for (size_t i = 0; i < text.len_bytes; i++)
        fputc(text.ptr[i] == '\n' ? '|' : text.ptr[i], file);
    fputc('\n', file);
    fclose(file);
}

static void end(job_t *job)
{
    act_timer_destroy(&job->timer);
    act_free(job);
}

static void on_time(void *context)
{
    job_t *job = context;
    note(job->self, "answered", job->text);
    job->answer(&job->call, job->text, &job->mood);
    end(job);
}

static void on_cancel(void *context)
{
    job_t *job = context;
    note(job->self, "cancelled", job->text);
    act_call_fail(&job->call, ACT_E_CANCELLED, NULL);
    end(job);
}

static void take(stand_in_t *self, act_call_t *call, act_str_t text,
                 void (*answer)(act_call_t **call_p, act_str_t text, const mood_t *mood))
{
    note(self, "called", text);
    mood_t mood = read_mood(self);
    if (strcmp(mood.word, "die") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(mood.word, "fail") == 0) {
        act_call_fail(&call, ACT_E_INTERNAL, "its mood");
        return;
    }
    job_t *job = act_alloc(sizeof *job);
    *job = (job_t){.self = self, .call = call, .text = text, .mood = mood, .answer = answer};
    act_call_on_cancel(call, on_cancel, job);
    if (strcmp(mood.word, "hang") == 0)
        return;
    job->timer = act_timer_new(act_actor_loop(self->actor), on_time, job);
    act_timer_start(job->timer, strcmp(mood.word, "wait") == 0 ? 0 : mood.ms, 0);
}

static act_str_t reply_text(act_call_t *call, act_str_t text)
{
    return act_arena_printf(act_call_arena(call), "re: %" ACT_STR_FMT, ACT_STR_ARG(text));
}

// --- agent ---------------------------------------------------------------------------------------

// What an agent does that writes in the business's language.
static bool is_for_french(act_str_t text)
{
    return memmem(text.ptr, text.len_bytes, "in French?", strlen("in French?")) != NULL;
}

static void answer_agent(act_call_t **call_p, act_str_t text, const mood_t *mood)
{
    outbound_content_t message = {.type = ACT_STR("text"), .text = reply_text(*call_p, text)};
    respond_reply_t reply = {.decision = ACT_STR("RESPOND"), .messages = {&message, 1}};
    if (is_for_french(text)) {
        message.text = ACT_STR("Bonjour, la commande AB-12 arrive demain.");
        reply.language = ACT_STR("fr");
    }
    if (strcmp(mood->word, "wait") == 0) {
        reply = (respond_reply_t){.decision = ACT_STR("WAIT"), .wait_ms = (uint32_t)mood->ms};
    }
    agent_respond_reply(call_p, &reply);
}

static void respond(void *context, act_call_t *call, const respond_request_t *request)
{
    take(context, call, request->text, answer_agent);
}

static void remember(void *context, act_call_t *call, const remember_request_t *request)
{
    (void)context;
    (void)request;
    act_call_fail(&call, ACT_E_CANCELLED, NULL); // a cast: nobody hears it
}

static void list_prompts(void *context, act_call_t *call, const empty_t *request)
{
    (void)context;
    (void)request;
    act_call_fail(&call, ACT_E_NOT_FOUND, "a stand-in is told nothing");
}

static void set_prompt(void *context, act_call_t *call, const set_prompt_request_t *request)
{
    (void)context;
    (void)request;
    act_call_fail(&call, ACT_E_NOT_FOUND, "a stand-in is told nothing");
}

static const agent_server_t agent_methods = {.respond = respond,
                                             .remember = remember,
                                             .list_prompt_views = list_prompts,
                                             .set_prompt = set_prompt};

// --- flow ----------------------------------------------------------------------------------------

static void answer_flow(act_call_t **call_p, act_str_t text, const mood_t *mood)
{
    (void)mood;
    outbound_content_t message = {.type = ACT_STR("text"), .text = reply_text(*call_p, text)};
    flow_run_reply_t reply = {.decision = ACT_STR("RESPOND"), .messages = {&message, 1}};
    flow_run_reply(call_p, &reply);
}

static void run(void *context, act_call_t *call, const flow_run_request_t *request)
{
    take(context, call, request->text, answer_flow);
}

static const flow_server_t flow_methods = {.run = run};

// --- the process ---------------------------------------------------------------------------------

static const act_config_row_t settings[] = {
    {"mood", "STAND_IN_MOOD", ACT_CONFIG_TEXT, "", 0, 0, "mood.txt", "what to do, a file", false},
    {"ledger", "STAND_IN_LEDGER", ACT_CONFIG_TEXT, "", 0, 0, "ledger.txt", "what was done", false},
    {0},
};

static act_err_t open_stand_in(void *context, act_actor_t *actor)
{
    stand_in_t *self = context;
    self->actor = actor;
    return ACT_E_OK;
}

static bool is_instance_of(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--instance") == 0)
            return strncmp(argv[i + 1], name, strlen(name)) == 0;
    return false;
}

int main(int argc, char **argv)
{
    bool is_flow = is_instance_of(argc, argv, "flow");
    return act_main(argc, argv,
                    &(act_spec_t){
                        .name = is_flow ? "flow" : "agent",
                        .service = is_flow ? &flow_service : &agent_service,
                        .server = is_flow ? (const void *)&flow_methods : &agent_methods,
                        .config = settings,
                        .self_size_bytes = sizeof(stand_in_t),
                        .open = open_stand_in,
                    });
}
