// id: UUIDv7.
#include "base/id.h"

#include "base/assert.h"
#include "base/time.h"

#include <stdio.h>
#include <sys/random.h>

void act_random(void *ret_bytes, uint32_t size_bytes)
{
    // getrandom gives up to 256 bytes without interruption (getrandom(2)).
    act_assert(size_bytes <= 256);
    act_assert(getrandom(ret_bytes, size_bytes, 0) == (ssize_t)size_bytes);
}

uint64_t act_random_u64(void)
{
    uint64_t value = 0;
    act_random(&value, sizeof value);
    return value;
}

uint64_t act_random_pool_u64(act_random_pool_t *self)
{
    if (self->left_count == 0) {
        act_random(self->numbers, sizeof self->numbers);
        self->left_count = sizeof self->numbers / sizeof *self->numbers;
    }
    return self->numbers[--self->left_count];
}

void act_uuid7(char *ret_text)
{
    uint8_t random[10];
    act_random(random, sizeof random);
    uint64_t ms = (uint64_t)(act_time_wall_us() / 1000);
    snprintf(ret_text, ACT_UUID_TEXT_BYTES, "%08x-%04x-7%03x-%04x-%02x%02x%02x%02x%02x%02x",
             (unsigned)(ms >> 16 & 0xffffffff), (unsigned)(ms & 0xffff),
             (unsigned)((random[0] << 8 | random[1]) & 0xfff),
             (unsigned)(((random[2] << 8 | random[3]) & 0x3fff) | 0x8000), random[4], random[5],
             random[6], random[7], random[8], random[9]);
}
