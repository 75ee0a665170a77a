/// gateway-pages SCHEMAS PAGES OUTPUT: makes the OpenAPI document from the JSON files in SCHEMAS and writes it, with
/// the files in PAGES, as a C++ file: the definitions of embedded_pages.h. Part of the build.
///
/// Exit codes: 0 written, 1 failed, with a message.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "common/contract/schemas/embedded_schemas.h"
#include "gateway/openapi/document.h"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> made_of;

std::string bytes_of(const fs::path& path) {
  made_of.push_back(path);
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  if (!in) throw std::runtime_error(path.string() + " cannot be read");
  return bytes.str();
}

strawberry::gateway::SchemaFiles schema_files(const fs::path& root) {
  strawberry::gateway::SchemaFiles files;
  made_of.push_back(root);
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_directory()) made_of.push_back(entry.path());
    if (entry.path().extension() != ".json") continue;
    std::string name = fs::relative(entry.path(), root).string();
    if (name.rfind("examples/invalid/", 0) == 0) continue;
    name.resize(name.size() - std::string(".json").size());
    try {
      files[name] = strawberry::gateway::Document::parse(bytes_of(entry.path()));
    } catch (const nlohmann::json::exception& why) {
      throw std::runtime_error(entry.path().string() + ": " + why.what());
    }
  }
  return files;
}

/// Escapes a path for a makefile.
std::string escaped(const fs::path& path) {
  std::string name;
  for (const char c : fs::absolute(path).string()) {
    if (c == ' ' || c == '#' || c == '\\') name += '\\';
    if (c == '$') name += '$';
    name += c;
  }
  return name;
}

/// Writes an array of characters: compilers limit the length of string literals.
void write_array(std::ostream& out, const std::string& name, const std::string& bytes) {
  constexpr int in_a_line = 40;
  out << "constexpr char " << name << "[] = {" << std::oct;
  int count = 0;
  for (const char byte : bytes) {
    out << (count++ % in_a_line == 0 ? "\n" : "") << "'\\" << static_cast<int>(static_cast<unsigned char>(byte))
        << "',";
  }
  out << "};\n" << std::dec;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: gateway-pages SCHEMAS PAGES OUTPUT\n", stderr);
    return 1;
  }
  try {
    std::vector<std::string> operations;
    for (const auto& schema : strawberry::embedded_schemas()) operations.emplace_back(schema.name);
    std::map<std::string, std::string> pages;
    pages["openapi.json"] = strawberry::gateway::openapi_document(schema_files(argv[1]), operations).dump();
    made_of.emplace_back(argv[2]);
    for (const auto& entry : fs::directory_iterator(argv[2])) {
      pages[entry.path().filename().string()] = bytes_of(entry.path());
    }
    std::ofstream out(argv[3], std::ios::trunc);
    out << "// Written by gateway-pages; do not edit.\n#include \"gateway/openapi/embedded_pages.h\"\n\n"
           "namespace strawberry::gateway {\nnamespace {\n\n";
    std::string table;
    for (const auto& [name, bytes] : pages) {
      const std::string array = "page_" + std::to_string(table.size());
      write_array(out, array, bytes);
      table += "    {\"" + name + "\", {" + array + ", sizeof " + array + "}},\n";
    }
    out << "constexpr EmbeddedPage all_pages[] = {\n"
        << table << "};\n\nconstexpr std::string_view all_operations[] = {\n";
    for (const std::string& name : operations) out << "    \"" << name << "\",\n";
    out << "};\n\n}  // namespace\n\nstd::span<const EmbeddedPage> embedded_pages() { return all_pages; }\n"
           "std::span<const std::string_view> operation_names() { return all_operations; }\n\n"
           "}  // namespace strawberry::gateway\n";
    out.close();
    std::ofstream depends(argv[3] + std::string(".d"), std::ios::trunc);
    depends << escaped(argv[3]) << ":";
    for (const fs::path& path : made_of) depends << " \\\n  " << escaped(path);
    depends << "\n";
    depends.close();
    if (!out || !depends) throw std::runtime_error(std::string(argv[3]) + " cannot be written");
  } catch (const std::exception& why) {
    std::fprintf(stderr, "gateway-pages: %s\n", why.what());
    return 1;
  }
  return 0;
}
