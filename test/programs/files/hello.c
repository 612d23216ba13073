#include <stdio.h>

int main(void) {
    puts("compiled in a sandbox");
    return 0;
}
