namespace Crescent.Cli.Json;

/// <param name="Path">The file or folder to open.</param>
/// <param name="Type">The type asked for, or null where values were kept.</param>
/// <param name="BytesByType">Bytes of the written tensors of each type.</param>
internal sealed record ConvertJson(
    string Path, IReadOnlyList<string> Files, long Bytes, string Layout, string? Type, int Tensors, IReadOnlyDictionary<string, long> BytesByType, IReadOnlyList<string> Notices, double Seconds);
