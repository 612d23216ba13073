/* Sandglass: runs untrusted WebAssembly components under limits that hold. */
#ifndef SANDGLASS_H
#define SANDGLASS_H

#include <sandglass/bindgen.h>
#include <sandglass/component.h>
#include <sandglass/compose.h>
#include <sandglass/engine.h>
#include <sandglass/error.h>
#include <sandglass/func.h>
#include <sandglass/limits.h>
#include <sandglass/linker.h>
#include <sandglass/module.h>
#include <sandglass/resource.h>
#include <sandglass/store.h>
#include <sandglass/value.h>
#include <sandglass/wasi.h>
#include <sandglass/wat.h>
#include <sandglass/wit.h>

#endif
