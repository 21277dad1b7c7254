#include "tools/common/Table.h"
#include "tools/common/Terminal.h"
#include <gtest/gtest.h>

using namespace dlc;

TEST(Table, AlignsColumns) {
  Table table({"name", ">ms"});
  table.addRow({"größe", "1.5"});
  table.addRow({"a", "10"});
  std::string text;
  llvm::raw_string_ostream stream(text);
  table.print(stream, 2);
  EXPECT_EQ(text, "  name    ms\n  größe  1.5\n  a       10\n");
}

TEST(Table, FitsTheTerminal) {
  auto text = [](size_t width) {
    Table table({"~>size", "~name", "?left out", "kept"});
    table.addRow({"64 * batch * seq", "encoder/layer_0/attention/größe/Add", "x", "y"});
    table.addRow({"1", "short", "x", "y"});
    std::string result;
    llvm::raw_string_ostream stream(result);
    table.print(stream, 1, width);
    return result;
  };
  EXPECT_EQ(text(unlimitedWidth), text(80));
  EXPECT_EQ(text(70), text(80));
  EXPECT_EQ(text(60), "             size  name                       left out  kept\n"
                      " 64 * batch * seq  encoder/laye…on/größe/Add  x         y\n"
                      "                1  short                      x         y\n");
  // Names would have less than 16 columns beside the column that may be left out.
  EXPECT_EQ(text(44), "             size  name                 kept\n"
                      " 64 * batch * seq  encoder/l…größe/Add  y\n"
                      "                1  short                y\n");
  EXPECT_EQ(text(20), "  size  name    kept\n"
                      " 64…eq  en…Add  y\n"
                      "     1  short   y\n");
}

TEST(Terminal, TheMiddleIsLeftOut) {
  EXPECT_EQ(shortenMiddle("abcdef", 6), "abcdef");
  EXPECT_EQ(shortenMiddle("abcdef", 5), "ab…ef");
  EXPECT_EQ(shortenMiddle("abcdef", 4), "a…ef");
  EXPECT_EQ(shortenMiddle("größe-größe", 8), "grö…röße");
  EXPECT_EQ(shortenMiddle("漢字漢字漢字", 6), "漢…字"); // two columns each
  EXPECT_EQ(shortenMiddle("\xff\xff\xff\xff", 3), "\xff…\xff");
  EXPECT_EQ(shortenMiddle("abc", 1), "…");
  EXPECT_EQ(shortenMiddle("abc", 0), "");
}

TEST(Terminal, TextsAreWrapped) {
  EXPECT_EQ(wrapText("one two three", 8, 2), "one two\n  three");
  EXPECT_EQ(wrapText("one two", 80, 2, 76), "one\n  two");
  EXPECT_EQ(wrapText("unbreakable", 4, 2), "unbreakable");
  EXPECT_EQ(wrapText("a\nb", 80, 1), "a\n b");
  EXPECT_EQ(wrapText("größe größe", 11, 0), "größe größe");
}

TEST(Terminal, WhatIsNoTerminalHasNoWidth) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  EXPECT_EQ(terminalWidth(stream), unlimitedWidth);
  printField(stream, "name", std::string(200, 'x') + " y", 6);
  EXPECT_EQ(text, "name  " + std::string(200, 'x') + " y\n");
}

TEST(Table, Units) {
  EXPECT_EQ(bytesString(12), "12 B");
  EXPECT_EQ(bytesString(1536), "1.50 KiB");
  EXPECT_EQ(bytesString(102.0 * 1024 * 1024), "102 MiB");
  EXPECT_EQ(countString(4.1e9), "4.10 G");
  EXPECT_EQ(countString(7), "7");
}
