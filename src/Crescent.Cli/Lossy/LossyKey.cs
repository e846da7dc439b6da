using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Models;

namespace Crescent.Cli.Lossy;

/// <summary>Names what a divergence was measured for: the model, its lossy helps, and where these look at what is in memory, how much of that there is.</summary>
internal static class LossyKey
{
    public static string Of(Checkpoint checkpoint, GgufMetadata metadata, ModelOptions options)
    {
        var identity = Convert.ToHexStringLower(ModelIdentity.Hash(checkpoint, metadata, options));
        var memory = options is { Lossy.ActsOnAnswers: true, Streaming: { } streaming }
            ? string.Create(CultureInfo.InvariantCulture, $"{streaming.Memory} {streaming.MostSlots} {streaming.Policy}")
            : "";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{identity} {memory}")));
    }
}
