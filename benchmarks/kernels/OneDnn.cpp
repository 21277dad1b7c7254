#include "Bench.h"

#include <dnnl.hpp>

#include <cstring>
#include <unordered_map>

using namespace dnnl;

namespace dlc::bench {
namespace {

using Tag = memory::format_tag;
using Type = memory::data_type;

struct Primitive {
  engine cpu{engine::kind::cpu, 0};
  stream queue{cpu};
  primitive op;
  std::unordered_map<int, memory> args;
  std::string implementation;
};

void bind(Primitive &p, int arg, const memory::desc &desc) {
  memory m(desc, p.cpu);
  std::memset(m.get_data_handle(), 0, desc.get_size());
  p.args.emplace(arg, m);
}

primitive_attr withRelu() {
  primitive_attr attr;
  post_ops ops;
  ops.append_eltwise(1.0f, algorithm::eltwise_relu, 0, 0);
  attr.set_post_ops(ops);
  return attr;
}

std::shared_ptr<Primitive> convolution(const Problem &q) {
  auto p = std::make_shared<Primitive>();
  int64_t out = q.output();
  bool bytes = q.element == Element::U8S8, depthwise = q.kind == Kind::Depthwise;
  Tag tag = q.channelsFirst ? Tag::nchw : Tag::any;
  memory::desc src({1, q.channels, q.size, q.size}, bytes ? Type::u8 : Type::f32, tag);
  memory::dims weightDims{q.outputs, q.channels, q.kernel, q.kernel};
  if (depthwise) {
    weightDims = {q.outputs, 1, 1, q.kernel, q.kernel};
  }
  memory::desc weights(weightDims, bytes ? Type::s8 : Type::f32, Tag::any);
  memory::desc bias({q.outputs}, bytes ? Type::s32 : Type::f32, Tag::x);
  memory::desc dst({1, q.outputs, out, out}, bytes ? Type::s32 : Type::f32, Tag::any);
  convolution_forward::desc desc(prop_kind::forward_inference, algorithm::convolution_direct, src, weights, bias, dst,
                                 {q.stride, q.stride}, {q.pad, q.pad}, {q.pad, q.pad});
  convolution_forward::primitive_desc pd(desc, withRelu(), p->cpu);
  p->op = convolution_forward(pd);
  p->implementation = pd.impl_info_str();
  bind(*p, DNNL_ARG_SRC, pd.src_desc());
  bind(*p, DNNL_ARG_WEIGHTS, pd.weights_desc());
  bind(*p, DNNL_ARG_BIAS, pd.bias_desc());
  bind(*p, DNNL_ARG_DST, pd.dst_desc());
  return p;
}

std::shared_ptr<Primitive> product(const Problem &q) {
  auto p = std::make_shared<Primitive>();
  bool bytes = q.element == Element::U8S8;
  Tag tag = q.packed ? Tag::any : q.transposed ? Tag::ba : Tag::ab;
  memory::desc a({q.m, q.k}, bytes ? Type::u8 : Type::f32, Tag::ab), b({q.k, q.n}, bytes ? Type::s8 : Type::f32, tag);
  memory::desc bias({1, q.n}, bytes ? Type::s32 : Type::f32, Tag::ab);
  memory::desc c({q.m, q.n}, bytes ? Type::s32 : Type::f32, Tag::ab);
  matmul::primitive_desc pd(matmul::desc(a, b, bias, c), withRelu(), p->cpu);
  p->op = matmul(pd);
  p->implementation = pd.impl_info_str();
  bind(*p, DNNL_ARG_SRC, pd.src_desc());
  bind(*p, DNNL_ARG_WEIGHTS, pd.weights_desc());
  bind(*p, DNNL_ARG_BIAS, bias);
  bind(*p, DNNL_ARG_DST, pd.dst_desc());
  return p;
}

} // namespace

Candidate oneDnn(const Problem &q) {
  if (q.batch > 1 || q.element == Element::S8S8 || q.element == Element::BF16) {
    return {};
  }
  try {
    auto p = q.kind == Kind::Gemm ? product(q) : convolution(q);
    return {"oneDNN " + p->implementation, [p] {
              p->op.execute(p->queue, p->args);
              p->queue.wait();
            }};
  } catch (const dnnl::error &) {
    return {};
  }
}

} // namespace dlc::bench
