// Reads the daemon's stored files back with the daemon's own reader, in a process of its own, and counts: standard
// messages by a ledger for each member, those of a workload by its recount.
#include <filesystem>
#include <unordered_map>

#include "dlt/proto/message.hpp"
#include "harness/error.hpp"
#include "harness/numbered_text.hpp"
#include "harness/stored_files.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"
#include "tools/record_reader.hpp"
#include "workloads/workload.hpp"

namespace dlt::bench {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view numbered = "numbered";

// Who a message is of, and whether it is the next one.
class Reader {
 public:
  explicit Reader(const RecountPlan& plan) : plan_(plan), texts_(Texts::fixed(plan.payload)) {
    for (std::size_t i = 0; i < plan.runs.size(); ++i) {
      members_[AppId(std::string_view(plan.runs[i])).key()] = i;
      ledgers_.emplace_back(plan.threads, texts_);
      next_.emplace_back(plan.threads, 0);
    }
    result_.of_member.resize(plan.runs.size());
    if (plan.kind == "standard" || plan.kind == numbered) return;
    const WorkloadKind* kind = find_workload(plan.kind);
    if (kind == nullptr) throw BenchError("no workload '" + plan.kind + "'");
    recount_ = kind->recount(plan.runs.size());
  }

  void take(proto::Bytes frame) {
    const auto message = proto::MessageView::parse(frame);
    if (!message) return;
    const auto member = members_.find(message->extended().app.key());
    if (member == members_.end() || message->type() != proto::MessageType::log) return;
    if (recount_) take_operation(member->second, *message);
    else if (plan_.kind == numbered) take_numbered(member->second, *message);
    else take_standard(member->second, frame);
  }
  void skipped(std::uint64_t bytes) { skipped_ += bytes; }

  RecountResult result() {
    if (recount_) result_.counters = recount_->counters();
    for (const Ledger& ledger : ledgers_) {
      const auto faults = ledger.faults();
      result_.faults.insert(result_.faults.end(), faults.begin(), faults.end());
    }
    const auto fault = [&](std::uint64_t n, const char* what) {
      if (n != 0) result_.faults.push_back(std::to_string(n) + " " + what);
    };
    fault(backwards_, "messages arrived twice or out of order");
    fault(incomplete_, "messages lack a field");
    fault(strangers_, "messages came from a thread that does not exist");
    fault(skipped_, "bytes of the stored files are no messages");
    return std::move(result_);
  }
  RecountResult& so_far() { return result_; }

 private:
  void take_standard(std::size_t member, proto::Bytes frame) {
    const auto standard = read_standard(frame);
    if (!standard) return;
    const std::uint64_t before = ledgers_[member].delivered();
    ledgers_[member].enter(*standard, frame.size());
    arrived(member, ledgers_[member].delivered() - before, frame.size());
  }
  void take_numbered(std::size_t member, const proto::MessageView& message) {
    auto arguments = message.arguments();
    if (!arguments.more()) return;
    const auto first = arguments.next();
    const auto* text = first ? std::get_if<proto::Text>(&first->value) : nullptr;
    const auto n = text != nullptr ? number_of_text(text->text) : std::nullopt;
    std::uint64_t& next = next_[member][0];
    if (!n || *n < next) {
      ++backwards_;
      return;
    }
    next = *n + 1;
    arrived(member, 1, message.frame().size());
  }
  void take_operation(std::size_t member, const proto::MessageView& message) {
    const Fields fields(message);
    const std::uint64_t thread = fields.number("thread"), n = fields.number("n");
    if (thread >= plan_.threads) {
      ++strangers_;
      return;
    }
    if (n < next_[member][thread]) {
      ++backwards_;
      return;
    }
    next_[member][thread] = n + 1;
    arrived(member, 1, message.frame().size());
    recount_->take(member, fields);
    incomplete_ += fields.complete() ? 0U : 1U;
  }
  void arrived(std::size_t member, std::uint64_t messages, std::size_t bytes) {
    result_.delivered += messages;
    result_.bytes += messages * bytes;
    result_.of_member[member] += messages;
  }

  const RecountPlan& plan_;
  Texts texts_;
  std::unordered_map<std::uint32_t, std::size_t> members_;
  std::vector<Ledger> ledgers_;                   // of standard messages
  std::vector<std::vector<std::uint64_t>> next_;  // of others: by member and thread
  std::unique_ptr<Recount> recount_;
  std::uint64_t backwards_ = 0, incomplete_ = 0, strangers_ = 0, skipped_ = 0;
  RecountResult result_;
};

}  // namespace

void recount_worker(Channel& channel) {
  const auto plan = from_wire<RecountPlan>(channel.expect(60));
  const tools::Stop stop;
  Reader reader(plan);
  const auto skipped = [&](std::uint64_t, std::uint64_t bytes, std::string_view) { reader.skipped(bytes); };
  for (const fs::path& path : stored_files(plan.directory)) {
    auto file = tools::InputFile::open(path.string(), stop);
    if (!file) throw BenchError("cannot read " + path.string() + ": " + file.error().message());
    reader.so_far().file_bytes += fs::file_size(path);
    tools::RecordReader records(tools::make_source(std::move(*file), skipped), skipped);
    while (const auto record = records.next()) reader.take(record->frame());
  }
  channel.send(to_wire(reader.result()));
}

}  // namespace dlt::bench
