//===- Support.cpp - what LLVM's code generator expects of a C library ----------------------------------===//
// Loops over memory may become calls of these; an artifact brings its own. They are small loops, which LLVM vectorises;
// "no-builtins" keeps them from being turned into calls of themselves.
#include "compiler/emit/Objects.h"
#include "compiler/target/cpu/EmitObject.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"

namespace dlc::emit {
namespace {
constexpr llvm::StringLiteral kSource = R"(
define hidden ptr @memset(ptr noalias %p, i32 %value, i64 %n) #0 {
entry:
  %byte = trunc i32 %value to i8
  %none = icmp eq i64 %n, 0
  br i1 %none, label %done, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr inbounds i8, ptr %p, i64 %i
  store i8 %byte, ptr %at
  %next = add nuw i64 %i, 1
  %end = icmp eq i64 %next, %n
  br i1 %end, label %done, label %loop
done:
  ret ptr %p
}
define hidden ptr @memcpy(ptr noalias %to, ptr noalias %from, i64 %n) #0 {
entry:
  %none = icmp eq i64 %n, 0
  br i1 %none, label %done, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %source = getelementptr inbounds i8, ptr %from, i64 %i
  %target = getelementptr inbounds i8, ptr %to, i64 %i
  %byte = load i8, ptr %source
  store i8 %byte, ptr %target
  %next = add nuw i64 %i, 1
  %end = icmp eq i64 %next, %n
  br i1 %end, label %done, label %loop
done:
  ret ptr %to
}
define hidden ptr @memmove(ptr %to, ptr %from, i64 %n) #0 {
entry:
  %none = icmp eq i64 %n, 0
  br i1 %none, label %done, label %choose
choose:
  %below = icmp ult ptr %to, %from
  br i1 %below, label %up, label %down
up:
  %i = phi i64 [ 0, %choose ], [ %next, %up ]
  %source = getelementptr inbounds i8, ptr %from, i64 %i
  %target = getelementptr inbounds i8, ptr %to, i64 %i
  %byte = load i8, ptr %source
  store i8 %byte, ptr %target
  %next = add nuw i64 %i, 1
  %end = icmp eq i64 %next, %n
  br i1 %end, label %done, label %up
down:
  %j = phi i64 [ %n, %choose ], [ %before, %down ]
  %before = add i64 %j, -1
  %source2 = getelementptr inbounds i8, ptr %from, i64 %before
  %target2 = getelementptr inbounds i8, ptr %to, i64 %before
  %byte2 = load i8, ptr %source2
  store i8 %byte2, ptr %target2
  %end2 = icmp eq i64 %before, 0
  br i1 %end2, label %done, label %down
done:
  ret ptr %to
}
attributes #0 = { nounwind "no-builtins" }
)";
} // namespace

llvm::Expected<Bytes> supportObject(const CompileOptions &options) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(kSource, diagnostic, context);
  if (!module) {
    return llvm::createStringError("could not read the support functions: " + diagnostic.getMessage());
  }
  return cpu::optimizeAndEmitObject(*module, options.target, 2);
}
} // namespace dlc::emit
