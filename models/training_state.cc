#include "models/training_state.h"

#include "absl/strings/strip.h"

#include "io/checkpoint_reader.h"
#include "models/training.h"

namespace sluice {
namespace {

constexpr absl::string_view kSeed = "trainer/seed";
constexpr absl::string_view kBatch = "trainer/batch";
constexpr absl::string_view kExamples = "trainer/examples";
constexpr absl::string_view kRandom = "trainer/random/";
constexpr absl::string_view kHistory = "trainer/history";
constexpr absl::string_view kSchedule = "trainer/schedule";

NamedTensor Number(absl::string_view name, uint64_t value) {
  return {std::string(name), Tensor::Scalar<int64_t>(static_cast<int64_t>(value))};
}

absl::StatusOr<int64_t> ReadNumber(const CheckpointReader& reader, absl::string_view name) {
  auto value = reader.Read(name);
  if (!value.ok()) return WithContext(value.status(), "not a checkpoint of `sluice train`");
  if (value->dtype() != DataType::kInt64 || value->num_elements() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(reader.prefix(), ": '", name, "' is not one int64"));
  }
  return value->data<int64_t>()[0];
}

absl::StatusOr<std::vector<double>> ReadNumbers(const CheckpointReader& reader, absl::string_view name, size_t size,
                                                absl::string_view what) {
  auto value = reader.Read(name);
  if (!value.ok()) return WithContext(value.status(), "not a checkpoint of `sluice train`");
  if (value->dtype() != DataType::kDouble) {
    return absl::InvalidArgumentError(absl::StrCat(reader.prefix(), ": '", name, "' is not of double"));
  }
  if (static_cast<size_t>(value->num_elements()) != size) {
    return absl::FailedPreconditionError(
        absl::StrCat(reader.prefix(), ": it was made with another ", what, "; training can only go on as it began"));
  }
  return std::vector<double>(value->values<double>().begin(), value->values<double>().end());
}

std::vector<double> NumbersOf(const TrainingHistory& history) {
  return {static_cast<double>(history.evaluations), static_cast<double>(history.since_best), history.best_accuracy,
          static_cast<double>(history.best_step), history.seconds};
}

absl::StatusOr<TrainingHistory> ReadHistory(const CheckpointReader& reader, const TrainingHistory& expected) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<double> n,
                          ReadNumbers(reader, kHistory, NumbersOf(expected).size(), "version of Sluice"));
  TrainingHistory history{.evaluations = static_cast<int64_t>(n[0]),
                          .since_best = static_cast<int64_t>(n[1]),
                          .best_accuracy = n[2],
                          .best_step = static_cast<int64_t>(n[3]),
                          .seconds = n[4]};
  SLUICE_ASSIGN_OR_RETURN(history.schedule, ReadNumbers(reader, kSchedule, expected.schedule.size(), "schedule"));
  return history;
}

absl::Status CheckState(const CheckpointReader& reader, const TrainingState& expected) {
  struct Field {
    absl::string_view name, what;
    uint64_t expected;
  };
  const Field fields[] = {{kSeed, "seed", expected.seed},
                          {kBatch, "batch", static_cast<uint64_t>(expected.batch)},
                          {kExamples, "number of examples", static_cast<uint64_t>(expected.examples)}};
  for (const Field& field : fields) {
    SLUICE_ASSIGN_OR_RETURN(int64_t found, ReadNumber(reader, field.name));
    if (static_cast<uint64_t>(found) == field.expected) continue;
    return absl::FailedPreconditionError(absl::StrCat(reader.prefix(), ": the ", field.what, " was ", found,
                                                      ", now it is ", field.expected,
                                                      "; training can only go on as it began"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<NamedTensor>> CollectTraining(const TrainingState& state, const Session& session) {
  std::vector<NamedTensor> tensors;
  for (const std::string& name : session.InitializedVariables()) {
    SLUICE_ASSIGN_OR_RETURN(Tensor value, session.ReadVariable(name));
    tensors.push_back({name, std::move(value)});
  }
  tensors.push_back(Number(kSeed, state.seed));
  tensors.push_back(Number(kBatch, static_cast<uint64_t>(state.batch)));
  tensors.push_back(Number(kExamples, static_cast<uint64_t>(state.examples)));
  tensors.push_back({std::string(kHistory), Tensor::Vector<double>(NumbersOf(state.history))});
  tensors.push_back({std::string(kSchedule), Tensor::Vector<double>(state.history.schedule)});
  for (const auto& [node, blocks] : session.RandomCounters()) {
    tensors.push_back(Number(absl::StrCat(kRandom, node), blocks));
  }
  return tensors;
}

absl::StatusOr<RestoredTraining> RestoreTraining(const std::string& prefix, const TrainingState& expected,
                                                 Session& session, FileSystem& fs) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<CheckpointReader> reader, CheckpointReader::Open(prefix, {}, fs));
  SLUICE_RETURN_IF_ERROR(CheckState(*reader, expected));
  RestoredTraining restored;
  SLUICE_ASSIGN_OR_RETURN(restored.history, ReadHistory(*reader, expected.history));
  for (const CheckpointEntry& entry : reader->entries()) {
    absl::string_view name = entry.name;
    if (absl::ConsumePrefix(&name, absl::string_view(kRandom))) {
      SLUICE_ASSIGN_OR_RETURN(int64_t blocks, ReadNumber(*reader, entry.name));
      session.SetRandomCounter(std::string(name), static_cast<uint64_t>(blocks));
    } else if (!absl::ConsumePrefix(&name, absl::string_view(kTrainerPrefix))) {
      SLUICE_ASSIGN_OR_RETURN(Tensor value, reader->Read(entry.name));
      SLUICE_RETURN_IF_ERROR(session.WriteVariable(entry.name, value));
    }
  }
  SLUICE_ASSIGN_OR_RETURN(restored.step, ReadNumber(*reader, training::kGlobalStep));
  return restored;
}

}  // namespace sluice
