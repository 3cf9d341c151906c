#pragma once

#include <gssapi/gssapi.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "tests/bench/wire.h"

namespace gatehouse::bench {

// TerminatorContexts is the contexts of all connections, by handle: a counter of four bytes. Thread-safe.
class TerminatorContexts {
 public:
  // Context is one established context. libgssapi's must not be used by two threads at once.
  struct Context {
    std::mutex mutex;
    gss_ctx_id_t gss = GSS_C_NO_CONTEXT;
    ~Context();
  };
  std::shared_ptr<Context> find(std::uint32_t handle);
  std::uint32_t add(std::shared_ptr<Context> context);
  void remove(std::uint32_t handle);

 private:
  std::mutex mutex_;
  std::uint32_t next_ = 0;
  std::map<std::uint32_t, std::shared_ptr<Context>> contexts_;
};

// answer takes a record (without its mark), which it may change, and returns the reply's record with its mark; nothing
// when the connection is to be closed; stderr says why. INIT, DATA with each service, DESTROY; no sequence window.
std::optional<std::vector<std::uint8_t>> answer(TerminatorContexts& contexts, std::span<std::uint8_t> record);

}  // namespace gatehouse::bench
