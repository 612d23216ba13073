/* The commands of a test script: actions and assertions. */
#include "wast.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- actions ---- */

enum { VALUES_MAX = 256 };

typedef struct Outcome {
    sg_status status; /* SG_UNSUPPORTED: the instance was skipped */
    size_t count;
    sg_core_value core[VALUES_MAX];
    bool is_component;
    sg_value value;
} Outcome;

static void act_core(Wast *wast, sg_core_instance *instance, Outcome *outcome) {
    const sg_command *command = wast->command;
    sg_extern item;
    outcome->status =
        sg_core_instance_find(instance, command->function.data, command->function.size, &item, &wast->error);
    if (outcome->status != SG_OK)
        return;
    if (command->is_get && item.kind == SG_EXTERN_GLOBAL) {
        outcome->core[0] = sg_core_global_get(item.of.global);
        outcome->count = 1;
    } else if (!command->is_get && item.kind == SG_EXTERN_FUNC) {
        size_t count = sg_core_func_result_count(item.of.func);
        outcome->count = count;
        outcome->status = count > VALUES_MAX ? SG_UNSUPPORTED
                                             : sg_core_func_call(item.of.func, command->core_arguments,
                                                                 command->argument_count, outcome->core,
                                                                 count, &wast->error);
    } else {
        wast->error =
            (sg_error){.status = SG_NOT_FOUND, .offset = SG_NO_OFFSET, .message = "export of another kind"};
        outcome->status = SG_NOT_FOUND;
    }
}

static void act_component(Wast *wast, sg_instance *instance, Outcome *outcome) {
    const sg_command *command = wast->command;
    char *name = strndup(command->function.data, command->function.size);
    sg_func *func = name ? sg_instance_find_func(instance, name, &wast->error) : NULL;
    free(name);
    outcome->is_component = true;
    if (func == NULL) {
        outcome->status = SG_NOT_FOUND;
        return;
    }
    outcome->status =
        sg_func_call(func, command->arguments, command->argument_count, &outcome->value, &wast->error);
    outcome->count = sg_func_result_type(func) ? 1 : 0;
}

static Outcome act(Wast *wast) {
    const sg_command *command = wast->command;
    Outcome outcome = {.status = SG_UNSUPPORTED};
    Entity *entity =
        command->instance.size ? wast_find_entity(&wast->instances, command->instance) : &wast->current;
    if (entity && entity->core)
        act_core(wast, entity->core, &outcome);
    else if (entity && entity->component)
        act_component(wast, entity->component, &outcome);
    return outcome;
}

/* ---- assertions ---- */

static Verdict assert_return(Wast *wast) {
    const sg_command *command = wast->command;
    Outcome outcome = act(wast);
    if (outcome.status == SG_UNSUPPORTED)
        return SKIPPED;
    if (outcome.status != SG_OK)
        return wast_fail_with(wast, "expected a result", &wast->error);
    if (outcome.count != command->expected_count)
        return wast_fail(wast, "%zu results, expected %zu", outcome.count, command->expected_count);
    bool equal = outcome.count == 0 ||
                 (outcome.is_component
                      ? command->expected && sg_value_equal(&outcome.value, command->expected)
                      : command->core_expected && wast_results_match(wast->store, command->core_expected,
                                                                     outcome.core, outcome.count));
    if (equal)
        return PASSED;
    char text[256] = "";
    if (outcome.is_component)
        sg_value_print(&outcome.value, text, sizeof text);
    else if (outcome.core[0].kind <= SG_CORE_F64)
        snprintf(text, sizeof text, "0x%" PRIx64,
                 outcome.core[0].kind == SG_CORE_I32 || outcome.core[0].kind == SG_CORE_F32
                     ? (uint64_t)(uint32_t)outcome.core[0].of.i32
                     : (uint64_t)outcome.core[0].of.i64);
    else if (outcome.core[0].kind == SG_CORE_V128)
        for (size_t i = 0; i < 16; i++)
            snprintf(text + 2 * i, sizeof text - 2 * i, "%02x", outcome.core[0].of.v128[15 - i]);
    return wast_fail(wast, "wrong result %s of %.*s", text, (int)command->function.size,
                     command->function.data);
}

/* The action, or instantiating the module given in its place, must end with `trap` (SG_TRAP_NONE: any). */
static Verdict assert_trap(Wast *wast, sg_trap trap) {
    sg_status status;
    if (wast->command->has_action) {
        status = act(wast).status;
    } else {
        Entity entity;
        status = wast_instantiate(wast, wast->command, &entity);
    }
    if (status == SG_UNSUPPORTED)
        return SKIPPED;
    if (status == SG_OK)
        return wast_fail(wast, "expected a trap: %.*s", (int)wast->command->message.size,
                         wast->command->message.data);
    if (status != SG_TRAP || (trap != SG_TRAP_NONE && wast->error.trap != trap))
        return wast_fail_with(wast, "expected a trap", &wast->error);
    return PASSED;
}

static bool mentions(sg_string text, const char *word) {
    return text.size && memmem(text.data, text.size, word, strlen(word)) != NULL;
}

static Verdict assert_rejected(Wast *wast, sg_status wanted, sg_status status) {
    /* Without a proposal, what it encodes is malformed; components say that it requires a feature. */
    if (status == SG_UNSUPPORTED && wast->command->is_component)
        return mentions(wast->command->message, "feature") ? PASSED : SKIPPED;
    if (status == SG_UNSUPPORTED)
        return wanted == SG_MALFORMED ? PASSED : SKIPPED;
    /* The component suite does not tell malformed from invalid. */
    bool same_kind = status == wanted || (wast->command->is_component && wanted != SG_UNLINKABLE &&
                                          (status == SG_INVALID || status == SG_MALFORMED));
    /* Active segments out of bounds were unlinkable in WebAssembly 1.0, and are in some scripts. */
    bool is_segment = wanted == SG_UNLINKABLE && status == SG_TRAP;
    /* Some rules are of the binary format for one, of validation for the other (the data count section). */
    bool is_binary = wanted == SG_INVALID && status == SG_MALFORMED && wast->command->is_quoted;
    bool is_limit = status == SG_TOO_LARGE && (wanted == SG_INVALID || wast->command->is_component);
    if (same_kind || is_segment || is_binary || is_limit)
        return PASSED;
    if (status == SG_OK)
        return wast_fail(wast, "expected %s: %.*s", sg_status_name(wanted), (int)wast->command->message.size,
                         wast->command->message.data);
    return wast_fail_with(wast, sg_status_name(wanted), &wast->error);
}

bool wast_is_load(const sg_command *command) {
    switch (command->kind) {
    case SG_COMMAND_MODULE:
    case SG_COMMAND_MODULE_DEFINITION:
    case SG_COMMAND_ASSERT_INVALID:
    case SG_COMMAND_ASSERT_MALFORMED:
    case SG_COMMAND_ASSERT_UNLINKABLE: return true;
    default: return command->kind == SG_COMMAND_ASSERT_TRAP && !command->has_action;
    }
}

Verdict wast_load(Wast *wast) {
    const sg_command *command = wast->command;
    sg_status status = wast_load_only(wast, command);
    if (command->kind == SG_COMMAND_ASSERT_INVALID)
        return assert_rejected(wast, SG_INVALID, status);
    if (command->kind == SG_COMMAND_ASSERT_MALFORMED)
        return assert_rejected(wast, SG_MALFORMED, status);
    return wast_verdict_of_load(wast, status);
}

Verdict wast_perform(Wast *wast) {
    Entity entity;
    switch (wast->command->kind) {
    case SG_COMMAND_MODULE:
    case SG_COMMAND_MODULE_INSTANCE: return wast_define_module(wast);
    case SG_COMMAND_MODULE_DEFINITION: return wast_define_only(wast);
    case SG_COMMAND_REGISTER: return wast_register(wast);
    case SG_COMMAND_ACTION: {
        Outcome outcome = act(wast);
        if (outcome.status == SG_OK)
            return PASSED;
        return outcome.status == SG_UNSUPPORTED ? SKIPPED : wast_fail_with(wast, "action", &wast->error);
    }
    case SG_COMMAND_ASSERT_RETURN: return assert_return(wast);
    case SG_COMMAND_ASSERT_TRAP: return assert_trap(wast, SG_TRAP_NONE);
    case SG_COMMAND_ASSERT_EXHAUSTION: return assert_trap(wast, SG_TRAP_STACK_EXHAUSTED);
    case SG_COMMAND_ASSERT_EXCEPTION: return assert_trap(wast, SG_TRAP_UNCAUGHT_EXCEPTION);
    case SG_COMMAND_ASSERT_INVALID:
    case SG_COMMAND_ASSERT_MALFORMED: return wast_load(wast);
    case SG_COMMAND_ASSERT_UNLINKABLE:
        return assert_rejected(wast, SG_UNLINKABLE, wast_instantiate(wast, wast->command, &entity));
    default: return SKIPPED;
    }
}
