using System.CommandLine;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.KvCache.Snapshots;

namespace Crescent.Cli.Options;

/// <summary>Where the cache of prompts' beginnings is kept between runs.</summary>
internal sealed class PrefixCacheArguments
{
    private const string Off = "off";

    private readonly Option<string?> _folder = new("--prefix-cache")
    {
        Description = "Folder where the cache of system messages with their tools is kept for later runs, or off (default: crescent/prefixes in the user's cache folder).",
        HelpName = "DIR|off",
    };

    private readonly Option<long?> _size = Values.Size("--prefix-cache-size", "Most bytes in that folder; the least recently used go first (default: 4GiB).");

    private readonly Option<int?> _tokens = Values.Number<int>(
        "--prefix-cache-tokens", $"Least tokens of a system message with its tools that are kept (default: {PrefixSnapshotOptions.DefaultLeastTokens}).");

    public void AddTo(Command command)
    {
        command.Add(_folder);
        command.Add(_size);
        command.Add(_tokens);
    }

    /// <summary>Null where nothing is to be kept, or the platform names no folder for it.</summary>
    public PrefixSnapshotOptions? Read(ParseResult parsed)
    {
        var named = parsed.GetValue(_folder);
        if (named == "")
        {
            throw new CommandFailedException("--prefix-cache: expected a folder or off, found an empty name", CommandFailedException.WrongUsage);
        }

        var least = Values.AtLeastOne("--prefix-cache-tokens", parsed.GetValue(_tokens)) ?? PrefixSnapshotOptions.DefaultLeastTokens;
        return named != Off && (named ?? DefaultFolder()) is { } folder
            ? new PrefixSnapshotOptions(Path.GetFullPath(folder)) { MaxBytes = parsed.GetValue(_size) ?? PrefixSnapshotOptions.DefaultMaxBytes, LeastTokens = least }
            : null;
    }

    /// <summary><c>CRESCENT_HOME/prefixes</c> where that is set, else <c>crescent/prefixes</c> in <c>XDG_CACHE_HOME</c> or the platform's folder for caches.</summary>
    public static string? DefaultFolder() => CacheFolder.Of("prefixes");
}
