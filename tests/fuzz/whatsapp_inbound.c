// whatsapp_inbound: libFuzzer target of the WhatsApp webhook, signature to models.
//   build-fuzz/tests/fuzz/whatsapp_inbound tests/fuzz/corpus/whatsapp_inbound
// Compiled with -DPARLEY_REPLAY it is a plain program that runs files through the same code, so
// that no fuzzer is needed to see an old failure come back:
//   whatsapp_inbound_replay tests/fuzz/corpus/whatsapp_inbound
#include "base/assert.h"
#include "channels/whatsapp/inbound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

// Every update must be acceptable to the actor that receives it.
static void check_messages(const act_channel_updates_t *account, act_arena_t *arena, act_buf_t *out)
{
    for (uint32_t i = 0; i < account->messages.count; i++) {
        inbound_message_t again;
        act_buf_reset(out);
        inbound_message_pack(&account->messages.items[i], out);
        act_assert(inbound_message_unpack(act_buf_str(out), arena, &again, NULL) == ACT_E_OK);
    }
}

static void check_statuses(const act_channel_updates_t *account, act_arena_t *arena, act_buf_t *out)
{
    for (uint32_t i = 0; i < account->statuses.count; i++) {
        delivery_status_t again;
        act_buf_reset(out);
        delivery_status_pack(&account->statuses.items[i], out);
        act_assert(delivery_status_unpack(act_buf_str(out), arena, &again, NULL) == ACT_E_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t body = act_str_of(data, size_bytes);
    act_channel_batch_t batch;
    // No input can be its own signature.
    act_assert(!whatsapp_signature_is_valid(body, body, ACT_STR("secret")));
    if (whatsapp_parse(body, arena, &batch) != ACT_E_OK)
        return 0;
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    for (uint32_t i = 0; i < batch.accounts.count; i++) {
        check_messages(&batch.accounts.items[i], arena, &out);
        check_statuses(&batch.accounts.items[i], arena, &out);
    }
    act_buf_fini(&out);
    return 0;
}

#ifdef PARLEY_REPLAY
#include <dirent.h>
#include <stdio.h>

#define INPUT_MAX_BYTES (4u << 20)

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 0;
    }
    ACT_AUTO_FREE uint8_t *bytes = act_alloc(INPUT_MAX_BYTES);
    size_t len_bytes = fread(bytes, 1, INPUT_MAX_BYTES, file);
    fclose(file);
    (void)LLVMFuzzerTestOneInput(bytes, len_bytes);
    return 1;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: whatsapp_inbound_replay CORPUS_DIR\n");
        return 64;
    }
    int count = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] != '.')
            count += replay_file(path);
    }
    closedir(dir);
    printf("%d inputs: no failure\n", count);
    return count > 0 ? 0 : 1;
}
#endif
