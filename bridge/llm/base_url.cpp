#include "bridge/llm/base_url.h"

namespace strawberry::bridge {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

}  // namespace

bool BaseUrl::has_path() const { return root.find('/', root.find("://") + 3) != std::string::npos; }

Result<BaseUrl> read_base_url(std::string_view written, const std::vector<std::string_view>& endings) {
  const auto text = trimmed(written);
  const auto host = text.find("://");
  const auto scheme = host == std::string_view::npos ? std::string_view() : text.substr(0, host);
  if ((scheme != "http" && scheme != "https") || text.size() == host + 3)
    return fail("base_url must be an http or https URL, such as http://127.0.0.1:11434/v1");
  if (text.find_first_of(" \t\r\n#") != std::string_view::npos) return fail("base_url has a character no URL has");

  BaseUrl url;
  const auto mark = text.find('?');
  if (mark != std::string_view::npos) url.query = text.substr(mark);
  url.root = text.substr(0, mark);
  const auto drop_slashes = [&url] {
    while (url.root.back() == '/') url.root.pop_back();
  };
  drop_slashes();
  for (const auto ending : endings) {
    if (url.has_path() && url.root.ends_with(ending)) url.root.erase(url.root.size() - ending.size());
    drop_slashes();
  }
  if (url.root.size() < host + 3) return fail("base_url names no host");
  return url;
}

}  // namespace strawberry::bridge
