// settings: the operator's settings, checked before anything is started. The names are those that
// operators of such systems know; they configure the first tenant.
#pragma once
#include "base/config.h"

// Loads .env from the source folder and checks everything. On ACT_E_CONFIG *error has one line that
// names the setting and shows an example.
ACT_MUST_CHECK act_err_t settings_load(const char *source, act_config_t **ret_settings,
                                       act_buf_t *error);

// Are the settings of WhatsApp there?
bool settings_has_whatsapp(const act_config_t *settings);
