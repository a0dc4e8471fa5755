// graph_fault: the table of codes. Statuses and titles as reported in channels.md 1.15; clients are
// to key on the code alone.
#include "sim/graph_fault.h"

#include "base/id.h"
#include "base/mem.h"
#include "io/json.h"

#include <inttypes.h>

typedef struct {
    int32_t code;
    uint16_t http;
    const char *title;
} fault_row_t;

static const fault_row_t faults[] = {
    {0, 401, "AuthException"},
    {1, 500, "API Unknown"},
    {2, 503, "API Service"},
    {3, 500, "API Method"},
    {4, 429, "API Too Many Calls"},
    {10, 403, "Permission Denied"},
    {33, 400, "Parameter value is not valid"},
    {100, 400, "Invalid parameter"},
    {190, 401, "Access token has expired"},
    {368, 403, "Temporarily blocked for policies violations"},
    {2500, 400, "Unknown path components"},
    {80007, 429, "Rate limit issues"},
    {130429, 429, "Rate limit hit"},
    {131000, 500, "Something went wrong"},
    {131005, 403, "Access denied"},
    {131008, 400, "Required parameter is missing"},
    {131009, 400, "Parameter value is not valid"},
    {131016, 500, "Service unavailable"},
    {131026, 400, "Message undeliverable"},
    {131031, 403, "Business Account locked"},
    {131047, 400, "Re-engagement message"},
    {131051, 400, "Unsupported message type"},
    {131056, 400, "(Business Account, Consumer Account) pair rate limit hit"},
    {131057, 500, "Account in maintenance mode"},
    {132000, 400, "Template Param Count Mismatch"},
    {132018, 400, "Template parameter invalid"},
};

static const fault_row_t other_fault = {0, 400, "Simulated error"};

static const fault_row_t *find(int32_t code)
{
    for (size_t i = 0; i < ACT_COUNT(faults); i++)
        if (faults[i].code == code)
            return &faults[i];
    return &other_fault;
}

graph_fault_t graph_fault(int32_t code, act_str_t details)
{
    return (graph_fault_t){.http = find(code)->http, .code = code, .details = details};
}

void graph_fault_write(const graph_fault_t *self, act_buf_t *out)
{
    act_buf_printf(out,
                   "{\"error\":{\"message\":\"(#%" PRId32 ") %s\",\"type\":\"OAuthException\","
                   "\"code\":%" PRId32 ",\"error_data\":{\"messaging_product\":\"whatsapp\","
                   "\"details\":",
                   self->code, find(self->code)->title, self->code);
    act_json_quote(self->details, out);
    act_buf_printf(out, "},\"fbtrace_id\":\"A%016" PRIx64 "\"}}", act_random_u64());
}
