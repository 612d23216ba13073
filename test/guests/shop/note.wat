;; Takes the notes of the world `desk`, and drops them.
(component
  (core module $Note
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "note") (param i32 i32)))
  (core instance $note (instantiate $Note))
  (func (export "note") (param "text" string)
    (canon lift (core func $note "note") (memory (core memory $note "memory"))
      (realloc (core func $note "realloc")))))
