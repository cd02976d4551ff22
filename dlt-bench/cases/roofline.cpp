// This machine's limit: what the rest is compared with.
#include "harness/roofline.hpp"

#include "cases.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

Row roofline_row(const Load& load, RooflineSocket socket) {
  Row row;
  row.case_name = "roofline";
  row.config = {{"transport", socket == RooflineSocket::tcp ? "tcp" : "unix"}, {"sink", "walked by 1 reader"}};
  const double duration = duration_of(load, 0.5, 0.3);
  const unsigned repeats = repeats_of(load);
  for (unsigned i = 0; i <= repeats; ++i) {  // the first is the warm-up
    progress("roofline: " + row.label(), (repeats + 1 - i) * duration);
    const RooflineFigures f = run_roofline(socket, duration, load.payload.value_or(12));
    if (i == 0) continue;
    Sample s;
    s.seconds = static_cast<double>(f.read.last_ns - f.read.first_ns) * 1e-9;
    s.offered = s.accepted = f.written.messages;
    s.delivered = f.read.messages;
    s.delivered_bytes = f.read.bytes;
    s.application = f.written.usage;
    s.daemon = f.read.usage;  // the reader stands where the daemon would
    row.samples.push_back(std::move(s));
  }
  progress_done();
  return row;
}

}  // namespace

Numbers run_roofline_case(const Load& load) {
  Numbers numbers;
  numbers.rows.push_back(roofline_row(load, RooflineSocket::unix_stream));
  numbers.rows.push_back(roofline_row(load, RooflineSocket::tcp));
  numbers.rows.front().notes.emplace_back(
      "prepared frames in ranges of 64 KiB, 16 a writev; in place of the daemon a reader that walks them");
  const MachineResult m = run_machine();
  numbers.facts = {
      {"clock, one reading", human(m.clock_reading_ns) + " ns"},
      {"clock, a pair around nothing", human(m.clock_pair_ns) + " ns (subtracted from call times)"},
      {"counter without fences",
       human(m.counter_ns) + " ns; atomic increment " + human(m.increment_ns) + " ns (a log call does one of each)"},
      {"memcpy of one frame at a time", human(m.copy_messages_per_s) + " msg/s, " + human(m.copy_bytes_per_s) + "B/s"},
      {"log call whose level is off", human(m.filtered_ns) + " ns"}};
  return numbers;
}

}  // namespace dlt::bench
