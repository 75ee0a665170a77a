#include "bridge/adapters/curl/socket_watch.h"

namespace strawberry::bridge {

SocketWatch::SocketWatch(const asio::any_io_executor& executor, int socket, Ready ready)
    : descriptor_(executor), socket_(socket), ready_(std::move(ready)) {
  boost::system::error_code ignored;  // a socket that cannot be watched ends by curl's timeout
  descriptor_.assign(socket, ignored);
}

SocketWatch::~SocketWatch() { stop(); }

void SocketWatch::want(bool readable, bool writable) {
  want_read_ = readable;
  want_write_ = writable;
  arm();
}

void SocketWatch::stop() {
  ready_ = nullptr;
  want_read_ = want_write_ = false;
  if (descriptor_.is_open()) descriptor_.release();
}

void SocketWatch::arm() {
  if (!descriptor_.is_open()) return;
  if (want_read_ && !read_armed_) wait(asio::posix::descriptor_base::wait_read, read_armed_);
  if (want_write_ && !write_armed_) wait(asio::posix::descriptor_base::wait_write, write_armed_);
}

void SocketWatch::wait(asio::posix::descriptor_base::wait_type type, bool& armed) {
  armed = true;
  descriptor_.async_wait(type, [self = shared_from_this(), type, &armed](const boost::system::error_code& failure) {
    armed = false;
    const bool reading = type == asio::posix::descriptor_base::wait_read;
    // A wait armed for an interest that has gone may still fire: curl must not hear of it.
    if (!self->ready_ || !(reading ? self->want_read_ : self->want_write_)) return;
    const Ready ready = self->ready_;
    ready(self->socket_, failure ? Event::failed : reading ? Event::readable : Event::writable);
    if (!failure) self->arm();
  });
}

}  // namespace strawberry::bridge
