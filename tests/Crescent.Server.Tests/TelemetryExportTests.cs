using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Crescent.Server;
using Crescent.Server.Models;
using Crescent.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Crescent.Tests;

public sealed class TelemetryExportTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Secret = "quetzalcoatlus";

    [Fact]
    public async Task A_collector_gets_the_spans_of_a_callers_trace_and_metrics_but_no_prompt()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var got = new ConcurrentDictionary<string, byte[]>();
        await using var collector = await CollectAsync(got);
        using (var model = OpenedModel.Open("tiny"))
        await using (var registry = new ModelRegistry([model.Served]))
        await using (var server = new CrescentServer(registry, new ServerOptions { Port = 0, Collector = new Uri(AddressOf(collector)) }))
        {
            await server.StartAsync(cancellation);
            using var client = new HttpClient { BaseAddress = new Uri(Assert.Single(server.Addresses)) };
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
            {
                Content = new StringContent($"{{\"model\":\"tiny\",\"max_tokens\":3,\"messages\":[{{\"role\":\"user\",\"content\":\"{Secret}\"}}]}}", Encoding.UTF8, "application/json"),
            };
            request.Headers.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-01");
            using var reply = await client.SendAsync(request, cancellation);
            Assert.True(reply.IsSuccessStatusCode);
            await server.StopAsync(TimeSpan.Zero);
        }

        var (spans, metrics) = (got["/v1/traces"], got["/v1/metrics"]);
        Assert.True(spans.AsSpan().IndexOf(Convert.FromHexString(Trace)) >= 0, "the caller's trace");
        foreach (var text in new[] { "crescent", "Crescent.Chat", "gen_ai.usage.output_tokens", "gen_ai.request.model" })
        {
            Assert.True(spans.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0, text);
        }

        Assert.True(metrics.AsSpan().IndexOf("gen_ai.client.token.usage"u8) >= 0);
        Assert.All(got.Values, bytes => Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) < 0));
    }

    [Fact]
    public async Task A_collector_that_is_not_there_stops_nothing()
    {
        using var model = OpenedModel.Open("tiny");
        await using var registry = new ModelRegistry([model.Served]);
        var time = Stopwatch.StartNew();
        await using (var server = new CrescentServer(registry, new ServerOptions { Port = 0, Collector = new Uri("http://127.0.0.1:1") }))
        {
            await server.StartAsync(TestContext.Current.CancellationToken);
            using var client = new HttpClient { BaseAddress = new Uri(Assert.Single(server.Addresses)) };
            Assert.Contains("tiny", await client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken), StringComparison.Ordinal);
            await server.StopAsync(TimeSpan.Zero);
        }

        Assert.True(time.Elapsed < TimeSpan.FromSeconds(60), $"{time.Elapsed}");
        Assert.Contains("--otlp", Assert.Throws<ArgumentException>(() => CrescentServer.Check(new ServerOptions { Collector = new Uri("ftp://a") })).Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> CollectAsync(ConcurrentDictionary<string, byte[]> got)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            got.AddOrUpdate(context.Request.Path.Value!, body.ToArray(), (_, earlier) => [.. earlier, .. body.ToArray()]);
            context.Response.ContentType = "application/x-protobuf";
            await context.Response.CompleteAsync();
        });
        await app.StartAsync();
        return app;
    }

    private static string AddressOf(WebApplication app) => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
}
