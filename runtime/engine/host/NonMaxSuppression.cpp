// https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html
#include "host/Builtins.h"
#include "host/Elements.h"

namespace dlc::rt {
namespace {

struct Box {
  float y1, x1, y2, x2;
};

/// Corners in order, from [y1, x1, y2, x2] or [x_center, y_center, width, height].
Box corners(const float *b, bool center) {
  if (center) {
    return {b[1] - b[3] / 2, b[0] - b[2] / 2, b[1] + b[3] / 2, b[0] + b[2] / 2};
  }
  return {b[0] < b[2] ? b[0] : b[2], b[1] < b[3] ? b[1] : b[3], b[0] < b[2] ? b[2] : b[0], b[1] < b[3] ? b[3] : b[1]};
}

bool overlaps(const Box &a, const Box &b, float threshold) {
  float top = a.y1 > b.y1 ? a.y1 : b.y1, left = a.x1 > b.x1 ? a.x1 : b.x1;
  float bottom = a.y2 < b.y2 ? a.y2 : b.y2, right = a.x2 < b.x2 ? a.x2 : b.x2;
  if (bottom <= top || right <= left) {
    return false;
  }
  float common = (bottom - top) * (right - left);
  float areaA = (a.y2 - a.y1) * (a.x2 - a.x1), areaB = (b.y2 - b.y1) * (b.x2 - b.x1);
  if (areaA <= 0 || areaB <= 0) {
    return false;
  }
  return common / (areaA + areaB - common) > threshold;
}

float scalarOr(const dlc_value *v, float otherwise) {
  return v && v->count ? *static_cast<const float *>(v->data) : otherwise;
}

/// Keeps the best boxes of one class of one batch.
struct Selector {
  const float *boxes, *scores;
  int64_t count, most;
  float iou, minimum;
  bool center, hasMinimum;
  Vector<int64_t> order, scratch;

  bool select(int64_t batch, int64_t label, Vector<int64_t> &out) {
    order.clear();
    for (int64_t i = 0; i < count; ++i) {
      if ((!hasMinimum || scores[i] > minimum) && !order.push(i)) {
        return false;
      }
    }
    if (!scratch.resize(order.size())) {
      return false;
    }
    sortIndices(order.data(), scratch.data(), int64_t(order.size()),
                [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
    size_t first = out.size();
    for (int64_t candidate : order) {
      if (int64_t(out.size() - first) / 3 >= most) {
        break;
      }
      Box box = corners(boxes + 4 * candidate, center);
      bool keep = true;
      for (size_t i = first; i < out.size() && keep; i += 3) {
        keep = !overlaps(box, corners(boxes + 4 * out[i + 2], center), iou);
      }
      if (keep && !(out.push(batch) && out.push(label) && out.push(candidate))) {
        return false;
      }
    }
    return true;
  }
};
} // namespace

dlc_status hostNonMaxSuppression(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_TENSOR, DLC_F32) || expectInput(*call, 1, DLC_KIND_TENSOR, DLC_F32)) {
    return call->error->status;
  }
  for (size_t i = 2; i < 5; ++i) {
    if (call->input(i) && expectInput(*call, i, DLC_KIND_TENSOR, i == 2 ? DLC_I64 : DLC_F32)) {
      return call->error->status;
    }
  }
  const dlc_value &boxes = *call->input(0), &scores = *call->input(1);
  if (boxes.rank != 3 || scores.rank != 3 || boxes.dims[2] != 4 || boxes.dims[0] != scores.dims[0] ||
      boxes.dims[1] != scores.dims[2]) {
    return fail(*call->error, DLC_RUN_FAILED, "expected boxes [batch, n, 4] and scores [batch, classes, n]");
  }
  const dlc_value *most = call->input(2);
  Selector s = {};
  s.count = boxes.dims[1];
  s.most = most && most->count ? *static_cast<const int64_t *>(most->data) : 0;
  s.iou = scalarOr(call->input(3), 0);
  s.hasMinimum = call->input(4) != nullptr;
  s.minimum = scalarOr(call->input(4), 0);
  s.center = call->attribute(0) != 0;
  Vector<int64_t> out;
  for (int64_t b = 0; b < scores.dims[0]; ++b) {
    for (int64_t k = 0; k < scores.dims[1]; ++k) {
      s.boxes = static_cast<const float *>(boxes.data) + b * s.count * 4;
      s.scores = static_cast<const float *>(scores.data) + (b * scores.dims[1] + k) * s.count;
      if (!s.select(b, k, out)) {
        return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for the selected boxes");
      }
    }
  }
  int64_t dims[2] = {int64_t(out.size() / 3), 3};
  dlc_value *y = call->output(0);
  if (!y || y->setTensor(DLC_I64, 2, dims, *call->error)) {
    return call->error->status;
  }
  if (!out.empty()) {
    memcpy(y->data, out.data(), out.size() * sizeof(int64_t));
  }
  return DLC_OK;
}

} // namespace dlc::rt
