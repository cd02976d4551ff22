#include "harness/texts.hpp"

#include <array>
#include <cassert>
#include <cstdio>
#include <random>

namespace dlt::bench {
namespace {

constexpr std::size_t line_count = 65'536;

std::string line(std::mt19937& random) {
  static constexpr std::array<const char*, 12> parts{"route",  "tuner",  "display", "charger", "cabin",  "gateway",
                                                     "camera", "update", "storage", "network", "engine", "phone"};
  static constexpr std::array<const char*, 10> states{"ready", "starting", "degraded", "waiting", "stopped",
                                                      "busy",  "lost",     "restored", "pending", "done"};
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const char* part = parts[below(parts.size())];
  const char* state = states[below(states.size())];
  std::array<char, 160> text{};
  switch (below(8)) {
    case 0:
      std::snprintf(text.data(), text.size(), "%s state changed to %s after %u ms", part, state, below(5000));
      break;
    case 1:
      std::snprintf(text.data(), text.size(), "request %08x from %s took %u.%03u ms, status %u", unsigned(random()),
                    part, below(90), below(1000), 200 + below(4) * 100);
      break;
    case 2:
      std::snprintf(text.data(), text.size(), "%s: temperature %u.%u C, limit %u", part, below(90), below(10),
                    60 + below(40));
      break;
    case 3:
      std::snprintf(text.data(), text.size(), "opened /var/lib/%s/data-%05u.db (%u bytes)", part, below(99999),
                    below(900000));
      break;
    case 4: std::snprintf(text.data(), text.size(), "retry %u of 5 for %s, %s", 1 + below(5), part, state); break;
    case 5:
      std::snprintf(text.data(), text.size(), "position %u.%05u %u.%05u speed %u", 45 + below(9), below(100000),
                    5 + below(9), below(100000), below(180));
      break;
    case 6:
      std::snprintf(text.data(), text.size(), "session %04x user %u connected to %s", below(65536), below(200), part);
      break;
    case 7:
      std::snprintf(text.data(), text.size(), "queue of %s holds %u entries, high water %u", part, below(512),
                    below(4096));
      break;
  }
  return text.data();
}

}  // namespace

Texts::Texts(std::vector<std::string> texts) : texts_(std::move(texts)), mask_(texts_.size() - 1) {
  assert((texts_.size() & mask_) == 0 && "the number of texts is a power of two");
  views_.assign(texts_.begin(), texts_.end());
}

Texts Texts::fixed(std::size_t bytes) {
  std::vector<std::string> texts(8, std::string(bytes, ' '));
  for (std::size_t i = 0; i < texts.size(); ++i)
    for (std::size_t k = 0; k < bytes; ++k) texts[i][k] = static_cast<char>('a' + (i * 3 + k) % 26);
  return Texts(std::move(texts));
}

Texts Texts::lines() {
  std::mt19937 random(20);
  std::vector<std::string> texts(line_count);
  for (auto& text : texts) text = line(random);
  return Texts(std::move(texts));
}

double Texts::average_bytes() const noexcept {
  double sum = 0;
  for (const auto& text : texts_) sum += static_cast<double>(text.size());
  return sum / static_cast<double>(texts_.size());
}

}  // namespace dlt::bench
