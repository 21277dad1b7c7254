"""Transformers."""
import numpy as np
from onnx import TensorProto

from .net import Net


def gelu(n, x):
    """By the error function, spelled out as exporters do."""
    erf = n.op("Erf", [n.op("Mul", [x, n.number(0.5 ** 0.5)])])
    return n.op("Mul", [n.op("Mul", [x, n.number(0.5)]), n.op("Add", [erf, n.number(1)])])


def tanh_gelu(n, x):
    """By the hyperbolic tangent, as GPT-2 has it."""
    inner = n.op("Add", [x, n.op("Mul", [n.op("Pow", [x, n.number(3)]), n.number(0.044715)])])
    tanh = n.op("Tanh", [n.op("Mul", [inner, n.number((2 / np.pi) ** 0.5)])])
    return n.op("Mul", [n.op("Mul", [x, n.number(0.5)]), n.op("Add", [tanh, n.number(1)])])


def heads(n, x, count, order):
    """[batch, sequence, width] as [batch, head, sequence, width / head], or with the last two swapped."""
    split = n.constant([0, 0, count, n.channels[x] // count], np.int64)
    return n.op("Transpose", [n.op("Reshape", [x, split])], perm=order)


def attend(n, q, k, v, width, count, mask=None):
    """softmax(q k / sqrt(d) + mask) v, with the heads side by side again; k is [batch, head, d, sequence]."""
    scores = n.op("Mul", [n.op("MatMul", [q, k]), n.number((width // count) ** -0.5)])
    scores = n.op("Add", [scores, mask]) if mask else scores
    y = n.op("Transpose", [n.op("MatMul", [n.op("Softmax", [scores], axis=-1), v])], perm=[0, 2, 1, 3])
    return n.op("Reshape", [y, n.constant([0, 0, width], np.int64)], width)


def self_attention(n, x, count, mask=None):
    width = n.channels[x]
    q, k, v = (heads(n, n.dense(x, width), count, order) for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
    return n.dense(attend(n, q, k, v, width, count, mask), width)


def feed_forward(n, x, act=gelu):
    width = n.channels[x]
    return n.dense(act(n, n.dense(x, 4 * width)), width, gain=2.0)


def post_norm_layers(n, x, layers, count, mask=None):
    for _ in range(layers):
        x = n.norm(n.op("Add", [self_attention(n, x, count, mask), x]))
        x = n.norm(n.op("Add", [feed_forward(n, x), x]))
    return x


def encoder(folder):
    """Six layers of a BERT-like encoder, 384 wide, 12 heads, on embeddings; batch and sequence are symbolic."""
    n = Net("encoder", ("sequence", 384))
    n.save(folder, [post_norm_layers(n, "input", 6, 12)], opset=17)


def token_input(n, name, shape):
    return n.input(name, shape, TensorProto.INT64)


def additive_mask(n, mask):
    """[batch, sequence] of 1 (look) and 0 (don't) as what is added to scores, [batch, 1, 1, sequence]."""
    mask = n.op("Cast", [n.op("Unsqueeze", [mask, n.constant([1, 2], np.int64)])], to=TensorProto.FLOAT)
    return n.op("Mul", [n.op("Sub", [n.number(1), mask]), n.number(-10000)])


def bert_base(folder):
    """BERT-base: 12 layers, 768 wide, 12 heads, with embeddings of words, positions and types, mask and pooler."""
    n = Net("bert_base")
    ids, mask, types = (token_input(n, name, ["batch", "sequence"]) for name in ("input_ids", "attention_mask", "token_type_ids"))
    words = n.op("Gather", [n.weight((30522, 768)), ids], 768)
    kinds = n.op("Gather", [n.weight((2, 768)), types], 768)
    length = n.op("Gather", [n.op("Shape", [ids]), n.constant([1], np.int64)])
    places = n.op("Slice", [n.weight((1, 512, 768)), n.constant([0], np.int64), length, n.constant([1], np.int64)], 768)
    x = n.norm(n.op("Add", [n.op("Add", [words, kinds]), places]))
    x = post_norm_layers(n, x, 12, 12, additive_mask(n, mask))
    first = n.op("Gather", [x, n.constant(0, np.int64)], axis=1)
    n.save(folder, [x, n.op("Tanh", [n.dense(first, 768)])], opset=17)


def vit_b16(folder):
    """ViT-B/16: patches by a convolution, a class token before them, 12 layers that normalise first."""
    n = Net("vit_b16", (3, 224, 224))
    w, b = n.weight((768, 3, 16, 16), 768 ** -0.5), n.weight((768,), 0.1)
    x = n.op("Conv", ["input", w, b], 768, kernel_shape=[16, 16], strides=[16, 16])
    x = n.op("Transpose", [n.op("Reshape", [x, n.constant([0, 768, 196], np.int64)])], perm=[0, 2, 1])
    batch = n.op("Slice", [n.op("Shape", ["input"]), n.constant([0], np.int64), n.constant([1], np.int64)])
    shape = n.op("Concat", [batch, n.constant([1, 768], np.int64)], axis=0)
    token = n.op("Expand", [n.weight((1, 1, 768)), shape], 768)
    x = n.op("Add", [n.op("Concat", [token, x], 768, axis=1), n.weight((1, 197, 768), 0.1)], 768)
    for _ in range(12):
        x = n.op("Add", [self_attention(n, n.norm(x), 12), x])
        x = n.op("Add", [feed_forward(n, n.norm(x)), x])
    first = n.op("Gather", [n.norm(x), n.constant(0, np.int64)], axis=1)
    n.save(folder, [n.dense(first, 1000)], opset=17)


def cached_attention(n, x, layer):
    """One new token that looks at all before it: the caches grow by its key and value, and are outputs."""
    mixed = n.dense(x, 3 * 768)
    parts = [f"{mixed}_{part}" for part in "qkv"]
    n.nodes.append(n.node("Split", [mixed, n.constant([768] * 3, np.int64)], parts, axis=-1))
    n.channels.update((part, 768) for part in parts)
    q, *new = (heads(n, part, 12, [0, 2, 1, 3]) for part in parts)
    caches = [n.input(f"past_{kind}_{layer}", ["batch", 12, "past", 64]) for kind in ("key", "value")]
    key, value = (n.op("Concat", [cache, part], axis=2) for cache, part in zip(caches, new))
    y = attend(n, q, n.op("Transpose", [key], perm=[0, 1, 3, 2]), value, 768, 12)
    return n.dense(y, 768), [key, value]


def gpt2_step(folder):
    """A step of GPT-2-small that decodes one token: 12 layers, caches of `past` tokens in, of past + 1 out."""
    n = Net("gpt2_step")
    ids, place = token_input(n, "input_ids", ["batch", 1]), token_input(n, "position_ids", ["batch", 1])
    table, outputs = n.weight((50257, 768)), []
    x = n.op("Add", [n.op("Gather", [table, ids], 768), n.op("Gather", [n.weight((1024, 768), 0.1), place], 768)], 768)
    for layer in range(12):
        y, caches = cached_attention(n, n.norm(x), layer)
        outputs += caches
        x = n.op("Add", [y, x])
        x = n.op("Add", [feed_forward(n, n.norm(x), tanh_gelu), x])
    logits = n.op("MatMul", [n.norm(x), n.op("Transpose", [table], perm=[1, 0])], 50257)
    n.save(folder, [logits, *outputs], opset=17)


NETWORKS = {"encoder": encoder, "bert_base": bert_base, "vit_b16": vit_b16, "gpt2_step": gpt2_step}
