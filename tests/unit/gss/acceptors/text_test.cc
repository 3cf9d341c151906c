// Texts for logs.
#include "gss/acceptors/text.h"

#include <gssapi/gssapi.h>

#include <cerrno>

#include "gss/acceptors/lucid.h"
#include "tests/support/catch.h"

using namespace gatehouse;

TEST_CASE("what a peer chose is printable in a text, and bounded [V6]") {
  CHECK(gss::printable("host/a@B not found") == "host/a@B not found");
  CHECK(gss::printable("a\nb\x1b[31m\x7f") == "a\\x0ab\\x1b[31m\\x7f");
  CHECK(gss::printable(std::string_view("\0\xff", 2)) == "\\x00\\xff");
  CHECK(gss::printable(std::string(300, 'x')) == std::string(300, 'x'));
  CHECK(gss::printable(std::string(301, 'x')) == std::string(300, 'x') + "...");
  CHECK(gss::printable("").empty());
}

TEST_CASE("a failure without a text of the mechanism has the major status's [G4]") {
  CHECK(gss::status_text(GSS_S_DEFECTIVE_TOKEN, 0) == "Invalid token was supplied");
  CHECK(gss::status_text(GSS_S_NO_CRED, 0) ==
        "No credentials were supplied, or the credentials were unavailable or inaccessible");
  CHECK_FALSE(gss::status_text(GSS_S_FAILURE, 0).empty());
  CHECK(gss::error_text(ENOENT) == "No such file or directory");
}

TEST_CASE("ids are told by numbers [G6]") {
  CHECK(gss::ids_text({.uid = 1, .gid = 2, .groups = {}}) == "uid 1, gid 2, 0 groups");
  CHECK(gss::ids_text({.uid = 1, .gid = 2, .groups = {3}}) == "uid 1, gid 2, 1 group");
  CHECK(gss::ids_text({.uid = 1, .gid = 2, .groups = {3, 4}}) == "uid 1, gid 2, 2 groups");
}

TEST_CASE("encryption types 17 to 20 are taken, with keys of their size, and no others [G11]") {
  CHECK(gss::enctype_of(17, 16) == gss::Enctype::aes128_sha1);
  CHECK(gss::enctype_of(18, 32) == gss::Enctype::aes256_sha1);
  CHECK(gss::enctype_of(19, 16) == gss::Enctype::aes128_sha256);
  CHECK(gss::enctype_of(20, 32) == gss::Enctype::aes256_sha384);
  for (const std::uint32_t number : {0U, 1U, 3U, 16U, 21U, 23U, 25U, 26U, 0xffffffffU})
    CHECK_FALSE(gss::enctype_of(number, 32));
  for (const std::size_t size : {0U, 15U, 17U, 31U, 33U}) {
    CHECK_FALSE(gss::enctype_of(17, size));
    CHECK_FALSE(gss::enctype_of(18, size));
  }
}
