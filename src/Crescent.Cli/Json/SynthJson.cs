namespace Crescent.Cli.Json;

internal sealed record SynthJson(string Path, long Bytes, string Preset, string Type, ulong Seed, double Seconds);
