// The service manager's descriptor store (sd_notify(3), FDSTORE=1): what is put there comes back at the next start.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/handover/seal.h"
#include "proxy/net/fd.h"
#include "proxy/net/listen.h"

namespace gatehouse::handover {

/// kStoreName: FDNAME of the two descriptors of a save: sealed memory, and the pipe that holds its key.
inline constexpr std::string_view kStoreName = "gatehouse-contexts";

/// Offer: whether there is a store, as far as the environment tells.
enum class Offer : std::uint8_t {
  none,  ///< no service manager
  no,    ///< $FDSTORE, which newer ones set, has no room for two descriptors
  open,  ///< it may take them: only trying tells
};
/// offered: as $NOTIFY_SOCKET and $FDSTORE say.
Offer offered();

/// Kept: what became of two descriptors that were given to the store.
enum class Kept : std::uint8_t {
  kept,
  refused,     ///< closed by the service manager: FileDescriptorStoreMax= is 0, or used up
  unanswered,  ///< sent, and not known to have been read
  failed,      ///< not sent (errno)
};

/// KeyPipe: the key of a save, in a pipe's buffer.
struct KeyPipe {
  net::UniqueFd out;  ///< the key is read from here
  net::UniqueFd in;   ///< nobody writes here any more, but it tells whether somebody still has the other end
};
/// make_key_pipe: a pipe that holds `key`; error: errno.
std::expected<KeyPipe, int> make_key_pipe(const Key& key);

/// keep: gives both to the store, in one message, and waits until the service manager has read it, five seconds at
/// most. Both are closed here then.
Kept keep(net::UniqueFd memory, KeyPipe key);
/// forget: takes everything with kStoreName out of the store.
void forget();

/// Returned: what came back from the store.
struct Returned {
  net::UniqueFd memory;
  net::UniqueFd key;
  bool any = false;   ///< there were descriptors with kStoreName
  std::string fault;  ///< not empty: they are not one of each kind
};
/// take_returned: takes all with kStoreName out of `passed`, whatever they are. What is neither is closed.
Returned take_returned(std::vector<net::PassedSocket>& passed);

/// Contents: a save as it was kept, still encrypted.
struct Contents {
  Key key;
  gss::WipedBytes sealed;  ///< decrypted in place, later
};
/// read_returned: reads both, without waiting for anybody. Memory that can still be changed, that is no memory, or that
/// is longer than a save can be is refused unread. Error: what is wrong.
std::expected<void, std::string> read_returned(const Returned& from, Contents& into);

}  // namespace gatehouse::handover
