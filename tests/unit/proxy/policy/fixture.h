// A guest and calls of it, for tests.
#pragma once

#include <vector>

#include "proxy/policy/decide.h"
#include "rpc/auth_sys.h"
#include "tests/support/catch.h"

namespace gatehouse::test {

/// Call: a call header that owns its credential.
class Call {
 public:
  Call(std::uint32_t program, std::uint32_t version, std::uint32_t procedure) {
    header_.rpcvers = 2;
    header_.program = program;
    header_.version = version;
    header_.procedure = procedure;
  }
  Call& sys(std::uint32_t uid, std::uint32_t gid, std::initializer_list<std::uint32_t> gids = {}) {
    rpc::AuthSys a;
    a.machine = "whatever";
    a.uid = uid;
    a.gid = gid;
    for (const std::uint32_t g : gids) a.gids[a.gid_count++] = g;
    body_.resize(rpc::kMaxAuthSysBody);
    rpc::XdrWriter w(body_);
    rpc::write_auth_sys(w, a);
    body_.resize(w.size());
    return cred(1, body_);
  }
  Call& cred(std::uint32_t flavor, std::vector<std::uint8_t> body = {}) {
    body_ = std::move(body);
    header_.cred = {flavor, body_};
    return *this;
  }
  Call& verf(std::uint32_t flavor, std::vector<std::uint8_t> body = {}) {
    verf_ = std::move(body);
    header_.verf = {flavor, verf_};
    return *this;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  [[nodiscard]] const rpc::CallHeader& header() const { return header_; }

 private:
  std::vector<std::uint8_t> body_, verf_;
  rpc::CallHeader header_;
};

/// web1: takes sys, serves nfs 3-4 (backend 0), mountd 3 NULL and MNT alone (1), rpcbind 2-4 (2).
inline policy::Guest web1() {
  policy::Guest g;
  g.name = "web1";
  g.sec = {policy::Sec::sys};
  g.ids.anonuid = 60001;
  g.ids.anongid = 60002;
  g.programs = {{100003, 3, 4, 0, {}}, {100005, 3, 3, 1, {1}}, {100000, 2, 4, 2, {}}};
  return g;
}

}  // namespace gatehouse::test
