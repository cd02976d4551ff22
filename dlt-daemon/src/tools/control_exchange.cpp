#include "tools/control_exchange.hpp"

#include <algorithm>

#include "dlt/proto/message.hpp"

namespace dlt::tools {

namespace control = proto::control;
using control::Service;
using control::Status;

namespace {

constexpr Service fence = Service::get_local_time;

bool has_star(std::string_view id) noexcept { return id.ends_with('*'); }

template <class Set>
bool names_many(const Set& r) noexcept {
  return r.app.empty() || r.context.empty() || has_star(r.app.text()) || has_star(r.context.text());
}

bool may_have_many_answers(const control::Request& request) noexcept {
  if (const auto* r = std::get_if<control::SetLogLevel>(&request)) return names_many(*r);
  if (const auto* r = std::get_if<control::SetTraceStatus>(&request)) return names_many(*r);
  return std::holds_alternative<control::GetLogInfo>(request);
}

void append_frame(std::vector<std::byte>& out, const control::Request& request, const ControlExchange::Asked& asked) {
  control::Envelope envelope;
  envelope.ecu = asked.ecu;
  envelope.app = asked.app;
  envelope.context = asked.context;
  if (asked.serial_header)
    for (const char c : std::string_view("DLS\x01", 4)) out.push_back(static_cast<std::byte>(c));
  const auto frame = control::frame(request, envelope);
  if (frame) out.insert(out.end(), frame->begin(), frame->end());
}

template <class List, class IdType>
auto& entry(List& list, const IdType& id) {
  const auto found = std::find_if(list.begin(), list.end(), [&id](const auto& e) { return e.id == id; });
  if (found != list.end()) return *found;
  list.emplace_back().id = id;
  return list.back();
}

}  // namespace

// Takes a response that answers the request.
struct ControlExchange::Taker {
  ControlExchange& self;

  void operator()(const control::Plain& r) const { self.answered(r.status); }
  void operator()(const control::LogInfo& r) const { self.answered(Status::ok), self.add(r); }
  void operator()(const control::NoLogInfo& r) const {
    self.answered(Status::ok);
    self.list_too_long_ = r.reason == control::NoLogInfo::Reason::overflow;
  }
  void operator()(const control::DefaultLogLevel& r) const { self.answered(r.status), self.number_ = r.level; }
  void operator()(const control::SoftwareVersion& r) const { self.answered(r.status), self.text_ = r.text; }
  void operator()(const control::MessageBufferOverflow& r) const { self.answered(r.status), self.number_ = r.lost; }
  void operator()(const control::ContextUnregistered&) const {}
  void operator()(const control::ConnectionInfo&) const {}
  void operator()(const control::Timezone&) const {}
  void operator()(const control::Marker&) const {}
  void operator()(const control::PassiveNodeStatus& r) const { self.answered(r.status); }
  void operator()(const control::GatewayLinked&) const {}  // between daemons only
  void operator()(const control::Snapshots& r) const {
    self.answered(r.status), self.number_ = r.written, self.text_ = r.text;
  }
};

ControlExchange::ControlExchange(const Asked& asked)
    : service_(control::service_of(asked.request)), many_(may_have_many_answers(asked.request)), asked_(asked.ecu) {
  append_frame(bytes_, asked.request, asked);
  if (many_ && !bytes_.empty()) append_frame(bytes_, control::GetLocalTime{}, asked);
}

bool ControlExchange::is_of_another(EcuId ecu, const control::Response& response) {
  if (!daemon_ && std::holds_alternative<control::ConnectionInfo>(response)) daemon_ = ecu;
  return daemon_ && ecu != *daemon_ && ecu != asked_;
}

void ControlExchange::answered(Status status) {
  ++answers_;
  if (status != Status::ok && !refusal_) refusal_ = status;
}

bool ControlExchange::take(proto::Bytes frame) {
  const auto message = proto::MessageView::parse(frame);
  if (!message || !message->is_control_response()) return false;
  const auto response = control::decode_response(message->payload(), message->order());
  if (!response) return false;
  if (is_of_another(message->standard().ecu, *response)) return false;
  const Service service = control::service_of(*response);
  if (many_ && service == fence) return fenced_ = true;
  // The incumbent answers a trace status for an unknown context in the name of set_log_level.
  const bool disguised = service_ == Service::set_trace_status && service == Service::set_log_level;
  if (service != service_ && !disguised) return false;
  if (service == Service::get_local_time) number_ = message->standard().timestamp;
  std::visit(Taker{*this}, *response);
  return !many_ && answers_ > 0;
}

// A list may come in pages, and a context that registers just now may come twice.
void ControlExchange::add(const control::LogInfo& info) {
  for (const auto& a : info.applications) {
    auto& app = entry(listed_, a.id);
    if (!a.description.empty()) app.description = a.description;
    for (const auto& c : a.contexts) {
      auto& context = entry(app.contexts, c.id);
      context.level = c.level;
      context.trace = c.trace_status;
      context.description = c.description;
    }
  }
}

}  // namespace dlt::tools
