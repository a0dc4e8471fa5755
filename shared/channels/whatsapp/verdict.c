// verdict: the table of error codes, and the reading of answers.
#include "channels/whatsapp/verdict.h"

#include "io/json.h"

#define PROVIDER_ID_MAX_BYTES 256
#define TEXT_MAX_BYTES 1024
#define RETRY_AFTER_MAX_S 3600

// --- waits ---------------------------------------------------------------------------------------

typedef enum { WAIT_NONE, WAIT_BACKOFF, WAIT_PAIR, WAIT_MAINTENANCE, WAIT_QUOTA } wait_t;

typedef struct {
    int64_t first_ms;
    int64_t factor;
    int64_t max_ms;
} wait_row_t;

static const wait_row_t waits[] = {
    [WAIT_NONE] = {0, 1, 0},
    [WAIT_BACKOFF] = {1000, 2, 60 * 1000},
    [WAIT_PAIR] = {1000, 4, 1024 * 1000},
    [WAIT_MAINTENANCE] = {60 * 1000, 1, 60 * 1000},
    [WAIT_QUOTA] = {60 * 1000, 2, 15 * 60 * 1000},
};

static int64_t wait_ms(wait_t wait, uint32_t attempts_count)
{
    const wait_row_t *row = &waits[wait];
    int64_t delay_ms = row->first_ms;
    for (uint32_t i = 0; i < attempts_count && delay_ms < row->max_ms; i++)
        delay_ms *= row->factor;
    return delay_ms < row->max_ms ? delay_ms : row->max_ms;
}

// --- codes ---------------------------------------------------------------------------------------

typedef struct {
    int32_t first; // the codes from first to last
    int32_t last;
    act_channel_outcome_t outcome;
    wait_t wait;
    bool is_account_wide;
    bool needs_template;
    const char *advice;
} code_row_t;

#define REFUSE(code, text)                                                                         \
    {                                                                                              \
        (code), (code), ACT_CHANNEL_REFUSED, WAIT_NONE, false, false, (text)                       \
    }
#define STOP(code, text)                                                                           \
    {                                                                                              \
        (code), (code), ACT_CHANNEL_STOPPED, WAIT_NONE, true, false, (text)                        \
    }
#define RETRY(code, wait, is_wide, text)                                                           \
    {                                                                                              \
        (code), (code), ACT_CHANNEL_RETRY, (wait), (is_wide), false, (text)                        \
    }

static const char new_token[] = "the access token is invalid or expired: enter a new one";
static const char permission[] = "the access token lacks a permission for this number or account";
static const char locked[] = "Meta has locked the account: look into its business settings";
static const char bad_template[] = "correct the template or its parameters";
static const char bad_media[] = "replace the attachment";
static const char our_bug[] = "Meta refused a parameter: please report this as an error of Parley";

static const code_row_t codes[] = {
    RETRY(1, WAIT_BACKOFF, false, ""),
    RETRY(2, WAIT_BACKOFF, true, ""),
    STOP(3, permission),
    RETRY(4, WAIT_QUOTA, true, "too many calls of this app"),
    STOP(10, permission),
    REFUSE(33, "the number's id is wrong or not visible to the token"),
    REFUSE(100, our_bug),
    STOP(190, new_token),
    {200, 299, ACT_CHANNEL_STOPPED, WAIT_NONE, true, false, permission},
    STOP(368, locked),
    RETRY(80007, WAIT_QUOTA, true, "too many calls of this WhatsApp account"),
    RETRY(130429, WAIT_BACKOFF, true, "this number sends as fast as it may"),
    REFUSE(130472, "Meta holds this person out in an experiment"),
    RETRY(131000, WAIT_BACKOFF, false, ""),
    STOP(131005, permission),
    REFUSE(131008, our_bug),
    REFUSE(131009, our_bug),
    RETRY(131016, WAIT_BACKOFF, true, ""),
    REFUSE(131021, "sender and recipient are the same number"),
    REFUSE(131026, "this person cannot be reached on WhatsApp"),
    REFUSE(131030, "the number is not in the list of allowed test recipients"),
    STOP(131031, locked),
    REFUSE(131037, "the number's display name needs approval"),
    STOP(131042, "there is a problem with the payment method of the WhatsApp account"),
    {131047, 131047, ACT_CHANNEL_REFUSED, WAIT_NONE, false, true,
     "more than 24 hours since this person wrote: only a template may be sent"},
    REFUSE(131048, "many people block or report this number: pause campaigns"),
    REFUSE(131049, "Meta limits marketing to this person: not again within 24 hours"),
    REFUSE(131050, "this person does not want marketing from us"),
    REFUSE(131051, "this kind of message is not supported"),
    REFUSE(131052, bad_media),
    REFUSE(131053, bad_media),
    RETRY(131056, WAIT_PAIR, false, "too many messages to this person in a short time"),
    RETRY(131057, WAIT_MAINTENANCE, true, "the account is in maintenance"),
    REFUSE(131062, "this kind of message needs a phone number"),
    REFUSE(132000, bad_template),
    REFUSE(132001, bad_template),
    REFUSE(132012, bad_template),
    REFUSE(132015, "the template is paused"),
    REFUSE(132016, "the template is disabled"),
    REFUSE(132018, bad_template),
    STOP(133010, "the number is not registered: finish its set-up"),
    STOP(133016, "the number was registered too often: wait, then finish its set-up"),
};

// Not in the table: no automatic retry.
static const code_row_t unknown_code = REFUSE(0, "");
// Answers without a code, and no answer.
static const code_row_t trouble = RETRY(0, WAIT_BACKOFF, true, "");
static const code_row_t no_access = STOP(0, new_token);
static const code_row_t unusable =
    STOP(0, "the API address or the access token cannot be used: correct it");
static const code_row_t unknown_outcome = {.outcome = ACT_CHANNEL_UNKNOWN, .advice = ""};

static const code_row_t *find_code(int64_t code)
{
    for (size_t i = 0; i < ACT_COUNT(codes); i++)
        if (code >= codes[i].first && code <= codes[i].last)
            return &codes[i];
    return NULL;
}

static act_channel_verdict_t verdict_of(const code_row_t *row, uint32_t attempts_count)
{
    return (act_channel_verdict_t){
        .outcome = row->outcome,
        .delay_ms = wait_ms(row->wait, attempts_count),
        .is_account_wide = row->outcome == ACT_CHANNEL_RETRY && row->is_account_wide,
        .needs_template = row->needs_template,
        .advice = row->advice,
    };
}

void whatsapp_classify_code(int32_t code, uint32_t attempts_count,
                            act_channel_verdict_t *ret_verdict)
{
    const code_row_t *row = find_code(code);
    *ret_verdict = verdict_of(row ? row : &unknown_code, attempts_count);
    ret_verdict->code = code;
}

// --- answers -------------------------------------------------------------------------------------

// Fills SENT when the answer names our message.
static bool read_success(const json_t *root, act_arena_t *arena, act_channel_verdict_t *verdict)
{
    const json_t *contact = json_array_get(act_json_array(root, "contacts"), 0);
    const json_t *message = json_array_get(act_json_array(root, "messages"), 0);
    act_str_t id = act_json_str(message, "id");
    act_str_t user_id = act_json_str(contact, "user_id");
    act_str_t address = act_str_empty(user_id) ? act_json_str(contact, "wa_id") : user_id;
    if (act_str_empty(id) || id.len_bytes > PROVIDER_ID_MAX_BYTES)
        return false;
    *verdict = (act_channel_verdict_t){
        .outcome = ACT_CHANNEL_SENT,
        .provider_id = act_arena_str(arena, id),
        .address = act_arena_str(arena, act_utf8_prefix(address, PROVIDER_ID_MAX_BYTES)),
        .advice = "",
    };
    return true;
}

// Errors whose code is not in the table: from proxies and load balancers, and what Meta invents
// next.
static const code_row_t *row_of_status(uint16_t status, bool has_code, bool is_transient)
{
    if (status >= 500 || status == 429 || status == 408 || is_transient)
        return &trouble;
    bool is_denied = status == 401 || (status == 403 && !has_code);
    return is_denied ? &no_access : &unknown_code;
}

static void read_failure(const json_t *error, const act_http_in_t *response,
                         uint32_t attempts_count, act_arena_t *arena,
                         act_channel_verdict_t *verdict)
{
    const json_t *code_json = json_object_get(error, "code");
    int64_t code = json_is_integer(code_json) ? json_integer_value(code_json) : -1;
    const code_row_t *row = find_code(code);
    if (code == 0 && response->status < 500)
        row = &no_access; // AuthException
    if (!row)
        row = row_of_status(response->status, code >= 0,
                            json_is_true(json_object_get(error, "is_transient")));
    act_str_t text = act_json_str(act_json_object(error, "error_data"), "details");
    if (act_str_empty(text))
        text = act_json_str(error, "message");
    *verdict = verdict_of(row, attempts_count);
    verdict->code = code > 0 && code <= INT32_MAX ? (int32_t)code : 0;
    verdict->text = act_arena_str(arena, act_utf8_prefix(text, TEXT_MAX_BYTES / 4));
}

static void read_answer(const act_http_in_t *response, uint32_t attempts_count, act_arena_t *arena,
                        act_channel_verdict_t *verdict)
{
    json_t *root = NULL;
    bool is_json = act_json_parse(response->body, &root, NULL, arena) == ACT_E_OK;
    bool is_success = response->status >= 200 && response->status < 300;
    if (!is_success)
        read_failure(is_json ? act_json_object(root, "error") : NULL, response, attempts_count,
                     arena, verdict);
    else if (!is_json || !read_success(root, arena, verdict))
        *verdict = verdict_of(&unknown_outcome, attempts_count);
    json_decref(root);
}

static const code_row_t *row_of_silence(const act_http_in_t *response)
{
    if (response->was_sent)
        return &unknown_outcome;
    bool is_unusable = response->err == ACT_E_FORBIDDEN || response->err == ACT_E_INVALID_ARGUMENT;
    return is_unusable ? &unusable : &trouble;
}

void whatsapp_classify(const act_http_in_t *response, uint32_t attempts_count, act_arena_t *arena,
                       act_channel_verdict_t *ret_verdict)
{
    if (response->err != ACT_E_OK) {
        *ret_verdict = verdict_of(row_of_silence(response), attempts_count);
        ret_verdict->text = act_arena_str(arena, act_str(response->text));
        return;
    }
    read_answer(response, attempts_count, arena, ret_verdict);
    uint32_t retry_after_s =
        response->retry_after_s < RETRY_AFTER_MAX_S ? response->retry_after_s : RETRY_AFTER_MAX_S;
    int64_t asked_ms = (int64_t)retry_after_s * 1000;
    if (ret_verdict->outcome == ACT_CHANNEL_RETRY && ret_verdict->delay_ms < asked_ms)
        ret_verdict->delay_ms = asked_ms;
}
