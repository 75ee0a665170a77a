#include "common/identity/key_file.h"

#include <openssl/crypto.h>

#include <utility>

namespace strawberry {

KeyFile::KeyFile(std::string path, KeySet keys, FileState state)
    : path_(std::move(path)), keys_(std::move(keys)), state_(state), settled_(!is_recent(state)) {}

Result<KeyFile> KeyFile::open(std::string path) {
  auto file = read_private_file(path, KeySet::file_bytes_max);
  if (!file) return fail("key file " + path + " " + file.error().message);
  auto keys = KeySet::parse(file->content);
  OPENSSL_cleanse(file->content.data(), file->content.size());
  if (!keys) return fail("key file " + path + ": " + keys.error().message);
  return KeyFile(std::move(path), std::move(*keys), file->state);
}

Result<bool> KeyFile::refresh(bool even_if_unchanged) {
  const FileState now = look_at_file(path_);
  if (now != state_) {
    state_ = now;
    settled_ = false;
    reported_.clear();
  }
  if (settled_ && !even_if_unchanged) return false;

  auto file = read_private_file(path_, KeySet::file_bytes_max);
  // Not settled: the cause may leave the file's state unchanged, such as too many open files.
  if (!file) return report("key file " + path_ + " " + file.error().message, even_if_unchanged);
  state_ = file->state;
  settled_ = !is_recent(state_);

  auto keys = KeySet::parse(file->content);
  OPENSSL_cleanse(file->content.data(), file->content.size());
  if (!keys) return report("key file " + path_ + ": " + keys.error().message, even_if_unchanged);
  reported_.clear();
  if (*keys == keys_) return false;
  keys_ = std::move(*keys);
  return true;
}

Result<bool> KeyFile::report(std::string failure, bool even_if_known) {
  if (failure == reported_ && !even_if_known) return false;
  reported_ = std::move(failure);
  return fail(reported_);
}

}  // namespace strawberry
