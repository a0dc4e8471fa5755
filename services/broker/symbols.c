// symbols: reads .symtab of an ELF64 file. The file is ours, but whatever it says is checked: a build
// may be replacing it just now.
#include "symbols.h"

#include "base/buf.h"
#include "base/mem.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLE_MAX_BYTES (32u << 20)
#define SECTIONS_MAX_COUNT 256u
#define NAME_MAX_BYTES 128

typedef struct {
    Elf64_Sym *symbols;
    size_t count;
    char *names; // ended by '\0'
    size_t names_bytes;
} table_t;

static void *read_part(int descriptor, uint64_t offset, uint64_t size_bytes)
{
    if (size_bytes == 0 || size_bytes > TABLE_MAX_BYTES || offset > INT64_MAX)
        return NULL;
    char *bytes = act_alloc(size_bytes + 1);
    if (pread(descriptor, bytes, size_bytes, (off_t)offset) == (ssize_t)size_bytes)
        return bytes;
    act_free(bytes);
    return NULL;
}

static void read_sections(int descriptor, const Elf64_Ehdr *head, table_t *table)
{
    Elf64_Shdr *sections =
        read_part(descriptor, head->e_shoff, (uint64_t)head->e_shnum * sizeof *sections);
    for (size_t i = 0; sections && i < head->e_shnum && !table->symbols; i++) {
        const Elf64_Shdr *at = &sections[i];
        if (at->sh_type != SHT_SYMTAB || at->sh_link >= head->e_shnum)
            continue;
        table->symbols = read_part(descriptor, at->sh_offset, at->sh_size);
        table->count = table->symbols ? at->sh_size / sizeof *table->symbols : 0;
        table->names_bytes = sections[at->sh_link].sh_size;
        table->names = read_part(descriptor, sections[at->sh_link].sh_offset, table->names_bytes);
    }
    act_free(sections);
}

static table_t read_table(const char *path)
{
    table_t table = {0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    Elf64_Ehdr head;
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
        pread(descriptor, &head, sizeof head, 0) == sizeof head &&
        memcmp(head.e_ident, ELFMAG, SELFMAG) == 0 && head.e_ident[EI_CLASS] == ELFCLASS64 &&
        head.e_shentsize == sizeof(Elf64_Shdr) && head.e_shnum <= SECTIONS_MAX_COUNT)
        read_sections(descriptor, &head, &table);
    if (descriptor >= 0)
        close(descriptor);
    return table;
}

static void free_table(table_t *table)
{
    act_free(table->symbols);
    act_free(table->names);
}

// The function that holds this address of the file.
static const Elf64_Sym *find(const table_t *table, uint64_t address)
{
    for (size_t i = 0; table->names && i < table->count; i++) {
        const Elf64_Sym *at = &table->symbols[i];
        if (ELF64_ST_TYPE(at->st_info) == STT_FUNC && at->st_name < table->names_bytes &&
            address >= at->st_value && address - at->st_value < at->st_size)
            return at;
    }
    return NULL;
}

static void name_line(const table_t *table, const char *program, act_str_t line, act_buf_t *out)
{
    size_t len = strlen(program);
    static const char mark[] = "(+0x";
    char *end = NULL;
    const Elf64_Sym *symbol = NULL;
    uint64_t address = 0;
    if (line.len_bytes > len + sizeof mark && memcmp(line.ptr, program, len) == 0 &&
        memcmp(line.ptr + len, mark, sizeof mark - 1) == 0) {
        address = strtoull(line.ptr + len + sizeof mark - 1, &end, 16);
        symbol = find(table, address);
    }
    if (!symbol) {
        act_buf_add_str(out, line);
        return;
    }
    act_buf_printf(out, "%s(%.*s+0x%" PRIx64, program, NAME_MAX_BYTES,
                   table->names + symbol->st_name, address - symbol->st_value);
    act_buf_add(out, end, (size_t)(line.ptr + line.len_bytes - end));
}

void symbols_name_frames(const char *program, char *text, size_t size_bytes)
{
    if (!*text)
        return;
    table_t table = read_table(program);
    act_buf_t out;
    act_buf_init(&out, 4 * size_bytes);
    for (const char *at = text; *at;) {
        const char *end = strchrnul(at, '\n');
        name_line(&table, program, act_str_of(at, (size_t)(end - at)), &out);
        if (*end)
            act_buf_add_char(&out, '\n');
        at = *end ? end + 1 : end;
    }
    if (!out.is_overflowed && out.len_bytes < size_bytes)
        act_str_copy(act_buf_str(&out), text, size_bytes);
    act_buf_fini(&out);
    free_table(&table);
}
