// vectors: numbers of an embedding, brought to length 1, as float32 bytes.
#include "provider.h"

#include <math.h>
#include <string.h>

#include <sodium.h>

#define DIMENSIONS_MAX_COUNT 4096

bool vectors_put(vectors_t *self, uint32_t index, const float *numbers, int64_t count)
{
    double sum = 0;
    if (index >= self->count || count < 1 || count > DIMENSIONS_MAX_COUNT ||
        (self->dimensions != 0 && self->dimensions != count) ||
        !act_str_empty(self->items[index].vector))
        return false;
    for (int64_t i = 0; i < count; i++)
        sum += (double)numbers[i] * (double)numbers[i];
    if (!isfinite(sum) || sum <= 0)
        return false;
    float *unit = act_arena_alloc_array(self->arena, (size_t)count, sizeof *unit);
    double length = sqrt(sum);
    for (int64_t i = 0; i < count; i++)
        unit[i] = (float)((double)numbers[i] / length);
    self->dimensions = count;
    self->items[index].vector = act_str_of(unit, (size_t)count * sizeof *unit);
    self->filled_count++;
    return true;
}

static bool put_base64(vectors_t *self, uint32_t index, act_str_t text)
{
    size_t len_bytes = 0;
    size_t room_bytes = text.len_bytes / 4 * 3 + 3;
    if (room_bytes > (DIMENSIONS_MAX_COUNT + 2) * sizeof(float))
        return false;
    float *numbers = act_arena_alloc(self->arena, room_bytes);
    if (sodium_base642bin((uint8_t *)numbers, room_bytes, text.ptr, text.len_bytes, NULL,
                          &len_bytes, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        len_bytes % sizeof *numbers != 0)
        return false;
    return vectors_put(self, index, numbers, (int64_t)(len_bytes / sizeof *numbers));
}

bool vectors_put_json(vectors_t *self, uint32_t index, const json_t *value)
{
    if (json_is_string(value))
        return put_base64(self, index,
                          act_str_of(json_string_value(value), json_string_length(value)));
    size_t count = json_array_size(value);
    if (count == 0 || count > DIMENSIONS_MAX_COUNT)
        return false;
    float *numbers = act_arena_alloc_array(self->arena, count, sizeof *numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (float)json_number_value(json_array_get(value, i));
    return vectors_put(self, index, numbers, (int64_t)count);
}
