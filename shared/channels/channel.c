// channel: the table of channels.
#include "channels/channel.h"

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
