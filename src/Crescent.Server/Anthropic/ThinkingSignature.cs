using System.Security.Cryptography;
using System.Text;

namespace Crescent.Server.Anthropic;

/// <summary>What clients send back beside thinking. The thinking itself comes back too, so nothing needs to be told by it but that it is unchanged.</summary>
internal static class ThinkingSignature
{
    public static string Of(string thinking) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(thinking)));
}
