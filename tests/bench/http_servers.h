/// Servers between a chat and the model, as processes on loopback: the web door, an nginx that only forwards, LiteLLM's
/// proxy.
///
/// Life: ready when returned, gone with the object.   Errors: open_door() throws; a peer that is not installed or does
/// not start is a Failure that says so.
#pragma once

#include <memory>
#include <string>

#include "common/text/result.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bench {

struct HttpServer {
  std::unique_ptr<test::TempDir> directory;  // its configuration, when it has one
  std::unique_ptr<test::ChildProcess> process;
  int port = 0;
  std::string token = {};  // to send to it
};

HttpServer open_door(const std::string& data_dir, int broker_port);
/// Debian's `nginx` or `nginx-light`: one process, connections to the model kept, nothing buffered.
Result<HttpServer> start_nginx(int model_port);
/// The program is $STRAWBERRY_BENCH_LITELLM (`scripts/bench --peers` makes one); one worker, no database. Its model
/// `stub` is the model server on that port.
Result<HttpServer> start_litellm(int model_port);

}  // namespace strawberry::bench
