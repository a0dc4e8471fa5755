// whatsapp: Meta's WhatsApp Cloud API as a channel. The only header of this folder that is used
// outside of it, and only by the table in channel.c.
#pragma once
#include "channels/channel.h"

extern const act_channel_t whatsapp_channel;
