// fault: two tables, words before statuses, and what the response says about trying again.
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A key that is refused is looked at again by people, quotas by the month.
#define REFUSED_PAUSE_MS 60000
#define UNPAID_PAUSE_MS 600000
// Nobody waits longer for a provider's word than this.
#define RETRY_AFTER_MAX_MS 86400000

typedef struct {
    const char *word;
    fault_kind_t kind;
    bool is_illness;
    int64_t pause_ms;
} word_t;

static const word_t words[] = {
    {"insufficient_quota", FAULT_NEXT, false, UNPAID_PAUSE_MS},
    {"credit_balance_exhausted", FAULT_NEXT, false, UNPAID_PAUSE_MS},
    {"enforced_spend_limit_reached", FAULT_NEXT, false, UNPAID_PAUSE_MS},
    {"billing_error", FAULT_NEXT, false, UNPAID_PAUSE_MS},
    {"authentication_error", FAULT_NEXT, false, REFUSED_PAUSE_MS},
    {"invalid_api_key", FAULT_NEXT, false, REFUSED_PAUSE_MS},
    {"permission_error", FAULT_NEXT, false, REFUSED_PAUSE_MS},
    {"PERMISSION_DENIED", FAULT_NEXT, false, REFUSED_PAUSE_MS},
    {"UNAUTHENTICATED", FAULT_NEXT, false, REFUSED_PAUSE_MS},
    {"context_length_exceeded", FAULT_CONTEXT, false, 0},
    {"request_too_large", FAULT_CONTEXT, false, 0},
    {"overloaded_error", FAULT_AGAIN, true, 0},
    {"server_is_overloaded", FAULT_AGAIN, true, 0},
    {"slow_down", FAULT_AGAIN, true, 0},
    {"api_error", FAULT_AGAIN, true, 0},
    {"server_error", FAULT_AGAIN, true, 0},
    {"timeout_error", FAULT_AGAIN, true, 0},
    {"UNAVAILABLE", FAULT_AGAIN, true, 0},
    {"INTERNAL", FAULT_AGAIN, true, 0},
    {"DEADLINE_EXCEEDED", FAULT_AGAIN, true, 0},
    {"rate_limit_error", FAULT_AGAIN, false, 0},
    {"rate_limit_exceeded", FAULT_AGAIN, false, 0},
    {"RESOURCE_EXHAUSTED", FAULT_AGAIN, false, 0},
    {"conflict_error", FAULT_AGAIN, false, 0},
    {"invalid_request_error", FAULT_NEXT, false, 0},
    {"not_found_error", FAULT_NEXT, false, 0},
};

static const struct {
    uint16_t from, to;
    fault_kind_t kind;
    bool is_illness;
    int64_t pause_ms;
} statuses[] = {
    {401, 401, FAULT_NEXT, false, REFUSED_PAUSE_MS},
    {402, 402, FAULT_NEXT, false, UNPAID_PAUSE_MS},
    {403, 403, FAULT_NEXT, false, REFUSED_PAUSE_MS},
    {408, 409, FAULT_AGAIN, false, 0},
    {413, 413, FAULT_CONTEXT, false, 0},
    {425, 425, FAULT_AGAIN, false, 0},
    {429, 429, FAULT_AGAIN, false, 0},
    {500, 599, FAULT_AGAIN, true, 0},
};

void fault_set(fault_t *ret_fault, fault_kind_t kind, const char *text)
{
    *ret_fault = (fault_t){.kind = kind, .is_illness = kind == FAULT_AGAIN};
    (void)act_str_copy(act_str(text), ret_fault->text, sizeof ret_fault->text);
}

// --- words ---------------------------------------------------------------------------------------

static bool take_word(fault_t *fault, act_str_t word)
{
    for (size_t i = 0; i < ACT_COUNT(words); i++) {
        if (!act_str_is(word, words[i].word))
            continue;
        fault->kind = words[i].kind;
        fault->is_illness = words[i].is_illness;
        fault->pause_ms = words[i].pause_ms;
        return true;
    }
    return false;
}

// Only names go to the log: letters, digits, underscores.
static void add_word(fault_t *fault, act_str_t word)
{
    size_t len_bytes = strlen(fault->text);
    size_t good_bytes = 0;
    while (good_bytes < word.len_bytes && good_bytes < 48 &&
           strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-",
                  word.ptr[good_bytes]) != NULL &&
           word.ptr[good_bytes] != '\0')
        good_bytes++;
    if (good_bytes > 0)
        (void)snprintf(fault->text + len_bytes, sizeof fault->text - len_bytes, " %.*s",
                       (int)good_bytes, word.ptr);
}

// "17s", "0.5s"
static int64_t delay_ms(act_str_t text)
{
    char copy[24];
    (void)act_str_copy(text, copy, sizeof copy);
    double seconds = strtod(copy, NULL);
    return seconds > 0 && seconds < RETRY_AFTER_MAX_MS / 1000.0 ? (int64_t)(seconds * 1000) : 0;
}

static void read_details(const json_t *error, fault_t *fault)
{
    const json_t *details = json_object_get(error, "details");
    for (size_t i = 0; i < json_array_size(details); i++) {
        int64_t wait_ms = delay_ms(act_json_str(json_array_get(details, i), "retryDelay"));
        if (wait_ms > fault->retry_after_ms)
            fault->retry_after_ms = wait_ms;
    }
}

// The more exact word wins: a code before a type.
static void read_words(const json_t *error, fault_t *fault)
{
    const act_str_t found[] = {
        act_json_str(json_object_get(error, "details"), "error_code"),
        act_json_str(error, "code"),
        act_json_str(error, "type"),
        act_json_str(error, "status"),
    };
    bool is_known = false;
    for (size_t i = 0; i < ACT_COUNT(found); i++) {
        add_word(fault, found[i]);
        is_known = is_known || take_word(fault, found[i]);
    }
    read_details(error, fault);
}

void fault_of_event(const json_t *event, fault_t *ret_fault)
{
    const json_t *error = act_json_object(event, "error");
    fault_set(ret_fault, FAULT_AGAIN, "in the stream:");
    read_words(error ? error : event, ret_fault);
}

// --- statuses ------------------------------------------------------------------------------------

static void take_status(fault_t *fault, uint16_t status)
{
    for (size_t i = 0; i < ACT_COUNT(statuses); i++) {
        if (status < statuses[i].from || status > statuses[i].to)
            continue;
        fault->kind = statuses[i].kind;
        fault->is_illness = statuses[i].is_illness;
        fault->pause_ms = statuses[i].pause_ms;
        return;
    }
    fault->kind = FAULT_NEXT;
    fault->is_illness = false;
}

// The provider's word on when to try again goes before ours.
static void read_head(const act_http_in_t *in, fault_t *fault)
{
    act_str_t value = ACT_STR("");
    int64_t number = 0;
    if (act_http_in_field(in, "retry-after-ms", &value) && act_str_to_int(value, &number) &&
        number > 0 && number <= RETRY_AFTER_MAX_MS)
        fault->retry_after_ms = number;
    else if (in->retry_after_s > 0 && in->retry_after_s <= RETRY_AFTER_MAX_MS / 1000)
        fault->retry_after_ms = (int64_t)in->retry_after_s * 1000;
    if (!act_http_in_field(in, "x-should-retry", &value) || fault->kind == FAULT_CONTEXT)
        return;
    if (act_str_is(value, "false") && fault->kind == FAULT_AGAIN)
        fault->kind = FAULT_NEXT;
    if (act_str_is(value, "true") && fault->kind == FAULT_NEXT)
        fault->kind = FAULT_AGAIN;
}

void fault_of_status(const act_http_in_t *in, fault_t *ret_fault)
{
    json_t *body = NULL;
    char text[32];
    (void)snprintf(text, sizeof text, "status %u", in->status);
    fault_set(ret_fault, FAULT_NEXT, text);
    take_status(ret_fault, in->status);
    if (act_json_parse(in->body, &body, NULL, NULL) == ACT_E_OK) {
        const json_t *error = act_json_object(body, "error");
        read_words(error ? error : body, ret_fault);
        json_decref(body);
    }
    read_head(in, ret_fault);
    // Everybody waits for a limit of the account.
    if (ret_fault->kind == FAULT_AGAIN && !ret_fault->is_illness)
        ret_fault->pause_ms = ret_fault->retry_after_ms;
}

void fault_of_transport(const act_http_in_t *in, fault_t *ret_fault)
{
    bool is_refused = in->err == ACT_E_FORBIDDEN || in->err == ACT_E_INVALID_ARGUMENT;
    fault_set(ret_fault, is_refused || in->err == ACT_E_TOO_LARGE ? FAULT_NEXT : FAULT_AGAIN,
              in->text ? in->text : act_err_code(in->err));
    if (in->err == ACT_E_OVERLOADED) // ours, not the provider's
        ret_fault->is_illness = false;
}
