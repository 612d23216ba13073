// A guest of the world in greeter.wit, for Go's own compiler: docs/GUEST.md tells how it becomes a component.
package main

import "unsafe"

var kept []any // what the host writes to and reads, kept from the collector until the next call
var result [2]uint32

func address[T any](at *T) uint32 { return uint32(uintptr(unsafe.Pointer(at))) }

//go:wasmexport cabi_realloc
func realloc(old *byte, oldSize, align, size uint32) uint32 {
	block := make([]uint64, size/8+1)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&block[0])), size), unsafe.Slice(old, oldSize))
	kept = append(kept, block)
	return address(&block[0])
}

//go:wasmexport greet
func greet(data *byte, size uint32) uint32 {
	answer := []byte("hello, " + unsafe.String(data, size))
	kept = []any{answer}
	result = [2]uint32{address(&answer[0]), uint32(len(answer))}
	return address(&result)
}

func main() {}
