/* Text with lines of any length → the same with lines as long as ours. Code breaks behind commas, comments at
 * blanks; what has neither stays long. */
#include "bindgen/model.h"

#include <string.h>

enum { MAX_COLUMNS = 110 };

/* Where to break `line`, at a blank in its first `room` bytes; 0 if there is none. */
static size_t find_break(Bytes line, size_t room, bool is_comment) {
    bool is_quoted = false;
    size_t found = 0;
    for (size_t i = 1; i < line.size && i < room; i++) {
        is_quoted ^= line.data[i] == '"' && !is_comment;
        if (line.data[i] == ' ' && !is_quoted && (is_comment || line.data[i - 1] == ','))
            found = i;
    }
    return found;
}

static void put_blanks(Buf *out, size_t count) {
    for (size_t i = 0; i < count; i++)
        sgi_buf_byte(out, ' ');
}

static void put_line(Buf *out, Bytes line) {
    size_t indent = 0;
    while (indent < line.size && line.data[indent] == ' ')
        indent++;
    put_blanks(out, indent);
    line = (Bytes){line.data + indent, line.size - indent};
    bool begins = line.size >= 2 && memcmp(line.data, "/*", 2) == 0;
    bool is_comment = begins || (line.size && *line.data == '*');
    bool is_fixed = line.size == 0 || *line.data == '#' || line.data[line.size - 1] == '\\';
    if (is_comment && !is_fixed) { /* its marks are part of no line */
        size_t marks = begins ? 3 : 2;
        marks = marks < line.size ? marks : line.size;
        sgi_buf_put(out, line.data, marks);
        line = (Bytes){line.data + marks, line.size - marks};
    }
    size_t first = is_comment ? indent + 3 : indent, others = is_comment ? indent + begins + 2 : indent + 4;
    for (size_t column = first; !is_fixed && column + line.size > MAX_COLUMNS; column = others) {
        size_t at = column < MAX_COLUMNS ? find_break(line, MAX_COLUMNS - column, is_comment) : 0;
        if (at == 0)
            break;
        sgi_buf_put(out, line.data, at);
        sgi_buf_byte(out, '\n');
        put_blanks(out, is_comment ? others - 2 : others);
        sgi_buf_text(out, is_comment ? "* " : "");
        line = (Bytes){line.data + at + 1, line.size - at - 1};
    }
    sgi_buf_put(out, line.data, line.size);
}

void sgi_bind_wrap(Buf *text) {
    Buf out;
    sgi_buf_init(&out, text->alloc);
    Bytes rest = {text->data, text->size};
    while (rest.size) {
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        Bytes line = {rest.data, end ? (size_t)(end - rest.data) : rest.size};
        put_line(&out, line);
        sgi_buf_byte(&out, '\n');
        rest = (Bytes){line.data + line.size, rest.size - line.size};
        if (end)
            rest = (Bytes){rest.data + 1, rest.size - 1};
    }
    out.failed |= text->failed;
    sgi_buf_free(text);
    *text = out;
}
