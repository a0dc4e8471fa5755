// http_server_head: one pass to find the end, one pass over the lines. RFC 9112, sections 2 to 6.
#include "io/http_server_head.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

// --- characters ----------------------------------------------------------------------------------

// One bit for each ASCII character; the test writes out what they stand for.
// RFC 9110, section 5.6.2: letters, digits and !#$%&'*+-.^_`|~
static const uint64_t token_bits[2] = {UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe)};
// What may stand in a request target: visible characters except # " < > and the backslash.
static const uint64_t target_bits[2] = {UINT64_C(0xaffffff200000000), UINT64_C(0x7fffffffefffffff)};

static bool is_in(unsigned char c, const uint64_t bits[2])
{
    return c < 128 && (bits[c >> 6] >> (c & 63) & 1) != 0;
}

static bool is_all(act_str_t text, const uint64_t bits[2])
{
    for (size_t i = 0; i < text.len_bytes; i++) {
        if (!is_in((unsigned char)text.ptr[i], bits))
            return false;
    }
    return true;
}

// Visible characters, blanks, and bytes of other alphabets; no control characters.
static bool is_value(act_str_t text)
{
    for (size_t i = 0; i < text.len_bytes; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool is_no_case(act_str_t text, const char *lower)
{
    size_t len_bytes = strlen(lower);
    return text.len_bytes == len_bytes && strncasecmp(text.ptr, lower, len_bytes) == 0;
}

// --- the end -------------------------------------------------------------------------------------

// One empty line before a request is passed over (RFC 9112, section 2.2).
static size_t leading_bytes(act_str_t bytes)
{
    return bytes.len_bytes >= 2 && bytes.ptr[0] == '\r' && bytes.ptr[1] == '\n' ? 2 : 0;
}

static uint16_t check_length(size_t from, size_t to)
{
    if (to > ACT_HTTP_HEAD_MAX_BYTES)
        return 431;
    if (to - from <= ACT_HTTP_LINE_MAX_BYTES)
        return 0;
    return from <= 2 ? 414 : 431; // the first line is too long because of its target
}

size_t act_http_head_end(act_str_t bytes, size_t *checked_bytes, uint16_t *ret_status)
{
    size_t line = *checked_bytes; // where the first line starts that is not complete yet
    *ret_status = 0;
    if (line == 0)
        line = leading_bytes(bytes);
    // Something else altogether, a TLS greeting for example, need not wait for its first line end.
    if (line <= 2 && line < bytes.len_bytes && bytes.ptr[line] != '\r' &&
        !is_in((unsigned char)bytes.ptr[line], token_bits)) {
        *ret_status = 400;
        return 0;
    }
    while (line < bytes.len_bytes) {
        const char *end = memchr(bytes.ptr + line, '\n', bytes.len_bytes - line);
        size_t next = end ? (size_t)(end - bytes.ptr) + 1 : bytes.len_bytes;
        *ret_status = check_length(line, next);
        if (*ret_status == 0 && end && (next < line + 2 || end[-1] != '\r'))
            *ret_status = 400;
        if (*ret_status != 0)
            return 0;
        if (!end)
            break;
        if (next == line + 2)
            return next;
        line = next;
    }
    *checked_bytes = line;
    return 0;
}

// --- the request line ----------------------------------------------------------------------------

// "http://host/path" is legal towards a server, too; what counts here is the path.
static act_str_t without_authority(act_str_t target)
{
    size_t scheme_bytes = 0;
    if (target.len_bytes >= 8 && strncasecmp(target.ptr, "https://", 8) == 0)
        scheme_bytes = 8;
    else if (target.len_bytes >= 7 && strncasecmp(target.ptr, "http://", 7) == 0)
        scheme_bytes = 7;
    if (scheme_bytes == 0)
        return target;
    size_t at = scheme_bytes;
    while (at < target.len_bytes && target.ptr[at] != '/' && target.ptr[at] != '?')
        at++;
    if (at == scheme_bytes)
        return target;
    return at == target.len_bytes ? ACT_STR("/")
                                  : act_str_of(target.ptr + at, target.len_bytes - at);
}

static uint16_t parse_target(act_str_t target, act_http_head_t *head)
{
    if (target.len_bytes > ACT_HTTP_TARGET_MAX_BYTES)
        return 414;
    if (act_str_is(target, "*") && act_str_is(head->method, "OPTIONS")) {
        head->path = target;
        head->query = ACT_STR("");
        return 0;
    }
    act_str_t rest = without_authority(target);
    bool is_absolute = rest.ptr != target.ptr;
    bool is_path =
        rest.len_bytes > 0 && (rest.ptr[0] == '/' || (is_absolute && rest.ptr[0] == '?'));
    if (!is_path || !is_all(rest, target_bits))
        return 400;
    head->path = act_str_cut(&rest, '?');
    head->query = rest;
    if (act_str_empty(head->path))
        head->path = ACT_STR("/");
    return 0;
}

static uint16_t parse_version(act_str_t version, act_http_head_t *head)
{
    if (version.len_bytes != 8 || memcmp(version.ptr, "HTTP/", 5) != 0 || version.ptr[6] != '.')
        return 400;
    char major = version.ptr[5];
    char minor = version.ptr[7];
    if (major < '0' || major > '9' || minor < '0' || minor > '9')
        return 400;
    head->is_http_1_0 = minor == '0';
    return major == '1' ? 0 : 505;
}

static uint16_t parse_request_line(act_str_t line, act_http_head_t *head)
{
    head->method = act_str_cut(&line, ' ');
    act_str_t target = act_str_cut(&line, ' ');
    if (act_str_empty(head->method) || head->method.len_bytes > 32 ||
        !is_all(head->method, token_bits))
        return 400;
    uint16_t status = parse_version(line, head);
    return status != 0 ? status : parse_target(target, head);
}

// --- fields --------------------------------------------------------------------------------------

static act_str_t trim_blanks(act_str_t text)
{
    while (text.len_bytes > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len_bytes--;
    }
    while (text.len_bytes > 0 &&
           (text.ptr[text.len_bytes - 1] == ' ' || text.ptr[text.len_bytes - 1] == '\t'))
        text.len_bytes--;
    return text;
}

static void put_in_lower_case(char *bytes, size_t len_bytes)
{
    for (size_t i = 0; i < len_bytes; i++) {
        if (bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] = (char)(bytes[i] | 0x20);
    }
}

static uint16_t parse_field(char *line, size_t len_bytes, act_http_head_t *head)
{
    const char *colon = memchr(line, ':', len_bytes);
    if (!colon || colon == line)
        return 400;
    if (head->fields_count == ACT_HTTP_FIELDS_MAX_COUNT)
        return 431;
    size_t name_bytes = (size_t)(colon - line);
    act_str_t name = act_str_of(line, name_bytes);
    act_str_t value = trim_blanks(act_str_of(colon + 1, len_bytes - name_bytes - 1));
    // A folded line starts with a blank, which no token holds.
    if (!is_all(name, token_bits) || !is_value(value))
        return 400;
    put_in_lower_case(line, name_bytes);
    head->fields[head->fields_count++] = (act_http_field_t){.name = name, .value = value};
    return 0;
}

// --- fields that decide about the connection -----------------------------------------------------

static uint16_t on_content_length(act_http_head_t *head, act_str_t value)
{
    if (head->content_length_bytes != ACT_HTTP_NO_LENGTH || act_str_empty(value))
        return 400;
    uint64_t length_bytes = 0;
    for (size_t i = 0; i < value.len_bytes; i++) {
        unsigned digit = (unsigned)(unsigned char)value.ptr[i] - '0';
        if (digit > 9)
            return 400;
        if (length_bytes > UINT64_MAX / 100)
            return 413;
        length_bytes = length_bytes * 10 + digit;
    }
    head->content_length_bytes = length_bytes;
    return 0;
}

static uint16_t on_transfer_encoding(act_http_head_t *head, act_str_t value)
{
    if (head->is_chunked || head->is_http_1_0 || !is_no_case(value, "chunked"))
        return 400;
    head->is_chunked = true;
    return 0;
}

static uint16_t on_connection(act_http_head_t *head, act_str_t value)
{
    while (!act_str_empty(value)) {
        act_str_t option = trim_blanks(act_str_cut(&value, ','));
        if (is_no_case(option, "close")) {
            head->is_keep_alive = false;
            return 0;
        }
        if (is_no_case(option, "keep-alive"))
            head->is_keep_alive = true;
    }
    return 0;
}

static uint16_t on_expect(act_http_head_t *head, act_str_t value)
{
    if (!is_no_case(value, "100-continue"))
        return 417;
    head->expects_continue = !head->is_http_1_0;
    return 0;
}

static uint16_t on_host(act_http_head_t *head, act_str_t value)
{
    (void)head;
    return memchr(value.ptr, ' ', value.len_bytes) || memchr(value.ptr, ',', value.len_bytes) ? 400
                                                                                              : 0;
}

static const struct {
    act_str_t name;
    uint16_t (*on_field)(act_http_head_t *head, act_str_t value);
} known_fields[] = {
    {ACT_STR_INIT("host"), on_host},
    {ACT_STR_INIT("content-length"), on_content_length},
    {ACT_STR_INIT("connection"), on_connection},
    {ACT_STR_INIT("transfer-encoding"), on_transfer_encoding},
    {ACT_STR_INIT("expect"), on_expect},
};

static uint16_t check_fields(act_http_head_t *head)
{
    uint32_t hosts_count = 0;
    for (uint32_t i = 0; i < head->fields_count; i++) {
        const act_http_field_t *field = &head->fields[i];
        for (size_t k = 0; k < ACT_COUNT(known_fields); k++) {
            if (!act_str_eq(field->name, known_fields[k].name))
                continue;
            uint16_t status = known_fields[k].on_field(head, field->value);
            if (status != 0)
                return status;
            hosts_count += k == 0;
        }
    }
    if (hosts_count > 1 || (hosts_count == 0 && !head->is_http_1_0))
        return 400;
    return head->is_chunked && head->content_length_bytes != ACT_HTTP_NO_LENGTH ? 400 : 0;
}

uint16_t act_http_head_parse(char *bytes, size_t len_bytes, act_http_head_t *ret_head)
{
    size_t at = leading_bytes(act_str_of(bytes, len_bytes));
    size_t lines_count = 0;
    ret_head->fields_count = 0;
    ret_head->content_length_bytes = ACT_HTTP_NO_LENGTH;
    ret_head->is_chunked = false;
    ret_head->expects_continue = false;
    for (;;) {
        const char *end = memchr(bytes + at, '\r', len_bytes - at);
        if (!end || end + 1 >= bytes + len_bytes || end[1] != '\n')
            return 400; // a CR inside a line
        size_t line_bytes = (size_t)(end - bytes) - at;
        if (line_bytes == 0)
            break;
        uint16_t status = lines_count++ == 0
                              ? parse_request_line(act_str_of(bytes + at, line_bytes), ret_head)
                              : parse_field(bytes + at, line_bytes, ret_head);
        if (status != 0)
            return status;
        at += line_bytes + 2;
    }
    ret_head->is_keep_alive = !ret_head->is_http_1_0;
    return lines_count > 0 ? check_fields(ret_head) : 400;
}

size_t act_http_decode(act_str_t text, bool is_query, char *ret_bytes, bool *ret_is_valid)
{
    size_t len_bytes = 0;
    bool is_valid = true;
    for (size_t i = 0; i < text.len_bytes; i++) {
        char c = text.ptr[i];
        if (c == '+' && is_query) {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < text.len_bytes ? hex_digit(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;
            if (low < 0 || (high == 0 && low == 0)) {
                is_valid = false;
            } else {
                c = (char)(high << 4 | low);
                i += 2;
            }
        }
        ret_bytes[len_bytes++] = c;
    }
    if (ret_is_valid)
        *ret_is_valid = is_valid;
    return len_bytes;
}
