#include "snapshot/own_recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <new>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.hpp"
#include "snapshot/recorder_limits.hpp"

namespace dlt::daemon {

namespace {

namespace layout = proto::recorder;

constexpr std::uint32_t segments = 9;  // of a ring: eight are full
constexpr std::uint32_t rings = 2;
constexpr std::string_view infix = ".recorder-";

std::uint32_t segment_size(std::uint64_t ring_bytes) noexcept {
  const std::uint64_t room =
      (std::clamp(ring_bytes, recorder_bytes_least, recorder_bytes_most) + segments - 2) / (segments - 1);
  return static_cast<std::uint32_t>((room + layout::segment_header_size + 63) / 64 * 64);
}

std::uint64_t file_size(std::uint32_t segment) noexcept {
  return layout::first_ring + std::uint64_t{rings} * segments * segment;
}

std::string because(const std::string& what) { return what + ": " + std::generic_category().message(errno); }

// With blocks for all of it: a full tmpfs would kill who writes into the mapping.
Fd make_file(const std::string& file, std::uint64_t size, std::string& problem) {
  Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return problem = because(file), Fd();
  if ((errno = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(size))) == 0) return fd;
  problem = because(fmt::format("{}: {} bytes", file, size));
  ::unlink(file.c_str());
  return {};
}

std::byte* map(const Fd& fd, std::uint64_t size) noexcept {
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  return memory == MAP_FAILED ? nullptr : static_cast<std::byte*>(memory);
}

void write_header(std::byte* memory, std::uint32_t segment, std::uint64_t messages) noexcept {
  auto* header = new (memory) layout::HeaderMemory{
      {},  layout::version,       static_cast<std::uint32_t>(::getpid()), segment, segments, rings, {rings}, {messages},
      {0}, OwnRecorder::app.key()};
  std::memcpy(header->magic, layout::magic.data(), layout::magic.size());
}

Recorded recorded_of(SharedMemory memory, std::int32_t pid, std::int64_t since_us) {
  return {std::make_shared<const SharedMemory>(std::move(memory)),
          OwnRecorder::app,
          "dlt-daemon",
          pid,
          ::geteuid(),
          since_us};
}

std::string_view name_of(std::string_view path) noexcept { return path.substr(path.rfind('/') + 1); }

// The number behind the infix; nothing: not such a file.
std::optional<std::int64_t> start_in(std::string_view name, std::string_view base) noexcept {
  if (!name.starts_with(base) || !name.substr(base.size()).starts_with(infix)) return std::nullopt;
  const std::string_view digits = name.substr(base.size() + infix.size());
  std::int64_t start = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), start);
  if (error != std::errc() || end != digits.data() + digits.size() || start < 0) return std::nullopt;
  return start;
}

std::optional<Recorded> open_left_over(const std::string& file, std::int64_t start) {
  Fd fd(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  auto memory = fd ? SharedMemory::of_file(std::move(fd)) : Result<SharedMemory>(Errc::invalid_argument);
  std::array<std::byte, layout::header_size> bytes{};
  if (!memory || !memory->read(0, bytes)) return std::nullopt;
  const auto header = layout::decode_header(bytes);
  if (!header.magic) return std::nullopt;
  return recorded_of(*std::move(memory), static_cast<std::int32_t>(header.pid), start);
}

}  // namespace

OwnRecorder::OwnRecorder(std::string file, std::byte* memory, std::uint32_t segment, Recorded recorded) noexcept
    : file_(std::move(file)),
      memory_(memory),
      recorded_(std::move(recorded)),
      received_(memory + layout::first_ring, segments, segment, 0),
      lines_(memory + layout::first_ring + std::uint64_t{segments} * segment, segments, segment, 1) {}

std::unique_ptr<OwnRecorder> OwnRecorder::open(const Options& o, std::string& problem) {
  const std::uint32_t segment = segment_size(o.bytes);
  const std::uint64_t size = file_size(segment);
  std::string file = fmt::format("{}{}{}", o.path, infix, o.now_us);
  Fd fd = make_file(file, size, problem);
  if (!fd) return nullptr;
  std::byte* const memory = map(fd, size);
  auto shared = SharedMemory::of_file(std::move(fd));
  if (memory == nullptr || !shared) {
    problem = because(file);
    if (memory != nullptr) ::munmap(memory, size);
    ::unlink(file.c_str());
    return nullptr;
  }
  std::unique_ptr<OwnRecorder> recorder(
      new OwnRecorder(std::move(file), memory, segment, recorded_of(*std::move(shared), ::getpid(), o.now_us)));
  write_header(memory, segment, o.messages);  // last: what is left over without it is not one of a daemon that died
  return recorder;
}

// Who may not remove it any more leaves a file without sense.
OwnRecorder::~OwnRecorder() {
  std::memset(memory_, 0, layout::magic.size());
  ::munmap(memory_, recorded_.memory->layout().size);
  remove(file_);
}

void OwnRecorder::remove(const std::string& file) noexcept { ::unlink(file.c_str()); }

std::vector<OwnRecorder::LeftOver> OwnRecorder::left_over(const std::string& path, std::string_view own) {
  const std::string directory = directory_of(path);
  const std::string_view base = name_of(path);
  const std::string_view own_name = name_of(own);  // the same path may be written in several ways
  std::vector<std::pair<std::int64_t, std::string>> found;
  for (const std::string& name : names_in(directory))
    if (const auto start = start_in(name, base))
      if (name != own_name) found.emplace_back(*start, directory + "/" + name);
  std::sort(found.begin(), found.end());
  std::vector<LeftOver> all;
  // The newest first: of many deaths in a row the last ones are kept.
  for (auto i = found.rbegin(); i != found.rend(); ++i) {
    auto of = all.size() < most_left_over ? open_left_over(i->second, i->first) : std::nullopt;
    if (of) all.push_back({i->second, *std::move(of)});
    else remove(i->second);
  }
  std::reverse(all.begin(), all.end());
  return all;
}

}  // namespace dlt::daemon
