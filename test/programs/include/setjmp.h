/* setjmp as clang lowers it for WebAssembly, by exceptions: Debian's wasi-libc has none. */
#ifndef SETJMP_H
#define SETJMP_H

typedef unsigned long jmp_buf[8];
int setjmp(jmp_buf) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf, int);

#endif
