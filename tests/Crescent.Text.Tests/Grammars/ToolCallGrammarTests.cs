using System.Text.Json;
using System.Text.RegularExpressions;
using Crescent.Text.Grammars;
using Crescent.Text.Templates;

namespace Crescent.Text.Tests.Grammars;

/// <summary>Answers with tool calls, in every family's syntax.</summary>
public sealed class ToolCallGrammarTests
{
    private const string Weather = """{"type":"object","properties":{"city":{"type":"string"},"unit":{"enum":["c","f"]},"days":{"type":"integer","minimum":1,"maximum":14}},"required":["city","days"]}""";

    private const string Search = """{"type":"object","properties":{"queries":{"type":"array","items":{"type":"string","maxLength":8},"minItems":1,"maxItems":3},"exact":{"type":"boolean"}},"required":["queries"]}""";

    private static readonly ToolDefinition[] s_tools = [Tool("get_weather", Weather), Tool("search.web-2", Search), Tool("now", "{}")];

    private static readonly Dictionary<string, SchemaOracle> s_oracles = new()
    {
        ["get_weather"] = new(Weather),
        ["search.web-2"] = new(Search),
        ["now"] = new("""{"type":"object"}"""),
    };

    // Families with a pattern of a whole answer whose calls are (name, arguments).
    public static TheoryData<string, string> Families => new()
    {
        { "kimi-k2", @"<\|tool_call_begin\|>functions\.(?<name>[^:]+):(?<index>\d+)<\|tool_call_argument_begin\|>(?<arguments>.*?)<\|tool_call_end\|>" },
        { "chatml", "<tool_call>\n\\{\"name\": \"(?<name>[^\"]+)\", \"arguments\": (?<arguments>.*?)\\}\n</tool_call>" },
        { "deepseek-v3.1", "<｜tool▁call▁begin｜>(?<name>.*?)<｜tool▁sep｜>(?<arguments>.*?)<｜tool▁call▁end｜>" },
        { "deepseek-r1", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>(?<name>.*?)\n```json\n(?<arguments>.*?)\n```<｜tool▁call▁end｜>" },
        { "harmony", @"<\|channel\|>commentary to=functions\.(?<name>\S+) <\|constrain\|>json<\|message\|>(?<arguments>.*)$" },
        { "llama-3", "^\\{\"name\": \"(?<name>[^\"]+)\", \"parameters\": (?<arguments>.*)\\}$" },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void A_thousand_required_calls_are_valid_also_when_tokens_are_few(string family, string pattern)
    {
        var (vocabulary, stop) = (SmallVocabulary.Instance, SmallVocabulary.StopId(SmallVocabulary.Instance));
        var compiled = ToolCallGrammar.Create(family, vocabulary.Tokenizer, new ToolCallOptions { Tools = s_tools, Mode = ToolCallMode.Required, FirstIndex = 3 }).Compile(vocabulary);
        var seen = new HashSet<string>();
        var calls = 0;
        for (var seed = 0; calls < 1000; seed++)
        {
            var answer = Sampling.Answer(compiled, stop, new Random(seed), compiled.TokensNeeded + new[] { 0, 2, 20, 100, 400 }[seed % 5], strict: false);
            var text = answer[(answer.IndexOf("</think>", StringComparison.Ordinal) is >= 0 and var end ? end : 0)..];
            var matches = Regex.Matches(text, pattern, RegexOptions.Singleline);
            Assert.True(matches.Count > 0, answer);
            for (var i = 0; i < matches.Count; i++)
            {
                var (name, arguments) = (matches[i].Groups["name"].Value, matches[i].Groups["arguments"].Value);
                seen.Add(name);
                Assert.True(s_oracles[name].Error(arguments) is not { } error, s_oracles[name].Error(arguments));
                Assert.True(!matches[i].Groups["index"].Success || matches[i].Groups["index"].Value == $"{i + 3}", answer);
                calls++;
            }
        }

        Assert.Equal(s_oracles.Keys.Order(), seen.Order());
    }

    [Fact]
    public void An_answer_may_have_text_and_then_calls()
    {
        var (vocabulary, stop) = (SmallVocabulary.Instance, SmallVocabulary.StopId(SmallVocabulary.Instance));
        var tokenizer = vocabulary.Tokenizer;
        var constraint = Create("kimi-k2", new ToolCallOptions { Tools = s_tools }).CreateConstraint([stop]);
        Take(constraint, tokenizer.Encode("the answer <|x|> {"));
        Take(constraint, [tokenizer.FindMarker("<think>")!.Value]);
        Assert.True(constraint.IsComplete);
        Take(constraint, [tokenizer.FindMarker("<|tool_calls_section_begin|>")!.Value]);
        Assert.False(constraint.IsComplete);
        Assert.Equal([tokenizer.FindMarker("<|tool_call_begin|>")!.Value], Allowed(constraint, vocabulary));
        Take(constraint, [tokenizer.FindMarker("<|tool_call_begin|>")!.Value]);
        Take(constraint, tokenizer.Encode("functions.now:0"));
        Take(constraint, [tokenizer.FindMarker("<|tool_call_argument_begin|>")!.Value]);
        Take(constraint, tokenizer.Encode("{}"));
        Take(constraint, [tokenizer.FindMarker("<|tool_call_end|>")!.Value]);
        Assert.Equal(
            [tokenizer.FindMarker("<|tool_calls_section_end|>")!.Value, tokenizer.FindMarker("<|tool_call_begin|>")!.Value], Allowed(constraint, vocabulary));
        Take(constraint, [tokenizer.FindMarker("<|tool_calls_section_end|>")!.Value]);
        Assert.Equal([stop], Allowed(constraint, vocabulary));
    }

    [Fact]
    public void Text_that_has_too_few_tokens_left_for_a_call_stays_text()
    {
        var (vocabulary, stop) = (SmallVocabulary.Instance, SmallVocabulary.StopId(SmallVocabulary.Instance));
        var begin = vocabulary.Tokenizer.FindMarker("<|tool_calls_section_begin|>")!.Value;
        var constraint = Create("kimi-k2", new ToolCallOptions { Tools = s_tools }).CreateConstraint([stop]);
        // Whoever may write text may do without the stop token.
        var needed = Create("kimi-k2", new ToolCallOptions { Tools = s_tools, Mode = ToolCallMode.Required }).TokensNeeded - 1;
        Assert.Contains(begin, Allowed(constraint, vocabulary, needed));
        Assert.DoesNotContain(begin, Allowed(constraint, vocabulary, needed - 1));
        Assert.Contains('a', Allowed(constraint, vocabulary, needed - 1));
        Assert.Contains('a', Allowed(constraint, vocabulary, 1));
    }

    [Fact]
    public void No_calls_means_no_marker_of_calls()
    {
        var (vocabulary, stop) = (SmallVocabulary.Instance, SmallVocabulary.StopId(SmallVocabulary.Instance));
        var constraint = Create("kimi-k2", new ToolCallOptions { Tools = s_tools, Mode = ToolCallMode.None }).CreateConstraint([stop]);
        var allowed = Allowed(constraint, vocabulary);
        Assert.DoesNotContain(vocabulary.Tokenizer.FindMarker("<|tool_calls_section_begin|>")!.Value, allowed);
        Assert.DoesNotContain(vocabulary.Tokenizer.FindMarker("<|tool_call_begin|>")!.Value, allowed);
        Assert.Contains(stop, allowed);
        Assert.Contains('a', allowed);
    }

    [Fact]
    public void One_call_only_where_calls_are_not_parallel_and_one_tool_where_it_is_named()
    {
        var (vocabulary, stop) = (SmallVocabulary.Instance, SmallVocabulary.StopId(SmallVocabulary.Instance));
        var options = new ToolCallOptions { Tools = s_tools, Mode = ToolCallMode.Required, OnlyTool = "search.web-2", Parallel = false };
        foreach (var family in new[] { "kimi-k2", "chatml", "deepseek-v3.1", "harmony", "llama-3" })
        {
            var compiled = Create(family, options);
            for (var seed = 0; seed < 100; seed++)
            {
                var answer = Sampling.Answer(compiled, stop, new Random(seed), compiled.TokensNeeded + 60, strict: false);
                answer = answer[(answer.IndexOf("</think>", StringComparison.Ordinal) is >= 0 and var end ? end : 0)..];
                Assert.Single(Regex.Matches(answer, Regex.Escape("search.web-2")));
                Assert.DoesNotContain("get_weather", answer, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Where_the_marker_has_no_token_its_text_begins_a_call()
    {
        var (vocabulary, stop) = (SmallVocabulary.Plain, SmallVocabulary.StopId(SmallVocabulary.Plain));
        var tokenizer = vocabulary.Tokenizer;
        var constraint = ToolCallGrammar.Create("chatml", tokenizer, new ToolCallOptions { Tools = s_tools }).Compile(vocabulary).CreateConstraint([stop]);
        Take(constraint, tokenizer.Encode("a <tool_cal <<tool_call>"));
        Assert.False(constraint.IsComplete);
        Assert.Equal(['\n'], Allowed(constraint, vocabulary));
        Take(constraint, tokenizer.Encode("\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"));
        Assert.True(constraint.IsComplete);
    }

    [Fact]
    public void Tools_that_cannot_be_kept_are_refused_by_name()
    {
        var tokenizer = SmallVocabulary.Instance.Tokenizer;
        Assert.Contains("tool bad: JSON schema, #/not", Assert.Throws<NotSupportedException>(() => Create("kimi-k2", new ToolCallOptions { Tools = [Tool("bad", "{\"not\":{}}")] })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Create("kimi-k2", new ToolCallOptions { Tools = s_tools, OnlyTool = "missing" }));
        Assert.Throws<ArgumentException>(() => Create("kimi-k2", new ToolCallOptions { Tools = [s_tools[0], s_tools[0]] }));
        Assert.Throws<NotSupportedException>(() => ToolCallGrammar.Create("plain", tokenizer, new ToolCallOptions { Tools = s_tools }));
    }

    internal static ToolDefinition Tool(string name, string parameters) =>
        new(JsonDocument.Parse($$$"""{"type":"function","function":{"name":"{{{name}}}","parameters":{{{parameters}}} }}""").RootElement);

    private static CompiledGrammar Create(string family, ToolCallOptions options) =>
        ToolCallGrammar.Create(family, SmallVocabulary.Instance.Tokenizer, options).Compile(SmallVocabulary.Instance);

    private static void Take(GrammarConstraint constraint, IEnumerable<int> ids)
    {
        foreach (var id in ids)
        {
            constraint.Accept(id);
        }
    }

    private static int[] Allowed(GrammarConstraint constraint, GrammarVocabulary vocabulary, int tokensLeft = int.MaxValue)
    {
        var mask = new ulong[(vocabulary.Size + 63) / 64];
        constraint.TryFill(mask, tokensLeft);
        return [.. Enumerable.Range(0, vocabulary.Size).Where(id => (mask[id >> 6] >> id & 1) != 0)];
    }
}
