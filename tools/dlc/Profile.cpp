#include "tools/dlc/Profile.h"
#include "tools/common/FileIO.h"
#include "tools/common/Table.h"
#include "tools/common/Terminal.h"
#include "llvm/Support/JSON.h"

namespace dlc {
namespace {

/// Counts the event's part of its step: a step's events may come from several threads, and from several executions when
/// it is in a loop.
void addEvent(Profile &profile, const dlc_profile_event &event) {
  StepCost &cost = profile.steps[event.step];
  if (cost.stretches++ == 0) {
    cost.name = event.name;
    cost.strategy = event.strategy;
  }
  cost.busyNs += static_cast<double>(event.end_ns - event.start_ns);
  double share = event.step_tiles > 0 ? static_cast<double>(event.tiles) / static_cast<double>(event.step_tiles) : 1;
  cost.hasFlops &= event.flops >= 0;
  cost.hasBytes &= event.bytes >= 0;
  cost.flops += share * static_cast<double>(std::max<int64_t>(event.flops, 0));
  cost.bytes += share * static_cast<double>(std::max<int64_t>(event.bytes, 0));
}

/// Units of work per nanosecond are giga-units per second.
std::string rateText(bool isKnown, double amount, double ns) {
  return isKnown && ns > 0 ? llvm::formatv("{0:f1}", amount / ns).str() : "-";
}

} // namespace

double Profile::flopsPerRun() const {
  double flops = 0;
  for (const auto &[index, step] : steps) {
    flops += step.flops;
  }
  return runs > 0 ? flops / static_cast<double>(runs) : 0;
}

bool Profile::isComplete() const {
  return dropped == 0 && llvm::all_of(steps, [](const auto &step) { return step.second.hasFlops; });
}

llvm::Expected<Profile> collectProfile(Session &session, int64_t runs) {
  Profile profile;
  if (dlc_context_set_profile(session.context(), 1)) {
    return engineError();
  }
  for (; profile.runs < runs; ++profile.runs) {
    if (llvm::Error error = session.run()) {
      return error;
    }
    profile.lastRun.clear();
    for (size_t i = 0, count = dlc_context_profile_count(session.context()); i < count; ++i) {
      dlc_profile_event event{};
      if (dlc_context_profile_event(session.context(), i, &event)) {
        return engineError();
      }
      addEvent(profile, event);
      profile.lastRun.push_back({event});
    }
    profile.dropped += dlc_context_profile_dropped(session.context());
    profile.runNs += static_cast<double>(dlc_context_run_ns(session.context()));
  }
  return dlc_context_set_profile(session.context(), 0) ? llvm::Expected<Profile>(engineError()) : profile;
}

llvm::Error writeTrace(llvm::StringRef path, const Profile &profile, const dlc_model *model) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream);
  std::map<uint32_t, bool> threads;
  json.objectBegin();
  json.attribute("displayTimeUnit", "ms");
  json.attributeBegin("traceEvents");
  json.arrayBegin();
  for (const ProfileStretch &stretch : profile.lastRun) {
    const dlc_profile_event &event = stretch.event;
    threads[event.thread] = true;
    json.object([&] {
      json.attribute("name", llvm::json::fixUTF8(event.name));
      json.attribute("cat", llvm::json::fixUTF8(event.strategy));
      json.attribute("ph", "X");
      json.attribute("ts", static_cast<double>(event.start_ns) / 1e3);
      json.attribute("dur", static_cast<double>(event.end_ns - event.start_ns) / 1e3);
      json.attribute("pid", 1);
      json.attribute("tid", event.thread);
      json.attributeObject("args", [&] {
        json.attribute("step", event.step);
        json.attribute("strategy", llvm::json::fixUTF8(event.strategy));
        json.attribute("tiles", event.tiles);
        json.attribute("step tiles", event.step_tiles);
        json.attribute("step flops", event.flops);
        json.attribute("step bytes", event.bytes);
      });
    });
  }
  auto nameEvent = [&](const char *what, uint32_t thread, std::string name) {
    json.object([&] {
      json.attribute("name", what);
      json.attribute("ph", "M");
      json.attribute("pid", 1);
      json.attribute("tid", thread);
      json.attributeObject("args", [&] { json.attribute("name", llvm::json::fixUTF8(name)); });
    });
  };
  nameEvent("process_name", 0, dlc_model_name(model));
  for (const auto &[thread, used] : threads) {
    nameEvent("thread_name", thread, thread == 0 ? "caller" : "worker " + std::to_string(thread));
  }
  json.arrayEnd();
  json.attributeEnd();
  json.objectEnd();
  return writeFile(path, {text, "\n"});
}

void printProfile(const Profile &profile, llvm::raw_ostream &stream) {
  std::vector<std::pair<uint32_t, const StepCost *>> order;
  double total = 0;
  for (const auto &[index, step] : profile.steps) {
    order.emplace_back(index, &step);
    total += step.busyNs;
  }
  llvm::sort(order, [](auto &a, auto &b) {
    return std::pair(-a.second->busyNs, a.first) < std::pair(-b.second->busyNs, b.first);
  });
  Table table({">step", ">ms", ">%", ">GFLOP/s", ">GB/s", "strategy", "~name"});
  double runs = static_cast<double>(std::max<int64_t>(profile.runs, 1));
  for (const auto &[index, step] : order) {
    table.addRow({std::to_string(index), llvm::formatv("{0:f4}", step->busyNs / runs / 1e6).str(),
                  llvm::formatv("{0:f1}", total > 0 ? 100 * step->busyNs / total : 0).str(),
                  rateText(step->hasFlops, step->flops, step->busyNs),
                  rateText(step->hasBytes, step->bytes, step->busyNs), step->strategy, step->name});
  }
  std::string title =
      llvm::formatv("profile of {0} runs: {1:f3} ms a run, {2:f3} ms of work on all threads; rates are per thread",
                    profile.runs, profile.runNs / runs / 1e6, total / runs / 1e6);
  stream << wrapText(title, terminalWidth(stream), /*indent=*/2) << '\n';
  table.print(stream);
  if (profile.dropped != 0) {
    stream << llvm::formatv("{0} events found no room and are missing\n", profile.dropped);
  }
}

} // namespace dlc
