/// A TCP port on loopback that was free a moment ago. Callers must expect that another process takes it first.
#pragma once

namespace strawberry::test {

int free_port();

}  // namespace strawberry::test
