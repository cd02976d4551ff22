// An application with many contexts: contexts ID COUNT. Makes them, logs one message in each, then answers lines:
//   levels  -> "levels N": the level that all of them have, or "levels mixed"
//   quit    -> flushes; exit code 0 if everything was delivered
#include <dlt/dlt.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int count = std::atoi(argv[2]);
  dlt::Options options{.app = argv[1], .description = "many contexts"};
  options.buffer = {.mode = dlt::OverflowMode::block, .timeout = std::chrono::minutes(1)};
  auto session = dlt::start(options);
  if (!session) return 3;
  std::vector<std::unique_ptr<dlt::Context>> contexts;
  for (int i = 0; i < count; ++i) {
    char id[8];
    std::snprintf(id, sizeof id, "%c%03d", 'C' + i / 1000, i % 1000);
    contexts.push_back(std::make_unique<dlt::Context>(dlt::ContextId(id), "one of many"));
    DLT_INFO(*contexts.back(), "{}", i);
  }
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    const auto level = contexts.front()->level();
    bool same = true;
    for (const auto& c : contexts) same = same && c->level() == level;
    std::cout << "levels " << (same ? std::to_string(static_cast<int>(level)) : "mixed") << std::endl;
  }
  return session->flush(std::chrono::seconds(30)) ? 0 : 4;
}
