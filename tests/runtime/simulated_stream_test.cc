// Streams, events and copies of simulated devices, and what happens where a wait is missing.
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/simulated_device.h"

namespace sluice {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr size_t kCount = 1000;
constexpr size_t kBytes = kCount * sizeof(float);

class SimulatedStreamTest : public testing::Test {
 protected:
  void Make(int n, const std::string& options) {
    devices_ = MakeSimulatedDevices(n, options, kernels_);
    for (auto& device : devices_) streams_.push_back(*device->NewStream());
  }

  absl::Status CopyToDevice(ScopedMemory& memory, const std::vector<float>& from) {
    return streams_[0]->Copy(memory.get(), MemoryKind::kDevice, from.data(), MemoryKind::kHost, kBytes);
  }

  // A value goes from the host to device 0, from there through pinned memory to device 1, and back to the host. The
  // second stream waits for the first one's event.
  std::vector<float> PassThroughTwoDevices() {
    std::vector<float> in(kCount, 3.f);
    std::vector<float> out(kCount, 0.f);
    ScopedMemory a(devices_[0]->allocator(), kBytes);
    ScopedMemory pinned(devices_[0]->pinned_allocator(), kBytes);
    ScopedMemory b(devices_[1]->allocator(), kBytes);
    auto event = devices_[0]->NewEvent();
    EXPECT_TRUE(streams_[0]->Copy(a.get(), MemoryKind::kDevice, in.data(), MemoryKind::kHost, kBytes).ok());
    EXPECT_TRUE(streams_[0]->Copy(pinned.get(), MemoryKind::kPinned, a.get(), MemoryKind::kDevice, kBytes).ok());
    EXPECT_TRUE(streams_[0]->Record(*event).ok());
    EXPECT_TRUE(streams_[1]->Wait(*event).ok());
    EXPECT_TRUE(streams_[1]->Copy(b.get(), MemoryKind::kDevice, pinned.get(), MemoryKind::kPinned, kBytes).ok());
    EXPECT_TRUE(streams_[1]->Copy(out.data(), MemoryKind::kHost, b.get(), MemoryKind::kDevice, kBytes).ok());
    for (auto& stream : streams_) EXPECT_TRUE(stream->Synchronize().ok());
    return out;
  }

  KernelRegistry kernels_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

TEST_F(SimulatedStreamTest, CallsReturnBeforeTheWorkIsDone) {
  Make(1, "delay_us=20000,seed=5");
  std::vector<float> in(kCount, 1.f);
  ScopedMemory memory(devices_[0]->allocator(), kBytes);
  auto event = devices_[0]->NewEvent();
  EXPECT_TRUE(event->Done()) << "nothing was recorded";
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(streams_[0]->Copy(memory.get(), MemoryKind::kDevice, in.data(), MemoryKind::kHost, kBytes).ok());
  }
  ASSERT_TRUE(streams_[0]->Record(*event).ok());
  EXPECT_FALSE(event->Done());
  EXPECT_TRUE(event->Synchronize().ok());
  EXPECT_TRUE(event->Done());
}

TEST_F(SimulatedStreamTest, AnEventOrdersTwoStreams) {
  for (int seed = 0; seed < 20; ++seed) {
    devices_.clear();
    streams_.clear();
    Make(2, absl::StrCat("delay_us=200,seed=", seed));
    ASSERT_THAT(PassThroughTwoDevices(), Each(3.f)) << "seed " << seed;
  }
}

// The test of the tests: the same program with the wait left out gives other results.
TEST_F(SimulatedStreamTest, AMissingWaitShows) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "a race on purpose";
#endif
  int wrong = 0;
  for (int seed = 0; seed < 20; ++seed) {
    devices_.clear();
    streams_.clear();
    Make(2, absl::StrCat("delay_us=200,skip_wait=1,seed=", seed));
    std::vector<float> out = PassThroughTwoDevices();
    for (float x : out) wrong += std::isnan(x) ? 1 : 0;
  }
  EXPECT_GT(wrong, 0);
}

TEST_F(SimulatedStreamTest, AnEventMayBeRecordedAgain) {
  Make(1, "delay_us=100");
  ScopedMemory memory(devices_[0]->allocator(), kBytes);
  auto event = devices_[0]->NewEvent();
  for (int i = 0; i < 50; ++i) {
    std::vector<float> in(kCount, static_cast<float>(i));
    std::vector<float> out(kCount);
    ASSERT_TRUE(streams_[0]->Copy(memory.get(), MemoryKind::kDevice, in.data(), MemoryKind::kHost, kBytes).ok());
    ASSERT_TRUE(streams_[0]->Copy(out.data(), MemoryKind::kHost, memory.get(), MemoryKind::kDevice, kBytes).ok());
    ASSERT_TRUE(streams_[0]->Record(*event).ok());
    ASSERT_TRUE(event->Synchronize().ok());
    ASSERT_THAT(out, Each(static_cast<float>(i)));
  }
}

TEST_F(SimulatedStreamTest, AnEventMayDieBeforeItIsReached) {
  Make(2, "delay_us=1000");
  auto event = devices_[0]->NewEvent();
  ASSERT_TRUE(streams_[0]->Record(*event).ok());
  ASSERT_TRUE(streams_[1]->Wait(*event).ok());
  event.reset();
  EXPECT_TRUE(streams_[1]->Synchronize().ok());
}

TEST_F(SimulatedStreamTest, AStreamThatDiesEndsItsWork) {
  Make(1, "delay_us=1000");
  std::vector<float> in(kCount, 2.f);
  ScopedMemory memory(devices_[0]->allocator(), kBytes);
  ASSERT_TRUE(streams_[0]->Copy(memory.get(), MemoryKind::kDevice, in.data(), MemoryKind::kHost, kBytes).ok());
  streams_.clear();
  EXPECT_THAT(Download(*devices_[0], memory.get(), kCount), Each(2.f));
}

TEST_F(SimulatedStreamTest, TheQueueGrows) {
  Make(1, "");
  std::vector<float> in(kCount, 1.f);
  std::vector<float> out(kCount);
  ScopedMemory memory(devices_[0]->allocator(), kBytes);
  auto gate = devices_[0]->NewEvent();
  auto other = *devices_[0]->NewStream();
  for (int i = 0; i < 1000; ++i) {
    in[i] = static_cast<float>(i);
    auto* to = static_cast<float*>(memory.get()) + i;
    ASSERT_TRUE(streams_[0]->Copy(to, MemoryKind::kDevice, &in[i], MemoryKind::kHost, sizeof(float)).ok());
  }
  ASSERT_TRUE(streams_[0]->Synchronize().ok());
  EXPECT_THAT(Download(*devices_[0], memory.get(), kCount), testing::ContainerEq(in));
}

TEST_F(SimulatedStreamTest, RefusesMemoryOfAnotherKindThanWasSaid) {
  Make(2, "peers=0");
  std::vector<float> host(kCount);
  ScopedMemory own(devices_[0]->allocator(), kBytes);
  ScopedMemory foreign(devices_[1]->allocator(), kBytes);
  auto copy = [&](void* dst, MemoryKind dst_kind, void* src, MemoryKind src_kind) {
    return streams_[0]->Copy(dst, dst_kind, src, src_kind, kBytes);
  };
  EXPECT_TRUE(copy(own.get(), MemoryKind::kDevice, host.data(), MemoryKind::kHost).ok());
  EXPECT_FALSE(copy(own.get(), MemoryKind::kHost, host.data(), MemoryKind::kHost).ok());
  EXPECT_FALSE(copy(host.data(), MemoryKind::kDevice, own.get(), MemoryKind::kDevice).ok());
  absl::Status status = copy(own.get(), MemoryKind::kDevice, foreign.get(), MemoryKind::kDevice);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("device:SIM:0: the source is not in memory that it reaches"));
  EXPECT_TRUE(streams_[0]->Synchronize().ok());
  EXPECT_FALSE(devices_[0]->CanReach(*devices_[1]));
}

TEST_F(SimulatedStreamTest, CopiesToAndFromPeers) {
  Make(2, "delay_us=100");
  ASSERT_TRUE(devices_[0]->CanReach(*devices_[1]));
  auto strangers = MakeSimulatedDevices(1, "", kernels_);
  EXPECT_FALSE(devices_[0]->CanReach(*strangers[0])) << "of another session";
  std::vector<float> in(kCount, 4.f);
  ScopedMemory own(devices_[0]->allocator(), kBytes);
  ScopedMemory foreign(devices_[1]->allocator(), kBytes);
  Upload(*devices_[0], own.get(), in);
  auto peer = *devices_[0]->NewTransferStream(Transfer::kPeer);
  auto event = devices_[0]->NewEvent();
  ASSERT_TRUE(peer->Copy(foreign.get(), MemoryKind::kDevice, own.get(), MemoryKind::kDevice, kBytes).ok());
  ASSERT_TRUE(peer->Record(*event).ok());
  ASSERT_TRUE(streams_[1]->Wait(*event).ok());
  std::vector<float> out(kCount);
  ASSERT_TRUE(streams_[1]->Copy(out.data(), MemoryKind::kHost, foreign.get(), MemoryKind::kDevice, kBytes).ok());
  ASSERT_TRUE(streams_[1]->Synchronize().ok());
  EXPECT_THAT(out, Each(4.f));
}

TEST_F(SimulatedStreamTest, MayHaveNoStreamsForCopies) {
  Make(1, "copy_streams=0");
  auto stream = devices_[0]->NewTransferStream(Transfer::kToHost);
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(*stream, nullptr);
}

TEST_F(SimulatedStreamTest, ALostDeviceStaysLostAndNothingHangs) {
  Make(2, "lose_at=2,fault_device=0,delay_us=100");
  std::vector<float> in(kCount, 1.f);
  ScopedMemory memory(devices_[0]->allocator(), kBytes);
  auto before = devices_[0]->NewEvent();
  auto after = devices_[0]->NewEvent();
  auto copy = [&] { return CopyToDevice(memory, in); };
  ASSERT_TRUE(copy().ok());
  ASSERT_TRUE(streams_[0]->Record(*before).ok());
  ASSERT_TRUE(before->Synchronize().ok());
  ASSERT_TRUE(copy().ok()) << "the failure comes later";
  ASSERT_TRUE(streams_[0]->Record(*after).ok());
  ASSERT_TRUE(streams_[1]->Wait(*after).ok());
  EXPECT_TRUE(streams_[1]->Synchronize().ok()) << "the other device is there";
  absl::Status lost = after->Synchronize();
  EXPECT_EQ(lost.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(lost.message()), HasSubstr("device:SIM:0: the device was lost"));
  for (const absl::Status& status :
       {streams_[0]->Synchronize(), streams_[0]->Synchronize(), copy(), devices_[0]->NewStream().status()}) {
    EXPECT_EQ(status, lost);
  }
  EXPECT_EQ(devices_[0]->allocator().Allocate(64), nullptr);
  EXPECT_THAT(devices_[0]->allocator().Report(), HasSubstr("device:SIM:0: the device was lost"));
  EXPECT_NE(devices_[1]->NewStream().value(), nullptr);
}

// Two copies of 1 ms and the time they take one after the other, and side by side on two engines.
TEST_F(SimulatedStreamTest, TellsVirtualTime) {
  Make(1, "virtual_clock=1,link_us=1000");
  constexpr size_t kMillisecond = 1000000;
  std::vector<char> host(2 * kMillisecond);
  ScopedMemory memory(devices_[0]->allocator(), 2 * kMillisecond);
  auto* other = static_cast<char*>(memory.get()) + kMillisecond;
  auto to_device = *devices_[0]->NewTransferStream(Transfer::kToDevice);
  auto to_host = *devices_[0]->NewTransferStream(Transfer::kToHost);
  auto start = devices_[0]->NewTimedEvent(), one = devices_[0]->NewTimedEvent(), two = devices_[0]->NewTimedEvent(),
       three = devices_[0]->NewTimedEvent();
  auto up = [&](Stream& stream) {
    ASSERT_TRUE(stream.Copy(memory.get(), MemoryKind::kDevice, host.data(), MemoryKind::kHost, kMillisecond).ok());
  };
  ASSERT_TRUE(streams_[0]->Record(*start).ok());
  up(*to_device);
  ASSERT_TRUE(to_device->Record(*one).ok());
  up(*to_device);
  ASSERT_TRUE(to_device->Record(*two).ok());
  ASSERT_TRUE(to_host->Wait(*one).ok());
  ASSERT_TRUE(
      to_host->Copy(host.data() + kMillisecond, MemoryKind::kHost, other, MemoryKind::kDevice, kMillisecond / 2).ok());
  ASSERT_TRUE(to_host->Record(*three).ok());
  for (Stream* stream : {streams_[0].get(), to_device.get(), to_host.get()}) ASSERT_TRUE(stream->Synchronize().ok());
  EXPECT_DOUBLE_EQ(*one->MicrosecondsSince(*start), 1000);
  EXPECT_DOUBLE_EQ(*two->MicrosecondsSince(*start), 2000);
  EXPECT_DOUBLE_EQ(*three->MicrosecondsSince(*start), 1500);
  // What comes after the host has waited starts there.
  ASSERT_TRUE(streams_[0]->Record(*one).ok());
  ASSERT_TRUE(one->Synchronize().ok());
  EXPECT_DOUBLE_EQ(*one->MicrosecondsSince(*start), 2000);
}

TEST_F(SimulatedStreamTest, ACopyThatFailsIsReportedLaterAndOnce) {
  Make(1, "fail_copy=2,delay_us=100");
  std::vector<float> in(kCount, 1.f);
  ScopedMemory memory(devices_[0]->allocator(), kBytes);
  auto before = devices_[0]->NewEvent();
  auto after = devices_[0]->NewEvent();
  auto copy = [&] { return CopyToDevice(memory, in); };
  ASSERT_TRUE(copy().ok());
  ASSERT_TRUE(streams_[0]->Record(*before).ok());
  ASSERT_TRUE(copy().ok()) << "the failure comes later";
  ASSERT_TRUE(streams_[0]->Record(*after).ok());
  EXPECT_TRUE(before->Synchronize().ok());
  EXPECT_THAT(std::string(after->Synchronize().message()), HasSubstr("copy number 2 failed"));
  EXPECT_THAT(std::string(streams_[0]->Synchronize().message()), HasSubstr("copy number 2 failed"));
  EXPECT_TRUE(streams_[0]->Synchronize().ok()) << "reported already";
  ASSERT_TRUE(copy().ok());
  EXPECT_TRUE(streams_[0]->Synchronize().ok());
}

}  // namespace
}  // namespace sluice
