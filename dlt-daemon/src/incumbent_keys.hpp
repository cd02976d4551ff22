// Keys of COVESA's dlt.conf that this daemon does not have: what does their work here.
//
// A dlt.conf that was written for the incumbent is read as it is. Most of its keys are keys of ours (config.cpp); the
// rest is answered with one line each, or with nothing where the value asks for what is the case anyhow. Source: the
// dlt.conf of 2.18.8 and that of its development tree. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dlt::daemon {

// Nothing: this is no key of the incumbent's. An empty text: there is nothing to say. Otherwise what replaces it.
[[nodiscard]] std::optional<std::string> answer_incumbent_key(std::string_view key, std::string_view value);

[[nodiscard]] std::vector<std::string_view> incumbent_keys();

}  // namespace dlt::daemon
