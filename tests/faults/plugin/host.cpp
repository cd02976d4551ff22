// A program without the library, whose plugin uses it: loads, lets a thread log, unloads while that thread lives, COUNT
// times, then ends the threads. host PLUGIN COUNT. Exit code 0: each message was taken and flushed.
#include <dlfcn.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace {

template <class F>
F* symbol(void* plugin, const char* name) {
  return reinterpret_cast<F*>(dlsym(plugin, name));
}

// A thread that logs when it is told to, and ends when it is told to.
class Thread {
 public:
  explicit Thread(bool (*log)(int)) : thread_([this, log] { run(log); }) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return logged_; });
  }
  ~Thread() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  [[nodiscard]] bool taken() const { return taken_; }

 private:
  void run(bool (*log)(int)) {
    std::unique_lock lock(mutex_);
    taken_ = log(1);
    logged_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return ends_; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool logged_ = false;
  bool ends_ = false;
  bool taken_ = false;
  std::thread thread_;
};

}  // namespace

int main(int, char** argv) {
  std::vector<std::unique_ptr<Thread>> threads;
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
    if (!symbol<bool()>(plugin, "plugin_open")()) return 2;
    threads.push_back(std::make_unique<Thread>(symbol<bool(int)>(plugin, "plugin_log")));
    if (!threads.back()->taken() || !symbol<bool(int)>(plugin, "plugin_log")(2)) return 3;
    if (!symbol<bool()>(plugin, "plugin_flush")()) return 4;
    if (dlclose(plugin) != 0) return 5;
    if (dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != nullptr) return 6;  // it is really gone
  }
}
