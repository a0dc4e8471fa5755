// assets: mapped, not read: pages that nobody asks for cost no memory.
#include "assets.h"

#include "base/mem.h"
#include "problem.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX_COUNT 512
#define FILE_MAX_BYTES (16u << 20)
#define INDEX "/index.html"
#define NONCE_MARK "@NONCE@"
#define NONCE_BYTES 16

struct assets {
    act_arena_t *arena;
    uint32_t count;
    asset_t items[FILES_MAX_COUNT];
};

// --- reading ---------------------------------------------------------------------------------------

static act_str_t map(const char *path)
{
    act_str_t bytes = {0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (descriptor < 0)
        return bytes;
    if (fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
        info.st_size <= FILE_MAX_BYTES) {
        void *at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (at != MAP_FAILED)
            bytes = act_str_of(at, (size_t)info.st_size);
    }
    (void)close(descriptor);
    return bytes;
}

static bool ends_with(act_str_t text, const char *end)
{
    size_t len_bytes = strlen(end);
    return text.len_bytes >= len_bytes &&
           memcmp(text.ptr + text.len_bytes - len_bytes, end, len_bytes) == 0;
}

static const char *type_of(act_str_t name)
{
    static const struct {
        const char *end;
        const char *type;
    } rows[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
        {".ico", "image/x-icon"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (ends_with(name, rows[i].end))
            return rows[i].type;
    return NULL;
}

static act_str_t find_mark(act_str_t page)
{
    const uint8_t *at = memmem(page.ptr, page.len_bytes, NONCE_MARK, strlen(NONCE_MARK));
    return at ? act_str_of(at, strlen(NONCE_MARK)) : (act_str_t){0};
}

static void add_file(assets_t *self, const char *folder, const char *prefix, const char *leaf)
{
    char path[PATH_MAX];
    act_str_t name = act_arena_printf(self->arena, "%s%s", prefix, leaf);
    const char *type = type_of(name);
    if (!type || self->count == FILES_MAX_COUNT)
        return;
    asset_t *asset = &self->items[self->count];
    *asset = (asset_t){.name = name, .type = type, .is_immutable = strcmp(prefix, "/") != 0};
    static const char *const ends[] = {"", ".gz", ".br"};
    act_str_t *const targets[] = {&asset->plain, &asset->gzip, &asset->brotli};
    for (size_t i = 0; i < ACT_COUNT(ends); i++) {
        int len = snprintf(path, sizeof path, "%s%s%s%s", folder, prefix, leaf, ends[i]);
        if (len > 0 && (size_t)len < sizeof path)
            *targets[i] = map(path);
    }
    if (act_str_empty(asset->plain))
        return;
    if (ends_with(name, ".html"))
        asset->nonce_mark = find_mark(asset->plain);
    (void)snprintf(asset->etag, sizeof asset->etag, "\"%016" PRIx64 "\"",
                   act_str_hash(asset->plain, 0));
    self->count++;
}

static void add_folder(assets_t *self, const char *folder, const char *prefix)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s%s", folder, prefix);
    DIR *directory = len > 0 && (size_t)len < sizeof path ? opendir(path) : NULL;
    if (!directory)
        return;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        if (entry->d_name[0] != '.')
            add_file(self, folder, prefix, entry->d_name);
    closedir(directory);
}

assets_t *assets_new(const char *folder)
{
    assets_t *self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    add_folder(self, folder, "/");
    add_folder(self, folder, "/assets/");
    return self;
}

static void unmap(act_str_t bytes)
{
    if (bytes.ptr)
        (void)munmap((void *)(uintptr_t)bytes.ptr, bytes.len_bytes);
}

void assets_destroy(assets_t **self_p)
{
    assets_t *self = act_take(self_p);
    if (!self)
        return;
    for (uint32_t i = 0; i < self->count; i++) {
        unmap(self->items[i].plain);
        unmap(self->items[i].gzip);
        unmap(self->items[i].brotli);
    }
    act_arena_destroy(&self->arena);
    act_free(self);
}

size_t assets_count(const assets_t *self)
{
    return self->count;
}

const asset_t *assets_find(const assets_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (act_str_eq(self->items[i].name, name))
            return &self->items[i];
    return NULL;
}

// --- serving ---------------------------------------------------------------------------------------

// "gzip;q=0.5, br" names br; "br;q=0" does not.
static bool accepts(act_str_t header, const char *coding)
{
    while (!act_str_empty(header)) {
        act_str_t rest = act_str_cut(&header, ',');
        act_str_t name = act_str_trim(act_str_cut(&rest, ';'));
        act_str_t weight = act_str_trim(rest);
        bool is_refused = act_str_is(weight, "q=0") || act_str_is(weight, "q=0.0");
        if (act_str_is(name, coding))
            return !is_refused;
    }
    return false;
}

act_str_t assets_encode(const asset_t *asset, act_str_t accept_encoding, const char **ret_encoding)
{
    const struct {
        const char *coding;
        act_str_t bytes;
    } choices[] = {{"br", asset->brotli}, {"gzip", asset->gzip}};
    for (size_t i = 0; i < ACT_COUNT(choices); i++) {
        *ret_encoding = choices[i].coding;
        if (!act_str_empty(choices[i].bytes) && accepts(accept_encoding, choices[i].coding))
            return choices[i].bytes;
    }
    *ret_encoding = NULL;
    return asset->plain;
}

static act_str_t header_of(act_http_request_t *request, const char *name)
{
    act_str_t value = {0};
    (void)act_http_header(request, name, &value);
    return value;
}

act_str_t assets_fill(const asset_t *page, act_arena_t *arena, const char *nonce)
{
    size_t before_bytes = (size_t)(page->nonce_mark.ptr - page->plain.ptr);
    size_t after_at = before_bytes + page->nonce_mark.len_bytes;
    act_str_t before = act_str_of(page->plain.ptr, before_bytes);
    act_str_t after = act_str_of(page->plain.ptr + after_at, page->plain.len_bytes - after_at);
    return act_arena_printf(arena, "%" ACT_STR_FMT "%s%" ACT_STR_FMT, ACT_STR_ARG(before), nonce,
                            ACT_STR_ARG(after));
}

// No two answers are the same, so there is nothing to compress beforehand, to tag or to keep.
static void send_page(const asset_t *page, act_http_request_t *request)
{
    act_arena_t *arena = act_http_arena(request);
    uint8_t bytes[NONCE_BYTES];
    char nonce[2 * NONCE_BYTES + 1];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(nonce, sizeof nonce, bytes, sizeof bytes);
    act_http_response_t response = {
        .status = 200,
        .content_type = page->type,
        .body = assets_fill(page, arena, nonce),
        .headers = act_arena_printf(
            arena, "Cache-Control: no-store\r\n" PROBLEM_SECURITY_HEADERS_STYLE(" 'nonce-%s'"),
            nonce),
    };
    act_http_respond(&request, &response);
}

static void send_asset(const asset_t *asset, act_http_request_t *request)
{
    const char *encoding = NULL;
    act_str_t bytes = assets_encode(asset, header_of(request, "accept-encoding"), &encoding);
    bool is_known = act_str_is(header_of(request, "if-none-match"), asset->etag);
    act_str_t headers = act_arena_printf(
        act_http_arena(request),
        "ETag: %s\r\nCache-Control: %s\r\nVary: Accept-Encoding\r\n%s%s%s" PROBLEM_SECURITY_HEADERS,
        asset->etag, asset->is_immutable ? "public, max-age=31536000, immutable" : "no-cache",
        encoding ? "Content-Encoding: " : "", encoding ? encoding : "", encoding ? "\r\n" : "");
    act_http_response_t response = {
        .status = is_known ? 304 : 200,
        .content_type = asset->type,
        .body = is_known ? ACT_STR("") : bytes,
        .headers = headers,
    };
    act_http_respond(&request, &response);
}

bool assets_serve(const assets_t *self, act_http_request_t *request)
{
    act_str_t method = act_http_method(request);
    if (!act_str_is(method, "GET") && !act_str_is(method, "HEAD"))
        return false;
    act_str_t accept = header_of(request, "accept");
    bool is_page = accept.ptr && memmem(accept.ptr, accept.len_bytes, "text/html", 9);
    const asset_t *asset = assets_find(self, act_http_path(request));
    if (!asset && (is_page || act_str_is(act_http_path(request), "/")))
        asset = assets_find(self, ACT_STR(INDEX));
    if (asset && !act_str_empty(asset->nonce_mark))
        send_page(asset, request);
    else if (asset)
        send_asset(asset, request);
    return asset != NULL;
}
