//===- TuneCache.cpp - what measurements said, kept in a file ----------------------------------------------===//
#include "compiler/tune/TuneCache.h"
#include "compiler/emit/Files.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::tune {
namespace {
/// The fields in the order in which they are written, which a json::Object does not keep.
std::string toLine(const TuneEntry &e) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os);
  json.object([&] {
    json.attribute("key", e.key);
    json.attribute("kernel", llvm::json::fixUTF8(e.kernel));
    json.attribute("target", e.target);
    json.attribute("model", e.model);
    json.attribute("choice", e.choice);
    json.attributeArray("us", [&] {
      for (double micros : {e.modelMicros, e.choiceMicros}) {
        json.rawValue(llvm::formatv("{0:f2}", micros).str());
      }
    });
  });
  return text;
}

/// What an entry never has. llvm::json reads values in values by recursion, so that depth is stack.
constexpr size_t kMostBytes = 64 << 10, kMostDepth = 16;

/// How many brackets are open at once, at most, outside of texts.
size_t depthOf(llvm::StringRef line) {
  size_t depth = 0, most = 0;
  bool inText = false;
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (inText) {
      i += c == '\\';
      inText = c != '"';
    } else if (c == '[' || c == '{') {
      most = std::max(most, ++depth);
    } else if (c == ']' || c == '}') {
      depth -= depth > 0;
    } else {
      inText = c == '"';
    }
  }
  return most;
}

/// The entry of a line, or what is wrong with it.
llvm::Expected<TuneEntry> fromLine(llvm::StringRef line) {
  if (line.size() > kMostBytes) {
    return llvm::createStringError("expected at most " + std::to_string(kMostBytes) + " bytes, got " +
                                   std::to_string(line.size()));
  }
  if (depthOf(line) > kMostDepth) {
    return llvm::createStringError("expected at most " + std::to_string(kMostDepth) + " brackets in brackets");
  }
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(line);
  if (!value) {
    return value.takeError();
  }
  const llvm::json::Object *object = value->getAsObject();
  if (!object) {
    return llvm::createStringError("expected a JSON object");
  }
  TuneEntry entry;
  std::pair<llvm::StringRef, std::string *> texts[] = {
      {"key", &entry.key}, {"model", &entry.model}, {"choice", &entry.choice}};
  for (auto [name, target] : texts) {
    std::optional<llvm::StringRef> text = object->getString(name);
    if (!text || text->empty()) {
      return llvm::createStringError("expected a text \"" + name + "\"");
    }
    *target = text->str();
  }
  const llvm::json::Array *micros = object->getArray("us");
  if (!micros || micros->size() != 2 || !(*micros)[0].getAsNumber() || !(*micros)[1].getAsNumber()) {
    return llvm::createStringError("expected two numbers \"us\"");
  }
  entry.modelMicros = *(*micros)[0].getAsNumber();
  entry.choiceMicros = *(*micros)[1].getAsNumber();
  return entry;
}
} // namespace

llvm::Error TuneCache::read(bool mustExist, bool warns) {
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (!buffer) {
    bool isMissing = buffer.getError() == std::errc::no_such_file_or_directory;
    return isMissing && !mustExist ? llvm::Error::success()
                                   : emit::fileError(buffer.getError(), "could not read the tuning cache " + file);
  }
  llvm::SmallVector<llvm::StringRef> texts;
  (*buffer)->getBuffer().split(texts, '\n');
  for (auto [i, text] : llvm::enumerate(texts)) {
    if (text.trim().empty()) {
      continue;
    }
    llvm::Expected<TuneEntry> entry = fromLine(text);
    if (entry) {
      lines[entry->key] = {*entry, text.trim().str()};
      continue;
    }
    std::string why = llvm::toString(entry.takeError());
    if (warns) {
      problems.push_back(file + ":" + std::to_string(i + 1) + ": not an entry of a tuning cache, and ignored: " + why);
    }
  }
  return llvm::Error::success();
}

llvm::Error TuneCache::write() const {
  emit::WorkFiles work;
  if (llvm::Error error = work.create(file)) {
    return error;
  }
  std::string text;
  for (const auto &[key, line] : lines) {
    text += line.text + "\n";
  }
  std::string finished = work.file("cache");
  if (llvm::Error error = emit::writeFile(finished, text)) {
    return error;
  }
  return emit::moveInto(finished, file);
}

llvm::Error TuneCache::open(llvm::StringRef path, bool isWritable) {
  file = path.str();
  if (llvm::Error error = read(!isWritable, true)) {
    return error;
  }
  if (!isWritable) {
    return llvm::Error::success();
  }
  llvm::StringRef folder = llvm::sys::path::parent_path(path);
  if (std::error_code code = folder.empty() ? std::error_code() : llvm::sys::fs::create_directories(folder)) {
    return emit::fileError(code, "could not make the folder of the tuning cache " + path);
  }
  llvm::Error error = write();
  return error ? llvm::createStringError("the tuning cache can't be kept: " + llvm::toString(std::move(error)) +
                                         "; --tune-cache names another file")
               : llvm::Error::success();
}

const TuneEntry *TuneCache::find(llvm::StringRef key) const {
  auto it = lines.find(key.str());
  return it == lines.end() ? nullptr : &it->second.entry;
}

llvm::Error TuneCache::record(const TuneEntry &entry) {
  if (llvm::Error error = read(false, false)) {
    return error;
  }
  std::string text = toLine(entry);
  llvm::Expected<TuneEntry> rounded = fromLine(text);
  if (!rounded) {
    return rounded.takeError();
  }
  lines[entry.key] = {*rounded, text};
  return write();
}
} // namespace dlc::tune
