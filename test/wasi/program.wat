;; A program of preview 1: writes its arguments, then its variables, each with its NUL, to standard output; what standard
;; input has, to standard error; and what it reads from "greeting" again after it wrote "hello" there, below the first
;; directory, if there is one. Exits with the number of its arguments; 100 and more: an errno.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "greeting")
  (data (i32.const 80) "hello")

  (func $must (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (i32.add (i32.const 100) (local.get $errno))))))
  ;; The vector at 32, the count at 40.
  (func $write (param $fd i32) (param $at i32) (param $size i32)
    (i32.store (i32.const 32) (local.get $at))
    (i32.store (i32.const 36) (local.get $size))
    (call $must (call $fd_write (local.get $fd) (i32.const 32) (i32.const 1) (i32.const 40))))
  ;; All that there is to read goes to `to`.
  (func $copy (param $from i32) (param $to i32)
    (loop $more
      (i32.store (i32.const 32) (i32.const 16384))
      (i32.store (i32.const 36) (i32.const 3))
      (call $must (call $fd_read (local.get $from) (i32.const 32) (i32.const 1) (i32.const 40)))
      (if (i32.load (i32.const 40)) (then
        (call $write (local.get $to) (i32.const 16384) (i32.load (i32.const 40)))
        (br $more)))))
  (func $open (param $oflags i32) (param $rights i64) (result i32)
    (call $must (call $path_open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 8) (local.get $oflags)
      (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 44)))
    (i32.load (i32.const 44)))
  (func $greet (local $fd i32)
    (local.set $fd (call $open (i32.const 9) (i64.const 0x40))) ;; CREAT, TRUNC; to write
    (call $write (local.get $fd) (i32.const 80) (i32.const 5))
    (call $must (call $fd_close (local.get $fd)))
    (call $copy (call $open (i32.const 0) (i64.const 2)) (i32.const 1)))

  (func (export "_start")
    (call $must (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (call $must (call $args_get (i32.const 1024) (i32.const 8192)))
    (call $write (i32.const 1) (i32.const 8192) (i32.load (i32.const 4)))
    (call $must (call $environ_sizes_get (i32.const 8) (i32.const 4)))
    (call $must (call $environ_get (i32.const 1024) (i32.const 8192)))
    (call $write (i32.const 1) (i32.const 8192) (i32.load (i32.const 4)))
    (call $copy (i32.const 0) (i32.const 2))
    (if (i32.eqz (call $fd_prestat_get (i32.const 3) (i32.const 48))) (then (call $greet)))
    (call $proc_exit (i32.load (i32.const 0)))))
