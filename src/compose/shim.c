/* The core modules between a component's functions and the module that imports them.
 *
 * Lowering a function that needs memory takes the memory of an instance that does not exist before its
 * imports do. So the module imports functions of a shim, which call through a table, and the table is filled
 * once everything is there. Destructors, which resource types name before the instance exists, go the same
 * way. */
#include "compose/componentize.h"

#include <stdio.h>

enum { PREAMBLE_SIZE = 8 };
enum { CORE_TYPES = 1, CORE_IMPORTS = 2, CORE_FUNCS = 3, CORE_TABLES = 4, CORE_EXPORTS = 7, CORE_START = 8 };
enum { CORE_ELEMENTS = 9, CORE_CODE = 10, EXTERNAL_FUNC = 0, EXTERNAL_TABLE = 1 };
#define TABLE_NAME "$imports"

static void put_section(Buf *binary, uint8_t id, Buf *section) {
    sgi_buf_byte(binary, id);
    sgi_buf_sized(binary, section->data, section->size);
    binary->failed |= section->failed;
    section->size = 0;
}

static void put_number_name(Buf *out, uint32_t number) {
    char name[16];
    int size = snprintf(name, sizeof name, "%u", (unsigned)number);
    sgi_buf_sized(out, name, (size_t)size);
}

static void put_types(const ValType *types, uint32_t count, Buf *out) {
    sgi_buf_leb_u(out, count);
    for (uint32_t i = 0; i < count; i++)
        sgi_buf_byte(out, sgi_kind(types[i]));
}

/* The preamble, and a type for each slot; the last one is that of the start function. */
static void begin_module(const ShimFunc *slots, uint32_t count, Buf *section, Buf *binary) {
    sgi_buf_put(binary, "\0asm\1\0\0\0", 8);
    sgi_buf_leb_u(section, (uint64_t)count + 1);
    for (uint32_t i = 0; i < count; i++) {
        sgi_buf_byte(section, COMP_FUNC);
        put_types(slots[i].params, slots[i].param_count, section);
        put_types(slots[i].results, slots[i].result_count, section);
    }
    sgi_buf_put(section, "\x60\0\0", 3);
    put_section(binary, CORE_TYPES, section);
}

static void put_table_type(uint32_t count, Buf *out) {
    sgi_buf_put(out, "\x70\1", 2); /* funcref, with a maximum */
    sgi_buf_leb_u(out, count);
    sgi_buf_leb_u(out, count);
}

/* local.get of each parameter; i32.const number; call_indirect */
static void put_body(const ShimFunc *slot, uint32_t number, Buf *body) {
    sgi_buf_byte(body, 0); /* no locals */
    for (uint32_t i = 0; i < slot->param_count; i++) {
        sgi_buf_byte(body, 0x20);
        sgi_buf_leb_u(body, i);
    }
    sgi_buf_byte(body, 0x41);
    sgi_buf_leb_s(body, number);
    sgi_buf_byte(body, 0x11);
    sgi_buf_leb_u(body, number);
    sgi_buf_put(body, "\0\x0b", 2);
}

void sgi_shim_module(const ShimFunc *slots, uint32_t count, Buf *binary) {
    Buf section, body;
    sgi_buf_init(&section, binary->alloc);
    sgi_buf_init(&body, binary->alloc);
    begin_module(slots, count, &section, binary);
    sgi_buf_leb_u(&section, count);
    for (uint32_t i = 0; i < count; i++)
        sgi_buf_leb_u(&section, i);
    put_section(binary, CORE_FUNCS, &section);
    sgi_buf_byte(&section, 1);
    put_table_type(count, &section);
    put_section(binary, CORE_TABLES, &section);
    sgi_buf_leb_u(&section, (uint64_t)count + 1);
    for (uint32_t i = 0; i < count; i++) {
        put_number_name(&section, i);
        sgi_buf_byte(&section, EXTERNAL_FUNC);
        sgi_buf_leb_u(&section, i);
    }
    sgi_buf_sized(&section, TABLE_NAME, sizeof TABLE_NAME - 1);
    sgi_buf_put(&section, "\1\0", 2);
    put_section(binary, CORE_EXPORTS, &section);
    sgi_buf_leb_u(&section, count);
    for (uint32_t i = 0; i < count; i++) {
        body.size = 0;
        put_body(&slots[i], i, &body);
        sgi_buf_sized(&section, body.data, body.size);
    }
    put_section(binary, CORE_CODE, &section);
    binary->failed |= body.failed;
    sgi_buf_free(&body);
    sgi_buf_free(&section);
}

void sgi_fill_module(const ShimFunc *slots, uint32_t count, bool initializes, Buf *binary) {
    Buf section;
    sgi_buf_init(&section, binary->alloc);
    begin_module(slots, count, &section, binary);
    sgi_buf_leb_u(&section, (uint64_t)count + (count > 0) + initializes);
    for (uint32_t i = 0; i < count; i++) {
        sgi_buf_byte(&section, 0); /* module "" */
        put_number_name(&section, i);
        sgi_buf_byte(&section, EXTERNAL_FUNC);
        sgi_buf_leb_u(&section, i);
    }
    if (initializes) {
        sgi_buf_byte(&section, 0);
        sgi_buf_sized(&section, "initialize", 10);
        sgi_buf_byte(&section, EXTERNAL_FUNC);
        sgi_buf_leb_u(&section, count);
    }
    if (count > 0) {
        sgi_buf_byte(&section, 0);
        sgi_buf_sized(&section, TABLE_NAME, sizeof TABLE_NAME - 1);
        sgi_buf_byte(&section, EXTERNAL_TABLE);
        put_table_type(count, &section);
    }
    put_section(binary, CORE_IMPORTS, &section);
    if (initializes) {
        sgi_buf_leb_u(&section, count);
        put_section(binary, CORE_START, &section);
    }
    if (count > 0) {
        sgi_buf_put(&section, "\1\0\x41\0\x0b", 5); /* one segment: table 0 from (i32.const 0) on */
        sgi_buf_leb_u(&section, count);
        for (uint32_t i = 0; i < count; i++)
            sgi_buf_leb_u(&section, i);
        put_section(binary, CORE_ELEMENTS, &section);
    }
    sgi_buf_free(&section);
}

void sgi_bridge_module(Buf *binary) {
    /* (module
     *   (import "program" "memory" (memory 0))
     *   (import "adapter" "memory" (memory 0))
     *   (func (export "get") (param i32 i32 i32)
     *     (memory.copy 1 0 (local.get 0) (local.get 1) (local.get 2)))
     *   (func (export "put") (param i32 i32 i32)
     *     (memory.copy 0 1 (local.get 0) (local.get 1) (local.get 2)))
     *   (func (export "_start"))) */
    static const uint8_t bytes[] = {
        0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0a, 0x02, 0x60, 0x03, 0x7f, 0x7f, 0x7f,
        0x00, 0x60, 0x00, 0x00, 0x02, 0x25, 0x02, 0x07, 0x70, 0x72, 0x6f, 0x67, 0x72, 0x61, 0x6d, 0x06,
        0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x00, 0x07, 0x61, 0x64, 0x61, 0x70, 0x74, 0x65,
        0x72, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x00, 0x03, 0x04, 0x03, 0x00, 0x00,
        0x01, 0x07, 0x16, 0x03, 0x03, 0x67, 0x65, 0x74, 0x00, 0x00, 0x03, 0x70, 0x75, 0x74, 0x00, 0x01,
        0x06, 0x5f, 0x73, 0x74, 0x61, 0x72, 0x74, 0x00, 0x02, 0x0a, 0x1e, 0x03, 0x0c, 0x00, 0x20, 0x00,
        0x20, 0x01, 0x20, 0x02, 0xfc, 0x0a, 0x01, 0x00, 0x0b, 0x0c, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20,
        0x02, 0xfc, 0x0a, 0x00, 0x01, 0x0b, 0x02, 0x00, 0x0b};
    sgi_buf_put(binary, bytes, sizeof bytes);
}

void sgi_renamed_module(const Core *core, Buf *binary) {
    const Module *module = core->module;
    const uint8_t *at = module->bytes.data + PREAMBLE_SIZE, *end = module->bytes.data + module->bytes.size;
    Buf imports;
    sgi_buf_init(&imports, binary->alloc);
    sgi_buf_leb_u(&imports, core->imports.count);
    for (size_t i = 0; i < core->imports.count; i++) {
        const CoreImport *import = &core->imports.items[i];
        sgi_writer_name(&imports, import->import->module);
        sgi_writer_name(&imports, import->name);
        sgi_buf_byte(&imports, EXTERNAL_FUNC);
        sgi_buf_leb_u(&imports, module->funcs[i]);
    }
    sgi_buf_put(binary, module->bytes.data, PREAMBLE_SIZE);
    while (at != end) {
        const uint8_t *section = at++;
        uint32_t size = sgi_leb_u32(&at);
        at += size;
        if (*section == CORE_IMPORTS)
            put_section(binary, CORE_IMPORTS, &imports);
        else
            sgi_buf_put(binary, section, (size_t)(at - section));
    }
    sgi_buf_free(&imports);
}
