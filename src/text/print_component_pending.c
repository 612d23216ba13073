/* Holds the place of the component printer, which replaces this file. */
#include "text/text.h"

void sgi_text_extern_type(Buf *text, const ExternType *type) {
    (void)text, (void)type;
}

sg_status sgi_text_print_component(const LoadContext *cx, const Component *component, Buf *text) {
    (void)component, (void)text;
    return sgi_fail(cx->err, SG_UNSUPPORTED, SG_NO_OFFSET, "components cannot be printed yet", "%s", "");
}
