/// Declares and checks that an object belongs to one thread.
/// A member of every class that the event loop owns: `LoopAffinity loop_;`, with `loop_.check();` in its public
/// functions.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace strawberry {

class LoopAffinity {
 public:
  /// Stops the program when called from another thread than the one that constructed this.
  void check() const {
    if (std::this_thread::get_id() == owner_) return;
    std::fputs("strawberry: an object of the event loop was entered from another thread\n", stderr);
    std::abort();
  }

 private:
  std::thread::id owner_ = std::this_thread::get_id();
};

}  // namespace strawberry
