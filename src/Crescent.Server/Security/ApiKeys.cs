using System.Security.Cryptography;
using System.Text;

namespace Crescent.Server.Security;

/// <summary>Keys that requests may bring, kept as their SHA-256 alone, with what each may take.</summary>
public sealed class ApiKeys
{
    private readonly byte[][] _hashes;
    private readonly KeyLimits[] _limits;

    /// <exception cref="ArgumentException">There is no key.</exception>
    public ApiKeys(IEnumerable<string> keys)
        : this(keys.Select(key => (key, KeyLimits.None)))
    {
    }

    /// <inheritdoc cref="ApiKeys(IEnumerable{string})"/>
    public ApiKeys(IEnumerable<(string Key, KeyLimits Limits)> keys)
    {
        var all = keys.ToArray();
        _hashes = [.. all.Select(key => Hash(key.Key))];
        _limits = [.. all.Select(key => key.Limits)];
        if (_hashes.Length == 0)
        {
            throw new ArgumentException("expected at least one API key, found none");
        }
    }

    /// <summary>What each key may take, by its number.</summary>
    public IReadOnlyList<KeyLimits> Limits => _limits;

    /// <summary>A file with a key a line, its limits after it.</summary>
    /// <exception cref="ArgumentException">It holds no key, or a limit that is none.</exception>
    public static ApiKeys Read(string path) => ApiKeyFile.Read(path);

    /// <summary>Which key it is, from 0; −1 where it is none. Takes the same time whatever the key is.</summary>
    public int Find(string key)
    {
        var hash = Hash(key);
        var found = -1;
        for (var i = 0; i < _hashes.Length; i++)
        {
            found = CryptographicOperations.FixedTimeEquals(hash, _hashes[i]) ? i : found;
        }

        return found;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
