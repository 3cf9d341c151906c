#include "proxy/handover/handover.h"

#include <systemd/sd-daemon.h>

#include <algorithm>

#include "tests/unit/proxy/handover/fixture.h"
#include "tests/unit/proxy/handover/manager.h"

using namespace gatehouse;
using namespace gatehouse::test;
using handover::RestoreReport;
using handover::SaveReport;
using Answer = gss::SequenceWindow::Answer;

namespace {

constexpr std::size_t kThreads = 2;

}  // namespace

TEST_CASE("a context goes on after a restart: handle, identity, tokens' numbers, and every number it has seen [G12]") {
  Manager manager;
  Host before({"web1", "web2"});
  const auto context = before.add(0, state());
  context->window().admit(150);
  const std::uint64_t next = context->next_token_seq() + 1;
  const SaveReport saved = handover::save(before.owners(), before.conf, kNow);
  CHECK(saved.outcome == SaveReport::Outcome::kept);
  CHECK(saved.contexts == 1);
  CHECK(saved.guests == 1);

  std::vector<net::PassedSocket> passed = {{"nfs", -1}};
  auto stored = manager.stored();
  REQUIRE(stored.size() == 2);
  for (auto& fd : stored) passed.push_back({std::string(handover::kStoreName), fd.release()});
  Host after({"web1", "web2"});
  const RestoreReport restored = handover::restore(passed, after.owners(), after.conf, kNow, kThreads);
  CHECK(restored.error.empty());
  CHECK(restored.outcome == RestoreReport::Outcome::done);
  CHECK(restored.contexts == 1);
  CHECK(passed.size() == 1);

  const auto again = after.find(0);
  REQUIRE(again != nullptr);
  CHECK(after.find(1) == nullptr);
  CHECK(again->identity().principal == "alice@EXAMPLE.COM");
  CHECK(again->identity().ids == gss::Ids{1001, 100, {27}});
  CHECK(again->next_token_seq() == next);
  CHECK(again->last_used() == kNow.monotonic_ms);
  for (const std::uint32_t seq : {91U, 88U, 150U}) CHECK(again->window().admit(seq) == Answer::duplicate);
  for (const std::uint32_t seq : {1U, 2U, 50U}) CHECK(again->window().admit(seq) == Answer::below);
  CHECK(again->window().admit(89) == Answer::fresh);
  REQUIRE(again->lane(1) != nullptr);
}

TEST_CASE("what was restored is taken out of the store, and so is what was refused [L8]") {
  for (const bool good : {true, false}) {
    Manager manager;
    Host before({"web1"});
    before.add(0, state());
    REQUIRE(handover::save(before.owners(), before.conf, kNow).outcome == SaveReport::Outcome::kept);
    auto stored = manager.stored();
    std::vector<net::PassedSocket> passed;
    for (auto& fd : stored)
      if (good || passed.empty()) passed.push_back({std::string(handover::kStoreName), fd.release()});
    Host after({"web1"});
    const auto outcome = handover::restore(passed, after.owners(), after.conf, kNow, kThreads).outcome;
    CHECK(outcome == (good ? RestoreReport::Outcome::done : RestoreReport::Outcome::refused));
    CHECK((after.find(0) != nullptr) == good);
    // Messages are read in their order.
    ::sd_notify_barrier(0, 5'000'000);
    const auto said = manager.said();
    CHECK(std::ranges::count(said, "FDSTOREREMOVE=1\nFDNAME=gatehouse-contexts") == 1);
  }
}

TEST_CASE("nothing is said to a service manager when there is nothing to save or to restore [L8]") {
  Manager manager;
  Host host({"web1"});
  CHECK(handover::save(host.owners(), host.conf, kNow).outcome == SaveReport::Outcome::nothing);
  auto expired = state();
  expired.terms.ticket_end_s = kNow.wall_s;
  host.add(0, expired);
  CHECK(handover::save(host.owners(), host.conf, kNow).outcome == SaveReport::Outcome::nothing);
  std::vector<net::PassedSocket> passed;
  CHECK(handover::restore(passed, host.owners(), host.conf, kNow, kThreads).outcome == RestoreReport::Outcome::nothing);
  CHECK(manager.said().empty());
}

TEST_CASE("without a store nothing is written, and the reason is said [L8]") {
  Host host({"web1"});
  host.add(0, state());
  CHECK(handover::save(host.owners(), host.conf, kNow).outcome == SaveReport::Outcome::no_manager);
  Manager refuses(true);
  ::setenv("FDSTORE", "0", 1);
  CHECK(handover::save(host.owners(), host.conf, kNow).outcome == SaveReport::Outcome::no_store);
  ::unsetenv("FDSTORE");
  CHECK(refuses.said().empty());
  const SaveReport report = handover::save(host.owners(), host.conf, kNow);
  CHECK(report.outcome == SaveReport::Outcome::not_kept);
  CHECK(report.error.find("FileDescriptorStoreMax=") != std::string::npos);
}

TEST_CASE("a context that was destroyed is not saved [G12]") {
  Host host({"web1"});
  const auto context = host.add(0, state());
  context->retire();
  CHECK(handover::save(host.owners(), host.conf, kNow).outcome == SaveReport::Outcome::nothing);
}

TEST_CASE(
    "where there is too little room no guest gets less than its share, and the contexts used last are saved [L6]") {
  Manager manager;
  Host before({"small", "large"});
  before.add(0, state("alice@EXAMPLE.COM", 1));
  for (std::uint8_t i = 2; i < 30; ++i) {
    auto c = state("alice@EXAMPLE.COM", i);
    c.last_used_ms = 100U + (i * 11U) % 29U;
    before.add(1, c);
  }
  const std::size_t one = handover::encoded_size(state(), kNow);
  const SaveReport report = handover::save(before.owners(), before.conf, kNow, 12 * one);
  CHECK(report.outcome == SaveReport::Outcome::kept);
  CHECK(report.bytes <= 12 * one);
  CHECK(report.bytes > 10 * one);
  CHECK(report.guests == 2);
  CHECK(report.contexts + report.left_out == 29);
  std::vector<net::PassedSocket> passed;
  for (auto& fd : manager.stored()) passed.push_back({std::string(handover::kStoreName), fd.release()});
  Host after({"small", "large"});
  CHECK(handover::restore(passed, after.owners(), after.conf, kNow, kThreads).contexts == report.contexts);
  CHECK(after.find(0, 1) != nullptr);
  const std::size_t kept = report.contexts - 1;
  for (std::uint8_t i = 2; i < 30; ++i) {
    std::size_t later = 0;
    for (std::uint8_t n = 2; n < 30; ++n)
      if ((n * 11U) % 29U > (i * 11U) % 29U) ++later;
    CHECK((after.find(1, i) != nullptr) == (later < kept));
  }
}

TEST_CASE("the contexts of many guests are saved and restored, each to its own [G12, L6]") {
  Manager manager;
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) names.push_back("g" + std::to_string(i));
  Host before(names);
  for (std::uint8_t i = 0; i < 50; ++i) before.add(i, state("alice@EXAMPLE.COM", i));
  REQUIRE(handover::save(before.owners(), before.conf, kNow).outcome == SaveReport::Outcome::kept);
  std::vector<net::PassedSocket> passed;
  for (auto& fd : manager.stored()) passed.push_back({std::string(handover::kStoreName), fd.release()});
  Host after(names);
  CHECK(handover::restore(passed, after.owners(), after.conf, kNow, kThreads).contexts == 50);
  for (std::uint8_t i = 0; i < 50; ++i)
    for (std::uint8_t n = 0; n < 50; ++n) CHECK((after.find(i, n) != nullptr) == (i == n));
}
