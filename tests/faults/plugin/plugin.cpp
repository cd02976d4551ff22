// A plugin that logs: it alone links the library. Its static objects go when it is unloaded, the session among them.
#include <dlt/dlt.hpp>

#include <optional>

#define PLUGIN_API extern "C" [[gnu::visibility("default")]]

namespace {

std::optional<dlt::Session> session;
std::optional<dlt::Context> context;

}  // namespace

PLUGIN_API bool plugin_open() {
  auto started = dlt::start({.app = "PLUG"});
  if (!started) return false;
  session.emplace(std::move(*started));
  context.emplace("PLUG", "of a plugin");
  context->on_level_change([](dlt::Level) {});  // its code goes with the plugin
  return true;
}

PLUGIN_API bool plugin_log(int number) { return DLT_INFO(*context, "message {}", number); }

PLUGIN_API bool plugin_flush() { return session->flush(std::chrono::minutes(1)); }
