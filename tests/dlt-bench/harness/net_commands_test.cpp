#include "harness/net_commands.hpp"

#include <catch2/catch.hpp>

using namespace dlt::bench;
using Catch::Contains;

TEST_CASE("a trunk joins two bridges, and without one there is a single bridge") {
  CHECK(lay_bridges(false) == "link set lo up\nlink add br0 type bridge\nlink set br0 up\n");
  CHECK_THAT(lay_bridges(true), Contains("link add trunk0 type veth peer name trunk1\n"));
  CHECK(plug_in(3, false) == "link set p3 master br0\nlink set p3 up\n");
  CHECK(plug_in(3, true) == "link set p3 master br1\nlink set p3 up\n");
}

TEST_CASE("a node has an address of its own, and packets as large as the wire's where they are counted") {
  CHECK(node_address(0) == "10.77.0.1");
  CHECK(set_up_node(16, false) == "link set lo up\naddress add 10.77.0.17/24 dev eth0\nlink set eth0 up\n");
  CHECK_THAT(set_up_node(1, true), Contains("link set eth0 gso_max_segs 1\n"));
  CHECK(lay_veth(2, "/proc/9/fd/4", false) == "link add p2 type veth peer name eth0 netns /proc/9/fd/4\n");
}

TEST_CASE("a rate is a token bucket, a delay is netem where the kernel has it, both are one below the other") {
  CHECK(shape_device("p1", {}, true).empty());
  CHECK(shape_device("p1", {10, 0, 0, 0}, false).empty());  // the delay line is another process
  CHECK(shape_device("p1", {0, 0, 0, 8}, true) ==
        "qdisc add dev p1 root tbf rate 8000000bit burst 10000 latency 50ms\n");
  CHECK(shape_device("p1", {10, 2, 0, 100}, true) ==
        "qdisc add dev p1 root handle 1: netem limit 65536 delay 5ms 2ms\n"
        "qdisc add dev p1 parent 1:1 handle 10: tbf rate 100000000bit burst 125000 latency 50ms\n");
}

TEST_CASE("the rules drop by chance and in silence, each way as asked, and replace those before") {
  const std::string rules = forwarding_rules({{1, 0.01, false, false}, {2, 0, true, false}, {3, 0, false, true}, {4}});

  CHECK_THAT(rules, Contains("flush table bridge testbed"));
  CHECK_THAT(rules, Contains("iifname \"p1\" numgen random mod 100000 < 1000 counter drop"));
  CHECK_THAT(rules, Contains("oifname \"p1\" numgen random mod 100000 < 1000 counter drop"));
  CHECK_THAT(rules, Contains("iifname \"p2\" counter drop"));
  CHECK_THAT(rules, !Contains("oifname \"p2\""));
  CHECK_THAT(rules, Contains("oifname \"p3\" counter drop"));
  CHECK_THAT(rules, !Contains("p4"));
}

TEST_CASE("segments to a port are answered with a reset until it is taken back") {
  CHECK_THAT(reset_rules(3491), Contains("tcp dport 3491 counter reject with tcp reset"));
  CHECK_THAT(reset_rules(0), !Contains("reject"));
}

TEST_CASE("the counters of a listing are summed up") {
  CHECK(packets_counted("") == 0);
  CHECK(packets_counted("iifname \"p1\" counter packets 12 bytes 900 drop\n"
                        "oifname \"p1\" numgen random mod 100000 < 100 counter packets 30 bytes 1 drop\n") == 42);
}
