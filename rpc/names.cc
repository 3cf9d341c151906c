#include "rpc/names.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <span>

#include "rpc/constants.h"

namespace gatehouse::rpc {
namespace {

struct ProgramRow {
  std::string_view name;
  std::uint32_t number;
};
// The first name of a number is the one shown.
constexpr ProgramRow kPrograms[] = {
    {"rpcbind", program::kRpcbind}, {"portmapper", program::kRpcbind},
    {"nfs", program::kNfs},         {"mountd", program::kMountd},
    {"mount", program::kMountd},    {"nfs_acl", program::kNfsAcl},
    {"nfsacl", program::kNfsAcl},   {"nlockmgr", program::kNlm},
    {"nlm", program::kNlm},         {"status", program::kNsm},
    {"nsm", program::kNsm},
};

using Names = std::span<const std::string_view>;
// In the order of their numbers: RFC 1813, RFC 1833, RFC 8881; an empty name is a number not given out.
constexpr std::string_view kNfs3[] = {"NULL",   "GETATTR", "SETATTR",  "LOOKUP", "ACCESS",  "READLINK",
                                      "READ",   "WRITE",   "CREATE",   "MKDIR",  "SYMLINK", "MKNOD",
                                      "REMOVE", "RMDIR",   "RENAME",   "LINK",   "READDIR", "READDIRPLUS",
                                      "FSSTAT", "FSINFO",  "PATHCONF", "COMMIT"};
constexpr std::string_view kNfs4[] = {"NULL", "COMPOUND"};
constexpr std::string_view kMount[] = {"NULL", "MNT", "DUMP", "UMNT", "UMNTALL", "EXPORT"};
constexpr std::string_view kPortmap2[] = {"NULL", "SET", "UNSET", "GETPORT", "DUMP", "CALLIT"};
constexpr std::string_view kRpcbind3[] = {"NULL",   "SET",     "UNSET",       "GETADDR",    "DUMP",
                                          "CALLIT", "GETTIME", "UADDR2TADDR", "TADDR2UADDR"};
constexpr std::string_view kRpcbind4[] = {"NULL",     "SET",         "UNSET",       "GETADDR",     "DUMP",
                                          "BCAST",    "GETTIME",     "UADDR2TADDR", "TADDR2UADDR", "GETVERSADDR",
                                          "INDIRECT", "GETADDRLIST", "GETSTAT"};
constexpr std::string_view kNfsAcl3[] = {"NULL", "GETACL", "SETACL"};

Names procedures(std::uint32_t program, std::uint32_t version) {
  switch (program) {
    case program::kNfs: return version == 3 ? Names(kNfs3) : version == 4 ? Names(kNfs4) : Names();
    case program::kMountd: return kMount;
    case program::kRpcbind:
      return version == 2   ? Names(kPortmap2)
             : version == 3 ? Names(kRpcbind3)
             : version == 4 ? Names(kRpcbind4)
                            : Names();
    case program::kNfsAcl: return kNfsAcl3;
    default: return {};
  }
}

std::optional<std::uint32_t> decimal(std::string_view s) {
  std::uint32_t v = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
  return v;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::optional<std::uint32_t> program_number(std::string_view name) {
  for (const auto& row : kPrograms)
    if (row.name == name) return row.number;
  return decimal(name);
}

std::string program_name(std::uint32_t program) {
  for (const auto& row : kPrograms)
    if (row.number == program) return std::string(row.name);
  return std::to_string(program);
}

std::optional<std::uint32_t> procedure_number(std::uint32_t program, std::uint32_t version, std::string_view name) {
  const Names names = procedures(program, version);
  for (std::uint32_t i = 0; i < names.size(); ++i)
    if (same_word(names[i], name)) return i;
  if (same_word(name, "NULL")) return 0;
  return decimal(name);
}

std::string procedure_name(std::uint32_t program, std::uint32_t version, std::uint32_t procedure) {
  const Names names = procedures(program, version);
  if (procedure < names.size()) return std::string(names[procedure]);
  return procedure == 0 ? "NULL" : std::to_string(procedure);
}

}  // namespace gatehouse::rpc
