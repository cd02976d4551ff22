// What the shared library shows to the linker; everything else is hidden.
#pragma once

#define DLT_EXPORT __attribute__((visibility("default")))
#define DLT_INLINE [[gnu::always_inline]] inline
#define DLT_COLD [[gnu::cold, gnu::noinline]]
