#include "tools/dlc/Help.h"
#include "tools/common/Terminal.h"

namespace dlc {
namespace {

constexpr size_t helpWidth = 80, leftColumn = 26;

/// The name in the left column and the text wrapped beside it, or below it when the name is long.
std::string twoColumns(const std::string &name, const std::string &text) {
  std::string line = "  " + name;
  if (text.empty()) {
    return line + "\n";
  }
  line +=
      line.size() + 2 > leftColumn ? "\n" + std::string(leftColumn, ' ') : std::string(leftColumn - line.size(), ' ');
  return line + wrapText(text, helpWidth, leftColumn, leftColumn) + "\n";
}

} // namespace

HelpFormatter::HelpFormatter() {
  label("REQUIRED", "");
  label("Usage", "Usage");
  label("Positionals", "Arguments");
  label("SUBCOMMAND", "COMMAND");
}

std::string HelpFormatter::make_option(const CLI::Option *option, bool isPositional) const {
  std::string name = make_option_name(option, isPositional);
  if (option->get_type_size() != 0 && !isPositional && !option->get_type_name().empty()) {
    name += " " + option->get_type_name();
  }
  std::string text = make_option_desc(option);
  if (!option->get_default_str().empty()) {
    text += " (" + option->get_default_str() + ")";
  }
  return twoColumns(name, text);
}

std::string HelpFormatter::make_subcommand(const CLI::App *command) const {
  return twoColumns(command->get_name(), command->get_description());
}

std::string HelpFormatter::make_help(const CLI::App *app, std::string name, CLI::AppFormatMode mode) const {
  std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
  for (size_t at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n", at)) {
    text.erase(at, 1);
  }
  text.erase(text.find_last_not_of('\n') + 1);
  return text + "\n";
}

std::string HelpFormatter::make_description(const CLI::App *app) const {
  return wrapText(app->get_description(), helpWidth, 0) + "\n";
}

std::string HelpFormatter::make_group(std::string group, bool isPositional,
                                      std::vector<const CLI::Option *> options) const {
  std::string text = "\n" + group + ":\n";
  for (const CLI::Option *option : options) {
    text += make_option(option, isPositional);
  }
  return text;
}

std::string HelpFormatter::make_footer(const CLI::App *app) const {
  std::string footer = app->get_footer();
  return footer.empty() ? "" : footer + "\n";
}

} // namespace dlc
