# cmake -DROOT=<dir> -DNAMES=a/b,c/d -DOUTPUT=<file.cpp> -P embed.cmake
# Writes a C++ file with the bytes of ROOT/<name>.json for each name.

string(REPLACE "," ";" NAMES "${NAMES}")
set(arrays "")
set(table "")
set(number 0)
foreach(name IN LISTS NAMES)
  file(READ "${ROOT}/${name}.json" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "constexpr char schema_${number}[] = {${bytes}};\n")
  string(APPEND table "    {\"${name}\", {schema_${number}, sizeof schema_${number}}},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE "${OUTPUT}" "// Written by embed.cmake from schemas/; do not edit.
#include \"common/contract/schemas/embedded_schemas.h\"

namespace strawberry {
namespace {
${arrays}constexpr EmbeddedSchema table[] = {
${table}};
}  // namespace

std::span<const EmbeddedSchema> embedded_schemas() { return table; }

}  // namespace strawberry
")
