namespace Crescent.Cli.Json;

internal sealed record ModelsJson(string Store, IReadOnlyList<StoredModelEntryJson> Models);

internal sealed record StoredModelEntryJson(
    string Name, string Format, IReadOnlyList<string> Quants, long Bytes, DateTimeOffset? Pulled, bool Complete, string? Revision, string? Commit, string Path);

internal sealed record RemovedModelJson(string Name, long Bytes, bool Removed);
