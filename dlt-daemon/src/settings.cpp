#include "settings.hpp"

#include <array>
#include <climits>
#include <string>

#include <unistd.h>

#include "software_version.hpp"
#include "version.hpp"
#include "zone.hpp"

namespace dlt::daemon {

Control::Options control_options(const Config& c) {
  return {c.ecu,
          c.injections,
          c.registration_option,
          software_version(c.version_file, c.version_field),
          {c.context_level, c.context_trace}};
}

Exchange::Options exchange_options(const Config& c) {
  return {c.ecu,
          zone_now().offset_s,
          ::getpid(),
          std::string("dlt-daemon ") + version,
          c.send_context_registration,
          !c.snapshot_directory.empty()};
}

SnapshotFiles::Options snapshot_options(const Config& c) {
  SnapshotFiles::Options o;
  o.directory = c.snapshot_directory;
  o.keep = {c.snapshot_max_size, c.snapshot_max_files};
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {};
  o.place = {c.ecu, host.data()};
  return o;
}

Hub::Options hub_options(const Config& c) {
  Hub::Options o;
  o.client = Hold::limits(c.client_queue, c.client_stall, 10 * c.client_stall);
  o.client_timeout = c.client_timeout;
  o.storage_stall = c.storage_stall;
  o.max_clients = c.max_clients;
  o.max_applications = c.max_applications;
  o.max_applications_per_user = c.max_applications_per_user;
  o.max_handshakes = c.max_handshakes;
  o.handshake_timeout = c.handshake_timeout;
  o.application_rate = c.application_rate;
  o.application_burst = c.application_burst;
  o.send_time = c.send_message_time;
  o.send_version = c.send_version;
  o.send_timezone = c.send_timezone;
  o.serial_headers = c.send_serial_header;
  o.peer_timeout = c.peer_timeout;
  return o;
}

Registry::Limits registry_limits(const Config& c) {
  Registry::Limits l;
  l.applications = c.max_applications;
  l.applications_per_user = c.max_applications_per_user;
  l.contexts = c.max_contexts;
  l.contexts_per_user = c.max_contexts_per_user;
  l.shared_ids = c.shared_ids;
  l.reserved = c.reserved_ids;
  return l;
}

Intake::Options intake_options(const Config& c) { return {c.force_levels, c.quotas, c.suppress_repetitions}; }

Config applicable(const Config& fresh, const Config& running) {
  Config now = fresh;
  now.ecu = running.ecu;
  now.app_socket = running.app_socket;
  now.app_socket_mode = running.app_socket_mode;
  now.app_socket_group = running.app_socket_group;
  now.legacy_fifo = running.legacy_fifo;
  now.legacy_directory = running.legacy_directory;
  now.legacy_fifo_size = running.legacy_fifo_size;
  now.legacy_fifo_group = running.legacy_fifo_group;
  now.legacy_socket = running.legacy_socket;
  now.app_bind = running.app_bind;
  now.app_port = running.app_port;
  now.bind = running.bind;
  now.port = running.port;
  now.peer_timeout = running.peer_timeout;
  now.control_socket = running.control_socket;
  now.status_socket = running.status_socket;
  now.persistence_directory = running.persistence_directory;
  now.storage_directory = running.storage_directory;
  now.storage_compression = running.storage_compression;
  now.storage_queue = running.storage_queue;
  now.storage_file_size = running.storage_file_size;
  now.storage_max_size = running.storage_max_size;
  now.storage_max_files = running.storage_max_files;
  now.storage_stall = running.storage_stall;
  now.storage_flush = running.storage_flush;
  now.storage_sync = running.storage_sync;
  now.logstorage_devices = running.logstorage_devices;
  now.logstorage_directory = running.logstorage_directory;
  now.logstorage_naming = running.logstorage_naming;
  now.logstorage_cache_kib = running.logstorage_cache_kib;
  now.snapshot_directory = running.snapshot_directory;
  now.snapshot_max_size = running.snapshot_max_size;
  now.snapshot_max_files = running.snapshot_max_files;
  now.recorder_size = running.recorder_size;
  now.recorder_messages = running.recorder_messages;
  now.logging_mode = running.logging_mode;
  now.logging_file = running.logging_file;
  now.logging_limited = running.logging_limited;
  now.logging_file_size = running.logging_file_size;
  now.logging_max_size = running.logging_max_size;
  return now;
}

}  // namespace dlt::daemon
