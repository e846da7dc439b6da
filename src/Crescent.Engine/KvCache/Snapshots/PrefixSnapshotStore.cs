using System.Collections.Concurrent;
using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.KvCache.Snapshots;

/// <summary>
/// The snapshots of one model in a folder that all processes share: <c>identity/tokens-hash.prefix</c>, one file a prefix, so that a restore is one
/// sequential read, a removal one deletion, and a file damaged by anything costs itself alone. A longer prefix takes the place of those it begins
/// with; where layers are recurrent it does not, since their state is that of one place. Files appear whole, under their names; whoever writes
/// or removes them holds the folder's lock, which ends with its process.
/// </summary>
public sealed class PrefixSnapshotStore
{
    private readonly PrefixSnapshotOptions _options;
    private readonly KvCacheLayout _layout;
    private readonly Lazy<byte[]> _identity;
    private readonly Action<string> _warn;
    private readonly ConcurrentQueue<string> _warnings = new();
    private volatile bool _failed; // to write; said once

    /// <param name="identity">Hash of all that cached values depend on beside the tokens; asked for when it is first needed.</param>
    /// <param name="warn">Takes what the user should know, a line each.</param>
    public PrefixSnapshotStore(PrefixSnapshotOptions options, KvCacheLayout layout, Func<byte[]> identity, Action<string> warn)
    {
        _options = options;
        _layout = layout;
        _identity = new Lazy<byte[]>(identity);
        _warn = warn;
        SnapshotFolder.RemoveLeftovers(options.Folder);
    }

    public PrefixSnapshotOptions Options => _options;

    private string Folder => Path.Combine(_options.Folder, Convert.ToHexStringLower(_identity.Value.AsSpan(0, 16)));

    /// <summary>The snapshot that holds most of the beginning of <paramref name="tokens"/>, at most <paramref name="limit"/> of them; null for none.</summary>
    /// <param name="found">Tokens that it covers, whole pages.</param>
    internal PrefixSnapshotReader? Find(ReadOnlySpan<int> tokens, int limit, out int found)
    {
        found = 0;
        PrefixSnapshotReader? best = null;
        foreach (var path in SnapshotFolder.Snapshots(Folder))
        {
            if (TryOpen(path) is not { } snapshot)
            {
                continue;
            }

            var match = snapshot.Match(tokens, limit);
            if (match > found)
            {
                best?.Dispose();
                (best, found) = (snapshot, match);
            }
            else
            {
                snapshot.Dispose();
            }
        }

        return best;
    }

    /// <summary>Whether a prefix of whole pages need not be written: it is stored, alone or as the beginning of another.</summary>
    internal bool Holds(ReadOnlySpan<int> tokens)
    {
        using var snapshot = Find(tokens, tokens.Length, out var found);
        return found == tokens.Length;
    }

    /// <summary>Counts a snapshot as used now.</summary>
    internal static void Touch(PrefixSnapshotReader snapshot)
    {
        try
        {
            File.SetLastWriteTimeUtc(snapshot.Path, DateTime.UtcNow);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Removed by another process meanwhile, or not ours to touch: it was read all the same.
        }
    }

    /// <summary>Passes warnings on, those of the writing thread too: called by the thread that may write to the user.</summary>
    internal void Report()
    {
        while (_warnings.TryDequeue(out var warning))
        {
            _warn(warning);
        }
    }

    /// <summary>Says that a snapshot is refused, and removes it.</summary>
    internal void Refuse(string path, CheckpointException reason)
    {
        _warnings.Enqueue($"a stored prefix is refused and removed: {reason.Message}");
        SnapshotFolder.TryDelete(path);
    }

    /// <summary>Writes a snapshot, removes those it replaces and the least recently used beyond the limit. Failures are said once; nothing is left of them.</summary>
    /// <param name="tokens">Whole pages.</param>
    internal void Save(int[] tokens, HeldPrefix prefix, Action pause)
    {
        if (_failed)
        {
            return;
        }

        try
        {
            Write(tokens, prefix, pause);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // Out of range is what .NET calls a file that a limit or the file system finds too large.
            _failed = true;
            _warnings.Enqueue($"a prompt's prefix could not be stored in {_options.Folder}: {exception.Message}");
        }
    }

    private void Write(int[] tokens, HeldPrefix prefix, Action pause)
    {
        var bytes = PrefixSnapshotFormat.FileBytes(tokens.Length, _layout.PageBytes, _layout.StateBytes);
        if (bytes > _options.MaxBytes)
        {
            _failed = true;
            _warnings.Enqueue($"a prompt's prefix is not stored: it takes {bytes} bytes, {_options.Folder} may hold {_options.MaxBytes}");
            return;
        }

        SnapshotFolder.Create(_options.Folder);
        SnapshotFolder.Create(Folder);
        using var held = SnapshotFolder.TryLock(_options.Folder, _options.LongestWait);
        var path = Path.Combine(Folder, PrefixSnapshotFormat.FileName(tokens));
        if (held is null || File.Exists(path))
        {
            return; // another process writes, or has written it: a later answer may
        }

        SnapshotFolder.WriteWhole(path, bytes, file => PrefixSnapshotWriter.Write(file, _identity.Value, tokens, prefix, _layout, pause));
        RemoveReplaced(path, tokens);
        SnapshotFolder.Trim(_options.Folder, _options.MaxBytes, path);
    }

    private void RemoveReplaced(string path, int[] tokens)
    {
        foreach (var other in SnapshotFolder.Snapshots(Folder))
        {
            if (_layout.StateBytes > 0 || other == path || TryOpen(other) is not { } snapshot)
            {
                continue;
            }

            using (snapshot)
            {
                if (tokens.AsSpan().StartsWith(snapshot.Header.Tokens))
                {
                    SnapshotFolder.TryDelete(other);
                }
            }
        }
    }

    // Null where it is gone, cannot be read, or is refused.
    private PrefixSnapshotReader? TryOpen(string path)
    {
        try
        {
            return PrefixSnapshotReader.Open(path, _layout, _identity.Value);
        }
        catch (CheckpointException exception)
        {
            Refuse(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Removed by another process meanwhile, or unreadable: the prompt is computed as if there were none.
        }

        return null;
    }
}
