using Crescent.Engine.Runtime.Speculation;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests;

public sealed class SpeculationTests
{
    private const string Prompt = "Tom saw a red ball. Tom saw a red ball. Tom saw a red ball. Tom saw";

    [Fact]
    public async Task Guesses_are_counted_and_change_no_answer()
    {
        await using var plain = await ServerScene.OpenAsync(engine: options => options with { Context = 256 });
        await using var ahead = await ServerScene.OpenAsync(engine: options => options with { Context = 256, Speculation = new SpeculationOptions { IsAdaptive = false } });
        // The prompt's own tokens are made likely: the model need not repeat by itself.
        var bias = string.Join(',', plain.Tokenizer.Encode(Prompt).Distinct().Select(id => $"\"{id}\":4"));
        foreach (var more in (string[])["", ",\"stop\":\"ball. T\"", ",\"logprobs\":2", ",\"temperature\":0.7,\"seed\":3"])
        {
            var body = $$"""{"prompt":"{{Prompt}}","max_tokens":100,"logit_bias":{{{bias}}}{{more}}}""";
            var expected = await plain.AskAsync("/v1/completions", body);
            var found = await ahead.AskAsync("/v1/completions", body);
            Assert.Equal(expected.GetProperty("choices").GetRawText(), found.GetProperty("choices").GetRawText());
            Assert.Equal(expected.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), found.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
            Assert.False(expected.GetProperty("timings").TryGetProperty("draft_n", out _));
            var details = found.GetProperty("usage").GetProperty("completion_tokens_details");
            var accepted = details.GetProperty("accepted_prediction_tokens").GetInt32();
            Assert.InRange(accepted, 1, 100);
            Assert.Equal(accepted, found.GetProperty("timings").GetProperty("draft_n_accepted").GetInt32());
            Assert.Equal(accepted + details.GetProperty("rejected_prediction_tokens").GetInt32(), found.GetProperty("timings").GetProperty("draft_n").GetInt32());
        }

        var metrics = await ahead.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.DoesNotContain("llamacpp:tokens_drafted_accepted_total 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("llamacpp:tokens_drafted_total ", metrics, StringComparison.Ordinal);
    }
}
