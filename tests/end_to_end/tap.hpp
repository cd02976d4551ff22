// Stands between one client and a daemon and remembers what the daemon answered, to the byte: the client is told to
// connect to port(). Used by the test's thread alone, which passes the bytes on while it waits in relay().
//
// The connection to the daemon outlives the client: a request of the tap's own follows the client's, and only when that
// one is answered was everything before it answered. So it does not matter how soon the client hangs up.
#pragma once

#include <cstdint>
#include <string>

namespace dlt::test {

class Tap {
 public:
  explicit Tap(std::uint16_t daemon_port);
  ~Tap();
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Waits for the client, passes bytes on until it has hung up, then until all its requests are answered. What the
  // daemon has sent, without the answer to the tap's own request. Throws std::runtime_error at the deadline.
  std::string relay();

 private:
  bool pass_on(int client);
  void receive_answers();

  std::uint16_t daemon_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int daemon_ = -1;
  std::string answered_;
};

}  // namespace dlt::test
