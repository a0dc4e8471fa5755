// outbound: OutboundContent -> requests of the Cloud API (reference: channels.md 1.9 to 1.11).
// Services use the plug point of channels/channel.h, whose members these functions are.
//
// Shaping, never failing (limits in code points):
//   text       over 4096: whatsapp_split makes several; render alone cuts. No link previews:
//   fetching
//              a link could carry text away that a model was talked into putting there
//   buttons    without choices: text; more than 3: a list; title over 20: cut; two titles that
//              became equal: numbered
//   list       more than 10 rows: the first 10; title 24, description 72, label 20 ("Menu" if none)
//   body       of buttons and lists over 1024: whatsapp_split sends the beginning as text and
//   leaves
//              the end to the buttons; render alone cuts. None: the header, else an ellipsis
//   header, footer  60
//   choice ids 256 (buttons), 200 (rows): cut; a second choice with the same id is left out
//   media      image, audio, video, document by link; caption 1024 (audio: none), file name 240 (documents
//              alone)
//   template   parameters on one line; an empty one is "-", as the API refuses it
#pragma once
#include "channels/channel.h"

#define WHATSAPP_DEFAULT_BASE_URL "https://graph.facebook.com"
#define WHATSAPP_DEFAULT_VERSION "v26.0"

// See act_channel_t.media.
extern const act_channel_media_t whatsapp_media[];

// See act_channel_t.split.
void whatsapp_split(const outbound_content_t *content, act_arena_t *arena,
                    act_channel_contents_t *ret_contents);

// See act_channel_t.render. An address of digits (with or without "+") is a phone and goes to "to",
// any other is a business-scoped user id and goes to "recipient".
act_err_t whatsapp_render(const act_channel_send_t *send, act_arena_t *arena,
                          act_http_out_t *ret_request);

// Marks the message, and those before it, as read, and shows that we are writing (for 25 s at
// most).
act_err_t whatsapp_render_typing(const act_channel_account_t *account, act_str_t external_id,
                                 act_arena_t *arena, act_http_out_t *ret_request);

// "<base>/<version>/<external id>/messages", terminated. INVALID_ARGUMENT when a part is not what
// it should be: nothing from configuration may lead the token to another path.
act_err_t whatsapp_messages_url(const act_channel_account_t *account, act_arena_t *arena,
                                act_str_t *ret_url);
