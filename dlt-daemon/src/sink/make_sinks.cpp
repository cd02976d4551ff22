#include "sink/make_sinks.hpp"

namespace dlt::daemon {

Sinks make_sinks(const Config& c, Router& router) {
  Sinks sinks;
  if (!c.storage_directory.empty()) {
    Writer::Options options;
    options.files.directory = c.storage_directory;
    options.files.compressed = c.storage_compression;
    options.files.file_size = c.storage_file_size;
    options.files.keep = {c.storage_max_size, c.storage_max_files};
    options.ecu = c.ecu;
    options.sync = c.storage_sync;
    options.flush = c.storage_flush;
    sinks.storage =
        std::make_unique<StorageSink>(options, Hold::limits(c.storage_queue, c.storage_stall, c.storage_stall));
    router.add_storage(*sinks.storage);
  }
  return sinks;
}

}  // namespace dlt::daemon
