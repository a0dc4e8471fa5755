// header: libFuzzer target of the frame that everybody on the bus may send to the broker.
// With -DPARLEY_REPLAY it is a plain program: header_replay [FOLDER_OF_INPUTS]
#include "actor/header.h"
#include "base/assert.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void check_text(act_str_t text, act_str_t frame, size_t max_bytes)
{
    act_assert(text.len_bytes <= max_bytes);
    act_assert(text.ptr >= frame.ptr && text.ptr + text.len_bytes <= frame.ptr + frame.len_bytes);
    act_assert(act_utf8_valid(text) && !memchr(text.ptr, '\0', text.len_bytes));
}

// What was accepted once is within its limits, and stays the same when it is sent on.
static void check_header(const act_header_t *header, act_str_t frame)
{
    act_assert(header->kind >= ACT_KIND_HELLO && header->kind <= ACT_KIND_LAST);
    act_assert(header->class_ < ACT_CLASS_COUNT);
    check_text(header->sender, frame, ACT_HEADER_NAME_MAX_BYTES);
    check_text(header->tenant, frame, ACT_HEADER_NAME_MAX_BYTES);
    check_text(header->service, frame, ACT_HEADER_KEY_MAX_BYTES);
    check_text(header->method, frame, ACT_HEADER_NAME_MAX_BYTES);
    check_text(header->key, frame, ACT_HEADER_KEY_MAX_BYTES);
    check_text(header->idempotency_key, frame, ACT_HEADER_KEY_MAX_BYTES);
    act_buf_t out;
    act_buf_init(&out, 4096);
    act_header_pack(header, &out);
    act_header_t again;
    act_assert(!out.is_overflowed);
    act_assert(act_header_unpack(act_buf_str(&out), &again) == ACT_E_OK);
    act_assert(again.kind == header->kind && again.id == header->id && again.err == header->err);
    act_assert(act_str_eq(again.key, header->key) && act_str_eq(again.service, header->service));
    act_assert(memcmp(&again.trace, &header->trace, sizeof again.trace) == 0);
    act_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    act_header_t header;
    act_str_t frame = act_str_of(data, size_bytes);
    if (act_header_unpack(frame, &header) == ACT_E_OK)
        check_header(&header, frame);
    return 0;
}

#ifdef PARLEY_REPLAY
#include "harness/fuzz_replay.h"

int main(int argc, char **argv)
{
    act_header_t header = {.kind = ACT_KIND_CALL,
                           .id = 7,
                           .trace = {1, 2, 3},
                           .tenant = ACT_STR("t"),
                           .service = ACT_STR("session"),
                           .method = ACT_STR("wake"),
                           .key = ACT_STR("conv-1"),
                           .budget_ms = 5000,
                           .attempt = 1};
    act_buf_t seed;
    act_buf_init(&seed, 4096);
    act_header_pack(&header, &seed);
    const act_str_t seeds[] = {act_buf_str(&seed)};
    int code = fuzz_replay(argc, argv, LLVMFuzzerTestOneInput, seeds, ACT_COUNT(seeds));
    act_buf_fini(&seed);
    return code;
}
#endif
