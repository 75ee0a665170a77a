/// Passwords with argon2id in one thread of its own, one after the other: on a small machine two at once would take 128
/// MiB and be no faster.
///
/// Threading: called on the loop; replies arrive on the loop.   Lifetime: destroying it waits for the one under way;
/// those that wait are dropped.   Bounds: waiting_max, then `busy` at once.
#pragma once

#include <memory>
#include <optional>

#include "bridge/ports/passwords.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {

class SodiumPasswords final : public Passwords {
 public:
  struct Options {
    std::size_t waiting_max = 32;  // the one under way included: some seconds' worth
  };
  SodiumPasswords(asio::io_context& loop, Options options);
  ~SodiumPasswords() override;

  Task<Reply<std::string>> hash(std::string password) override;
  Task<Reply<bool>> matches(std::string hash, std::string password) override;

 private:
  struct Worker;
  template <class Value, class Work>
  Task<Reply<Value>> run(Work work);

  asio::io_context& loop_;
  const Options options_;
  std::size_t waiting_ = 0;
  const std::unique_ptr<Worker> worker_;
};

}  // namespace strawberry::bridge
