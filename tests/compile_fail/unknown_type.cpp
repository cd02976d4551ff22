// expect: this type is not loggable: specialise dlt::Encoder<T> for it
#include <dlt/dlt.hpp>

struct Position {
  double latitude = 0;
};

void call(dlt::Context& context) {
#ifdef FIXED
  DLT_INFO(context, "at {}", Position{}.latitude);
#else
  DLT_INFO(context, "at {}", Position{});
#endif
}
