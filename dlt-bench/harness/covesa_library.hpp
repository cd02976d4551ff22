// The incumbent's library, loaded at run time, so that nothing of it is needed to build. Its structs are opaque here:
// room that is larger than any of them, of which only the library knows the inside. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace dlt::bench {

struct alignas(64) CovesaStruct {
  std::array<std::byte, 1024> bytes{};
};

struct CovesaLibrary {
  static constexpr int info = 4;

  int (*register_app)(const char*, const char*);
  int (*unregister_app)();
  int (*register_context)(CovesaStruct*, const char*, const char*);
  int (*unregister_context)(CovesaStruct*);
  int (*write_start)(CovesaStruct*, CovesaStruct*, int);
  int (*write_finish)(CovesaStruct*);
  int (*write_uint64)(CovesaStruct*, std::uint64_t);
  int (*write_float64)(CovesaStruct*, double);
  int (*write_string)(CovesaStruct*, const char*);
  int (*free)();

  // Throws BenchError when it is not installed.
  [[nodiscard]] static CovesaLibrary load();

  // The standard message; `text` ends in a NUL.
  bool log(CovesaStruct& context, std::uint64_t number, double sent, const char* text) const {
    CovesaStruct data;
    if (write_start(&context, &data, info) <= 0) return false;
    write_uint64(&data, number);
    write_float64(&data, sent);
    write_string(&data, text);
    return write_finish(&data) >= 0;
  }
};

}  // namespace dlt::bench
