// expect: an_argument_without_placeholder_must_be_kv
#include <dlt/dlt.hpp>

void call(dlt::Context& context) {
#ifdef FIXED
  dlt::info(context, "leg {} of {}", 1, 2);
#else
  dlt::info(context, "leg {}", 1, 2);
#endif
}
