using System.Reflection;

namespace Crescent.Cli.Hub;

/// <summary>Where models come from, and how patiently. Time and chance are handed in, so that tests do not wait.</summary>
internal sealed record HubSettings
{
    public const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>The hub's address without a slash at its end.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Sent to the endpoint's own host only.</summary>
    public string? Token { get; init; }

    public int Connections { get; init; } = 8;

    /// <summary>Bytes asked for in one request, and so the most that a killed download loses of each connection.</summary>
    public long RangeBytes { get; init; } = 32L << 20;

    /// <summary>Failures in a row after which a download gives up.</summary>
    public int Attempts { get; init; } = 8;

    /// <summary>How long a server may send nothing.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest <c>Retry-After</c> that is waited for.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(15);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Random Random { get; init; } = Random.Shared;

    /// <summary>Free bytes on the drive that holds a folder.</summary>
    public Func<string, long> FreeBytes { get; init; } = FreeBytesOfDrive;

    public static string UserAgent { get; } = $"crescent/{Assembly.GetExecutingAssembly().GetName().Version?.ToString(3)}";

    /// <summary>Settings of <c>HF_ENDPOINT</c> and <c>HF_TOKEN</c>.</summary>
    /// <exception cref="CommandFailedException">One of them cannot be what it should be.</exception>
    public static HubSettings FromEnvironment() => new()
    {
        Endpoint = ParseEndpoint(Environment.GetEnvironmentVariable("HF_ENDPOINT") is { Length: > 0 } endpoint ? endpoint : DefaultEndpoint),
        Token = Environment.GetEnvironmentVariable("HF_TOKEN")?.Trim() is { Length: > 0 } token ? CheckToken(token) : null,
    };

    /// <exception cref="CommandFailedException">It is no address of a web server.</exception>
    public static Uri ParseEndpoint(string text) =>
        Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { UserInfo: "", Query: "", Fragment: "" }
            ? uri
            : throw new CommandFailedException($"HF_ENDPOINT: expected an address such as {DefaultEndpoint}, found '{SafePath.Printable(text)}'");

    // The token itself is never shown.
    private static string CheckToken(string token) =>
        token.All(character => character is > ' ' and <= '~') ? token : throw new CommandFailedException("HF_TOKEN: expected plain letters and digits, found others");

    private static long FreeBytesOfDrive(string folder) =>
        new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(Path.GetFullPath(folder))! : Path.GetFullPath(folder)).AvailableFreeSpace;
}
