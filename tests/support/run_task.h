/// Runs one coroutine to its end on a loop of the test's own.
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>

#include "common/runtime/asio.h"
#include "common/runtime/task.h"

namespace strawberry::test {

template <class T>
T run_task(asio::io_context& loop, Task<T> task) {
  std::optional<T> value;
  std::exception_ptr thrown;
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failure, T result) {
    thrown = failure;
    value = std::move(result);
    loop.stop();
  });
  loop.restart();
  loop.run();
  if (thrown) std::rethrow_exception(thrown);
  if (!value) throw std::runtime_error("the loop ran dry before the task was done");
  return std::move(*value);
}

}  // namespace strawberry::test
