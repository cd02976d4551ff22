#include "sink/make_sinks.hpp"

#include <algorithm>

namespace dlt::daemon {

namespace {

std::unique_ptr<StorageSink> make_storage(const Config& c) {
  Writer::Options options;
  options.files.directory = c.storage_directory;
  options.files.compressed = c.storage_compression;
  options.files.file_size = c.storage_file_size;
  options.files.keep = {c.storage_max_size, c.storage_max_files};
  options.ecu = c.ecu;
  options.sync = c.storage_sync;
  options.flush = c.storage_flush;
  return std::make_unique<StorageSink>(options, Hold::limits(c.storage_queue, c.storage_stall, c.storage_stall));
}

// Contexts get the levels that filters want, and clients do not get what filters keep from them.
void use_filters(LogstorageSink& sink, Exchange& exchange, Hub& hub) {
  exchange.stored_only = {};
  if (sink.keeps_from_clients())
    exchange.stored_only = [&sink](const std::byte* frame) { return sink.keeps_from_clients(frame); };
  const auto floor = [&sink](AppId app, ContextId context) { return sink.wanted_level(app, context); };
  hub.send(exchange.registry.set_floor(floor, sink.maintains_levels()));
}

void reset_levels(const logstorage::Matcher& gone, Exchange& exchange, Hub& hub) {
  std::vector<LevelPush> pushes;
  for (const auto& [app, entry] : exchange.registry.applications())
    for (const auto& [context, c] : entry.contexts)
      if (const auto level = gone.reset_level(app, context))
        for (const LevelPush& push : exchange.registry.set(app, context, *level, std::nullopt)) pushes.push_back(push);
  hub.send(pushes);
}

std::unique_ptr<LogstorageSink> make_logstorage(const Config& c, asio::io_context& io, Exchange& exchange, Hub& hub) {
  LogstorageSink::Options options;
  options.ecu = c.ecu;
  options.max_devices = logstorage_devices(c);
  options.cache = c.logstorage_cache_kib * 1024;
  options.naming = c.logstorage_naming;
  options.queue = Hold::limits(c.storage_queue, c.storage_stall, c.storage_stall);
  const auto self = std::make_shared<LogstorageSink*>(nullptr);
  options.levels_changed = [self, &exchange, &hub] { use_filters(**self, exchange, hub); };
  options.reset_levels = [&exchange, &hub](const logstorage::Matcher& gone) { reset_levels(gone, exchange, hub); };
  auto sink = std::make_unique<LogstorageSink>(io, std::move(options));
  *self = sink.get();
  hub.set_logstorage([to = sink.get()](const LogstorageRequest& request, Hub::Answer answer) {
    switch (request.kind) {
      case LogstorageRequest::Kind::disconnect: return to->disconnect(request.path, std::move(answer));
      case LogstorageRequest::Kind::connect: return to->connect(request.path, std::move(answer));
      case LogstorageRequest::Kind::sync: return to->sync(request.path, std::move(answer));
    }
  });
  return sink;
}

}  // namespace

std::uint32_t logstorage_devices(const Config& c) {
  return std::max<std::uint32_t>(c.logstorage_devices, c.logstorage_directory.empty() ? 0 : 1);
}

Sinks make_sinks(const Config& c, asio::io_context& io, Exchange& exchange, Hub& hub) {
  Sinks sinks;
  if (!c.storage_directory.empty()) {
    sinks.storage = make_storage(c);
    exchange.router.add_storage(*sinks.storage);
  }
  if (logstorage_devices(c) != 0) {
    sinks.logstorage = make_logstorage(c, io, exchange, hub);
    exchange.router.add_storage(*sinks.logstorage);
    if (!c.logstorage_directory.empty()) sinks.logstorage->connect(c.logstorage_directory, [](auto) {});
  }
  return sinks;
}

}  // namespace dlt::daemon
