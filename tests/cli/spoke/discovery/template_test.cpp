#include "cli/spoke/discovery/template/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strawberry::cli::discovery {
namespace {

using testing::HasSubstr;

/// The output, or `no: why`; `value` is the payload, `value_json` the payload as JSON.
std::string render(const std::string& text, const std::string& payload = "") {
  const auto made = Template::read(text);
  if (!made) return "no: " + made.error().message;
  const Value value = payload;
  const Value json = Value::parse(payload, nullptr, /*allow_exceptions=*/false);
  Variables variables{{"value", &value}};
  if (!is_undefined(json)) variables.emplace_back("value_json", &json);
  const auto printed = (*made)->render(variables, from_unix_ms(1'767'225'600'000));
  if (!printed) return (printed.error().is_missing ? "missing: " : "no: ") + printed.error().message;
  return *printed;
}

TEST(DiscoveryTemplate, PrintsValuesAsPythonDoes) {
  EXPECT_EQ(render("plain"), "plain");
  EXPECT_EQ(render("{{ value }}", " 21.5 "), "21.5");
  EXPECT_EQ(render("{{ value_json.a }}", R"({"a":21.0})"), "21.0");
  EXPECT_EQ(render("{{ value_json['a b'] }}", R"({"a b":true})"), "True");
  EXPECT_EQ(render("{{ value_json.a.b[0].c }}", R"({"a":{"b":[{"c":null}]}})"), "None");
  EXPECT_EQ(render("{{ value_json.missing }}", "{}"), "");
  EXPECT_EQ(render("{{ value_json }}", R"({"z":1,"a":[1,"x",2.5,null]})"), "{'z': 1, 'a': [1, 'x', 2.5, None]}");
  EXPECT_EQ(render("{{ 1e20 }} {{ 0.00001 }} {{ 1/3 }}"), "1e+20 1e-05 0.3333333333333333");
  EXPECT_EQ(render("{{ value_json.0 }}", "[7]"), "7");
  EXPECT_EQ(render("{{ [1,2,3,4][1:3] }} {{ 'abcd'[:2] }} {{ 'abcd'[-1] }}"), "[2, 3] ab d");
}

TEST(DiscoveryTemplate, CalculatesAndComparesInPythonsOrder) {
  EXPECT_EQ(render("{{ 1 + 2 * 3 - -4 }}"), "11");
  EXPECT_EQ(render("{{ 7 / 2 }} {{ 7 // 2 }} {{ 7 % 3 }} {{ -7 // 2 }} {{ 2 ** 3 }} {{ 2 * 1.5 }}"),
            "3.5 3 1 -4 8 3.0");
  EXPECT_EQ(render("{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ 'a' != 'b' }}"), "True False True True");
  EXPECT_EQ(render("{{ not false and true or false }}"), "True");
  EXPECT_EQ(render("{{ 2 in [1,2] }} {{ 'x' not in 'abc' }} {{ 'k' in {'k':1} }}"), "True True True");
  EXPECT_EQ(render("{{ 'a' ~ 1 ~ 2.0 }}"), "a12.0");
  EXPECT_EQ(render("{{ 'on' if value == '1' else 'off' }}", "1"), "on");
  EXPECT_EQ(render("{{ 'x' * 3 }}{{ '%02X-%s' % [10, 'b'] }}"), "xxx0A-b");
  EXPECT_EQ(render("{{ 1 / 0 }}"), "no: a division by zero");
  EXPECT_THAT(render("{{ 'a' + 1 }}"), HasSubstr("'+' between a text and a number"));
  EXPECT_THAT(render("{{ value_json.a.b }}", "{}"), HasSubstr("it is undefined: 'a'"));
  EXPECT_THAT(render("{{ value_json.a }}", "no json"), HasSubstr("it is undefined: 'value_json'"));
}

TEST(DiscoveryTemplate, HasFiltersTestsAndMethods) {
  EXPECT_EQ(render("{{ '42' | int }} {{ '4.7' | int }} {{ 'x' | int(3) }} {{ 'ff' | int(base=16) }}"), "42 4 3 255");
  EXPECT_EQ(render("{{ '4.5' | float }} {{ value | float(0) | round(1) }} {{ 2.5 | round }} {{ 3.14159 | round(2) }}",
                   "1.25"),
            "4.5 1.2 2 3.14");
  EXPECT_EQ(render("{{ 2.1 | round(0, 'ceil') }} {{ -5 | abs }} {{ 3 | multiply(2) }}"), "3 5 6.0");
  EXPECT_EQ(render("{{ 'Ab' | lower }}{{ 'Ab' | upper }} {{ 'a bc' | title }} {{ 'a-b' | replace('-', '+') }}"),
            "abAB A Bc a+b");
  EXPECT_EQ(render("{{ x | default('d') }} {{ '' | default('e', true) }} {{ none | d('f') }}"), "d e None");
  EXPECT_EQ(render("{{ [3,1,2] | sort | join(',') }} {{ [1,2] | sum }} {{ [4,9] | max }} {{ 'abc' | length }}"),
            "1,2,3 3 9 3");
  EXPECT_EQ(render("{{ {'a': 1} | tojson }} {{ '{\"b\":2}' | from_json }} {{ (1 == 1) | lower }}"),
            R"({"a":1} {'b': 2} true)");
  EXPECT_EQ(render("{{ '%02x%02x' | format(255, 1) }} {{ 'A' | ord }} {{ 6 | bitwise_and(3) }}"), "ff01 65 2");
  EXPECT_EQ(render("{{ 'on' | bool }} {{ 'maybe' | bool(false) }} {{ true | iif('y', 'n') }}"), "True False y");
  EXPECT_EQ(render("{{ ['1','2'] | map('int') | list }} {{ [1,2,3] | select('gt', 1) | list }}"), "[1, 2] [2, 3]");
  EXPECT_EQ(render("{{ 'abcdef' | truncate(3, true, '', 0) }}"), "abc");
  EXPECT_EQ(render("{{ 1767225600 | timestamp_utc }}"), "2026-01-01T00:00:00+00:00");
  EXPECT_EQ(render("{{ as_timestamp('2026-01-01T00:00:00Z') | int }}"), "1767225600");
  EXPECT_EQ(
      render("{{ x is defined }} {{ 1 is number }} {{ 4 is divisibleby 2 }} {{ none is none }} {{ 1 is not string }}"),
      "False True True True True");
  EXPECT_EQ(render("{{ 'a,b'.split(',')[1] }} {{ value_json.get('x', 9) }} {{ value_json.keys() }}", R"({"y":1})"),
            "b 9 ['y']");
  EXPECT_EQ(render("{{ min(3, 2) }} {{ range(3) | list }} {{ float('1.5') }} {{ int('x', 0) }}"), "2 [0, 1, 2] 1.5 0");
  EXPECT_EQ(render("{{ value_json.t | is_defined }}", "{}"), "missing: is_defined: the value is not there");
  EXPECT_THAT(render("{{ 'x' | int }}"), HasSubstr("no whole number: a text 'x'"));
}

TEST(DiscoveryTemplate, HasStatementsAndWhiteSpaceControl) {
  EXPECT_EQ(render("{% if value == 'a' %}1{% elif value == 'b' %}2{% else %}3{% endif %}", "b"), "2");
  EXPECT_EQ(render("{% for k, v in value_json.items() %}{{ k }}={{ v }};{% endfor %}", R"({"b":1,"a":2})"), "b=1;a=2;");
  EXPECT_EQ(render("{% for x in [1,2,3] if x > 1 %}{{ loop.index }}:{{ x }}{% if not loop.last %},{% endif %}{% else "
                   "%}none{% endfor %}"),
            "1:2,2:3");
  EXPECT_EQ(render("{% for x in [] %}{% else %}none{% endfor %}"), "none");
  EXPECT_EQ(render("{% set m = {None: 'n', 'idle': 'off', 1: 'one'} %}{{ m[value_json.s] }}{{ m[1] }}{{ m[none] }}",
                   R"({"s":"idle"})"),
            "offonen");
  EXPECT_EQ(
      render("{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}"),
      "6");
  EXPECT_EQ(render("{% set x %}a{{ 1 }}{% endset %}{{ x }}"), "a1");
  EXPECT_EQ(render("a  {{- 1 -}}  b{# no #}{% raw %}{{ x }}{% endraw %}"), "a1b{{ x }}");
  EXPECT_EQ(render(R"({"v":"{{ value_json['u']['v'] }}","p":{{ (1 == 2)|lower }}})", R"({"u":{"v":7}})"),
            R"({"v":"7","p":false})");
}

TEST(DiscoveryTemplate, SaysWhatItDoesNotUnderstandBeforeItRuns) {
  EXPECT_EQ(render("{{ states('sun.sun') }}"), "no: a function that is not supported: 'states()'");
  EXPECT_EQ(render("{{ value | regex_replace('a') }}"), "no: a filter that is not supported: 'regex_replace'");
  EXPECT_EQ(render("{{ value is match('a') }}"), "no: a test that is not supported: 'match'");
  EXPECT_EQ(render("{{ value.format(1) }}"), "no: a method that is not supported: 'format'");
  EXPECT_EQ(render("{% macro f() %}{% endmacro %}"), "no: a statement that is not supported: 'macro'");
  EXPECT_EQ(render("{{ value"), "no: a tag does not end: {{");
  EXPECT_EQ(render("{% if value %}x"), "no: a block does not end: 'endif' is missing");
  EXPECT_EQ(render("{{ 1 + }}"), "no: a value is missing before '}}'");
  EXPECT_EQ(render("{{ value | lower(1) }}"), "no: too many arguments: 'lower'");
  EXPECT_THAT(render("{% endif %}"), HasSubstr("a block ends that did not begin"));
}

TEST(DiscoveryTemplate, EndsWithinItsBounds) {
  EXPECT_THAT(render("{{ " + std::string(5000, '(') + "1" + std::string(5000, ')') + " }}"), HasSubstr("nests deeper"));
  std::string blocks;
  for (int i = 0; i < 600; ++i) blocks += "{% if 1 %}";
  EXPECT_THAT(render(blocks), HasSubstr("nests deeper"));
  std::string chain = "{{ 1";
  for (int i = 0; i < 3000; ++i) chain += "+1";
  EXPECT_THAT(render(chain + " }}"), HasSubstr("too long"));
  EXPECT_THAT(render(std::string(template_bytes_max + 1, 'a')), HasSubstr("more than 16384 bytes"));
  EXPECT_EQ(render(std::string(template_bytes_max, 'a')).size(), template_bytes_max);
  const std::string over = "no: it takes too long, or makes too much";
  EXPECT_EQ(render("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"), over);
  EXPECT_THAT(render("{{ range(10001) }}"), HasSubstr("more than 10000 numbers"));
  EXPECT_EQ(render("{{ 'x' * 100000000 }}"), over);
  EXPECT_EQ(render("{% set x = 'x' %}{% for i in range(40) %}{% set x = x ~ x %}{{ x }}{% endfor %}"),
            "xx" + std::string(78, 'x'))
      << "a loop has variables of its own";
  EXPECT_EQ(
      render("{% set n = namespace(x='xxxxxxxx') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}"),
      over);
  EXPECT_EQ(render("{% set n = namespace(x=[]) %}{% for i in range(5000) %}{% set n.x = [n.x] %}{% endfor %}"), over);
  EXPECT_EQ(render("{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}"),
            over);
  EXPECT_THAT(render("{% for i in range(500) %}" + std::string(200, 'x') + "{% endfor %}"),
              HasSubstr("prints more than 65536"));
  EXPECT_THAT(render("{{ 10 ** 400 }}"), HasSubstr("too large"));
}

}  // namespace
}  // namespace strawberry::cli::discovery
