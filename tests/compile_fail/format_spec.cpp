// expect: only_plain_placeholders_are_understood
#include <dlt/dlt.hpp>

void call(dlt::Context& context) {
#ifdef FIXED
  DLT_INFO(context, "address {}", dlt::hex(16u));
#else
  DLT_INFO(context, "address {:x}", 16u);
#endif
}
