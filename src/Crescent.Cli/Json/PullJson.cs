namespace Crescent.Cli.Json;

internal sealed record PullJson(string Name, string Revision, string Commit, string Path, int Files, long Bytes, long FetchedBytes, double Seconds);
