using System.Text.Json;
using Crescent.Server.Prices;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Prices;

public sealed class CostTests
{
    private const string Path = "/v1/chat/completions";
    private const string Body = "\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}],\"max_tokens\":20";

    private static readonly PriceList s_prices = new()
    {
        Date = new DateOnly(2026, 11, 1),
        Currency = "EUR",
        Electricity = new ElectricityPrice { Watts = 3_600_000, PerKwh = 1 }, // one a second
        Hosted =
        [
            new HostedPrice { Name = "A", Model = "ti*", Prompt = 1, Cached = 0.5, Completion = 10 },
            new HostedPrice { Name = "B", Model = "other", Prompt = 1, Completion = 1 },
        ],
    };

    [Fact]
    public async Task Usage_tells_what_answers_cost_here_and_elsewhere()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Prices = s_prices });
        var reply = await scene.AskAsync(Path, $$"""{ {{Body}},"model":"alias","n":2,"seed":1}""");
        var cost = reply.GetProperty("usage").GetProperty("cost");
        Assert.Equal(["currency", "date", "electricity", "hosted"], cost.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("EUR", "2026-11-01"), (cost.GetProperty("currency").GetString(), cost.GetProperty("date").GetString()));
        var hosted = Assert.Single(cost.GetProperty("hosted").EnumerateArray());
        Assert.Equal("A", hosted.GetProperty("name").GetString());
        Assert.Equal(5 + (10 * 40), hosted.GetProperty("cost").GetDouble() * 1e6, 1e-9);
        // As many as seconds: at least the time that the first answer took, less than all of the test.
        var timings = reply.GetProperty("timings");
        var first = (timings.GetProperty("prompt_ms").GetDouble() + timings.GetProperty("predicted_ms").GetDouble()) / 1000;
        Assert.InRange(cost.GetProperty("electricity").GetDouble(), first - 0.001, 600);
    }

    [Fact]
    public async Task Streams_tell_it_last()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Prices = s_prices });
        var chunks = await scene.StreamAsync(Path, $$"""{ {{Body}},"n":2,"stream":true,"stream_options":{"include_usage":true} }""");
        Assert.Equal(405, Hosted(chunks[^1].GetProperty("usage")), 1e-9);
        var closing = chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).Where(choice => choice.TryGetProperty("usage", out _)).ToArray();
        Assert.Equal(2, closing.Length);
        Assert.All(closing, choice => Assert.Equal(205, Hosted(choice.GetProperty("usage")), 1e-9));

        static double Hosted(JsonElement usage) => usage.GetProperty("cost").GetProperty("hosted")[0].GetProperty("cost").GetDouble() * 1e6;
    }

    [Fact]
    public async Task What_has_no_price_is_left_out()
    {
        await using var plain = await ServerScene.OpenAsync();
        Assert.False((await plain.AskAsync(Path, $$"""{ {{Body}} }""")).GetProperty("usage").TryGetProperty("cost", out _));
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Prices = s_prices with { Electricity = null, Hosted = [] } });
        Assert.Equal("""{"currency":"EUR","date":"2026-11-01","hosted":[]}""", (await scene.AskAsync(Path, $$"""{ {{Body}} }""")).GetProperty("usage").GetProperty("cost").GetRawText());
    }
}
