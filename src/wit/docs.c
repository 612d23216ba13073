/* Comments for readers → lines of text. */
#include "wit/tree.h"

#include <string.h>

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static bool starts_with(Bytes text, const char *prefix) {
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

static void skip(Bytes *text, size_t count) {
    *text = (Bytes){text->data + count, text->size - count};
}

/* Cuts the first line off `text`, without the blank at its end. */
static Bytes cut_line(Bytes *text) {
    const uint8_t *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
    Bytes line = {text->data, end ? (size_t)(end - text->data) : text->size};
    skip(text, end ? line.size + 1 : line.size);
    while (line.size && is_blank(line.data[line.size - 1]))
        line.size--;
    return line;
}

/* One blank after the mark of a comment is not of its text. */
static Bytes after_mark(Bytes line, size_t mark) {
    skip(&line, mark);
    if (line.size && line.data[0] == ' ')
        skip(&line, 1);
    return line;
}

static Bytes block_line(Bytes line) {
    size_t at = 0;
    while (at < line.size && is_blank(line.data[at]))
        at++;
    return at < line.size && line.data[at] == '*' ? after_mark(line, at + 1) : after_mark(line, 0);
}

bool sgi_wit_next_doc(WitDocs *docs, Bytes *line) {
    for (;;) {
        while (docs->block.size) {
            bool is_first = docs->is_begun;
            docs->is_begun = false;
            *line = block_line(cut_line(&docs->block));
            if (line->size || !(is_first || docs->block.size == 0))
                return true;
        }
        while (docs->text.size && (is_blank(docs->text.data[0]) || docs->text.data[0] == '\n'))
            skip(&docs->text, 1);
        if (docs->text.size == 0)
            return false;
        if (starts_with(docs->text, "///")) {
            *line = after_mark(cut_line(&docs->text), 3);
            return true;
        }
        if (starts_with(docs->text, "//")) {
            cut_line(&docs->text);
            continue;
        }
        size_t end = sgi_wit_comment_end(docs->text, 0);
        if (end > 4 && docs->text.data[2] == '*') {
            docs->block = (Bytes){docs->text.data + 3, end - 5};
            docs->is_begun = true;
        }
        skip(&docs->text, end);
    }
}
