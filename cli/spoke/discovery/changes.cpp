#include <algorithm>

#include "cli/spoke/discovery/discovered_home.h"

namespace strawberry::cli::discovery {
namespace {

using Keys = std::vector<std::string>;

bool is_in(const Keys& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool take_out(Keys& names, const std::string& name) {
  const auto there = std::find(names.begin(), names.end(), name);
  if (there == names.end()) return false;
  names.erase(there);
  return true;
}

void put_in(Keys& names, const std::string& name) {
  if (!is_in(names, name)) names.push_back(name);
}

}  // namespace

bool Changes::is_empty() const {
  return subscribe.empty() && unsubscribe.empty() && added.empty() && changed.empty() && gone.empty() &&
         presence.empty() && problems.empty();
}

void Changes::append(Changes later) {
  for (const auto& topic : later.subscribe) {
    if (!take_out(unsubscribe, topic)) put_in(subscribe, topic);
  }
  for (const auto& topic : later.unsubscribe) {
    if (!take_out(subscribe, topic)) put_in(unsubscribe, topic);
  }
  for (const auto& key : later.gone) {
    take_out(changed, key);
    take_out(presence, key);
    if (!take_out(added, key)) put_in(gone, key);
  }
  for (const auto& key : later.added) {
    if (take_out(gone, key)) {
      put_in(changed, key);
    } else {
      put_in(added, key);
    }
  }
  for (const auto& key : later.changed) {
    if (!is_in(added, key)) put_in(changed, key);
  }
  for (const auto& key : later.presence) put_in(presence, key);
  for (auto& problem : later.problems) problems.push_back(std::move(problem));
}

}  // namespace strawberry::cli::discovery
