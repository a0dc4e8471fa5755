// mail: composed on the loop, sent by one easy handle on a thread.
#include "io/mail.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/time.h"
#include "io/http_address.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 20000
#define LINE_BYTES 57 // of text, 76 in base64 (RFC 2045)
#define MESSAGE_MAX_BYTES (256u << 10)
#define SUBJECT_MAX_COUNT 200 // characters
#define WORD_MAX_COUNT 11     // of at most four bytes: 60 in base64

typedef struct {
    uv_work_t work;
    char url[300], user[160], password[512], from[330], to[330];
    act_buf_t message;
    size_t sent_bytes;
    uint32_t timeout_ms;
    bool needs_tls, allow_private_addresses, was_refused;
    act_mail_result_t result;
    act_mail_done_fn *done;
    void *context;
} job_t;

// --- the message -----------------------------------------------------------------------------------

static void add_base64(act_str_t bytes, act_buf_t *out)
{
    char room[LINE_BYTES * 2];
    sodium_bin2base64(room, sizeof room, (const unsigned char *)bytes.ptr, bytes.len_bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    act_buf_add_str(out, act_str(room));
}

// RFC 2047: words of at most 75 characters.
static void add_subject(act_str_t subject, act_buf_t *out)
{
    act_str_t rest = act_utf8_prefix(act_str_cut(&subject, '\n'), SUBJECT_MAX_COUNT);
    act_buf_printf(out, rest.len_bytes > 0 ? "Subject:" : "Subject:\r\n");
    while (rest.len_bytes > 0) {
        act_str_t word = act_utf8_prefix(rest, WORD_MAX_COUNT);
        act_buf_printf(out, " =?UTF-8?B?");
        add_base64(word, out);
        act_buf_printf(out, "?=\r\n");
        rest.ptr += word.len_bytes;
        rest.len_bytes -= word.len_bytes;
    }
}

void act_mail_compose(const act_mail_t *mail, int64_t now_s, act_buf_t *out)
{
    char date[64];
    struct tm utc;
    time_t now = (time_t)now_s;
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
    act_buf_printf(out, "From: <%s>\r\nTo: <%s>\r\nDate: %s\r\nMessage-ID: <%" ACT_STR_FMT ">\r\n",
                   mail->from, mail->to, date, ACT_STR_ARG(mail->message_id));
    add_subject(mail->subject, out);
    act_buf_printf(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n"
                        "\r\n");
    for (size_t at = 0; at < mail->text.len_bytes; at += LINE_BYTES) {
        size_t left = mail->text.len_bytes - at;
        add_base64(act_str_of(mail->text.ptr + at, left < LINE_BYTES ? left : LINE_BYTES), out);
        act_buf_printf(out, "\r\n");
    }
}

// Nothing that could end a line or an address (injection of headers or commands).
static bool is_address(const char *text)
{
    size_t len_bytes = text ? strlen(text) : 0;
    bool is_good = len_bytes >= 3 && len_bytes <= 254 && strchr(text, '@');
    for (size_t i = 0; is_good && i < len_bytes; i++)
        is_good =
            (unsigned char)text[i] > ' ' && text[i] != 0x7f && !strchr("<>\"\\,;:()", text[i]);
    return is_good;
}

static bool is_host(const char *text)
{
    size_t len_bytes = text ? strlen(text) : 0;
    return len_bytes > 0 && len_bytes <= 253 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
               len_bytes;
}

// --- on the thread ---------------------------------------------------------------------------------

static size_t give_bytes(char *room, size_t item_bytes, size_t count, void *context)
{
    job_t *job = context;
    size_t left = job->message.len_bytes - job->sent_bytes;
    size_t len_bytes = left < item_bytes * count ? left : item_bytes * count;
    memcpy(room, job->message.ptr + job->sent_bytes, len_bytes);
    job->sent_bytes += len_bytes;
    return len_bytes;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    job_t *job = context;
    (void)purpose;
    if (!job->allow_private_addresses && !act_http_address_is_public(&address->addr)) {
        job->was_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void set_options(CURL *easy, job_t *job, struct curl_slist *to)
{
    curl_easy_setopt(easy, CURLOPT_URL, job->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(job->needs_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)job->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, job->from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_bytes);
    curl_easy_setopt(easy, CURLOPT_READDATA, job);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, job);
    if (job->user[0]) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, job->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, job->password);
    }
}

static void work(uv_work_t *uv)
{
    job_t *job = uv->data;
    CURL *easy = curl_easy_init();
    struct curl_slist *to = curl_slist_append(NULL, job->to);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long reply = 0;
    if (easy && to) {
        set_options(easy, job, to);
        code = curl_easy_perform(easy);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    }
    curl_slist_free_all(to);
    curl_easy_cleanup(easy);
    explicit_bzero(job->password, sizeof job->password);
    job->result.err = job->was_refused ? ACT_E_FORBIDDEN : code == CURLE_OK ? ACT_E_OK : ACT_E_IO;
    job->result.is_final = job->was_refused || (code != CURLE_OK && reply >= 500 && reply < 600);
    snprintf(job->result.text, sizeof job->result.text, "%s (reply %ld)",
             job->was_refused ? "the address is not public" : curl_easy_strerror(code), reply);
}

static void after(uv_work_t *uv, int status)
{
    job_t *job = uv->data;
    (void)status;
    job->done(job->context, &job->result);
    act_buf_fini(&job->message);
    act_free(job);
}

// --- life ------------------------------------------------------------------------------------------

static void refuse_later(uv_work_t *uv)
{
    (void)uv;
}

void act_mail_send(act_loop_t *loop, const act_mail_t *mail, act_mail_done_fn *done, void *context)
{
    job_t *job = act_alloc(sizeof *job);
    *job = (job_t){.done = done,
                   .context = context,
                   .needs_tls = mail->security != ACT_MAIL_PLAIN,
                   .timeout_ms = mail->timeout_ms ? mail->timeout_ms : TIMEOUT_MS,
                   .allow_private_addresses = mail->allow_private_addresses};
    bool is_tls = mail->security == ACT_MAIL_TLS;
    bool is_good = is_host(mail->host) && is_address(mail->from) && is_address(mail->to);
    job->work.data = job;
    act_buf_init(&job->message, MESSAGE_MAX_BYTES);
    if (is_good) {
        snprintf(job->url, sizeof job->url, "%s://%s:%u", is_tls ? "smtps" : "smtp", mail->host,
                 mail->port ? mail->port
                 : is_tls   ? 465u
                            : 587u);
        snprintf(job->from, sizeof job->from, "<%s>", mail->from);
        snprintf(job->to, sizeof job->to, "<%s>", mail->to);
        act_str_copy(act_str(mail->user), job->user, sizeof job->user);
        act_str_copy(act_str(mail->password), job->password, sizeof job->password);
        act_mail_compose(mail, act_time_wall_us() / 1000000, &job->message);
    }
    if (!is_good || job->message.is_overflowed)
        job->result = (act_mail_result_t){.err = ACT_E_INVALID_ARGUMENT,
                                          .is_final = true,
                                          .text = "host, from or to is none, or the text is long"};
    bool is_refused = job->result.err != ACT_E_OK;
    uv_queue_work(act_loop_uv(loop), &job->work, is_refused ? refuse_later : work, after);
}
