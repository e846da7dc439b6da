using System.Security.Cryptography;

namespace Crescent.Server;

/// <summary>Ids of replies.</summary>
internal static class Identifiers
{
    private const int Length = 24;
    private const string Letters = "0123456789abcdefghijklmnopqrstuvwxyz";

    public static string New(string prefix) => prefix + RandomNumberGenerator.GetString(Letters, Length);
}
