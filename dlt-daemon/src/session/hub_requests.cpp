// What clients ask for, done: by applications, storage, snapshots, nodes.
#include "session/hub.hpp"

namespace dlt::daemon {

bool Hub::deliver(const InjectionPush& push) {
  const proto::local::Injection message{push.position, push.service, push.data};
  if (const auto it = apps_.find(push.session); it != apps_.end()) return it->second->send(message);
  return fifo_ && fifo_->send(push.session, message);
}

// What is answered has been done.
void Hub::apply(ClientSession& client, Outcome& outcome) {
  send(outcome.levels);
  for (const InjectionPush& push : outcome.injections)
    if (!deliver(push)) outcome.replies[push.reply] = exchange_.control.undelivered(push, now().uptime);
  for (const Frame& frame : outcome.replies) client.reply(frame);
  client.push();
  if (outcome.link) client.open_link(*outcome.link);
  if (outcome.received) client.received(outcome.received->received);
  if (outcome.filter) client.set_filter(*std::move(outcome.filter));
  for (const LogstorageRequest& request : outcome.logstorage) ask_logstorage(client, request);
  for (const SnapshotRequest& request : outcome.snapshots) ask_snapshots(client, request);
  for (const NodeRequest& request : outcome.nodes) gateway_.ask(client, request);
  for (const ForwardedRequest& request : outcome.forwarded) gateway_.forward(client, request);
  if (outcome.timing) options_.send_time = *outcome.timing;
}

std::vector<Recorded> Hub::recorded(AppId app) const {
  std::vector<Recorded> all;
  if (own_recorded_.memory && (app.empty() || app == own_recorded_.app)) all.push_back(own_recorded_);
  for (const auto& [id, session] : apps_) {
    Recorded one = session->recorded();
    if (one.memory && (app.empty() || app == one.app)) all.push_back(std::move(one));
  }
  return all;
}

void Hub::ask_snapshots(ClientSession& client, const SnapshotRequest& request) {
  snapshots_.take_each(recorded(request.app), "control",
                       [this, to = client.weak_from_this()](const Snapshots::All& all) {
                         const auto session = to.lock();
                         if (!session) return;
                         const auto status = all.good ? proto::control::Status::ok : proto::control::Status::error;
                         session->answer_later([&] {
                           return exchange_.control.snapshots({status, all.written, all.text}, now().uptime);
                         });
                       });
}

// Who names a directory makes this process write there: that is for those who may write to the socket for control.
void Hub::ask_logstorage(ClientSession& client, const LogstorageRequest& request) {
  const auto answer = [this, to = client.weak_from_this()](proto::control::Status status) {
    const auto session = to.lock();
    if (!session) return;
    session->answer_later([&] { return exchange_.control.logstorage(status, now().uptime); });
  };
  if (client.kind() == ClientSession::Kind::control && logstorage_) return logstorage_(request, answer);
  say("client {} may not connect logstorage devices: only the socket for control may", client.peer());
  answer(proto::control::Status::permission_denied);
}

}  // namespace dlt::daemon
