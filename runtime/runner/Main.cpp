// A model as a program: this executable with an artifact appended, which it finds through the file's last 16 bytes:
// the artifact's size (u64) and "dlcexe01". The artifact starts on a page.
#include "Npy.h"
#include "Options.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dlc::runner {
namespace {

constexpr char trailerMagic[] = "dlcexe01";

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
    complain(exitInput, "this program has no model at its end", "make one with 'dlc compile --emit=exe'");
    return nullptr;
  }
  dlc_model *model = nullptr;
  if (dlc_model_load_file_at(self, uint64_t(end) - sizeof trailer - trailer.size, trailer.size, nullptr, &model)) {
    complain(exitInput, dlc_last_error(), "");
  }
  return model;
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

/// Calls `use(port, index)` for the inputs, or outputs, that are not state.
template <class Count, class Get, class Use>
void forEachPort(const dlc_model *m, size_t entry, Count count, Get get, Use use) {
  dlc_port p = {};
  p.struct_size = sizeof p;
  for (size_t i = 0; i < count(m, entry); ++i) {
    if (get(m, entry, i, &p) == DLC_OK && !(p.flags & DLC_PORT_FEEDBACK)) {
      use(p, i);
    }
  }
}
template <class Use> void forEachInput(const dlc_model *m, size_t entry, Use use) {
  forEachPort(m, entry, dlc_model_input_count, dlc_model_input, use);
}
template <class Use> void forEachOutput(const dlc_model *m, size_t entry, Use use) {
  forEachPort(m, entry, dlc_model_output_count, dlc_model_output, use);
}

void listPorts(const dlc_model *m, size_t entry) {
  forEachInput(m, entry, [](const dlc_port &p, size_t) { printPort("input", p); });
  forEachOutput(m, entry, [](const dlc_port &p, size_t) { printPort("output", p); });
}

/// The input that an `--input` names, or the only one; wrong usage otherwise.
int findInput(const dlc_model *m, size_t entry, const char *spec, size_t &index, const char *&file) {
  const char *equals = strchr(spec, '=');
  char name[512] = "";
  file = equals ? equals + 1 : spec;
  if (equals && size_t(equals - spec) < sizeof name) {
    memcpy(name, spec, size_t(equals - spec));
    if (dlc_model_find_input(m, entry, name, &index) == DLC_OK) {
      return exitDone;
    }
  }
  size_t count = 0;
  forEachInput(m, entry, [&](const dlc_port &, size_t i) { index = i, ++count; });
  if (!equals && count == 1) {
    return exitDone;
  }
  return complain(exitUsage, "--input: expected NAME=FILE with one of the inputs that --inputs lists, got", spec);
}

/// Reads the files of `--input`, and tells every input that has none.
int bindInputs(const dlc_model *m, dlc_context *c, size_t entry, const Options &o, dlc_tensor *tensors, bool *given) {
  for (size_t i = 0; i < o.inputCount; ++i) {
    size_t index;
    const char *file;
    if (int code = findInput(m, entry, o.inputs[i], index, file)) {
      return code;
    }
    if (index >= maxPorts || given[index]) {
      return complain(exitUsage, "--input: expected one file for each input, got another", o.inputs[i]);
    }
    given[index] = true;
    if (const char *problem = readNpy(file, tensors[index])) {
      return complain(exitInput, file, problem);
    }
    if (dlc_context_set_input(c, entry, index, &tensors[index])) {
      return complain(exitInput, dlc_last_error(), "");
    }
  }
  int code = exitDone;
  forEachInput(m, entry, [&](const dlc_port &p, size_t i) {
    if (!(p.flags & DLC_PORT_OPTIONAL) && (i >= maxPorts || !given[i])) {
      code = complain(exitUsage, "expected a file for every input; give it by --input NAME=FILE, none for", p.name);
    }
  });
  return code;
}

int writeStrings(const char *path, const dlc_tensor &t) {
  FILE *file = fopen(path, "wb");
  if (!file) {
    return complain(exitInput, path, "it cannot be created");
  }
  const dlc_string *strings = static_cast<const dlc_string *>(t.data);
  for (size_t i = 0; i < t.byte_size / sizeof *strings; ++i) {
    fwrite(strings[i].data, 1, strings[i].size, file);
    fputc('\n', file);
  }
  bool ok = !ferror(file);
  return fclose(file) == 0 && ok ? exitDone : complain(exitInput, path, "it cannot be written");
}

/// Makes a folder, and those around it.
int makeFolder(const char *path) {
  char part[4096];
  size_t length = strlen(path);
  if (length >= sizeof part) {
    return complain(exitInput, path, "the name is too long");
  }
  for (size_t i = 1; i <= length; ++i) {
    if (i == length || path[i] == '/') {
      memcpy(part, path, i);
      part[i] = 0;
      if (mkdir(part, 0777) != 0 && errno != EEXIST) {
        return complain(exitInput, part, strerror(errno));
      }
    }
  }
  return exitDone;
}

int writeOutput(dlc_context *c, size_t entry, size_t index, size_t number, const dlc_port &port, const char *folder) {
  dlc_tensor t = DLC_TENSOR_INIT;
  if (dlc_context_get_output(c, entry, index, &t)) {
    return complain(exitInput, port.name, dlc_last_error());
  }
  char path[4096 + 64];
  bool strings = t.dtype == DLC_STRING;
  snprintf(path, sizeof path, "%s/output_%zu.%s", folder, number, strings ? "txt" : "npy");
  if (strings) {
    return writeStrings(path, t);
  }
  const char *problem = writeNpy(path, t);
  return problem ? complain(exitInput, path, problem) : exitDone;
}

int writeOutputs(const dlc_model *m, dlc_context *c, size_t entry, const char *folder) {
  int code = makeFolder(folder);
  size_t number = 0;
  forEachOutput(m, entry, [&](const dlc_port &p, size_t i) {
    code = code ? code : writeOutput(c, entry, i, number++, p, folder);
  });
  return code;
}

int runModel(const dlc_model *m, size_t entry, const Options &o) {
  dlc_context_options options = DLC_CONTEXT_OPTIONS_INIT;
  options.threads = o.threads;
  dlc_context *c = nullptr;
  static dlc_tensor tensors[maxPorts];
  static bool given[maxPorts];
  if (dlc_context_create(m, &options, &c)) {
    return complain(exitInput, dlc_last_error(), "");
  }
  int code = bindInputs(m, c, entry, o, tensors, given);
  for (uint32_t run = 0; code == exitDone && run < o.runs; ++run) {
    if (dlc_context_run(c, entry)) {
      code = complain(exitInput, dlc_last_error(), "");
    }
  }
  if (code == exitDone && o.outputDir) {
    code = writeOutputs(m, c, entry, o.outputDir);
  }
  if (code == exitDone) {
    printf("ran in %.3f ms\n", double(dlc_context_run_ns(c)) / 1e6);
  }
  dlc_context_destroy(c);
  for (dlc_tensor &t : tensors) {
    free(t.data);
  }
  return code;
}

void usage(const dlc_model *m, const char *program) {
  printf("Runs the model '%s', made by %s\nUsage: %s [OPTIONS]\n\n%s\n", dlc_model_name(m), dlc_model_producer(m),
         program, optionsText());
}

int run(int argc, char **argv) {
  Options o;
  if (!parse(argc, argv, o)) {
    return exitUsage;
  }
  dlc_model *m = loadOwn();
  if (!m) {
    return exitInput;
  }
  size_t entry = 0;
  int code = exitDone;
  if (o.entry && dlc_model_find_entry(m, o.entry, &entry)) {
    code = complain(exitUsage, "--entry: this model has no entry", o.entry);
  } else {
    if (o.help) {
      usage(m, argc ? argv[0] : "model");
    }
    if (o.help || o.list) {
      listPorts(m, entry);
    } else {
      code = runModel(m, entry, o);
    }
  }
  dlc_model_release(m);
  if (fflush(stdout) != 0 && code == exitDone) {
    code = complain(exitInput, "standard output", strerror(errno));
  }
  return code;
}
} // namespace
} // namespace dlc::runner

int main(int argc, char **argv) { return dlc::runner::run(argc, argv); }
