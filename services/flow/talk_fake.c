// talk_fake: see talk_fake.h.
#include "talk_fake.h"

#include "base/assert.h"
#include "match.h"
#include "state.h"
#include "texts/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const project_t projects[] = {
    {ACT_STR_INIT("p-1"), ACT_STR_INIT("Villa Rosa"), ACT_STR_INIT("active"), ACT_STR_INIT("Lyon")},
    {ACT_STR_INIT("p-2"),
     ACT_STR_INIT("Harbour Offices, new north building"),
     ACT_STR_INIT("on_hold"),
     {0}},
};
static const task_t tasks[] = {
    {ACT_STR_INIT("t-1"), ACT_STR_INIT("Villa Rosa"), ACT_STR_INIT("Tiling of the bathroom"),
     ACT_STR_INIT("in_progress"), 40, ACT_STR_INIT("2026-12-01")},
    {ACT_STR_INIT("t-2"),
     ACT_STR_INIT("Villa Rosa"),
     ACT_STR_INIT("Roof"),
     ACT_STR_INIT("open"),
     0,
     {0}},
};
static const document_t documents[] = {
    {ACT_STR_INIT("d-1"), ACT_STR_INIT("Villa Rosa"), ACT_STR_INIT("Ground floor plan"),
     ACT_STR_INIT("https://example.com/plan.pdf")},
    {ACT_STR_INIT("d-2"), ACT_STR_INIT("Villa Rosa"), ACT_STR_INIT("Quote"), {0}},
};
static const appointment_t appointments[] = {
    {ACT_STR_INIT("a-1"), 11, ACT_STR_INIT("Haircut"), ACT_STR_INIT("Tuesday at 10"),
     ACT_STR_INIT("confirmed")},
    {ACT_STR_INIT("a-2"), 12, ACT_STR_INIT("Colour"), ACT_STR_INIT("Friday"),
     ACT_STR_INIT("pending")},
};

talk_fake_t *talk_fake_new(const char *language)
{
    talk_fake_t *self = act_alloc(sizeof *self);
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = flows_load(NULL, &self->flows, &error);
    if (err != ACT_E_OK)
        fprintf(stderr, "%" ACT_STR_FMT "\n", ACT_STR_ARG(act_buf_str(&error)));
    act_buf_fini(&error);
    act_assert(err == ACT_E_OK);
    self->arena = act_arena_new();
    self->store.arena = self->arena;
    self->language = act_str(language);
    return self;
}

talk_fake_t *talk_fake_new_filled(const char *language)
{
    talk_fake_t *talk = talk_fake_new(language);
    talk->store.projects = projects;
    talk->store.projects_count = ACT_COUNT(projects);
    talk->store.tasks = tasks;
    talk->store.tasks_count = ACT_COUNT(tasks);
    talk->store.documents = documents;
    talk->store.documents_count = ACT_COUNT(documents);
    talk->store.appointments = appointments;
    talk->store.appointments_count = ACT_COUNT(appointments);
    return talk;
}

void talk_fake_add_products(talk_fake_t *self)
{
    static const product_hit_t products[] = {
        {.product_id = ACT_STR_INIT("tiles"),
         .name = ACT_STR_INIT("Tiles"),
         .unit = ACT_STR_INIT("m²"),
         .unit_price_minor = 4400,
         .unit_price = ACT_STR_INIT("44.00 EUR")},
        {.product_id = ACT_STR_INIT("doors"),
         .name = ACT_STR_INIT("Doors"),
         .unit_price_minor = 30000,
         .unit_price = ACT_STR_INIT("300.00 EUR")},
    };
    self->store.products = products;
    self->store.products_count = ACT_COUNT(products);
}

void talk_fake_destroy(talk_fake_t **self_p)
{
    talk_fake_t *self = act_take(self_p);
    if (!self)
        return;
    flows_destroy(&self->flows);
    act_arena_destroy(&self->arena);
    act_free(self);
}

// --- what a channel can send ---------------------------------------------------------------------

static void check_title(act_str_t title, size_t max_chars)
{
    act_assert(!act_str_empty(title) && act_utf8_valid(title));
    act_assert(act_utf8_count(title) <= max_chars);
}

static void check_choices(const outbound_content_t *message, bool is_list)
{
    uint32_t count = message->choices.count;
    act_assert(count >= 1 && count <= (is_list ? 10u : 3u));
    for (uint32_t i = 0; i < count; i++) {
        const choice_t *choice = &message->choices.items[i];
        check_title(choice->title, is_list ? 24 : 20);
        act_assert(act_utf8_count(choice->description) <= 72);
        act_assert(choice->id.len_bytes > 0 && act_utf8_count(choice->id) <= 200);
        for (uint32_t other = 0; other < i; other++)
            act_assert(!act_str_eq(choice->id, message->choices.items[other].id));
    }
}

static void check_message(const outbound_content_t *message)
{
    bool is_list = act_str_is(message->type, "list");
    bool is_plain = act_str_is(message->type, "text");
    act_assert(is_list || is_plain || act_str_is(message->type, "buttons"));
    act_assert(!act_str_empty(message->text) && act_utf8_valid(message->text));
    act_assert(act_utf8_count(message->text) <= (is_plain ? 4096u : 1024u));
    act_assert(!match_has(message->text, ACT_STR("{")));
    act_assert(!match_has(message->text, ACT_STR("[")));
    act_assert(is_list == !act_str_empty(message->list_label));
    if (is_list)
        check_title(message->list_label, 20);
    if (is_plain)
        act_assert(message->choices.count == 0);
    else
        check_choices(message, is_list);
}

// --- turns ---------------------------------------------------------------------------------------

static act_str_t copy(const talk_fake_t *self, act_str_t text)
{
    return act_arena_str(self->arena, text);
}

static outbound_content_t copy_message(const talk_fake_t *self, const outbound_content_t *message)
{
    outbound_content_t own = *message;
    own.text = copy(self, message->text);
    choice_t *choices =
        act_arena_alloc_array(self->arena, message->choices.count + 1, sizeof *choices);
    for (uint32_t i = 0; i < message->choices.count; i++) {
        const choice_t *choice = &message->choices.items[i];
        choices[i].id = copy(self, choice->id);
        choices[i].title = copy(self, choice->title);
        choices[i].description = copy(self, choice->description);
    }
    own.choices.items = choices;
    return own;
}

static void on_done(void *context, act_err_t err, const char *text, const flow_run_reply_t *reply)
{
    talk_fake_t *self = context;
    act_assert(!self->is_done && (err == ACT_E_OK) == (reply != NULL));
    act_assert(err == ACT_E_OK || text != NULL);
    self->is_done = true;
    self->err = err;
    if (!reply)
        return;
    uint32_t before_count = self->reply.messages.count;
    uint32_t count = before_count + reply->messages.count;
    outbound_content_t *messages = act_arena_alloc_array(self->arena, count + 1, sizeof *messages);
    for (uint32_t i = 0; i < count; i++) {
        messages[i] = i < before_count
                          ? self->reply.messages.items[i]
                          : copy_message(self, &reply->messages.items[i - before_count]);
        check_message(&messages[i]);
    }
    self->reply = *reply;
    self->reply.messages.items = messages;
    self->reply.messages.count = count;
    self->reply.next_flow = copy(self, reply->next_flow);
    self->reply.handoff_reason = copy(self, reply->handoff_reason);
    self->state = copy(self, reply->state);
    act_assert(reply->state.len_bytes <= STATE_MAX_BYTES);
}

// Each run gets memory of its own, which is gone when it is done: what a reply borrows shows.
static void run_once(talk_fake_t *self, act_str_t flow, act_str_t state, const char *text,
                     act_str_t choice_id)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    char turn_id[32];
    snprintf(turn_id, sizeof turn_id, "turn-%u", self->turns_count);
    const flow_run_request_t request = {
        .flow = flow,
        .state = state,
        .text = act_str(text),
        .choice_id = choice_id,
        .language = self->language,
        .conversation_id = ACT_STR("conv-1"),
        .contact_id = ACT_STR("contact-1"),
        .turn_id = act_str(turn_id),
        .contact_name = ACT_STR("Ana"),
        .contact_phone = self->phone ? act_str(self->phone) : (act_str_t){0},
        .business_name = ACT_STR("Casa Nova"),
        .intent = act_str(self->intent),
        .confidence = self->confidence,
    };
    const run_host_t host = {
        .flows = self->flows,
        .store = &store_fake_functions,
        .actor = (void *)&self->store,
        .arena = arena,
        .done = on_done,
        .context = self,
    };
    self->is_done = false;
    run_t *run = run_new(&host, &request);
    run_start(run);
    while (store_fake_step(&self->store))
        continue;
    act_assert(self->is_done);
    run_destroy(&run);
}

static void take_turn(talk_fake_t *self, act_str_t flow, const char *text, act_str_t choice_id)
{
    self->turns_count++;
    self->reply = (flow_run_reply_t){0};
    run_once(self, flow, act_str_empty(flow) ? self->state : (act_str_t){0}, text, choice_id);
    for (int hops = 0; self->err == ACT_E_OK && !act_str_empty(self->reply.next_flow) && hops < 4;
         hops++)
        run_once(self, self->reply.next_flow, self->state, text, choice_id);
}

void talk_fake_begin(talk_fake_t *self, const char *flow, const char *text)
{
    take_turn(self, act_str(flow), text, (act_str_t){0});
}

void talk_fake_say(talk_fake_t *self, const char *text)
{
    take_turn(self, (act_str_t){0}, text, (act_str_t){0});
}

void talk_fake_choose(talk_fake_t *self, const char *choice_id)
{
    take_turn(self, (act_str_t){0}, "a title", act_str(choice_id));
}

void talk_fake_tap(talk_fake_t *self, const char *id_end)
{
    act_assert(self->reply.messages.count > 0);
    const outbound_content_t *message = &self->reply.messages.items[self->reply.messages.count - 1];
    size_t end_bytes = strlen(id_end);
    for (uint32_t i = 0; i < message->choices.count; i++) {
        act_str_t id = message->choices.items[i].id;
        if (id.len_bytes >= end_bytes &&
            memcmp(id.ptr + id.len_bytes - end_bytes, id_end, end_bytes) == 0) {
            take_turn(self, (act_str_t){0}, message->choices.items[i].title.ptr, id);
            return;
        }
    }
    fail_msg("there is no button with an id that ends with %s", id_end);
}

act_str_t talk_fake_text(const talk_fake_t *self)
{
    uint32_t count = self->reply.messages.count;
    return count > 0 ? self->reply.messages.items[count - 1].text : (act_str_t){0};
}

static bool has(const talk_fake_t *self, const char *part)
{
    return match_has(talk_fake_text(self), act_str(part));
}

// --- asserts
// ---------------------------------------------------------------------------------------

void talk_fake_assert_text(act_str_t text, const char *wanted)
{
    if (act_str_is(text, wanted))
        return;
    print_error("'%" ACT_STR_FMT "' instead of '%s'\n", ACT_STR_ARG(text), wanted);
    fail();
}

void talk_fake_assert_has(const talk_fake_t *talk, const char *part)
{
    if (has(talk, part))
        return;
    print_error("'%" ACT_STR_FMT "' lacks '%s'\n", ACT_STR_ARG(talk_fake_text(talk)), part);
    fail();
}

void talk_fake_assert_says(const talk_fake_t *talk, const char *key)
{
    talk_fake_assert_has(talk, act_text(key, talk->language).ptr);
}

void talk_fake_assert_waits(const talk_fake_t *talk)
{
    assert_int_equal(talk->err, ACT_E_OK);
    assert_false(talk->reply.is_abandoned);
    talk_fake_assert_text(talk->reply.decision, "RESPOND");
    assert_true(talk->state.len_bytes > 0);
}

void talk_fake_assert_ended(const talk_fake_t *talk)
{
    assert_int_equal(talk->err, ACT_E_OK);
    assert_false(talk->reply.is_abandoned);
    assert_int_equal(talk->state.len_bytes, 0);
}
