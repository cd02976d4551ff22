// One control request and what a daemon answers to it: which frames belong to it, when it is complete, what came of it.
//
//   send   request | fence              the fence is a request that every daemon answers and none answers unasked
//   take   frames ... answers ... answer to the fence
//
// A daemon answers in order. Where it may answer with several responses (a long list, a level for many contexts: one
// for each, or none where nothing matched), the fence's answer is the end; where it gives one, that is the end.
// Everything else, backlog and notices, is passed over; so is what a gateway passes on of its nodes, unless one of them
// was asked: the first notice on a connection tells the daemon's own ECU id. Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dlt/proto/control.hpp"

namespace dlt::tools {

// What a daemon tells of its contexts, with texts of its own.
struct ListedContext {
  ContextId id;
  std::int8_t level = 0;
  std::int8_t trace = 0;
  std::string description;
};
struct ListedApplication {
  AppId id;
  std::string description;
  std::vector<ListedContext> contexts;
};

class ControlExchange {
 public:
  struct Asked {
    proto::control::Request request;
    AppId app;  // of the frame: an injection's addressee
    ContextId context;
    EcuId ecu;
    bool serial_header = false;
  };

  explicit ControlExchange(const Asked& asked);

  [[nodiscard]] const std::vector<std::byte>& to_send() const noexcept { return bytes_; }
  // True: everything that belongs to the request is there.
  [[nodiscard]] bool take(proto::Bytes frame);

  // What came: the number of answers, and the first one that is no success.
  [[nodiscard]] std::size_t answers() const noexcept { return answers_; }
  [[nodiscard]] std::optional<proto::control::Status> refusal() const noexcept { return refusal_; }
  [[nodiscard]] bool list_too_long() const noexcept { return list_too_long_; }
  [[nodiscard]] const std::vector<ListedApplication>& listed() const noexcept { return listed_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }               // software version, snapshots
  [[nodiscard]] std::optional<std::int64_t> number() const noexcept { return number_; }  // a level, a count, a time
  [[nodiscard]] proto::control::Service service() const noexcept { return service_; }
  [[nodiscard]] bool fenced() const noexcept { return fenced_; }

 private:
  struct Taker;

  [[nodiscard]] bool is_of_another(EcuId ecu, const proto::control::Response& response);
  void add(const proto::control::LogInfo& info);
  void answered(proto::control::Status status);

  const proto::control::Service service_;
  const bool many_;  // several answers, or none, are possible
  const EcuId asked_;
  std::optional<EcuId> daemon_;  // at the other end of the connection
  std::vector<std::byte> bytes_;
  std::size_t answers_ = 0;
  std::optional<proto::control::Status> refusal_;
  bool list_too_long_ = false;
  bool fenced_ = false;
  std::vector<ListedApplication> listed_;
  std::string text_;
  std::optional<std::int64_t> number_;
};

}  // namespace dlt::tools
