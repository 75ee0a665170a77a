#include "cli/spoke/command_arguments.h"

#include <gmock/gmock.h>

namespace strawberry::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

CommandSkill skill(const std::string& signature, Words command) {
  CommandSkill made;
  made.class_name = "C";
  made.signature_text = signature;
  made.signature = parse_signature(signature).value();
  made.parameters = parameters_schema(made.signature);
  made.command = std::move(command);
  return made;
}

std::string complaint(const std::string& signature, Words command) {
  const auto good = check_command(skill(signature, std::move(command)));
  return good ? "it is fine" : good.error().message;
}

/// The program's arguments, or a line that begins with "no: ".
Words argv(const CommandSkill& of, const char* args, const char* kwargs = "{}") {
  EXPECT_TRUE(check_command(of)) << check_command(of).error().message;
  auto words = argv_of_call(of, json::parse(args), json::parse(kwargs));
  return words ? *words : Words{"no: " + words.error().message};
}

const CommandSkill say = skill("say(text: str, times: int = 1) -> str", {"say", "--times={times}", "--", "{text}"});

TEST(CommandArguments, ComeByPositionByNameAndByDefault) {
  EXPECT_THAT(argv(say, R"(["hi"])"), ElementsAre("say", "--times=1", "--", "hi"));
  EXPECT_THAT(argv(say, R"(["hi", 3])"), ElementsAre("say", "--times=3", "--", "hi"));
  EXPECT_THAT(argv(say, "[]", R"({"times": 2, "text": "hi"})"), ElementsAre("say", "--times=2", "--", "hi"));
  EXPECT_THAT(argv_of_call(say, nullptr, json{{"text", "x"}}).value(), ElementsAre("say", "--times=1", "--", "x"));
}

TEST(CommandArguments, ThatDoNotFitTheSignatureAreRefused) {
  EXPECT_THAT(argv(say, "[]"), ElementsAre("no: the argument text is missing"));
  EXPECT_THAT(argv(say, R"(["a", 1, 2])"), ElementsAre("no: there are 3 arguments without a name, and C.say takes 2"));
  EXPECT_THAT(argv(say, R"(["a"])", R"({"text": "b"})"), ElementsAre("no: the argument text is given twice"));
  EXPECT_THAT(argv(say, R"(["a"])", R"({"loud": true})"), ElementsAre(HasSubstr("no parameter 'loud'")));
  EXPECT_THAT(argv(say, R"(["a", "1; rm -rf /"])"), ElementsAre(HasSubstr("must be a whole number and is text")));
  EXPECT_THAT(argv(say, R"(["a", "-1"])"), ElementsAre(HasSubstr("must be a whole number and is text")));
  EXPECT_THAT(argv(say, R"([["a"]])"), ElementsAre(HasSubstr("must be text and is an array")));
  EXPECT_THAT(argv(say, "{}"), ElementsAre("no: args must be an array"));
  EXPECT_THAT(argv(say, "[]", "[]"), ElementsAre("no: kwargs must be an object"));
}

TEST(CommandArguments, PositionalOnlyAndKeywordOnlyAreWhatTheySay) {
  const auto f = skill("f(a, /, *, b=2)", {"f", "--", "{a}", "{b}"});
  EXPECT_THAT(argv(f, "[1]"), ElementsAre("f", "--", "1", "2"));
  EXPECT_THAT(argv(f, "[1, 5]"), ElementsAre(HasSubstr("takes 1")));
  EXPECT_THAT(argv(f, "[]", R"({"a": 1})"), ElementsAre(HasSubstr("no parameter 'a'")));
}

TEST(CommandArguments, AreTextsListsOrNothing) {
  const auto f = skill("f(a, b: bool = False, c: float = 0.5, d=None, *e)",
                       {"f", "--a={a}", "--b={b}", "--c={c}", "--d={d}", "--", "{e}"});
  EXPECT_THAT(argv(f, R"(["x"])"), ElementsAre("f", "--a=x", "--b=false", "--c=0.5", "--"));
  EXPECT_THAT(argv(f, R"([["p", 2], true, 1, {"k": [1]}, "y", "-z"])"),
              ElementsAre("f", "--a=p", "--a=2", "--b=true", "--c=1", "--d={\"k\":[1]}", "--", "y", "-z"));
  EXPECT_THAT(argv(say, "[42]"), ElementsAre("say", "--times=1", "--", "42")) << "a number, where a text is wanted";
}

TEST(CommandArguments, NobodyWhoCallsInventsOptions) {
  const auto bare = skill("f(text: str, level: int = 0)", {"f", "{text}", "{level}"});
  EXPECT_THAT(argv(bare, R"(["-rf"])"), ElementsAre(HasSubstr("could be taken for an option: '-rf'")));
  EXPECT_THAT(argv(bare, R"(["--help"])"), ElementsAre(HasSubstr("could be taken for an option")));
  EXPECT_THAT(argv(bare, R"(["x", -5])"), ElementsAre(HasSubstr("could be taken for an option: '-5'")));
  EXPECT_THAT(argv(bare, R"(["--"])"), ElementsAre(HasSubstr("could be taken for an option")));
  EXPECT_THAT(argv(bare, R"([""])"), ElementsAre("f", "", "0"));
  EXPECT_THAT(argv(say, R"(["-rf"])"), ElementsAre("say", "--times=1", "--", "-rf"));
  EXPECT_THAT(argv(skill("f(*rest)", {"f", "{rest}"}), R"(["a", "-b"])"), ElementsAre(HasSubstr("'-b'")));
  // A `--` among the caller's arguments does not end the options.
  EXPECT_THAT(argv(skill("f(a, b)", {"f", "--a={a}", "{b}"}), R"(["--", "-b"])"), ElementsAre(HasSubstr("'-b'")));
}

TEST(CommandArguments, AShellsCharactersAreCharacters) {
  for (const char* text :
       {"$(reboot)", "`reboot`", "; reboot", "a && b", "a|b", "*", "~", "{text}", "a\nb", "日本 🍓"}) {
    EXPECT_THAT(argv(say, json::array({text}).dump().c_str()), ElementsAre("say", "--times=1", "--", text));
  }
}

TEST(CommandArguments, HaveNoNulAndALimitedLength) {
  EXPECT_THAT(argv(say, "[\"a\\u0000b\"]"), ElementsAre("no: an argument has a NUL character in it"));
  const auto long_one = [](std::size_t bytes) { return json::array({std::string(bytes, 'x')}); };
  EXPECT_TRUE(argv_of_call(say, long_one(argument_bytes_max), json::object()));
  EXPECT_FALSE(argv_of_call(say, long_one(argument_bytes_max + 1), json::object()));
  const auto all = skill("f(*all)", {"f", "--", "{all}"});
  EXPECT_TRUE(argv_of_call(all, json(Words(arguments_max - 2, "x")), json::object()));
  EXPECT_FALSE(argv_of_call(all, json(Words(arguments_max - 1, "x")), json::object()));
  EXPECT_TRUE(argv_of_call(all, json(Words(5, std::string(arguments_bytes_max / 5 - 1, 'x'))), json::object()));
  EXPECT_FALSE(argv_of_call(all, json(Words(5, std::string(arguments_bytes_max / 5 + 1, 'x'))), json::object()));
}

TEST(ACommand, HasAPlaceForEveryParameterAndNoOther) {
  EXPECT_EQ(complaint("f(a)", {"f", "{a}"}), "it is fine");
  EXPECT_THAT(complaint("f(a, b)", {"f", "{a}"}), HasSubstr("the parameter b has no place in it: put '{b}'"));
  EXPECT_THAT(complaint("f(a)", {"f", "{a}", "{c}"}), HasSubstr("there is no parameter '{c}'"));
  EXPECT_THAT(complaint("f(a)", {"{a}"}), HasSubstr("the program itself cannot be"));
  EXPECT_THAT(complaint("f(**a)", {"f", "{a}"}), HasSubstr("takes no **a"));
  EXPECT_THAT(complaint("f(a=now())", {"f", "{a}"}), HasSubstr("default of a must be a literal"));
  EXPECT_EQ(complaint("f()", {"awk", "{print $1}", "{}", "{ x }"}), "it is fine") << "braces that are no place";
}

TEST(ACommand, PutsNoArgumentIntoAText) {
  EXPECT_THAT(complaint("f(a)", {"sh", "-c", "say {a}"}), HasSubstr("not in a text"));
  EXPECT_THAT(complaint("f(a)", {"sh", "-c", "say;{a}"}), HasSubstr("not in a text"));
  EXPECT_THAT(complaint("f(a)", {"f", "{a} now"}), HasSubstr("not in a text"));
  EXPECT_THAT(complaint("f(a, b)", {"f", "{a}{b}"}), HasSubstr("not in a text"));
  EXPECT_THAT(complaint("f(a)", {"f", "--{a}"}), HasSubstr("not in a text")) << "that would be an option's name";
  EXPECT_THAT(complaint("f(a)", {"f", "-{a}"}), HasSubstr("not in a text"));
  EXPECT_EQ(complaint("f(a)", {"f", "--level={a}"}), "it is fine");
  EXPECT_THAT(argv(skill("f(a, b)", {"f", "/music/{a}.mp3", "{b}%"}), R"(["-x", 5])"),
              ElementsAre("f", "/music/-x.mp3", "5%"));
  EXPECT_THAT(argv(skill("f(a)", {"f", "{a}%"}), "[-5]"), ElementsAre(HasSubstr("could be taken for an option")));
}

}  // namespace
}  // namespace strawberry::cli
