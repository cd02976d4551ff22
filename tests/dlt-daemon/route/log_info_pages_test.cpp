#include "route/log_info_pages.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dlt;
using namespace dlt::daemon;
using dlt::proto::control::LogInfo;

namespace {

// `apps` applications with `contexts` each; descriptions of different lengths.
LogInfo list_of(std::uint8_t options, int apps, int contexts) {
  static const std::string text(300, 'd');
  LogInfo list{options, {}, proto::control::remote};
  for (int a = 0; a < apps; ++a) {
    LogInfo::Application application{AppId("A" + std::to_string(a)), {}, std::string_view(text).substr(0, 7)};
    for (int c = 0; c < contexts; ++c)
      application.contexts.push_back({ContextId("C" + std::to_string(c)), static_cast<std::int8_t>(c % 7), 0,
                                      std::string_view(text).substr(0, static_cast<std::size_t>(c * 37 % 256))});
    list.applications.push_back(std::move(application));
  }
  return list;
}

// Every application and context of the pages, in order; parts of one application are joined.
std::string told(const std::vector<LogInfo>& pages) {
  std::string all;
  std::string last;
  for (const auto& page : pages)
    for (const auto& application : page.applications) {
      const std::string heading = std::string(application.id.text()) + ' ' + std::string(application.description);
      if (heading != last) all += '\n' + heading + ':';
      last = heading;
      for (const auto& c : application.contexts)
        all +=
            ' ' + std::string(c.id.text()) + '/' + std::to_string(c.level) + '/' + std::to_string(c.description.size());
    }
  return all;
}

}  // namespace

TEST_CASE("the pages of a list hold all of it, none is longer than the limit") {
  for (std::uint8_t options = 3; options <= 7; ++options)
    for (const auto& [apps, contexts] : {std::pair{1, 999}, {50, 1}, {3, 100}, {1, 1}}) {
      const auto list = list_of(options, apps, contexts);
      for (const std::size_t limit : {600U, 1000U, 4000U}) {
        INFO("options " << int{options} << ", " << apps << " x " << contexts << ", limit " << limit);
        const auto pages = pages_of(list, limit);
        CHECK(told(pages) == told({list}));
        for (const auto& page : pages) {
          CHECK(page.options == options);
          CHECK(encoded_size(page) <= limit);
          for (const auto& application : page.applications) CHECK_FALSE(application.contexts.empty());
        }
      }
    }
}

TEST_CASE("a page is filled before the next one begins") {
  const auto list = list_of(3, 1, 999);  // 11 bytes around, 6 for the application, 4 for each context
  CHECK(pages_of(list, 11 + 6 + 999 * 4).size() == 1);
  CHECK(pages_of(list, 11 + 6 + 999 * 4 - 1).size() == 2);
  CHECK(pages_of(list, 11 + 6 + 333 * 4).size() == 3);
}

TEST_CASE("what is longer than a page alone has a page of its own") {
  CHECK(pages_of(list_of(7, 2, 3), 1).size() == 6);
}

TEST_CASE("a list of nothing has no pages") { CHECK(pages_of(list_of(7, 0, 0), 100).empty()); }
