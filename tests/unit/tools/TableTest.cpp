#include "tools/common/Table.h"
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

TEST(Table, Units) {
  EXPECT_EQ(bytesString(12), "12 B");
  EXPECT_EQ(bytesString(1536), "1.50 KiB");
  EXPECT_EQ(bytesString(102.0 * 1024 * 1024), "102 MiB");
  EXPECT_EQ(countString(4.1e9), "4.10 G");
  EXPECT_EQ(countString(7), "7");
}
