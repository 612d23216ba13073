/* Structures, arrays, i31 and casts. */
