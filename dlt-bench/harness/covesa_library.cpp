#include "harness/covesa_library.hpp"

#include <dlfcn.h>

#include <string>

#include "harness/error.hpp"

namespace dlt::bench {
namespace {

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (function == nullptr) throw BenchError(std::string("libdlt.so.2 has no ") + name);
}

}  // namespace

CovesaLibrary CovesaLibrary::load() {
  void* library = ::dlopen("libdlt.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw BenchError("libdlt.so.2 is not installed");
  CovesaLibrary f{};
  find(library, "dlt_register_app", f.register_app);
  find(library, "dlt_unregister_app", f.unregister_app);
  find(library, "dlt_register_context", f.register_context);
  find(library, "dlt_unregister_context", f.unregister_context);
  find(library, "dlt_user_log_write_start", f.write_start);
  find(library, "dlt_user_log_write_finish", f.write_finish);
  find(library, "dlt_user_log_write_uint64", f.write_uint64);
  find(library, "dlt_user_log_write_float64", f.write_float64);
  find(library, "dlt_user_log_write_string", f.write_string);
  find(library, "dlt_free", f.free);
  return f;
}

}  // namespace dlt::bench
