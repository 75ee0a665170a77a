/// Of which kind a failure of TLS is.
#pragma once

namespace strawberry {

/// Why there is no TLS connection, for programs.
enum class TlsTrouble {
  none,
  ca_file,      // ours cannot be used
  other_name,   // the certificate is for other names
  not_now,      // it has expired, or is not valid yet
  certificate,  // it leads to no CA that we trust, or is wrong in another way
  no_tls,       // no handshake: perhaps no TLS there
};

}  // namespace strawberry
