// graph_hang_up: the one place that looks behind http_server.h, which has no such function, as no
// service may treat a client like this.
#include "sim/graph_hang_up.h"

#include "io/http_server_private.h"

#include <sys/socket.h>

void graph_hang_up(act_http_request_t **request_p)
{
    if (!act_http_is_gone(*request_p))
        (void)shutdown(lws_get_socket_fd((*request_p)->connection->wsi), SHUT_RDWR);
    // Nothing of this arrives; it returns the request to the server.
    act_http_respond(request_p, &(act_http_response_t){.status = 503});
}
