# Writes OUT, C++ in which each of the files PARTS is an array of bytes and a view of it.
set(text "// Made by report/embed.cmake.\n#include \"harness/page_parts.hpp\"\n\nnamespace dlt::bench::page {\n")
foreach(part ${PARTS})
  get_filename_component(name ${part} NAME)
  string(MAKE_C_IDENTIFIER ${name} name)
  string(TOLOWER ${name} name)
  file(READ ${part} content HEX)  # as bytes: nothing in them means anything to CMake
  string(APPEND text "static constexpr unsigned char ${name}_bytes[] = {")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," content "${content}")
  string(APPEND text "${content}0};\nconst std::string_view ${name}{reinterpret_cast<const char*>(${name}_bytes), sizeof ${name}_bytes - 1};\n")
endforeach()
string(APPEND text "}  // namespace dlt::bench::page\n")
file(WRITE ${OUT} "${text}")
