#include "rpc/names.h"

#include "tests/support/catch.h"

using namespace gatehouse::rpc;

TEST_CASE("programs are known by name, alias and number") {
  CHECK(program_number("nfs") == 100003U);
  CHECK(program_number("mount") == 100005U);
  CHECK(program_number("portmapper") == 100000U);
  CHECK(program_number("4294967295") == 4294967295U);
  for (const char* wrong : {"", "nfsd", "4294967296", "-1", "+1", "1 ", "0x1"}) CHECK_FALSE(program_number(wrong));
  CHECK(program_name(100005) == "mountd");
  CHECK(program_name(400000) == "400000");
}

TEST_CASE("procedures are known by the RFC's names of that version, in any case") {
  CHECK(procedure_number(100003, 3, "getattr") == 1U);
  CHECK(procedure_number(100003, 4, "COMPOUND") == 1U);
  CHECK_FALSE(procedure_number(100003, 4, "getattr"));
  CHECK(procedure_number(100000, 2, "callit") == 5U);
  CHECK(procedure_number(100000, 4, "Indirect") == 10U);
  CHECK(procedure_number(400000, 1, "null") == 0U);
  CHECK(procedure_number(400000, 1, "17") == 17U);
  CHECK_FALSE(procedure_number(400000, 1, "getattr"));
  CHECK(procedure_name(100003, 3, 21) == "COMMIT");
  CHECK(procedure_name(100003, 3, 22) == "22");
  CHECK(procedure_name(400000, 1, 0) == "NULL");
}
