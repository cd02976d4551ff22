// What two daemons have made of the same messages, without what differs from run to run. Pure.
//
// Left out, always:
// - times of reception and time stamps: they are the clock's;
// - the session id, which is the pid of the application;
// - positions in a file, which the incumbent's own messages shift;
// - the incumbent's own log among that of applications (DLTD, INTM): ours is written to stderr, the journal, a file;
// - "a client has come", "a client has left" (connection_info): which other clients there are is the test's doing.
// Kept: everything else, the message counters too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dlt/proto/bytes.hpp"

namespace dlt::test {

using Messages = std::vector<std::string>;

// The messages that dlt-receive or dlt-convert has printed (-a, -x, -m, -s), each from its counter on: "000 ECU1 LOG-
// TEST log info V 1 [text]". A message of several lines is one.
Messages shown_messages(const std::string& text);

// The frames in a file with storage headers, or in what came over a connection: ids, then the whole frame in hex.
Messages stored_frames(const std::string& file);
Messages sent_frames(const std::string& stream);

// Those with this text in them, and the others.
Messages with(const Messages& all, std::string_view text);
Messages without(const Messages& all, std::string_view text);

// How many messages of its own the daemon has put among the others, by what dlt-receive -a has printed.
std::size_t own_messages(const std::string& text);

}  // namespace dlt::test
