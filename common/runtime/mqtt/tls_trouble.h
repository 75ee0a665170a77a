#pragma once

namespace strawberry {

/// Kinds of TLS failures, for programs.
enum class TlsTrouble {
  none,
  ca_file,      // our CA file cannot be used
  other_name,   // the certificate is for other names
  not_now,      // the certificate has expired, or is not valid yet
  certificate,  // the certificate leads to no trusted CA, or is wrong in another way
  no_tls,       // no handshake: the server probably does not use TLS there
};

}  // namespace strawberry
