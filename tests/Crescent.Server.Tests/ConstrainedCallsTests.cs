using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Crescent.Tests.Support;
using Crescent.Text.Tests.Grammars;
using Xunit;

namespace Crescent.Tests;

/// <summary>
/// A model of random weights, which knows no syntax, is bound to calls and schemas: every answer must be valid all the same. <c>CRESCENT_CALLS=1000</c>
/// asks for as many answers instead of a few.
/// </summary>
public sealed partial class ConstrainedCallsTests
{
    private const string Path = "/v1/chat/completions";
    private const int UsualAnswers = 40;
    private const int LeastFreeTokens = 150;
    private static readonly Dictionary<string, SchemaOracle> s_oracles = ConstrainedAsk.Schemas.Values.ToDictionary(schema => schema, schema => new SchemaOracle(schema));

    private static int Answers => int.TryParse(Environment.GetEnvironmentVariable("CRESCENT_CALLS"), CultureInfo.InvariantCulture, out var asked) ? asked : UsualAnswers;

    [Fact]
    public async Task Every_bound_answer_is_valid_and_the_same_streamed()
    {
        await using var scene = await ServerScene.OpenAsync("tiny-kimi-k2", "kimi-k2", options => options with { Context = 4096 });
        var begin = scene.Tokenizer.FindMarker("<|tool_calls_section_begin|>")!.Value;
        var (calls, outcomes) = (0, 0);
        var limits = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForAsync(0, Answers, limits, async (seed, _) =>
        {
            var ask = ConstrainedAsk.Of(seed, begin);
            var room = Math.Max(await LeastTokensAsync(scene, ask), seed % 3 == 0 ? 1 : ask.MaxTokens);
            var whole = ChatOutcome.Of(await scene.AskAsync(Path, ask.Json(stream: false, room)));
            Check(ask, whole, $"seed {seed}, room for {room} tokens: {whole}");
            Assert.Equal(whole, ChatOutcome.Of(await scene.StreamAsync(Path, ask.Json(stream: true, room))));
            Interlocked.Add(ref calls, whole.Calls.Count);
            Interlocked.Increment(ref outcomes);
        });
        Assert.Equal(Answers, outcomes);
        Assert.InRange(calls, Answers / 2, int.MaxValue);
        TestContext.Current.SendDiagnosticMessage($"{outcomes} answers, {calls} calls, every one valid");
    }

    [Theory]
    [InlineData("tiny-kimi-k2", "kimi-k2", "<|tool_calls_section_begin|>")]
    [InlineData("tiny-qwen3-30b-a3b", "chatml", "<tool_call>")]
    public async Task With_tools_and_a_form_an_answer_is_either_calls_or_fits(string model, string template, string begin)
    {
        await using var scene = await ServerScene.OpenAsync(model, template, options => options with { Context = 4096 });
        var marker = scene.Tokenizer.FindMarker(begin) ?? scene.Tokenizer.Encode(begin)[0];
        var (texts, calls) = (0, 0);
        for (var seed = 0; seed < Answers; seed++)
        {
            var ask = ConstrainedAsk.Of((4 * seed) + 2, marker);
            Assert.Equal("auto", ask.Kind);
            ask.Body["logit_bias"] = new JsonObject { [$"{marker}"] = seed % 2 == 0 ? 100 : -100 };
            var schema = ConstrainedAsk.Schemas["weather"];
            ask.Body["response_format"] = new JsonObject { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["name"] = "answer", ["schema"] = JsonNode.Parse(schema) } };
            var outcome = ChatOutcome.Of(await scene.AskAsync(Path, ask.Json(stream: false, 600)));
            var what = $"seed {seed}: {outcome}";
            if (outcome.Calls.Count > 0)
            {
                Assert.True(outcome is { Finish: "tool_calls", Content: "" }, what);
                Assert.All(outcome.Calls, call => Assert.Null(s_oracles[ask.Tools[call.Name]].Error(call.Arguments)));
                calls++;
            }
            else
            {
                Assert.True(outcome.Finish == "stop" && s_oracles[schema].Error(outcome.Content) is null, what);
                texts++;
            }
        }

        Assert.Equal((Answers / 2, Answers / 2), (texts, calls));
    }

    [Fact]
    public async Task Text_beside_tools_on_offer_is_cut_off_at_the_limit_as_without_them()
    {
        await using var scene = await ServerScene.OpenAsync("tiny-kimi-k2", "kimi-k2", options => options with { Context = 4096 });
        var ask = ConstrainedAsk.Of(2, 0);
        var end = string.Join(',', scene.Engine.Template.StopNames.Select(scene.Tokenizer.FindMarker).Concat([scene.Tokenizer.EosId]).OfType<int>().Distinct().Select(id => $"\"{id}\":-100"));
        ask.Body["logit_bias"] = JsonNode.Parse($"{{{end}}}");
        Assert.Equal("auto", ask.Kind);
        foreach (var room in new[] { 1, 2, 24 })
        {
            var reply = await scene.AskAsync(Path, ask.Json(stream: false, room));
            Assert.Equal((room, "length"), (reply.GetProperty("usage").Int("completion_tokens"), ChatOutcome.Of(reply).Finish));
        }
    }

    private static void Check(ConstrainedAsk ask, ChatOutcome outcome, string what)
    {
        Assert.False(outcome.Content.Contains("<|", StringComparison.Ordinal), what);
        if (ask.Schema is { } schema)
        {
            Assert.True(s_oracles[schema].Error(outcome.Content) is null, $"{s_oracles[schema].Error(outcome.Content)}; {what}");
            Assert.True(outcome is { Finish: "stop", Calls: [] }, what);
            return;
        }

        CheckCalls(ask, outcome, what);
    }

    private static void CheckCalls(ConstrainedAsk ask, ChatOutcome outcome, string what)
    {
        var (count, mustCall) = (outcome.Calls.Count, ask.Kind != "auto" || ask.Body.ContainsKey("logit_bias"));
        Assert.True(count > 0 ? outcome.Finish == "tool_calls" : !mustCall && outcome.Finish is "stop" or "length", what);
        Assert.True(!mustCall || outcome.Content.Length == 0, what);
        Assert.True(ask.Parallel || count <= 1, what);
        for (var i = 0; i < count; i++)
        {
            var (id, name, arguments) = outcome.Calls[i];
            Assert.True(id == $"functions.{name}:{ask.FirstIndex + i}", what);
            Assert.True(ask.Tools.TryGetValue(name, out var parameters) && (ask.Only ?? name) == name, what);
            Assert.True(s_oracles[parameters].Error(arguments) is null, $"{s_oracles[parameters].Error(arguments)}; {what}");
        }
    }

    // The least room that an answer fits into, which a request with less is told. A model that may choose can do with any.
    private static async Task<int> LeastTokensAsync(ServerScene scene, ConstrainedAsk ask)
    {
        if (ask.Kind == "auto")
        {
            return LeastFreeTokens;
        }

        var error = await scene.RefusedAsync(400, Path, ask.Json(stream: false, 1));
        return int.Parse(Needed().Match(error.Text("message")!).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("needs ([0-9]+) tokens")]
    private static partial Regex Needed();
}
