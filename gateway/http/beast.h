/// Includes Boost.Beast's HTTP, and of the rest of Boost only what common/runtime/asio.h has.
#pragma once

#include "common/runtime/asio.h"

#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace strawberry::gateway {

namespace beast = boost::beast;
namespace http = boost::beast::http;

/// For co_await: returns the error as a value.
inline constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);

}  // namespace strawberry::gateway
