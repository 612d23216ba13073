/* Decoded component → text, definition by definition, with numbers for names. A component that validates
 * prints as text that parses to the same definitions; one that only decodes prints too, since nothing is
 * looked up.
 *
 * Nested components are walked with `parent` pointers and an explicit stack. */
#include "text/print_component.h"

#include <stdio.h>

void sgi_print_sort(CompPrinter *p, Sort sort) {
    sgi_buf_text(p->out, sgi_sort_name(sort));
}

void sgi_print_number(CompPrinter *p, SortCounts *counts, Sort sort) {
    uint32_t *count = sort & SORT_CORE ? &counts->core[sort & 0x1f] : &counts->other[sort & 0x07];
    sgi_buf_printf(p->out, " (;%u;)", (*count)++);
}

void sgi_print_numbered(CompPrinter *p, SortCounts *counts, Sort sort) {
    sgi_buf_byte(p->out, '(');
    sgi_print_sort(p, sort);
    sgi_print_number(p, counts, sort);
}

static void put_string_attribute(CompPrinter *p, const char *keyword, Bytes value) {
    sgi_buf_printf(p->out, " (%s ", keyword);
    sgi_print_string(p->out, value, true);
    sgi_buf_byte(p->out, ')');
}

void sgi_print_extern_name(CompPrinter *p, const ExternName *name) {
    sgi_buf_byte(p->out, ' ');
    sgi_print_string(p->out, name->name, true);
    if (name->attributes & 1)
        put_string_attribute(p, "implements", name->implements);
    if (name->attributes & 2)
        put_string_attribute(p, "versionsuffix", name->version_suffix);
    if (name->attributes & 4)
        put_string_attribute(p, "external-id", name->external_id);
}

void sgi_print_alias(CompPrinter *p, SortCounts *counts, const AliasDef *alias) {
    if (alias->kind == ALIAS_OUTER) {
        sgi_buf_printf(p->out, "(alias outer %u %u ", alias->outer_count, alias->outer_index);
    } else {
        sgi_buf_printf(p->out, alias->kind == ALIAS_EXPORT ? "(alias export %u " : "(alias core export %u ",
                       alias->instance);
        sgi_print_string(p->out, alias->name, true);
        sgi_buf_byte(p->out, ' ');
    }
    sgi_print_numbered(p, counts, alias->sort);
    sgi_buf_text(p->out, "))");
}

/* "(func 3)"; core instances leave out the word "core". */
static void put_item(CompPrinter *p, SortIndex item, bool in_core) {
    static const char core[] = "core ";
    const char *name = sgi_sort_name(item.sort);
    sgi_buf_printf(p->out, "(%s %u)", in_core ? name + sizeof core - 1 : name, item.index);
}

static void put_instance(CompPrinter *p, SortCounts *counts, const InstanceDef *def, bool is_core) {
    sgi_print_numbered(p, counts, is_core ? SORT_CORE_INSTANCE : SORT_INSTANCE);
    if (!def->is_inline)
        sgi_buf_printf(p->out, " (instantiate %u", def->target);
    p->core.indent++;
    for (uint32_t i = 0; i < def->arg_count; i++) {
        const NamedItem *arg = &def->args[i];
        sgi_print_line(&p->core);
        sgi_buf_text(p->out, def->is_inline ? "(export" : "(with");
        if (arg->extern_name) {
            sgi_print_extern_name(p, arg->extern_name);
        } else {
            sgi_buf_byte(p->out, ' ');
            sgi_print_string(p->out, arg->name, true);
        }
        sgi_buf_byte(p->out, ' ');
        put_item(p, arg->item, is_core);
        sgi_buf_byte(p->out, ')');
    }
    p->core.indent--;
    if (def->arg_count)
        sgi_print_line(&p->core);
    sgi_buf_text(p->out, def->is_inline ? ")" : "))");
}

/* ---- canonical definitions ---- */

static void put_option(CompPrinter *p, const CanonDef *canon, uint8_t option) {
    switch (option) {
    case CANONOPT_UTF8: sgi_buf_text(p->out, " string-encoding=utf8"); break;
    case CANONOPT_UTF16: sgi_buf_text(p->out, " string-encoding=utf16"); break;
    case CANONOPT_LATIN1_UTF16: sgi_buf_text(p->out, " string-encoding=latin1+utf16"); break;
    case CANONOPT_MEMORY: sgi_buf_printf(p->out, " (memory %u)", canon->memory); break;
    case CANONOPT_REALLOC: sgi_buf_printf(p->out, " (realloc %u)", canon->realloc); break;
    case CANONOPT_POST_RETURN: sgi_buf_printf(p->out, " (post-return %u)", canon->post_return); break;
    case CANONOPT_ASYNC: sgi_buf_text(p->out, " async"); break;
    default: sgi_buf_printf(p->out, " (callback %u)", canon->callback); break;
    }
}

static void put_immediates(CompPrinter *p, const CanonDef *canon, unsigned has) {
    if (has & CANON_HAS_FUNC)
        sgi_buf_printf(p->out, canon->kind == CANON_LIFT ? " (core func %u)" : " (func %u)", canon->func);
    if (canon->result) {
        sgi_buf_text(p->out, " (result ");
        sgi_print_value_expr(p, canon->result);
        sgi_buf_byte(p->out, ')');
    }
    if (has & CANON_HAS_VALUE_TYPE) {
        sgi_buf_byte(p->out, ' ');
        sgi_print_val_type(&p->core, canon->extra[0]);
    }
    if ((has & CANON_HAS_TYPE) && canon->kind != CANON_LIFT)
        sgi_buf_printf(p->out, " %u", canon->type);
    if (canon->flag)
        sgi_buf_text(p->out, has & CANON_HAS_ASYNC    ? " async"
                             : has & CANON_HAS_SHARED ? " shared"
                                                      : " cancellable");
    if (has & CANON_HAS_CORE_TYPE)
        sgi_buf_printf(p->out, " %u", canon->extra[0]);
    if (has & CANON_HAS_NUMBER)
        sgi_buf_printf(p->out, " %u", canon->extra[1]);
    if (has & CANON_HAS_MEMORY)
        sgi_buf_printf(p->out, " (memory %u)", canon->memory);
    for (uint32_t i = 0; i < canon->option_count; i++)
        put_option(p, canon, canon->options[i]);
}

static void put_canon(CompPrinter *p, SortCounts *counts, const CanonDef *canon) {
    const CanonRow *row = sgi_canon_row(canon->opcode);
    sgi_print_numbered(p, counts, canon->kind == CANON_LIFT ? SORT_FUNC : SORT_CORE_FUNC);
    if (canon->kind == CANON_LIFT)
        sgi_buf_printf(p->out, " (type %u)", canon->type);
    sgi_buf_printf(p->out, " (canon %s", row->name);
    put_immediates(p, canon, row->immediates);
    sgi_buf_text(p->out, "))");
}

/* ---- definitions ---- */

static void put_export(CompPrinter *p, SortCounts *counts, const ExportDef *def) {
    sgi_buf_text(p->out, "(export");
    sgi_print_number(p, counts, def->item.sort);
    sgi_print_extern_name(p, &def->name);
    sgi_buf_byte(p->out, ' ');
    put_item(p, def->item, false);
    if (def->has_desc) {
        sgi_buf_byte(p->out, ' ');
        sgi_print_extern_desc(p, NULL, &def->desc);
    }
    sgi_buf_byte(p->out, ')');
}

static void put_import(CompPrinter *p, SortCounts *counts, const ImportDef *def) {
    sgi_buf_text(p->out, "(import");
    sgi_print_extern_name(p, &def->name);
    sgi_buf_byte(p->out, ' ');
    sgi_print_extern_desc(p, counts, &def->desc);
    sgi_buf_byte(p->out, ')');
}

static void put_start(CompPrinter *p, const StartDef *def) {
    sgi_buf_printf(p->out, "(start %u", def->func);
    for (uint32_t i = 0; i < def->arg_count; i++)
        sgi_buf_printf(p->out, " (value %u)", def->args[i]);
    for (uint32_t i = 0; i < def->result_count && !p->out->failed; i++)
        sgi_buf_text(p->out, " (result (value))");
    sgi_buf_byte(p->out, ')');
}

/* Its name is an identifier unless another module of the component has it. */
static sg_status put_core_module(CompPrinter *p, SortCounts *counts, Map *module_ids, const Module *module) {
    char head[32];
    Bytes name = module->names.module;
    MapPut put = name.size ? sgi_map_put(module_ids, name, 0) : MAP_ADDED;
    if (put == MAP_NO_MEMORY)
        return sgi_load_no_memory(&p->core.cx);
    snprintf(head, sizeof head, "core module (;%u;)", counts->core[SORT_CORE_MODULE & 0x1f]++);
    return sgi_print_core_module(&p->core.cx, module, head, put == MAP_ADDED, p->core.indent, p->out);
}

static sg_status put_def(CompPrinter *p, SortCounts *counts, const Def *def) {
    switch (def->kind) {
    case DEF_CORE_INSTANCE: put_instance(p, counts, &def->as.instance, true); return SG_OK;
    case DEF_CORE_TYPE: return sgi_print_core_type_def(p, counts, def->as.type);
    case DEF_INSTANCE: put_instance(p, counts, &def->as.instance, false); return SG_OK;
    case DEF_ALIAS: sgi_print_alias(p, counts, &def->as.alias); return SG_OK;
    case DEF_TYPE: return sgi_print_type_def(p, counts, def->as.type);
    case DEF_CANON: put_canon(p, counts, &def->as.canon); return SG_OK;
    case DEF_START: put_start(p, &def->as.start); return SG_OK;
    case DEF_IMPORT: put_import(p, counts, &def->as.import); return SG_OK;
    case DEF_EXPORT: put_export(p, counts, &def->as.export_); return SG_OK;
    case DEF_VALUE: sgi_buf_text(p->out, ";; value definition"); return SG_OK;
    case DEF_CORE_MODULE:
    case DEF_COMPONENT: break; /* done by put_tree */
    }
    return SG_OK;
}

static void put_customs(CompPrinter *p, const Component *component) {
    for (uint32_t i = 0; i < component->custom_count; i++) {
        const Custom *custom = &component->customs[i];
        if (sgi_bytes_is(custom->name, "component-name"))
            continue;
        sgi_print_line(&p->core);
        sgi_buf_text(p->out, ";; custom section ");
        sgi_print_string(p->out, custom->name, false);
        sgi_buf_printf(p->out, ", %zu bytes", custom->bytes.size);
    }
}

/* ---- the tree ---- */

typedef struct Level {
    const Component *component;
    SortCounts counts;
    Map module_ids;
    uint32_t next;
} Level;

typedef struct LevelStack {
    Level *items;
    size_t count, capacity;
} LevelStack;

static sg_status begin(CompPrinter *p, LevelStack *stack, const Component *component) {
    sgi_buf_text(p->out, "(component");
    if (component->parent) {
        SortCounts *counts = &stack->items[stack->count - 1].counts;
        sgi_print_number(p, counts, SORT_COMPONENT);
    }
    p->core.indent++;
    Level level = {.component = component};
    sgi_map_init(&level.module_ids, p->core.cx.alloc);
    return sgi_vec_push(p->core.cx.alloc, stack, level) ? SG_OK : sgi_load_no_memory(&p->core.cx);
}

static void end(CompPrinter *p, LevelStack *stack) {
    const Component *component = stack->items[stack->count - 1].component;
    sgi_map_free(&stack->items[--stack->count].module_ids);
    put_customs(p, component);
    p->core.indent--;
    if (component->def_count + component->custom_count)
        sgi_print_line(&p->core);
    sgi_buf_byte(p->out, ')');
}

static sg_status put_tree(CompPrinter *p, LevelStack *stack, const Component *root) {
    SGI_TRY(begin(p, stack, root));
    while (stack->count > 0) {
        Level *level = &stack->items[stack->count - 1];
        if (level->next == level->component->def_count) {
            end(p, stack);
            continue;
        }
        const Def *def = &level->component->defs[level->next++];
        SGI_TRY(sgi_load_poll(&p->core.cx));
        sgi_print_line(&p->core);
        if (def->kind == DEF_COMPONENT) {
            SGI_TRY(begin(p, stack, def->as.component));
        } else if (def->kind == DEF_CORE_MODULE) {
            SGI_TRY(put_core_module(p, &level->counts, &level->module_ids, def->as.core_module));
        } else {
            SGI_TRY(put_def(p, &level->counts, def));
        }
        if (p->out->failed)
            return sgi_load_no_memory(&p->core.cx);
    }
    sgi_buf_byte(p->out, '\n');
    return p->out->failed ? sgi_load_no_memory(&p->core.cx) : SG_OK;
}

sg_status sgi_text_print_component(const LoadContext *cx, const Component *component, Buf *text) {
    static const Module no_module;
    CompPrinter p = {.core = {.cx = *cx, .module = &no_module, .out = text}, .out = text};
    LevelStack stack = {0};
    for (size_t i = 0; i < NAME_SPACES; i++)
        sgi_map_init(&p.core.ids[i], cx->alloc);
    sg_status status = put_tree(&p, &stack, component);
    while (stack.count > 0)
        sgi_map_free(&stack.items[--stack.count].module_ids);
    sgi_vec_free(cx->alloc, &stack);
    return status;
}
