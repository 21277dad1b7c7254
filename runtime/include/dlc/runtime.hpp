/// dlc/runtime.hpp: the C interface with owners, exceptions and strings. Header only, C++17.
///
///   dlc::Model model = dlc::Model::load("model.so");
///   dlc::Context context(model);
///   context.setInput(0, dlc::tensor(pixels.data(), DLC_F32, {1, 3, 224, 224}));
///   context.run();
///   dlc_tensor scores = context.output(0);
#ifndef DLC_RUNTIME_HPP
#define DLC_RUNTIME_HPP
#include "dlc/runtime.h"
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>

namespace dlc {

/// What every failing call throws.
class Error : public std::runtime_error {
public:
  Error(dlc_status status, const std::string &message) : std::runtime_error(message), code(status) {}
  dlc_status status() const { return code; }

private:
  dlc_status code;
};

/// Throws the calling thread's last error unless `status` is DLC_OK.
inline void check(dlc_status status) {
  if (status != DLC_OK) {
    throw Error(status, dlc_last_error());
  }
}

/// Describes memory that the caller owns. `data` null: shape only.
inline dlc_tensor tensor(void *data, uint32_t dtype, std::initializer_list<int64_t> dims) {
  dlc_tensor t = DLC_TENSOR_INIT;
  if (dims.size() > DLC_MAX_RANK) {
    throw Error(DLC_INVALID_ARGUMENT, "expected a rank of at most " + std::to_string(DLC_MAX_RANK));
  }
  int64_t count = 1;
  for (int64_t d : dims) {
    t.dims[t.rank++] = d;
    count *= d;
  }
  t.dtype = dtype;
  t.data = data;
  t.byte_size =
      dtype == DLC_STRING ? size_t(count) * sizeof(dlc_string) : (size_t(count) * dlc_dtype_bits(dtype) + 7) / 8;
  return t;
}
inline dlc_tensor tensor(const void *data, uint32_t dtype, std::initializer_list<int64_t> dims) {
  return tensor(const_cast<void *>(data), dtype, dims);
}

/// A loaded model. Moves, does not copy; contexts keep what they need of it.
class Model {
public:
  static Model load(const std::string &path, const dlc_model_options *options = nullptr) {
    dlc_model *m;
    check(dlc_model_load_file(path.c_str(), options, &m));
    return Model(m);
  }
  static Model load(const void *data, size_t size, const dlc_model_options *options = nullptr) {
    dlc_model *m;
    check(dlc_model_load_memory(data, size, options, &m));
    return Model(m);
  }
  static Model load(const dlc_abi_model &program, const dlc_model_options *options = nullptr) {
    dlc_model *m;
    check(dlc_model_load_static(&program, options, &m));
    return Model(m);
  }

  const dlc_model *get() const { return model.get(); }
  std::string name() const { return dlc_model_name(get()); }
  size_t inputCount(size_t entry = 0) const { return dlc_model_input_count(get(), entry); }
  size_t outputCount(size_t entry = 0) const { return dlc_model_output_count(get(), entry); }
  dlc_port input(size_t index, size_t entry = 0) const { return port(dlc_model_input, index, entry); }
  dlc_port output(size_t index, size_t entry = 0) const { return port(dlc_model_output, index, entry); }
  /// The index of an entry, input or output of this name.
  size_t entry(const std::string &entryName) const {
    size_t index;
    check(dlc_model_find_entry(get(), entryName.c_str(), &index));
    return index;
  }
  size_t findInput(const std::string &inputName, size_t entry = 0) const {
    size_t index;
    check(dlc_model_find_input(get(), entry, inputName.c_str(), &index));
    return index;
  }
  size_t findOutput(const std::string &outputName, size_t entry = 0) const {
    size_t index;
    check(dlc_model_find_output(get(), entry, outputName.c_str(), &index));
    return index;
  }

private:
  struct Release {
    void operator()(dlc_model *m) const { dlc_model_release(m); }
  };
  explicit Model(dlc_model *m) : model(m) {}
  template <typename Fn> dlc_port port(Fn query, size_t index, size_t entry) const {
    dlc_port p = {};
    p.struct_size = sizeof p;
    check(query(get(), entry, index, &p));
    return p;
  }
  std::unique_ptr<dlc_model, Release> model;
};

/// One run's state. One thread at a time, except for cancel().
class Context {
public:
  explicit Context(const Model &model, const dlc_context_options *options = nullptr) {
    dlc_context *c;
    check(dlc_context_create(model.get(), options, &c));
    context.reset(c);
  }

  dlc_context *get() const { return context.get(); }
  void setInput(size_t index, const dlc_tensor &t, size_t entry = 0) {
    check(dlc_context_set_input(get(), entry, index, &t));
  }
  void setInput(size_t index, const dlc_value &v, size_t entry = 0) {
    check(dlc_context_set_input_value(get(), entry, index, &v));
  }
  /// Gives an output the caller's buffer.
  void setOutput(size_t index, const dlc_tensor &t, size_t entry = 0) {
    check(dlc_context_set_output(get(), entry, index, &t));
  }
  /// The last run's output; the context's memory unless the caller gave a buffer.
  dlc_tensor output(size_t index, size_t entry = 0) const {
    dlc_tensor t = DLC_TENSOR_INIT;
    check(dlc_context_get_output(get(), entry, index, &t));
    return t;
  }
  const dlc_value &outputValue(size_t index, size_t entry = 0) const {
    const dlc_value *v;
    check(dlc_context_get_output_value(get(), entry, index, &v));
    return *v;
  }
  void run(size_t entry = 0) { check(dlc_context_run(get(), entry)); }
  void runAsync(dlc_done_fn done = nullptr, void *user = nullptr, size_t entry = 0) {
    check(dlc_context_run_async(get(), entry, done, user));
  }
  void wait() { check(dlc_context_wait(get())); }
  void cancel() { dlc_context_cancel(get()); }
  /// A view of a variable's bytes, valid until the context's next use.
  dlc_tensor variable(const std::string &name) const {
    dlc_tensor t = DLC_TENSOR_INIT;
    check(dlc_context_get_variable(get(), name.c_str(), &t));
    return t;
  }
  void setVariable(const std::string &name, const dlc_tensor &t) {
    check(dlc_context_set_variable(get(), name.c_str(), &t));
  }
  void resetVariables() { check(dlc_context_reset_variables(get())); }

private:
  struct Destroy {
    void operator()(dlc_context *c) const { dlc_context_destroy(c); }
  };
  std::unique_ptr<dlc_context, Destroy> context;
};

/// A value that the caller owns.
class Value {
public:
  explicit Value(uint32_t kind, uint32_t dtype = 0) {
    dlc_value *v;
    check(dlc_value_create(kind, dtype, &v));
    value.reset(v);
  }
  dlc_value *get() const { return value.get(); }
  dlc_value &operator*() const { return *value; }

private:
  struct Destroy {
    void operator()(dlc_value *v) const { dlc_value_destroy(v); }
  };
  std::unique_ptr<dlc_value, Destroy> value;
};

} // namespace dlc
#endif
