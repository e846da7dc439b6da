using System.Net;
using Crescent.Server.Anthropic;
using Crescent.Server.Http;
using Crescent.Server.Llama;
using Crescent.Server.Models;
using Crescent.Server.Ollama;
using Crescent.Server.OpenAi;
using Crescent.Server.Responses;
using Crescent.Server.Security;
using Crescent.Server.Status;
using Crescent.Server.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Crescent.Server;

/// <summary>The HTTP server over the models of a registry, which it does not own.</summary>
public sealed class CrescentServer : IAsyncDisposable
{
    // For the last bytes of replies on their way.
    private static readonly TimeSpan s_flushLimit = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly ModelRegistry _models;
    private readonly TelemetryExport? _telemetry;

    /// <param name="host">Where requests come from; null for the network.</param>
    /// <exception cref="ArgumentException"><see cref="Check"/> refuses the options.</exception>
    public CrescentServer(ModelRegistry models, ServerOptions options, Action<IWebHostBuilder>? host = null)
    {
        Check(options);
        _models = models;
        _telemetry = options.Collector is { } collector ? new TelemetryExport(collector) : null;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, OwnersLifetime>();
        if (host is null)
        {
            builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, options));
        }
        else
        {
            host(builder.WebHost);
        }

        _app = builder.Build();
        var log = new RequestLog(options);
        var keys = new KeyGuard(options);
        var origins = new OriginGuard(options);
        _app.Use(next => context => log.RunAsync(context, next));
        _app.Use(next => context => ErrorShield.RunAsync(context, next, options.Log));
        _app.Use(next => context => origins.RunAsync(context, next));
        _app.UseRouting();
        _app.Use(next => context => keys.RunAsync(context, next));
        Map(_app, models, options);
    }

    /// <summary>Where it listens, once it does.</summary>
    public IReadOnlyCollection<string> Addresses =>
        [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? []];

    public IServiceProvider Services => _app.Services;

    /// <exception cref="ArgumentException">The host is no address, or would be open to other machines without a key; or a key's cost is bound, and nothing has a price.</exception>
    public static void Check(ServerOptions options)
    {
        if (options.Host != "localhost" && !IPAddress.TryParse(options.Host.Trim('[', ']'), out _))
        {
            throw new ArgumentException($"--host: expected an IP address or localhost, found '{options.Host}'");
        }

        if (!OriginGuard.IsLoopback(options.Host) && options.Keys is null)
        {
            throw new ArgumentException($"--host {options.Host} is open to other machines: that needs API keys (--api-key-file FILE), or listen on 127.0.0.1");
        }

        if (options.Collector is { } collector && !(collector.IsAbsoluteUri && collector.Scheme is "http" or "https"))
        {
            throw new ArgumentException($"--otlp: expected an address such as http://127.0.0.1:4318, found '{collector}'");
        }

        if (options.Prices is null && options.Keys?.Limits.Any(limits => limits.CostPerDay is not null) == true)
        {
            throw new ArgumentException("--api-key-file bounds what a key may cost (cost-per-day): that needs prices (--prices FILE)");
        }
    }

    public Task StartAsync(CancellationToken cancellation = default) => _app.StartAsync(cancellation);

    /// <summary>Lets running answers end, for so long, and refuses new requests; then closes.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        await _models.DrainAsync(limit);
        using var flush = new CancellationTokenSource(s_flushLimit);
        await _app.StopAsync(flush.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _telemetry?.Dispose();
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        if (options.Host == "localhost" && options.Port > 0)
        {
            kestrel.ListenLocalhost(options.Port, Secure);
            return;
        }

        kestrel.Listen(options.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(options.Host.Trim('[', ']')), options.Port, Secure);

        void Secure(ListenOptions listen)
        {
            if (options.Certificates is { } certificates)
            {
                listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificates.Server, ServerCertificateChain = certificates.Chain });
            }
        }
    }

    private static void Map(IEndpointRouteBuilder routes, ModelRegistry models, ServerOptions options)
    {
        var list = new ModelsEndpoint(models);
        var anthropicList = new AnthropicModels(models);
        var listErrors = new ErrorWriter(AnthropicModels.WriteErrorAsync);
        Get("/v1/models", context => AnthropicModels.IsAsked(context) ? anthropicList.ListAsync(context) : list.ListAsync(context)).WithMetadata(listErrors);
        Get("/v1/models/{**id}", context => AnthropicModels.IsAsked(context) ? anthropicList.OneAsync(context) : list.OneAsync(context)).WithMetadata(listErrors);
        Post("/v1/chat/completions", new ChatCompletionsEndpoint(models, options).AnswerAsync);
        Post("/v1/completions", new CompletionsEndpoint(models, options).AnswerAsync);
        Post("/v1/embeddings", new EmbeddingsEndpoint(models, options).AnswerAsync);
        Post("/v1/tokenizers/estimate-token-count", new TokenEstimateEndpoint(models, options).CountAsync);
        MapResponses();
        MapAnthropic();
        MapOllama();
        MapLlama();
        routes.MapPage();

        void MapResponses()
        {
            var responses = new ResponsesEndpoint(models, options);
            Post("/v1/responses", responses.AnswerAsync);
            Post("/v1/responses/input_tokens", responses.CountAsync);
            Get("/v1/responses/{id}", responses.OneAsync);
            routes.MapDelete("/v1/responses/{id}", responses.DeleteAsync);
        }

        void MapAnthropic()
        {
            var messages = new MessagesEndpoint(models, options);
            var errors = new ErrorWriter(AnthropicErrors.WriteAsync);
            Post("/v1/messages", messages.AnswerAsync).WithMetadata(errors);
            Post("/v1/messages/count_tokens", messages.CountAsync).WithMetadata(errors);
        }

        void MapOllama()
        {
            var answers = new OllamaEndpoints(models, options);
            var known = new OllamaModelEndpoints(models, options);
            var embeddings = new OllamaEmbeddings(models, options);
            var api = routes.MapGroup("/api").WithMetadata(new ErrorWriter(OllamaErrors.WriteAsync));
            api.MapPost("/chat", answers.ChatAsync);
            api.MapPost("/generate", answers.GenerateAsync);
            api.MapGet("/tags", known.TagsAsync);
            api.MapGet("/ps", known.RunningAsync);
            api.MapGet("/version", OllamaModelEndpoints.VersionAsync);
            api.MapPost("/show", known.ShowAsync);
            api.MapPost("/embed", embeddings.EmbedAsync);
            api.MapPost("/embeddings", embeddings.EmbedOneAsync);
            api.Map("/{**other}", OllamaModelEndpoints.RefuseOthersAsync);
        }

        void MapLlama()
        {
            var tokenizer = new TokenizerEndpoints(models, options);
            Post("/tokenize", tokenizer.TokenizeAsync);
            Post("/detokenize", tokenizer.DetokenizeAsync);
            Post("/apply-template", tokenizer.ApplyTemplateAsync);
            Get("/tokenizer_info", tokenizer.DescribeAsync);
            var status = new StatusEndpoints(models);
            Get("/props", status.PropsAsync);
            Get("/slots", status.SlotsAsync);
            Get("/metrics", new MetricsEndpoint(models).AnswerAsync);
            var loading = new ModelEndpoints(models, options);
            Get("/models", list.ListAsync);
            Post("/models/load", loading.LoadAsync);
            Post("/models/unload", loading.UnloadAsync);
            Get("/crescent/status", new StatusEndpoint(models).AnswerAsync);
            Get("/health", HealthEndpoint.AnswerAsync).WithMetadata(new NoKeyNeeded());
            Get("/v1/health", HealthEndpoint.AnswerAsync).WithMetadata(new NoKeyNeeded());
        }

        IEndpointConventionBuilder Get(string path, RequestDelegate answer) => routes.MapGet(path, answer);

        IEndpointConventionBuilder Post(string path, RequestDelegate answer) => routes.MapPost(path, answer);
    }
}
