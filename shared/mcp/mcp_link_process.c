// mcp_link_process: one message a line on the standard streams of a child. What is no JSON object is
// passed over by whoever reads it; a line that does not end is the end of the process.
#include "mcp/mcp_link.h"

#include "base/buf.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 2000
#define UNSENT_MAX_BYTES (8u << 20)

typedef struct {
    mcp_link_t base;
    act_loop_t *loop;
    uv_process_t process;
    uv_pipe_t input, output;
    act_timer_t *patience;
    act_buf_t line;
    char room[65536];
    int handles_count; // that are not closed yet
    bool is_running, is_leaving, is_ended;
    int kills_count;
    void (*on_gone)(void *context); // may be NULL
    void *gone_context;
} process_link_t;

static void free_if_closed(process_link_t *self)
{
    if (self->handles_count > 0 || !self->is_leaving)
        return;
    act_timer_destroy(&self->patience);
    act_buf_fini(&self->line);
    if (self->on_gone)
        self->on_gone(self->gone_context);
    act_free(self);
}

static void on_closed(uv_handle_t *handle)
{
    process_link_t *self = handle->data;
    self->handles_count--;
    free_if_closed(self);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void tell_end(process_link_t *self, const char *text)
{
    if (self->is_ended || self->is_leaving)
        return;
    self->is_ended = true;
    self->base.events.on_end(self->base.events.context,
                             &(mcp_end_t){.err = ACT_E_UNAVAILABLE, .text = text});
}

// --- its output ----------------------------------------------------------------------------------

static void take_lines(process_link_t *self, act_str_t bytes)
{
    while (!act_str_empty(bytes) && !self->is_leaving) {
        const char *end = memchr(bytes.ptr, '\n', bytes.len_bytes);
        size_t len_bytes = end ? (size_t)(end - bytes.ptr) : bytes.len_bytes;
        act_buf_add(&self->line, bytes.ptr, len_bytes);
        bytes = act_str_of(bytes.ptr + len_bytes, bytes.len_bytes - len_bytes);
        if (!end)
            break;
        bytes = act_str_of(bytes.ptr + 1, bytes.len_bytes - 1);
        act_str_t line = act_str_trim(act_buf_str(&self->line));
        if (!act_str_empty(line) && !self->line.is_overflowed)
            self->base.events.on_message(self->base.events.context, line);
        act_buf_reset(&self->line);
    }
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_room)
{
    (void)wanted;
    process_link_t *self = handle->data;
    *ret_room = uv_buf_init(self->room, sizeof self->room);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *room)
{
    process_link_t *self = stream->data;
    if (count > 0)
        take_lines(self, act_str_of(room->base, (size_t)count));
    if (count < 0 || self->line.is_overflowed)
        tell_end(self, count < 0 ? "the server closed its output" : "a line is too long");
}

// --- its input -----------------------------------------------------------------------------------

static void on_written(uv_write_t *write, int status)
{
    (void)status; // its end is told by its output
    act_free(write);
}

static void send_message(mcp_link_t *link, const mcp_out_t *out)
{
    process_link_t *self = (process_link_t *)link;
    if (!self->is_running ||
        uv_stream_get_write_queue_size((uv_stream_t *)&self->input) + out->text.len_bytes >
            UNSENT_MAX_BYTES)
        return; // the request's own time runs out
    uv_write_t *write = act_alloc(sizeof *write + out->text.len_bytes + 1);
    char *bytes = (char *)(write + 1);
    memcpy(bytes, out->text.ptr, out->text.len_bytes);
    bytes[out->text.len_bytes] = '\n';
    uv_buf_t buf = uv_buf_init(bytes, (unsigned)out->text.len_bytes + 1);
    if (uv_write(write, (uv_stream_t *)&self->input, &buf, 1, on_written) != 0)
        act_free(write);
}

static void cancel(mcp_link_t *link, uint64_t id)
{
    (void)link; // the client says it in a message
    (void)id;
}

// --- life ----------------------------------------------------------------------------------------

static void on_exit_of(uv_process_t *process, int64_t status, int signal_number)
{
    (void)status;
    (void)signal_number;
    process_link_t *self = process->data;
    self->is_running = false;
    close_handle((uv_handle_t *)process);
    tell_end(self, "the server ended");
}

static void on_patience(void *context)
{
    process_link_t *self = context;
    if (self->is_running)
        uv_process_kill(&self->process, self->kills_count++ == 0 ? SIGTERM : SIGKILL);
}

static void destroy(mcp_link_t *link)
{
    process_link_t *self = (process_link_t *)link;
    self->is_leaving = true;
    close_handle((uv_handle_t *)&self->input);
    close_handle((uv_handle_t *)&self->output);
    if (self->is_running)
        act_timer_start(self->patience, PATIENCE_MS, PATIENCE_MS);
    else
        free_if_closed(self);
}

mcp_link_t *mcp_link_process(act_loop_t *loop, const mcp_process_spec_t *spec,
                             const mcp_link_events_t *events)
{
    process_link_t *self = act_alloc(sizeof *self);
    self->base =
        (mcp_link_t){.send = send_message, .cancel = cancel, .destroy = destroy, .events = *events};
    self->loop = loop;
    self->patience = act_timer_new(loop, on_patience, self);
    act_buf_init(&self->line, MCP_MESSAGE_MAX_BYTES);
    uv_loop_t *uv = act_loop_uv(loop);
    uv_pipe_init(uv, &self->input, 0);
    uv_pipe_init(uv, &self->output, 0);
    self->process.data = self->input.data = self->output.data = self;
    self->handles_count = 3;
    uv_stdio_container_t streams[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&self->input},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&self->output},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {.file = spec->argv[0],
                                    .args = (char **)(uintptr_t)spec->argv,
                                    .env = (char **)(uintptr_t)spec->env,
                                    .exit_cb = on_exit_of,
                                    .stdio = streams,
                                    .stdio_count = 3};
    self->is_running = uv_spawn(uv, &self->process, &options) == 0;
    if (!self->is_running) {
        self->is_leaving = true; // uv_spawn has made the handle all the same
        close_handle((uv_handle_t *)&self->process);
        close_handle((uv_handle_t *)&self->input);
        close_handle((uv_handle_t *)&self->output);
        return NULL;
    }
    self->on_gone = spec->on_gone;
    self->gone_context = spec->context;
    uv_read_start((uv_stream_t *)&self->output, on_alloc, on_read);
    return &self->base;
}
