// expect: only_plain_placeholders_are_understood
#include <dlt/dlt.hpp>

void call(dlt::Context& context) {
#ifdef FIXED
  DLT_INFO(context, "leg {} of {}", 1, 2);
#else
  DLT_INFO(context, "leg {1} of {0}", 2, 1);
#endif
}
