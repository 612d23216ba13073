/* wasi:cli 0.2: environment, exit, standard streams, terminals. */
#include "wasi/internal.h"

/* ---- environment ---- */

static sg_value text(Bytes bytes) {
    return (sg_value){.kind = SG_STRING, .of.string = {(const char *)bytes.data, bytes.size}};
}

static sg_status get_environment(P2Call *call) {
    const WasiGrants *grants = &call->state->grants;
    size_t count = grants->environment.count;
    sg_value *pairs = sgi_p2_alloc(call, count, sizeof *pairs);
    sg_value *texts = pairs ? sgi_p2_alloc(call, 2 * count, sizeof *texts) : NULL;
    if (texts == NULL)
        return sgi_p2_no_memory(call);
    for (size_t i = 0; i < count; i++) {
        texts[2 * i] = text(grants->environment.items[i].name);
        texts[2 * i + 1] = text(grants->environment.items[i].value);
        pairs[i] = (sg_value){.kind = SG_TUPLE, .of.list = {&texts[2 * i], 2}};
    }
    *call->result = (sg_value){.kind = SG_LIST, .of.list = {pairs, count}};
    return SG_OK;
}

static sg_status get_arguments(P2Call *call) {
    const WasiGrants *grants = &call->state->grants;
    sg_value *items = sgi_p2_alloc(call, grants->arguments.count, sizeof *items);
    if (items == NULL)
        return sgi_p2_no_memory(call);
    for (size_t i = 0; i < grants->arguments.count; i++)
        items[i] = text(grants->arguments.items[i]);
    *call->result = (sg_value){.kind = SG_LIST, .of.list = {items, grants->arguments.count}};
    return SG_OK;
}

static sg_status initial_cwd(P2Call *call) {
    return sgi_p2_some(call, call->result, NULL);
}

static const P2Func environment_funcs[] = {
    {"get-environment", "()->list<tuple<string,string>>", get_environment},
    {"get-arguments", "()->list<string>", get_arguments},
    {"initial-cwd", "()->option<string>", initial_cwd},
};

/* ---- exit ---- */

static sg_status exit_(P2Call *call) {
    return sgi_p2_trap(call, sgi_wasi_exit(call->state, call->arguments[0].of.result.is_error));
}

static sg_status exit_with_code(P2Call *call) {
    return sgi_p2_trap(call, sgi_wasi_exit(call->state, call->arguments[0].of.u8));
}

static const P2Func exit_funcs[] = {
    {"exit", "(result)", exit_},
    {"exit-with-code", "(u8)", exit_with_code},
};

/* ---- standard streams ---- */

static sg_status give_stdio(P2Call *call, sg_wasi_stdio which) {
    WasiStream *stream = sgi_wasi_stdio(call->state, which);
    if (stream == NULL)
        return sgi_p2_no_memory(call);
    sgi_wasi_retain(&stream->object);
    *call->result = sgi_p2_own(stream);
    return SG_OK;
}

static sg_status get_stdin(P2Call *call) {
    return give_stdio(call, SG_WASI_STDIN);
}
static sg_status get_stdout(P2Call *call) {
    return give_stdio(call, SG_WASI_STDOUT);
}
static sg_status get_stderr(P2Call *call) {
    return give_stdio(call, SG_WASI_STDERR);
}

static const P2Func stdin_funcs[] = {{"get-stdin", "()->own<input-stream>", get_stdin}};
static const P2Func stdout_funcs[] = {{"get-stdout", "()->own<output-stream>", get_stdout}};
static const P2Func stderr_funcs[] = {{"get-stderr", "()->own<output-stream>", get_stderr}};

/* ---- terminals ---- */

static sg_status give_terminal(P2Call *call, sg_wasi_stdio which, WasiKind kind) {
    const WasiStream *stream = sgi_wasi_stdio(call->state, which);
    if (stream == NULL)
        return sgi_p2_no_memory(call);
    if (!stream->ops.is_terminal)
        return sgi_p2_some(call, call->result, NULL);
    WasiObject *terminal = sgi_wasi_object_new(call->state, kind, sizeof *terminal, NULL);
    if (terminal == NULL)
        return sgi_p2_no_memory(call);
    sg_value own = sgi_p2_own(terminal);
    sg_status status = sgi_p2_some(call, call->result, &own);
    if (status != SG_OK)
        sgi_wasi_release(terminal);
    return status;
}

static sg_status get_terminal_stdin(P2Call *call) {
    return give_terminal(call, SG_WASI_STDIN, WASI_TERMINAL_INPUT);
}
static sg_status get_terminal_stdout(P2Call *call) {
    return give_terminal(call, SG_WASI_STDOUT, WASI_TERMINAL_OUTPUT);
}
static sg_status get_terminal_stderr(P2Call *call) {
    return give_terminal(call, SG_WASI_STDERR, WASI_TERMINAL_OUTPUT);
}

static const P2Func terminal_stdin_funcs[] = {
    {"get-terminal-stdin", "()->option<own<terminal-input>>", get_terminal_stdin}};
static const P2Func terminal_stdout_funcs[] = {
    {"get-terminal-stdout", "()->option<own<terminal-output>>", get_terminal_stdout}};
static const P2Func terminal_stderr_funcs[] = {
    {"get-terminal-stderr", "()->option<own<terminal-output>>", get_terminal_stderr}};

const P2Interface sgi_p2_cli[] = {
    P2_INTERFACE("wasi:cli/environment@0.2.12", environment_funcs, NULL),
    P2_INTERFACE("wasi:cli/exit@0.2.12", exit_funcs, NULL),
    P2_INTERFACE("wasi:cli/stdin@0.2.12", stdin_funcs, NULL),
    P2_INTERFACE("wasi:cli/stdout@0.2.12", stdout_funcs, NULL),
    P2_INTERFACE("wasi:cli/stderr@0.2.12", stderr_funcs, NULL),
    {.name = "wasi:cli/terminal-input@0.2.12", .resources = {"terminal-input"}},
    {.name = "wasi:cli/terminal-output@0.2.12", .resources = {"terminal-output"}},
    P2_INTERFACE("wasi:cli/terminal-stdin@0.2.12", terminal_stdin_funcs, NULL),
    P2_INTERFACE("wasi:cli/terminal-stdout@0.2.12", terminal_stdout_funcs, NULL),
    P2_INTERFACE("wasi:cli/terminal-stderr@0.2.12", terminal_stderr_funcs, NULL),
};
const size_t sgi_p2_cli_count = SGI_COUNT(sgi_p2_cli);
