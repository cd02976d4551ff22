#include "status_table.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace dlt::daemon {

namespace {

using nlohmann::json;

std::uint64_t number(const json& of, const char* key) { return of.at(key).get<std::uint64_t>(); }
std::string text(const json& of, const char* key) { return of.at(key).get<std::string>(); }

// Writes the parts of the document, one after the other.
class Table {
 public:
  void process(const json& j) {
    line("dlt-daemon {}  pid {}  ecu {}  up {:.0f} s", text(j, "version"), j.at("pid").get<int>(), text(j, "ecu"),
         j.at("uptime_s").get<double>());
    line("applications at {}, clients at port {}", text(j, "app_socket"), j.at("client_port").get<int>());
    if (const auto& f = j.at("fifo"); !f.is_null())
      line("{} applications by the FIFO {}; {} bytes of rubbish", number(f, "applications"), text(f, "path"),
           number(f, "garbage_bytes"));
    const auto& cpu = j.at("cpu");
    line("cpu {:.2f} s user, {:.2f} s system; memory {:.1f} MiB, at most {:.1f} MiB", cpu.at("user_s").get<double>(),
         cpu.at("system_s").get<double>(), j.at("rss_bytes").get<double>() / (1 << 20),
         j.at("peak_rss_bytes").get<double>() / (1 << 20));
    const auto& totals = j.at("totals");
    line("received {} messages, {} bytes; {} bytes of rubbish", number(totals, "received_messages"),
         number(totals, "received_bytes"), number(totals, "garbage_bytes"));
  }
  void applications(const json& all) {
    line("\n{:<6}{:<6}{:>8}{:>14}{:>16}{:>12}", "APP", "CTX", "LEVEL", "MESSAGES", "BYTES", "LOST");
    for (const auto& app : all) {
      std::uint64_t lost = 0;
      for (const auto& count : app.at("lost")) lost += count.get<std::uint64_t>();
      const auto& received = app.at("received");
      line("{:<6}{:<6}{:>8}{:>14}{:>16}{:>12}", text(app, "id"), "", way(app), number(received, "messages"),
           number(received, "bytes"), lost);
      for (const auto& c : app.at("contexts"))
        line("{:<6}{:<6}{:>8}{:>14}{:>16}", "", text(c, "id"), c.at("level").get<int>(), number(c, "messages"),
             number(c, "bytes"));
    }
  }
  void clients(const json& all) {
    line("\n{:<28}{:>14}{:>16}{:>12}{:>12}", "CLIENT", "MESSAGES", "BYTES", "DROPPED", "QUEUED");
    for (const auto& c : all)
      line("{:<28}{:>14}{:>16}{:>12}{:>12}", text(c, "peer"), number(c.at("sent"), "messages"),
           number(c.at("sent"), "bytes"), number(c.at("dropped"), "messages"), number(c, "queued_bytes"));
  }
  void limits(const json& l, const json& refused) {
    std::string reasons;
    for (const auto& [why, count] : refused.items())
      if (count.get<std::uint64_t>() != 0) reasons += fmt::format("  {} {}", why, count.get<std::uint64_t>());
    line("\nrefused{}", reasons.empty() ? "  nothing" : reasons);
    line("limits  applications {} (per user {})  contexts {} (per user {})  clients {}  handshakes {}",
         number(l, "applications"), number(l, "applications_per_user"), number(l, "contexts"),
         number(l, "contexts_per_user"), number(l, "clients"), number(l, "handshakes"));
  }
  void storage(const json& s) {
    line("\nstorage {}  {}  {} messages written, {} dropped, {} files", text(s, "state"), text(s, "file"),
         number(s.at("written"), "messages"), number(s.at("dropped"), "messages"), number(s, "files"));
  }
  void logstorage(const json& devices) {
    for (const auto& d : devices) {
      line("logstorage {}  {}  {}", text(d, "path"), text(d, "state"), text(d, "problem"));
      for (const auto& f : d.at("filters"))
        line("  {}  {}  {} messages stored, {} cached, {} lost, {} files", text(f, "name"), text(f, "file"),
             number(f, "stored"), number(f, "cached"),
             number(f, "overwritten") + number(f, "discarded") + number(f, "failed"), number(f, "files"));
    }
  }
  void snapshots(const json& s) {
    if (!s.at("enabled").get<bool>()) return;
    line("snapshots {}  {} written, {} bytes, {} refused, {} failed  {}", text(s, "directory"), number(s, "taken"),
         number(s, "bytes"), number(s, "refused"), number(s, "failed"), text(s, "last"));
    if (const auto problem = text(s, "problem"); !problem.empty()) line("  the last that failed: {}", problem);
  }
  void nodes(const json& all) {
    if (all.empty()) return;
    line("\n{:<6}{:<28}{:>12}{:>14}{:>16}{:>10}{:>12}", "NODE", "ADDRESS", "STATE", "MESSAGES", "BYTES", "LOST",
         "RECONNECTS");
    for (const auto& n : all)
      line("{:<6}{:<28}{:>12}{:>14}{:>16}{:>10}{:>12}", text(n, "ecu"), text(n, "address"), text(n, "state"),
           number(n.at("received"), "messages"), number(n.at("received"), "bytes"), number(n, "lost"),
           number(n, "reconnects"));
  }
  [[nodiscard]] std::string& out() noexcept { return out_; }

 private:
  // What stands in the LEVEL column of an application's line.
  static std::string way(const json& application) {
    if (!application.at("connected").get<bool>()) return "left";
    return application.at("via") == "fifo" ? "fifo" : "";
  }
  template <class... Args>
  void line(fmt::format_string<const Args&...> format, const Args&... args) {
    out_ += fmt::format(format, args...) + "\n";
  }

  std::string out_;
};

}  // namespace

std::string status_table(const std::string& document) {
  const json j = json::parse(document, nullptr, false);
  if (j.is_discarded()) return "the answer is not JSON\n";
  Table table;
  try {
    table.process(j);
    table.applications(j.at("applications"));
    table.clients(j.at("clients"));
    table.nodes(j.at("nodes"));
    table.limits(j.at("limits"), j.at("refused"));
    table.storage(j.at("storage"));
    table.logstorage(j.at("logstorage"));
    table.snapshots(j.at("snapshots"));
  } catch (const json::exception& e) {
    table.out() += fmt::format("the answer is not complete: {}\n", e.what());
  }
  return std::move(table.out());
}

}  // namespace dlt::daemon
