using System.Net.Http.Headers;
using System.Text.Json;
using Crescent.Server;
using Crescent.Server.Prices;
using Crescent.Server.Security;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Security;

public sealed class KeyLimitTests
{
    private const string Completions = "/v1/completions";
    private const string Messages = "/v1/messages";
    private const string Chat = "/api/chat";

    private readonly SteppedTime _time = new();

    [Fact]
    public async Task Tokens_a_minute_are_prompts_and_answers_and_come_back_steadily()
    {
        await using var scene = await OpenAsync(new KeyLimits { TokensPerMinute = 30 });
        await CompleteAsync(scene, tokens: 10); // 5 of the prompt
        await CompleteAsync(scene, tokens: 40); // what runs may end: 30 more than there were
        using var refused = await PostAsync(scene, Completions, Body(4));
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Equal(62, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds); // 31 tokens at half a token a second
        var error = await ReadAsync(refused);
        Assert.Equal(("rate_limit_error", "rate_limit_exceeded"), (error.GetProperty("error").Text("type"), error.GetProperty("error").Text("code")));
        _time.Step(TimeSpan.FromSeconds(61));
        Assert.Equal(429, await StatusAsync(scene, "alpha"));
        _time.Step(TimeSpan.FromSeconds(1));
        Assert.Equal(200, await StatusAsync(scene, "alpha"));
    }

    [Fact]
    public async Task Tokens_a_day_begin_anew_at_midnight()
    {
        await using var scene = await OpenAsync(new KeyLimits { TokensPerDay = 20 });
        await CompleteAsync(scene, tokens: 10);
        await CompleteAsync(scene, tokens: 10);
        using var refused = await PostAsync(scene, Completions, Body(4));
        Assert.Equal(429, (int)refused.StatusCode);
        var midnight = new DateTimeOffset(2026, 1, 3, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal((midnight - _time.GetUtcNow()).TotalSeconds, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        Assert.Equal(200, await StatusAsync(scene, "beta"));
        _time.Step(midnight - _time.GetUtcNow());
        Assert.Equal(200, await StatusAsync(scene, "alpha"));
    }

    [Fact]
    public async Task What_answers_cost_is_bound_by_the_price_list()
    {
        // A whole currency unit for five tokens of a prompt, a half for each of an answer.
        var prices = new PriceList { Date = new DateOnly(2026, 1, 1), Currency = "EUR", Hosted = [new HostedPrice { Name = "v", Model = "tiny", Prompt = 200_000, Completion = 500_000 }] };
        await using var scene = await OpenAsync(new KeyLimits { CostPerDay = 6 }, prices);
        await CompleteAsync(scene, tokens: 8); // 5
        await CompleteAsync(scene, tokens: 1); // the prompt's cached tokens cost as much: 6.5
        using var refused = await PostAsync(scene, Completions, Body(4));
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Contains("6 EUR", (await ReadAsync(refused)).GetProperty("error").Text("message"), StringComparison.Ordinal);
        _time.Step(TimeSpan.FromDays(1));
        Assert.Equal(200, await StatusAsync(scene, "alpha"));
    }

    [Fact]
    public async Task A_key_may_have_its_own_number_of_requests()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Keys = Keys(new KeyLimits { RequestsPerMinute = 1 }), RequestsPerMinute = 2, Time = _time });
        Assert.Equal(200, await StatusAsync(scene, "alpha"));
        Assert.Equal(429, await StatusAsync(scene, "alpha"));
        Assert.Equal((200, 200, 429), (await StatusAsync(scene, "beta"), await StatusAsync(scene, "beta"), await StatusAsync(scene, "beta")));
        _time.Step(TimeSpan.FromSeconds(30));
        Assert.Equal((429, 200), (await StatusAsync(scene, "alpha"), await StatusAsync(scene, "beta")));
    }

    [Fact]
    public async Task Each_API_has_its_own_words_for_it_and_looking_is_free()
    {
        await using var scene = await OpenAsync(new KeyLimits { TokensPerDay = 1 });
        await CompleteAsync(scene, tokens: 2);
        using var anthropic = await PostAsync(scene, Messages, """{"model":"tiny","max_tokens":2,"messages":[{"role":"user","content":"x"}]}""");
        var error = await ReadAsync(anthropic);
        Assert.Equal((429, "error", "rate_limit_error"), ((int)anthropic.StatusCode, error.Text("type"), error.GetProperty("error").Text("type")));
        Assert.NotNull(anthropic.Headers.RetryAfter);
        using var ollama = await PostAsync(scene, Chat, """{"model":"tiny","messages":[{"role":"user","content":"x"}]}""");
        Assert.Equal(429, (int)ollama.StatusCode);
        Assert.Contains("1 tokens a day", (await ReadAsync(ollama)).Text("error"), StringComparison.Ordinal);
        foreach (var (path, body) in ((string, string)[])[("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"stream":true}"""), ("/v1/responses", """{"input":"x"}"""), ("/v1/embeddings", """{"input":"x"}""")])
        {
            using var refused = await PostAsync(scene, path, body);
            Assert.Equal(429, (int)refused.StatusCode);
        }

        using var tokens = await PostAsync(scene, "/tokenize", """{"content":"x"}""");
        Assert.True(tokens.IsSuccessStatusCode);
    }

    [Fact]
    public async Task An_answer_that_is_given_up_counts_with_what_was_generated()
    {
        await using var scene = await ServerScene.OpenAsync();
        var taken = 0;
        using var answer = scene.Engine.Submit(new Engine.Chat.ChatRequest { Prompt = scene.Tokenizer.Encode("Once upon a time"), Ended = (_, usage, _) => taken = usage.Completion }, TestContext.Current.CancellationToken);
        _ = await answer.NextAsync(TestContext.Current.CancellationToken);
        answer.Cancel();
        await Wait.ForAsync(() => scene.Engine.Pending == 0);
        Assert.InRange(taken, 1, 127);
    }

    [Fact]
    public void A_key_file_has_limits_after_each_key()
    {
        var keys = Read("# staff\nalpha tokens-per-minute=60000\ttokens-per-day=2000000 cost-per-day=2.5\n\n  beta  requests-per-minute=30\ngamma\n");
        Assert.Equal((0, 1, 2, -1), (keys.Find("alpha"), keys.Find("beta"), keys.Find("gamma"), keys.Find("alpha tokens-per-minute=60000")));
        Assert.Equal([new KeyLimits { TokensPerMinute = 60000, TokensPerDay = 2000000, CostPerDay = 2.5 }, new KeyLimits { RequestsPerMinute = 30 }, KeyLimits.None], keys.Limits);
    }

    [Theory]
    [InlineData("alpha tokens-per-day=0", "line 1: tokens-per-day: expected a whole number from 1, found '0'")]
    [InlineData("a\nb tokens-per-minute=1e5", "line 2: tokens-per-minute")]
    [InlineData("alpha cost-per-day=-1", "line 1: cost-per-day: expected a number above 0")]
    [InlineData("alpha tokens=5", "line 1: expected requests-per-minute=")]
    [InlineData("alpha\nalpha", "expected each key once")]
    [InlineData("# none", "an API key a line")]
    public void A_key_file_with_a_mistake_says_where(string text, string words)
    {
        var message = Assert.Throws<ArgumentException>(() => Read(text)).Message;
        Assert.Contains(words, message, StringComparison.Ordinal);
        Assert.DoesNotContain("alpha", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bound_on_cost_needs_prices()
    {
        var exception = Assert.Throws<ArgumentException>(() => CrescentServer.Check(new ServerOptions { Keys = Keys(new KeyLimits { CostPerDay = 1 }) }));
        Assert.Contains("--prices", exception.Message, StringComparison.Ordinal);
    }

    private static ApiKeys Keys(KeyLimits alpha) => new([("alpha", alpha), ("beta", KeyLimits.None)]);

    private static ApiKeys Read(string text)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            return ApiKeys.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private Task<ServerScene> OpenAsync(KeyLimits alpha, PriceList? prices = null) => ServerScene.OpenAsync(server: options => options with { Keys = Keys(alpha), Prices = prices, Time = _time });

    private static string Body(int tokens) => $$"""{"prompt":"Once upon a time","max_tokens":{{tokens}}}""";

    private static async Task CompleteAsync(ServerScene scene, int tokens)
    {
        using var response = await PostAsync(scene, Completions, Body(tokens));
        var usage = (await ReadAsync(response)).GetProperty("usage");
        Assert.Equal((5, tokens), (usage.Int("prompt_tokens"), usage.Int("completion_tokens")));
        await Wait.ForAsync(() => scene.Engine.Pending == 0);
    }

    private static async Task<int> StatusAsync(ServerScene scene, string key)
    {
        using var response = await PostAsync(scene, Completions, Body(1), key);
        return (int)response.StatusCode;
    }

    private static Task<HttpResponseMessage> PostAsync(ServerScene scene, string path, string body, string key = "alpha")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return scene.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) => JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
}
