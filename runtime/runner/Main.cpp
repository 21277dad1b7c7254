// A model as a program: this executable with an artifact appended, which it finds through the file's last 16 bytes:
// the artifact's size (u64) and "dlcexe01". The artifact starts on a page.
#include "Npy.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace dlc::runner {
namespace {

constexpr char trailerMagic[] = "dlcexe01";
constexpr size_t maxPorts = 256;

struct Options {
  const char *outputDir = nullptr, *entry = "main";
  uint32_t threads = 0;
  bool help = false, list = false;
  const char *inputs[maxPorts] = {}; ///< "name=file.npy"
  size_t inputCount = 0;
};

int complain(const char *what, const char *why) {
  fprintf(stderr, "error: %s%s%s\n", what, *what && *why ? ": " : "", why);
  return 1;
}

/// Finds and loads the artifact at this executable's end.
dlc_model *loadOwn() {
  const char *self = "/proc/self/exe";
  struct {
    uint64_t size;
    char magic[8];
  } trailer = {};
  int fd = open(self, O_RDONLY | O_CLOEXEC);
  off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
  bool found = end >= off_t(sizeof trailer) &&
               pread(fd, &trailer, sizeof trailer, end - off_t(sizeof trailer)) == ssize_t(sizeof trailer) &&
               memcmp(trailer.magic, trailerMagic, 8) == 0 && trailer.size <= uint64_t(end) - sizeof trailer;
  if (fd >= 0) {
    close(fd);
  }
  if (!found) {
    complain("this program has no model at its end", "make one with 'dlc compile --emit=exe'");
    return nullptr;
  }
  dlc_model *model = nullptr;
  if (dlc_model_load_file_at(self, uint64_t(end) - sizeof trailer - trailer.size, trailer.size, nullptr, &model)) {
    complain(dlc_last_error(), "");
  }
  return model;
}

bool parse(int argc, char **argv, Options &o) {
  for (int i = 1; i < argc; ++i) {
    const char *arg = argv[i], *value = strchr(arg, '=');
    auto is = [&](const char *name) { return strcmp(arg, name) == 0; };
    if (is("--help") || is("-h")) {
      o.help = true;
    } else if (is("--inputs")) {
      o.list = true;
    } else if (strncmp(arg, "--", 2) == 0 && (value || i + 1 < argc)) {
      size_t length = value ? size_t(value - arg) : strlen(arg);
      auto names = [&](const char *name) { return strlen(name) == length && strncmp(arg, name, length) == 0; };
      value = value ? value + 1 : argv[++i];
      if (names("--input") && o.inputCount < maxPorts) {
        o.inputs[o.inputCount++] = value;
      } else if (names("--output-dir")) {
        o.outputDir = value;
      } else if (names("--entry")) {
        o.entry = value;
      } else if (names("--threads")) {
        o.threads = uint32_t(atoi(value));
      } else {
        return complain(arg, "unknown option, see --help") == 0;
      }
    } else {
      return complain(arg, "unknown option, see --help") == 0;
    }
  }
  return true;
}

void printPort(const char *what, const dlc_port &p) {
  printf("%s %s: ", what, p.name);
  if (*p.type) {
    printf("%s", p.type);
  } else {
    printf("%s[", dlc_dtype_text(p.dtype));
    for (uint32_t d = 0; d < p.rank; ++d) {
      if (p.dims[d].size >= 0 || !p.dims[d].symbol) {
        printf("%s%lld", d ? ", " : "", (long long)p.dims[d].size);
      } else {
        printf("%s%s", d ? ", " : "", p.dims[d].symbol);
      }
    }
    printf("]");
  }
  printf("%s%s%s\n", p.flags & DLC_PORT_OPTIONAL ? " (optional)" : "", *p.doc ? "  " : "", p.doc);
}

void listPorts(const dlc_model *m, size_t entry) {
  dlc_port p = {};
  p.struct_size = sizeof p;
  for (size_t i = 0; i < dlc_model_input_count(m, entry); ++i) {
    if (dlc_model_input(m, entry, i, &p) == DLC_OK && !(p.flags & DLC_PORT_FEEDBACK)) {
      printPort("input", p);
    }
  }
  for (size_t i = 0; i < dlc_model_output_count(m, entry); ++i) {
    if (dlc_model_output(m, entry, i, &p) == DLC_OK && !(p.flags & DLC_PORT_FEEDBACK)) {
      printPort("output", p);
    }
  }
}

int bindInputs(const dlc_model *m, dlc_context *c, size_t entry, const Options &o, dlc_tensor *tensors) {
  for (size_t i = 0; i < o.inputCount; ++i) {
    const char *equals = strchr(o.inputs[i], '=');
    char name[512];
    size_t index;
    if (!equals || size_t(equals - o.inputs[i]) >= sizeof name) {
      return complain(o.inputs[i], "expected --input name=file.npy");
    }
    memcpy(name, o.inputs[i], size_t(equals - o.inputs[i]));
    name[equals - o.inputs[i]] = 0;
    if (const char *problem = readNpy(equals + 1, tensors[i])) {
      return complain(equals + 1, problem);
    }
    if (dlc_model_find_input(m, entry, name, &index) || dlc_context_set_input(c, entry, index, &tensors[i])) {
      return complain(dlc_last_error(), "");
    }
  }
  return 0;
}

int writeStrings(const char *path, const dlc_tensor &t) {
  FILE *file = fopen(path, "wb");
  if (!file) {
    return complain(path, "it cannot be created");
  }
  const dlc_string *strings = static_cast<const dlc_string *>(t.data);
  for (size_t i = 0; i < t.byte_size / sizeof *strings; ++i) {
    fwrite(strings[i].data, 1, strings[i].size, file);
    fputc('\n', file);
  }
  return fclose(file) == 0 ? 0 : complain(path, "it cannot be written");
}

int writeOutput(dlc_context *c, size_t entry, size_t index, const dlc_port &port, const char *directory) {
  dlc_tensor t = DLC_TENSOR_INIT;
  if (dlc_context_get_output(c, entry, index, &t)) {
    return complain(port.name, dlc_last_error());
  }
  char path[4096], name[512];
  snprintf(name, sizeof name, "%s", port.name);
  for (char *at = name; *at; ++at) {
    *at = *at == '/' || *at == ':' ? '_' : *at;
  }
  bool strings = t.dtype == DLC_STRING;
  snprintf(path, sizeof path, "%s/%s.%s", directory, name, strings ? "txt" : "npy");
  if (strings) {
    return writeStrings(path, t);
  }
  const char *problem = writeNpy(path, t);
  return problem ? complain(path, problem) : 0;
}

int runModel(const dlc_model *m, size_t entry, const Options &o) {
  dlc_context_options options = DLC_CONTEXT_OPTIONS_INIT;
  options.threads = o.threads;
  dlc_context *c = nullptr;
  static dlc_tensor tensors[maxPorts];
  if (dlc_context_create(m, &options, &c)) {
    return complain(dlc_last_error(), "");
  }
  int result = bindInputs(m, c, entry, o, tensors);
  if (result == 0 && dlc_context_run(c, entry)) {
    result = complain(dlc_last_error(), "");
  }
  dlc_port p = {};
  p.struct_size = sizeof p;
  for (size_t i = 0; result == 0 && o.outputDir && i < dlc_model_output_count(m, entry); ++i) {
    if (dlc_model_output(m, entry, i, &p) == DLC_OK && !(p.flags & DLC_PORT_FEEDBACK)) {
      result = writeOutput(c, entry, i, p, o.outputDir);
    }
  }
  if (result == 0) {
    printf("ran in %.3f ms\n", double(dlc_context_run_ns(c)) / 1e6);
  }
  dlc_context_destroy(c);
  for (dlc_tensor &t : tensors) {
    free(t.data);
  }
  return result;
}

int usage(const dlc_model *m, const char *program) {
  printf("%s: model '%s', made by %s\n\n"
         "usage: %s [--input NAME=FILE.npy]... [--output-dir DIR] [--threads N] [--entry NAME]\n"
         "       %s --inputs    lists inputs and outputs\n"
         "       %s --help\n\n",
         program, dlc_model_name(m), dlc_model_producer(m), program, program, program);
  return 0;
}

int run(int argc, char **argv) {
  Options o;
  if (!parse(argc, argv, o)) {
    return 2;
  }
  dlc_model *m = loadOwn();
  if (!m) {
    return 1;
  }
  size_t entry = 0;
  int result = 0;
  if (strcmp(o.entry, "main") != 0 && dlc_model_find_entry(m, o.entry, &entry)) {
    result = complain(dlc_last_error(), "");
  } else {
    if (o.help) {
      usage(m, argc ? argv[0] : "model");
    }
    if (o.help || o.list) {
      listPorts(m, entry);
    } else {
      result = runModel(m, entry, o);
    }
  }
  dlc_model_release(m);
  return result;
}
} // namespace
} // namespace dlc::runner

int main(int argc, char **argv) { return dlc::runner::run(argc, argv); }
