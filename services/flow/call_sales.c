// call_sales: products, prices and leads. Amounts are shown as the database writes them, never worked out
// here.
#include "call_row.h"
#include "contact.h"

#include <stdlib.h>

// Of a message, that much is looked through for a product.
#define ASKED_MAX_CHARS 1000
// Of name and interest, so that their limits in bytes hold in any script.
#define NAME_MAX_CHARS 50
#define INTEREST_MAX_CHARS 250

// --- quantities ----------------------------------------------------------------------------------

// "60 m²"; up to three decimals. Nothing for a quantity of 0.
static act_str_t quantity_text(const call_job_t *job, double quantity, act_str_t unit)
{
    if (!(quantity > 0))
        return (act_str_t){0};
    act_str_t number = act_arena_printf(job->arena, "%.3f", quantity);
    while (number.ptr[number.len_bytes - 1] == '0')
        number.len_bytes--;
    if (number.ptr[number.len_bytes - 1] == '.')
        number.len_bytes--;
    return act_arena_printf(job->arena, "%" ACT_STR_FMT "%s%" ACT_STR_FMT, ACT_STR_ARG(number),
                            act_str_empty(unit) ? "" : " ", ACT_STR_ARG(unit));
}

// --- find_products -------------------------------------------------------------------------------

// The only one that is near is meant when it is this near; the customer sees its name before the price.
#define ONLY_ONE_MIN_SCORE 0.35

static act_str_t is_meant(const quote_price_reply_t *body)
{
    bool is_only_one =
        body->nearest.count == 1 && body->nearest.items[0].score >= ONLY_ONE_MIN_SCORE;
    return is_only_one ? ACT_STR("yes") : ACT_STR("no");
}

// One row that is meant, or those that may be.
static void on_found(void *context, const act_reply_t *reply, const quote_price_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    act_str_t *cell;
    rows_t rows = call_rows(job, body->is_known ? 1 : body->nearest.count, &cell);
    if (body->is_known) {
        *cell++ = call_copy(job, body->product_id);
        *cell++ = call_copy(job, body->name);
        *cell++ = (act_str_t){0};
        *cell++ = call_copy(job, body->unit);
        *cell++ = ACT_STR("yes");
    }
    for (uint32_t i = 0; !body->is_known && i < rows.count; i++) {
        const product_hit_t *hit = &body->nearest.items[i];
        *cell++ = call_copy(job, hit->product_id);
        *cell++ = call_copy(job, hit->name);
        *cell++ = call_copy(job, hit->unit_price);
        *cell++ = call_copy(job, hit->unit);
        *cell++ = is_meant(body);
    }
    call_succeed(job, &rows);
}

// The product is looked for in the customer's message; the title of a button names none.
uint64_t call_find_products(call_job_t *job, const act_call_opts_t *opts)
{
    const flow_run_request_t *asked = job->request;
    bool is_typed = act_str_empty(asked->choice_id);
    const quote_price_request_t request = {
        .product = is_typed ? act_utf8_prefix(asked->text, ASKED_MAX_CHARS) : (act_str_t){0},
        .language = asked->language,
    };
    return job->store->quote_price(job->actor, opts, &request, on_found, job);
}

// --- quote_price ---------------------------------------------------------------------------------

// "40 m² × 65.00 EUR"; of several parts each with its amount. In a text from right to left a line stays from
// left to right.
static act_str_t line_text(const call_job_t *job, const quote_price_reply_t *body, uint32_t index)
{
    const price_line_t *line = &body->lines.items[index];
    bool is_isolated = act_str_is(job->request->language, "ar");
    act_str_t quantity = quantity_text(job, line->quantity, body->unit);
    act_str_t amount = body->lines.count > 1 ? line->amount : (act_str_t){0};
    return act_arena_printf(job->arena, "%s%" ACT_STR_FMT " × %" ACT_STR_FMT "%s%" ACT_STR_FMT "%s",
                            is_isolated ? "\u2066" : "", ACT_STR_ARG(quantity),
                            ACT_STR_ARG(line->unit_price), act_str_empty(amount) ? "" : " = ",
                            ACT_STR_ARG(amount), is_isolated ? "\u2069" : "");
}

static act_str_t lines_text(const call_job_t *job, const quote_price_reply_t *body)
{
    act_str_t text = {0};
    for (uint32_t i = 0; i < body->lines.count; i++) {
        act_str_t line = line_text(job, body, i);
        text = act_arena_printf(job->arena, "%" ACT_STR_FMT "%s%" ACT_STR_FMT, ACT_STR_ARG(text),
                                i > 0 ? "\n" : "", ACT_STR_ARG(line));
    }
    return text;
}

static void on_quoted(void *context, const act_reply_t *reply, const quote_price_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    if (!body->is_known || act_str_empty(body->total)) { // the product is gone
        call_fail(job, ACT_E_NOT_FOUND, "no price came back");
        return;
    }
    act_str_t *cell;
    rows_t rows = call_rows(job, 1, &cell);
    *cell++ = call_copy(job, body->name);
    *cell++ = quantity_text(job, body->quantity, body->unit);
    *cell++ = lines_text(job, body);
    *cell++ = call_copy(job, body->total);
    *cell++ = call_copy(job, body->note);
    *cell++ = quantity_text(job, body->break_from, body->unit);
    *cell++ = quantity_text(job, body->next_break_from, body->unit);
    *cell++ = call_copy(job, body->next_break_price);
    call_succeed(job, &rows);
}

uint64_t call_quote_price(call_job_t *job, const act_call_opts_t *opts)
{
    int64_t quantity = 0;
    if (!act_str_to_int(call_value(job, "quantity"), &quantity))
        quantity = 1;
    const quote_price_request_t request = {
        .product = call_value(job, "product_id"),
        .quantity = (double)quantity,
        .language = job->request->language,
    };
    return job->store->quote_price(job->actor, opts, &request, on_quoted, job);
}

// --- capture_lead --------------------------------------------------------------------------------

static void on_lead(void *context, const act_reply_t *reply, const capture_lead_reply_t *body)
{
    const call_job_t *job = context;
    if (call_has_failed(job, reply))
        return;
    if (body->number <= 0) {
        call_fail(job, ACT_E_INTERNAL, "lead without number");
        return;
    }
    act_str_t *cell;
    rows_t rows = call_rows(job, 1, &cell);
    cell[0] = call_copy(job, body->lead_id);
    cell[1] = call_number(job, body->number);
    call_succeed(job, &rows);
}

uint64_t call_capture_lead(call_job_t *job, const act_call_opts_t *opts)
{
    act_str_t contact = call_value(job, "contact");
    bool is_email = contact_is_email(contact);
    const capture_lead_request_t request = {
        .idempotency_key = opts->idempotency_key,
        .conversation_id = job->request->conversation_id,
        .contact_id = job->request->contact_id,
        .name = act_utf8_prefix(call_value(job, "name"), NAME_MAX_CHARS),
        .email = is_email ? contact : (act_str_t){0},
        .phone = is_email ? (act_str_t){0} : contact,
        .interest = act_utf8_prefix(call_value(job, "interest"), INTEREST_MAX_CHARS),
        .turn_id = job->request->turn_id,
        .step_key = opts->step_key,
    };
    return job->store->capture_lead(job->actor, opts, &request, on_lead, job);
}
