using Crescent.Server.Prices;
using Crescent.Server.Security;

namespace Crescent.Server;

/// <summary>Where the server listens, whom it answers, and its limits.</summary>
public sealed record ServerOptions
{
    /// <summary>Address to listen on. One that other machines reach needs <see cref="Keys"/>.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 for any that is free.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Keys that requests must bring; null where none are asked for.</summary>
    public ApiKeys? Keys { get; init; }

    /// <summary>Makes the server speak HTTPS; null for HTTP.</summary>
    public TlsCertificates? Certificates { get; init; }

    /// <summary>Origins of web pages that may use the server beside its own; <c>*</c> for all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Most requests a minute with one key; 0 for no limit.</summary>
    public int RequestsPerMinute { get; init; }

    public long MaxBodyBytes { get; init; } = 32 << 20;

    /// <summary>Most answers to one request.</summary>
    public int MaxChoices { get; init; } = 128;

    /// <summary>Silence after which a stream sends a comment, so that nobody on the way gives it up.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Makes <c>cost</c> part of the usage of chat completions; null for none.</summary>
    public PriceList? Prices { get; init; }

    /// <summary>Told of every request: method, path, status and milliseconds. Never of what it says.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>OpenTelemetry collector that spans and metrics go to, an HTTP address; null for none.</summary>
    public Uri? Collector { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
