// The service unit, as far as it decides what gatehoused can do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/ctl/doctor/host.h"

namespace gatehouse::doctor {

/// Unit: keys of gatehoused.service with its drop-ins, the later one wins (systemd.unit(5)).
struct Unit {
  bool found = false;
  std::string user;                           ///< User=
  std::vector<std::string> groups;            ///< SupplementaryGroups=
  std::vector<std::string> writable;          ///< ReadWritePaths=, and the directories that it states
  bool read_only = false;                     ///< ProtectSystem=strict: all else cannot be written
  bool private_tmp = false;                   ///< PrivateTmp=: /tmp is the service's own
  bool no_home = false;                       ///< ProtectHome=: /home, /root and /run/user are not seen
  std::optional<std::uint64_t> limit_nofile;  ///< LimitNOFILE=, the hard one; infinity: 2^63
  bool credentials = false;                   ///< LoadCredential= or its kin
};

/// read_unit: the unit of the service, as systemd would find it.
Unit read_unit(const Host& host);

/// apply_unit: what one file of a unit says, over what is there already.
void apply_unit(std::string_view text, Unit& out);

/// writable_by_unit: whether the service may write below `path`, as far as the unit decides it.
bool writable_by_unit(const Unit& unit, std::string_view path);

/// hidden_by_unit: whether the service sees another `path` than everybody else, or none.
bool hidden_by_unit(const Unit& unit, std::string_view path);

/// socket_unit: the path of a unit of systemd whose FileDescriptorName= is `name` and which is for gatehoused.service;
/// empty: there is none.
std::string socket_unit(const Host& host, std::string_view name);

}  // namespace gatehouse::doctor
