// Preloaded into a program, refuses one of its requests for memory, descriptors or threads:
//
//   STARVE_AT=n        the n-th request since it was armed, and STARVE_ALL=1: all from then on
//   STARVE_FROM_START  armed at once; else by starve(1), which a program finds as a weak symbol, and starve(0) ends it
//   STARVE_FROM_MAIN   armed when main() begins
//   STARVE_FILE        gets one byte when a request was refused
//   STARVE_SWITCH      a file that holds a starving::Switch: whoever has mapped it arms and disarms, for a program that
//                      runs on
//
// malloc and its kin, mmap, memfd_create, eventfd, pthread_create. Any thread.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "switch.hpp"

#define STARVE_API extern "C" __attribute__((visibility("default")))

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {

starving::Switch own;
starving::Switch* in_use = &own;
std::atomic<bool> known{false};
__thread std::int64_t seen __attribute__((tls_model("initial-exec"))) = 0;

void mark() {
  const int saved = errno;
  if (const char* file = getenv("STARVE_FILE")) {
    const int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    (void)!write(fd, "!", 1);
    close(fd);
  }
  errno = saved;
}

void look_up() {
  const char* at = getenv("STARVE_AT");
  in_use->left = at != nullptr ? atoll(at) : -1;
  in_use->all = getenv("STARVE_ALL") != nullptr;
  known = true;
}

bool refused() {
  if (!in_use->armed.load(std::memory_order_relaxed)) return false;
  ++seen;
  if (!known) look_up();
  const std::int64_t n = in_use->left.fetch_sub(1);
  const bool no = n == 1 || (in_use->all && n <= 1);
  if (no) ++in_use->refused;
  if (n == 1) mark();
  return no;
}

template <class F>
F* original(F*, const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

void use_switch(const char* file) {
  const int fd = open(file, O_RDWR | O_CLOEXEC);
  // All of them long: the last ones go by the stack, where an int leaves the upper half to chance.
  void* const p = reinterpret_cast<void*>(
      syscall(SYS_mmap, 0L, sizeof(starving::Switch), long{PROT_READ | PROT_WRITE}, long{MAP_SHARED}, long{fd}, 0L));
  if (fd < 0 || p == MAP_FAILED) abort();
  close(fd);
  in_use = static_cast<starving::Switch*>(p);
  known = true;
}

__attribute__((constructor)) void begin() {
  if (const char* file = getenv("STARVE_SWITCH")) return use_switch(file);
  look_up();
  if (getenv("STARVE_FROM_START") != nullptr) in_use->armed = true;
}

using Main = int (*)(int, char**, char**);
Main real_main = nullptr;

int armed_main(int argc, char** argv, char** environment) {
  if (getenv("STARVE_FROM_MAIN") != nullptr) in_use->armed = true;
  return real_main(argc, argv, environment);
}

}  // namespace

STARVE_API int __libc_start_main(Main main, int argc, char** argv, void (*init)(), void (*fini)(), void (*end)(),
                                 void* stack) {
  using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  real_main = main;
  return reinterpret_cast<Start>(dlsym(RTLD_NEXT, "__libc_start_main"))(armed_main, argc, argv, init, fini, end, stack);
}
STARVE_API void starve(int on) { in_use->armed = on != 0; }
// Requests of the calling thread while it was armed.
STARVE_API std::int64_t starve_seen() { return seen; }

STARVE_API void* malloc(size_t n) {
  if (refused()) return errno = ENOMEM, nullptr;
  return __libc_malloc(n);
}
STARVE_API void* calloc(size_t n, size_t size) {
  if (refused()) return errno = ENOMEM, nullptr;
  return __libc_calloc(n, size);
}
STARVE_API void* realloc(void* p, size_t n) {
  if (refused()) return errno = ENOMEM, nullptr;
  return __libc_realloc(p, n);
}
STARVE_API void* memalign(size_t alignment, size_t n) {
  if (refused()) return errno = ENOMEM, nullptr;
  return __libc_memalign(alignment, n);
}
STARVE_API void* aligned_alloc(size_t alignment, size_t n) { return memalign(alignment, n); }
STARVE_API int posix_memalign(void** p, size_t alignment, size_t n) {
  *p = memalign(alignment, n);
  return *p != nullptr ? 0 : ENOMEM;
}
STARVE_API void* mmap(void* address, size_t n, int protection, int flags, int fd, off_t offset) {
  static auto* const next = original(static_cast<decltype(::mmap)*>(nullptr), "mmap");
  if (refused()) return errno = ENOMEM, MAP_FAILED;
  return next(address, n, protection, flags, fd, offset);
}
STARVE_API int memfd_create(const char* name, unsigned flags) {
  static auto* const next = original(static_cast<int (*)(const char*, unsigned)>(nullptr), "memfd_create");
  if (refused()) return errno = EMFILE, -1;
  return next(name, flags);
}
STARVE_API int eventfd(unsigned count, int flags) {
  static auto* const next = original(static_cast<int (*)(unsigned, int)>(nullptr), "eventfd");
  if (refused()) return errno = EMFILE, -1;
  return next(count, flags);
}
STARVE_API int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                              void* argument) {
  static auto* const next = original(static_cast<decltype(::pthread_create)*>(nullptr), "pthread_create");
  if (refused()) return EAGAIN;
  return next(thread, attributes, run, argument);
}
