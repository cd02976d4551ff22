#include "tools/cbor.hpp"

#include <nlohmann/json.hpp>

#include "tools/argument_json.hpp"
#include "tools/fields.hpp"
#include "tools/json_string.hpp"

namespace dlt::tools {

namespace {

using Item = nlohmann::ordered_json;

Item binary(proto::Bytes bytes) {
  const auto* const first = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return Item::binary(std::vector<std::uint8_t>(first, first + bytes.size()));
}

Item text(std::string_view text) { return utf8(text); }

Item items(proto::Arguments arguments, std::endian order);

struct Value {
  std::endian order;

  template <class Number>
  Item operator()(Number v) const {
    return Item(v);
  }
  Item operator()(const proto::WideNumber& v) const { return binary(v.bytes); }
  Item operator()(const proto::Text& v) const { return text(v.text); }
  Item operator()(const proto::Raw& v) const { return binary(v.bytes); }
  Item operator()(const proto::TraceInfo& v) const { return text(v.text); }
  Item operator()(const proto::Array& v) const {
    Item all = Item::array();
    for (std::size_t i = 0; i < v.size(); ++i) all.push_back(std::visit(*this, v.at(i, order).value));
    return all;
  }
  Item operator()(const proto::Struct& v) const { return items({v.entries, v.count, order}, order); }
};

Item item(const proto::Argument& a, std::endian order) {
  Item out{{"type", type_name(a)}, {"value", std::visit(Value{order}, a.value)}};
  if (!a.name.empty()) out["name"] = text(a.name);
  if (!a.unit.empty()) out["unit"] = text(a.unit);
  if (a.fixed_point) {
    out["quantization"] = a.fixed_point->quantization;
    out["offset"] = a.fixed_point->offset;
  }
  return out;
}

Item items(proto::Arguments arguments, std::endian order) {
  Item all = Item::array();
  while (arguments.more()) {
    const auto a = arguments.next();
    all.push_back(a ? item(*a, order) : Item{{"type", "unreadable"}});
  }
  return all;
}

Item fields(const proto::MessageView& message) {
  Item all;  // null without one
  for (const auto& f : fields_of(message)) all[utf8(f.key)] = std::visit(Value{message.order()}, f.value.value);
  return all;
}

class ItemCell : public Cell {
 public:
  void null() override { item = nullptr; }
  void text(std::string_view text) override { item = tools::text(text); }
  void literal(std::string_view json) override { item = Item::parse(json); }

  Item item;
};

}  // namespace

void append_cbor(std::string& out, const Shown& shown) {
  Item all = Item::object();
  std::string scratch;
  ItemCell cell;
  for (const auto& column : columns()) {
    Item& to = all[std::string(column.name)];
    if (column.name == args_column) {
      to = items(shown.message.arguments(), shown.message.order());
      continue;
    }
    if (column.name == fields_column) {
      to = fields(shown.message);
      continue;
    }
    scratch.clear();
    column.put(cell, shown, scratch);
    to = std::move(cell.item);
  }
  Item::to_cbor(all, out);
}

}  // namespace dlt::tools
