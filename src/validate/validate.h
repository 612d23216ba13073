/* The door of validate: is it valid? Fills the side tables and resolved types that everything after relies
 * on. */
#ifndef SGI_VALIDATE_H
#define SGI_VALIDATE_H

#include "module/module.h"

/* Validates a decoded module: registers its types, checks every body (reading its instructions, so
 * SG_MALFORMED is possible too), and fills segments, declared functions and the export map. */
sg_status sgi_validate_module(const LoadContext *cx, Module *module);

/* Validates a decoded component and all that is nested inside, core modules included; fills its index spaces.
 */
sg_status sgi_validate_component(const LoadContext *cx, Component *component);

/* Does `sub`, a root component or a core module, satisfy an import of type `super`? On failure SG_UNLINKABLE
 * that says what differs. For linking at run time. `scratch` holds nothing afterwards. */
sg_status sgi_extern_type_check(TypeRegistry *types, Alloc *scratch, const ExternType *sub,
                                const ExternType *super, sg_error *err);

/* Do `given` satisfy the imports of `type`, each in its place? NULL: that one is not looked at. On failure
 * SG_UNLINKABLE, `*failed` says which. `scratch` as above. */
sg_status sgi_imports_check(TypeRegistry *types, Alloc *scratch, const ComponentType *type,
                            const ExternType *const *given, uint32_t *failed, sg_error *err);

#endif
