#include "end_to_end/masked.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <regex>
#include <sstream>

#include "dlt/proto/control.hpp"
#include "dlt/proto/header.hpp"

namespace dlt::test {

namespace {

constexpr std::string_view own_ids = " DLTD INTM ";

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out += {digits[b >> 4U], digits[b & 15U]};
  }
  return out;
}

// Its first line without the position, the time of reception and the time stamp; nothing: the line begins no message.
std::optional<std::string> begins_message(const std::string& line) {
  static const std::regex front(R"(^(\d+ )?\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} +\d+ )");
  std::smatch match;
  if (!std::regex_search(line, match, front)) return std::nullopt;
  return match.suffix().str();
}

Messages all_shown(const std::string& text) {
  Messages out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (auto first = begins_message(line)) out.push_back(*std::move(first));
    else if (!out.empty()) out.back() += "\n" + line;
  }
  return out;
}

// As it is to be compared; nothing: it is not.
std::optional<std::string> masked(std::string frame) {
  namespace control = proto::control;
  proto::ByteReader in(proto::as_bytes(frame));
  auto standard = proto::StandardHeader::decode(in);
  if (!standard) return "no frame: " + hex(frame);
  std::string ids(standard->ecu.text());
  if ((standard->htyp & proto::htyp::extended_header) != 0) {
    const auto extended = proto::ExtendedHeader::decode(in);
    if (!extended) return "no frame: " + hex(frame);
    if (extended->app == AppId("DLTD") && extended->context == ContextId("INTM")) return std::nullopt;
    ids += " " + std::string(extended->app.text()) + " " + std::string(extended->context.text());
    const bool told = extended->msin == proto::msin::control_response && in.rest().size() >= 4;
    const std::uint32_t service = told ? proto::load_le<std::uint32_t>(in.rest().data()) : 0;
    if (service == static_cast<std::uint32_t>(control::Service::connection_info)) return std::nullopt;
    if (told) ids += " response " + std::to_string(service);
  }
  standard->session = 0;
  standard->timestamp = 0;
  std::vector<std::byte> header(standard->size());
  proto::ByteWriter out(header);
  standard->encode(out);
  frame.replace(0, header.size(), proto::as_text(header));
  return ids + " " + hex(frame);
}

Messages frames(std::string_view bytes, std::size_t storage_header) {
  Messages out;
  while (bytes.size() >= storage_header + 4) {
    const std::size_t size = proto::load_be<std::uint16_t>(proto::as_bytes(bytes).data() + storage_header + 2);
    if (size < 4 || bytes.size() < storage_header + size) break;
    if (auto frame = masked(std::string(bytes.substr(storage_header, size)))) out.push_back(*std::move(frame));
    bytes.remove_prefix(storage_header + size);
  }
  if (!bytes.empty()) out.push_back("torn: " + hex(bytes));
  return out;
}

}  // namespace

Messages shown_messages(const std::string& text) {
  return without(without(all_shown(text), own_ids), "response N 1 [service(3842), ");
}

Messages stored_frames(const std::string& file) { return frames(file, proto::storage_header_size); }
Messages sent_frames(const std::string& stream) { return frames(stream, 0); }

Messages with(const Messages& all, std::string_view text) {
  Messages out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out),
               [&](const std::string& m) { return m.find(text) != std::string::npos; });
  return out;
}

Messages without(const Messages& all, std::string_view text) {
  Messages out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out),
               [&](const std::string& m) { return m.find(text) == std::string::npos; });
  return out;
}

std::size_t own_messages(const std::string& text) { return with(all_shown(text), own_ids).size(); }

}  // namespace dlt::test
