/// \file `dlc ops`: which ops of ONNX models can be imported.
#include "importers/onnx/Supported.h"
#include "tools/common/ExitCode.h"
#include "tools/common/Table.h"
#include "tools/dlc/Commands.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <CLI/CLI.hpp>
#include <algorithm>

namespace dlc {
namespace {

using llvm::json::Array;
using llvm::json::Object;
using llvm::json::Value;
using onnx_import::SupportedOp;
using onnx_import::SupportedVersion;

struct OpsOptions {
  std::vector<std::string> names;
  std::string domain;
  bool isJson = false;
};

/// "2", "1-3", "1+"; a star where other values than tensors are not refused at once.
std::string inputsText(const SupportedVersion &version) {
  std::string text = std::to_string(version.leastInputs);
  if (!version.mostInputs) {
    text += "+";
  } else if (*version.mostInputs != version.leastInputs) {
    text += "-" + std::to_string(*version.mostInputs);
  }
  return version.takesTensorsOnly ? text : text + "*";
}

/// The inputs of the oldest version, and those of later ones that differ: "1, from 10: 3-5".
std::string inputsText(const SupportedOp &op) {
  std::string text, last;
  for (const SupportedVersion &version : op.versions) {
    std::string now = inputsText(version);
    if (now != last) {
      text += text.empty() ? now : ", from " + std::to_string(version.since) + ": " + now;
    }
    last = now;
  }
  return text;
}

std::string versionsText(const SupportedOp &op) {
  std::string text;
  for (const SupportedVersion &version : op.versions) {
    text += (text.empty() ? "" : " ") + std::to_string(version.since);
  }
  return text;
}

/// One table per domain, since some of their names are long.
void printText(llvm::ArrayRef<SupportedOp> ops, llvm::raw_ostream &out) {
  for (const SupportedOp *first = ops.begin(); first != ops.end();) {
    const SupportedOp *last =
        std::find_if(first, ops.end(), [&](const auto &op) { return op.domain != first->domain; });
    out << (first == ops.begin() ? "" : "\n") << first->domain << " (" << last - first << ")\n";
    Table table({"op", "~since", "~inputs"});
    for (; first != last; ++first) {
      table.addRow({first->name, versionsText(*first), inputsText(*first)});
    }
    table.print(out, 2);
  }
}

Object opObject(const SupportedOp &op) {
  Array versions;
  for (const SupportedVersion &version : op.versions) {
    versions.push_back(Object{{"since", version.since},
                              {"min_inputs", version.leastInputs},
                              {"max_inputs", version.mostInputs ? Value(*version.mostInputs) : Value(nullptr)},
                              {"tensors_only", version.takesTensorsOnly}});
  }
  return Object{
      {"domain", op.domain}, {"name", op.name}, {"versions", std::move(versions)}, {"inputs", inputsText(op)}};
}

void printJson(llvm::ArrayRef<SupportedOp> ops, llvm::raw_ostream &out) {
  Array array, types;
  for (const SupportedOp &op : ops) {
    array.push_back(opObject(op));
  }
  for (std::string &type : onnx_import::supportedElementTypes()) {
    types.push_back(std::move(type));
  }
  out << llvm::formatv("{0:2}\n", Value(Object{{"newest_opset", onnx_import::kNewestOpset},
                                               {"element_types", std::move(types)},
                                               {"ops", std::move(array)}}));
}

/// The ops of the wanted domain; all of them where none is named.
std::vector<SupportedOp> opsOfDomain(llvm::StringRef domain) {
  std::vector<SupportedOp> ops = onnx_import::supportedOps();
  std::vector<std::string> domains;
  for (const SupportedOp &op : ops) {
    if (domains.empty() || domains.back() != op.domain) {
      domains.push_back(op.domain);
    }
  }
  if (!domain.empty() && !llvm::is_contained(domains, domain)) {
    throw CLI::ValidationError("--domain",
                               "expected one of " + llvm::join(domains, ", ") + ", got '" + domain.str() + "'");
  }
  llvm::erase_if(ops, [&](const SupportedOp &op) { return !domain.empty() && op.domain != domain; });
  return ops;
}

/// Refuses a name that no op has; the one that is most like it may be what was meant.
void checkName(llvm::ArrayRef<SupportedOp> ops, const std::string &name, const std::string &domain) {
  if (llvm::any_of(ops, [&](const SupportedOp &op) { return op.name == name; })) {
    return;
  }
  auto distance = [&](const SupportedOp &op) { return llvm::StringRef(op.name).edit_distance_insensitive(name); };
  const SupportedOp *nearest =
      std::min_element(ops.begin(), ops.end(), [&](auto &a, auto &b) { return distance(a) < distance(b); });
  std::string hint = distance(*nearest) <= 2 ? "; the nearest is '" + nearest->name + "'" : "";
  std::string where = domain.empty() ? "" : " --domain " + domain;
  throw CLI::ValidationError("NAME",
                             "expected the name of an op that 'dlc ops" + where + "' lists, got '" + name + "'" + hint);
}

void printOps(const OpsOptions &options) {
  std::vector<SupportedOp> ops = opsOfDomain(options.domain);
  for (const std::string &name : options.names) {
    checkName(ops, name, options.domain);
  }
  llvm::erase_if(ops, [&](const SupportedOp &op) {
    return !options.names.empty() && !llvm::is_contained(options.names, op.name);
  });
  if (options.isJson) {
    printJson(ops, llvm::outs());
  } else {
    printText(ops, llvm::outs());
  }
}

} // namespace

void addOpsCommand(CLI::App &app, int &exitCode) {
  auto options = std::make_shared<OpsOptions>();
  CLI::App *command = app.add_subcommand("ops", "List the ops of ONNX that models may have");
  command->add_option("name", options->names, "Ops to list; default: all")->type_name("NAME");
  command->add_option("--domain", options->domain, "List ops of this domain only, such as ai.onnx or com.microsoft")
      ->type_name("DOMAIN");
  command->add_flag("--json", options->isJson, "Print JSON");
  command->footer("since: the versions of the op that there is a rule for, each up to the next.\n"
                  "inputs: how many a node has; *: a sequence or an optional may be among them.");
  command->callback([options, &exitCode]() {
    printOps(*options);
    exitCode = exitDone;
  });
}

} // namespace dlc
