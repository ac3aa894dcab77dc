#include "evenflow/base/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace evenflow {
namespace {

using Ranges = std::vector<std::pair<std::size_t, std::size_t>>;

Ranges ranges_of(std::size_t count, std::size_t grain) {
  std::mutex mutex;
  Ranges ranges;
  parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
    const std::lock_guard lock(mutex);
    ranges.emplace_back(begin, end);
  });
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

class Threads : public ::testing::Test {
 protected:
  ~Threads() override { set_threads(0); }
};

TEST_F(Threads, CountIsKept) {
  set_threads(3);
  EXPECT_EQ(threads(), 3);
  set_threads(0);
  EXPECT_GE(threads(), 1);
}

TEST_F(Threads, RangesCoverTheWholeInMultiplesOfTheGrain) {
  for (const int workers : {1, 2, 7}) {
    set_threads(workers);
    for (const std::size_t count : {0u, 1u, 9u, 10u, 19u, 20u, 21u, 1000u, 1001u}) {
      const Ranges ranges = ranges_of(count, 10);
      std::size_t at = 0;
      for (const auto& [begin, end] : ranges) {
        EXPECT_EQ(begin, at);
        EXPECT_LT(begin, end);
        EXPECT_EQ(begin % 10, 0u);
        at = end;
      }
      EXPECT_EQ(at, count);
      EXPECT_LE(ranges.size(), static_cast<std::size_t>(workers));
      EXPECT_EQ(ranges, ranges_of(count, 10));
    }
  }
}

TEST_F(Threads, SmallCountsStayOnTheCallingThread) {
  set_threads(4);
  EXPECT_EQ(ranges_of(10, 10).size(), 1u);
  EXPECT_EQ(ranges_of(40, 10).size(), 4u);
}

TEST_F(Threads, NestedLoopsDoTheirWorkToo) {
  set_threads(2);
  std::vector<int> visits(100);
  parallel_for(10, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      parallel_for(10, 1, [&](std::size_t from, std::size_t to) {
        for (std::size_t j = from; j < to; ++j) ++visits[i * 10 + j];
      });
    }
  });
  EXPECT_EQ(visits, std::vector<int>(100, 1));
}

}  // namespace
}  // namespace evenflow
