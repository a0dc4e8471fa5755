// model_file: named sections in a mapped file.
#include "text/model_file.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "model files are read in place");

static const char magic[8] = {'P', 'A', 'R', 'L', 'E', 'Y', 'M', '\n'};

typedef struct {
    char magic[8];
    uint32_t version;
    uint32_t sections_count;
    uint64_t size_bytes;
    uint64_t checksum; // of everything behind the header
} header_t;

typedef struct {
    char name[ACT_MODEL_FILE_NAME_BYTES];
    uint64_t offset_bytes;
    uint64_t size_bytes;
} section_t;

struct act_model_file {
    const uint8_t *bytes; // mapped
    size_t size_bytes;
    uint32_t sections_count;
    const section_t *sections;
};

// Eight bytes at a time: a whole file is checked in a millisecond. Sizes are multiples of 8.
static uint64_t checksum(const uint8_t *bytes, size_t size_bytes)
{
    uint64_t sum = size_bytes;
    for (size_t i = 0; i + 8 <= size_bytes; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 32;
    }
    return sum;
}

// --- reading -------------------------------------------------------------------------------------

static bool section_is_sound(const section_t *section, size_t size_bytes)
{
    return memchr(section->name, '\0', sizeof section->name) && section->offset_bytes % 8 == 0 &&
           section->offset_bytes <= size_bytes &&
           section->size_bytes <= size_bytes - section->offset_bytes;
}

// NULL when the mapped bytes are a sound file, else what is wrong.
static const char *check(const uint8_t *bytes, size_t size_bytes)
{
    header_t header;
    if (size_bytes < sizeof header)
        return "too short";
    memcpy(&header, bytes, sizeof header);
    if (memcmp(header.magic, magic, sizeof magic) != 0)
        return "not a model file";
    if (header.version != ACT_MODEL_FILE_VERSION)
        return "made by another version; build again";
    if (header.size_bytes != size_bytes || size_bytes % 8 != 0 ||
        header.sections_count > ACT_MODEL_FILE_MAX_SECTIONS ||
        header.sections_count * sizeof(section_t) > size_bytes - sizeof header)
        return "cut short";
    if (header.checksum != checksum(bytes + sizeof header, size_bytes - sizeof header))
        return "damaged (checksum)";
    const section_t *sections = (const section_t *)(const void *)(bytes + sizeof header);
    for (uint32_t i = 0; i < header.sections_count; i++)
        if (!section_is_sound(&sections[i], size_bytes))
            return "damaged (section table)";
    return NULL;
}

static const char *map(int fd, const uint8_t **ret_bytes, size_t *ret_size_bytes)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return strerror(errno);
    if (status.st_size < (off_t)sizeof(header_t) || status.st_size > ACT_MODEL_FILE_MAX_BYTES)
        return "not a model file (size)";
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return strerror(errno);
    *ret_bytes = bytes;
    *ret_size_bytes = (size_t)status.st_size;
    return NULL;
}

static const char *open_checked(const char *path, const uint8_t **ret_bytes, size_t *ret_size_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return strerror(errno);
    const uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    const char *problem = map(fd, &bytes, &size_bytes);
    close(fd);
    if (problem)
        return problem;
    problem = check(bytes, size_bytes);
    if (problem) {
        munmap((void *)(uintptr_t)bytes, size_bytes);
        return problem;
    }
    // The check touched every page; only those that are used again shall count as ours.
    madvise((void *)(uintptr_t)bytes, size_bytes, MADV_DONTNEED);
    *ret_bytes = bytes;
    *ret_size_bytes = size_bytes;
    return NULL;
}

act_err_t act_model_file_open(const char *path, act_model_file_t **ret_file, act_buf_t *error)
{
    const uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    const char *problem = open_checked(path, &bytes, &size_bytes);
    if (problem) {
        act_buf_printf(error, "model file %s: %s", path, problem);
        return ACT_E_CONFIG;
    }
    const header_t *header = (const header_t *)(const void *)bytes;
    act_model_file_t *self = act_alloc(sizeof *self);
    self->bytes = bytes;
    self->size_bytes = size_bytes;
    self->sections_count = header->sections_count;
    self->sections = (const section_t *)(const void *)(bytes + sizeof *header);
    *ret_file = self;
    return ACT_E_OK;
}

void act_model_file_destroy(act_model_file_t **self_p)
{
    act_model_file_t *self = act_take(self_p);
    if (!self)
        return;
    munmap((void *)(uintptr_t)self->bytes, self->size_bytes);
    act_free(self);
}

act_str_t act_model_file_section(const act_model_file_t *self, const char *name)
{
    for (uint32_t i = 0; i < self->sections_count; i++)
        if (strcmp(self->sections[i].name, name) == 0)
            return act_str_of(self->bytes + self->sections[i].offset_bytes,
                              (size_t)self->sections[i].size_bytes);
    return act_str_of(NULL, 0);
}

// --- writing -------------------------------------------------------------------------------------

static size_t round_up(size_t size_bytes)
{
    return (size_bytes + 7) / 8 * 8;
}

static void add_section(act_buf_t *out, size_t start_bytes, uint32_t index,
                        const act_model_file_section_t *section)
{
    section_t row = {.offset_bytes = out->len_bytes - start_bytes,
                     .size_bytes = section->bytes.len_bytes};
    act_assert(act_str_copy(act_str(section->name), row.name, sizeof row.name));
    memcpy(out->ptr + start_bytes + sizeof(header_t) + index * sizeof row, &row, sizeof row);
    act_buf_add_str(out, section->bytes);
    static const char zeros[8];
    act_buf_add(out, zeros,
                round_up(out->len_bytes - start_bytes) - (out->len_bytes - start_bytes));
}

void act_model_file_pack(const act_model_file_section_t *sections, uint32_t count, act_buf_t *out)
{
    act_assert(count <= ACT_MODEL_FILE_MAX_SECTIONS);
    size_t start_bytes = out->len_bytes;
    size_t head_bytes = sizeof(header_t) + count * sizeof(section_t);
    char *head = act_buf_reserve(out, head_bytes);
    act_assert(head != NULL);
    memset(head, 0, head_bytes);
    out->len_bytes += head_bytes;
    for (uint32_t i = 0; i < count; i++)
        add_section(out, start_bytes, i, &sections[i]);
    act_assert(!out->is_overflowed);

    size_t size_bytes = out->len_bytes - start_bytes;
    const uint8_t *body = (const uint8_t *)out->ptr + start_bytes + sizeof(header_t);
    header_t header = {.version = ACT_MODEL_FILE_VERSION,
                       .sections_count = count,
                       .size_bytes = size_bytes,
                       .checksum = checksum(body, size_bytes - sizeof(header_t))};
    memcpy(header.magic, magic, sizeof magic);
    memcpy(out->ptr + start_bytes, &header, sizeof header);
}
