using Crescent.Text.Grammars;

namespace Crescent.Text.Tests.Grammars;

/// <summary>llama.cpp's notation.</summary>
public sealed class GbnfTests
{
    private const string Json = """
        # json.gbnf of llama.cpp, in spirit
        root   ::= object
        value  ::= object | array | string | number | ("true" | "false" | "null") ws

        object ::=
          "{" ws (
                    string ":" ws value
            ("," ws string ":" ws value)*
          )? "}" ws

        array  ::= "[" ws ( value ("," ws value)* )? "]" ws
        string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\"" ws # escapes
        number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
        ws ::= | " " | "\n" [ \t]{0,20}
        """;

    [Theory]
    [InlineData("root ::= \"a\" | \"b\" \"c\"", "a|bc", "b|ac")]
    [InlineData("root ::= x{2} y{1,} z{0,2}\nx ::= \"x\"\ny ::= \"y\"\nz ::= [z]", "xxy|xxyyzz", "xy|xxyzzz|xx")]
    [InlineData("root ::= (\"a\" |\n \"b\")+ # comment\n", "a|abba", "|c")]
    [InlineData("root ::= [^a-c\\n]\"\\x41\\u00e9\\\"\"", "xAé\"", "aAé\"")]
    [InlineData("root ::= .+ \"!\"?", "abc|!|é!", "")]
    [InlineData("root ::= \"(\" root? \")\"", "()|((()))", "(|())")]
    public void Reads_the_notation(string grammar, string admitted, string refused)
    {
        var parsed = Grammar.FromGbnf(grammar);
        var compiled = parsed.Compile(SmallVocabulary.Plain);
        foreach (var (text, expected) in admitted.Split('|').Select(text => (text, true)).Concat(refused.Split('|').Select(text => (text, false))))
        {
            var constraint = compiled.CreateConstraint([SmallVocabulary.StopId(SmallVocabulary.Plain)]);
            var accepts = System.Text.Encoding.UTF8.GetBytes(text).All(value => constraint.TryAccept(value)) && constraint.IsComplete;
            Assert.True(expected == accepts, $"'{text}': expected {expected}");
        }
    }

    [Fact]
    public void Answers_within_the_grammar_of_json_are_json()
    {
        var compiled = Grammar.FromGbnf(Json).Compile(SmallVocabulary.Plain);
        for (var seed = 0; seed < 300; seed++)
        {
            var answer = Sampling.Answer(compiled, SmallVocabulary.StopId(SmallVocabulary.Plain), new Random(seed), compiled.TokensNeeded + (seed % 60));
            using var document = System.Text.Json.JsonDocument.Parse(answer);
        }
    }

    [Theory]
    [InlineData("", "no rule named root")]
    [InlineData("root ::= x", "refers to the rule x")]
    [InlineData("root ::= \"a", "line 1, column 12")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "found another")]
    [InlineData("root = \"a\"", "::=")]
    [InlineData("root ::= [b-a]", "lower to a higher")]
    [InlineData("root ::= (\"a\"", "closing parenthesis")]
    [InlineData("root ::= \"a\"{3,2}", "bounds in order")]
    [InlineData("root ::= \"a\"{1000000}", "up to 10000")]
    [InlineData("root ::= \"\\q\"", "an escape such as")]
    public void A_malformed_grammar_is_refused(string grammar, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Grammar.FromGbnf(grammar)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("root ::= root \"a\" | \"b\"")]
    [InlineData("root ::= a \"x\" | \"y\"\na ::= \"z\"? root")]
    public void Left_recursion_is_refused(string grammar) =>
        Assert.Contains("left recursion", Assert.Throws<ArgumentException>(() => Grammar.FromGbnf(grammar).Compile(SmallVocabulary.Plain)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_rule_that_never_ends_is_refused() =>
        Assert.Contains("never ends", Assert.Throws<ArgumentException>(() => Grammar.FromGbnf("root ::= \"a\" root").Compile(SmallVocabulary.Plain)).Message, StringComparison.Ordinal);
}
