// TCP on 127.0.0.1, for programs that cannot tell which port the kernel chose for them. Any thread.
#pragma once

#include <cstdint>

#include <netinet/in.h>

namespace dlt::test {

[[nodiscard]] sockaddr_in loopback(std::uint16_t port) noexcept;
// Nobody has it now; somebody may a moment later: who starts a program there is ready to start it again elsewhere.
// Throws std::runtime_error where there is none.
[[nodiscard]] std::uint16_t free_port();
// Somebody accepts connections there.
[[nodiscard]] bool answers(std::uint16_t port);

}  // namespace dlt::test
