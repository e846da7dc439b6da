using System.Text;

namespace Crescent.Server.Responses;

/// <summary>Reasoning as a client keeps it for a server that keeps nothing: opaque to the client, and no secret, as the client has the reasoning anyway.</summary>
internal static class SealedReasoning
{
    public static string Seal(string reasoning) => Convert.ToBase64String(Encoding.UTF8.GetBytes(reasoning));

    /// <summary>Null where another service sealed it.</summary>
    public static string? Open(string seal)
    {
        var bytes = new byte[seal.Length];
        try
        {
            return Convert.TryFromBase64String(seal, bytes, out var count) ? new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, count) : null;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
