// What a backend that serves NFS exports, by knfsd's own table or by its MOUNT service.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "proxy/ctl/doctor/checks.h"
#include "proxy/ctl/doctor/exports.h"
#include "proxy/ctl/doctor/finding.h"

namespace gatehouse::doctor {

/// nfs_backends: the indices of the backends that serve NFS.
std::vector<std::size_t> nfs_backends(const config::Config& c);

/// guests_of: the guests that may use a backend, by its index.
std::vector<const policy::Guest*> guests_of(const config::Config& c, std::size_t backend);

/// ExportList: what there is to mount, and who said so.
struct ExportList {
  std::string source;
  bool knfsd = false;  ///< knfsd of this host: the clients' `insecure` is known
  std::vector<Export> exports;
};

/// exports_of: of the NFS server at a backend, as it tells the address of the guest `as`: knfsd tells everybody all,
/// nfs-ganesha what the asker may mount. The error is what to say when nobody tells.
std::expected<ExportList, Finding> exports_of(const Exam& e, std::size_t backend, const policy::Guest& as,
                                              Deadline deadline);

}  // namespace gatehouse::doctor
