#include "harness/roofline.hpp"

#include "harness/error.hpp"
#include "harness/scratch.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {

RooflineFigures run_roofline(RooflineSocket socket, double duration_s, unsigned text_bytes) {
  const Scratch scratch;
  RooflinePlan plan;
  plan.duration_s = duration_s;
  plan.text_bytes = text_bytes;
  if (socket == RooflineSocket::unix_stream) plan.path = (scratch.path() / "roof.sock").string();
  Child reader = start_worker("roofline-read", to_wire(plan));
  plan.port = static_cast<std::uint16_t>(std::stoul(reader.receive(Seconds(10))));
  Child writer = start_worker("roofline-write", to_wire(plan));
  RooflineFigures figures;
  figures.written = from_wire<RooflineResult>(writer.receive(Seconds(duration_s + 20)));
  figures.read = from_wire<RooflineResult>(reader.receive(Seconds(20)));
  if (figures.written.messages != figures.read.messages || figures.written.sum != figures.read.sum)
    throw BenchError("roofline: what was read is not what was written");
  return figures;
}

MachineResult run_machine() {
  Child worker = start_worker("machine", "{}");
  return from_wire<MachineResult>(worker.receive(Seconds(60)));
}

}  // namespace dlt::bench
