using System.Security.Cryptography;
using System.Text;

namespace Crescent.Server.Security;

/// <summary>Keys that requests may bring, kept as their SHA-256 alone.</summary>
public sealed class ApiKeys
{
    private readonly byte[][] _hashes;

    /// <exception cref="ArgumentException">There is no key.</exception>
    public ApiKeys(IEnumerable<string> keys)
    {
        _hashes = [.. keys.Select(Hash)];
        if (_hashes.Length == 0)
        {
            throw new ArgumentException("expected at least one API key, found none");
        }
    }

    /// <summary>A file with a key a line; empty lines and those that begin with # are none.</summary>
    /// <exception cref="ArgumentException">It holds no key.</exception>
    public static ApiKeys Read(string path)
    {
        var keys = File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').ToArray();
        return keys.Length > 0 ? new ApiKeys(keys) : throw new ArgumentException($"{path}: expected an API key a line, found none");
    }

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
