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

}  // namespace dlt::daemon
