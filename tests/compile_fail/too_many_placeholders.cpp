// expect: the_format_has_more_placeholders_than_arguments
#include <dlt/dlt.hpp>

void call(dlt::Context& context) {
#ifdef FIXED
  DLT_INFO(context, "leg {} of {}", 1, 2);
#else
  DLT_INFO(context, "leg {} of {}", 1);
#endif
}
