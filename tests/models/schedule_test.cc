#include "models/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::HasSubstr;

constexpr TrainingLength kLength{.total_steps = 1000, .steps_per_epoch = 100};

double RateAt(const std::string& spec, int64_t step) {
  auto schedule = Schedule::Parse(spec);
  EXPECT_TRUE(schedule.ok()) << schedule.status();
  return schedule.ok() ? schedule->At(step, 2, kLength).rate : -1;
}

TEST(ScheduleTest, Rates) {
  struct Row {
    const char* spec;
    int64_t step;
    double rate;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"constant", 0, 2},
           {"constant", 999, 2},
           {"step", 499, 2},
           {"step", 500, 0.2},
           {"step", 750, 0.02},
           {"step:300,600", 300, 0.2},
           {"step:300,600:0.5", 600, 0.5},
           {"step:3e,6e:0.5", 299, 2},
           {"step:3e,6e:0.5", 300, 1},
           {"step:every=2e:0.5", 399, 1},
           {"step:every=2e:0.5", 400, 0.5},
           {"step:5e:warmup=10", 0, 2.0 / 11},
           {"step:5e:warmup=10", 9, 20.0 / 11},
           {"step:5e:warmup=10", 10, 2},
           {"step:5e:warmup=10", 500, 0.2},
           {"exponential:0.5", 100, 1},
           {"exponential:0.5:every=200", 400, 0.5},
           {"linear", 500, 1},
           {"cosine", 0, 2},
           {"cosine", 500, 1},
           {"cosine", 1000, 0},
           {"cosine:end=0.1", 1000, 0.2},
           {"cosine:warmup=1e", 49, 2 * 50.0 / 101},
           {"cosine:warmup=1e", 550, 1},
           {"onecycle", 0, 0.08},
           {"onecycle", 300, 2},
           {"onecycle", 1000, 2e-5},
           {"onecycle:peak=50%:start=0.5", 250, 1.5},
           {"plateau", 900, 2},
       }) {
    EXPECT_NEAR(RateAt(row.spec, row.step), row.rate, 1e-9) << row.spec << " at " << row.step;
  }
}

TEST(ScheduleTest, OneCycleTurnsTheMomentumTheOtherWay) {
  auto schedule = Schedule::Parse("onecycle:momentum=0.8,0.9");
  ASSERT_TRUE(schedule.ok());
  EXPECT_NEAR(*schedule->At(0, 1, kLength).momentum, 0.9, 1e-9);
  EXPECT_NEAR(*schedule->At(300, 1, kLength).momentum, 0.8, 1e-9);
  EXPECT_NEAR(*schedule->At(1000, 1, kLength).momentum, 0.9, 1e-9);
  EXPECT_FALSE(Schedule::Parse("onecycle")->At(0, 1, kLength).momentum.has_value());
}

TEST(ScheduleTest, APlateauWaitsAndItsStateIsKept) {
  auto schedule = Schedule::Parse("plateau:0.5:patience=2");
  ASSERT_TRUE(schedule.ok());
  auto rate = [](const Schedule& s) { return s.At(0, 1, kLength).rate; };
  for (double metric : {0.5, 0.6, 0.6}) schedule->OnEvaluation(metric);
  EXPECT_EQ(rate(*schedule), 1);
  auto restored = Schedule::Parse("plateau:0.5:patience=2");
  ASSERT_TRUE(restored->Restore(schedule->State()).ok());
  for (Schedule* s : {&*schedule, &*restored}) {
    s->OnEvaluation(0.55);
    EXPECT_EQ(rate(*s), 0.5);
    s->OnEvaluation(0.7);
    s->OnEvaluation(0.7);
    EXPECT_EQ(rate(*s), 0.5);
  }
  EXPECT_FALSE(restored->Restore({1}).ok());
  EXPECT_TRUE(Schedule().State().empty());
}

TEST(ScheduleTest, WrongSpecsSayWhatIsRight) {
  for (const auto& [spec, text] : std::vector<std::pair<const char*, const char*>>{{"magic", "expected constant, step"},
                                                                                   {"step:x", "points"},
                                                                                   {"constant:warmup=5", "nothing"},
                                                                                   {"cosine:0.1", "end="},
                                                                                   {"step:every=0", "every"},
                                                                                   {"step:100:every=5", "not both"},
                                                                                   {"plateau:patience=0", "patience"},
                                                                                   {"onecycle:momentum=1", "momentum"},
                                                                                   {"step:-5", "points"},
                                                                                   {"cosine:warmup=nan", "warmup"}}) {
    EXPECT_THAT(std::string(Schedule::Parse(spec).status().message()), HasSubstr(text)) << spec;
  }
}

}  // namespace
}  // namespace sluice
