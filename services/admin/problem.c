// problem: one table from errors to statuses.
#include "problem.h"

#include "io/json.h"

#define TEXT_MAX_BYTES 16384u
#define NO_STORE "Cache-Control: no-store\r\n"

uint16_t problem_status(act_err_t err)
{
    static const struct {
        act_err_t err;
        uint16_t status;
    } rows[] = {
        {ACT_E_OK, 200},
        {ACT_E_NOT_FOUND, 404},
        {ACT_E_INVALID_ARGUMENT, 422},
        {ACT_E_MALFORMED, 422},
        {ACT_E_CONFLICT, 409},
        {ACT_E_FORBIDDEN, 403},
        {ACT_E_UNAUTHORISED, 401},
        {ACT_E_RATE_LIMITED, 429},
        {ACT_E_OVERLOADED, 503},
        {ACT_E_UNAVAILABLE, 503},
        {ACT_E_WORKER_LOST, 503},
        {ACT_E_CANCELLED, 503},
        {ACT_E_DEADLINE, 504},
        {ACT_E_UNKNOWN_METHOD, 501},
        {ACT_E_TOO_LARGE, 413},
        {ACT_E_NOT_CONFIGURED, 501},
        {ACT_E_DATABASE, 503},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (rows[i].err == err)
            return rows[i].status;
    return 500;
}

static void add_member(act_buf_t *out, const char *name, act_str_t value)
{
    if (act_str_empty(value))
        return;
    act_buf_printf(out, ",\"%s\":", name);
    act_json_quote(value, out);
}

void problem_answer(act_http_request_t **request_p, const problem_t *problem)
{
    act_buf_t out;
    act_buf_init(&out, TEXT_MAX_BYTES);
    act_buf_printf(&out, "{\"type\":\"about:blank\",\"status\":%u,\"title\":", problem->status);
    act_json_quote(act_str(problem->title ? problem->title : act_err_text(problem->err)), &out);
    add_member(&out, "detail", problem->detail);
    if (problem->err != ACT_E_OK)
        add_member(&out, "code", act_str(act_err_code(problem->err)));
    add_member(&out, "field", problem->field);
    act_buf_add_char(&out, '}');
    act_http_response_t response = {
        .status = problem->status,
        .content_type = "application/problem+json",
        .body = act_buf_str(&out),
        .retry_after_s = problem->retry_after_s,
        .headers = ACT_STR(NO_STORE PROBLEM_SECURITY_HEADERS),
    };
    act_http_respond(request_p, &response);
    act_buf_fini(&out);
}

void problem_answer_json(act_http_request_t **request_p, uint16_t status, act_str_t body,
                         act_str_t more_headers)
{
    act_str_t headers = act_arena_printf(act_http_arena(*request_p),
                                         NO_STORE PROBLEM_SECURITY_HEADERS "%" ACT_STR_FMT,
                                         ACT_STR_ARG(more_headers));
    act_http_response_t response = {
        .status = status, .content_type = "application/json", .body = body, .headers = headers};
    act_http_respond(request_p, &response);
}
