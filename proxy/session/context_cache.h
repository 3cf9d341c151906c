// The contexts that a connection used lately.
#pragma once

#include <memory>
#include <vector>

#include "gss/contexts.h"
#include "gss/receive.h"
#include "proxy/session/credential.h"
#include "proxy/session/nfs_note.h"

namespace gatehouse::session {

/// GssMemo: what the last call of a context was allowed. policy::decide_gss is a function of the guest, the context's
/// ids and what is compared here; refusals are decided, and logged, anew each time. A plain value.
class GssMemo {
 public:
  [[nodiscard]] bool matches(const rpc::CallHeader& call, rpc::GssService service) const {
    return forwarding_.there() && call.program == program_ && call.version == version_ &&
           call.procedure == procedure_ && service == service_;
  }
  /// store: remembers `d`, a decision to forward, for such calls, and what is to be done with their arguments.
  void store(const rpc::CallHeader& call, rpc::GssService service, const policy::Decision& d, std::string_view machine,
             const NfsNote& note);
  [[nodiscard]] const Forwarding& forwarding() const { return forwarding_; }
  [[nodiscard]] const NfsNote& note() const { return note_; }

 private:
  std::uint32_t program_ = 0;
  std::uint32_t version_ = 0;
  std::uint32_t procedure_ = 0;
  rpc::GssService service_ = rpc::GssService::none;
  NfsNote note_;
  Forwarding forwarding_;
};

/// ContextCache: stands before the guest's table, whose lock it saves: a connection goes on using the few contexts of
/// its users. A context that was retired is not found any more. Not thread-safe.
class ContextCache final : public gss::Known {
 public:
  explicit ContextCache(const gss::ContextTable& table) : table_(table) {}

  std::shared_ptr<gss::Context> find(rpc::Bytes handle) override;
  /// memo: of a context that find() returned last; of one that has made room since, null.
  [[nodiscard]] GssMemo* memo(const gss::Context& context);
  /// forget: lets go of all, and of what was decided for them.
  void forget() { kept_.clear(), next_ = 0; }
  /// drop_retired: lets go of contexts that nobody can use any more.
  void drop_retired();

 private:
  struct Entry {
    std::shared_ptr<gss::Context> context;
    GssMemo memo;
  };
  static constexpr std::size_t kKept = 8;
  const gss::ContextTable& table_;
  std::vector<Entry> kept_;  // at most kKept
  std::size_t next_ = 0;     // whose place is taken next when all are
};

}  // namespace gatehouse::session
