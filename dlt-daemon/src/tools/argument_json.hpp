// The arguments of a message as a JSON array, one object each, and its fields as an object of plain values:
//
//   {"type":"uint","value":42,"name":"speed","unit":"km/h"}      name and unit where the message has them
//
//   type     value
//   bool     true, false
//   int      a number (also "uint"); 128 bits: hexadecimal text, the bytes as they came
//   float    a number, null where it is not finite; 8, 16 and 128 bits like int
//   string   a text; "trace" likewise
//   raw      hexadecimal text, "01 ff"
//   array    an array of values; "struct": an array of such objects
//
//   {"reason":"works","pos.lat":52.5}                            fields (fields.hpp); null where there are none
//
// "quantization" and "offset" are there for fixed point numbers. An argument that cannot be read ends the array with
// {"type":"unreadable"}. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "dlt/proto/message.hpp"

namespace dlt::tools {

void append_arguments_json(std::string& out, const proto::MessageView& message);
void append_fields_json(std::string& out, const proto::MessageView& message);
// "bool", "int", … of an argument.
[[nodiscard]] std::string_view type_name(const proto::Argument& argument);

}  // namespace dlt::tools
