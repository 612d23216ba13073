/* Decoded component → text, definition by definition, which refer to each other by number. A component that
 * validates prints as text that parses to the same definitions; one that only decodes prints too, since
 * nothing is looked up.
 *
 * Nested components are walked with `parent` pointers and an explicit stack. */
#include "text/print_component.h"

void sgi_print_sort(CompPrinter *p, Sort sort) {
    sgi_buf_text(p->out, sgi_sort_name(sort));
}

void sgi_print_number(CompPrinter *p, SortCounts *counts, Sort sort) {
    uint32_t *count = sort & SORT_CORE ? &counts->core[sort & 0x1f] : &counts->other[sort & 0x07];
    Bytes name = sgi_comp_name(counts->names, sort, *count);
    if (name.size) {
        sgi_buf_byte(p->out, ' ');
        sgi_print_id(p->out, name);
    }
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

/* Does "(module $name" and what was printed from `at` on parse to the module's bytes? */
static bool parses_to(const CompPrinter *p, size_t at, Bytes name, Bytes binary) {
    LoadContext quiet = p->core.cx;
    quiet.err = NULL;
    Buf text, again;
    sgi_buf_init(&text, quiet.alloc);
    sgi_buf_init(&again, quiet.alloc);
    sgi_buf_text(&text, "(module ");
    if (name.size)
        sgi_print_id(&text, name);
    sgi_buf_put(&text, p->out->data + at, p->out->size - at);
    bool is_same = !text.failed && sgi_text_parse(&quiet, (Bytes){text.data, text.size}, &again) == SG_OK &&
                   sgi_bytes_equal((Bytes){again.data, again.size}, binary);
    sgi_buf_free(&text);
    sgi_buf_free(&again);
    return is_same;
}

static sg_status put_core_module(CompPrinter *p, SortCounts *counts, const Module *module) {
    Bytes name = sgi_comp_name(counts->names, SORT_CORE_MODULE, counts->core[SORT_CORE_MODULE & 0x1f]);
    bool is_named = sgi_bytes_equal(module->names.module, name);
    sgi_print_numbered(p, counts, SORT_CORE_MODULE);
    size_t at = p->out->size;
    SGI_TRY(sgi_print_core_module(&p->core.cx, module, is_named ? NAME_SAID : NAME_BESIDE, p->core.indent,
                                  p->out));
    if (p->style == PRINT_FOR_PEOPLE || parses_to(p, at, name, module->bytes))
        return SG_OK;
    p->out->size = at;
    sgi_print_binary(p->out, module->bytes, p->core.indent);
    return SG_OK;
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

/* ---- the tree ---- */

typedef struct Level {
    const Component *component;
    SortCounts counts;
    CompNames names;
    uint32_t next, next_custom;
} Level;

typedef struct LevelStack {
    Level **items;
    size_t count, capacity;
} LevelStack;

/* Custom sections before the definition at `offset`: they stand where they stood. */
static sg_status put_customs(CompPrinter *p, Level *level, uint32_t offset) {
    const Component *component = level->component;
    for (; level->next_custom < component->custom_count; level->next_custom++) {
        const Custom *custom = &component->customs[level->next_custom];
        if (custom->offset >= offset)
            break;
        if (level->next_custom == level->names.custom)
            continue;
        sgi_print_line(&p->core);
        sgi_buf_text(p->out, "(@custom ");
        sgi_print_string(p->out, custom->name, true);
        sgi_buf_byte(p->out, ' ');
        sgi_print_string(p->out, custom->bytes, false);
        sgi_buf_byte(p->out, ')');
        SGI_TRY(sgi_load_poll(&p->core.cx));
    }
    return SG_OK;
}

static void free_level(CompPrinter *p, Level *level) {
    sgi_comp_names_free(p, &level->names);
    sgi_free(p->core.cx.alloc, level, sizeof *level);
}

static sg_status begin(CompPrinter *p, LevelStack *stack, const Component *component) {
    Alloc *alloc = p->core.cx.alloc;
    Level *level = sgi_alloc_zero(alloc, sizeof *level);
    if (level == NULL || !sgi_vec_push(alloc, stack, level)) {
        sgi_free(alloc, level, sizeof *level);
        return sgi_load_no_memory(&p->core.cx);
    }
    level->component = component;
    level->counts.names = &level->names;
    SGI_TRY(sgi_comp_names_read(p, &level->names, component));
    sgi_buf_text(p->out, "(component");
    if (component->parent) {
        sgi_print_number(p, &stack->items[stack->count - 2]->counts, SORT_COMPONENT);
    } else if (level->names.component.size) {
        sgi_buf_byte(p->out, ' ');
        sgi_print_id(p->out, level->names.component);
    }
    p->core.indent++;
    return SG_OK;
}

static sg_status end(CompPrinter *p, LevelStack *stack) {
    Level *level = stack->items[stack->count - 1];
    SGI_TRY(put_customs(p, level, UINT32_MAX));
    p->core.indent--;
    if (level->component->def_count + level->component->custom_count)
        sgi_print_line(&p->core);
    sgi_buf_byte(p->out, ')');
    stack->count--;
    free_level(p, level);
    return SG_OK;
}

static sg_status put_tree(CompPrinter *p, LevelStack *stack, const Component *root) {
    SGI_TRY(begin(p, stack, root));
    while (stack->count > 0) {
        Level *level = stack->items[stack->count - 1];
        if (level->next == level->component->def_count) {
            SGI_TRY(end(p, stack));
            continue;
        }
        const Def *def = &level->component->defs[level->next++];
        SGI_TRY(sgi_load_poll(&p->core.cx));
        SGI_TRY(put_customs(p, level, def->offset));
        sgi_print_line(&p->core);
        if (def->kind == DEF_COMPONENT) {
            SGI_TRY(begin(p, stack, def->as.component));
        } else if (def->kind == DEF_CORE_MODULE) {
            SGI_TRY(put_core_module(p, &level->counts, def->as.core_module));
        } else {
            SGI_TRY(put_def(p, &level->counts, def));
        }
        if (p->out->failed)
            return sgi_load_no_memory(&p->core.cx);
    }
    sgi_buf_byte(p->out, '\n');
    return p->out->failed ? sgi_load_no_memory(&p->core.cx) : SG_OK;
}

sg_status sgi_text_print_component(const LoadContext *cx, const Component *component, PrintStyle style,
                                   Buf *text) {
    static const Module no_module;
    CompPrinter p = {.core = {.cx = *cx, .module = &no_module, .out = text}, .out = text, .style = style};
    LevelStack stack = {0};
    for (size_t i = 0; i < NAME_SPACES; i++)
        sgi_map_init(&p.core.ids[i], cx->alloc);
    sg_status status = put_tree(&p, &stack, component);
    while (stack.count > 0)
        free_level(&p, stack.items[--stack.count]);
    sgi_vec_free(cx->alloc, &stack);
    return status;
}
