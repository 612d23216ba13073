/* A script of the official suites → its commands.
 *
 * Modules inside are parsed at once. One that does not parse keeps its error in its command; a command that
 * is not understood becomes SG_COMMAND_UNKNOWN; anything else that breaks the syntax fails the whole. */
#include "text/script.h"

#include <string.h>

static sg_string as_string(Bytes bytes) {
    return sg_string_of((const char *)bytes.data, bytes.size);
}

/* What follows "module" or "component". */
typedef struct ModuleKeywords {
    bool is_definition, is_instance, is_binary, is_quote;
} ModuleKeywords;

static sg_status parse_quoted_text(ScriptParser *s, Bytes text, bool is_component, Buf *binary) {
    Parser inner;
    SGI_TRY(sgi_parser_init(&inner, &s->p.cx, s->p.shared, s->arena, text));
    Bytes id = {NULL, 0};
    /* A quoted component is its fields; a quoted module may be the fields or the whole. */
    sg_status status;
    if (is_component) {
        status = sgi_text_parse_component(&inner, id, binary);
    } else if (sgi_take_open(&inner, "module")) {
        status = sgi_take_id(&inner, &id);
        if (status == SG_OK)
            status = sgi_text_parse_module(&inner, id, binary);
        if (status == SG_OK)
            status = sgi_expect_close(&inner);
    } else {
        status = sgi_text_parse_module(&inner, id, binary);
    }
    if (status == SG_OK && !sgi_peek_is(&inner, TOKEN_END))
        status = sgi_parse_unexpected(&inner);
    sgi_parser_free(&inner);
    return status;
}

static sg_status parse_content(ScriptParser *s, const ModuleKeywords *keywords, Bytes id, bool is_component,
                               Buf *binary) {
    Parser *p = &s->p;
    if (keywords->is_binary)
        return sgi_take_strings(p, binary);
    if (!keywords->is_quote)
        return is_component ? sgi_text_parse_component(p, id, binary) : sgi_text_parse_module(p, id, binary);
    Buf text;
    sgi_buf_init(&text, p->cx.alloc);
    sg_status status = sgi_take_strings(p, &text);
    if (status == SG_OK)
        status = parse_quoted_text(s, (Bytes){text.data, text.size}, is_component, binary);
    sgi_buf_free(&text);
    return status;
}

/* What parsing gave: the binary, or, when the fault lies in the text, its error. Other failures are passed
 * up. */
static sg_status keep_result(ScriptParser *s, sg_status status, const sg_error *error, const Buf *binary,
                             sg_command *command) {
    if (status == SG_OK) {
        command->binary = sgi_arena_copy(s->arena, binary->data, binary->size);
        command->binary_size = binary->size;
        return command->binary ? SG_OK : sgi_load_no_memory(&s->p.cx);
    }
    if (status == SG_MALFORMED || status == SG_UNSUPPORTED || (status == SG_TOO_LARGE && error->line)) {
        command->parse_error = *error;
        return SG_OK;
    }
    if (s->p.cx.err)
        *s->p.cx.err = *error;
    return status;
}

/* From "(module" or "(component" to past its end. */
static sg_status parse_module(ScriptParser *s, sg_command *command) {
    Parser *p = &s->p;
    size_t close = sgi_peek(p)->match;
    Bytes id, of;
    command->is_component = sgi_peek_open(p, "component");
    sgi_advance(p);
    sgi_advance(p);
    ModuleKeywords keywords = {0};
    keywords.is_definition = sgi_take_keyword(p, "definition");
    keywords.is_instance = !keywords.is_definition && sgi_take_keyword(p, "instance");
    SGI_TRY(sgi_take_id(p, &id));
    command->name = as_string(id);
    if (keywords.is_instance) {
        SGI_TRY(sgi_take_id(p, &of));
        command->of = as_string(of);
        command->kind = SG_COMMAND_MODULE_INSTANCE;
        return sgi_expect_close(p);
    }
    keywords.is_binary = sgi_take_keyword(p, "binary");
    keywords.is_quote = !keywords.is_binary && sgi_take_keyword(p, "quote");
    command->kind = keywords.is_definition ? SG_COMMAND_MODULE_DEFINITION : SG_COMMAND_MODULE;
    command->is_quoted = keywords.is_binary || keywords.is_quote;

    sg_error error, *outer = p->cx.err;
    memset(&error, 0, sizeof error);
    p->cx.err = &error;
    Buf binary;
    sgi_buf_init(&binary, p->cx.alloc);
    sg_status status = parse_content(s, &keywords, id, command->is_component, &binary);
    if (status == SG_OK && p->at != close)
        status = sgi_parse_unexpected(p);
    p->cx.err = outer;
    status = keep_result(s, status, &error, &binary, command);
    sgi_buf_free(&binary);
    p->at = close;
    return status == SG_OK ? sgi_expect_close(p) : status;
}

/* A literal that is not understood makes its command unknown. */
static bool note_unknown(sg_command *command, const Literals *literals) {
    if (literals->is_unknown) {
        command->kind = SG_COMMAND_UNKNOWN;
        command->message = literals->unknown;
    }
    return literals->is_unknown;
}

/* "(invoke $i? "f" literal...)" or "(get $i? "g")". */
static sg_status parse_action(ScriptParser *s, sg_command *command) {
    Parser *p = &s->p;
    Bytes instance, name;
    command->is_get = sgi_take_open(p, "get");
    if (!command->is_get)
        SGI_TRY(sgi_expect_open(p, "invoke"));
    command->has_action = true;
    SGI_TRY(sgi_take_id(p, &instance));
    SGI_TRY(sgi_expect_name(p, &name));
    command->instance = as_string(instance);
    command->function = as_string(name);
    command->is_core_action = true;
    if (!command->is_get) {
        Literals literals;
        SGI_TRY(sgi_script_literals(s, false, &literals));
        note_unknown(command, &literals);
        command->core_arguments = literals.core;
        command->arguments = literals.values;
        command->argument_count = literals.count;
        command->is_core_action = literals.is_core;
    }
    return sgi_expect_close(p);
}

static sg_status parse_expected(ScriptParser *s, sg_command *command) {
    Literals literals;
    SGI_TRY(sgi_script_literals(s, true, &literals));
    note_unknown(command, &literals);
    command->core_expected = literals.patterns;
    command->expected = literals.values;
    command->expected_count = literals.count;
    command->is_core_action &= literals.is_core;
    return SG_OK;
}

static sg_status parse_message(ScriptParser *s, sg_command *command) {
    Bytes message;
    SGI_TRY(sgi_expect_name(&s->p, &message));
    if (command->kind != SG_COMMAND_UNKNOWN)
        command->message = as_string(message);
    return SG_OK;
}

static bool peek_module(const Parser *p) {
    return sgi_peek_open(p, "module") || sgi_peek_open(p, "component");
}

/* Past the keyword of an assertion. */
static sg_status parse_assertion(ScriptParser *s, sg_command *command) {
    Parser *p = &s->p;
    sg_command_kind kind = command->kind;
    if (peek_module(p)) {
        SGI_TRY(parse_module(s, command));
        /* Nothing can be said of an instantiation of something defined before. */
        command->kind = command->kind == SG_COMMAND_MODULE_INSTANCE ? SG_COMMAND_UNKNOWN : kind;
    } else {
        SGI_TRY(parse_action(s, command));
    }
    switch (kind) {
    case SG_COMMAND_ASSERT_RETURN: return parse_expected(s, command);
    case SG_COMMAND_ASSERT_EXCEPTION: return SG_OK;
    default: return parse_message(s, command);
    }
}

static sg_status parse_register(ScriptParser *s, sg_command *command) {
    Bytes name, of;
    SGI_TRY(sgi_expect_name(&s->p, &name));
    SGI_TRY(sgi_take_id(&s->p, &of));
    command->name = as_string(name);
    command->of = as_string(of);
    return SG_OK;
}

/* Past "thread": its name and what it shares. Its commands follow, up to a closing parenthesis. */
static sg_status parse_thread(ScriptParser *s, sg_command *command) {
    Parser *p = &s->p;
    Bytes id;
    SGI_TRY(sgi_take_id(p, &id));
    command->name = as_string(id);
    Vec(sg_string) shared = {0};
    sg_status status = SG_OK;
    while (status == SG_OK && sgi_take_open(p, "shared")) {
        status = sgi_expect_open(p, "module");
        if (status == SG_OK)
            status = sgi_take_id(p, &id);
        if (status == SG_OK && !sgi_vec_push(p->cx.alloc, &shared, as_string(id)))
            status = sgi_load_no_memory(&p->cx);
        for (int i = 0; status == SG_OK && i < 2; i++)
            status = sgi_expect_close(p);
    }
    if (status == SG_OK && shared.count > 0) {
        command->shared = sgi_arena_copy(s->arena, shared.items, shared.count * sizeof *shared.items);
        command->shared_count = shared.count;
        status = command->shared ? SG_OK : sgi_load_no_memory(&p->cx);
    }
    sgi_vec_free(p->cx.alloc, &shared);
    return status;
}

static sg_status parse_wait(ScriptParser *s, sg_command *command) {
    Bytes id;
    SGI_TRY(sgi_take_id(&s->p, &id));
    command->of = as_string(id);
    return sgi_expect_close(&s->p);
}

static sg_status parse_command(ScriptParser *s, sg_command *command) {
    static const struct {
        const char *keyword;
        sg_command_kind kind;
    } assertions[] = {
        {"assert_return", SG_COMMAND_ASSERT_RETURN},
        {"assert_trap", SG_COMMAND_ASSERT_TRAP},
        {"assert_exhaustion", SG_COMMAND_ASSERT_EXHAUSTION},
        {"assert_exception", SG_COMMAND_ASSERT_EXCEPTION},
        {"assert_suspension", SG_COMMAND_ASSERT_SUSPENSION},
        {"assert_invalid", SG_COMMAND_ASSERT_INVALID},
        {"assert_malformed", SG_COMMAND_ASSERT_MALFORMED},
        /* Annotations and custom sections are read with all the rest. */
        {"assert_invalid_custom", SG_COMMAND_ASSERT_INVALID},
        {"assert_malformed_custom", SG_COMMAND_ASSERT_MALFORMED},
        {"assert_unlinkable", SG_COMMAND_ASSERT_UNLINKABLE},
    };
    Parser *p = &s->p;
    if (peek_module(p))
        return parse_module(s, command);
    if (sgi_peek_open(p, "invoke") || sgi_peek_open(p, "get")) {
        command->kind = SG_COMMAND_ACTION;
        return parse_action(s, command);
    }
    if (sgi_take_open(p, "register")) {
        command->kind = SG_COMMAND_REGISTER;
        SGI_TRY(parse_register(s, command));
        return sgi_expect_close(p);
    }
    if (sgi_take_open(p, "thread")) {
        command->kind = SG_COMMAND_THREAD;
        return parse_thread(s, command);
    }
    if (sgi_take_open(p, "wait")) {
        command->kind = SG_COMMAND_WAIT;
        return parse_wait(s, command);
    }
    for (size_t i = 0; i < SGI_COUNT(assertions); i++)
        if (sgi_take_open(p, assertions[i].keyword)) {
            command->kind = assertions[i].kind;
            SGI_TRY(parse_assertion(s, command));
            return sgi_expect_close(p);
        }
    if (!sgi_peek_is(p, TOKEN_OPEN))
        return sgi_parse_unexpected(p);
    command->kind = SG_COMMAND_UNKNOWN;
    command->message = as_string(sgi_peek_head(p));
    p->at = sgi_peek(p)->match;
    return sgi_expect_close(p);
}

static bool is_module_field(Bytes head) {
    static const char *const fields[] = {"func",  "type", "import", "export", "global", "memory",
                                         "table", "data", "elem",   "start",  "rec",    "tag"};
    for (size_t i = 0; i < SGI_COUNT(fields); i++)
        if (sgi_bytes_is(head, fields[i]))
            return true;
    return false;
}

/* A whole file may be the fields of one module. */
static sg_status parse_bare_module(ScriptParser *s, sg_command *command) {
    Buf binary;
    sgi_buf_init(&binary, s->p.cx.alloc);
    command->kind = SG_COMMAND_MODULE;
    sg_status status = sgi_text_parse_module(&s->p, (Bytes){NULL, 0}, &binary);
    if (status == SG_OK && !sgi_peek_is(&s->p, TOKEN_END))
        status = sgi_parse_unexpected(&s->p);
    if (status == SG_OK)
        status = keep_result(s, status, NULL, &binary, command);
    sgi_buf_free(&binary);
    return status;
}

/* A thread's commands come to an end. */
static void close_thread(ScriptParser *s, size_t *thread) {
    sg_command *command = &s->commands.items[*thread];
    size_t outer = command->thread_size;
    command->thread_size = s->commands.count - *thread - 1;
    *thread = outer;
    sgi_advance(&s->p);
}

/* `thread`: the command of the innermost thread that is open, or NONE; its `thread_size` holds the next outer
 * one. */
static sg_status parse_commands(ScriptParser *s) {
    const size_t NONE = SIZE_MAX;
    size_t thread = NONE;
    Parser *p = &s->p;
    bool is_bare_module = is_module_field(sgi_peek_head(p));
    while (!sgi_peek_is(p, TOKEN_END)) {
        if (thread != NONE && sgi_peek_is(p, TOKEN_CLOSE)) {
            close_thread(s, &thread);
            continue;
        }
        sg_command command;
        memset(&command, 0, sizeof command);
        sgi_text_position(p->tokens.text, sgi_peek(p)->offset, &p->known);
        command.line = p->known.line;
        command.column = p->known.column;
        SGI_TRY(is_bare_module ? parse_bare_module(s, &command) : parse_command(s, &command));
        if (command.kind == SG_COMMAND_THREAD) {
            command.thread_size = thread;
            thread = s->commands.count;
        }
        if (!sgi_vec_push(p->cx.alloc, &s->commands, command))
            return sgi_load_no_memory(&p->cx);
    }
    return SG_OK;
}

static sg_status parse_script(ScriptParser *s, const LoadContext *cx, ParseShared *shared, Bytes text,
                              Script *script) {
    /* Commands point into the text: the arena keeps a copy. */
    const uint8_t *copy = sgi_arena_copy(s->arena, text.data, text.size);
    if (copy == NULL)
        return sgi_load_no_memory(cx);
    SGI_TRY(sgi_parser_init(&s->p, cx, shared, s->arena, (Bytes){copy, text.size}));
    sg_status status = parse_commands(s);
    if (status == SG_OK) {
        script->count = s->commands.count;
        script->commands =
            sgi_arena_copy(s->arena, s->commands.items, s->commands.count * sizeof *s->commands.items);
        status = script->commands ? SG_OK : sgi_load_no_memory(cx);
    }
    sgi_vec_free(cx->alloc, &s->commands);
    sgi_parser_free(&s->p);
    return status;
}

sg_status sgi_text_parse_script(const LoadContext *cx, Arena *arena, Bytes text, Script *script) {
    ParseShared shared;
    ScriptParser s = {.arena = arena};
    *script = (Script){NULL, 0};
    SGI_TRY(sgi_parse_shared_init(cx, &shared));
    sg_status status = parse_script(&s, cx, &shared, text, script);
    sgi_parse_shared_free(&shared);
    return status;
}
