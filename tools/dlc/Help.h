/// \file --help that fits 80 columns.
#ifndef DLC_TOOLS_DLC_HELP_H
#define DLC_TOOLS_DLC_HELP_H

#include <CLI/CLI.hpp>

namespace dlc {

/// CLI11's formatter with wrapped texts.
class HelpFormatter : public CLI::Formatter {
public:
  HelpFormatter();
  std::string make_help(const CLI::App *app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_option(const CLI::Option *option, bool isPositional) const override;
  std::string make_subcommand(const CLI::App *command) const override;
  std::string make_description(const CLI::App *app) const override;
  std::string make_group(std::string group, bool isPositional, std::vector<const CLI::Option *> options) const override;
  std::string make_footer(const CLI::App *app) const override;
};

} // namespace dlc

#endif // DLC_TOOLS_DLC_HELP_H
