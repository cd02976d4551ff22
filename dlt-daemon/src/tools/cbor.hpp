// A message as one CBOR item (RFC 8949), so that a stream of them is a CBOR sequence (RFC 8742): the map that
// append_json() writes as text, with values of their own types. Raw data and numbers of 128 bits are byte strings,
// floats that are not finite stay what they are, whole numbers have all their 64 bits.
//
// Pure; any thread.
#pragma once

#include <string>

#include "tools/columns.hpp"

namespace dlt::tools {

void append_cbor(std::string& out, const Shown& shown);

}  // namespace dlt::tools
