using System.Text.Json;
using Crescent.Server.Http;

namespace Crescent.Server.Ollama;

/// <summary>Reads how long a model is to stay after a request.</summary>
internal static class KeepAlive
{
    /// <summary>A number of seconds or a duration such as <c>10m</c>; below 0 for ever. Null where the request does not say.</summary>
    /// <exception cref="ApiException">It is neither.</exception>
    public static TimeSpan? Read(in JsonFields body)
    {
        if (body.Get("keep_alive") is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds))
        {
            return Durations.FromSeconds(seconds);
        }

        return value.ValueKind == JsonValueKind.String && Durations.TryParse(JsonFields.TextOf(value, "keep_alive"), out var time)
            ? time
            : throw JsonFields.Wrong("keep_alive", "seconds or a duration such as 10m", value);
    }
}
