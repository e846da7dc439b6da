using System.Security.Cryptography;
using System.Text;
using Crescent.Server.Models;

namespace Crescent.Server.Ollama.Wire;

/// <summary>A model as <c>/api/tags</c> and <c>/api/ps</c> list it.</summary>
/// <param name="Size">Bytes of its weights.</param>
/// <param name="Digest">Changes with anything that changes its answers.</param>
internal sealed record ModelTag(string Name, string Model, DateTimeOffset ModifiedAt, long Size, string Digest, ModelDetails Details)
{
    /// <summary>Of a running model: when it leaves; the end of time for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Of a running model: bytes on a GPU.</summary>
    public long? SizeVram { get; init; }

    /// <summary>Of a running model: most tokens of prompt and answer.</summary>
    public int? ContextLength { get; init; }

    public static ModelTag Of(KnownModel model) => Of(model.Facts, ModelDetails.Of(model));

    public static ModelTag Running(KnownModel model) => Of(model) with { ExpiresAt = model.Expires ?? DateTimeOffset.MaxValue, SizeVram = 0, ContextLength = model.Engine?.Context };

    private static ModelTag Of(ModelFacts model, ModelDetails details) =>
        new(model.Name, model.Name, model.Created, model.Size, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{model.Name} {model.Fingerprint}"))), details);
}
