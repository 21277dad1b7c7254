"""Every message of the compiler is in some test: what is said of a bad model or bad IR has been seen to be said."""
import glob
import os
import re
import unittest

import tool

SOURCES = ("dialects", "importers", "compiler")
# Messages without a test: how each begins, and why there is none.
OWN_MISTAKE = "a mistake of the compiler's own: no input is known to bring it about"
OWN_FILE = "a file of the compiler's own, which somebody else would have to change meanwhile"
WITHOUT = {
    "expected at most 2 GiB beside the raw data of tensors": "needs a model of more than 2 GiB without its tensors",
    "expected a model of at most 2 GiB, with its external data": "needs a model of more than 2 GiB",
    "what was written is not a valid model": OWN_MISTAKE,
    "tensor '...': expected numbers of whole bytes": "needs a network whose pruned weights have less than a byte",
    "expected a constant whose elements can be read": OWN_MISTAKE,
    "could not read ...": OWN_FILE,
    "could not make ... executable": OWN_FILE,
    "the imported module is not valid": OWN_MISTAKE,
    "can't be imported": "a rule that fails and says nothing; none is known to",
    "expected every size to follow from the inputs": OWN_MISTAKE,
    "has no form in the tables": OWN_MISTAKE,
    "expected a constant of numbers whose data is present": OWN_MISTAKE,
    "could not read the support functions": OWN_MISTAKE,
    "could not translate kernels to LLVM IR": OWN_MISTAKE,
    "could not link the artifact": OWN_MISTAKE,
    "expected an artifact without dynamic relocations": OWN_MISTAKE,
    "expected an artifact without writable data": OWN_MISTAKE,
    "expected a constant as the source": OWN_MISTAKE,
    "expected dlc-call-libraries to have replaced this kernel": OWN_MISTAKE,
    "expected a depthwise convolution, and a 1x1 convolution of its result": OWN_MISTAKE,
    "could not make a kernel to measure as": OWN_MISTAKE,
    "could not load a kernel to measure": OWN_MISTAKE,
    "no code generator for": "LLVM without x86",
    "the code generator for": "LLVM without x86",
}

TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*.*?\*/|::|<<|[A-Za-z_][\w]*|\s+|.', re.S)
# Functions whose arguments are messages; others give something to write messages to.
SAYS, STREAMS = ("fail", "report", "complain", "createStringError"), ("emitOpError", "emitError")
BEGINNINGS = ('"expected ', '"could not ', '"can\'t ')
ANY = None  # what is between the texts of a message


def unescape(text):
    return re.sub(r"\\(.)", lambda match: {"n": " "}.get(match[1], match[1]), text)


def tokens_of(text):
    """C++ without comments and space; texts that stand one after the other are one."""
    tokens = []
    for match in TOKEN.finditer(text):
        token = match[0]
        if token.isspace() or token.startswith(("//", "/*")):
            continue
        if token.startswith('"') and len(token) > 1 and tokens and tokens[-1].startswith('"'):
            token = tokens.pop()[:-1] + token[1:]
        tokens.append(token)
    return tokens


def closing(tokens, i):
    """The position of the parenthesis that closes the one at i."""
    depth = 0
    for k in range(i, len(tokens)):
        depth += (tokens[k] == "(") - (tokens[k] == ")")
        if depth == 0:
            return k
    return len(tokens) - 1


def message_from(tokens, i):
    """The parts of the text that begins at token i, and where it ends. Values, calls and choices count as ANY."""
    parts, depth = [], 0
    while i < len(tokens):
        token = tokens[i]
        if token in (";", "{", "}", "?", ":") or (token in (",", ")") and depth == 0):
            break
        if token == "(":
            end = closing(tokens, i)
            if re.match(r"[\w>\])]", tokens[i - 1][-1]) or "?" in tokens[i:end]:
                parts.append(ANY)
                i = end
            else:
                depth += 1
        elif token == ")":
            depth -= 1
        elif token.startswith('"') and len(token) > 1:
            parts.append(unescape(token[1:-1]))
        elif token not in ("<<", "+"):
            parts.append(ANY)
        if parts[-2:] == [ANY, ANY]:
            parts.pop()
        i += 1
    return parts, i


def messages_of(text):
    tokens, i = tokens_of(text), 0
    while i < len(tokens):
        token, follows = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else ""
        if token == "notifyMatchFailure":  # nobody reads these but who debugs a pass
            i = closing(tokens, i + 1)
        elif token in STREAMS and follows == "(":
            parts, i = message_from(tokens, closing(tokens, i + 1) + 1)
            yield parts
            continue
        elif (token in SAYS and follows == "(") or (token in ("error", "reason") and follows == "="):
            i += 1
            while tokens[i] in ("(", ",", "=", "?", ":"):
                parts, i = message_from(tokens, i + 1)
                yield parts
            continue
        elif token.startswith(BEGINNINGS):
            parts, i = message_from(tokens, i)
            yield parts
            continue
        i += 1


def tested(parts):
    """What a test must have of a message: all of it, or all before what was got instead."""
    kept = []
    for part in parts:
        cut = part.find(", got") if part else -1
        if cut >= 0 and sum(len(each) for each in kept if each) + cut >= 24:
            return [*kept, part[:cut]]
        kept.append(part)
    return kept


def text_of_tests():
    """The texts in the tests' code, one per line, and all lines of the lit tests."""
    lines = []
    for path in glob.glob(os.path.join(tool.ROOT, "tests", "**", "*"), recursive=True):
        if not path.endswith((".cpp", ".h", ".py", ".mlir", ".test")) or os.path.samefile(path, __file__):
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if path.endswith((".mlir", ".test")):
            lines.append(text)
        else:
            lines += [unescape(token[1:-1]) for token in tokens_of(text) if token[0] in "\"'"]
    return "\n".join(lines)


def is_in(tests, parts):
    texts = [part for part in parts if part]
    # What little text there is must not match by chance: values are one word there.
    value = ".*?" if sum(map(len, texts)) >= 24 else r"\S+?"
    pattern = re.compile("".join(value if part is ANY else re.escape(part) for part in parts))
    longest = max(texts, key=len)
    at = tests.find(longest)
    while at >= 0:
        end = tests.find("\n", at)
        if pattern.search(tests[tests.rfind("\n", 0, at) + 1:end if end >= 0 else len(tests)]):
            return True
        at = tests.find(longest, at + 1)
    return False


class Messages(unittest.TestCase):
    def test_every_message_has_a_test(self):
        tests, excused, missing, count = text_of_tests(), set(), [], 0
        for folder in SOURCES:
            for path in sorted(glob.glob(os.path.join(tool.ROOT, folder, "**", "*"), recursive=True)):
                if not path.endswith((".cpp", ".h")):
                    continue
                with open(path, encoding="utf-8") as file:
                    found = [tested(parts) for parts in messages_of(file.read())]
                for parts in found:
                    message = "".join("..." if part is ANY else part for part in parts)
                    if not re.search(r"[a-z]{2,} [a-z]{2,}", message):
                        continue
                    count += 1
                    reason = [each for each in WITHOUT if message.startswith(each)]
                    excused.update(reason)
                    if not reason and not is_in(tests, parts):
                        missing.append(f"{os.path.relpath(path, tool.ROOT)}: {message}")
        self.assertGreater(count, 400, "messages are no longer found")
        self.assertFalse(missing, "messages that no test has:\n" + "\n".join(missing))
        self.assertEqual(set(WITHOUT) - excused, set(), "no such messages, or no need to excuse them")


if __name__ == "__main__":
    unittest.main()
