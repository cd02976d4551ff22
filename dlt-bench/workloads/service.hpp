// What the services say to each other: one packet each way for a request (SOCK_SEQPACKET), and where they listen.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace dlt::bench {

struct ServiceRequest {
  std::uint64_t trace = 0;
  std::uint64_t endpoint = 0;           // the first service knows 10 of them
  std::uint64_t shard = 0;              // of the last column of each service's store; some are closed
  std::array<std::uint64_t, 6> item{};  // which item each service has to look up
};
struct ServiceReply {
  std::uint64_t trace = 0;
  std::uint64_t status = 0;  // 200, 400, 500, 503
};

inline constexpr std::uint64_t service_endpoints = 10;
inline constexpr unsigned service_chain = 6;  // services, one behind the other

// One end of a connection. Owns the descriptor. Throws BenchError when the other side is gone within a request, or when
// nothing happens for half a minute. One thread at a time.
class ServicePeer {
 public:
  ServicePeer() = default;
  explicit ServicePeer(int fd);
  [[nodiscard]] static ServicePeer connect(const std::string& path);
  ServicePeer(ServicePeer&& other) noexcept;
  ServicePeer& operator=(ServicePeer&& other) noexcept;
  ~ServicePeer();

  template <class T>
  void send(const T& packet) {
    send_bytes(&packet, sizeof packet);
  }
  // False: the other side has closed.
  template <class T>
  [[nodiscard]] bool receive(T& packet) {
    return receive_bytes(&packet, sizeof packet);
  }

 private:
  void send_bytes(const void* data, std::size_t size);
  [[nodiscard]] bool receive_bytes(void* data, std::size_t size);
  int fd_ = -1;
};

// Listens at `path`; owns the descriptor.
class ServiceDoor {
 public:
  ServiceDoor() = default;
  void open(const std::string& path);
  ~ServiceDoor();
  [[nodiscard]] ServicePeer accept();

 private:
  int fd_ = -1;
};

[[nodiscard]] std::string service_path(const std::string& directory, unsigned service);

}  // namespace dlt::bench
