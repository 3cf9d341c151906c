// The daemon's admin socket, asked.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "proxy/net/fd.h"

namespace gatehouse::ctl {

/// Trouble: why there is no answer: what gatehousectl says, and its exit status.
struct Trouble {
  int status = 0;
  std::string text;
};

/// Client: a connection to the admin socket: lines out and in. Blocks; not thread-safe.
class Client {
 public:
  /// connect: `patience`: how long the daemon may be silent; 0: for ever.
  static std::expected<Client, Trouble> connect(const std::string& path, std::chrono::seconds patience);

  /// send: a line, which has its newline.
  std::expected<void, Trouble> send(const std::string& line);
  /// receive: the next line, without its newline. That the daemon closes is a Trouble.
  std::expected<std::string, Trouble> receive();

 private:
  Client(net::UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  net::UniqueFd fd_;
  std::string path_;
  std::string in_;
  std::size_t searched_ = 0;  ///< bytes of in_ without a newline
};

}  // namespace gatehouse::ctl
