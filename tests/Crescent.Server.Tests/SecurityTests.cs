using System.Net.Http.Headers;
using Crescent.Server;
using Crescent.Server.Models;
using Crescent.Server.Security;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests;

public sealed class SecurityTests
{
    [Fact]
    public async Task A_key_is_asked_for_where_there_are_keys()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Keys = new ApiKeys(["alpha", "beta"]) });
        Assert.Equal(401, await StatusAsync(scene, "/v1/models"));
        Assert.Equal(401, await StatusAsync(scene, "/v1/models", request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "alphabet")));
        Assert.Equal(200, await StatusAsync(scene, "/v1/models", request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "beta")));
        Assert.Equal(200, await StatusAsync(scene, "/v1/models", request => request.Headers.Add("x-api-key", "alpha")));
        Assert.Equal(200, await StatusAsync(scene, "/health"));
        var error = await scene.RefusedAsync(401, "/v1/chat/completions", "{}");
        Assert.Equal("invalid_api_key", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_key_has_so_many_requests_a_minute()
    {
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Keys = new ApiKeys(["alpha", "beta"]), RequestsPerMinute = 2 });
        Assert.Equal(200, await WithKeyAsync("alpha"));
        Assert.Equal(200, await WithKeyAsync("alpha"));
        Assert.Equal(429, await WithKeyAsync("alpha"));
        Assert.Equal(200, await WithKeyAsync("beta"));

        Task<int> WithKeyAsync(string key) => StatusAsync(scene, "/v1/models", request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key));
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("127.0.0.1:8080", 200)]
    [InlineData("[::1]:8080", 200)]
    [InlineData("evil.example", 403)]
    [InlineData("localhost.evil.example", 403)]
    public async Task A_loopback_server_answers_to_local_names_alone(string host, int status)
    {
        await using var scene = await ServerScene.OpenAsync();
        Assert.Equal(status, await StatusAsync(scene, "/v1/models", request => request.Headers.Host = host));
    }

    [Fact]
    public async Task Pages_of_other_origins_are_kept_out_unless_they_are_allowed()
    {
        await using var closed = await ServerScene.OpenAsync();
        Assert.Equal(403, await StatusAsync(closed, "/v1/models", request => request.Headers.Add("Origin", "https://evil.example")));
        Assert.Equal(403, await StatusAsync(closed, "/v1/models", request => request.Headers.Add("Origin", "null")));
        Assert.Equal(200, await StatusAsync(closed, "/v1/models", request => request.Headers.Add("Origin", "http://localhost")));

        await using var open = await ServerScene.OpenAsync(server: options => options with { CorsOrigins = ["https://page.example"] });
        Assert.Equal(403, await StatusAsync(open, "/v1/models", request => request.Headers.Add("Origin", "https://evil.example")));
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions");
        preflight.Headers.Add("Origin", "https://page.example");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization, x-stainless-os");
        using var response = await open.Http.SendAsync(preflight, TestContext.Current.CancellationToken);
        Assert.Equal(204, (int)response.StatusCode);
        Assert.Equal("https://page.example", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("x-stainless-os", response.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("192.168.1.5")]
    [InlineData("::")]
    public void A_server_open_to_other_machines_needs_keys(string host)
    {
        var exception = Assert.Throws<ArgumentException>(() => new CrescentServer(new ModelRegistry([]), new ServerOptions { Host = host }));
        Assert.Contains("--api-key-file", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_says_what_was_asked_and_never_what_was_said()
    {
        var lines = new List<string>();
        await using var scene = await ServerScene.OpenAsync(server: options => options with { Log = lines.Add });
        await scene.AskAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"secret words"}],"max_tokens":2}""");
        await Wait.ForAsync(() => lines.Count > 0);
        Assert.Contains("POST /v1/chat/completions 200", lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", string.Concat(lines), StringComparison.Ordinal);
    }

    private static async Task<int> StatusAsync(ServerScene scene, string path, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        change?.Invoke(request);
        using var response = await scene.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }
}
