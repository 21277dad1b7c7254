"""Random ONNX graphs: every value keeps its shape, so that each node fits the values that it takes.

Dims are pairs (size, symbol): the symbol is None for a static dim, "n" or "m" for a symbolic one of the inputs, and "?"
for one that was computed; the size is what it is for the inputs of this graph's data.
"""
import math
import random

from onnx_file import BOOL, FLOAT, FLOAT16, INT32, INT64, INT8, UINT8, Graph, tensor

ELEMENT_LIMIT = 20000
UNARY = ("Relu", "Sigmoid", "Tanh", "Exp", "Neg", "Abs", "Erf", "Softplus", "HardSwish", "Elu", "LeakyRelu", "Floor",
         "Round", "Sign", "Cos", "Reciprocal", "Sqrt", "Log", "Identity")
# Arguments outside of a function's domain give NaN, and near its poles errors grow: these get |x| + 1.
POSITIVE = ("Reciprocal", "Sqrt", "Log")
# Functions that jump: a rounding error before them may become a whole step.
JUMPS = ("Floor", "Round", "Sign")
BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow")
# Results in [-4, 4] whatever is given; and what keeps its arguments' bounds.
SMALL = ("Clip", "Sigmoid", "Tanh", "Softmax", "Erf", "HardSigmoid", "Cos", "Sign", "DequantizeLinear")
MOVES = ("Transpose", "Reshape", "Flatten", "Slice", "Concat", "Split", "Gather", "Pad", "Unsqueeze", "Expand", "Resize",
         "Relu", "Abs", "Neg", "Max", "Min", "ReduceMax", "ReduceMin", "ReduceMean", "Identity", "MaxPool", "AveragePool",
         "Cast", "Tile", "Trilu", "Where")
# How often a kind of node is drawn; 1 where nothing is said.
OFTEN = {"make_unary": 4, "make_binary": 5, "make_convolution": 4, "make_reduction": 2, "make_matmul": 2,
         "make_quantised_convolution": 2, "make_quantised_matmul": 2, "make_if": 0.5, "make_loop": 0.5, "make_cumsum": 0.5}
REDUCTIONS = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceProd", "ReduceSumSquare")


class Value:
    """A result: `exact` says that it is free of rounding errors, so that jumps and integer conversions may take it;
    `small`, that its elements are in [-4, 4]."""

    def __init__(self, name, dims, dtype=FLOAT, exact=False, small=False):
        self.name, self.dims, self.dtype, self.exact, self.small = name, tuple(dims), dtype, exact, small

    @property
    def sizes(self):
        return tuple(size for size, _ in self.dims)

    @property
    def rank(self):
        return len(self.dims)

    @property
    def count(self):
        return math.prod(self.sizes)

    def is_static(self, *axes):
        return all(self.dims[axis][1] is None for axis in (axes or range(self.rank)))


def static(sizes):
    return [(size, None) for size in sizes]


def computed(size, *sources):
    """A dim made from others: static when all of them are."""
    return size, None if all(symbol is None for _, symbol in sources) else "?"


class RandomGraph(Graph):
    """A graph of a seed; equal seeds give equal graphs."""

    def __init__(self, seed, nodes=12):
        super().__init__(f"random_{seed}")
        self.draw = random.Random(seed)
        self.symbols = {"n": self.draw.choice((1, 2, 3, 5)), "m": self.draw.choice((1, 4, 7, 16))}
        self.values, self.data = [], []
        for i in range(self.draw.randint(1, 3)):
            self.add_input(f"x{i}")
        makers = [name for name in sorted(dir(self)) if name.startswith("make_")]
        weights = [OFTEN.get(name, 1) for name in makers]
        for _ in range(50 * nodes):
            if len(self.nodes) >= nodes:
                break
            getattr(self, self.draw.choices(makers, weights)[0])()
        self.add_outputs()

    # --- values -----------------------------------------------------------------------------------------------------

    def add_input(self, name):
        dims = []
        for _ in range(self.draw.randint(1, 4)):
            symbol = self.draw.choice(("n", "m", None, None))
            dims.append((self.symbols[symbol], symbol) if symbol else (self.draw.choice((1, 2, 3, 4, 5, 8, 17)), None))
        value = Value(self.input(name, [symbol or size for size, symbol in dims]), dims, exact=True, small=True)
        numbers = [self.draw.uniform(-2, 2) for _ in range(value.count)]
        self.data.append(tensor(name, value.sizes, numbers))
        self.values.append(value)

    def add_outputs(self):
        """What nobody uses, and a value in the middle."""
        used = {name for node in self.nodes for name in node[1]} | self.captured()
        results = [value for value in self.values if value.name not in used and not value.name.startswith("x")]
        middle = self.draw.choice(self.values)
        if middle not in results and not middle.name.startswith("x"):
            results.append(middle)
        for value in results or [self.add("Identity", [self.values[0]], self.values[0].dims)]:
            self.output(value.name, value.dtype)

    def captured(self):
        bodies = [each for node in self.nodes for each in node[4].values() if isinstance(each, Graph)]
        return {name for body in bodies for node in body.nodes for name in node[1]}

    def add(self, kind, inputs, dims, dtype=FLOAT, exact=False, **attributes):
        names = [each.name if isinstance(each, Value) else each for each in inputs]
        small = kind in SMALL or (kind in MOVES and all(each.small for each in inputs if isinstance(each, Value)))
        value = Value(self.node(kind, *names, **attributes), dims, dtype, exact, small)
        self.values.append(value)
        return value

    def pick(self, condition=lambda value: True, dtype=FLOAT):
        """A value that fits, recent ones first; None when there is none."""
        fitting = [each for each in self.values if each.dtype == dtype and condition(each)]
        return fitting[-1 - min(int(self.draw.expovariate(0.5)), len(fitting) - 1)] if fitting else None

    def numbers(self, count, low=-1.0, high=1.0):
        return [self.draw.uniform(low, high) for _ in range(count)]

    def weight(self, sizes, scale=1.0):
        return self.constant(sizes, self.numbers(math.prod(sizes), -scale, scale))

    def integers(self, *numbers):
        return self.constant([len(numbers)], numbers, INT64)

    # --- elementwise ------------------------------------------------------------------------------------------------

    def positive(self, x):
        return self.add("Add", [self.add("Abs", [x], x.dims), self.constant([], [1.0])], x.dims)

    def bounded(self, x):
        """Values in [-4, 4], so that products and exponentials stay small."""
        if x.small:
            return x
        return self.add("Clip", [x, self.constant([], [-4.0]), self.constant([], [4.0])], x.dims, exact=x.exact)

    def near_one(self, x):
        """Values in [0.9, 1.1], so that products of many neither vanish nor overflow."""
        small = self.add("Mul", [self.add("Tanh", [x], x.dims), self.constant([], [0.1])], x.dims)
        return self.add("Add", [small, self.constant([], [1.0])], x.dims)

    def make_unary(self):
        x, kind = self.pick(), self.draw.choice(UNARY)
        if kind in JUMPS and not x.exact:
            return
        x = self.positive(x) if kind in POSITIVE else self.bounded(x)
        self.add(kind, [x], x.dims, exact=kind in (*JUMPS, "Relu", "Neg", "Abs", "Identity") and x.exact)

    def make_binary(self):
        kind, x = self.draw.choice(BINARY), self.pick()
        y = self.operand_for(x)
        if y is None:
            return
        if kind == "Pow":
            x, y = self.positive(self.bounded(x)), self.constant([], [self.draw.choice((2.0, 0.5, 3.0))])
        elif kind == "Div":
            y = self.positive(y)
        dims = self.broadcast(x, y) if isinstance(y, Value) else x.dims
        if math.prod(size for size, _ in dims) <= ELEMENT_LIMIT:
            pair = [x, y] if self.draw.random() < 0.5 or kind == "Pow" or kind == "Div" else [y, x]
            self.add(kind, pair, dims)

    def operand_for(self, x):
        """A value or constant that broadcasts with `x`."""
        if self.draw.random() < 0.4 or x.rank == 0:
            keep = self.draw.randint(0, x.rank)
            dims = [dim if dim[1] is None and self.draw.random() < 0.7 else (1, None) for dim in x.dims[x.rank - keep:]]
            sizes = [size for size, _ in dims]
            return Value(self.weight(sizes), dims, small=True)
        return self.pick(lambda y: self.broadcast(x, y) is not None)

    @staticmethod
    def broadcast(x, y):
        """The dims of the result; None when the two do not broadcast whatever the symbols are."""
        rank, result = max(x.rank, y.rank), []
        left = [(1, None)] * (rank - x.rank) + list(x.dims)
        right = [(1, None)] * (rank - y.rank) + list(y.dims)
        for a, b in zip(left, right):
            if a == b and a[1] != "?":
                result.append(a)
            elif (1, None) in (a, b):
                result.append(b if a == (1, None) else a)
            else:
                return None
        return result

    def make_where(self):
        x = self.pick()
        y = self.operand_for(x)
        dims = self.broadcast(x, y) if y is not None else None
        if dims is None or not x.exact:
            return
        flag = self.add("Greater", [x, self.constant([], [0.25])], x.dims, BOOL)
        self.add("Where", [flag, x, y], dims)

    def make_cast(self):
        x = self.pick(lambda each: each.exact)
        if x is None:
            return
        kind = self.draw.choice((INT32, INT64, FLOAT16))
        middle = self.add("Cast", [self.bounded(x)], x.dims, kind, True, to=kind)
        self.add("Cast", [middle], x.dims, FLOAT, True, to=FLOAT)

    # --- reductions and normalisations ------------------------------------------------------------------------------

    def make_reduction(self):
        x, kind = self.pick(lambda each: 0 < each.rank), self.draw.choice(REDUCTIONS)
        if x is None:
            return
        axes = sorted(self.draw.sample(range(x.rank), self.draw.randint(1, x.rank)))
        keep = self.draw.random() < 0.5
        dims = [(1, None) if i in axes else dim for i, dim in enumerate(x.dims) if keep or i not in axes]
        x = self.near_one(x) if kind == "ReduceProd" else self.bounded(x)
        if kind == "ReduceSum":
            self.add(kind, [x, self.integers(*axes)], dims, keepdims=int(keep))
        else:
            self.add(kind, [x], dims, axes=[axis - x.rank if axis % 2 else axis for axis in axes], keepdims=int(keep))

    def make_softmax(self):
        x = self.pick(lambda each: 0 < each.rank)
        if x is not None:
            kind = self.draw.choice(("Softmax", "LogSoftmax"))
            self.add(kind, [self.bounded(x)], x.dims, axis=self.draw.randrange(-x.rank, x.rank))

    def make_layer_norm(self):
        x = self.pick(lambda each: each.rank > 1 and each.is_static(each.rank - 1) and each.sizes[-1] > 1)
        if x is not None:
            size = x.sizes[-1]
            self.add("LayerNormalization", [self.bounded(x), self.weight([size]), self.weight([size])], x.dims, axis=-1,
                     epsilon=0.01)

    def make_cumsum(self):
        x = self.pick(lambda each: 0 < each.rank)
        if x is not None:
            axis = self.constant([], [self.draw.randrange(x.rank)], INT64)
            self.add("CumSum", [self.bounded(x), axis], x.dims, reverse=self.draw.randint(0, 1))

    # --- contractions -----------------------------------------------------------------------------------------------

    def make_matmul(self):
        x = self.pick(lambda each: each.rank > 1 and each.is_static(each.rank - 1))
        if x is None:
            return
        columns = self.draw.choice((1, 3, 8, 16, 33))
        if math.prod(x.sizes[:-1]) * columns <= ELEMENT_LIMIT:
            weight = self.weight([x.sizes[-1], columns])
            self.add("MatMul", [self.bounded(x), weight], [*x.dims[:-1], (columns, None)])

    def make_batch_matmul(self):
        """A value times its own transposition: both operands are computed."""
        x = self.pick(lambda each: each.rank > 1 and math.prod(each.sizes[:-1]) * each.sizes[-2] <= ELEMENT_LIMIT)
        if x is not None:
            swapped = [*range(x.rank - 2), x.rank - 1, x.rank - 2]
            x = self.bounded(x)
            turned = self.add("Transpose", [x], [x.dims[axis] for axis in swapped], perm=swapped)
            self.add("MatMul", [x, turned], [*x.dims[:-1], x.dims[-2]])

    def make_gemm(self):
        x = self.pick(lambda each: each.rank == 2 and each.is_static(1))
        if x is not None:
            columns, turned = self.draw.choice((1, 5, 16, 40)), self.draw.randint(0, 1)
            weight = self.weight([columns, x.sizes[1]] if turned else [x.sizes[1], columns])
            self.add("Gemm", [self.bounded(x), weight, self.weight([columns])], [x.dims[0], (columns, None)], transB=turned,
                     alpha=0.5, beta=2.0)

    def make_convolution(self):
        x = self.pick(lambda each: each.rank in (3, 4) and each.is_static(1))
        if x is None:
            return
        rank, source = x.rank - 2, x.sizes[1]
        groups = self.draw.choice([each for each in (1, 1, 2, source) if source % each == 0])
        channels = groups * self.draw.choice((1, 2, 8)) if groups < source else source * self.draw.choice((1, 2))
        kernel = [self.draw.choice((1, 1, 2, 3)) for _ in range(rank)]
        strides, dilations = ([self.draw.choice((1, 1, 2)) for _ in range(rank)] for _ in range(2))
        pads = [self.draw.randint(0, size - 1) for size in kernel * 2]
        dims = [x.dims[0], (channels, None)]
        for i, dim in enumerate(x.dims[2:]):
            span = dim[0] + pads[i] + pads[rank + i] - dilations[i] * (kernel[i] - 1) - 1
            if span < 0:
                return
            dims.append(computed(span // strides[i] + 1, dim))
        if math.prod(size for size, _ in dims) <= ELEMENT_LIMIT:
            weight = self.weight([channels, source // groups, *kernel])
            y = self.add("Conv", [self.bounded(x), weight, self.weight([channels])], dims, kernel_shape=kernel,
                         strides=strides, dilations=dilations, pads=pads, group=groups)
            if self.draw.random() < 0.5:
                self.add(self.draw.choice(("Relu", "Sigmoid", "HardSwish")), [y], dims)

    def make_pool(self):
        x = self.pick(lambda each: each.rank in (3, 4) and min(each.sizes[2:]) > 1)
        if x is not None:
            rank, kind = x.rank - 2, self.draw.choice(("MaxPool", "AveragePool"))
            dims = [*x.dims[:2], *(computed((dim[0] - 2) // 2 + 1, dim) for dim in x.dims[2:])]
            self.add(kind, [x], dims, kernel_shape=[2] * rank, strides=[2] * rank)

    # --- moves ------------------------------------------------------------------------------------------------------

    def make_transpose(self):
        x = self.pick(lambda each: each.rank > 1)
        if x is not None:
            order = self.draw.sample(range(x.rank), x.rank)
            self.add("Transpose", [x], [x.dims[axis] for axis in order], exact=x.exact, perm=order)

    def make_reshape(self):
        """Splits or joins static dims; the first symbolic dim stays by 0."""
        x = self.pick(lambda each: each.rank > 0 and each.is_static(*range(1, each.rank)) and each.rank > 1)
        if x is None:
            return
        rest, sizes = math.prod(x.sizes[1:]), []
        while rest > 1 and len(sizes) < 3:
            sizes.append(self.draw.choice([each for each in range(1, rest + 1) if rest % each == 0]))
            rest //= sizes[-1]
        sizes = sizes + [rest] if rest > 1 or not sizes else sizes
        self.add("Reshape", [x, self.integers(0, *sizes)], [x.dims[0], *static(sizes)], exact=x.exact)

    def make_flatten(self):
        x = self.pick(lambda each: each.rank > 1)
        if x is not None:
            dims = [x.dims[0], computed(math.prod(x.sizes[1:]), *x.dims[1:])]
            self.add("Flatten", [x], dims, exact=x.exact, axis=1)

    def make_slice(self):
        x = self.pick(lambda each: any(size > 2 and symbol is None for size, symbol in each.dims))
        if x is not None:
            axis = self.draw.choice([i for i, (size, symbol) in enumerate(x.dims) if size > 2 and symbol is None])
            size = x.sizes[axis]
            start, step = self.draw.randrange(size - 1), self.draw.choice((1, 1, 2))
            end = self.draw.choice((size, size + 5, self.draw.randint(start + 1, size)))
            dims = list(x.dims)
            dims[axis] = (len(range(start, min(end, size), step)), None)
            limits = [self.integers(start), self.integers(end), self.integers(axis), self.integers(step)]
            if self.draw.random() < 0.2:
                limits = [self.integers(-1), self.integers(-size - 1), self.integers(axis), self.integers(-1)]
                dims[axis] = (size, None)
            self.add("Slice", [x, *limits], dims, exact=x.exact)

    def make_concat(self):
        x = self.pick(lambda each: each.rank > 0)
        if x is None:
            return
        axis = self.draw.randrange(x.rank)
        fits = lambda y: y.rank == x.rank and all(
            i == axis or (a == b and a[1] != "?") for i, (a, b) in enumerate(zip(x.dims, y.dims)))
        y = self.pick(fits)
        if "?" in (symbol for i, (_, symbol) in enumerate(x.dims) if i != axis):
            y = x
        dims = list(x.dims)
        dims[axis] = computed(x.sizes[axis] + y.sizes[axis], x.dims[axis], y.dims[axis])
        self.add("Concat", [x, y], dims, exact=x.exact and y.exact, axis=axis)

    def make_split(self):
        x = self.pick(lambda each: any(size > 1 and symbol is None for size, symbol in each.dims))
        if x is not None:
            axis = self.draw.choice([i for i, (size, symbol) in enumerate(x.dims) if size > 1 and symbol is None])
            first = self.draw.randint(1, x.sizes[axis] - 1)
            sizes = (first, x.sizes[axis] - first)
            names = self.node("Split", x.name, self.integers(*sizes), results=2, axis=axis)
            for name, size in zip(names, sizes):
                dims = [(size, None) if i == axis else dim for i, dim in enumerate(x.dims)]
                self.values.append(Value(name, dims, exact=x.exact, small=x.small))

    def make_gather(self):
        x = self.pick(lambda each: any(symbol is None for _, symbol in each.dims))
        if x is not None:
            axis = self.draw.choice([i for i, (_, symbol) in enumerate(x.dims) if symbol is None])
            picks = [self.draw.randrange(-x.sizes[axis], x.sizes[axis]) for _ in range(self.draw.randint(1, 4))]
            dims = [*x.dims[:axis], (len(picks), None), *x.dims[axis + 1:]]
            self.add("Gather", [x, self.integers(*picks)], dims, exact=x.exact, axis=axis)

    def make_pad(self):
        x = self.pick(lambda each: each.rank > 0)
        if x is not None:
            pads = [self.draw.choice((0, 0, 1, 2)) for _ in range(2 * x.rank)]
            dims = [computed(dim[0] + a + b, dim) if a + b else dim for dim, a, b in zip(x.dims, pads, pads[x.rank:])]
            if math.prod(size for size, _ in dims) <= ELEMENT_LIMIT:
                mode = self.draw.choice(("constant", "edge"))
                self.add("Pad", [x, self.integers(*pads)], dims, exact=x.exact, mode=mode)

    def make_expand_dims(self):
        x = self.pick(lambda each: each.rank < 4)
        if x is not None:
            axis = self.draw.randint(0, x.rank)
            self.add("Unsqueeze", [x, self.integers(axis)], [*x.dims[:axis], (1, None), *x.dims[axis:]], exact=x.exact)

    def make_expand(self):
        """To the run-time shape of another value."""
        x = self.pick()
        y = self.pick(lambda each: each.rank >= x.rank and self.broadcast(x, each) == list(each.dims))
        if y is not None:
            self.add("Expand", [x, self.node("Shape", y.name)], y.dims, exact=x.exact)

    def make_resize(self):
        x = self.pick(lambda each: each.rank == 4 and each.count <= ELEMENT_LIMIT // 4)
        if x is not None:
            dims = [*x.dims[:2], *(computed(2 * dim[0], dim) for dim in x.dims[2:])]
            scales = self.constant([4], [1.0, 1.0, 2.0, 2.0])
            mode = self.draw.choice(("nearest", "linear"))
            self.add("Resize", [x, "", scales], dims, mode=mode, coordinate_transformation_mode="asymmetric")

    def make_tile(self):
        x = self.pick(lambda each: each.rank > 0 and each.count < ELEMENT_LIMIT // 8)
        if x is not None:
            repeats = [self.draw.choice((1, 1, 2, 3)) for _ in range(x.rank)]
            dims = [dim if times == 1 else computed(dim[0] * times, dim) for dim, times in zip(x.dims, repeats)]
            if math.prod(size for size, _ in dims) <= ELEMENT_LIMIT:
                self.add("Tile", [x, self.integers(*repeats)], dims, exact=x.exact)

    def make_trilu(self):
        x = self.pick(lambda each: each.rank > 1)
        if x is not None:
            self.add("Trilu", [x, self.constant([], [self.draw.randint(-2, 2)], INT64)], x.dims, exact=x.exact,
                     upper=self.draw.randint(0, 1))

    def make_reshape_to_computed_sizes(self):
        """[a, b, ...] -> [b, a * ...] by arithmetic on the shape, as exporters write it."""
        x = self.pick(lambda each: each.rank > 1)
        if x is not None:
            shape = self.node("Shape", x.name)
            second = self.node("Gather", shape, self.integers(1), axis=0)
            sizes = self.node("Concat", second, self.integers(-1), axis=0)
            rest = math.prod(x.sizes) // x.sizes[1]
            others = [dim for i, dim in enumerate(x.dims) if i != 1]
            self.add("Reshape", [x, sizes], [x.dims[1], computed(rest, *others)], exact=x.exact)

    def make_scatter(self):
        x = self.pick(lambda each: each.rank > 0 and each.is_static(0) and each.exact)
        if x is not None:
            rows = self.draw.sample(range(x.sizes[0]), self.draw.randint(1, x.sizes[0]))
            taken = self.add("Gather", [x, self.integers(*reversed(rows))], [(len(rows), None), *x.dims[1:]], exact=True, axis=0)
            indices = self.constant([len(rows), 1], rows, INT64)
            self.add("ScatterND", [x, indices, taken], x.dims, exact=True)

    # --- integers, and sizes that depend on data --------------------------------------------------------------------

    def whole(self, x, kind):
        return self.add("Cast", [self.add("Floor", [self.bounded(x)], x.dims, exact=True)], x.dims, kind, True, to=kind)

    def make_integers(self):
        x = self.pick(lambda each: each.exact)
        if x is not None:
            kind = self.draw.choice((INT32, INT64))
            y = self.whole(x, kind)
            three = self.constant([], [self.draw.choice((3, -3, 5))], kind)
            for operation in self.draw.sample(("Add", "Mul", "Sub", "Div", "Mod", "Max"), 3):
                y = self.add(operation, [y, three], y.dims, kind, True)
            self.add("Cast", [y], y.dims, FLOAT, True, to=FLOAT)

    def make_arg(self):
        x = self.pick(lambda each: each.rank > 0 and each.exact)
        if x is not None:
            axis, keep = self.draw.randrange(x.rank), self.draw.randint(0, 1)
            dims = [(1, None) if i == axis else dim for i, dim in enumerate(x.dims) if keep or i != axis]
            y = self.add(self.draw.choice(("ArgMax", "ArgMin")), [x], dims, INT64, True, axis=axis, keepdims=keep,
                         select_last_index=self.draw.randint(0, 1))
            self.add("Cast", [y], dims, FLOAT, True, to=FLOAT)

    def make_top(self):
        x = self.pick(lambda each: each.exact and any(symbol is None for _, symbol in each.dims))
        if x is not None:
            axis = self.draw.choice([i for i, (_, symbol) in enumerate(x.dims) if symbol is None])
            count = self.draw.randint(1, x.sizes[axis])
            names = self.node("TopK", x.name, self.integers(count), results=2, axis=axis, largest=self.draw.randint(0, 1))
            dims = [(count, None) if i == axis else dim for i, dim in enumerate(x.dims)]
            self.values += [Value(names[0], dims, exact=True), Value(names[1], dims, INT64, True)]

    def make_nonzero(self):
        """A size that data decides, and a sum over it."""
        x = self.pick(lambda each: each.exact and each.rank > 0)
        if x is not None and self.draw.random() < 0.3:
            places = self.node("NonZero", self.node("Relu", x.name))
            numbers = self.node("Cast", places, to=FLOAT)
            self.add("ReduceSum", [numbers, self.integers(1)], [(x.rank, None), (1, None)], exact=True)

    def make_half(self):
        x = self.pick(lambda each: each.rank > 1 and each.is_static(each.rank - 1) and each.sizes[-1] <= 64)
        if x is not None and self.draw.random() < 0.3:
            y = self.add("Cast", [self.bounded(x)], x.dims, FLOAT16, to=FLOAT16)
            weight = self.constant([x.sizes[-1], 4], self.numbers(4 * x.sizes[-1]), FLOAT16)
            y = self.add("MatMul", [y, weight], [*x.dims[:-1], (4, None)], FLOAT16)
            y = self.add("Sigmoid", [y], y.dims, FLOAT16)
            self.add("Cast", [y], y.dims, FLOAT, to=FLOAT)

    # --- quantisation -----------------------------------------------------------------------------------------------

    def quantise(self, x, kind, scale=4 / 127):
        """Q and DQ; values in [-4, 4] use the whole range."""
        scale, zero = self.constant([], [scale]), self.constant([], [128 if kind == UINT8 else 0], kind)
        middle = self.add("QuantizeLinear", [self.bounded(x), scale, zero], x.dims, kind, x.exact)
        return self.add("DequantizeLinear", [middle, scale, zero], x.dims, FLOAT, x.exact)

    def quantised_weight(self, sizes, axis):
        """DQ of stored 8-bit numbers, with a scale per channel or one for all."""
        count = sizes[axis] if self.draw.random() < 0.5 else None
        scale = self.constant([count], self.numbers(count, 0.002, 0.01)) if count else self.constant([], [0.007])
        zero = self.constant([count] if count else [], [0] * (count or 1), INT8)
        numbers = [self.draw.randint(-127, 127) for _ in range(math.prod(sizes))]
        return self.node("DequantizeLinear", self.constant(sizes, numbers, INT8), scale, zero, axis=axis if count else None)

    def make_quantised(self):
        """From exact values only: an error before rounding to 8 bits may become a whole step."""
        x = self.pick(lambda each: each.exact)
        if x is not None:
            self.quantise(x, self.draw.choice((UINT8, INT8)))

    def make_quantised_convolution(self):
        x = self.pick(lambda each: each.exact and each.rank == 4 and each.is_static(1) and min(each.sizes[2:]) > 1)
        if x is not None:
            source = x.sizes[1]
            groups = self.draw.choice((1, 1, source))
            channels = source * 2 if groups > 1 else self.draw.choice((3, 8, 16))
            dims = [x.dims[0], (channels, None), *x.dims[2:]]
            if math.prod(size for size, _ in dims) > ELEMENT_LIMIT:
                return
            weight = self.quantised_weight([channels, source // groups, 3, 3], 0)
            y = self.add("Conv", [self.quantise(x, UINT8), weight, self.weight([channels])], dims, kernel_shape=[3, 3],
                         pads=[1] * 4, group=groups)
            if self.draw.random() < 0.5:
                y = self.add("Relu", [y], dims)
            self.quantise(y, self.draw.choice((UINT8, INT8)))

    def make_quantised_matmul(self):
        x = self.pick(lambda each: each.exact and each.rank > 1 and each.is_static(each.rank - 1))
        if x is not None:
            size, columns = x.sizes[-1], self.draw.choice((1, 8, 20))
            dims = [*x.dims[:-1], (columns, None)]
            if math.prod(each for each, _ in dims) <= ELEMENT_LIMIT:
                y = self.add("MatMul", [self.quantise(x, INT8), self.quantised_weight([size, columns], 1)], dims)
                self.quantise(y, INT8)

    def make_integer_matmul(self):
        """Dynamic quantisation, as exporters of language models write it."""
        x = self.pick(lambda each: each.exact and each.rank > 1 and each.is_static(each.rank - 1))
        if x is not None:
            size, columns = x.sizes[-1], self.draw.choice((1, 8, 20))
            dims = [*x.dims[:-1], (columns, None)]
            if math.prod(each for each, _ in dims) <= ELEMENT_LIMIT:
                quantised, scale, zero = self.node("DynamicQuantizeLinear", x.name, results=3)
                numbers = [self.draw.randint(-127, 127) for _ in range(size * columns)]
                sums = self.node("MatMulInteger", quantised, self.constant([size, columns], numbers, INT8), zero,
                                 self.constant([], [0], INT8))
                factor = self.node("Mul", scale, self.constant([], [0.005]))
                self.add("Mul", [self.node("Cast", sums, to=FLOAT), factor], dims)

    # --- control flow -----------------------------------------------------------------------------------------------

    def make_if(self):
        x = self.pick(lambda each: each.rank > 0)
        y = self.pick(lambda each: each.exact)
        if x is None or y is None:
            return
        flag = self.node("Greater", self.node("ReduceMax", y.name, keepdims=0), self.constant([], [0.0]))
        branches = []
        for prefix, kind in (("then_", "Sigmoid"), ("else_", "Neg")):
            branch = Graph(prefix, f"{prefix}{len(self.nodes)}_")
            branch.output(branch.node(kind, x.name))
            branches.append(branch)
        self.add("If", [flag], x.dims, then_branch=branches[0], else_branch=branches[1])

    def make_loop(self):
        """x = tanh(x) + i * c, a few times."""
        x = self.pick()
        if x is None:
            return
        body = Graph("body", f"body{len(self.nodes)}_")
        step, go_on, state = (body.fresh(each) for each in ("step", "go_on", "state"))
        body.input(step, [], INT64)
        body.input(go_on, [], BOOL)
        body.input(state, [symbol if symbol in ("n", "m") else size if symbol is None else f"{state}_{i}"
                           for i, (size, symbol) in enumerate(x.dims)])
        number = body.node("Mul", body.node("Cast", step, to=FLOAT), body.constant([], [0.25]))
        body.output(body.node("Identity", go_on), BOOL)
        body.output(body.node("Add", body.node("Tanh", state), number))
        trips = self.constant([], [self.draw.randint(0, 3)], INT64)
        self.add("Loop", [trips, "", x], x.dims, body=body)
