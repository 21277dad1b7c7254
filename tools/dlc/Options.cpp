#include "tools/dlc/Options.h"
#include "tools/common/Image.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/OpLibraries.h"
#include <CLI/CLI.hpp>

namespace dlc {

namespace {

void addImageOptions(CLI::App &command, InputOptions &options) {
  auto add = [&](const char *name, std::string &target, const char *type, const char *text) {
    return command.add_option(name, target, text)->type_name(type)->group("Image inputs");
  };
  add("--image-size", options.imageSize, "WxH", "Resize to WxH; default: the input's size");
  add("--image-scale", options.imageScale, "X", "Factor of pixels; default: 1/255, or 1 for integer inputs");
  add("--image-mean", options.imageMean, "X,Y,Z", "Subtract after scaling; one number, or one per channel");
  add("--image-std", options.imageStd, "X,Y,Z", "Divide by, after subtracting; one number, or one per channel");
  add("--image-layout", options.imageLayout, "LAYOUT", "nchw or nhwc; default: what the input's shape suggests")
      ->check(CLI::IsMember({"nchw", "nhwc"}).description(""));
  add("--image-channels", options.imageChannels, "ORDER", "rgb, bgr or gray; default: rgb, or gray for one channel")
      ->check(CLI::IsMember({"rgb", "bgr", "gray"}).description(""));
}

} // namespace

void addModelOptions(CLI::App &command, ModelOptions &options, bool hasDims) {
  SourceOptions &source = options.source;
  command
      .add_option("model", source.path, "A compiled model (.so), or a source model (.onnx), which is compiled first")
      ->required()
      ->type_name("MODEL");
  addOpLibraryOption(command, source.libraries);
  std::vector<CLI::Option *> before = command.get_options();
  addFetchOptions(command, source);
  if (hasDims) {
    addDimOption(command, source);
  }
  addCodeOptions(command, source);
  addStateOption(command, source);
  std::vector<CLI::Option *> added = command.get_options();
  llvm::erase_if(added, [&](CLI::Option *option) { return llvm::is_contained(before, option); });
  for (CLI::Option *option : added) {
    option->group("Source models");
  }
  command.parse_complete_callback([&source, added] {
    for (CLI::Option *option : added) {
      if (option->count() != 0 && !isSourceModel(source.path)) {
        throw CLI::ValidationError(option->get_name(), "expected a source model (.onnx), got '" + source.path +
                                                           "', which is compiled already");
      }
    }
    if (llvm::Error error = checkSourceOptions(source)) {
      throw CLI::ValidationError(llvm::toString(std::move(error)));
    }
  });
}

void addEntryOption(CLI::App &command, ModelOptions &options) {
  command.add_option("--entry", options.entry, "The entry point; default: the first")->type_name("NAME");
}

void addThreadOption(CLI::App &command, ModelOptions &options) {
  command.add_option("--threads", options.threads, "Threads; default: all that the process may use")
      ->type_name("N")
      ->check(CLI::Range(1, 4096).description(""));
}

void addInputOptions(CLI::App &command, InputOptions &options) {
  command
      .add_option("--input", options.inputs,
                  "An input: NAME=FILE, or FILE alone when there is only one. FILE is a .npy, .npz (also "
                  "FILE.npz:MEMBER), .pb, .png, .jpg, or raw:FILE:TYPE:SHAPE such as raw:x.bin:f32:1x3x224x224. "
                  "May be given several times")
      ->type_name("[NAME=]FILE")
      ->allow_extra_args(false);
  command
      .add_option("--input-dir", options.folder,
                  "A folder of input_0.pb, input_1.pb, ... (or .npy), in graph order; --input takes precedence")
      ->type_name("DIR");
  addImageOptions(command, options);
}

void addRandomOptions(CLI::App &command, InputOptions &options) {
  command
      .add_option("--dim", options.dims, "Size of a symbolic dimension of random inputs, such as batch=4; default: 1")
      ->type_name("NAME=N")
      ->allow_extra_args(false);
  command.add_option("--seed", options.seed, "Seed of random inputs; default: 0")->type_name("N");
}

llvm::Expected<ImageOptions> parseImageOptions(const InputOptions &options) {
  ImageOptions image;
  if (!options.imageSize.empty()) {
    auto size = parseImageSize(options.imageSize);
    if (!size) {
      return makeError("--image-size: {0}", llvm::toString(size.takeError()));
    }
    image.size = *size;
  }
  auto numbers = [](const char *name, const std::string &text, std::vector<double> &target) -> llvm::Error {
    if (text.empty()) {
      return llvm::Error::success();
    }
    auto parsed = parseNumbers(text);
    if (!parsed) {
      return makeError("{0}: {1}", name, llvm::toString(parsed.takeError()));
    }
    if (name == llvm::StringRef("--image-std") && llvm::is_contained(*parsed, 0)) {
      return makeError("--image-std: expected numbers other than 0, got '{0}'", text);
    }
    target = std::move(*parsed);
    return llvm::Error::success();
  };
  std::vector<double> scale;
  llvm::Error error = llvm::joinErrors(numbers("--image-mean", options.imageMean, image.mean),
                                       llvm::joinErrors(numbers("--image-std", options.imageStd, image.std),
                                                        numbers("--image-scale", options.imageScale, scale)));
  if (error) {
    return error;
  }
  if (scale.size() > 1) {
    return makeError("--image-scale: expected one number, got {0}", scale.size());
  }
  if (!scale.empty()) {
    image.scale = scale.front();
  }
  if (!options.imageLayout.empty()) {
    image.layout = options.imageLayout == "nhwc" ? ImageLayout::nhwc : ImageLayout::nchw;
  }
  if (!options.imageChannels.empty()) {
    image.channels = options.imageChannels == "gray"  ? ImageChannels::gray
                     : options.imageChannels == "bgr" ? ImageChannels::bgr
                                                      : ImageChannels::rgb;
  }
  return image;
}

llvm::Expected<llvm::StringMap<int64_t>> parseDims(const std::vector<std::string> &texts) {
  llvm::StringMap<int64_t> sizes;
  for (llvm::StringRef text : texts) {
    auto [name, number] = text.split('=');
    int64_t size = 0;
    if (name.empty() || number.getAsInteger(10, size) || size < 0) {
      return makeError("--dim: expected NAME=N such as batch=4, got '{0}'", text);
    }
    sizes[name] = size;
  }
  return sizes;
}

llvm::Error checkInputOptions(const InputOptions &options) {
  auto image = parseImageOptions(options);
  auto dims = parseDims(options.dims);
  return llvm::joinErrors(image.takeError(), dims.takeError());
}

llvm::Expected<ModelHandle> openModel(const ModelOptions &options) {
  auto libraries = OpLibraries::open(options.source.libraries);
  if (!libraries) {
    return libraries.takeError();
  }
  dlc_model_options modelOptions = libraries->modelOptions();
  if (!isSourceModel(options.source.path)) {
    return loadModel(options.source.path, &modelOptions);
  }
  auto bytes = compileInMemory(options.source);
  return bytes ? loadModelFromMemory((*bytes)->getBuffer(), &modelOptions) : bytes.takeError();
}

llvm::Expected<size_t> findEntry(const dlc_model *model, const ModelOptions &options) {
  size_t entry = 0;
  if (options.entry.empty() || dlc_model_find_entry(model, options.entry.c_str(), &entry) == DLC_OK) {
    return entry;
  }
  std::string names;
  for (size_t i = 0; i < dlc_model_entry_count(model); ++i) {
    names += (i ? ", " : "") + std::string(dlc_model_entry_name(model, i));
  }
  return makeError("{0}: expected one of the entries {1}, got '{2}'", options.source.path, names, options.entry);
}

} // namespace dlc
