/* sg_bytes (wat.h): what the library makes and hands out. */
#include "api/private.h"

#include <sandglass/wat.h>

#include <stdlib.h>

void sg_bytes_delete(sg_bytes *bytes) {
    if (bytes == NULL)
        return;
    free(bytes->data);
    *bytes = (sg_bytes){0};
}

sg_status sgi_hand_out(const LoadContext *cx, const Buf *buf, sg_bytes *bytes) {
    if (buf->failed)
        return sgi_load_no_memory(cx);
    uint8_t *data = malloc(buf->size ? buf->size : 1);
    if (data == NULL)
        return sgi_fail_memory(cx->err);
    if (buf->size > 0)
        memcpy(data, buf->data, buf->size);
    *bytes = (sg_bytes){data, buf->size};
    return SG_OK;
}
