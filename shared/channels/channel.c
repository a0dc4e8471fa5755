// channel: the table of channels.
#include "channels/channel.h"

#include "base/mem.h"
#include "channels/whatsapp/whatsapp.h"

const act_channel_t *const act_channels[] = {
    &whatsapp_channel,
    NULL,
};

const act_channel_t *act_channel_find(act_str_t name)
{
    for (const act_channel_t *const *at = act_channels; *at; at++)
        if (act_str_is(name, (*at)->name))
            return *at;
    return NULL;
}

bool act_channel_is_media(act_str_t type)
{
    static const char *const types[] = {"image", "audio", "video", "document"};
    for (size_t i = 0; i < ACT_COUNT(types); i++)
        if (act_str_is(type, types[i]))
            return true;
    return false;
}

const act_channel_media_t *act_channel_media_find(const act_channel_media_t *media, act_str_t type)
{
    for (const act_channel_media_t *at = media; at && at->type; at++)
        if (act_str_is(type, at->type))
            return at;
    return NULL;
}
