using System.Security.Cryptography;
using System.Text;

namespace Crescent.Cli.Hub;

/// <summary>How the hub names the content of a file.</summary>
internal enum DigestKind
{
    /// <summary>Nothing but its size is known.</summary>
    None,

    /// <summary>Of large files: SHA-256 of the content.</summary>
    Sha256,

    /// <summary>Of small files: git's blob id, SHA-1 of <c>blob LENGTH\0</c> and the content.</summary>
    GitBlob,
}

/// <summary>The hub's name of a file's content, as text <c>sha256:…</c> or <c>git:…</c>, empty where it gives none.</summary>
internal readonly record struct Digest(DigestKind Kind, string Hex)
{
    private const string Sha256Prefix = "sha256:";
    private const string GitPrefix = "git:";

    public static Digest None { get; } = new(DigestKind.None, "");

    public override string ToString() => Kind switch
    {
        DigestKind.Sha256 => Sha256Prefix + Hex,
        DigestKind.GitBlob => GitPrefix + Hex,
        _ => "",
    };

    public static Digest? TryParse(string text) =>
        text.Length == 0 ? None
        : text.StartsWith(Sha256Prefix, StringComparison.Ordinal) ? TryCreate(DigestKind.Sha256, text[Sha256Prefix.Length..])
        : text.StartsWith(GitPrefix, StringComparison.Ordinal) ? TryCreate(DigestKind.GitBlob, text[GitPrefix.Length..])
        : null;

    /// <summary>Null where <paramref name="hex"/> is not of the kind's length and digits.</summary>
    public static Digest? TryCreate(DigestKind kind, string? hex) =>
        hex?.Length == (kind == DigestKind.Sha256 ? 64 : 40) && hex.All(char.IsAsciiHexDigit) ? new Digest(kind, hex.ToLowerInvariant()) : null;

    /// <summary>A hash that gives this kind of digest; null for none.</summary>
    public IncrementalHash? CreateHash(long size)
    {
        if (Kind != DigestKind.GitBlob)
        {
            return Kind == DigestKind.Sha256 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        }

#pragma warning disable CA5350 // Git's own identity of a blob; nothing is signed by it.
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {size}\0"));
        return hash;
    }

    /// <summary>The digest of this kind of a file on disk.</summary>
    public Digest OfFile(string path, CancellationToken cancellation)
    {
        using var handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        using var hash = new FileHash(handle, RandomAccess.GetLength(handle), this);
        hash.Advance(RandomAccess.GetLength(handle), cancellation);
        return hash.Finish();
    }
}
