;; Imports two functions and exports one that uses them.
(component
    (import "log" (func $log (param "message" string)))
    (import "next" (func $next (result u32)))

    ;; The memory stands apart, because lowering `log` needs it before the main module exists.
    (core module $Data
        (memory (export "memory") 1)
        (data (i32.const 8) "adding up"))
    (core instance $data (instantiate $Data))
    (core func $log (canon lower (func $log) (memory (core memory $data "memory"))))
    (core func $next (canon lower (func $next)))

    (core module $Main
        (import "host" "log" (func $log (param i32 i32)))
        (import "host" "next" (func $next (result i32)))
        (func (export "sum") (param $count i32) (result i32)
            (local $sum i32)
            (call $log (i32.const 8) (i32.const 9))
            (block $done
                (loop $again
                    (br_if $done (i32.eqz (local.get $count)))
                    (local.set $sum (i32.add (local.get $sum) (call $next)))
                    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                    (br $again)))
            (local.get $sum)))
    (core instance $main (instantiate $Main
        (with "host" (instance (export "log" (func $log)) (export "next" (func $next))))))

    ;; Adds up the next `count` numbers that the host gives.
    (func (export "sum") (param "count" u32) (result u32)
        (canon lift (core func $main "sum"))))
