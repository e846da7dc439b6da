using Crescent.Server.Models;

namespace Crescent.Server.OpenAi;

/// <summary>What every chunk of a reply repeats.</summary>
internal sealed record ReplyHead(string Id, long Created, string Model, string Fingerprint)
{
    public static ReplyHead New(string prefix, ServedModel model, string? name, TimeProvider time) =>
        new(Identifiers.New(prefix), time.GetUtcNow().ToUnixTimeSeconds(), string.IsNullOrEmpty(name) ? model.Name : name, model.Fingerprint);
}
