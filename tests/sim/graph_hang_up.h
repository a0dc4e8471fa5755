// graph_hang_up: ends a request by closing its connection without an answer.
#pragma once
#include "io/http_server.h"

void graph_hang_up(act_http_request_t **request_p);
